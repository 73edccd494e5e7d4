"""Questions about documents: the words of a page that answer, or an answer that is written, of each question alone."""

import random
import sys
import types

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES
from tidydl.errors import ArgumentError, DependencyError
from tiny.inputs import picture
from tiny.multimodal import kept

QUESTIONS = ["is the cat good ?", "dog ?", "the sun today ?", "is my friend happy ?", "we ?"]
SCANS = [picture(i, (40, 30 + 10 * (i % 2))) for i in range(5)]


def page(seed, count):
    draw = random.Random(seed)
    words = (" ".join(tiny.sentences(6, seed))).split()[:count]
    corners = [(draw.randint(0, 900), draw.randint(0, 900)) for _ in words]
    return [(word, [x, y, x + draw.randint(0, 99), y + 50]) for word, (x, y) in zip(words, corners, strict=True)]


PAGES = [page(i, count) for i, count in enumerate((12, 50, 25, 60, 8))]


@pytest.fixture(scope="module")
def answers():
    return tidydl.pipeline("document-question-answering", model=kept("layoutlm"), device="cpu")


@pytest.fixture(scope="module")
def seeing():
    return tidydl.pipeline("document-question-answering", model=kept("layoutlmv3"), device="cpu")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"max_answer_len": 3}, {"max_answer_len": 3}),
        ({"max_length": 30, "stride": 4}, {"max_seq_len": 30, "doc_stride": 4}),
        ({"handle_impossible_answer": True}, {"handle_impossible_answer": True}),
    ],
    ids=str,
)
def test_answers_equal_the_plain_pipeline_one_question_at_a_time(answers, ours, theirs):
    plain = transformers.pipeline("document-question-answering", model=str(kept("layoutlm")), device="cpu")
    frame = answers(SCANS, question=QUESTIONS, word_boxes=PAGES, **ours)
    for row, (scan, question, words) in enumerate(zip(SCANS, QUESTIONS, PAGES, strict=True)):
        expected = plain(image=scan, question=question, word_boxes=words, **theirs)[0]
        found = frame.iloc[row]
        assert found["answer"] == expected["answer"]
        assert found["score"] == pytest.approx(expected["score"], abs=SCORES)
        assert (found["start"], found["end"]) == (expected["start"], expected["end"] + bool(expected["answer"]))
        assert found["answer"] == " ".join(word for word, _ in words[found["start"] : found["end"]])
    assert frame["answer"].nunique() > 3


def test_older_names_of_options_are_understood(answers):
    given = {"question": QUESTIONS, "word_boxes": PAGES}
    older = answers(SCANS, **given, max_seq_len=30, doc_stride=4)
    pd.testing.assert_frame_equal(older, answers(SCANS, **given, max_length=30, stride=4))


def test_ranked_answers_have_their_best_score_once(answers):
    frame = answers(SCANS, question=QUESTIONS, word_boxes=PAGES, top_k=4)
    assert frame.columns.tolist() == [
        *(".row", "image", "question", "word_boxes"),
        *("rank", "answer", "score", "start", "end"),
    ]
    assert frame["rank"].tolist() == [1, 2, 3, 4] * 5
    assert not frame[[".row", "start", "end"]].duplicated().any()
    assert all(group["score"].is_monotonic_decreasing for _, group in frame.groupby(".row"))
    assert frame["word_boxes"].iloc[0] == " ".join(word for word, _ in PAGES[0])


def test_a_model_that_sees_the_page_answers_as_by_hand(seeing):
    frame = seeing(SCANS, question=QUESTIONS, word_boxes=PAGES)
    tokenizer = transformers.AutoTokenizer.from_pretrained(kept("layoutlmv3"))
    reader = transformers.AutoImageProcessor.from_pretrained(kept("layoutlmv3"), backend="pil")
    for row, (scan, question, words) in enumerate(zip(SCANS, QUESTIONS, PAGES, strict=True)):
        best = max(windows_by_hand(seeing.model, tokenizer, reader, scan, question, words), key=lambda each: each[0])
        found = frame.iloc[row]
        assert (found["score"], found["start"], found["end"]) == (pytest.approx(best[0], abs=SCORES), best[1], best[2])
    others = seeing(SCANS[::-1], question=QUESTIONS, word_boxes=PAGES)
    assert not np.allclose(others["score"], frame["score"])  # so it does look


def windows_by_hand(model, tokenizer, reader, scan, question, words):
    made = tokenizer(
        [question],
        [[word for word, _ in words]],
        boxes=[[box for _, box in words]],
        max_length=48,
        stride=24,
        truncation="only_second",
        return_overflowing_tokens=True,
        return_token_type_ids=True,
    )
    pixels = reader(scan, apply_ocr=False, return_tensors="pt")["pixel_values"]
    for line in range(len(made["input_ids"])):
        names = ("input_ids", "attention_mask", "token_type_ids", "bbox")
        with torch.no_grad():
            logits = model(**{name: torch.tensor([made[name][line]]) for name in names}, pixel_values=pixels)
        kinds, of_word = made.sequence_ids(line), made.word_ids(line)
        read = [i for i, kind in enumerate(kinds) if kind == 1 or made["input_ids"][line][i] == tokenizer.cls_token_id]
        starts, ends = (each[0, read].softmax(-1).double() for each in (logits.start_logits, logits.end_logits))
        for i, first in enumerate(read):
            for j, last in enumerate(read):
                if kinds[first] == kinds[last] == 1 and 0 <= last - first < 15:
                    yield float(starts[i] * ends[j]), of_word[first], of_word[last] + 1


@pytest.mark.parametrize("name", ["answers", "seeing"])
def test_batches_change_nothing(name, request):
    ppl = request.getfixturevalue(name)
    together = ppl(SCANS, question=QUESTIONS, word_boxes=PAGES, top_k=3)
    for size in (1, 3):
        again = ppl(SCANS, question=QUESTIONS, word_boxes=PAGES, top_k=3, batch_size=size)
        pd.testing.assert_frame_equal(again, together, atol=SCORES, rtol=0)


def test_columns_and_kinds_are_the_same_for_none_one_and_many(answers):
    given = [
        ([], [], []),
        (SCANS[0], "dog ?", PAGES[0]),
        (SCANS, QUESTIONS, PAGES),
        (SCANS[:2], ["a ?", None], PAGES[:2]),
    ]
    frames = [answers(scan, question=question, word_boxes=words) for scan, question, words in given]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 5, 2]
    assert frames[3].iloc[1][["answer", "score", "start", "end"]].isna().all()


def test_a_page_without_words_has_a_missing_answer(answers):
    frame = answers(SCANS[:2], question=QUESTIONS[:2], word_boxes=[[], PAGES[1]])
    assert frame["answer"].isna().tolist() == [True, False]


def test_words_come_as_pairs_or_as_frames_and_data_frames_keep_their_index(answers):
    table = pd.DataFrame([(word, *box) for word, box in PAGES[0]], columns=["word", "xmin", "ymin", "xmax", "ymax"])
    one = answers(SCANS[0], question="dog ?", word_boxes=table)
    pd.testing.assert_frame_equal(one, answers(SCANS[0], question="dog ?", word_boxes=PAGES[0]))
    both = answers(SCANS[0], question=["dog ?", "cat ?"], word_boxes=table)
    assert both["question"].tolist() == ["dog ?", "cat ?"]
    data = pd.DataFrame({"image": SCANS[:2], "question": QUESTIONS[:2], "words": [table, PAGES[1]]}, index=["x", "y"])
    frame = answers(data, word_boxes="words", top_k=2)
    assert frame.index.tolist() == ["x", "x", "y", "y"]
    joined = tidydl.augment(answers, data, word_boxes="words")
    assert joined.columns.tolist() == ["image", "question", "words", "answer", "score", "start", "end"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([("a", [0, 0, 2000, 10])], "has the box"),
        ([("a", [10, 0, 5, 10])], "has the box"),
        ([("a", [0, 0, 10])], "as the box of 'a'"),
        ([(None, [0, 0, 1, 1])], "not words with boxes"),
        (pd.DataFrame({"word": ["a"]}), "no column `xmin`"),
        ("the words", "not words with boxes"),
    ],
    ids=["pixels", "backwards", "short", "missing", "columns", "text"],
)
def test_what_is_no_page_of_words_is_refused(answers, words, what):
    with pytest.raises(ArgumentError, match=what):
        answers(SCANS[0], question="dog ?", word_boxes=words)


def test_a_broken_input_becomes_a_row_with_its_error(seeing, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    frame = seeing(
        [SCANS[0], str(broken), SCANS[1]], question=["dog ?", "cat ?", " "], word_boxes=PAGES[:3], on_error="row"
    )
    assert frame["answer"].isna().tolist() == [False, True, True]
    assert frame[".error"].isna().tolist() == [True, False, False]


def test_a_window_that_holds_nothing_is_refused(answers):
    with pytest.raises(ArgumentError, match="no room"):
        answers(SCANS[0], question="dog " * 60, word_boxes=PAGES[0])
    with pytest.raises(ArgumentError, match="`stride` is 45"):
        answers(SCANS[0], question="dog ?", word_boxes=PAGES[0], stride=45)


def test_without_words_tesseract_reads_them_or_is_asked_for(answers, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytesseract", None)
    with pytest.raises(DependencyError, match="`word_boxes` is missing"):
        answers(SCANS[0], question="dog ?")
    calls = []
    monkeypatch.setitem(sys.modules, "pytesseract", tesseract_reading(["the", " ", "dog"], calls))
    frame = answers(SCANS[0], question=["dog ?", "cat ?"], lang="eng", tesseract_config="--psm 6")
    assert calls == [("eng", "dict", "--psm 6")]  # once for both questions
    read = [("the", [100, 100, 433, 350]), ("dog", [233, 200, 566, 450])]  # of 30 by 40 pixels
    given = answers(SCANS[0], question=["dog ?", "cat ?"], word_boxes=read)
    pd.testing.assert_frame_equal(frame, given.drop(columns="word_boxes"))


def tesseract_reading(words, calls):
    """Return what stands for pytesseract: it finds these words, each two pixels further right and down."""

    def image_to_data(image, lang, output_type, config):
        assert image.size == (30, 40)
        calls.append((lang, output_type, config))
        count = range(len(words))
        return {
            "text": words,
            "left": [3 + 2 * i for i in count],
            "top": [4 + 2 * i for i in count],
            "width": [10] * len(words),
            "height": [10] * len(words),
        }

    made = types.ModuleType("pytesseract")
    made.image_to_data = image_to_data
    made.TesseractNotFoundError = type("TesseractNotFoundError", (OSError,), {})
    made.TesseractError = type("TesseractError", (RuntimeError,), {})
    return made


def test_what_tesseract_refuses_is_explained(answers, monkeypatch):
    made = tesseract_reading([], [])
    for error, kind, what in (
        (made.TesseractNotFoundError(), DependencyError, "the program Tesseract"),
        (made.TesseractError("Failed loading language 'xx'"), ArgumentError, "Failed loading language"),
    ):

        def refuse(*_, error=error, **__):
            raise error

        made.image_to_data = refuse
        monkeypatch.setitem(sys.modules, "pytesseract", made)
        with pytest.raises(kind, match=what):
            answers(SCANS[0], question="dog ?", lang="xx")


def test_written_answers_equal_the_plain_pipeline():
    ours = tidydl.pipeline("document-question-answering", model=kept("donut"), device="cpu")
    plain = transformers.pipeline("document-question-answering", model=str(kept("donut")), device="cpu")
    frame = ours(SCANS, question=QUESTIONS)
    theirs = [plain(scan, question=question)[0]["answer"] for scan, question in zip(SCANS, QUESTIONS, strict=True)]
    assert frame["answer"].astype(object).where(frame["answer"].notna(), None).tolist() == theirs
    assert frame["answer"].notna().sum() > 1
    assert frame[["score", "start", "end"]].isna().all(axis=None)
    assert frame.columns.tolist() == [".row", "image", "question", "answer", "score", "start", "end"]
    pd.testing.assert_frame_equal(ours(SCANS, question=QUESTIONS, batch_size=1), frame)
    with pytest.raises(ArgumentError, match="`word_boxes` is given"):
        ours(SCANS, question=QUESTIONS, word_boxes=PAGES)


def test_the_task_is_read_from_the_model_and_others_are_refused(answers, seeing):
    assert {tidydl.pipeline(model=kept(kind)).task for kind in ("layoutlm", "layoutlmv3")} == {answers.task}
    with pytest.raises(ArgumentError, match="does not fit"):
        tidydl.pipeline("document-question-answering", model=kept("git"))
    with pytest.raises(ArgumentError, match="does not answer questions"):
        tidydl.pipeline("document-question-answering", model=kept("writer"))(SCANS[0], question="dog ?")

"""Question answering: the spans that the model's own outputs give, over windows of the context."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError
from tidydl.pipelines import r_interface
from tidydl.progress import run

QUESTIONS = ["the dog ?", "my friend", "so", "the dog ?"]
CONTEXTS = ["Unhappily the dog was lost, again.", "you came home", None, "my friend lost the letter and found the day"]


@pytest.fixture(scope="module")
def qa():
    return tidydl.pipeline("question-answering", model=tiny.kept("answers"), device="cpu")


@pytest.fixture(scope="module")
def reader():
    folder = tiny.kept("answers")
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def by_hand(reader, question, context, longest=15, whole_words=False, windows=None):
    """Score every span of one context alone, from the logits of each window."""
    model, tokenizer = reader
    made = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True, **(windows or {}))
    offsets = made.pop("offset_mapping").tolist()
    made.pop("overflow_to_sample_mapping", None)
    with torch.no_grad():
        out = model(**made)
    best = {}
    for w in range(len(offsets)):
        inside = [i for i, part in enumerate(made.sequence_ids(w)) if part == 1]
        read = [0, *inside]
        start, end = (x[w][read].double().softmax(0).numpy()[1:] for x in (out.start_logits, out.end_logits))
        words = made.word_ids(w)
        for i, j in itertools.combinations_with_replacement(range(len(inside)), 2):
            if j - i < longest:
                first, last = inside[i], inside[j]
                if whole_words:
                    first = min(k for k in inside if words[k] == words[first])
                    last = max(k for k in inside if words[k] == words[last])
                span = offsets[w][first][0], offsets[w][last][1]
                best[span] = max(best.get(span, 0.0), start[i] * end[j])
    return sorted(best.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("whole_words", [False, True])
@pytest.mark.parametrize("longest", [1, 3, 15])
def test_answers_are_the_likeliest_spans_of_the_models_outputs(qa, reader, longest, whole_words):
    known = [(q, c) for q, c in zip(QUESTIONS, CONTEXTS, strict=True) if c]
    ours = qa(
        question=[q for q, _ in known],
        context=[c for _, c in known],
        top_k=4,
        max_answer_len=longest,
        align_to_words=whole_words,
    )
    for row, (question, context) in enumerate(known):
        expected = by_hand(reader, question, context, longest, whole_words)[:4]
        found = ours[ours[".row"] == row]
        assert list(zip(found["start"], found["end"], strict=True)) == [span for span, _ in expected]
        assert_near(found["score"], [score for _, score in expected])
        assert found["answer"].tolist() == [context[start:end] for (start, end), _ in expected]


def test_a_long_context_is_read_in_windows_and_the_best_span_wins(qa, reader):
    context = " ".join(tiny.sentences(9, seed=2))
    ours = qa(question="the dog ?", context=context, top_k=5, max_seq_len=24, doc_stride=8, align_to_words=False)
    windows = {
        "max_length": 24,
        "stride": 8,
        "truncation": "only_second",
        "return_overflowing_tokens": True,
        "padding": True,
    }
    expected = by_hand(reader, "the dog ?", context, windows=windows)[:5]
    assert list(zip(ours["start"], ours["end"], strict=True)) == [span for span, _ in expected]
    assert_near(ours["score"], [score for _, score in expected])
    assert ours.attrs["tidydl"]["truncated"] == 0
    with pytest.warns(UserWarning, match="1 text was longer"):
        cut = qa(question="the dog ?", context=context, long="truncate")
    assert cut["end"].item() < len(context) / 2
    with pytest.raises(ArgumentError, match="longer"):
        qa(question="the dog ?", context=context, long="error")


def test_an_answer_can_be_that_there_is_none(qa, reader):
    model, tokenizer = reader
    question, context = QUESTIONS[0], CONTEXTS[0]
    with torch.no_grad():
        out = model(**tokenizer(question, context, return_tensors="pt"))
    inside = [0, *(i for i, part in enumerate(tokenizer(question, context).sequence_ids()) if part == 1)]
    none = np.prod([x[0][inside].double().softmax(0)[0].item() for x in (out.start_logits, out.end_logits)])
    ours = qa(question=question, context=context, handle_impossible_answer=True, top_k=500)
    empty = ours[ours["answer"] == ""]
    assert empty[["start", "end"]].to_numpy().tolist() == [[0, 0]]
    assert empty["score"].item() == pytest.approx(none, abs=SCORES)
    assert "" not in qa(question=question, context=context, top_k=500)["answer"].tolist()


@pytest.mark.parametrize(
    "call",
    [
        lambda qa: qa(QUESTIONS, context=CONTEXTS),
        lambda qa: qa(question=QUESTIONS, context=CONTEXTS),
        lambda qa: qa({"question": QUESTIONS, "context": CONTEXTS}),
        lambda qa: qa(list(zip(QUESTIONS, CONTEXTS, strict=True))),
        lambda qa: qa([{"question": q, "context": c} for q, c in zip(QUESTIONS, CONTEXTS, strict=True)]),
        lambda qa: qa(pd.DataFrame({"context": CONTEXTS, "n": 1, "question": QUESTIONS})),
        lambda qa: qa(pd.DataFrame({"b": CONTEXTS, "a": QUESTIONS}), question="a", context="b"),
        lambda qa: pd.concat(
            [qa((q, c)).assign(**{".row": i}) for i, (q, c) in enumerate(zip(QUESTIONS, CONTEXTS, strict=True))]
        ),
    ],
)
def test_questions_and_contexts_come_in_many_ways(qa, call):
    expected = qa(question=QUESTIONS, context=CONTEXTS)
    assert expected.columns.tolist() == [".row", "question", "context", "answer", "score", "start", "end"]
    assert expected["answer"].isna().tolist() == [False, False, True, False]
    pd.testing.assert_frame_equal(call(qa).reset_index(drop=True), expected, atol=SCORES, rtol=0)


def test_one_question_is_put_to_all_texts_and_the_index_kept(qa):
    frame = qa(question="the dog ?", context=pd.Series(CONTEXTS, index=list("abcd")), top_k=2)
    assert frame.index.tolist() == ["a", "a", "b", "b", "c", "d", "d"]
    assert frame["rank"].tolist() == [1, 2, 1, 2, pd.NA, 1, 2]


def test_columns_and_kinds_are_the_same_for_none_one_and_many(qa):
    frames = [qa(question="so", context=x) for x in ([], CONTEXTS[0], CONTEXTS, [None])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 4, 1]


def test_augment_joins_answers_and_r_counts_their_starts_alone(qa):
    data = pd.DataFrame({"q": QUESTIONS, "text": CONTEXTS, "start": 1})
    given = {"question": "q", "context": "text", "prefix": "qa_"}
    joined = tidydl.augment(qa, data, **given, top_k=2)
    assert joined.columns.tolist()[3:] == [
        *("qa_answer", "qa_score", "qa_start", "qa_end"),
        *("qa_answer.1", "qa_score.1", "qa_start.1", "qa_end.1"),
    ]
    spec = {"model": str(tiny.kept("answers"))}
    counted = run(r_interface.pipeline_augment(spec, data, "qa_", {"question": "q", "context": "text", "top_k": 2}))
    assert counted.names == ("qa_start", "qa_start.1")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"question": "so"}, "`context` is missing"),
        ({"x": {"question": "so"}}, "`context` is missing"),
        ({"question": "", "context": "sun"}, "1st value of `question` is empty"),
        ({"question": "so", "context": ["sun", " "]}, "2nd value of `context` is empty"),
        ({"question": "sun " * 50, "context": "sun"}, "1st value of `question` is too long"),
        ({"x": "so"}, "several parts"),
        ({"question": "so", "context": "sun", "top_k": None}, "`top_k` asks for all answers"),
        ({"question": "so", "context": "sun", "max_question_len": 3}, "`max_question_len` is not an option"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(qa, given, what):
    with pytest.raises(ArgumentError, match=what):
        qa(**given)

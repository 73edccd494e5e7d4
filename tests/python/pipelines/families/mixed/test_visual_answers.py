"""Questions about images: scores of the answers a model knows, or the answer it writes, of each question alone."""

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError
from tiny.inputs import picture
from tiny.multimodal import kept

KINDS = ["vilt", "blip_answers", "blip2"]
QUESTIONS = ["is the cat good ?", "dog ?", "the sun today ?", "is my friend happy ?", "we ?", "a dog and a cat ?"]
PICTURES = [picture(i, (20 + 8 * (i % 2), 30)) for i in range(6)]


@pytest.fixture(scope="module")
def answers():
    return {
        kind: tidydl.pipeline("visual-question-answering", model=kept(kind), device="cpu", max_new_tokens=5)
        for kind in KINDS
    }


def read(kind, image, question):
    processor = transformers.AutoProcessor.from_pretrained(kept(kind))
    return processor.tokenizer, processor(images=image, text=question, return_tensors="pt")


def test_scores_are_the_sigmoid_of_the_logits_of_each_question_alone(answers):
    frame = answers["vilt"](PICTURES, question=QUESTIONS, top_k=None)
    assert frame.columns.tolist() == [".row", "image", "question", "rank", "answer", "score"]
    names = answers["vilt"].model.config.id2label
    for row, (image, question) in enumerate(zip(PICTURES, QUESTIONS, strict=True)):
        with torch.no_grad():
            shares = answers["vilt"].model(**read("vilt", image, question)[1]).logits[0].sigmoid().numpy()
        best = np.argsort(-shares)
        own = frame[frame[".row"] == row]
        assert own["answer"].tolist() == [names[i] for i in best]
        assert_near(own["score"], shares[best])
    assert frame[frame["rank"] == 1]["answer"].nunique() > 1


@pytest.mark.parametrize("kind", ["blip_answers", "blip2"])
def test_written_answers_are_those_of_generate_one_at_a_time(answers, kind):
    frame = answers[kind](PICTURES, question=QUESTIONS)
    assert frame["rank"].tolist() == [1] * 6
    assert frame["score"].isna().all()
    for image, question, found in zip(PICTURES, QUESTIONS, frame["answer"], strict=True):
        tokenizer, tensors = read(kind, image, question)
        made = answers[kind].model.generate(**tensors, max_new_tokens=5, do_sample=False)
        begun = tensors["input_ids"].shape[1] if kind == "blip2" else 0  # which repeats the question
        assert found == tokenizer.decode(made[0, begun:], skip_special_tokens=True).strip()
    assert frame["answer"].nunique() > 2
    beams = answers[kind](PICTURES[0], question=QUESTIONS[0], num_beams=3, top_k=1)["answer"].item()
    tokenizer, tensors = read(kind, PICTURES[0], QUESTIONS[0])
    made = answers[kind].model.generate(**tensors, max_new_tokens=5, num_beams=3, do_sample=False)
    begun = tensors["input_ids"].shape[1] if kind == "blip2" else 0
    assert beams == tokenizer.decode(made[0, begun:], skip_special_tokens=True).strip()


@pytest.mark.parametrize("kind", KINDS)
def test_batches_change_nothing_and_torch_draws_on_as_before(answers, kind):
    before = torch.get_rng_state()
    together = answers[kind](PICTURES, question=QUESTIONS)
    for size in (1, 3):
        pd.testing.assert_frame_equal(
            answers[kind](PICTURES, question=QUESTIONS, batch_size=size), together, atol=SCORES
        )
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_and_kinds_are_the_same_for_none_one_and_many(answers, kind):
    given = [([], []), (PICTURES[0], "dog ?"), (PICTURES, QUESTIONS), ([PICTURES[0], None], ["dog ?", "cat ?"])]
    frames = [answers[kind](image, question=question) for image, question in given]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert len(frames[0]) == 0
    missing = frames[3][frames[3][".row"] == 1]
    assert len(missing) == 1
    assert missing[["rank", "answer", "score"]].isna().all(axis=None)


def test_five_answers_by_default_and_no_rank_for_the_best_alone(answers):
    assert len(answers["vilt"](PICTURES[0], question="dog ?")) == 5
    for kind in KINDS:
        best = answers[kind](PICTURES[0], question="dog ?", top_k=1)
        assert best.columns.tolist() == [".row", "image", "question", "answer", "score"]
        assert len(best) == 1


def test_several_questions_about_one_image_and_a_frame_of_both(answers):
    asked = answers["vilt"](image=PICTURES[0], question=QUESTIONS)
    assert asked["question"].unique().tolist() == QUESTIONS
    data = pd.DataFrame({"image": PICTURES[:2], "question": QUESTIONS[:2]}, index=["x", "y"])
    frame = answers["vilt"](data, top_k=2)
    assert frame.index.tolist() == ["x", "x", "y", "y"]
    joined = tidydl.augment(answers["vilt"], data, top_k=2)
    assert joined.columns.tolist() == ["image", "question", "answer", "score", "answer.1", "score.1"]
    assert tidydl.widen(frame)["answer"].tolist() == joined["answer"].tolist()
    written = tidydl.augment(answers["blip2"], data)
    assert written.columns.tolist() == ["image", "question", "answer", "score"]


def test_a_long_question_is_shortened_with_a_warning(answers):
    with pytest.warns(UserWarning, match="1 text was longer"):
        long = answers["vilt"](PICTURES[0], question="the dog " * 40)
    kept_words = "the dog " * 11  # 22 tokens beside the two around them
    pd.testing.assert_series_equal(long["score"], answers["vilt"](PICTURES[0], question=kept_words)["score"])


def test_a_broken_image_becomes_a_row_with_its_error(answers, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    frame = answers["vilt"]([PICTURES[0], str(broken)], question=["dog ?", "cat ?"], top_k=1, on_error="row")
    assert frame["answer"].isna().tolist() == [False, True]
    assert "2nd value" in frame[".error"].iloc[1]


def test_the_task_is_read_from_the_model_and_others_are_refused(tmp_path):
    assert tidydl.pipeline(model=kept("vilt")).task == "visual-question-answering"
    assert tidydl.pipeline(model=kept("vilt")).labels == [f"answer {i}" for i in range(6)]
    assert tidydl.pipeline("vqa", model=kept("blip_answers")).labels is None
    with pytest.raises(ArgumentError, match="does not fit the task 'visual-question-answering'"):
        tidydl.pipeline("vqa", model=tiny.text_folder(tmp_path / "bert"))
    with pytest.raises(ArgumentError, match="several parts"):
        tidydl.pipeline("vqa", model=kept("vilt"))(PICTURES[0])

"""Decisions: the probabilities of transformers' own pipeline, a line per question and option, however it is asked."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import transformers

import tidydl
import tiny
import tiny.multimodal
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError, DependencyError
from tidydl.pipelines.reading import questions as reading
from tiny.multimodal import kept

TEXTS = ["the sun came today", "we lost the dog and the cat", "rain", "my friend is very happy today", "so tired"]
ASKED = {
    "mood": {"type": "choice", "instructions": "mood", "criteria": {"happy": None, "sad": "not happy", "calm": None}},
    "lost": {"type": "noul", "instructions": "is it lost ?", "criteria": {"true": "it is", "false": "it is not"}},
    "how bad": {"type": "score", "instructions": "bad ?", "criteria": ["good", "bad", "very bad"]},
}
KINDS = ["chatter", "decider"]


@pytest.fixture(scope="module")
def decide():
    return {kind: tidydl.pipeline("decision", model=kept(kind), device="cpu") for kind in KINDS}


def shares(answer):
    """Read the probabilities of each answer off an answer of the plain pipeline."""
    if answer["type"] == "noul":
        return {"true": answer["noul"], "false": 1 - answer["noul"]}
    names = answer.get("legend") or {}
    return {names.get(name, name): share for name, share in answer["probabilities"].items()}


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_equal_the_plain_pipeline_one_text_at_a_time(decide, kind):
    plain = transformers.pipeline("decision", model=str(kept(kind)), device="cpu")
    frame = decide[kind](TEXTS, questions=ASKED)
    assert frame.columns.tolist() == [".row", "text", "question", "rank", "answer", "score"]
    for row, text in enumerate(TEXTS):
        theirs = plain({"state": text, "questions": ASKED})
        own = frame[frame[".row"] == row]
        assert own["question"].unique().tolist() == list(ASKED)
        for name, lines in own.groupby("question"):
            expected = shares(theirs[name])
            assert dict(zip(lines["answer"], lines["score"], strict=True)) == pytest.approx(expected, abs=SCORES)
            assert lines["rank"].tolist() == list(range(1, len(expected) + 1))
            assert lines["score"].is_monotonic_decreasing
    best = frame[(frame["rank"] == 1) & (frame["question"] == "mood")]["score"]
    assert best.nunique() == len(TEXTS)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_change_nothing(decide, kind):
    together = decide[kind](TEXTS, questions=ASKED)
    for size in (1, 3):
        pd.testing.assert_frame_equal(
            decide[kind](TEXTS, questions=ASKED, batch_size=size), together, atol=SCORES, rtol=0
        )


def test_questions_are_written_in_several_ways(decide):
    expected = decide["chatter"](
        TEXTS,
        questions={
            "mood": {"type": "choice", "instructions": "mood", "criteria": {"happy": None, "sad": None}},
            "lost": {"type": "noul", "instructions": "is it lost ?"},
            "how bad": ASKED["how bad"],
        },
    )
    short = {
        "mood": ["happy", "sad"],
        "lost": "is it lost ?",
        "how bad": {"type": "score", "instructions": "bad ?", "options": ["good", "bad", "very bad"]},
    }
    pd.testing.assert_frame_equal(decide["chatter"](TEXTS, questions=short), expected)
    table = pd.DataFrame(
        {
            "question": ["mood", "lost", "how bad"],
            "type": [None, "yes/no", "score"],
            "instructions": ["mood", "is it lost ?", "bad ?"],
            "options": [["happy", "sad"], None, "good, bad, very bad"],
        }
    )
    pd.testing.assert_frame_equal(decide["chatter"](TEXTS, questions=table), expected)
    made = tidydl.pipeline("decision", model=kept("chatter"), device="cpu", questions=short)
    pd.testing.assert_frame_equal(made(TEXTS), expected)


def test_each_text_may_have_questions_of_its_own(decide):
    first, second = {"mood": ["happy", "sad"]}, {"lost": "is it lost ?"}
    frame = decide["chatter"](TEXTS[:2], questions=[first, second])
    assert frame["question"].tolist() == ["mood", "mood", "lost", "lost"]
    alone = decide["chatter"](TEXTS[1], questions=second)["score"].tolist()
    assert frame["score"].tolist()[2:] == pytest.approx(alone, abs=SCORES)
    data = pd.DataFrame({"text": TEXTS[:2], "asked": [first, second]}, index=["x", "y"])
    named = decide["chatter"](data, questions="asked")
    assert named.index.tolist() == ["x", "x", "y", "y"]
    assert named["score"].tolist() == frame["score"].tolist()


def test_columns_and_kinds_are_the_same_for_none_one_and_many(decide):
    frames = [decide["chatter"](x, questions=ASKED) for x in ([], TEXTS[0], TEXTS, [TEXTS[0], None])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 8, 40, 9]
    assert frames[3].iloc[-1][["question", "answer", "score"]].isna().all()


def test_augment_joins_the_answers_to_one_question(decide):
    data = pd.DataFrame({"text": TEXTS[:2]}, index=["x", "y"])
    joined = tidydl.augment(decide["chatter"], data, questions={"mood": ["happy", "sad"]})
    assert joined.columns.tolist() == ["text", "question", "answer", "score", "answer.1", "score.1"]
    assert joined.index.tolist() == ["x", "y"]
    assert_near(joined["score"] + joined["score.1"], 1.0)


def test_a_long_text_is_shortened_at_its_end_with_a_warning(decide):
    with pytest.warns(UserWarning, match="1 text was longer"):
        frame = decide["chatter"](["rain " * 900, "rain"], questions=ASKED)
    assert frame.groupby([".row", "question"])["score"].sum().tolist() == pytest.approx([1.0] * 6, abs=SCORES)
    with pytest.raises(ArgumentError, match="longer"):
        decide["chatter"]("rain " * 900, questions=ASKED, long="error")
    with pytest.warns(UserWarning, match="1 text was longer"):
        narrow = decide["chatter"](
            ["the sun " + "and rain " * 300, "sun"], questions=ASKED, max_length=170, on_error="row"
        )
    assert narrow.attrs["tidydl"]["truncated"] == 1
    with pytest.raises(ArgumentError, match="leaves no room"):
        decide["chatter"]("rain", questions=ASKED, max_length=20)
    both = decide["chatter"](["rain", " "], questions=ASKED, max_length=20, on_error="row")
    assert both[".error"].notna().all()


def test_marks_in_a_text_are_text_and_the_tokenizer_stays_as_it_was(decide):
    before = len(decide["chatter"]._loaded.tokenizer)
    plain = transformers.pipeline("decision", model=str(kept("chatter")), device="cpu")
    text = "the <|mark|> sun"
    frame = decide["chatter"](text, questions={"lost": ASKED["lost"]})
    theirs = plain({"state": text, "questions": {"lost": ASKED["lost"]}})["lost"]["noul"]
    assert dict(zip(frame["answer"], frame["score"], strict=True))["true"] == pytest.approx(theirs, abs=SCORES)
    assert len(decide["chatter"]._loaded.tokenizer) == before


def test_settings_that_lie_with_a_model_are_used(tmp_path):
    from transformers.decision import DecisionConfig

    folder = tiny.multimodal.chatter_folder(tmp_path / "model")
    template = "{{ state }} {{ question.instructions }}:<|mark|>"
    settings = DecisionConfig(labels={"noul": ["A", "B"]}, temperature={"noul": 3.0}, chat_template=template)
    settings.save_pretrained(folder)
    ours = tidydl.pipeline("decision", model=folder, device="cpu")(TEXTS, questions={"lost": "is it lost ?"})
    plain = transformers.pipeline("decision", model=str(folder), device="cpu")
    usual = tidydl.pipeline("decision", model=kept("chatter"), device="cpu")(TEXTS, questions={"lost": "is it lost ?"})
    for row, text in enumerate(TEXTS):
        theirs = plain({"state": text, "questions": {"lost": {"type": "noul", "instructions": "is it lost ?"}}})
        lines = ours[ours[".row"] == row]
        assert dict(zip(lines["answer"], lines["score"], strict=True)) == pytest.approx(
            shares(theirs["lost"]), abs=SCORES
        )
    assert not np.allclose(ours["score"], usual["score"])
    DecisionConfig(adapter="adapter").save_pretrained(folder)
    with pytest.raises(ArgumentError, match="are in an adapter"):
        tidydl.pipeline("decision", model=folder, device="cpu")("rain", questions={"lost": "is it lost ?"})


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (None, "`questions` is missing"),
        ({}, "no question at all"),
        (["mood"], "not questions by name"),
        (3, "`questions` is 3"),
        ({"mood": 3}, "question 'mood' is 3"),
        ({"mood": []}, "options that are"),
        ({"mood": ["good", 3]}, "not all strings"),
        ({"mood": {"type": "chioce", "criteria": ["a"]}}, "the type 'chioce'"),
        ({"mood": {"kind": "choice"}}, "the field 'kind'"),
        ({"lost": {"type": "noul", "criteria": ["a"]}}, "criteria that are"),
        ({"": "is it ?"}, "without a name"),
        (pd.DataFrame({"name": ["mood"]}), "no column `question`"),
        (pd.DataFrame({"question": ["mood", "mood"], "options": ["a,b", "c,d"]}), "'mood' twice"),
        ({"mood": [f"option {i}" for i in range(30)]}, "at most 26 options"),
    ],
    ids=str,
)
def test_what_is_no_question_is_refused(decide, asked, what):
    with pytest.raises(ArgumentError, match=what):
        decide["chatter"]("rain", questions=asked)


def test_models_that_cannot_be_asked_are_refused(tmp_path):
    folder = tiny.multimodal.chatter_folder(tmp_path / "silent")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ArgumentError, match="no chat template"):
        tidydl.pipeline("decision", model=folder)("rain", questions=ASKED)
    with pytest.raises(ArgumentError, match="not distinct single tokens"):
        tidydl.pipeline("decision", model=tiny.kept("causal"))("rain", questions={"lost": "is it ?"})
    with pytest.raises(ArgumentError, match="does not fit the task 'decision'"):
        tidydl.pipeline("decision", model=tiny.kept("masked"))


def test_the_task_is_read_from_a_decision_model():
    assert tidydl.pipeline(model=kept("decider")).task == "decision"
    assert tidydl.pipeline(model=kept("chatter")).task == "text-generation"
    assert tidydl.pipeline(model=kept("decider")).facts()["decides_by"] == "head"


def test_an_older_transformers_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers.decision", None)
    with pytest.raises(DependencyError, match=r"needs transformers 5\.23"):
        tidydl.pipeline("decision", model=kept("chatter"))


def test_questions_are_read_as_json_in_their_order():
    made = reading.read_all({"b": ["x", "y"], "a": "is it ?"}, "questions")
    assert len(made) == 1
    assert list(json.loads(made[0]).items()) == [
        ("b", {"type": "choice", "instructions": "b", "criteria": {"x": None, "y": None}}),
        ("a", {"type": "noul", "instructions": "is it ?"}),
    ]

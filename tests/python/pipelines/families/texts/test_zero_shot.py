"""Zero-shot classification: the scores of transformers' own pipeline, and the probabilities of a language model."""

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES, ZERO_SHOT, assert_near
from tidydl.errors import ArgumentError, ColumnError

TEXTS = [*tiny.sentences(8, longest=9), "Happy day!"]
LABELS = ["joy", "sadness", "calm day"]


@pytest.fixture(scope="module")
def causal():
    return tidydl.pipeline("zero-shot-classification", model=tiny.kept("causal"), device="cpu")


@pytest.mark.parametrize(
    "options", [{}, {"multi_label": True}, {"hypothesis_template": "It was {} ."}], ids=lambda options: str(options)
)
@pytest.mark.parametrize("labels", [LABELS, ["joy"], "joy, sadness"], ids=str)
def test_scores_equal_the_plain_pipeline_one_text_at_a_time(zero, labels, options):
    own = transformers.pipeline("zero-shot-classification", model=str(tiny.kept("inference")), device="cpu")
    answers = [own(text, labels, **options) for text in TEXTS]
    ours = zero(TEXTS, candidate_labels=labels, **options)
    assert ours["label"].astype(object).tolist() == [label for answer in answers for label in answer["labels"]]
    scores = [score for answer in answers for score in answer["scores"]]
    assert_near(ours["score"], scores, within=ZERO_SHOT)


def test_a_byte_level_tokenizer_frames_pairs_its_own_way(tmp_path):
    folder = tiny.byte_folder(tmp_path / "roberta", labels=["entailment", "not_entailment"])
    own = transformers.pipeline("zero-shot-classification", model=str(folder), device="cpu")
    answer = own(TEXTS[0], LABELS)
    ours = tidydl.pipeline("zero-shot-classification", model=folder)(TEXTS[0], candidate_labels=LABELS)
    assert ours["label"].astype(object).tolist() == answer["labels"]
    assert_near(ours["score"], answer["scores"], within=ZERO_SHOT)


def test_columns_levels_and_kinds_are_the_same_for_none_one_and_many(zero):
    frames = [zero(x, candidate_labels=LABELS) for x in ([], "sun", TEXTS, [None, "rain"])]
    assert {tuple(frame.columns) for frame in frames} == {(".row", "text", "rank", "label", "score")}
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert {tuple(frame["label"].cat.categories) for frame in frames} == {tuple(LABELS)}
    assert [len(frame) for frame in frames] == [0, 3, 27, 4]
    assert "rank" not in zero("sun", candidate_labels=LABELS, top_k=1).columns


def test_each_row_can_have_labels_of_its_own(zero):
    data = pd.DataFrame({"said": TEXTS[:2], "options": [["joy", "calm"], ["anger", "joy", "fear"]]}, index=["a", "b"])
    frame = zero(data, text="said", candidate_labels="options")
    assert frame.index.tolist() == ["a", "a", "b", "b", "b"]
    assert frame["label"].cat.categories.tolist() == ["joy", "calm", "anger", "fear"]
    alone = zero(TEXTS[1], candidate_labels=["anger", "joy", "fear"])
    assert_near(frame["score"].iloc[2:], alone["score"], within=ZERO_SHOT)
    pd.testing.assert_frame_equal(
        zero(TEXTS[:2], candidate_labels=data["options"].tolist()), frame.reset_index(drop=True)
    )


def test_augment_spreads_the_labels(zero):
    data = pd.DataFrame({"text": ["sun", "rain"]})
    joined = tidydl.augment(zero, data, candidate_labels=LABELS)
    assert joined.columns.tolist() == ["text", *("label", "score"), *("label.1", "score.1"), *("label.2", "score.2")]
    data["label.2"], data["own"] = 1, [["joy", "fear"], ["joy", "fear", "calm"]]
    with pytest.raises(ColumnError, match=r"`label\.2`"):
        tidydl.augment(zero, data, text="text", candidate_labels="own")
    data = data[["text"]]
    assert tidydl.augment(zero, data, candidate_labels=LABELS, top_k=1).columns.tolist() == ["text", "label", "score"]


def test_every_sentence_is_tokenised_once(zero, monkeypatch):
    read = []
    tokenizer = type(zero._loaded.processor)
    plain = tokenizer.__call__
    monkeypatch.setattr(
        tokenizer, "__call__", lambda self, text, *a, **k: (read.append(text), plain(self, text, *a, **k))[1]
    )
    zero(TEXTS, candidate_labels=LABELS)
    assert sum(len(each) for each in read if isinstance(each, list)) == len(TEXTS) + len(LABELS)


def test_long_texts_are_shortened_or_read_in_windows(zero):
    long = " ".join(tiny.sentences(8, seed=3))
    with pytest.warns(UserWarning, match="1 text was longer"):
        cut = zero([long, "sun"], candidate_labels=LABELS)
    own = transformers.pipeline("zero-shot-classification", model=str(tiny.kept("inference")), device="cpu")
    assert_near(cut["score"].iloc[:3], own(long, LABELS)["scores"], within=ZERO_SHOT)
    windows = zero(long, candidate_labels=LABELS, long="window")
    assert windows.attrs["tidydl"]["truncated"] == 0
    assert not np.allclose(windows["score"], cut["score"].iloc[:3])
    with pytest.raises(ArgumentError, match="longer"):
        zero(long, candidate_labels=LABELS, long="error")


def log_probability(model, tokenizer, prompt, label):
    """Sum the log probabilities of the tokens after the prompt, by hand, for one text alone."""
    ids, start = tokenizer(prompt + label, return_tensors="pt")["input_ids"], len(tokenizer(prompt)["input_ids"])
    with torch.no_grad():
        chances = model(ids).logits[0].double().log_softmax(-1)
    return sum(chances[i - 1, ids[0, i]].item() for i in range(start, ids.shape[1])), ids.shape[1] - start


@pytest.mark.parametrize("per_token", [False, True])
def test_a_language_model_scores_labels_by_their_probability(causal, per_token):
    model, tokenizer = causal.model, transformers.AutoTokenizer.from_pretrained(tiny.kept("causal"))
    frame = causal(TEXTS, candidate_labels=LABELS, prompt="{text} it was {label}.", per_token=per_token)
    for row, text in enumerate(TEXTS):
        found = [log_probability(model, tokenizer, f"{text} it was", f" {label}.") for label in LABELS]
        logs = np.array([total / count if per_token else total for total, count in found])
        shares = dict(zip(LABELS, np.exp(logs) / np.exp(logs).sum(), strict=True))
        ours = frame[frame[".row"] == row]
        assert ours["score"].tolist() == pytest.approx(sorted(shares.values(), reverse=True), abs=SCORES)
        assert ours["label"].iloc[0] == max(shares, key=shares.get)
    assert causal.facts()["judges_by"] == "probability"


def test_the_usual_prompt_is_the_text_and_the_template(causal):
    pd.testing.assert_frame_equal(
        causal(TEXTS, candidate_labels=LABELS),
        causal(TEXTS, candidate_labels=LABELS, prompt="{text}\nThis example is {label}."),
    )


def test_a_label_that_grows_together_with_the_first_word_begins_with_the_models_own_token(causal):
    model, tokenizer = causal.model, transformers.AutoTokenizer.from_pretrained(tiny.kept("causal"))
    assert len(tokenizer("rain")["input_ids"]) == 1  # so there is nothing before the label
    logs = [log_probability(model, tokenizer, *each)[0] for each in ((tokenizer.eos_token, "rain"), ("r", "ay"))]
    frame = causal("r", candidate_labels=["ain", "ay"], prompt="{text}{label}")
    shares = np.exp(logs) / np.exp(logs).sum()
    assert frame.set_index("label")["score"].loc[["ain", "ay"]].tolist() == pytest.approx(shares, abs=SCORES)


@pytest.mark.parametrize("judge", ["zero", "causal"])
def test_an_empty_text_is_refused_before_anything_is_judged(judge, request):
    with pytest.raises(ArgumentError, match="The 2nd value of `x` is empty"):
        request.getfixturevalue(judge)(["sun", " "], candidate_labels=LABELS)


def test_a_prompt_that_is_too_long_loses_the_end_of_the_text(causal):
    words = tiny.sentences(1, longest=5)[0]
    long = words + " the rain" * 200
    with pytest.warns(UserWarning, match="1 text was longer"):
        frame = causal(long, candidate_labels=["joy"], prompt="say {text} so {label}")
    assert frame["score"].item() == 1.0
    with pytest.raises(ArgumentError, match="room for the text"):
        causal("sun", candidate_labels=["joy"], prompt="say" * 200 + " {text} {label}")


@pytest.mark.parametrize(
    ("model", "given", "what"),
    [
        ("zero", {}, "`candidate_labels` is missing"),
        ("zero", {"candidate_labels": []}, "no label at all"),
        ("zero", {"candidate_labels": ["joy", 3]}, "3 among its labels"),
        ("zero", {"candidate_labels": LABELS, "hypothesis_template": "no place"}, "`hypothesis_template`"),
        ("zero", {"candidate_labels": LABELS, "prompt": "{text} {label}"}, "`prompt` is for causal"),
        ("causal", {"candidate_labels": LABELS, "prompt": "{label} {text}"}, "`prompt` is"),
        ("causal", {"candidate_labels": LABELS, "multi_label": True}, "`multi_label`"),
        ("causal", {"candidate_labels": LABELS, "long": "window"}, "`long`"),
    ],
)
def test_what_cannot_be_judged_is_refused(request, model, given, what):
    with pytest.raises(ArgumentError, match=what):
        request.getfixturevalue(model)("sun", **given)


def test_a_classifier_of_something_else_does_not_judge(folder):
    with pytest.raises(ArgumentError, match="no label 'entailment'"):
        tidydl.pipeline("zero-shot-classification", model=folder)


def test_a_text_behind_blanks_or_a_very_long_word_is_read(zero):
    own = transformers.pipeline("zero-shot-classification", model=str(tiny.kept("inference")), device="cpu")
    for text in (" " * 30_000 + "sun rain", "x" * 30_000 + " sun rain"):
        assert_near(zero(text, candidate_labels=LABELS)["score"], own(text, LABELS)["scores"], within=ZERO_SHOT)

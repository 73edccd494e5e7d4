"""Labels of images and sounds that no model has learnt: the scores of transformers' own pipelines."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from PIL import Image

import tidydl
import tiny
from support.precision import IN_IMAGES, SCORES, assert_near
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, NotFoundError
from tiny.inputs import sound, tone
from tiny.media import kept

LABELS = ["a dog", "cat", "rain, sun and night"]
PICTURES = [
    Image.fromarray(np.random.default_rng(i).integers(0, 256, (14 + 3 * i, 30, 3), dtype="uint8")) for i in range(5)
]
SOUNDS = [sound(s, p, seed=i) for i, (s, p) in enumerate([(0.2, 220), (0.5, 440), (1.0, 300), (0.5, 700)])]
IMAGE, AUDIO = "zero-shot-image-classification", "zero-shot-audio-classification"
INPUTS = {"clip": PICTURES, "siglip": PICTURES, "align": PICTURES, "clap": SOUNDS, "clap fusion": SOUNDS}


@cache
def ours(name):
    return tidydl.pipeline(AUDIO if "clap" in name else IMAGE, model=kept(name), device="cpu")


@cache
def theirs(name):
    return transformers.pipeline(AUDIO if "clap" in name else IMAGE, model=str(kept(name)), device="cpu")


def plain(name, labels, **options):
    given = [each["array"] if isinstance(each, dict) else each for each in INPUTS[name]]
    return [line for each in given for line in theirs(name)(each, candidate_labels=labels, **options)]


pytestmark = pytest.mark.filterwarnings("ignore:At least one mel filter")


@pytest.fixture(scope="module")
def clip():
    return ours("clip")


@pytest.fixture(scope="module")
def clap():
    return ours("clap")


@pytest.mark.parametrize("labels", [LABELS, ["cat"]], ids=str)
@pytest.mark.parametrize("options", [{}, {"hypothesis_template": "so very {} !"}], ids=str)
@pytest.mark.parametrize("name", list(INPUTS))
def test_scores_equal_the_plain_pipeline_one_input_at_a_time(name, labels, options):
    lines = plain(name, labels, **options)
    frame = ours(name)(INPUTS[name], candidate_labels=labels, **options)
    assert len(frame) == len(lines) == len(labels) * len(INPUTS[name])
    assert frame["label"].astype(object).tolist() == [line["label"] for line in lines]
    np.testing.assert_allclose(frame["score"], [line["score"] for line in lines], atol=IN_IMAGES, rtol=0)
    if len(labels) > 1:
        assert frame["score"].round(4).nunique() > len(labels)


@pytest.mark.parametrize("name", list(INPUTS))
def test_half_the_precision_gives_about_the_same(name):
    task = AUDIO if "clap" in name else IMAGE
    half = tidydl.pipeline(task, model=kept(name), device="cpu", dtype="float16")
    scores = [ppl(INPUTS[name], candidate_labels=LABELS).sort_values([".row", "label"]) for ppl in (half, ours(name))]
    np.testing.assert_allclose(scores[0]["score"], scores[1]["score"], atol=0.06)
    assert half.facts()["dtype"] == "float16"


@pytest.mark.cuda
@pytest.mark.parametrize("name", list(INPUTS))
def test_a_graphics_card_gives_the_same_scores(name):
    card = tidydl.pipeline(AUDIO if "clap" in name else IMAGE, model=kept(name), device="cuda")
    scores = [ppl(INPUTS[name], candidate_labels=LABELS).sort_values([".row", "label"]) for ppl in (card, ours(name))]
    np.testing.assert_allclose(scores[0]["score"], scores[1]["score"], atol=1e-4)


def test_siglip_judges_each_label_on_its_own_and_others_share(clip):
    assert clip(PICTURES[0], candidate_labels=LABELS)["score"].sum() == pytest.approx(1, abs=SCORES)
    siglip = ours("siglip")
    both = siglip(PICTURES[0], candidate_labels=LABELS).set_index("label")["score"]
    for label in LABELS:
        assert siglip(PICTURES[0], candidate_labels=[label])["score"].item() == pytest.approx(both[label], abs=SCORES)
    assert (siglip.facts()["judges_by"], clip.facts()["judges_by"]) == ("sigmoid", "softmax")


def test_scores_far_from_one_half_are_numbers_too(tmp_path):
    folder = tmp_path / "sure"
    model = transformers.SiglipModel.from_pretrained(kept("siglip"))
    with torch.no_grad():
        model.logit_bias.fill_(-200.0)
    model.save_pretrained(folder)
    sure = tidydl.pipeline(IMAGE, model=folder, image_processor=kept("siglip"), tokenizer=kept("siglip"))
    with np.errstate(over="raise", invalid="raise"):
        scores = sure(PICTURES[0], candidate_labels=LABELS)["score"]
    assert ((scores > 0) & (scores < 1e-30)).all()


@pytest.mark.parametrize("name", list(INPUTS))
def test_the_inputs_of_a_batch_score_as_each_alone(name):
    ppl, some = ours(name), INPUTS[name]
    alone = pd.concat([ppl(each, candidate_labels=LABELS) for each in some])["score"].to_numpy()
    for options in ({}, {"batch_size": 3}, {"batch_size": 1}):
        found = ppl(some, candidate_labels=LABELS, **options)["score"]
        assert_near(found, alone, within=IN_IMAGES)


@pytest.mark.parametrize("name", ["clip", "siglip", "clap"])
def test_each_row_can_have_labels_of_its_own(name):
    ppl, some = ours(name), INPUTS[name]
    own = [["cat", "a dog"], ["so sad", "cat", "rain"], None, "sun, rain"]
    data = pd.DataFrame({"it": [*some[:3], some[0]], "options": own}, index=list("abcd"))
    column = {"audio" if name == "clap" else "image": "it"}
    frame = ppl(data, candidate_labels="options", **column)
    assert frame.index.tolist() == ["a", "a", "b", "b", "b", "c", "d", "d"]
    assert frame["label"].cat.categories.tolist() == ["cat", "a dog", "so sad", "rain", "sun"]
    for row, labels in enumerate(own):
        if labels is not None:
            labels = labels.split(", ") if isinstance(labels, str) else labels
            alone = ppl(data["it"].iloc[row], candidate_labels=labels)
            found = frame[frame[".row"] == row]
            assert found["label"].tolist() == alone["label"].tolist()
            assert_near(found["score"], alone["score"])
    pd.testing.assert_frame_equal(
        ppl(data["it"].tolist(), candidate_labels=data["options"].tolist()), frame.reset_index(drop=True)
    )


def test_a_text_is_read_once_a_batch_and_a_long_list_of_labels_makes_batches_larger(clip, monkeypatch):
    monkeypatch.setattr("tidydl.pipelines.reading.images._patches", lambda config: 100)
    seen = []
    hook = clip.model.register_forward_pre_hook(
        lambda m, a, k: seen.append((len(k["pixel_values"]), len(k["input_ids"]))), with_kwargs=True
    )
    some = [Image.fromarray(np.full((8, 8, 3), i, dtype="uint8")) for i in range(60)]
    monkeypatch.setattr(clip._loaded.weights, "budget", 1000)
    try:
        clip(some, candidate_labels=LABELS)
        clip(some, candidate_labels=[f"so {letter} {'x' * 20}" for letter in "abcdefghijklmnopqrst"])
    finally:
        hook.remove()
    few, many = ([images for images, texts in seen if texts == labels] for labels in (3, 20))
    assert sum(few) == sum(many) == 60
    assert max(few) < max(many)


def test_columns_levels_and_kinds_are_the_same_for_none_one_and_many(clip, clap):
    for ppl, name, some in ((clip, "image", PICTURES), (clap, "audio", SOUNDS)):
        frames = [ppl(x, candidate_labels=LABELS) for x in ([], some[0], some[:2], [None, some[0]])]
        assert {tuple(frame.columns) for frame in frames} == {(".row", name, "rank", "label", "score")}
        assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
        assert {tuple(frame["label"].cat.categories) for frame in frames} == {tuple(LABELS)}
        assert [len(frame) for frame in frames] == [0, 3, 6, 4]
        assert str(frames[0][name].dtype) == name
        assert "rank" not in ppl(some[0], candidate_labels=LABELS, top_k=1).columns
        assert ppl(some[0], candidate_labels=LABELS, top_k=2)["rank"].tolist() == [1, 2]


def test_the_task_is_read_from_the_model():
    for name in INPUTS:
        assert tidydl.pipeline(model=kept(name)).task == (AUDIO if "clap" in name else IMAGE)


def test_augment_and_widen_spread_the_labels(clip):
    data = pd.DataFrame({"image": PICTURES[:2], "n": [1, 2]}, index=["x", "y"])
    joined = tidydl.augment(clip, data, candidate_labels=LABELS, top_k=2)
    assert joined.columns.tolist() == ["image", "n", "label", "score", "label.1", "score.1"]
    assert joined.index.tolist() == ["x", "y"]
    wide = tidydl.widen(clip(PICTURES[:2], candidate_labels=LABELS))
    assert wide.columns.tolist()[2:] == [f"{name}{rank}" for rank in ("", ".1", ".2") for name in ("label", "score")]


def test_labels_can_be_said_when_the_pipeline_is_made():
    ppl = tidydl.pipeline(AUDIO, model=kept("clap"), candidate_labels=LABELS)
    pd.testing.assert_frame_equal(ppl(SOUNDS), ours("clap")(SOUNDS, candidate_labels=LABELS))


@pytest.mark.parametrize("name", ["clap", "clap fusion"])
def test_what_is_heard_of_a_long_sound_is_the_same_each_time(name):
    ppl, long = ours(name), sound(2.7, seed=1)
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()
    first = ppl([SOUNDS[0], long], candidate_labels=LABELS)["score"].iloc[3:]
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(8)
    assert_near(ppl(long, candidate_labels=LABELS)["score"], first)


def test_a_failing_input_has_a_row_of_its_own(clip, clap):
    for ppl, some in ((clip, PICTURES), (clap, SOUNDS)):
        frame = ppl([some[0], b"nothing", some[1]], candidate_labels=LABELS, on_error="row", top_k=1)
        assert frame["score"].isna().tolist() == [False, True, False]
        assert "cannot be" in frame[".error"][1]
        alone = ppl(some[:2], candidate_labels=LABELS, top_k=1)["score"]
        assert_near(frame["score"].iloc[[0, 2]], alone)
    own = pd.DataFrame({"image": PICTURES[:2], "own": [["cat"], ["x" * 60, "dog"]]})
    frame = clip(own, candidate_labels="own", on_error="row")
    assert "2nd value" in frame[".error"][1]
    assert frame["score"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("name", "x", "given", "error", "what"),
    [
        ("clip", PICTURES[0], {}, ArgumentError, "`candidate_labels` is missing"),
        ("clip", PICTURES[0], {"candidate_labels": []}, ArgumentError, "no label at all"),
        ("clip", PICTURES[0], {"candidate_labels": ["cat", 3]}, ArgumentError, "3 among its labels"),
        (
            "clip",
            PICTURES[0],
            {"candidate_labels": ["x" * 99]},
            ArgumentError,
            "1st value.*longer than the model.*\n.*48",
        ),
        (
            "siglip",
            PICTURES[0],
            {"candidate_labels": ["cat " * 99]},
            ArgumentError,
            "longer.*\n.*64",
        ),
        ("clip", PICTURES[0], {"candidate_labels": "cat", "hypothesis_template": "a"}, ArgumentError, "`hypothesis_t"),
        ("clip", PICTURES[0], {"candidate_labels": "cat", "multi_label": True}, ArgumentError, "`multi_label`"),
        ("clip", "gone.png", {"candidate_labels": "cat"}, NotFoundError, r"gone\.png"),
        ("clap", tone(), {"candidate_labels": "cat"}, ArgumentError, "without a sampling rate"),
        ("clap", [SOUNDS[0], b"no"], {"candidate_labels": "cat"}, DamagedFileError, "2nd value"),
        ("clap", pd.DataFrame({"n": [1]}), {"candidate_labels": "cat"}, ColumnError, "no column"),
    ],
)
def test_what_cannot_be_judged_is_refused(name, x, given, error, what):
    with pytest.raises(error, match=what):
        ours(name)(x, **given)


def test_a_model_of_something_else_does_not_fit(tmp_path):
    with pytest.raises(ArgumentError, match="does not fit the task"):
        tidydl.pipeline(IMAGE, model=tiny.image_folder(tmp_path / "vit"))
    with pytest.raises(ArgumentError, match="This one is for 'zero-shot-image-classification'"):
        tidydl.pipeline(AUDIO, model=kept("clip"))

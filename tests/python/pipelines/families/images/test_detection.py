"""Object detection: the boxes of transformers' own pipeline in a tidy frame, of the model's labels or of any."""

import json

import numpy as np
import pandas as pd
import pytest

import tidydl
import tiny
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError
from tiny.inputs import damaged, picture, pictures

CORNERS = ["xmin", "ymin", "xmax", "ymax"]
LABELS = ["cat", "dog day", "rain"]


def detector(name, **loading):
    return tidydl.pipeline(model=tiny.vision.kept(name), device="cpu", **loading)


def assert_same_boxes(ours, theirs):
    assert ours["label"].astype(object).tolist() == [each["label"] for each in theirs]
    assert ours[CORNERS].to_numpy().tolist() == [[each["box"][side] for side in CORNERS] for each in theirs]
    np.testing.assert_allclose(ours["score"], [each["score"] for each in theirs], atol=IN_IMAGES, rtol=0)


@pytest.mark.parametrize(("name", "threshold"), [("detr", 0.3), ("yolos", 0.3)])
def test_boxes_equal_those_of_the_plain_pipeline(name, threshold):
    ppl, own = detector(name), tiny.vision.plain("object-detection", name)
    assert ppl.task == "object-detection"
    frame = ppl(pictures(), threshold=threshold)
    assert frame["label"].nunique() > 1
    assert frame[".row"].nunique() > 3
    for row, image in enumerate(pictures()):
        assert_same_boxes(frame[frame[".row"] == row], own(image, threshold=threshold))


@pytest.mark.parametrize("name", ["detr", "yolos"])
def test_images_of_all_sizes_have_the_boxes_they_have_alone(name):
    ppl = detector(name)
    together = ppl(pictures(), threshold=0.3, batch_size=3)
    alone = pd.concat([ppl(image, threshold=0.3).assign(**{".row": row}) for row, image in enumerate(pictures())])
    assert together[[".row", "label", *CORNERS]].to_numpy().tolist() == (
        alone[[".row", "label", *CORNERS]].to_numpy().tolist()
    )
    np.testing.assert_allclose(together["score"], alone["score"], atol=IN_IMAGES, rtol=0)


def test_only_images_of_one_size_share_a_batch():
    ppl, seen = detector("detr"), []
    hook = ppl.model.register_forward_pre_hook(
        lambda m, a, k: seen.append(tuple(k["pixel_values"].shape)), with_kwargs=True
    )
    try:
        ppl(pictures())
    finally:
        hook.remove()
    assert sum(shape[0] for shape in seen) == 5
    assert {shape[2:] for shape in seen} == {(32, 48), (53, 32), (48, 32)}


def test_columns_and_kinds_are_the_same_for_none_one_and_many():
    ppl = detector("detr")
    frames = [ppl(x, threshold=0.3) for x in ([], picture(1), [picture(1), None, picture(2)], [None])]
    assert frames[1].columns.tolist() == [".row", "image", "label", "score", *CORNERS]
    assert len({kinds(frame) for frame in frames}) == 1
    assert str(frames[0]["xmin"].dtype) == "Int64"
    assert str(frames[0]["image"].dtype) == "image"
    assert frames[0]["label"].cat.categories.tolist() == ppl.labels
    missing = frames[2][frames[2][".row"] == 1]
    assert len(missing) == 1
    assert missing.drop(columns=".row").isna().all(axis=None)


def test_an_image_without_objects_has_no_line():
    frame = detector("detr")([picture(1), None, picture(2)], threshold=1.0)
    assert frame[".row"].tolist() == [1]


def test_a_broken_image_is_a_row_where_errors_may_be():
    ppl = detector("detr")
    frame = ppl([picture(1), damaged(), picture(1)], threshold=0.3, on_error="row")
    assert frame.loc[frame[".row"] == 1, ".error"].str.contains("cannot be decoded").tolist() == [True]
    good = frame[frame[".row"] != 1]
    assert good[".error"].isna().all()
    assert len(good) == 2 * len(ppl(picture(1), threshold=0.3)) > 0
    with pytest.raises(tidydl.errors.DamagedFileError, match="2nd value"):
        ppl([picture(1), damaged()])


def test_a_frame_keeps_its_index_and_cannot_be_joined():
    ppl, data = detector("detr"), pd.DataFrame({"n": [1, 2], "scan": [picture(1), picture(2)]}, index=["x", "y"])
    frame = ppl(data, image="scan", threshold=0.3)
    assert set(frame.index) == {"x", "y"}
    assert frame.index.is_monotonic_increasing
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(ppl, data, image="scan")


def test_labels_may_repeat_but_not_be_missing(tmp_path):
    twice = tiny.vision.detr_folder(tmp_path / "twice", id2label={0: "N/A", 1: "cat", 2: "N/A", 3: "dog", 4: "N/A"})
    ppl = tidydl.pipeline(model=twice)
    assert ppl.labels == ["N/A", "cat", "dog"]
    assert ppl(pictures(), threshold=0.2)["label"].cat.categories.tolist() == ppl.labels
    config = json.loads((twice / "config.json").read_text())
    config["id2label"] = {"0": "N/A", "1": "cat", "2": "N/A", "3": "dog", "7": "cow"}
    (twice / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArgumentError, match="no label for its output 4"):
        tidydl.pipeline(model=twice)


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="This one is for 'image-classification'"):
        tidydl.pipeline("object-detection", model=tiny.image_folder(tmp_path / "vit"))
    with pytest.raises(ArgumentError, match="ViTImageProcessorPil, which cannot process"):
        tidydl.pipeline(model=tiny.vision.kept("detr"), image_processor=tmp_path / "vit")
    with pytest.raises(ArgumentError, match="`threshold`"):
        detector("detr")(picture(1), threshold=2)


@pytest.mark.parametrize("name", ["detr", "yolos", "owlvit", "grounding"])
def test_half_precision_finds_boxes_too(name):
    labels = {"candidate_labels": LABELS} if name in ("owlvit", "grounding") else {}
    frame = detector(name, dtype="bfloat16")(pictures(), threshold=0.2, **labels)
    assert len(frame) > 0
    assert frame["score"].between(0.2, 1).all()


@pytest.mark.parametrize(("name", "threshold"), [("owlvit", 0.4), ("owlv2", 0.4), ("grounding", 0.6)])
def test_named_things_are_found_as_the_plain_pipeline_finds_them(name, threshold):
    ppl, own = detector(name), tiny.vision.plain("zero-shot-object-detection", name)
    assert ppl.task == "zero-shot-object-detection"
    frame = ppl(pictures(), candidate_labels=LABELS, threshold=threshold)
    assert frame["label"].nunique() == 3
    assert frame[".row"].nunique() == 5
    assert frame["label"].cat.categories.tolist() == LABELS
    for row, image in enumerate(pictures()):
        theirs = own(image, candidate_labels=LABELS, threshold=threshold)
        assert_same_boxes(frame[frame[".row"] == row], theirs)
    best = ppl(pictures(), candidate_labels=LABELS, threshold=threshold, top_k=2)
    assert best["score"].tolist() == frame.groupby(".row").head(2)["score"].tolist()


@pytest.mark.parametrize("name", ["owlvit", "grounding"])
def test_labels_of_its_own_give_an_image_the_boxes_it_has_alone(name):
    ppl, sets = detector(name), [["cat"], ["dog day", "cat"], ["rain"], ["rain", "sun"], ["cat", "a dog"]]
    together = ppl(pictures(), candidate_labels=sets, threshold=0.4, batch_size=3)
    assert together["label"].cat.categories.tolist() == ["cat", "dog day", "rain", "sun", "a dog"]
    alone = [ppl(i, candidate_labels=own, threshold=0.4) for i, own in zip(pictures(), sets, strict=True)]
    assert together["label"].astype(object).tolist() == [each for frame in alone for each in frame["label"]]
    np.testing.assert_allclose(together["score"], pd.concat(alone)["score"], atol=IN_IMAGES, rtol=0)
    assert together[CORNERS].to_numpy().tolist() == pd.concat(alone)[CORNERS].to_numpy().tolist()


def test_an_image_is_looked_at_once_for_all_its_labels():
    ppl, seen = detector("owlvit"), []
    hook = ppl.model.owlvit.vision_model.register_forward_pre_hook(
        lambda m, a, k: seen.append(len(k["pixel_values"])), with_kwargs=True
    )
    try:
        ppl([picture(1), picture(2), picture(1)], candidate_labels=LABELS)
    finally:
        hook.remove()
    assert sum(seen) == 2


@pytest.mark.parametrize("name", ["owlvit", "grounding"])
def test_named_things_have_the_same_columns_for_none_one_and_many(name):
    ppl = detector(name)
    inputs = ([], picture(1), [picture(1), None], [None])
    frames = [ppl(x, candidate_labels=LABELS, threshold=0.3) for x in inputs]
    assert len({kinds(frame) for frame in frames}) == 1
    assert frames[0]["label"].cat.categories.tolist() == LABELS
    data = pd.DataFrame({"scan": [picture(1)], "names": [["cat"]]}, index=["x"])
    assert set(ppl(data, image="scan", candidate_labels="names").index) <= {"x"}
    broken = ppl([damaged(), picture(1)], candidate_labels=LABELS, threshold=0.3, on_error="row")
    assert broken[".error"].notna().tolist() == [True, *[False] * (len(broken) - 1)]
    assert len(broken) > 1


def test_labels_that_are_too_long_are_refused_naming_their_image():
    ppl, long = detector("owlvit"), "a" * 20
    with pytest.raises(ArgumentError, match=r"2nd value of `candidate_labels` has 'aaaa.*22 tokens"):
        ppl([picture(1), picture(2)], candidate_labels=[["cat"], [long, "cat"]])
    frame = ppl([picture(1), picture(2)], candidate_labels=[["cat"], [long]], threshold=0.1, on_error="row")
    assert frame.loc[frame[".row"] == 1, ".error"].str.contains("22 tokens").all()
    with pytest.raises(ArgumentError, match="candidate_labels"):
        ppl(picture(1))


def test_a_detector_that_wants_more_than_labels_is_refused():
    with pytest.raises(ArgumentError, match="'omdet-turbo', which does not take labels as plain text"):
        detector("omdet")

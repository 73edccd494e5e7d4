"""Image segmentation: the segments of transformers' own pipeline with masks, scores and areas in a tidy frame."""

import numpy as np
import pandas as pd
import pytest
import transformers

import tidydl
import tiny.segmenters
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError
from tidydl.pipelines.families.images import segmentation
from tiny.inputs import damaged, picture, pictures

COLUMNS = [".row", "image", "label", "score", "area", "mask"]
EASY = {"threshold": 0.2, "mask_threshold": 0.2, "overlap_mask_area_threshold": 0.1}
DOING = [
    ("segformer", "semantic"),
    ("maskformer", "panoptic"),
    ("maskformer", "instance"),
    ("maskformer", "semantic"),
    ("mask2former", "panoptic"),
    ("mask2former", "instance"),
    ("mask2former", "semantic"),
    ("panoptic", "panoptic"),
    ("oneformer", "semantic"),
]


def segmenter(name, **loading):
    return tidydl.pipeline(model=tiny.vision.kept(name), device="cpu", **loading)


def masks(frame):
    return [mask.array() for mask in frame["mask"]]


def assert_same_segments(ours, theirs):
    assert ours["label"].astype(object).tolist() == [each["label"] for each in theirs]
    scores = [np.nan if each["score"] is None else each["score"] for each in theirs]
    np.testing.assert_allclose(ours["score"], scores, atol=IN_IMAGES, rtol=0)
    for mask, each in zip(masks(ours), theirs, strict=True):
        np.testing.assert_array_equal(mask, np.asarray(each["mask"]))


@pytest.mark.parametrize(("name", "subtask"), DOING)
def test_segments_equal_those_of_the_plain_pipeline(name, subtask):
    ppl, own = segmenter(name), tiny.vision.plain("image-segmentation", name)
    assert ppl.task == "image-segmentation"
    frame = ppl(pictures(), subtask=subtask, **EASY)
    assert len(frame) >= 5
    assert frame["score"].isna().all() == (subtask == "semantic")
    for row, image in enumerate(pictures()):
        theirs = own(image, subtask=subtask, **EASY)
        assert_same_segments(frame[frame[".row"] == row], theirs)


@pytest.mark.parametrize("name", ["segformer", "maskformer", "panoptic"])
def test_without_a_subtask_the_first_that_the_model_can_is_done(name):
    ppl = segmenter(name)
    first = "semantic" if name == "segformer" else "panoptic"
    frame = ppl(picture(1), **EASY)
    assert ppl.facts()["subtasks"][0] == first
    assert frame.attrs["tidydl"]["subtask"] == first
    assert_same_segments(frame, tiny.vision.plain("image-segmentation", name)(picture(1), **EASY))


def probabilities(model, processor, tokenizer, image, subtask):
    """Run OneFormer by hand on an image and bring its masks to the image's size."""
    import torch

    made = processor([image], task_inputs=[subtask], return_tensors="pt")
    asked = tokenizer(made["task_inputs"], padding="max_length", max_length=40, return_tensors="pt")
    with torch.inference_mode():
        outputs = model(pixel_values=made["pixel_values"], task_inputs=asked["input_ids"])
    masks = outputs.masks_queries_logits.sigmoid()
    scaled = torch.nn.functional.interpolate(masks, image.size[::-1], mode="bilinear", antialias=True)
    return outputs.class_queries_logits.softmax(-1)[0], scaled[0]


def test_oneformer_finds_what_its_own_numbers_say():
    ppl, folder = segmenter("oneformer"), tiny.vision.kept("oneformer")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for image in pictures()[:3]:
        classes, each = probabilities(ppl.model, ppl._loaded.image_processor, tokenizer, image, "panoptic")
        scores, codes = classes.max(-1)
        good = (codes != 5) & (scores > 0.2)
        weighted = each[good] * scores[good, None, None]
        owner, kept = weighted.argmax(0), []
        for k, (code, score) in enumerate(zip(codes[good].tolist(), scores[good].tolist(), strict=True)):
            mine, whole = owner == k, weighted[k] >= 0.2
            if mine.any() and whole.any() and mine.sum() / whole.sum() > 0.1:
                kept.append((f"thing {code}", round(score, 6), mine.numpy()))
        frame = ppl(image, **EASY)
        assert frame["label"].astype(object).tolist() == [label for label, _, _ in kept]
        np.testing.assert_allclose(frame["score"], [score for _, score, _ in kept], atol=IN_IMAGES)
        for mask, (_, _, mine) in zip(masks(frame), kept, strict=True):
            np.testing.assert_array_equal(mask > 0, mine)
    assert len(ppl(picture(1), subtask="instance", **EASY)) > 0


def test_masks_are_black_and_white_and_areas_count_their_pixels():
    for name in ("segformer", "maskformer"):
        frame = segmenter(name)(pictures(), **EASY)
        for mask, area, image in zip(masks(frame), frame["area"], frame["image"], strict=True):
            assert mask.dtype == "uint8"
            assert set(np.unique(mask)) <= {0, 255}
            assert (mask > 0).sum() == area
            assert mask.shape == (image.height, image.width)
    whole = segmenter("segformer")(pictures())
    pixels = whole.groupby(".row")["area"].sum().tolist()
    assert pixels == [image.width * image.height for image in pictures()]


@pytest.mark.parametrize(("name", "subtask"), [("segformer", None), ("mask2former", "instance"), ("oneformer", None)])
def test_images_of_all_sizes_have_the_segments_they_have_alone(name, subtask):
    ppl, options = segmenter(name), {"subtask": subtask, **EASY}
    together = ppl(pictures(), batch_size=3, **options)
    alone = pd.concat([ppl(image, **options) for image in pictures()])
    assert together["label"].astype(object).tolist() == alone["label"].astype(object).tolist()
    np.testing.assert_allclose(together["score"], alone["score"], atol=IN_IMAGES, rtol=0)
    for one, other in zip(masks(together), masks(alone), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_large_photograph_has_the_same_classes_some_at_a_time(monkeypatch):
    ppl, expected = segmenter("segformer"), segmenter("segformer")(pictures())
    monkeypatch.setattr(segmentation, "_TOGETHER", 2 * 20 * 30)
    scaled = []
    monkeypatch.setattr(segmentation, "_read", lambda *given: scaled.append(given))
    frame = ppl(pictures())
    assert not scaled
    assert frame["label"].astype(object).tolist() == expected["label"].astype(object).tolist()
    for one, other in zip(masks(frame), masks(expected), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_image_in_slices_is_segmented_as_a_whole(tmp_path):
    folder = tiny.segmenters.eomt_folder(tmp_path / "eomt")
    ppl = tidydl.pipeline(model=folder, device="cpu")
    own = transformers.pipeline("image-segmentation", model=str(folder), device="cpu")
    wide = [picture(1, (20, 60)), picture(2, (60, 20)), picture(3, (30, 30))]
    frame = ppl(wide, subtask="semantic")
    assert frame["label"].nunique() > 1
    for row, image in enumerate(wide):
        assert_same_segments(frame[frame[".row"] == row], own(image, subtask="semantic"))


@pytest.mark.parametrize("name", ["segformer", "maskformer"])
def test_columns_and_kinds_are_the_same_for_none_one_and_many(name):
    ppl = segmenter(name)
    frames = [ppl(x, **EASY) for x in ([], picture(1), [picture(1), None, picture(2)], [None])]
    assert frames[1].columns.tolist() == COLUMNS
    assert len({kinds(frame) for frame in frames}) == 1
    assert frames[0]["label"].cat.categories.tolist() == ppl.labels
    missing = frames[2][frames[2][".row"] == 1]
    assert len(missing) == 1
    assert missing.drop(columns=".row").isna().all(axis=None)


def test_a_broken_image_is_a_row_where_errors_may_be():
    ppl = segmenter("segformer")
    frame = ppl([picture(1), damaged()], on_error="row")
    assert frame[".error"].notna().tolist() == [False] * (len(frame) - 1) + [True]
    assert len(frame) > 1
    with pytest.raises(tidydl.errors.DamagedFileError, match="2nd value"):
        ppl([picture(1), damaged()])


def test_a_frame_keeps_its_index_and_cannot_be_joined():
    ppl, data = segmenter("segformer"), pd.DataFrame({"scan": [picture(1), picture(2)]}, index=["x", "y"])
    assert set(ppl(data, image="scan").index) == {"x", "y"}
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(ppl, data, image="scan")


def test_what_a_model_cannot_tell_apart_is_refused():
    with pytest.raises(ArgumentError, match="`subtask` is 'panoptic', which"):
        segmenter("segformer")(picture(1), subtask="panoptic")
    with pytest.raises(ArgumentError, match="`subtask`"):
        segmenter("maskformer", subtask="parts")
    with pytest.raises(ArgumentError, match="DPTForDepthEstimation"):
        tidydl.pipeline("image-segmentation", model=tiny.vision.kept("dpt"))


@pytest.mark.parametrize("name", ["segformer", "maskformer", "oneformer"])
def test_half_precision_finds_segments_too(name):
    frame = segmenter(name, dtype="bfloat16")(pictures(), **EASY)
    assert len(frame) > 3
    assert (frame["area"] >= 0).all()

"""Mask generation: the masks of SAM as transformers' own pipeline chooses them, without torchvision."""

import numpy as np
import pandas as pd
import pytest

import tidydl
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError
from tidydl.pipelines.families.images.overlaps import box_around, suppressed
from tiny.inputs import damaged, scene

EASY = {"points_per_crop": 6, "pred_iou_thresh": 0.1, "stability_score_thresh": 0.0, "mask_threshold": 2.0}
CROPPED = {**EASY, "crops_n_layers": 1, "stability_score_thresh": 0.3, "stability_score_offset": 0.2}
SIZES = [(60, 80), (90, 64)]


@pytest.fixture(scope="module")
def ppl():
    return tidydl.pipeline(model=tiny.vision.kept("sam"), device="cpu")


def overlap(one, other):
    """Return the share of their union that two boxes have in common, box by box, in single precision."""
    sides = [np.float32(min(one[i + 2], other[i + 2])) - np.float32(max(one[i], other[i])) for i in (0, 1)]
    common = max(sides[0], np.float32(0)) * max(sides[1], np.float32(0))
    areas = [np.float32(box[2] - box[0]) * np.float32(box[3] - box[1]) for box in (one, other)]
    with np.errstate(invalid="ignore"):
        return float(common / (areas[0] + areas[1] - common))


def by_brute_force(boxes, scores, threshold):
    """Return which boxes are left when each is compared with all better ones that are left."""
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if not any(overlap(boxes[i], boxes[j]) > threshold for j in kept):
            kept.append(i)
    return kept


def from_runs(size, counts):
    """Draw a mask that is told by the lengths of its stretches, column by column."""
    return np.repeat(np.arange(len(counts)) % 2, counts).reshape(size[::-1]).T


@pytest.fixture(scope="module")
def own():
    """Return transformers' own pipeline, with boxes suppressed by brute force in place of torchvision."""
    plain = tiny.vision.plain("mask-generation", "sam")

    def chosen(masks, scores, boxes, threshold):
        kept = by_brute_force(boxes.tolist(), scores.tolist(), threshold)
        return [from_runs(**masks[i]) for i in kept], scores[kept], None, None

    plain.image_processor.post_process_for_mask_generation = chosen
    return plain


def assert_same_masks(frame, theirs):
    assert len(frame) == len(theirs["masks"])
    assert frame["mask_id"].tolist() == list(range(len(frame)))
    np.testing.assert_allclose(frame["score"], theirs["scores"].numpy(), atol=IN_IMAGES, rtol=0)
    for mask, area, other in zip(frame["mask"], frame["area"], theirs["masks"], strict=True):
        np.testing.assert_array_equal(mask.array(), np.asarray(other) * 255)
        assert area == np.asarray(other).sum()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.6, 0.7, 1.0])
def test_suppression_equals_brute_force(threshold):
    draw = np.random.default_rng(1)
    for count in (0, 1, 60):
        starts, sides = draw.integers(0, 12, (count, 2)), draw.integers(0, 12, (count, 2))
        boxes, scores = np.hstack([starts, starts + sides]), draw.integers(0, 20, count) / 20
        assert suppressed(boxes, scores, threshold) == by_brute_force(boxes.tolist(), scores.tolist(), threshold)


def test_a_share_as_large_as_the_threshold_is_judged_as_in_single_precision():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 6, 10], [0, 0, 7, 10]])
    assert suppressed(boxes[:2], np.array([0.9, 0.8]), 0.6) == [0]
    assert suppressed(boxes[[0, 2]], np.array([0.9, 0.8]), 0.7) == [0, 1]


def test_a_box_is_around_all_pixels_of_its_mask():
    mask = np.zeros((6, 9), dtype=bool)
    assert box_around(mask) == (0, 0, 0, 0)
    mask[2, 3] = mask[4, 7] = True
    assert box_around(mask) == (3, 2, 7, 4)


@pytest.mark.parametrize("options", [EASY, CROPPED, {**EASY, "crops_nms_thresh": 0.3}], ids=["whole", "crops", "few"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_masks_equal_those_of_the_plain_pipeline(ppl, own, size, options):
    frame = ppl(scene(1, size), **options)
    assert len(frame) > 2
    assert frame["area"].max() > 0
    assert_same_masks(frame, own(scene(1, size), **options))


def test_an_image_is_seen_once_whatever_the_number_of_points(ppl):
    seen, asked = [], []
    hooks = [
        ppl.model.vision_encoder.register_forward_pre_hook(lambda m, a: seen.append(len(a[0]))),
        ppl.model.mask_decoder.register_forward_pre_hook(
            lambda m, a, k: asked.append(k["sparse_prompt_embeddings"].shape[1]), with_kwargs=True
        ),
    ]
    try:
        ppl([scene(1, SIZES[0]), scene(1, SIZES[0])], **EASY, points_per_batch=10)
        assert (seen, asked) == ([1], [10, 10, 10, 6])
        seen.clear()
        ppl(scene(1, SIZES[0]), **CROPPED)
        assert seen == [1] * 5
    finally:
        for hook in hooks:
            hook.remove()


def test_points_per_batch_changes_no_number():
    ppl = tidydl.pipeline(model=tiny.vision.kept("sam"), device="cpu", dtype="float64")
    frames = [ppl(scene(1, SIZES[0]), **EASY, points_per_batch=n) for n in (1, 7, 64)]
    for frame in frames[1:]:
        np.testing.assert_allclose(frame["score"], frames[0]["score"], atol=IN_IMAGES, rtol=0)
        assert frame["area"].tolist() == frames[0]["area"].tolist()


def test_layers_of_crops_may_have_fewer_points(ppl):
    whole = ppl(scene(1, SIZES[0]), **EASY)
    coarse = ppl(scene(1, SIZES[0]), **{**EASY, "crops_n_layers": 2, "crop_n_points_downscale_factor": 3})
    fine = ppl(scene(1, SIZES[0]), **{**EASY, "crops_n_layers": 2})
    assert len({len(whole), len(coarse), len(fine)}) == 3


def test_many_images_have_the_masks_they_have_alone(ppl):
    images = [scene(i, size) for i, size in enumerate(SIZES * 2)]
    together = ppl([images[0], None, *images[1:]], **EASY)
    alone = pd.concat([ppl(image, **EASY) for image in images])
    known = together[together["score"].notna()]
    assert known["score"].tolist() == alone["score"].tolist()
    assert known["area"].tolist() == alone["area"].tolist()


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    frames = [ppl(x, **EASY) for x in ([], scene(1, SIZES[0]), [scene(1, SIZES[0]), None], [None])]
    assert frames[1].columns.tolist() == [".row", "image", "mask_id", "score", "area", "mask"]
    assert len({kinds(frame) for frame in frames}) == 1
    assert frames[3].drop(columns=".row").isna().all(axis=None)
    assert ppl.counted(frames[0].columns) == ("mask_id",)


def test_nothing_that_is_good_enough_is_no_line(ppl):
    assert ppl(scene(1, SIZES[0]), **{**EASY, "pred_iou_thresh": 1.0, "stability_score_thresh": 1.0}).empty


def test_what_fails_is_a_row_or_an_error(ppl):
    frame = ppl([damaged(), scene(1, SIZES[0])], on_error="row", **EASY)
    assert frame[".error"].notna().tolist() == [True] + [False] * (len(frame) - 1)
    assert len(frame) > 2
    with pytest.raises(tidydl.errors.DamagedFileError, match="1st value"):
        ppl([damaged()], **EASY)
    for option in ("points_per_batch", "points_per_crop", "crop_n_points_downscale_factor"):
        with pytest.raises(ArgumentError, match=f"`{option}` is 0"):
            ppl(scene(1, SIZES[0]), **{option: 0})


def test_a_frame_keeps_its_index_and_cannot_be_joined(ppl):
    data = pd.DataFrame({"scan": [scene(1, SIZES[0])]}, index=["x"])
    assert set(ppl(data, image="scan", **EASY).index) == {"x"}
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(ppl, data, image="scan")


def test_what_does_not_fit_is_refused():
    with pytest.raises(ArgumentError, match="This one is for 'object-detection'"):
        tidydl.pipeline("mask-generation", model=tiny.vision.kept("detr"))
    with pytest.raises(ArgumentError, match="which cannot process"):
        tidydl.pipeline(model=tiny.vision.kept("sam"), image_processor=tiny.vision.kept("dpt"))


def test_half_precision_finds_masks_too():
    frame = tidydl.pipeline(model=tiny.vision.kept("sam"), device="cpu", dtype="bfloat16")(scene(1, SIZES[0]), **EASY)
    assert len(frame) > 2

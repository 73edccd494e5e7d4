"""Depth estimation: the numbers of transformers' own pipeline, summed up, as a grey image or as a matrix."""

import numpy as np
import pandas as pd
import pytest
import torch

import tidydl
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES, assert_near
from tidydl.errors import ArgumentError
from tiny.inputs import damaged, picture, pictures

COLUMNS = [".row", "image", "width", "height", "min", "mean", "max", "depth"]
LARGE = [picture(1, (40, 70)), picture(2, (70, 33)), picture(3, (40, 70))]


def estimator(name="dpt", **loading):
    return tidydl.pipeline(model=tiny.vision.kept(name), device="cpu", **loading)


@pytest.mark.parametrize(("name", "images"), [("dpt", pictures()), ("anything", pictures()), ("glpn", LARGE)])
def test_depths_equal_those_of_the_plain_pipeline(name, images):
    ppl, own = estimator(name), tiny.vision.plain("depth-estimation", name)
    assert ppl.task == "depth-estimation"
    grey, numbers = ppl(images), ppl(images, values=True)
    assert grey.columns.tolist() == COLUMNS
    for row, image in enumerate(images):
        theirs = own(image)
        depth = theirs["predicted_depth"].numpy()
        span = float(depth.max() - depth.min())
        assert depth.shape == (image.height, image.width)
        assert span > 1
        np.testing.assert_allclose(numbers["depth"][row], depth, atol=IN_IMAGES * span, rtol=0)
        assert np.abs(grey["depth"][row].array().astype(int) - np.asarray(theirs["depth"])).max() <= 1
        assert (grey["width"][row], grey["height"][row]) == image.size
        for name_of, number in (("min", depth.min()), ("mean", depth.mean()), ("max", depth.max())):
            assert grey[name_of][row] == pytest.approx(number, abs=IN_IMAGES * span)


def test_the_grey_image_runs_from_black_to_white():
    for image in estimator()(pictures())["depth"]:
        assert image.mode == "L"
        assert (image.array().min(), image.array().max()) == (0, 255)


def test_a_matrix_holds_the_numbers_that_are_summed_up():
    frame = estimator()(pictures(), values=True)
    assert str(frame["depth"].dtype) == "object"
    for width, height, low, mean, high, depth in frame[COLUMNS[2:]].itertuples(index=False):
        assert isinstance(depth, np.ndarray)
        assert depth.shape == (height, width)
        assert (low, high) == (depth.min(), depth.max())
        assert mean == pytest.approx(depth.astype("float64").mean())


@pytest.mark.parametrize("size", [(1, 40), (40, 1), (1, 1)], ids=str)
def test_an_image_one_pixel_wide_or_high_keeps_its_size(size):
    depth = estimator()(picture(1, size), values=True)["depth"][0]
    assert depth.shape == size


def test_equal_depths_everywhere_are_black():
    ppl = estimator()
    hook = ppl.model.head.register_forward_hook(lambda module, given, made: made * 0)
    try:
        frame = ppl(picture(9))
    finally:
        hook.remove()
    assert frame["min"][0] == frame["max"][0] == 0
    assert not frame["depth"][0].array().any()


@pytest.mark.parametrize("name", ["dpt", "anything"])
@pytest.mark.parametrize("values", [False, True])
def test_images_of_all_sizes_have_the_depths_they_have_alone(name, values):
    ppl = estimator(name)
    together = ppl([*pictures(), None], values=values, batch_size=3)
    alone = pd.concat([ppl(image, values=values) for image in pictures()])
    for name in ("min", "mean", "max"):
        assert_near(together[name][:5], alone[name], within=IN_IMAGES)


@pytest.mark.parametrize("values", [False, True])
def test_columns_and_kinds_are_the_same_for_none_one_and_many(values):
    ppl = estimator()
    frames = [ppl(x, values=values) for x in ([], picture(1), [picture(1), None], [None])]
    assert [len(frame) for frame in frames] == [0, 1, 2, 1]
    assert len({kinds(frame) for frame in frames}) == 1
    assert kinds(frames[0])[-1] == ("depth", "object" if values else "image")
    assert frames[3].drop(columns=".row").isna().all(axis=None)
    assert ppl.listed(["depth", "mean"]) == ("depth",)


def test_depths_join_the_data():
    data = pd.DataFrame({"scan": [picture(1), None, picture(2)], "n": [1, 2, 3]}, index=["x", "y", "z"])
    ppl = estimator()
    joined = tidydl.augment(ppl, data, image="scan", prefix="d_")
    assert joined.columns.tolist() == ["scan", "n", *(f"d_{name}" for name in COLUMNS[2:])]
    assert joined.index.tolist() == ["x", "y", "z"]
    assert joined["d_max"].isna().tolist() == [False, True, False]
    assert ppl(data, image="scan").index.tolist() == ["x", "y", "z"]
    assert tidydl.widen(ppl(data, image="scan")).shape == (3, 8)


def test_what_fails_is_a_row_or_an_error(tmp_path):
    ppl = estimator("glpn")
    frame = ppl([LARGE[0], damaged(), picture(1, (20, 40))], on_error="row")
    assert frame[".error"].notna().tolist() == [False, True, True]
    assert "20 pixels" in frame[".error"][2]
    with pytest.raises(ArgumentError, match="3rd value of `x` is an image of 40 × 20 pixels"):
        ppl([LARGE[0], None, picture(1, (20, 40))])
    with pytest.raises(ArgumentError, match="which cannot process"):
        tidydl.pipeline(model=tiny.vision.kept("dpt"), image_processor=tiny.vision.kept("detr"))
    with pytest.raises(ArgumentError, match="`values`"):
        estimator()(picture(1), values="yes")


def test_the_margin_that_zoedepth_puts_around_an_image_is_cut_off(tmp_path):
    ppl = tidydl.pipeline(model=tiny.vision.zoedepth_folder(tmp_path / "zoe"), device="cpu")
    image = picture(1, (50, 72))
    made = ppl._loaded.image_processor(images=image, return_tensors="pt")
    with torch.inference_mode():
        depth = ppl.model(**made).predicted_depth[None]
    margins = [15, 18]  # three times the root of half the height and of half the width
    whole = [50 + 2 * margins[0], 72 + 2 * margins[1]]
    scaled = torch.nn.functional.interpolate(depth, whole, mode="bicubic")[0, 0]
    expected = scaled[margins[0] : -margins[0], margins[1] : -margins[1]].numpy()
    assert expected.shape == (50, 72)
    assert_near(ppl(image, values=True)["depth"][0], expected, within=IN_IMAGES)


def test_half_precision_estimates_depth_too():
    frame = estimator(dtype="bfloat16")(pictures())
    exact = estimator()(pictures())
    np.testing.assert_allclose(frame["max"], exact["max"], rtol=0.2)

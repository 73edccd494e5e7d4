"""Images made of images: what Swin2SR makes, exactly as many times as large as what came in."""

import numpy as np
import pandas as pd
import pytest
import torch

import tidydl
import tiny.vision
from support.pandas_kinds import kinds
from tidydl.errors import ArgumentError
from tiny.inputs import damaged, picture, pictures

COLUMNS = [".row", "image", "width", "height", "generated_image"]


@pytest.fixture(scope="module")
def ppl():
    return tidydl.pipeline(model=tiny.vision.kept("swin2sr"), device="cpu")


def by_hand(ppl, image, times=2):
    """Run the model by hand, cut its padding off and scale light to pixels."""
    made = ppl._loaded.image_processor(image, return_tensors="pt")
    with torch.inference_mode():
        light = ppl.model(**made).reconstruction[0].permute(1, 2, 0).numpy()
    assert light.shape[0] > image.height * times
    return np.rint(np.clip(light[: image.height * times, : image.width * times], 0, 1) * 255)


def test_images_are_those_of_the_model_without_its_padding(ppl):
    assert ppl.task == "image-to-image"
    frame = ppl(pictures())
    assert frame.columns.tolist() == COLUMNS
    for image, made in zip(pictures(), frame["generated_image"], strict=True):
        expected = by_hand(ppl, image)
        assert 0 < (expected > 0).mean() < 1 or expected.std() > 5
        assert np.abs(made.array() - expected).max() <= 1
        assert made.mode == "RGB"


@pytest.mark.parametrize("size", [(8, 8), (16, 24), (7, 9), (1, 5), (33, 20)], ids=str)
def test_sizes_are_exact_multiples(ppl, size):
    frame = ppl(picture(1, size))
    assert (frame["height"][0], frame["width"][0]) == (2 * size[0], 2 * size[1])
    assert frame["generated_image"][0].array().shape == (2 * size[0], 2 * size[1], 3)


@pytest.mark.parametrize(("upsampler", "times"), [("pixelshuffledirect", 4), ("nearest+conv", 4)])
def test_other_models_make_images_four_times_as_large(tmp_path, upsampler, times):
    folder = tiny.vision.swin2sr_folder(tmp_path / "large", upsampler=upsampler, upscale=times)
    larger = tidydl.pipeline(model=folder, device="cpu")
    assert larger.facts()["upscale"] == times
    frame = larger([picture(1), picture(2, (9, 11))])
    assert frame["width"].tolist() == [120, 44]
    assert frame["height"].tolist() == [80, 36]
    assert np.abs(frame["generated_image"][0].array() - by_hand(larger, picture(1), times)).max() <= 1


def test_images_of_all_sizes_are_made_as_they_are_alone(ppl):
    together = ppl(pictures(), batch_size=3)
    for row, image in enumerate(pictures()):
        alone = ppl(image)["generated_image"][0].array().astype(int)
        assert np.abs(together["generated_image"][row].array() - alone).max() <= 1
        assert (together["generated_image"][row].array() != alone).mean() < 0.01


def test_columns_and_kinds_are_the_same_for_none_one_and_many(ppl):
    frames = [ppl(x) for x in ([], picture(1), [picture(1), None], [None])]
    assert [len(frame) for frame in frames] == [0, 1, 2, 1]
    assert len({kinds(frame) for frame in frames}) == 1
    assert kinds(frames[0])[2:] == (("width", "Int64"), ("height", "Int64"), ("generated_image", "image"))
    assert frames[3].drop(columns=".row").isna().all(axis=None)


def test_images_join_the_data(ppl):
    data = pd.DataFrame({"scan": [picture(1), None], "n": [1, 2]}, index=["x", "y"])
    joined = tidydl.augment(ppl, data, image="scan")
    assert joined.columns.tolist() == ["scan", "n", "width", "height", "generated_image"]
    assert joined.index.tolist() == ["x", "y"]
    assert joined["generated_image"].isna().tolist() == [False, True]
    assert tidydl.widen(ppl(data, image="scan")).shape == (2, 5)


def test_what_fails_is_a_row_or_an_error(ppl):
    frame = ppl([damaged(), picture(1)], on_error="row")
    assert frame[".error"].notna().tolist() == [True, False]
    with pytest.raises(tidydl.errors.DamagedFileError, match="2nd value"):
        ppl([picture(1), damaged()])
    with pytest.raises(ArgumentError, match="This one is for 'depth-estimation'"):
        tidydl.pipeline("image-to-image", model=tiny.vision.kept("dpt"))


def test_half_precision_makes_images_too(ppl):
    frame = tidydl.pipeline(model=tiny.vision.kept("swin2sr"), device="cpu", dtype="bfloat16")(picture(1))
    exact = ppl(picture(1))["generated_image"][0].array().astype(int)
    assert np.abs(frame["generated_image"][0].array() - exact).mean() < 30

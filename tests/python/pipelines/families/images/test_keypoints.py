"""Keypoint matching: the matches of transformers' own pipeline, the surest first, at the places of both images."""

import numpy as np
import pandas as pd
import pytest
import torch

import tidydl
import tiny.vision
from support.pandas_kinds import kinds
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError
from tiny.inputs import damaged, picture

PLACES = ["x0", "y0", "x1", "y1"]
SQUARES = [(picture(1, (50, 50)), picture(1, (50, 50))), (picture(2, (50, 50)), picture(4, (50, 50)))]
MODELS = ["superglue", "lightglue", "loftr"]


def matcher(name, **loading):
    return tidydl.pipeline(model=tiny.vision.kept(name), device="cpu", **loading)


def sides(pairs):
    return {f"image{i}": [pair[i] for pair in pairs] for i in (0, 1)}


@pytest.mark.parametrize("name", MODELS)
def test_matches_equal_those_of_the_plain_pipeline(name):
    ppl, own = matcher(name), tiny.vision.plain("keypoint-matching", name)
    assert ppl.task == "keypoint-matching"
    frame = ppl(**sides(SQUARES))
    assert frame.columns.tolist() == [".row", "image0", "image1", *PLACES, "score"]
    assert len(frame) > 5
    for row, pair in enumerate(SQUARES):
        theirs, ours = own(list(pair)), frame[frame[".row"] == row]
        points = [[each[f"keypoint_image_{i}"][side] for i in (0, 1) for side in "xy"] for each in theirs]
        assert ours[PLACES].to_numpy().tolist() == points
        np.testing.assert_allclose(ours["score"], [each["score"] for each in theirs], atol=IN_IMAGES, rtol=0)
        assert ours["score"].is_monotonic_decreasing


@pytest.mark.parametrize("name", MODELS)
def test_places_are_those_of_images_that_are_no_squares(name):
    ppl, pair = matcher(name), (picture(1, (60, 100)), picture(1, (30, 50)))
    made = ppl._loaded.image_processor(images=[list(pair)], return_tensors="pt")
    with torch.inference_mode():
        outputs = ppl.model(**made)
    heights_and_widths = [[image.size[::-1] for image in pair]]
    read = ppl._loaded.image_processor.post_process_keypoint_matching(outputs, heights_and_widths)[0]
    frame = ppl(image0=pair[0], image1=pair[1])
    assert len(frame) > 1
    ours = sorted(map(tuple, frame[PLACES].to_numpy().tolist()))
    assert ours == sorted(map(tuple, torch.cat([read["keypoints0"], read["keypoints1"]], dim=1).tolist()))
    assert frame["x0"].max() > 60 or name != "superglue"  # beyond the height


def test_pairs_have_the_matches_they_have_alone():
    for name in MODELS:
        ppl = matcher(name)
        pairs = [*SQUARES, (picture(5), picture(5)), (picture(6, (40, 70)), picture(7))]
        together = ppl(**sides(pairs), batch_size=3)
        alone = pd.concat([ppl(image0=one, image1=other) for one, other in pairs])
        assert together[[*PLACES, "score"]].to_numpy().tolist() == alone[[*PLACES, "score"]].to_numpy().tolist()


def test_a_threshold_leaves_the_surest():
    ppl = matcher("superglue")
    every = ppl(**sides(SQUARES))
    middle = float(every["score"].median())
    few = ppl(**sides(SQUARES), threshold=middle)
    assert few["score"].tolist() == every.loc[every["score"] > middle, "score"].tolist()
    assert 0 < len(few) < len(every)


def test_columns_and_kinds_are_the_same_for_none_one_and_many():
    ppl = matcher("superglue")
    one = SQUARES[0]
    frames = [ppl(**sides(pairs)) for pairs in ([], [one], [one, (one[0], None)], [(None, one[1])])]
    assert len({kinds(frame) for frame in frames}) == 1
    assert kinds(frames[0])[3:] == tuple((name, "float64") for name in [*PLACES, "score"])
    last = frames[2].iloc[[-1]]
    assert last[[*PLACES, "score", "image1"]].isna().all(axis=None)
    assert last["image0"].notna().all()


def test_pairs_come_in_many_ways_and_a_frame_keeps_its_index():
    ppl, expected = matcher("superglue"), matcher("superglue")(**sides(SQUARES))
    data = pd.DataFrame(sides(SQUARES), index=["x", "y"]).rename(columns={"image0": "before", "image1": "after"})
    framed = ppl(data, image0="before", image1="after")
    assert set(framed.index) == {"x", "y"}
    for frame in (framed, ppl(SQUARES), ppl([{"image0": one, "image1": other} for one, other in SQUARES])):
        assert frame["score"].tolist() == expected["score"].tolist()
    single = ppl(image0=SQUARES[0][0], image1=[pair[1] for pair in SQUARES])  # one image against many
    assert single[".row"].nunique() == 2
    with pytest.raises(ArgumentError, match="any number of results"):
        tidydl.augment(ppl, data, image0="before", image1="after")


def test_what_fails_is_a_row_or_an_error():
    ppl, one = matcher("superglue"), SQUARES[0]
    frame = ppl(**sides([(one[0], damaged()), one]), on_error="row")
    assert frame[".error"].notna().tolist() == [True] + [False] * (len(frame) - 1)
    assert len(frame) > 1
    with pytest.raises(tidydl.errors.DamagedFileError, match="2nd value"):
        ppl(**sides([one, (one[0], damaged())]))
    with pytest.raises(ArgumentError, match="several parts"):
        ppl(one[0])
    with pytest.raises(ArgumentError, match="This one is for 'object-detection'"):
        tidydl.pipeline("keypoint-matching", model=tiny.vision.kept("detr"))
    with pytest.raises(ArgumentError, match="which cannot process"):
        tidydl.pipeline(model=tiny.vision.kept("superglue"), image_processor=tiny.vision.kept("detr"))


@pytest.mark.parametrize("name", ["superglue", "loftr"])
def test_half_precision_finds_matches_too(name):
    frame = matcher(name, dtype="bfloat16")(**sides(SQUARES))
    assert frame["score"].between(0, 1).all()
    assert len(frame) > 0

"""Images too large to be in memory together are decoded in groups, and answered as if they were not."""

import pandas as pd
import pytest

import tidydl
import tiny.media
import tiny.multimodal
import tiny.vision
from support.precision import IN_IMAGES, assert_near
from tidydl.pipelines.reading import images
from tidydl.pipelines.reading.tensors import CrowdedBatchError, joined
from tiny.inputs import picture

SIDE = 40
PICTURES = [picture(seed, (SIDE, SIDE)) for seed in range(7)]
FURTHER = {
    "clip": {"candidate_labels": ["dog", "cat"]},
    "owlvit": {"candidate_labels": ["dog", "cat"], "threshold": 0.0},
    "git": {"max_new_tokens": 3},
    "vilt": {"question": "what"},
    "detr": {"threshold": 0.0},
}
KINDS = {
    **dict.fromkeys(
        ("detr", "segformer", "maskformer", "oneformer", "owlvit", "dpt", "swin2sr", "resnet"), tiny.vision
    ),
    "clip": tiny.media,
    "git": tiny.multimodal,
    "vilt": tiny.multimodal,
}


@pytest.fixture
def decoded(monkeypatch):
    """Return how many images each group has that is decoded together."""
    groups, sizes = images.EncodedImages._groups, []

    def counted(self, positions):
        for group in groups(self, positions):
            sizes.append(len(group))
            yield group

    monkeypatch.setattr(images.EncodedImages, "_groups", counted)
    return sizes


def assert_same(found, expected):
    assert found.columns.tolist() == expected.columns.tolist()
    assert len(found) == len(expected)
    for name in found:
        if pd.api.types.is_float_dtype(found[name]):
            assert_near(found[name], expected[name], name, within=IN_IMAGES)
        elif pd.api.types.is_string_dtype(found[name]) or pd.api.types.is_integer_dtype(found[name]):
            assert found[name].tolist() == expected[name].tolist()


@pytest.mark.parametrize("name", list(KINDS))
def test_groups_of_images_get_the_answers_of_the_whole_batch(name, monkeypatch, decoded):
    ppl = tidydl.pipeline(model=KINDS[name].kept(name), device="cpu")
    options = FURTHER.get(name, {})
    whole = ppl(PICTURES, **options)
    assert max(decoded) > 2
    decoded.clear()
    monkeypatch.setattr(images, "_TOGETHER", 2 * SIDE * SIDE)
    assert_same(ppl(PICTURES, **options), whole)
    assert max(decoded) == 2


def test_one_image_beyond_the_limit_is_decoded_alone(monkeypatch, decoded):
    monkeypatch.setattr(images, "_TOGETHER", SIDE * SIDE - 1)
    ppl = tidydl.pipeline(model=tiny.vision.kept("resnet"), device="cpu")
    assert set(ppl(PICTURES)[".row"]) == set(range(7))
    assert set(decoded) == {1}


def test_parts_of_other_shapes_are_batches_of_their_own():
    import torch

    parts = [
        {"pixel_values": torch.zeros(3, 2, 4), "names": ["a", "b", "c"]},
        {"pixel_values": torch.ones(2, 2, 4), "names": ["d", "e"]},
    ]
    whole = joined(parts, [3, 2])
    assert whole["pixel_values"].shape == (5, 2, 4)
    assert whole["names"] == ["a", "b", "c", "d", "e"]
    parts[1]["pixel_values"] = torch.ones(2, 2, 5)
    with pytest.raises(CrowdedBatchError) as caught:
        joined(parts, [3, 2])
    assert caught.value.fitting == 3

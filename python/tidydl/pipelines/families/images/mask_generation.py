"""Mask generation: masks of everything in an image, prompted by a grid of points.

A grid of points is laid over the image, and over crops of it where wanted; at each point the model proposes masks.
Kept are those with a high predicted quality that hardly change with the cutoff, and of masks whose boxes overlap the
best one (Kirillov et al., 2023).

References
----------
Kirillov, A. et al. (2023). Segment anything. ICCV.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from tidydl.pipelines.families.images.overlaps import box_around, suppressed
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.outlines import mask_image
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    import PIL.Image
    import torch

_EDGE = 20  # pixels from the edge of a crop within which a mask counts as cut off by it
_PIXELS = 2**25  # of masks that are brought to the size of an image together
Box = tuple[int, int, int, int]  # left, top, right, bottom


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return no facts, but refuse an image processor that does not belong to the model."""
    image_batches.reader(loaded, "post_process_masks")
    return {}


def plan(call: Call) -> TaskPlan:
    """Return the plan for mask generation, the best first."""
    return TaskPlan(
        encode=partial(image_batches.encode, call.loaded, kind=_Whole),
        forward=partial(_masks, call.loaded, call.options),
        padding="none",
        finish=_lines,
    )


class _Crop(NamedTuple):
    """A crop of an image, and the number of points along each of its sides."""

    box: Box
    points: int


class _Mask(NamedTuple):
    """A mask: its score, the box around it, and which pixels of the box belong to it, eight in a byte."""

    score: float
    box: Box
    bits: np.ndarray


class _Proposed(Protocol):
    """The masks that the model proposes for some points."""

    iou_scores: torch.Tensor
    pred_masks: torch.Tensor


@dataclass(frozen=True)
class _Whole(EncodedImages):
    """Images that are cut into crops later, one at a time."""

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Decode the only image of a batch."""
        return {"image": self.pixels(positions)[0]}


def _masks(loaded: Loaded, options: Options, batch: dict[str, Any]) -> list[list[_Mask]]:
    """Find the masks of an image, the best first."""
    image = batch["image"]
    masks = [
        each for crop in _crops(image.width, image.height, options) for each in _in_crop(loaded, options, image, crop)
    ]
    boxes, scores = np.array([each.box for each in masks]), np.array([each.score for each in masks])
    return [[masks[i] for i in suppressed(boxes, scores, options["crops_nms_thresh"])]]


def _crops(width: int, height: int, options: Options) -> Iterator[_Crop]:
    """Yield the whole image, then with each layer twice as many crops along each side, which overlap."""
    yield _Crop((0, 0, width, height), options["points_per_crop"])
    for layer in range(1, options["crops_n_layers"] + 1):
        count = 2**layer
        points = max(1, options["points_per_crop"] // options["crop_n_points_downscale_factor"] ** layer)
        overlap = int(options["crop_overlap_ratio"] * min(width, height) * 2 / count)
        wide, high = (ceil((overlap * (count - 1) + side) / count) for side in (width, height))
        for column, row in product(range(count), range(count)):
            left, top = column * (wide - overlap), row * (high - overlap)
            yield _Crop((left, top, min(left + wide, width), min(top + high, height)), points)


def _in_crop(loaded: Loaded, options: Options, image: PIL.Image.Image, crop: _Crop) -> Iterator[_Mask]:
    """Find the masks of a crop: it is encoded once, its points are tried some at a time."""
    inputs = loaded.image_processor(images=image.crop(crop.box), return_tensors="pt")
    scaled = dict(inputs).get("reshaped_input_sizes")
    height, width = inputs["pixel_values"].shape[-2:] if scaled is None else scaled[0].tolist()
    sizes = {"original_sizes": inputs["original_sizes"].tolist(), "reshaped_input_sizes": [[height, width]]}
    seen = loaded.model.get_image_embeddings(
        on_device(loaded, {"pixel_values": inputs["pixel_values"]})["pixel_values"]
    )
    names = ("image_embeddings", "intermediate_embeddings")  # the latter of SAM-HQ
    embeddings = dict(zip(names, seen if isinstance(seen, tuple) else (seen,), strict=False))
    for points in _grid(crop.points, width, height).to(loaded.device).split(options["points_per_batch"], dim=1):
        proposed = loaded.model(
            input_points=points, input_labels=points.new_ones(points.shape[:3]).long(), **embeddings
        )
        yield from _good(loaded, options, proposed, sizes, crop, image.size)


def _grid(count: int, width: int, height: int) -> Any:
    """Spread points evenly over an image, the same number along both sides, row by row."""
    import torch

    along = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    rows, columns = torch.meshgrid(along * height, along * width, indexing="ij")
    return torch.stack([columns, rows], dim=-1).reshape(1, -1, 1, 2).float()


def _good(
    loaded: Loaded, options: Options, proposed: _Proposed, sizes: dict[str, Any], crop: _Crop, whole: tuple[int, int]
) -> Iterator[_Mask]:
    """Choose the masks with a high predicted quality that are stable and not cut off by the edge of the crop."""
    scores, masks = proposed.iou_scores.float().flatten(), proposed.pred_masks.float().flatten(0, 2)
    if options["pred_iou_thresh"] > 0:
        trusted = scores > options["pred_iou_thresh"]
        scores, masks = scores[trusted], masks[trusted]
    height, width = sizes["original_sizes"][0]
    together = max(1, _PIXELS // max(height * width, max(sizes["reshaped_input_sizes"][0]) ** 2))
    for some, their in zip(masks.split(together), scores.split(together), strict=True):
        if not len(some):
            continue  # nothing is trusted
        scaled = loaded.image_processor.post_process_masks([some.unsqueeze(1)], binarize=False, **sizes)[0][:, 0]
        stable = _stable(scaled, options)
        chosen = (scaled[stable] > options["mask_threshold"]).cpu().numpy()
        for mask, score in zip(chosen, their[stable].tolist(), strict=True):
            if (placed := _placed(mask, score, crop.box, whole)) is not None:
                yield placed


def _stable(masks: torch.Tensor, options: Options) -> torch.Tensor:
    """Return which masks are stable when the cutoff is moved up and down."""
    import torch

    if options["stability_score_thresh"] <= 0:
        return torch.ones(len(masks), dtype=torch.bool, device=masks.device)
    cutoff, offset = options["mask_threshold"], options["stability_score_offset"]
    inner, outer = ((masks > cutoff + moved).flatten(1).sum(1) for moved in (offset, -offset))
    return inner / outer > options["stability_score_thresh"]


def _placed(mask: np.ndarray, score: float, crop: Box, whole: tuple[int, int]) -> _Mask | None:
    """Place a mask of a crop in the whole image; None if an edge of the crop cuts it off."""
    left, top, right, bottom = box_around(mask)
    bits = np.packbits(mask[top : bottom + 1, left : right + 1])
    box = (left + crop[0], top + crop[1], right + crop[0], bottom + crop[1])
    edges = zip(box, crop, (0, 0, *whole), strict=True)
    if any(abs(side - edge) <= _EDGE < abs(side - end) for side, edge, end in edges):
        return None
    return _Mask(score, box, bits)


def _lines(encoded: EncodedImages, lines: list[int], outputs: list[list[_Mask]]) -> list[tuple[Any, ...]]:
    """Write a line for each mask of an image: its number, score, area in pixels and image."""
    width, height = image_batches.size_of(encoded, lines[0])
    masks = [(each.score, _unpacked(each, height, width)) for each in outputs[0]]
    return [(code, score, int(mask.sum()), mask_image(mask)) for code, (score, mask) in enumerate(masks)]


def _unpacked(packed: _Mask, height: int, width: int) -> np.ndarray:
    """Return a mask at the size of its image."""
    left, top, right, bottom = packed.box
    shape = (bottom + 1 - top, right + 1 - left)
    mask = np.zeros((height, width), dtype=bool)
    mask[top : bottom + 1, left : right + 1] = np.unpackbits(packed.bits, count=shape[0] * shape[1]).reshape(shape)
    return mask

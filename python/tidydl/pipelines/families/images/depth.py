"""Depth estimation: how far each pixel of an image is away, in metres or in the model's own scale.

References
----------
Ranftl, R., Bochkovskiy, A. and Koltun, V. (2021). Vision transformers for dense prediction. ICCV.
"""

from __future__ import annotations

import inspect
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.columns import Column, Contract
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    import torch

LISTS = ("depth",)  # columns that are lists with some options
_READER = "post_process_depth_estimation"
_MADE = ("predicted_depth", "field_of_view")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return no facts, but refuse an image processor that does not belong to the model."""
    image_batches.reader(loaded, _READER)
    return {}


def plan(call: Call) -> TaskPlan:
    """Return the plan for depth estimation."""
    loaded, values = call.loaded, call.options["values"]
    return TaskPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(image_batches.run, loaded.model, _MADE),
        padding=image_batches.padding(loaded),
        finish=partial(_line, loaded, values),
        parallel=True,
        columns=Contract((*call.task.columns.columns[:-1], Column("depth", "list"))) if values else None,
    )


def _line(
    loaded: Loaded, values: bool, encoded: EncodedImages, lines: list[int], outputs: list[Any]
) -> list[tuple[Any, ...]]:
    """Write the line of an image: its size, the least, mean and greatest depth, and the depths."""
    width, height = image_batches.size_of(encoded, lines[0])
    depth = _at_size(loaded, outputs[0], height, width)
    shown = depth if values else _grey(depth)
    return [(width, height, float(depth.min()), float(depth.mean(dtype="float64")), float(depth.max()), shown)]


def _at_size(loaded: Loaded, outputs: dict[str, Any], height: int, width: int) -> np.ndarray:
    """Resize depths to their image."""
    read = image_batches.reader(loaded, _READER)
    if "source_sizes" in inspect.signature(read).parameters:
        return _without_margin(
            outputs["predicted_depth"], height, width, getattr(loaded.image_processor, "do_pad", True)
        )
    depth = read(SimpleNamespace(**outputs), [(height, width)])[0]["predicted_depth"]
    return depth.reshape(height, width).numpy()  # since sides of one pixel are lost there


def _without_margin(depth: torch.Tensor, height: int, width: int, has_margin: bool) -> np.ndarray:
    """Resize depths to their image and crop the padding of ZoeDepth's processor."""
    import torch

    above, beside = (int((side / 2) ** 0.5 * 3) if has_margin else 0 for side in (height, width))
    whole = (height + 2 * above, width + 2 * beside)
    scaled = torch.nn.functional.interpolate(depth.unsqueeze(1), whole, mode="bicubic", align_corners=False)
    return scaled[0, 0, above : above + height, beside : beside + width].numpy()


def _grey(depth: np.ndarray) -> Any:
    """Draw depths in grey, from black for the smallest to white for the largest."""
    from tidydl.data.media.image import as_image

    low, high = depth.min(), depth.max()
    shares = (depth - low) / (high - low) if high > low else np.zeros_like(depth)
    return as_image((shares * 255).astype("uint8"))

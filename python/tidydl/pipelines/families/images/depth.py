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

from tidydl.columns import Column, Contract
from tidydl.pipelines.batching import BatchPlan, compute
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import lines_frame, provenance
from tidydl.pipelines.reading import images
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.progress import Work

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["LISTS", "facts", "run"]

LISTS = ("depth",)  # columns that are lists with some options
_READER = "post_process_depth_estimation"
_MADE = ("predicted_depth", "field_of_view")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return what is to be known of a loaded model: nothing more."""
    image_batches.reader(loaded, _READER)
    return {}


def run(task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any]) -> Work[pd.DataFrame]:
    """Estimate the depth of all images and give the tidy frame: a line per image."""
    plan = BatchPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(_forward, loaded.model),
        key=images.key,
        padding=image_batches.padding(loaded),
        chunk=images.CHUNK,
        most=options["batch_size"],
        finish=partial(_line, loaded, options["values"]),
        parallel=True,
    )
    outcome = yield from compute(loaded, inputs, plan)
    columns = Contract((*task.columns.columns[:-1], Column("depth", "list"))) if options["values"] else None
    frame = lines_frame(task.contract(inputs.shown, columns), inputs, outcome)
    frame.attrs["tidydl"] = provenance(task.name, loaded, truncated=outcome.truncated, **note)
    return frame


def _forward(model: Any, tensors: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the model on a batch: for each image the depths at the model's own size."""
    return image_batches.one_by_one(model(**tensors), _MADE)


def _line(
    loaded: Loaded, values: bool, encoded: EncodedImages, lines: list[int], found: list[Any]
) -> list[tuple[Any, ...]]:
    """Write the line of an image: its size, the least, mean and greatest depth, and the depths."""
    width, height = image_batches.size_of(encoded, lines[0])
    depth = _at_size(loaded, found[0], height, width)
    shown = depth if values else _grey(depth)
    return [(width, height, float(depth.min()), float(depth.mean(dtype="float64")), float(depth.max()), shown)]


def _at_size(loaded: Loaded, made: dict[str, Any], height: int, width: int) -> np.ndarray:
    """Bring depths to the size of their image."""
    read = image_batches.reader(loaded, _READER)
    if "source_sizes" in inspect.signature(read).parameters:
        return _without_margin(made["predicted_depth"], height, width, getattr(loaded.image_processor, "do_pad", True))
    depth = read(SimpleNamespace(**made), [(height, width)])[0]["predicted_depth"]
    return depth.reshape(height, width).numpy()  # since sides of one pixel are lost there


def _without_margin(depth: Any, height: int, width: int, has_margin: bool) -> np.ndarray:
    """Bring depths to the size of their image and cut off the margin that ZoeDepth's processor puts around it."""
    import torch

    above, beside = (int((side / 2) ** 0.5 * 3) if has_margin else 0 for side in (height, width))
    whole = (height + 2 * above, width + 2 * beside)
    scaled = torch.nn.functional.interpolate(depth.unsqueeze(1), whole, mode="bicubic", align_corners=False)
    return scaled[0, 0, above : above + height, beside : beside + width].numpy()


def _grey(depth: np.ndarray) -> Any:
    """Draw depths in grey: black the least, white the greatest."""
    import numpy as np

    from tidydl.data.media.image import as_image

    low, high = depth.min(), depth.max()
    shares = (depth - low) / (high - low) if high > low else np.zeros_like(depth)
    return as_image((shares * 255).astype("uint8"))

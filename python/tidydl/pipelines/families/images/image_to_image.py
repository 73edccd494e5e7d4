"""Image to image: a larger image with more detail than the one that came in.

References
----------
Conde, M. V., Choi, U.-J., Burchi, M. and Timofte, R. (2022). Swin2SR: SwinV2 transformer for compressed image
super-resolution and restoration. ECCV workshops.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

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

__all__ = ["facts", "run"]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return what is to be known of a loaded model: how many times as wide and high its images are."""
    return {"upscale": getattr(loaded.config, "upscale", None)}


def run(task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any]) -> Work[pd.DataFrame]:
    """Build an image of each image and give the tidy frame: a line per image."""
    plan = BatchPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(_forward, loaded.model),
        key=images.key,
        padding=image_batches.padding(loaded),
        chunk=images.CHUNK,
        most=options["batch_size"],
        finish=_line,
        parallel=True,
    )
    outcome = yield from compute(loaded, inputs, plan)
    frame = lines_frame(task.contract(inputs.shown), inputs, outcome)
    frame.attrs["tidydl"] = provenance(task.name, loaded, truncated=outcome.truncated, **note)
    return frame


def _forward(model: Any, tensors: dict[str, Any]) -> list[tuple[Any, int]]:
    """Run the model on a batch: for each image its pixels, and how many times as wide it is as what came in."""
    made = model(**tensors).reconstruction
    times = made.shape[-1] // tensors["pixel_values"].shape[-1]
    return [(each, times) for each in made.float().clamp(0, 1).cpu()]


def _line(encoded: EncodedImages, lines: list[int], found: list[Any]) -> list[tuple[Any, ...]]:
    """Write the line of an image: what was made of it, without what was made of its padding."""
    from tidydl.data.media.image import as_image

    made, times = found[0]
    width, height = (side * times for side in image_batches.size_of(encoded, lines[0]))
    return [(width, height, as_image(_pixels(made[:, :height, :width])))]


def _pixels(made: Any) -> np.ndarray:
    """Turn shares of light into pixels from 0 to 255, the colours last."""
    return (made * 255).round().byte().permute(1, 2, 0).numpy()

"""Image to image: super-resolution.

References
----------
Conde, M. V., Choi, U.-J., Burchi, M. and Timofte, R. (2022). Swin2SR: SwinV2 transformer for compressed image
super-resolution and restoration. ECCV workshops.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its upscaling factor."""
    return {"upscale": getattr(loaded.config, "upscale", None)}


def plan(call: Call) -> TaskPlan:
    """Return the plan for super-resolution."""
    loaded = call.loaded
    return TaskPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(_forward, loaded.model),
        padding=image_batches.padding(loaded),
        finish=_line,
        parallel=True,
    )


def _forward(model: PreTrainedModel, tensors: dict[str, Any]) -> list[tuple[Any, int]]:
    """Run the model on a batch: the pixels and the scale of each image."""
    reconstruction = model(**tensors).reconstruction
    times = reconstruction.shape[-1] // tensors["pixel_values"].shape[-1]
    return [(each, times) for each in reconstruction.float().clamp(0, 1).cpu()]


def _line(encoded: EncodedImages, lines: list[int], outputs: list[Any]) -> list[tuple[Any, ...]]:
    """Write the line of an image: the result, without its padding."""
    from tidydl.data.media.image import as_image

    image, times = outputs[0]
    width, height = (side * times for side in image_batches.size_of(encoded, lines[0]))
    return [(width, height, as_image(_pixels(image[:, :height, :width])))]


def _pixels(image: torch.Tensor) -> np.ndarray:
    """Convert intensities to pixels from 0 to 255, channels last."""
    return (image * 255).round().byte().permute(1, 2, 0).numpy()

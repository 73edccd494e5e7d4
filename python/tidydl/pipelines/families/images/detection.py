"""Object detection: things in an image, each with its label and the box around it.

References
----------
Carion, N., Massa, F., Synnaeve, G., Usunier, N., Kirillov, A. and Zagoruyko, S. (2020). End-to-end object detection
with transformers. ECCV.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.pipelines.batching import BatchPlan, compute
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import lines_frame, provenance
from tidydl.pipelines.reading import images
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.outlines import BOX_READER, boxes_above
from tidydl.progress import Work

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["facts", "run"]

_MADE = ("logits", "pred_boxes", "order_logits")  # what boxes are read from


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return what is to be known of a loaded detector: its labels."""
    image_batches.reader(loaded, BOX_READER)
    return {"labels": image_batches.levels(_names(loaded))}


def run(task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any]) -> Work[pd.DataFrame]:
    """Find the objects of all images and give the tidy frame: a line per object, in the model's order."""
    names = _names(loaded)
    plan = BatchPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(_forward, loaded.model),
        key=images.key,
        padding=image_batches.padding(loaded),
        chunk=images.CHUNK,
        most=options["batch_size"],
        finish=partial(_lines, loaded, names, options["threshold"]),
        parallel=True,
    )
    outcome = yield from compute(loaded, inputs, plan)
    levels = {"label": image_batches.levels(names)}
    frame = lines_frame(task.contract(inputs.shown), inputs, outcome, levels=levels)
    frame.attrs["tidydl"] = provenance(task.name, loaded, truncated=outcome.truncated, **note)
    return frame


def _names(loaded: Loaded) -> list[str]:
    return class_labels(loaded.config, loaded.source, repeated=True)


def _forward(model: Any, tensors: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the model on a batch: for each image logits and boxes of all its queries."""
    return image_batches.one_by_one(model(**tensors), _MADE)


def _lines(
    loaded: Loaded, names: list[str], threshold: float, encoded: EncodedImages, lines: list[int], found: list[Any]
) -> list[tuple[Any, ...]]:
    """Write a line for each object of an image."""
    boxes = boxes_above(loaded, threshold, found[0], image_batches.size_of(encoded, lines[0]))
    return [(names[code], *box) for code, *box in boxes]

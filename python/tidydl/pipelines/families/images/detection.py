"""Object detection: objects in an image, each with its label and bounding box.

References
----------
Carion, N., Massa, F., Synnaeve, G., Usunier, N., Kirillov, A. and Zagoruyko, S. (2020). End-to-end object detection
with transformers. ECCV.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.outlines import BOX_READER, boxes_above
from tidydl.pipelines.task_runs import Call, TaskPlan

_MADE = ("logits", "pred_boxes", "order_logits")  # what boxes are read from


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded detector: its labels."""
    image_batches.reader(loaded, BOX_READER)
    return {"labels": image_batches.levels(_names(loaded))}


def plan(call: Call) -> TaskPlan:
    """Return the plan for object detection, with objects in the model's order."""
    loaded, names = call.loaded, _names(call.loaded)
    return TaskPlan(
        encode=partial(image_batches.encode, loaded),
        forward=partial(image_batches.run, loaded.model, _MADE),
        padding=image_batches.padding(loaded),
        finish=partial(_lines, loaded, names, call.options["threshold"]),
        parallel=True,
        levels=image_batches.levels(names),
    )


def _names(loaded: Loaded) -> list[str]:
    return class_labels(loaded.config, loaded.source, repeated=True)


def _lines(
    loaded: Loaded, names: list[str], threshold: float, encoded: EncodedImages, lines: list[int], outputs: list[Any]
) -> list[tuple[Any, ...]]:
    """Write a line for each object of an image."""
    boxes = boxes_above(loaded, threshold, outputs[0], image_batches.size_of(encoded, lines[0]))
    return [(names[code], *box) for code, *box in boxes]

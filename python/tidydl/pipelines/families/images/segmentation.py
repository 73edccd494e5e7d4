"""Image segmentation: segments with their labels and masks.

Things and stuff ('panoptic'; Kirillov et al., 2019), single objects ('instance'), or a class for each pixel
('semantic'), as far as the model supports them.

References
----------
Kirillov, A., He, K., Girshick, R., Rother, C. and Dollár, P. (2019). Panoptic segmentation. CVPR.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError
from tidydl.pipelines.families.images import oneformer
from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading.images import EncodedImages
from tidydl.pipelines.running import image_batches
from tidydl.pipelines.running.outlines import mask_image
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_SUBTASKS = ("panoptic", "instance", "semantic")
_MADE = ("logits", "pred_boxes", "pred_masks", "class_queries_logits", "masks_queries_logits")
_TOGETHER = 2**26  # numbers that are held at once, 256 MB
_THRESHOLDS = ("threshold", "mask_threshold", "overlap_mask_area_threshold")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its labels and its subtasks."""
    image_batches.reader(loaded, *map(_reader_of, _SUBTASKS))
    return {"labels": image_batches.levels(_names(loaded)), "subtasks": _subtasks(loaded)}


def plan(call: Call) -> TaskPlan:
    """Return the plan for segmentation."""
    loaded, names = call.loaded, _names(call.loaded)
    subtask = _subtask(loaded, call.options["subtask"])
    return TaskPlan(
        encode=partial(_encode, loaded, subtask),
        forward=partial(_forward, loaded.model),
        padding="none" if _is_split(loaded) else image_batches.padding(loaded),
        finish=partial(_lines, loaded, names, subtask, call.options),
        parallel=True,
        levels=image_batches.levels(names),
        noted={"subtask": subtask},
    )


def _names(loaded: Loaded) -> list[str]:
    return class_labels(loaded.config, loaded.source, repeated=True)


def _reader_of(subtask: str) -> str:
    return f"post_process_{subtask}_segmentation"


def _subtasks(loaded: Loaded) -> list[str]:
    return [each for each in _SUBTASKS if hasattr(loaded.image_processor, _reader_of(each))]


def _subtask(loaded: Loaded, wanted: str | None) -> str:
    """Return the subtask: the one asked for, else the first that the model can do."""
    supported = _subtasks(loaded)
    if wanted is not None and wanted not in supported:
        raise ArgumentError(
            f"`subtask` is '{wanted}', which '{loaded.source}' does not support.",
            allowed=" or ".join(f"'{each}'" for each in supported) + " with this model.",
        )
    return wanted or supported[0]


def _is_split(loaded: Loaded) -> bool:
    """Return whether an image is split into several crops for the model (EoMT)."""
    return bool(getattr(loaded.image_processor, "do_split_image", False))


def _encode(loaded: Loaded, subtask: str, values: list[Any], indices: Sequence[int]) -> EncodedImages:
    if oneformer.is_prompted(loaded):
        return oneformer.encode(loaded, subtask, values, indices)
    return image_batches.encode(loaded, values, indices)


def _forward(model: PreTrainedModel, tensors: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the model on a batch: the outputs for each image."""
    outputs = model(**tensors)
    offsets = tensors.get("patch_offsets")
    if offsets is None or len(offsets) == 0:
        return image_batches.one_by_one(outputs, _MADE)
    whole = {name: outputs[name].float().cpu() for name in _MADE if outputs.get(name) is not None}
    return [{**whole, "patch_offsets": offsets.tolist() if hasattr(offsets, "tolist") else offsets}]


def _lines(
    loaded: Loaded,
    names: list[str],
    subtask: str,
    options: Options,
    encoded: EncodedImages,
    lines: list[int],
    outputs: list[Any],
) -> list[tuple[Any, ...]]:
    """Write a line for each segment of an image: its label, score, area in pixels and mask."""
    width, height = image_batches.size_of(encoded, lines[0])
    if subtask == "semantic":
        return _classes_found(names, _classes_of_pixels(loaded, outputs[0], height, width).numpy())
    result = _read(loaded, subtask, options, outputs[0], height, width)
    pixels = result["segmentation"]
    segments = [(each["label_id"], each["score"], (pixels == each["id"]).numpy()) for each in result["segments_info"]]
    return [(names[code], score, int(mask.sum()), mask_image(mask)) for code, score, mask in segments]


def _read(
    loaded: Loaded, subtask: str, options: Mapping[str, Any], outputs: dict[str, Any], height: int, width: int
) -> Any:
    """Read the segments of an image from the model's outputs, at the size of the image."""
    read = getattr(loaded.image_processor, _reader_of(subtask))
    own_size = oneformer.is_prompted(loaded) and subtask != "semantic"
    outputs = oneformer.scaled(outputs, subtask, height, width) if own_size else outputs
    thresholds = _understood(read, {name: options[name] for name in _THRESHOLDS if name in options}, subtask)
    target = None if own_size else [(height, width)]
    return read(SimpleNamespace(**{"patch_offsets": None, **outputs}), **thresholds, target_sizes=target)[0]


def _classes_of_pixels(loaded: Loaded, outputs: dict[str, Any], height: int, width: int) -> Any:
    """Return the code of the likeliest class of each pixel of an image.

    A score of each class for each pixel of a photograph may be more than fits into memory. Scores that only have to be
    scaled to its size are then scaled for some classes at a time.
    """
    import torch

    logits: Any = outputs.get("logits")
    if set(outputs) != {"logits"} or logits.shape[1] * height * width <= _TOGETHER:
        return _read(loaded, "semantic", {}, outputs, height, width)
    best, codes = torch.full((height, width), float("-inf")), torch.zeros((height, width), dtype=torch.long)
    together = max(1, _TOGETHER // (height * width))
    for first in range(0, logits.shape[1], together):
        some = logits[:, first : first + together]
        scores = torch.nn.functional.interpolate(some, (height, width), mode="bilinear", align_corners=False)[0]
        top, which = scores.max(dim=0)
        codes = torch.where(top > best, which + first, codes)
        best = torch.maximum(top, best)
    return codes


def _understood(read: Callable[..., Any], thresholds: dict[str, Any], subtask: str) -> dict[str, Any]:
    """Return the thresholds that a reader takes, and an empty ``label_ids_to_fuse``, without which it warns."""
    parameters = inspect.signature(read).parameters
    arguments = {**thresholds, **({"label_ids_to_fuse": set()} if subtask == "panoptic" else {})}
    return {name: value for name, value in arguments.items() if name in parameters}


def _classes_found(names: list[str], codes: np.ndarray) -> list[tuple[Any, ...]]:
    """Write a line for each class that any pixel has."""
    masks = [(int(code), codes == code) for code in np.unique(codes)]
    return [(names[code], None, int(mask.sum()), mask_image(mask)) for code, mask in masks]

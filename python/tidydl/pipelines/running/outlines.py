"""Bounding boxes and masks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.running import image_batches

BOX_READER = "post_process_object_detection"  # of image processors

Box = tuple[int, float, int, int, int, int]  # code of the label, score, xmin, ymin, xmax, ymax


def boxes_above(loaded: Loaded, threshold: float, outputs: dict[str, Any], size: tuple[int, int]) -> list[Box]:
    """Read the boxes with a score above a threshold from a model's outputs for an image of some width and height."""
    import torch

    width, height = size
    read = image_batches.reader(loaded, BOX_READER)
    sizes = torch.tensor([[height, width]], dtype=torch.int32)
    boxes = read(SimpleNamespace(**outputs), threshold=threshold, target_sizes=sizes)[0]
    codes, scores, corners = boxes["labels"].tolist(), boxes["scores"].tolist(), boxes["boxes"].int().tolist()
    return [(int(code), score, *box) for code, score, box in zip(codes, scores, corners, strict=True)]


def mask_image(mask: np.ndarray) -> Any:
    """Build the image of a mask: 255 where it is, 0 elsewhere."""
    from tidydl.data.media.image import as_image

    return as_image(mask.astype("uint8") * 255)

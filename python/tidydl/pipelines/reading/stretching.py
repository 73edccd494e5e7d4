"""Long and thin images: scaled to the shortest edge of a model, they would fill the memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl.pipelines.positions import value_error

if TYPE_CHECKING:
    from transformers.image_processing_utils import BaseImageProcessor

_PIXELS = 1 << 25  # of a scaled image: 600 times as long as wide where the shorter edge is to have 224


def refuse_stretching(image_processor: BaseImageProcessor | None, shape: Sequence[int], index: int) -> None:
    """Refuse an image that an image processor would make far larger, since it keeps its proportions."""
    width, height = shape
    size: Any = getattr(image_processor, "size", None)
    if not hasattr(size, "get") or size.get("longest_edge") or getattr(image_processor, "do_resize", True) is False:
        return
    edge = size.get("shortest_edge")
    if not isinstance(edge, int) or min(width, height) < 1:
        return
    longer = edge * max(width, height) // min(width, height)
    if edge * longer > max(_PIXELS, width * height):
        raise value_error(
            index,
            f"is {width} by {height} pixels, and the model scales it to {edge} by {longer:,}.",
            allowed=f"Images that have at most {_PIXELS:,} pixels when the shorter edge has {edge}.",
            hint="Cut the image into parts that are less long and thin.",
        )

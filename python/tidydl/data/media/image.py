"""Images in data frames: one image, a column of them, and how to make either.

The pandas column type is loaded when it is first used, so that a single image needs no pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidydl.data.media.image_value import Image, as_image

if TYPE_CHECKING:
    from tidydl.data.media.image_array import ImageArray, ImageDtype

__all__ = ["Image", "ImageArray", "ImageDtype", "as_image"]


def __getattr__(name: str) -> Any:
    if name in ("ImageArray", "ImageDtype"):
        from tidydl.data.media import image_array

        return getattr(image_array, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

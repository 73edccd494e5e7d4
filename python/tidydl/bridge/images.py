"""Images to R and back: their encoded bytes or their path, never their pixels."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidydl.bridge.text import Repairs, short_text, text_of

__all__ = ["is_image", "pack_images", "unpack_images"]


def is_image(value: Any) -> bool:
    """Say whether a value is an image of ours or of PIL, without importing either."""
    ours = sys.modules.get("tidydl.data.images")
    if ours is not None and isinstance(value, ours.Image):
        return True
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(value, pil.Image)


def pack_images(images: Sequence[Any], repairs: Repairs) -> dict[str, Any]:
    """Write images as one stretch of bytes with a length each (-1: none), their paths, sizes and modes."""
    from tidydl.data.images import as_image

    ours = [None if image is None else as_image(image) for image in images]
    held = [None if image is None or image.is_file else image.bytes for image in ours]
    sizes = [(None, None, None) if image is None else _look(image) for image in ours]
    lengths = [-1 if data is None else len(data) for data in held]
    paths = [None if image is None or image.path is None else str(image.path) for image in ours]
    return {
        "kind": "image",
        "n": len(ours),
        "data": bytearray(b"".join(data for data in held if data is not None)),
        "lengths": bytearray(np.array(lengths, "int32")),
        "path": short_text(paths, "The image paths", repairs),
        "width": bytearray(np.array([_NA if w is None else w for w, _, _ in sizes], "int32")),
        "height": bytearray(np.array([_NA if h is None else h for _, h, _ in sizes], "int32")),
        "mode": short_text([mode for _, _, mode in sizes], "The image modes", repairs),
    }


_NA = -(2**31)


def _look(image: Any) -> tuple[int | None, int | None, str | None]:
    """Read the size of an image; a damaged one has none, and is found out when it is used."""
    try:
        return image.width, image.height, image.mode
    except Exception:
        return None, None, None


def unpack_images(record: dict[str, Any]) -> Any:
    """Read the images that R wrote as an ``ImageArray``."""
    from tidydl.data.images import Image, ImageArray

    data = memoryview(record["data"])
    paths = text_of(record["path"])
    images: list[Any] = []
    at = 0
    for i, length in enumerate(np.frombuffer(record["lengths"], "int32")):
        if length >= 0:
            images.append(Image(bytes(data[at : at + length]), paths[i]))
            at += int(length)
        else:
            images.append(None if paths[i] is None else Image(path=paths[i]))
    return ImageArray(images)

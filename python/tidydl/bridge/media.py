"""Images and sounds to R and back: their encoded bytes or their path, never their pixels or samples."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidydl.bridge.text import Repairs, short_text, text_of

__all__ = ["MEDIA", "media_kind", "pack_media", "unpack_media"]

MEDIA = ("image", "audio")  # kinds of columns, by the names of their dtypes
_NA = -(2**31)


def media_kind(value: Any) -> str | None:
    """Give the kind of media a value is: an image (ours or PIL's), a sound of ours, or None; imports nothing for it."""
    for kind, module, name in (
        ("image", "tidydl.data.images", "Image"),
        ("image", "PIL.Image", "Image"),
        ("audio", "tidydl.data.audios", "Audio"),
    ):
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, getattr(loaded, name)):
            return kind
    return None


def pack_media(values: Sequence[Any], kind: str, repairs: Repairs) -> dict[str, Any]:
    """Write images or sounds as one stretch of bytes with a length each (-1: none), their paths, and what they are."""
    ours = [None if value is None else _made(kind)(value) for value in values]
    held = [None if value is None or value.is_file else value.bytes for value in ours]
    lengths = [-1 if data is None else len(data) for data in held]
    paths = [None if value is None or value.path is None else str(value.path) for value in ours]
    return {
        "kind": kind,
        "n": len(ours),
        "data": bytearray(b"".join(data for data in held if data is not None)),
        "lengths": bytearray(np.array(lengths, "int32")),
        "path": short_text(paths, "The paths", repairs),
        **(_looks(ours, repairs) if kind == "image" else _sounds(ours)),
    }


def _made(kind: str) -> Callable[[Any], Any]:
    if kind == "image":
        from tidydl.data.images import as_image

        return as_image
    from tidydl.data.audios import as_audio

    return as_audio


def _looks(images: list[Any], repairs: Repairs) -> dict[str, Any]:
    seen = [_seen(image, ("width", "height", "mode")) for image in images]
    return {
        "width": _whole(width for width, _, _ in seen),
        "height": _whole(height for _, height, _ in seen),
        "mode": short_text([mode for _, _, mode in seen], "The image modes", repairs),
    }


def _sounds(sounds: list[Any]) -> dict[str, Any]:
    heard = [_seen(sound, ("duration", "sampling_rate")) for sound in sounds]
    seconds = np.array([np.nan if duration is None else duration for duration, _ in heard], "float64")
    return {"seconds": bytearray(seconds), "rate": _whole(rate for _, rate in heard)}


def _seen(value: Any, names: Sequence[str]) -> list[Any]:
    """Look at an image or sound; of a damaged one nothing is known, and it is found out when it is used."""
    try:
        return [getattr(value, name) for name in names] if value is not None else [None] * len(names)
    except Exception:
        return [None] * len(names)


def _whole(numbers: Any) -> bytearray:
    return bytearray(np.array([_NA if number is None else number for number in numbers], "int32"))


def unpack_media(record: dict[str, Any]) -> Any:
    """Read the images or sounds that R wrote as an array of their kind."""
    array, one = _classes(record["kind"])
    data = memoryview(record["data"])
    paths = text_of(record["path"])
    values: list[Any] = []
    at = 0
    for i, length in enumerate(np.frombuffer(record["lengths"], "int32")):
        if length >= 0:
            values.append(one(bytes(data[at : at + length]), paths[i]))
            at += int(length)
        else:
            values.append(None if paths[i] is None else one(path=paths[i]))
    return array(values)


def _classes(kind: str) -> tuple[Any, Any]:
    if kind == "image":
        from tidydl.data.images import Image, ImageArray

        return ImageArray, Image
    from tidydl.data.audios import Audio, AudioArray

    return AudioArray, Audio

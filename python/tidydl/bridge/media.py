"""Images and audio to R and back: their encoded bytes or their path, never their pixels or samples."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tidydl.bridge.text import Repairs, short_text, text_of
from tidydl.data.media.media_files import wrong_with
from tidydl.errors import TidydlError

MEDIA = ("image", "audio")  # the names of the dtypes
_NA = -(2**31)


def media_kind(value: object) -> str | None:
    """Return the kind of media a value is: an image (ours or PIL's), an audio clip, or None; imports nothing."""
    for kind, module, name in (
        ("image", "tidydl.data.media.image", "Image"),
        ("image", "PIL.Image", "Image"),
        ("audio", "tidydl.data.media.audio", "Audio"),
    ):
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, getattr(loaded, name)):
            return kind
    return None


def pack_media(values: Sequence[Any], kind: str, repairs: Repairs) -> dict[str, Any]:
    """Write images or audio as one stretch of bytes with a length each (-1: none), their paths, and what they are."""
    ours = [None if value is None else _made(kind)(value) for value in values]
    contents = [None if value is None or value.is_file else value.bytes for value in ours]
    lengths = [-1 if data is None else len(data) for data in contents]
    paths = [None if value is None or value.path is None else str(value.path) for value in ours]
    return {
        "kind": kind,
        "n": len(ours),
        "data": bytearray(b"".join(data for data in contents if data is not None)),
        "lengths": bytearray(np.array(lengths, "int32")),
        "path": short_text(paths, "The paths", repairs),
        **(_looks if kind == "image" else _audio_facts)(ours, repairs),
    }


def _made(kind: str) -> Callable[[Any], Any]:
    if kind == "image":
        from tidydl.data.media.image import as_image

        return as_image
    from tidydl.data.media.audio import as_audio

    return as_audio


def _looks(images: list[Any], repairs: Repairs) -> dict[str, Any]:
    seen, wrong = _seen(images, ("width", "height", "mode"))
    return {
        "width": _whole(width for width, _, _ in seen),
        "height": _whole(height for _, height, _ in seen),
        "mode": short_text([mode for _, _, mode in seen], "The image modes", repairs),
        "wrong": short_text(wrong, "What is wrong", repairs),
    }


def _audio_facts(audios: list[Any], repairs: Repairs) -> dict[str, Any]:
    heard, wrong = _seen(audios, ("duration", "sampling_rate"))
    seconds = np.array([np.nan if duration is None else duration for duration, _ in heard], "float64")
    return {
        "seconds": bytearray(seconds),
        "rate": _whole(rate for _, rate in heard),
        "wrong": short_text(wrong, "What is wrong", repairs),
    }


def _seen(values: list[Any], names: Sequence[str]) -> tuple[list[list[Any]], list[str | None]]:
    """Describe images or audio, with the reason for each that cannot be shown."""
    seen: list[list[Any]] = []
    wrong: list[str | None] = []
    for value in values:
        try:
            seen.append([getattr(value, name) if value is not None else None for name in names])
            wrong.append(None)
        except TidydlError as problem:
            seen.append([None] * len(names))
            wrong.append(wrong_with(problem))
    return seen, wrong


def _whole(numbers: Iterable[int | None]) -> bytearray:
    return bytearray(np.array([_NA if number is None else number for number in numbers], "int32"))


def unpack_media(record: dict[str, Any]) -> Any:
    """Read the images or audio that R wrote as an array of their kind."""
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
        from tidydl.data.media.image import Image, ImageArray

        return ImageArray, Image
    from tidydl.data.media.audio import Audio, AudioArray

    return AudioArray, Audio

"""Where the contents of images, audio and videos come from: paths and bytes, never URLs; why they cannot be read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError, TidydlError

_URL = re.compile(r"(?:^|::)[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # of a chain of addresses, too

_ARTICLES = {"image": "an image", "audio": "an audio", "video": "a video"}

_FORMATS = {
    "image": "A complete image file in a common format, such as PNG or JPEG.",
    "audio": "A complete audio file in a common format, such as WAV or FLAC.",
    "video": "A complete video file in a common format, such as MP4 or an animated GIF.",
}
_TRIALS = {
    "image": "Open it in an image program",
    "audio": "Play it with another program",
    "video": "Play it with another program",
}

Made = TypeVar("Made")
Source = tuple[bytes | None, str | None]  # encoded bytes, path


def is_url(text: str) -> bool:
    """Return whether a text is the address of something in the net."""
    return "://" in text and _URL.search(text) is not None


def source_of(value: object, kind: str, allowed: str, folder_hint: str | None = None) -> Source | None:
    """Read a path, bytes or a ``{bytes, path}`` dictionary; None where it is something else.

    Parameters
    ----------
    value
        What was given.
    kind
        What it is to be (``"image"``), for messages.
    allowed
        What is allowed, for messages.
    folder_hint
        What to do with a folder.

    Raises
    ------
    ArgumentError
        It is a URL or a folder.
    NotFoundError
        There is no such file.
    DamagedFileError
        There are no bytes at all.
    """
    if isinstance(value, (str, os.PathLike)):
        return None, _file(os.fsdecode(value), kind, allowed, folder_hint)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _content(bytes(value), kind, allowed), None
    if hasattr(value, "read") and hasattr(value, "seek"):
        content = value.read()
        return _content(content if isinstance(content, bytes) else b"", kind, allowed), None
    if isinstance(value, Mapping) and ("bytes" in value or "path" in value):
        content, path = _as_bytes(value.get("bytes")), value.get("path")
        if not isinstance(path, (str, bytes, os.PathLike, type(None))):
            return None
        if content is not None:
            return _content(content, kind, allowed), None if path is None else os.fsdecode(path)
        if path is not None and value.get("bytes") is None:
            return None, _file(os.fsdecode(path), kind, allowed, folder_hint)
    return None


def _as_bytes(value: Any) -> bytes | None:
    """Return bytes, or whole numbers that stand for them; None of anything else: bytes(n) would be n zeros."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1:
        try:
            return bytes(value)
        except (TypeError, ValueError):  # they are none
            return None
    return None


def lost_file(stored: object, make: Callable[[bytes | None, str | None], Made]) -> Made | None:
    """Build the image or sound of a file that is gone since it was noted: shown as missing, an error when read."""
    path = stored.get("path") if isinstance(stored, Mapping) and stored.get("bytes") is None else None
    if not isinstance(path, str) or is_url(path) or os.path.exists(os.path.expanduser(path)):
        return None
    return make(None, path)


def _file(path: str, kind: str, allowed: str, folder_hint: str | None) -> str:
    path = os.path.expanduser(path)
    shown = path if len(path) < 200 else f"{path[:80]}…"
    if is_url(path):
        raise ArgumentError(
            f"`{kind}` '{shown}' is a URL, and URLs are not downloaded.",
            allowed=allowed,
            hint="Download the file first and give its path.",
        )
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        article = f"The path of {_ARTICLES[kind]} file."
        raise NotFoundError(f"`{kind}` '{shown}' does not exist.", allowed=article) from None
    if stat.S_ISDIR(mode):
        raise ArgumentError(f"`{kind}` '{path}' is a folder.", allowed=allowed, hint=folder_hint)
    if not stat.S_ISREG(mode):  # which might never end, or wait for ever for somebody who writes
        raise ArgumentError(
            f"`{kind}` '{shown}' is a pipe or a device.", allowed=allowed, hint="Write its output to a file first."
        )
    return path


def _content(content: bytes, kind: str, allowed: str) -> bytes:
    if not content:
        raise DamagedFileError(f"`{kind}` is empty: it has no bytes.", allowed=allowed)
    return content


def named(kind: str, path: str | None) -> str:
    """Return for a message which image, sound or video is meant, by its file where it has one."""
    return f"`{kind}` '{path}'" if path else f"`{kind}` (given as bytes)"


def decode_error(kind: str, path: str | None, error: BaseException) -> TidydlError:
    """Explain why an image, an audio clip or a video could not be decoded, naming its file."""
    name = named(kind, path)
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"{name} does not exist.", hint="Was it moved since it was listed?")
    if isinstance(error, PermissionError):
        return DamagedFileError(f"{name} cannot be read: permission denied.", hint="Change its permissions.")
    return DamagedFileError(
        f"{name} cannot be decoded.",
        allowed=_FORMATS[kind],
        hint=f"{_TRIALS[kind]}; if that fails too, download or copy the file again.",
    )


def wrong_with(error: TidydlError) -> str:
    """Return in a word or two why an image, an audio clip or a video cannot be shown."""
    return {"not_found": "missing", "dependency": "needs a library"}.get(error.kind, "damaged")

"""Where the contents of images, sounds and films come from: paths and bytes, never URLs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError

__all__ = ["is_url", "source_of"]

_URL = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)

_ARTICLES = {"image": "an image", "audio": "an audio", "video": "a video"}

Source = tuple[bytes | None, str | None]  # encoded bytes, path


def is_url(text: str) -> bool:
    """Say whether a text is the address of something in the net."""
    return _URL.match(text) is not None


def source_of(value: Any, kind: str, allowed: str, folder_hint: str | None = None) -> Source | None:
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
    if isinstance(value, Mapping) and ("bytes" in value or "path" in value):
        content, path = value.get("bytes"), value.get("path")
        if content is not None:
            return _content(bytes(content), kind, allowed), None if path is None else os.fsdecode(path)
        if path is not None:
            return None, _file(os.fsdecode(path), kind, allowed, folder_hint)
    return None


def _file(path: str, kind: str, allowed: str, folder_hint: str | None) -> str:
    path = os.path.expanduser(path)
    if is_url(path):
        raise ArgumentError(
            f"`{kind}` '{path}' is a URL, and URLs are never fetched unasked.",
            allowed=allowed,
            hint="Download the file first and give its path.",
        )
    if "\0" in path or not os.path.exists(path):
        raise NotFoundError(f"`{kind}` '{path}' does not exist.", allowed=f"The path of {_ARTICLES[kind]} file.")
    if os.path.isdir(path):
        raise ArgumentError(f"`{kind}` '{path}' is a folder.", allowed=allowed, hint=folder_hint)
    return path


def _content(content: bytes, kind: str, allowed: str) -> bytes:
    if not content:
        raise DamagedFileError(f"`{kind}` has no bytes at all.", allowed=allowed)
    return content

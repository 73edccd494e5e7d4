"""Images and audio in the cells of a frame, ``{"bytes": …, "path": …}``, whose path names a file that exists."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from tidydl.storage import cache_folder
from tidydl.whole_files import write_whole

# How names of such files end, and the first bytes of those that are known by them.
_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
    *(".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"),
)
_BEGINNINGS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"GIF8": ".gif", b"RIFF": ".wav", b"fLaC": ".flac"}


def with_files(cells: pd.Series) -> pd.Series:
    """Return cells whose ``path`` is that of a file, written from their bytes where there are any.

    The path that came with bytes may be that of another file on this machine.
    """
    return pd.Series([_with_file(cell) for cell in cells], index=cells.index, name=cells.name, dtype=object)


def _with_file(cell: Any) -> Any:
    content = cell.get("bytes") if isinstance(cell, dict) else None
    path = cell.get("path") if isinstance(cell, dict) else None
    if not isinstance(content, bytes):
        return cell
    return {**cell, "path": str(_written(content, path or ""))}


def _written(content: bytes, path: str) -> Path:
    """Write a file by the hash of its content, so that the name is never one that the data chose."""
    suffix = Path(path).suffix.lower()
    usual = next((ending for start, ending in _BEGINNINGS.items() if content.startswith(start)), "")
    ending = suffix if suffix in _ENDINGS else usual
    file = cache_folder() / "media" / f"{hashlib.sha256(content).hexdigest()}{ending}"
    if not file.is_file() or file.read_bytes() != content:  # others may write there
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content, f"The file '{file}'")
    return file

"""Files for the images and audio of a data set, which hold bytes and the name of a file that need not be here."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path, PurePath
from typing import Any

_PARTS = {"bytes", "path"}


def with_files(column: Any) -> Any:
    """Return a column whose cells of bytes and path name a file that exists; other columns as they are.

    Bytes are written below a folder of this process, which goes when it ends.
    """
    if column.dtype != object or not any(_is_file(cell) for cell in column[:10]):
        return column
    import pandas as pd

    cells = [_on_disk(cell) if _is_file(cell) else cell for cell in column]
    return pd.Series(cells, index=column.index, dtype=object)


def _is_file(cell: object) -> bool:
    return isinstance(cell, dict) and set(cell) == _PARTS


def _on_disk(cell: dict[str, Any]) -> dict[str, Any]:
    content, path = cell["bytes"], cell["path"]
    if content is None or (path and Path(path).is_absolute() and Path(path).is_file()):
        return cell
    name = hashlib.sha256(content).hexdigest()[:16]
    file = _folder() / f"{name}{PurePath(path or '').suffix or _suffix(content)}"
    if not file.exists():
        file.write_bytes(content)
    return {**cell, "path": str(file)}


def _suffix(content: bytes) -> str:
    starts = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"GIF8": ".gif", b"RIFF": ".wav", b"fLaC": ".flac"}
    return next((suffix for start, suffix in starts.items() if content.startswith(start)), "")


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tidydl-files-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

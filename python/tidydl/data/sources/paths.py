"""Places on this machine, and what to say of one that is not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidydl.errors import NotFoundError, TidydlError, nearest

FILES = Path(__file__).resolve().parents[1] / "files"
HERE = "A folder, a csv, parquet or json file, or the name of a format with `data_files`."
DataFiles = str | Sequence[str] | Mapping[str, str | Sequence[str]]  # paths or patterns; by split in a mapping


def not_there(path: Path, argument: str = "path") -> TidydlError:
    """Build the error that says that a path is not there, and what is there instead."""
    if argument == "path" and any(file.stem == str(path) for file in FILES.glob("*.*")):
        hint: str | None = f"It is an example: example_data('{path}')."
        return NotFoundError(f"`path` '{path}' does not exist.", allowed=HERE, hint=hint)
    if path.is_symlink() and not os.path.exists(path):
        gone = f"to '{os.readlink(path)}', which does not exist"
        what = "that points to itself" if _leads_in_circles(path) else gone
        return NotFoundError(
            f"`{argument}` '{path}' is a link {what}.",
            allowed=HERE,
            hint="Fix or delete the link, or pass the files themselves.",
        )
    if path.exists() and not path.is_dir():
        return NotFoundError(
            f"`{argument}` '{path}' is neither a file nor a folder, but a pipe or a device.",
            allowed=HERE,
            hint="Write its output to a file first, and delete it if it is among data files.",
        )
    parent = path.parent
    if not parent.is_dir():
        hint = f"The folder '{parent}' does not exist either."
    else:
        there = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
        close = nearest(path.name, there)
        shown = ", ".join(there[:8]) + (", …" if len(there) > 8 else "")
        inside = f"contains: {shown}" if shown else "is empty"
        hint = f"Did you mean '{parent / close}'?" if close else f"'{parent.resolve()}' {inside}."
    return NotFoundError(f"`{argument}` '{path}' does not exist.", allowed=HERE, hint=hint)


def _leads_in_circles(link: Path) -> bool:
    try:
        os.stat(link)
    except OSError as problem:
        return problem.errno == errno.ELOOP
    return False

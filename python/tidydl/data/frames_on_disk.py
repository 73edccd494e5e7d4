"""Data frames in parquet files and back, every column in its kind, for what we keep for ourselves."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tidydl.boundaries import DATA_FILES
from tidydl.data.decoding import decode, notes_of
from tidydl.data.encoding import encode
from tidydl.data.parquet_files import whole_parquet
from tidydl.errors import StorageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["begun_beside", "read_frame", "whole_file", "write_frame"]


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that is there whole or not at all: it takes its name when all is on the disk.

    A file that is replaced passes on its mode, and a link stays one: what it leads to is written.

    Raises
    ------
    StorageError
        Where the file cannot be written.
    """
    path = Path(os.path.realpath(path))
    begun = begun_beside(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.is_file() else None
        with open(
            begun, "xb", opener=lambda name, flags: os.open(name, flags, 0o666 if mode is None else 0o600)
        ) as file:
            if mode is not None:
                begun.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(begun, path)
    except OSError as problem:
        begun.unlink(missing_ok=True)
        if hasattr(problem, "kind"):  # one of ours, which says what it is about
            raise
        raise StorageError(
            f"'{path}' cannot be written: {problem.strerror or problem}.",
            allowed="A folder that can be written, on a disk with room.",
        ) from problem
    except BaseException:
        begun.unlink(missing_ok=True)
        raise


def begun_beside(path: Path) -> Path:
    """Name a hidden file or folder beside a path for nobody else; those that processes left that ended are deleted."""
    here = f".{path.name[:150]}.{zlib.crc32(platform.node().encode()):08x}-"
    for left in _names_in(path.parent):
        who, _, rest = left[len(here) :].partition("-")
        if left.startswith(here) and who.isdigit() and rest and _has_ended(int(who)):
            _delete(path.parent / left)
    return path.with_name(f"{here}{os.getpid()}-{uuid.uuid4().hex[:16]}")


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # one that can be written without being read
        return []


def _delete(left: Path) -> None:
    with suppress(OSError):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _has_ended(process: int) -> bool:
    if os.name != "posix":  # where asking would end it
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    return False


def write_frame(frame: pd.DataFrame, path: Path, facts: Mapping[str, Any]) -> None:
    """Write a frame and some facts about it (plain JSON) to a parquet file, which is there whole or not at all.

    Raises
    ------
    StorageError
        Where the file cannot be written.
    """
    import pyarrow.parquet as pq

    table = encode(frame, facts)
    with whole_file(path) as file:
        pq.write_table(table, file)


def read_frame(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a frame that :func:`write_frame` wrote, and the facts about it.

    Raises
    ------
    DamagedFileError
        Where the file is not such a one, or not whole.
    """
    allowed, hint = "A file as it was written, whole.", "Delete it to have it computed again."
    with DATA_FILES.guard(f"The file '{path}'", allowed=allowed, hint=hint):
        table = whole_parquet(path)
        return decode(table), dict(notes_of(table.schema)["facts"])

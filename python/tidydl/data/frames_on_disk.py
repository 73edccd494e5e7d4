"""Data frames in parquet files and back, every column in its kind, for what we keep for ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.boundaries import DATA_FILES
from tidydl.data.decoding import decode, notes_of
from tidydl.data.encoding import encode
from tidydl.data.parquet_files import whole_parquet
from tidydl.whole_files import whole_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_frame", "write_frame"]


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

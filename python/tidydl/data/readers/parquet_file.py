"""Open parquet files of this machine, and refuse those whose rows are not those that they claim."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import fs, parquet
from pyarrow.parquet import ParquetFile

from tidydl.data.readers.filename_encoding import for_arrow
from tidydl.data.readers.read_errors import damaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def open_parquet(path: str | os.PathLike[str], **options: Any) -> ParquetFile:
    """Open a parquet file; its path is one of this machine, whatever it looks like."""
    source = for_arrow(_plain(path))
    return parquet.ParquetFile(source, filesystem=fs.LocalFileSystem() if isinstance(source, str) else None, **options)


def _plain(path: str | os.PathLike[str]) -> str:
    """Return a path that Arrow takes for no address: a relative one such as 'run:1' might be."""
    return os.path.abspath(path)


def read_at_once(path: str, columns: Sequence[str] | None) -> pa.Table:
    """Read a whole file, several row groups at once."""
    source = for_arrow(_plain(path))
    if not isinstance(source, str):
        with source:
            return parquet.read_table(source, columns=columns, partitioning=None)
    return parquet.read_table(source, columns=columns, partitioning=None, filesystem=fs.LocalFileSystem())


def refuse_lost_rows(path: str, claimed: int, read: int) -> None:
    """Refuse a file, or a row group, that holds fewer rows than it claims: Arrow leaves them out without a word.

    Raises
    ------
    DamagedFileError
        It does.
    """
    if read != claimed:
        raise damaged(path, "parquet", ValueError(f"it claims {claimed:,} rows and holds {read:,}"))

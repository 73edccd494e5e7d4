"""Opening parquet files, which may come from anywhere: paths are never addresses, and what they claim is checked."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl.data.names_of_files import for_arrow
from tidydl.data.unreadable import damaged
from tidydl.errors import DamagedFileError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check_room", "check_text", "open_parquet", "whole_parquet"]

_PLACE = re.compile(r"at (?:string )?index (\d+)")
_GIB = 2**30


def open_parquet(path: str | os.PathLike[str], **options: Any) -> Any:
    """Open a parquet file; its path is one of this machine, whatever it looks like."""
    from pyarrow import fs, parquet

    source = for_arrow(_plain(path))
    return parquet.ParquetFile(source, filesystem=fs.LocalFileSystem() if isinstance(source, str) else None, **options)


def _plain(path: str | os.PathLike[str]) -> str:
    """Return a path that Arrow takes for no address: a relative one such as 'run:1' might be."""
    return os.path.abspath(path)


def whole_parquet(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> pa.Table:
    """Read a parquet file, several row groups at once."""
    from pyarrow import fs, parquet

    names = None if columns is None else list(columns)
    source = for_arrow(_plain(path))
    if not isinstance(source, str):
        with source:
            return parquet.read_table(source, columns=names, partitioning=None)
    return parquet.read_table(source, columns=names, partitioning=None, filesystem=fs.LocalFileSystem())


def check_room(file: Any, path: str, columns: Sequence[str] | None = None) -> None:
    """Refuse a file whose rows cannot be in memory, or in the file: a few bytes may claim any number of them.

    Raises
    ------
    DataError
        The rows that it claims need more than the memory of this machine.
    """
    widths = [_width(each.type) for each in file.schema_arrow if columns is None or each.name in columns]
    rows, there = file.metadata.num_rows, _memory()
    needed = rows * sum(widths)
    if there and needed > there:
        raise DataError(
            f"`path` '{path}' claims {rows:,} rows of {len(widths)} columns, {needed / _GIB:,.0f} GiB in memory.",
            allowed=f"What fits into the {there / _GIB:,.0f} GiB of this machine.",
            hint="Ask for some `columns` or the first `n` rows, or go through it with a stream.",
        )


def _width(kind: pa.DataType) -> float:
    """Return how many bytes a value takes at least."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _width(kind.index_type)
    try:
        return kind.bit_width / 8
    except ValueError:
        return 4.0  # the offset of a text or a list


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def check_text(table: pa.Table, path: str, above: int = 0) -> pa.Table:
    """Return the table, all text in it UTF-8.

    Parameters
    ----------
    table
        What was read of a file.
    path
        The file.
    above
        How many of its rows were read before.

    Raises
    ------
    DamagedFileError
        Text is in another encoding; says in which column and row.
    """
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if not _may_be_text(field.type):
            continue
        rows = above
        for chunk in table.column(place).chunks:
            try:
                if not _is_ascii(chunk):
                    chunk.validate(full=True)
            except pa.ArrowInvalid as error:
                found = _PLACE.search(str(error)) if _is_text(field.type) else None
                raise _not_text(path, field.name, None if found is None else rows + int(found[1]), error) from error
            rows += len(chunk)
    return table


def _may_be_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    held = (pa.types.is_dictionary(kind) and kind.value_type) or kind
    return _is_text(held) or pa.types.is_nested(held)


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _is_ascii(chunk: pa.Array) -> bool:
    """Return whether all bytes of the text are ASCII, as in most files: five times as fast as to decode it."""
    import numpy as np

    if str(chunk.type) not in ("string", "large_string"):
        return False
    content = chunk.buffers()[2]
    return content is None or not content.size or np.frombuffer(content, np.uint8).max() < 128


def _not_text(path: str, column: str, row: int | None, error: Exception) -> Exception:
    if "UTF8" not in str(error):
        return damaged(path, "parquet", error)
    where = "" if row is None else f" of row {row + 1:,}, counted from 1"
    return DamagedFileError(
        f"`path` '{path}' is not UTF-8 text in column '{column}'{where}.",
        allowed="Text in UTF-8.",
        hint="Leave the column out by `columns`, or write the file anew with its text in UTF-8.",
    )

"""Text of parquet files, which need not be UTF-8: neither the format nor Arrow checks it."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from tidydl.data.readers.read_errors import damaged
from tidydl.errors import DamagedFileError

_INDEX = re.compile(r"at (?:string )?index (\d+)")


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
    for index, field in enumerate(table.schema):
        if not _may_be_text(field.type):
            continue
        rows = above
        for chunk in table.column(index).chunks:
            try:
                if not _is_ascii(chunk):
                    chunk.validate(full=True)
            except pa.ArrowInvalid as error:
                match = _INDEX.search(str(error)) if _is_text(field.type) else None
                raise _not_text(path, field.name, None if match is None else rows + int(match[1]), error) from error
            rows += len(chunk)
    return table


def _may_be_text(arrow_type: pa.DataType) -> bool:
    value_type = (pa.types.is_dictionary(arrow_type) and arrow_type.value_type) or arrow_type
    return _is_text(value_type) or pa.types.is_nested(value_type)


def _is_text(arrow_type: pa.DataType) -> bool:
    return str(arrow_type) in ("string", "large_string", "string_view")


def _is_ascii(chunk: pa.Array) -> bool:
    """Return whether all bytes of the text are ASCII, as in most files: five times as fast as to decode it."""
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
        hint="Leave the column out with `columns`, or write the file again with its text in UTF-8.",
    )

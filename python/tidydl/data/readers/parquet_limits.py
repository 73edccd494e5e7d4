"""How much of a parquet file is read at once, and at all: what it claims, and what it holds, may exceed the memory."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ColumnSchema, ParquetFile

from tidydl.data.readers.decompression_limits import RATIO, allowance_of_memory, memory
from tidydl.data.readers.parquet_file import open_parquet
from tidydl.data.readers.parquet_footer import column_chunks
from tidydl.errors import DataError

_GIB = 2**30
_BUFFER = 2**20  # bytes of a column read at once
_BATCH = 2**26  # bytes decoded at once
_GROWTH = {"UNCOMPRESSED": 1, "SNAPPY": 22}  # bytes that one of a file may unpack to at most; of others without limit
_SIZES = {"INT64": 8, "DOUBLE": 8, "INT96": 8, "FLOAT": 4, "BYTE_ARRAY": 4, "BOOLEAN": 0.125}  # of others at least 1


def batch_rows(file: ParquetFile, path: str, columns: Sequence[str] | None, most: int = 65_536) -> int:
    """Return how many rows of an open file are read at once: fewer than ``most`` where dictionaries hold long texts."""
    texts = _may_be_long(file, path, columns, most)
    longest = _longest(path, texts, file.metadata.num_row_groups) if texts else 0
    return max(1, min(most, _BATCH // max(1, longest)))


def _may_be_long(file: ParquetFile, path: str, columns: Sequence[str] | None, most: int) -> list[str]:
    """Name the columns of text that a batch might repeat beyond what may be decoded at once; of small files none."""
    metadata = file.metadata
    leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    texts = [k for k, leaf in enumerate(leaves) if leaf.physical_type == "BYTE_ARRAY" and _is_wanted(leaf, columns)]
    size = min(most, metadata.num_rows) * os.path.getsize(path) * len(texts)
    in_lists = any(leaves[k].max_repetition_level for k in texts)  # where a row may hold any number
    if texts and size <= _BATCH and not in_lists:
        chunks = column_chunks(path, metadata.num_columns)
        codecs = {group[k].codec for group in chunks for k in texts}
        size *= max((_GROWTH.get(codec, math.inf) for codec in codecs), default=1)
    return [leaves[k].path for k in texts] if size > _BATCH or in_lists else []


def _is_wanted(leaf: ColumnSchema, columns: Sequence[str] | None) -> bool:
    """Return whether a part of a column is read; names may have dots in them."""
    return columns is None or any(leaf.path == name or leaf.path.startswith(f"{name}.") for name in columns)


def _longest(path: str, texts: list[str], groups: int) -> int:
    """Return the bytes of the longest values of dictionaries, of which each takes no more than a bit in the file."""
    longest = 0
    with open_parquet(path, read_dictionary=texts, buffer_size=_BUFFER) as file:
        for group in range(groups):
            first = next(file.iter_batches(1, row_groups=[group], columns=texts), None)
            longest = max(longest, sum(map(_longest_in, [] if first is None else first.columns)))
    return longest


def _longest_in(values: pa.Array) -> int:
    """Return the bytes of the longest value of a dictionary, or of those in a structure or list."""
    arrow_type = values.type
    if isinstance(arrow_type, pa.BaseExtensionType):
        return _longest_in(values.storage)
    if pa.types.is_dictionary(arrow_type):
        return int(pc.max(pc.binary_length(values.dictionary)).as_py() or 0)
    if pa.types.is_struct(arrow_type):
        return sum(map(_longest_in, values.flatten()))
    if pa.types.is_map(arrow_type):
        return _longest_in(values.keys) + _longest_in(values.items)
    return _longest_in(values.values) if hasattr(arrow_type, "value_type") else 0


def check_room(file: ParquetFile, path: str, columns: Sequence[str] | None = None) -> None:
    """Refuse a file whose rows cannot be in memory, or in the file: a few bytes may claim any number of them.

    Raises
    ------
    DataError
        The rows that it claims need more memory than there is, or than so small a file may take.
    """
    widths = [_width(each.type) for each in file.schema_arrow if columns is None or each.name in columns]
    rows = file.metadata.num_rows
    take(path, rows * sum(widths) + _in_lists(file, path, columns), f"claims {rows:,} rows of {len(widths)} columns")


def _width(arrow_type: pa.DataType) -> float:
    """Return how many bytes a value takes at least, but for what is in lists."""
    if pa.types.is_dictionary(arrow_type):
        return _width(arrow_type.index_type)
    if pa.types.is_struct(arrow_type):
        return sum(_width(each.type) for each in arrow_type)
    try:
        return arrow_type.bit_width / 8
    except ValueError:
        return 4.0  # the offset of a text or a list


def _in_lists(file: ParquetFile, path: str, columns: Sequence[str] | None) -> float:
    """Return how many bytes the values in lists take at least, as the file counts them: a row may hold any number."""
    metadata = file.metadata
    leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    in_lists = [k for k, leaf in enumerate(leaves) if leaf.max_repetition_level and _is_wanted(leaf, columns)]
    chunks = column_chunks(path, metadata.num_columns) if in_lists else []
    return sum(group[k].num_values * _SIZES.get(leaves[k].physical_type, 1) for group in chunks for k in in_lists)


def take(path: str, size: float, what: str = "is far larger than its file") -> None:
    """Count what a file takes in memory, where this load may take so much."""
    allowed = allowance_of_memory()
    left = allowed.left(path)
    if size > left:
        raise DataError(
            f"`path` '{path}' {what}: {size / _GIB:,.1f} GiB in memory, and {max(left, 0) / _GIB:,.1f} GiB are left.",
            allowed=f"A quarter of the {memory() / _GIB:,.0f} GiB of this machine, or all of it for files that hold at "
            f"most {RATIO} times their size.",
            hint="Select some `columns` or the first `n` rows, or read it as a stream.",
        )
    allowed.add(path, int(size))

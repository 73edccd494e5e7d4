"""Reading parquet files, which may come from anywhere: paths are never addresses, and what they claim is checked."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl.data.readers.decompression_limits import RATIO, allowance_of_memory, memory
from tidydl.data.readers.filename_encoding import for_arrow
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, indices_of, refuse
from tidydl.data.readers.parquet_footer import column_chunks
from tidydl.data.readers.read_errors import damaged, reading
from tidydl.errors import DamagedFileError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["batch_rows", "check_text", "open_parquet", "read_parquet", "refuse_lost_rows", "whole_parquet"]

_INDEX = re.compile(r"at (?:string )?index (\d+)")
_GIB = 2**30
_LARGE = 2**25  # bytes of a file that does not hold much more than it seems
_BATCH = 2**26  # bytes decoded at once
_BUFFER = 2**20  # bytes of a column read at once
_GROWTH = {"UNCOMPRESSED": 1, "SNAPPY": 22}  # bytes that one of a file may unpack to at most; of others without limit
_SIZES = {"INT64": 8, "DOUBLE": 8, "INT96": 8, "FLOAT": 4, "BYTE_ARRAY": 4, "BOOLEAN": 0.125}  # of others at least 1


def open_parquet(path: str | os.PathLike[str], **options: Any) -> Any:
    """Open a parquet file; its path is one of this machine, whatever it looks like."""
    from pyarrow import fs, parquet

    source = for_arrow(_plain(path))
    return parquet.ParquetFile(source, filesystem=fs.LocalFileSystem() if isinstance(source, str) else None, **options)


def _plain(path: str | os.PathLike[str]) -> str:
    """Return a path that Arrow takes for no address: a relative one such as 'run:1' might be."""
    return os.path.abspath(path)


def whole_parquet(file: Any, path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read all rows of an open parquet file.

    Raises
    ------
    DataError
        They need more memory than there is, or than so small a file may take.
    """
    names = None if columns is None else list(columns)
    check_room(file, path, columns)
    if os.path.getsize(path) < _LARGE:
        table = _counted(file, path, names)
        refuse_lost_rows(path, file.metadata.num_rows, table.num_rows)
        return table
    doubled = len(set(file.schema_arrow.names)) < len(file.schema_arrow.names)
    table = file.read() if doubled else _at_once(path, names)  # which cannot tell columns of one name apart
    refuse_lost_rows(path, file.metadata.num_rows, table.num_rows)
    _take(path, table.nbytes)
    return table


def _at_once(path: str, names: list[str] | None) -> pa.Table:
    """Read a whole file, several row groups at once."""
    from pyarrow import fs, parquet

    source = for_arrow(_plain(path))
    if not isinstance(source, str):
        with source:
            return parquet.read_table(source, columns=names, partitioning=None)
    return parquet.read_table(source, columns=names, partitioning=None, filesystem=fs.LocalFileSystem())


def _counted(file: Any, path: str, names: list[str] | None) -> pa.Table:
    """Read a small file batch by batch, and stop where it turns out to hold far more than it seems."""
    import pyarrow as pa

    batches, taken = [], 0
    for batch in file.iter_batches(batch_rows(file, path, names), columns=names):
        batches.append(batch)
        taken += batch.nbytes
        _take(path, taken)
    if batches:
        return pa.Table.from_batches(batches).replace_schema_metadata(file.schema_arrow.metadata)
    nothing = file.schema_arrow.empty_table()
    return nothing if names is None else nothing.select(names)


def refuse_lost_rows(path: str, claimed: int, read: int) -> None:
    """Refuse a file, or a row group, that holds fewer rows than it claims: Arrow leaves them out without a word.

    Raises
    ------
    DamagedFileError
        It does.
    """
    if read != claimed:
        raise damaged(path, "parquet", ValueError(f"it claims {claimed:,} rows and holds {read:,}"))


def batch_rows(file: Any, path: str, columns: Sequence[str] | None, most: int = 65_536) -> int:
    """Return how many rows of an open file are read at once: fewer than ``most`` where dictionaries hold long texts."""
    texts = _may_be_long(file, path, columns, most)
    longest = _longest(path, texts, file.metadata.num_row_groups) if texts else 0
    return max(1, min(most, _BATCH // max(1, longest)))


def _may_be_long(file: Any, path: str, columns: Sequence[str] | None, most: int) -> list[str]:
    """Name the columns of text that a batch might repeat beyond what may be decoded at once; of small files none."""
    metadata = file.metadata
    leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    texts = [k for k, leaf in enumerate(leaves) if leaf.physical_type == "BYTE_ARRAY" and _is_wanted(leaf, columns)]
    held = min(most, metadata.num_rows) * os.path.getsize(path) * len(texts)
    in_lists = any(leaves[k].max_repetition_level for k in texts)  # where a row may hold any number
    if texts and held <= _BATCH and not in_lists:
        chunks = column_chunks(path, metadata.num_columns)
        codecs = {group[k].codec for group in chunks for k in texts}
        held *= max((_GROWTH.get(codec, math.inf) for codec in codecs), default=1)
    return [leaves[k].path for k in texts] if held > _BATCH or in_lists else []


def _is_wanted(leaf: Any, columns: Sequence[str] | None) -> bool:
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


def _longest_in(values: Any) -> int:
    """Return the bytes of the longest value of a dictionary, or of those in a structure or list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return _longest_in(values.storage)
    if pa.types.is_dictionary(kind):
        return int(pc.max(pc.binary_length(values.dictionary)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(_longest_in, values.flatten()))
    if pa.types.is_map(kind):
        return _longest_in(values.keys) + _longest_in(values.items)
    return _longest_in(values.values) if hasattr(kind, "value_type") else 0


def check_room(file: Any, path: str, columns: Sequence[str] | None = None) -> None:
    """Refuse a file whose rows cannot be in memory, or in the file: a few bytes may claim any number of them.

    Raises
    ------
    DataError
        The rows that it claims need more memory than there is, or than so small a file may take.
    """
    widths = [_width(each.type) for each in file.schema_arrow if columns is None or each.name in columns]
    rows = file.metadata.num_rows
    _take(path, rows * sum(widths) + _in_lists(file, path, columns), f"claims {rows:,} rows of {len(widths)} columns")


def _width(kind: pa.DataType) -> float:
    """Return how many bytes a value takes at least, but for what is in lists."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _width(kind.index_type)
    if pa.types.is_struct(kind):
        return sum(_width(each.type) for each in kind)
    try:
        return kind.bit_width / 8
    except ValueError:
        return 4.0  # the offset of a text or a list


def _in_lists(file: Any, path: str, columns: Sequence[str] | None) -> float:
    """Return how many bytes the values in lists take at least, as the file counts them: a row may hold any number."""
    metadata = file.metadata
    leaves = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    in_lists = [k for k, leaf in enumerate(leaves) if leaf.max_repetition_level and _is_wanted(leaf, columns)]
    chunks = column_chunks(path, metadata.num_columns) if in_lists else []
    return sum(group[k].num_values * _SIZES.get(leaves[k].physical_type, 1) for group in chunks for k in in_lists)


def _take(path: str, size: float, what: str = "is far larger than its file") -> None:
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

    for index, field in enumerate(table.schema):
        if not _may_be_text(field.type):
            continue
        rows = above
        for chunk in table.column(index).chunks:
            try:
                if not _is_ascii(chunk):
                    chunk.validate(full=True)
            except pa.ArrowInvalid as error:
                found = _INDEX.search(str(error)) if _is_text(field.type) else None
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
        hint="Leave the column out with `columns`, or write the file again with its text in UTF-8.",
    )


def read_parquet(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a parquet file with the metadata that says what its columns mean, and no more of it than is wanted."""
    refuse("sep", options.sep, "parquet")
    refuse("field", options.field, "parquet")
    with reading(path, "parquet"), open_parquet(path) as file:
        if columns is not None:
            indices_of(file.schema_arrow.names, columns)
        if limit is None or limit >= file.metadata.num_rows:
            return check_text(chosen(whole_parquet(file, path, columns), columns), path)
        return check_text(chosen(_first_rows(file, path, columns, limit), columns), path)


def _first_rows(file: Any, path: str, columns: Sequence[str] | None, limit: int) -> pa.Table:
    """Read the first rows out of the row groups that hold them."""
    import pyarrow as pa

    groups: list[int] = []
    rows = 0
    while rows < limit:
        rows += file.metadata.row_group(len(groups)).num_rows
        groups.append(len(groups))
    kept, left = [], limit
    size = batch_rows(file, path, columns, min(max(limit, 1), 65_536))
    for batch in file.iter_batches(size, row_groups=groups, columns=None if columns is None else list(columns)):
        kept.append(batch.slice(0, left))
        left -= kept[-1].num_rows
        if left <= 0:
            break
    refuse_lost_rows(path, limit, limit - left)
    schema = kept[0].schema if kept else chosen(file.schema_arrow.empty_table(), columns).schema
    return pa.Table.from_batches(kept, schema).replace_schema_metadata(file.schema_arrow.metadata)

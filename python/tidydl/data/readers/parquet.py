"""Read parquet files, which may come from anywhere: whole, or block by block. What they claim is checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow.parquet import FileMetaData, ParquetFile

from tidydl.data.arrow.batch_reader import BatchReader
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, indices_of, refuse
from tidydl.data.readers.parquet_file import open_parquet, read_at_once, refuse_lost_rows
from tidydl.data.readers.parquet_footer import column_chunks
from tidydl.data.readers.parquet_limits import batch_rows, check_room, take
from tidydl.data.readers.parquet_text import check_text
from tidydl.data.readers.read_errors import damaged, reading

_LARGE = 2**25  # bytes of a file that does not hold much more than it seems
_BLOCK = 8192  # rows decoded at once
_BUFFER = 2**20  # bytes of a column read at once


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
            return check_text(chosen(_whole(file, path, columns), columns), path)
        return check_text(chosen(_first_rows(file, path, columns, limit), columns), path)


def _first_rows(file: ParquetFile, path: str, columns: Sequence[str] | None, limit: int) -> pa.Table:
    """Read the first rows out of the row groups that hold them."""
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


def _whole(file: ParquetFile, path: str, columns: Sequence[str] | None = None) -> pa.Table:
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
    table = file.read() if doubled else read_at_once(path, names)  # which cannot tell columns of one name apart
    refuse_lost_rows(path, file.metadata.num_rows, table.num_rows)
    take(path, table.nbytes)
    return table


def _counted(file: ParquetFile, path: str, names: list[str] | None) -> pa.Table:
    """Read a small file batch by batch, and stop where it turns out to hold far more than it seems."""
    batches, taken = [], 0
    for batch in file.iter_batches(batch_rows(file, path, names), columns=names):
        batches.append(batch)
        taken += batch.nbytes
        take(path, taken)
    if batches:
        return pa.Table.from_batches(batches).replace_schema_metadata(file.schema_arrow.metadata)
    nothing = file.schema_arrow.empty_table()
    return nothing if names is None else nothing.select(names)


def open_parquet_batches(path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None) -> BatchReader:
    """Look through the footer of a parquet file, and build the reader of its blocks."""
    refuse("sep", options.sep, "parquet")
    refuse("field", options.field, "parquet")
    with reading(path, "parquet"):
        file = open_parquet(path)
        schema = file.schema_arrow
        if columns is not None:
            schema = pa.schema([schema.field(k) for k in indices_of(schema.names, columns)], schema.metadata)
        groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
        refuse_lost_rows(path, file.metadata.num_rows, sum(group.num_rows for group in groups))
        coded = [each.name for each in schema if pa.types.is_dictionary(each.type)]
        levels = {name: _levels_in(file, name) for name in coded}
        nullable = _lacking(path, file.metadata, schema.names)
    blocks = partial(_blocks, path, schema.names if columns is not None else None, schema.metadata, nullable)
    return BatchReader(schema, file.metadata.num_rows, blocks, nullable, levels)


def _lacking(path: str, metadata: FileMetaData, names: Sequence[str]) -> frozenset[str]:
    """Name the columns that may have missing values: where the file does not count them, they may."""
    if not metadata.num_row_groups:
        return frozenset()
    schema = metadata.schema
    indices = {schema.column(k).path: k for k in range(metadata.num_columns)}
    chunks = column_chunks(path, metadata.num_columns)

    def lacks(name: str) -> bool:
        if name not in indices:  # columns that hold others have no chunk of their own
            return True
        return any(group[indices[name]].num_values and group[indices[name]].null_count != 0 for group in chunks)

    return frozenset(filter(lacks, names))


def _levels_in(file: ParquetFile, name: str) -> pa.Array:
    """Gather the values of a dictionary column, whose row groups may each know some."""
    arrow_type = file.schema_arrow.field(name).type
    levels: Any = pa.array([], arrow_type.value_type)
    for group in range(file.metadata.num_row_groups):
        chunks = file.read_row_group(group, columns=[name]).column(0).chunks
        levels = pa.chunked_array([levels, *(chunk.dictionary for chunk in chunks)]).unique()
    return levels.drop_null()


def _blocks(
    path: str, columns: Sequence[str] | None, metadata: Mapping[bytes, bytes] | None, nullable: frozenset[str]
) -> Iterator[pa.Table]:
    wanted = None if columns is None else list(columns)
    above = 0
    with reading(path, "parquet"), open_parquet(path, buffer_size=_BUFFER) as file:
        size = batch_rows(file, path, wanted, _BLOCK)
        for group in range(file.metadata.num_row_groups):  # of several at once all would stay in memory
            before = above
            for batch in file.iter_batches(size, row_groups=[group], columns=wanted):
                table = pa.Table.from_batches([batch])
                table = check_text(table if wanted is None else table.select(wanted), path, above)
                above += table.num_rows
                _refuse_false_counts(path, table, nullable)
                yield table.replace_schema_metadata(metadata)
            refuse_lost_rows(path, file.metadata.row_group(group).num_rows, above - before)


def _refuse_false_counts(path: str, block: pa.Table, nullable: frozenset[str]) -> None:
    """Refuse a block with missing values where the file claims that there are none: the dtypes rely on it."""
    for name, column in zip(block.schema.names, block.columns, strict=True):
        if column.null_count and name not in nullable:
            raise damaged(path, "parquet", ValueError(f"it counts no missing values in column '{name}' and has some"))

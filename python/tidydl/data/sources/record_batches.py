"""Re-iterable readers of the rows of a split, block by block, with a schema that is settled before the first block.

Files are looked through once for that, in constant memory, so that a block has the kinds of the whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.data.arrow.concatenation import misfit, refuse_other_meanings
from tidydl.data.arrow.merged_metadata import metadata_of_all
from tidydl.data.arrow.row_numbers import with_index_base
from tidydl.data.readers.csv_columns import read_alike
from tidydl.data.readers.formats import TextOptions, indices_of, refuse
from tidydl.data.readers.pandas_index import has_index, index_names, with_index_named
from tidydl.data.readers.parquet import batch_rows, check_text, open_parquet, refuse_lost_rows
from tidydl.data.readers.parquet_footer import column_chunks
from tidydl.data.readers.read_errors import damaged, reading
from tidydl.data.readers.text_batches import (
    csv_blocks,
    infer_csv,
    infer_json,
    infer_text,
    json_blocks,
    text_blocks,
)
from tidydl.data.sources.declared_types import as_declared, texts_declared
from tidydl.data.sources.listing import Listing
from tidydl.data.sources.listing_tables import parquet_files
from tidydl.data.sources.media_paths import checked_blocks
from tidydl.errors import DamagedFileError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BatchReader", "batch_reader_of_table", "batch_readers_of", "joined", "with_column"]

_BLOCK = 8192  # rows of a parquet file decoded at once
_BUFFER = 2**20  # bytes of a column read at once


@dataclass(frozen=True)
class BatchReader:
    """What is known of the rows, and how to read them.

    ``nullable`` are the columns with missing values, ``levels`` the values of columns that are dictionaries.
    """

    schema: pa.Schema
    rows: int
    blocks: Callable[[], Iterator[pa.Table]]
    nullable: frozenset[str] = frozenset()
    levels: Mapping[str, pa.Array] = field(default_factory=dict)


def batch_readers_of(
    listing: Listing, options: TextOptions, columns: Mapping[str, Sequence[str] | None]
) -> dict[str, BatchReader]:
    """Build the reader of each split of its files, each of its format; ``columns`` are those wanted of a split.

    Raises
    ------
    DamagedFileError
        A file cannot be read.
    DataError
        The files do not fit together.
    """
    files = {split: listing.files[split] for split in columns}
    options = listing.options(options)
    parts = read_alike(lambda said: {split: _opened(listing, split, said, columns[split]) for split in files}, options)
    whole = [split for split in files if columns[split] is None]
    if any(has_index(reader.schema) for split in whole for reader in parts[split].values()):
        names = index_names([parquet_files(files[split]) for split in whole])
        for split in whole:
            parts[split] = {file: _with_index_named(reader, names) for file, reader in parts[split].items()}
    return {split: joined(list(each), list(each.values())) for split, each in parts.items()}


def _opened(
    listing: Listing, split: str, options: TextOptions, columns: Sequence[str] | None
) -> dict[str, BatchReader]:
    parts = {}
    for file, kind in listing.files[split].items():
        with reading(str(file), kind):
            identity = _identity(str(file))
            part = _OPENERS[kind](str(file), options, columns)
            if kind == "csv" and (texts := texts_declared(part.schema, listing.features)):
                part = _OPENERS[kind](str(file), options.with_texts(texts), columns)
            part = _mapped(part, partial(as_declared, features=listing.features, path=str(file), kind=kind))
            part = _mapped(part, partial(with_index_base, index_base=listing.index_base))
        _refuse_same_names(str(file), part.schema.names)
        blocks = _of_unchanged(part.blocks, str(file), kind, identity)
        checked = checked_blocks(blocks, part.schema, listing.features, listing.bounds_of(file), file)
        parts[str(file)] = replace(part, blocks=checked)
    return parts


def _identity(path: str) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _of_unchanged(
    blocks: Callable[[], Iterator[pa.Table]], path: str, kind: str, identity: tuple[int, ...]
) -> Callable[[], Iterator[pa.Table]]:
    """Return what gives the blocks of a file, as long as it is the one that was looked through."""

    def refuse_another() -> None:
        with reading(path, kind):
            now = _identity(path)
        if now != identity:
            raise DamagedFileError(
                f"`path` '{path}' has changed since the stream was opened.",
                allowed="A file that does not change until all of it has been read.",
                hint="Open the stream again.",
            )

    def unchanged() -> Iterator[pa.Table]:
        refuse_another()
        yield from blocks()
        refuse_another()

    return unchanged


def _mapped(reader: BatchReader, change: Callable[[pa.Table], pa.Table]) -> BatchReader:
    """Return a reader whose blocks are changed, if their schema is."""
    schema = change(reader.schema.empty_table()).schema
    if schema.equals(reader.schema, check_metadata=True):
        return reader
    return replace(reader, schema=schema, blocks=lambda: map(change, reader.blocks()))


def _refuse_same_names(file: str, names: Sequence[str]) -> None:
    """Refuse columns that cannot be told apart: their kinds are settled by their names."""
    if len(set(names)) == len(names):
        return
    for index, name in enumerate(names):
        if name in names[:index]:
            raise DataError(
                f"`path` '{file}' has two columns '{name}', which a stream cannot distinguish.",
                allowed="Columns with different names.",
                hint="Use load_dataset().",
            )


def batch_reader_of_table(table: pa.Table) -> BatchReader:
    """Build the reader of a table, which may be mapped from a file."""
    import pyarrow as pa

    nullable = frozenset(name for name in table.schema.names if _lacks(table, name))
    levels = {
        each.name: table.column(index).unify_dictionaries().chunk(0).dictionary
        for index, each in enumerate(table.schema)
        if pa.types.is_dictionary(each.type) and table.column(index).num_chunks
    }
    return BatchReader(table.schema, table.num_rows, lambda: iter([table]), nullable, levels)


def _lacks(table: pa.Table, name: str) -> bool:
    return any(table.column(index).null_count > 0 for index in table.schema.get_all_field_indices(name))


def joined(names: Sequence[str], readers: Sequence[BatchReader]) -> BatchReader:
    """Build one reader of several, read one after the other; numbers take the wider kind, missing columns are filled.

    ``names`` are what the readers are called in a message: their files, or their splits.
    """
    import pyarrow as pa

    if len(readers) == 1 and not readers[0].levels:
        return readers[0]
    schemas = {name: reader.schema for name, reader in zip(names, readers, strict=True)}
    refuse_other_meanings(schemas)
    try:
        schema = pa.unify_schemas(list(schemas.values()), promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise misfit(schemas, error) from error
    schema = schema.with_metadata(metadata_of_all(list(schemas.values())))
    absent = {name for name in schema.names for part in readers if part.rows and name not in part.schema.names}
    levels = {
        name: _all_levels([f.levels[name] for f in readers if name in f.levels]) for f in readers for name in f.levels
    }
    return BatchReader(
        schema,
        sum(reader.rows for reader in readers),
        lambda: (_fitted(block, schema, levels) for reader in readers for block in reader.blocks()),
        frozenset(absent).union(*(reader.nullable for reader in readers)),
        levels,
    )


def with_column(reader: BatchReader, name: str, value: str, levels: pa.Array) -> BatchReader:
    """Add a column that holds one of several texts in all rows."""
    import pyarrow as pa

    kind = pa.dictionary(pa.int32(), pa.string())
    code = levels.to_pylist().index(value)

    def blocks() -> Iterator[pa.Table]:
        for block in reader.blocks():
            codes = pa.repeat(pa.scalar(code, pa.int32()), block.num_rows)
            yield block.append_column(name, pa.DictionaryArray.from_arrays(codes, levels))

    schema = reader.schema.append(pa.field(name, kind))
    return BatchReader(schema, reader.rows, blocks, reader.nullable, {**reader.levels, name: levels})


def _all_levels(parts: Sequence[pa.Array]) -> pa.Array:
    import pyarrow as pa

    typed = [part for part in parts if not pa.types.is_null(part.type)]
    return pa.chunked_array(typed or list(parts)).unique().drop_null()


def _fitted(block: pa.Table, schema: pa.Schema, levels: Mapping[str, pa.Array]) -> pa.Table:
    """Return a block with the kinds, and the levels, of the whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for each in schema:
        if each.name not in block.schema.names:
            columns.append(pa.nulls(block.num_rows, each.type))
            continue
        column = block.column(each.name)
        if each.name in levels:
            known = levels[each.name]
            plain = column if column.type == known.type else column.cast(known.type)
            codes = [pc.index_in(chunk, value_set=known) for chunk in plain.chunks]
            made = [pa.DictionaryArray.from_arrays(c, known, ordered=each.type.ordered) for c in codes]
            column = pa.chunked_array(made, type=pa.dictionary(pa.int32(), known.type, each.type.ordered))
        elif column.type != each.type:
            column = column.cast(each.type)
        columns.append(column)
    return pa.table(columns, names=schema.names).replace_schema_metadata(schema.metadata)


def _of_parquet(path: str, options: TextOptions, columns: Sequence[str] | None) -> BatchReader:
    import pyarrow as pa

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
    blocks = partial(_parquet_blocks, path, schema.names if columns is not None else None, schema.metadata, nullable)
    return BatchReader(schema, file.metadata.num_rows, blocks, nullable, levels)


def _with_index_named(reader: BatchReader, names: Mapping[str, str | None]) -> BatchReader:
    if not has_index(reader.schema):
        return reader
    called = {name: names.get(name, name) for name in reader.schema.names}
    return BatchReader(
        with_index_named(reader.schema.empty_table(), names).schema,
        reader.rows,
        lambda: (with_index_named(block, names) for block in reader.blocks()),
        frozenset(name for each in reader.nullable if (name := called[each]) is not None),
        {name: levels for each, levels in reader.levels.items() if (name := called[each]) is not None},
    )


def _lacking(path: str, metadata: Any, names: Sequence[str]) -> frozenset[str]:
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


def _levels_in(file: Any, name: str) -> pa.Array:
    """Gather the values of a dictionary column, whose row groups may each know some."""
    import pyarrow as pa

    kind = file.schema_arrow.field(name).type
    found: Any = pa.array([], kind.value_type)
    for group in range(file.metadata.num_row_groups):
        chunks = file.read_row_group(group, columns=[name]).column(0).chunks
        found = pa.chunked_array([found, *(chunk.dictionary for chunk in chunks)]).unique()
    return found.drop_null()


def _parquet_blocks(
    path: str, columns: Sequence[str] | None, metadata: Any, nullable: frozenset[str]
) -> Iterator[pa.Table]:
    import pyarrow as pa

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


def _of_csv(path: str, options: TextOptions, columns: Sequence[str] | None) -> BatchReader:
    refuse("field", options.field, "csv")
    known = infer_csv(path, options)
    return BatchReader(known.schema, known.rows, lambda: csv_blocks(path, options, known), known.nullable)


def _of_json(path: str, options: TextOptions, columns: Sequence[str] | None) -> BatchReader:
    refuse("sep", options.sep, "json")
    known = infer_json(path, options)
    if known.table is not None:
        return batch_reader_of_table(known.table)
    return BatchReader(known.schema, known.rows, lambda: json_blocks(path, known.schema), known.nullable)


def _of_text(path: str, options: TextOptions, columns: Sequence[str] | None) -> BatchReader:
    refuse("sep", options.sep, "text")
    refuse("field", options.field, "text")
    known = infer_text(path)
    return BatchReader(known.schema, known.rows, lambda: text_blocks(path))


_OPENERS: dict[str, Callable[..., BatchReader]] = {
    "parquet": _of_parquet,
    "csv": _of_csv,
    "json": _of_json,
    "text": _of_text,
}

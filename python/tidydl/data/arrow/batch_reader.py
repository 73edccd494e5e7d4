"""Re-iterable readers of rows, block by block, with a schema that is settled before the first block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from tidydl.data.arrow.concatenation import schema_of_all


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


def batch_reader_of_table(table: pa.Table) -> BatchReader:
    """Build the reader of a table, which may be mapped from a file."""
    nullable = frozenset(name for name in table.schema.names if _lacks(table, name))
    levels = {
        each.name: table.column(index).unify_dictionaries().chunk(0).dictionary
        for index, each in enumerate(table.schema)
        if pa.types.is_dictionary(each.type) and table.column(index).num_chunks
    }
    return BatchReader(table.schema, table.num_rows, lambda: iter([table]), nullable, levels)


def _lacks(table: pa.Table, name: str) -> bool:
    return any(table.column(index).null_count > 0 for index in table.schema.get_all_field_indices(name))


def mapped(reader: BatchReader, change: Callable[[pa.Table], pa.Table]) -> BatchReader:
    """Return a reader whose blocks are changed, if their schema is."""
    nothing = reader.schema.empty_table()
    changed = change(nothing)
    if changed is nothing or changed.schema.equals(reader.schema, check_metadata=True):
        return reader
    return replace(reader, schema=changed.schema, blocks=lambda: map(change, reader.blocks()))


def joined(names: Sequence[str], readers: Sequence[BatchReader]) -> BatchReader:
    """Build one reader of several, read one after the other; numbers take the wider kind, missing columns are filled.

    ``names`` are what the readers are called in a message: their files, or their splits.
    """
    if len(readers) == 1 and not readers[0].levels:
        return readers[0]
    schema = schema_of_all(names, [reader.schema for reader in readers])
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
    arrow_type = pa.dictionary(pa.int32(), pa.string())
    code = levels.to_pylist().index(value)

    def blocks() -> Iterator[pa.Table]:
        for block in reader.blocks():
            codes = pa.repeat(pa.scalar(code, pa.int32()), block.num_rows)
            yield block.append_column(name, pa.DictionaryArray.from_arrays(codes, levels))

    schema = reader.schema.append(pa.field(name, arrow_type))
    return BatchReader(schema, reader.rows, blocks, reader.nullable, {**reader.levels, name: levels})


def _all_levels(parts: Sequence[pa.Array]) -> pa.Array:
    typed = [part for part in parts if not pa.types.is_null(part.type)]
    return pa.chunked_array(typed or list(parts)).unique().drop_null()


def _fitted(block: pa.Table, schema: pa.Schema, levels: Mapping[str, pa.Array]) -> pa.Table:
    """Return a block with the kinds, and the levels, of the whole."""
    columns = []
    for each in schema:
        if each.name not in block.schema.names:
            columns.append(pa.nulls(block.num_rows, each.type))
            continue
        column = block.column(each.name)
        if each.name in levels:
            dictionary = levels[each.name]
            plain = column if column.type == dictionary.type else column.cast(dictionary.type)
            codes = [pc.index_in(chunk, value_set=dictionary) for chunk in plain.chunks]
            chunks = [pa.DictionaryArray.from_arrays(c, dictionary, ordered=each.type.ordered) for c in codes]
            column = pa.chunked_array(chunks, type=pa.dictionary(pa.int32(), dictionary.type, each.type.ordered))
        elif column.type != each.type:
            column = column.cast(each.type)
        columns.append(column)
    return pa.table(columns, names=schema.names).replace_schema_metadata(schema.metadata)

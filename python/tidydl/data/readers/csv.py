"""Read csv files: whole, or block by block. Types are those of whole columns, never of a first block only."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import csv
from pyarrow.csv import CSVStreamingReader

from tidydl.data.arrow.batch_reader import BatchReader
from tidydl.data.readers.csv_columns import (
    DigitTypes,
    Header,
    ambiguous_numbers,
    csv_settings,
    header_apart,
    numbers_with_commas,
    separator_of,
)
from tidydl.data.readers.csv_errors import csv_fault, refuse_open_quote, tell_of_decimal_commas, tell_of_one_column
from tidydl.data.readers.filename_encoding import for_arrow
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, content_of, head_of, open_bytes, refuse
from tidydl.data.readers.large_integers import large_numbers
from tidydl.data.readers.line_ends import WholeLineEnds
from tidydl.data.readers.read_errors import empty_file, reading, refuse_other_encodings
from tidydl.errors import TidydlError

_BLOCK = 2**21  # bytes of text read at once
_LARGEST_BLOCK = 2**31 - 1
_LEAST_ROUNDED = 2.0**53  # from which on a double does not hold each whole number
_UNFIT = re.compile(r"CSV column #(\d+):.*?(?:zone offset in '([^']*)'|invalid value '(.*)')", re.DOTALL)


def read_csv(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a text table with a header; the separator is a comma, or a tab in files named .tsv.

    The whole file is one block for Arrow, which is twice as fast as to settle the types first.
    """
    separator = _separator(path, options)
    try:
        table = _whole_table(path, separator, options.texts or ())
        refuse_open_quote(path, table)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise csv_fault(path, options.sep, error) from error
    _judge_columns(path, options, table.schema)
    table = chosen(table, columns)
    tell_of_decimal_commas(path, options, numbers_with_commas(table))
    return table.slice(0, limit)


def open_csv(path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None) -> BatchReader:
    """Look through a text table, and build the reader of its blocks, with all its columns."""
    _separator(path, options)
    look = _look(path, options)
    _judge_columns(path, options, look.schema)
    tell_of_decimal_commas(path, options, look.commas)
    schema = _with_digits(path, options, look)
    return BatchReader(schema, look.rows, partial(_blocks, path, options, look, schema), look.nullable)


def _separator(path: str, options: TextOptions) -> str:
    refuse("field", options.field, "csv")
    separator = separator_of(path, options.sep)
    if not head_of(path, "csv"):
        raise empty_file(path, "A csv file with a header line.")
    return separator


def _judge_columns(path: str, options: TextOptions, schema: pa.Schema) -> None:
    """Refuse a file whose columns tell that it is in another encoding, or separated otherwise."""
    if len(schema) == 1:
        tell_of_one_column(path, options.sep)
    refuse_other_encodings(schema, path)


def _whole_table(path: str, separator: str, texts: Collection[str]) -> pa.Table:
    """Read a whole file, columns of digits that are no numbers as text."""
    content, size = content_of(path)
    settings = partial(csv_settings, separator, min(max(size, 2), _LARGEST_BLOCK))

    def opened() -> Any:
        return for_arrow(content) if isinstance(content, str) else pa.BufferReader(content)

    def read(names: Collection[str], **options: Any) -> pa.Table:
        return csv.read_csv(opened(), **settings(dict.fromkeys(names, pa.string()), **options))

    table = read(texts)
    header = header_apart(path, table.schema.names, open_bytes)
    if header is not None:
        table = read(texts, header=header)
    large = large_numbers(table, _LEAST_ROUNDED)
    doubtful = ambiguous_numbers(table.schema, large, lambda: pa.input_stream(opened(), compression=None), separator)
    if doubtful:
        digits = DigitTypes(doubtful, large)
        written = read(doubtful, include=doubtful, header=header)
        digits.look(written)
        table = digits.put_into(table, written)
    return table


@dataclass(frozen=True)
class _Look:
    """What one pass over all rows found."""

    schema: pa.Schema
    rows: int
    nullable: frozenset[str]
    large: Collection[str]
    commas: Sequence[str]
    block: int
    header: Header | None


def _look(path: str, options: TextOptions) -> _Look:
    """Settle the types of a csv file: those Arrow infers over whole columns, found block by block.

    Types are inferred from the first block. Where a later value does not fit, the column takes the next type that the
    value fits, in the order in which Arrow tries them, and the look begins anew.
    """
    types = dict.fromkeys(options.texts or (), pa.string())
    header: Header | None = None
    block = _BLOCK
    schema: pa.Schema | None = None
    while True:
        try:
            reader = _opened(path, options, block, types, header=header)
            schema = reader.schema
            if header is None and (header := header_apart(path, schema.names, open_bytes)) is not None:
                continue
            return _look_through(reader, block, header)
        except TidydlError:
            raise
        except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
            if "straddl" in str(error) and block < _LARGEST_BLOCK:  # a row longer than the block
                block = min(8 * block, _LARGEST_BLOCK)
                continue
            unfit = _UNFIT.search(str(error))
            if unfit is None or schema is None:
                raise csv_fault(path, options.sep, error) from error
            unfitting = schema.field(int(unfit[1]))
            types[unfitting.name] = _wider(types.get(unfitting.name, unfitting.type), unfit[2] or unfit[3])


def _look_through(reader: CSVStreamingReader, block: int, header: Header | None) -> _Look:
    names = reader.schema.names
    nulls, rows, large, commas = [0] * len(names), 0, set(), None
    for batch in reader:
        rows += batch.num_rows
        nulls = [count + column.null_count for count, column in zip(nulls, batch.columns, strict=True)]
        large.update(large_numbers(batch, _LEAST_ROUNDED))
        commas = numbers_with_commas(batch, commas)
    nullable = frozenset(name for name, count in zip(names, nulls, strict=True) if count)
    return _Look(reader.schema, rows, nullable, large, commas or (), block, header)


def _with_digits(path: str, options: TextOptions, look: _Look) -> pa.Schema:
    """Return the schema with other types for numbers that would lose digits, which a look at their texts tells."""
    separator = separator_of(path, options.sep)
    doubtful = ambiguous_numbers(look.schema, look.large, lambda: open_bytes(path), separator)
    if not doubtful:
        return look.schema
    digits = DigitTypes(doubtful, look.large)
    texts = dict.fromkeys(doubtful, pa.string())
    for batch in _opened(path, options, look.block, texts, doubtful, look.header):
        digits.look(batch)
    return pa.schema(map(digits.field_of, look.schema), look.schema.metadata)


def _opened(
    path: str,
    options: TextOptions,
    block: int,
    types: Mapping[str, pa.DataType],
    include: Sequence[str] | None = None,
    header: Header | None = None,
) -> CSVStreamingReader:
    settings = csv_settings(separator_of(path, options.sep), block, types, include, header)
    return csv.open_csv(WholeLineEnds(open_bytes(path)), **settings)


def _wider(arrow_type: pa.DataType, value: str) -> pa.DataType:
    """Return the next type, of those that Arrow tries after this one, that a value fits."""
    tried: list[pa.DataType] = [
        *(pa.null(), pa.int64(), pa.bool_(), pa.date32(), pa.time32("s"), pa.timestamp("s"), pa.timestamp("ns")),
        *(pa.timestamp("s", "UTC"), pa.timestamp("ns", "UTC"), pa.float64(), pa.string(), pa.binary()),
    ]
    after = tried.index(arrow_type) + 1 if arrow_type in tried else len(tried) - 1
    cell = '"' + value.replace('"', '""') + '"'
    for wider in tried[after:-1]:
        settings = csv_settings(",", _BLOCK, {"x": wider})
        try:
            csv.read_csv(io.BytesIO(f"x,y\n{cell},1\n".encode("utf-8", "surrogateescape")), **settings)
        except pa.ArrowInvalid:
            continue
        return wider
    return tried[-1]


def _blocks(path: str, options: TextOptions, look: _Look, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read a csv file whose types are settled."""
    types = {each.name: each.type for each in schema}
    with reading(path, "csv"):  # it may be changed in the meantime
        last = None
        for batch in _opened(path, options, look.block, types, header=look.header):
            if last is not None:
                yield last
            last = pa.Table.from_batches([batch])
        if last is not None:
            refuse_open_quote(path, last)
            yield last

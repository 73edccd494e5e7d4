"""Text tables block by block: csv, lines of json and plain text, their kinds settled over all rows beforehand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidydl.data.readers.csv import (
    csv_fault,
    refuse_open_quote,
    separator_of,
    tell_of_decimal_commas,
    tell_of_one_column,
)
from tidydl.data.readers.csv_columns import (
    Header,
    ambiguous_numbers,
    csv_settings,
    header_apart,
    marked,
    numbers_with_commas,
    one_begins_with_zero,
)
from tidydl.data.readers.formats import TextOptions, head_of, open_bytes
from tidydl.data.readers.json import is_temporal, lines_table, read_json
from tidydl.data.readers.large_integers import large_numbers, large_of_texts, large_within
from tidydl.data.readers.line_ends import WholeLineEnds
from tidydl.data.readers.read_errors import damaged, empty_file, reading, refuse_other_bytes, refuse_other_encodings
from tidydl.errors import TidydlError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "InferredSchema",
    "csv_blocks",
    "infer_csv",
    "infer_json",
    "infer_text",
    "json_blocks",
    "text_blocks",
]

_BLOCK = 2**21  # bytes of text read at once
_LARGEST_BLOCK = 2**31 - 1
_LINES = 8192
_UNFIT = re.compile(r"CSV column #(\d+):.*?(?:zone offset in '([^']*)'|invalid value '(.*)')", re.DOTALL)


@dataclass(frozen=True)
class InferredSchema:
    """What one look at all rows told; or the rows themselves, of json that can only be read whole."""

    schema: pa.Schema
    rows: int
    nullable: frozenset[str] = frozenset()
    table: pa.Table | None = None
    block: int = _BLOCK
    header: Header | None = None


def infer_csv(path: str, options: TextOptions) -> InferredSchema:
    """Settle the kinds of a csv file: those Arrow infers over whole columns, found block by block.

    Types are inferred from the first block. Where a later value does not fit, the column takes the next type that the
    value fits, in the order in which Arrow tries them, and the look begins anew.
    """
    import pyarrow as pa

    separator_of(path, options.sep)
    if not head_of(path, "csv"):
        raise empty_file(path, "A csv file with a header line.")
    types = dict.fromkeys(options.texts or (), pa.string())
    header: Header | None = None
    block = _BLOCK
    schema: pa.Schema | None = None
    while True:
        try:
            reader = _csv_reader(path, options, block, types, header=header)
            schema = reader.schema
            if header is None and (header := header_apart(path, reader.schema.names, open_bytes)) is not None:
                continue
            nulls, rows, large, commas = [0] * len(reader.schema), 0, set(), None
            for batch in reader:
                rows += batch.num_rows
                nulls = [known + column.null_count for known, column in zip(nulls, batch.columns, strict=True)]
                large.update(large_numbers(batch))
                commas = numbers_with_commas(batch, commas)
            break
        except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
            if isinstance(error, TidydlError):
                raise
            if "straddl" in str(error) and block < _LARGEST_BLOCK:  # a row longer than the block
                block = min(8 * block, _LARGEST_BLOCK)
                continue
            unfit = _UNFIT.search(str(error))
            if unfit is None or schema is None:
                raise csv_fault(path, options.sep, error) from error
            unfitting = schema.field(int(unfit[1]))
            types[unfitting.name] = _wider(types.get(unfitting.name, unfitting.type), unfit[2] or unfit[3])
    if len(reader.schema) == 1:
        tell_of_one_column(path, options.sep)
    refuse_other_encodings(reader.schema, path)
    tell_of_decimal_commas(path, options, commas or ())
    nullable = frozenset(n for n, count in zip(reader.schema.names, nulls, strict=True) if count)
    known = InferredSchema(reader.schema, rows, nullable, block=block, header=header)
    return replace(known, schema=_with_digits(path, options, known, large))


def _with_digits(path: str, options: TextOptions, known: InferredSchema, large: set[str]) -> pa.Schema:
    """Read columns of numbers that would lose digits as another kind, which a look at their text tells."""
    import pyarrow as pa

    schema = known.schema
    doubtful = ambiguous_numbers(schema, large, lambda: open_bytes(path), separator_of(path, options.sep))
    if not doubtful:
        return schema
    identifiers: set[str] = set()
    kinds: dict[str, pa.DataType | None] = dict.fromkeys(large, pa.uint64())
    texts = dict.fromkeys(doubtful, pa.string())
    for batch in _csv_reader(path, options, known.block, texts, doubtful, known.header):
        for name in [name for name in doubtful if name not in identifiers]:
            column = pa.chunked_array([batch.column(name)])
            if one_begins_with_zero(column):
                identifiers.add(name)
            elif kinds.get(name) is not None:
                kept = large_of_texts(column)
                if kept is None or kept.type != pa.uint64():
                    kinds[name] = None if kept is None else pa.string()
    for index, each in enumerate(schema):
        kind = kinds.get(each.name)
        if each.name in identifiers:
            schema = schema.set(index, marked(each))
        elif kind is not None:
            schema = schema.set(index, each.with_type(kind))
    return schema


def _csv_reader(
    path: str,
    options: TextOptions,
    block: int,
    types: Any,
    include: Sequence[str] | None = None,
    header: Header | None = None,
) -> Any:
    from pyarrow import csv

    settings = csv_settings(separator_of(path, options.sep), block, types, include, header)
    return csv.open_csv(WholeLineEnds(open_bytes(path)), **settings)


def _wider(kind: pa.DataType, value: str) -> pa.DataType:
    """Return the next type, of those that Arrow tries after this one, that a value fits."""
    import pyarrow as pa
    from pyarrow import csv

    tried: list[pa.DataType] = [
        *(pa.null(), pa.int64(), pa.bool_(), pa.date32(), pa.time32("s"), pa.timestamp("s"), pa.timestamp("ns")),
        *(pa.timestamp("s", "UTC"), pa.timestamp("ns", "UTC"), pa.float64(), pa.string(), pa.binary()),
    ]
    after = tried.index(kind) + 1 if kind in tried else len(tried) - 1
    cell = '"' + value.replace('"', '""') + '"'
    for wider in tried[after:-1]:
        settings = csv_settings(",", _BLOCK, {"x": wider})
        try:
            csv.read_csv(io.BytesIO(f"x,y\n{cell},1\n".encode("utf-8", "surrogateescape")), **settings)
        except pa.ArrowInvalid:
            continue
        return wider
    return tried[-1]


def csv_blocks(path: str, options: TextOptions, known: InferredSchema) -> Iterator[pa.Table]:
    """Read a csv file whose kinds are settled."""
    import pyarrow as pa

    types = {each.name: each.type for each in known.schema}
    with reading(path, "csv"):  # it may be changed in the meantime
        last = None
        for batch in _csv_reader(path, options, known.block, types, header=known.header):
            if last is not None:
                yield last
            last = pa.Table.from_batches([batch])
        if last is not None:
            refuse_open_quote(path, last)
            yield last


def infer_json(path: str, options: TextOptions) -> InferredSchema:
    """Settle the kinds of lines of json; of json in another form, which has no lines to read by, give the table."""
    import pyarrow as pa

    if not head_of(path, "json"):
        raise empty_file(path, "Records: one JSON object per line, or an array of them.")
    if options.field is not None or not _has_lines(path):
        return InferredSchema(pa.schema([]), 0, table=read_json(path, options))
    fields: dict[str, pa.Field] = {}
    absent: dict[str, int] = {}
    rows = 0
    try:
        for block in _json_tables(path, None):
            if large_numbers(block) or large_within(block):  # whose kind only all of them tell
                return InferredSchema(pa.schema([]), 0, table=read_json(path, options))
            for each, column in zip(block.schema, block.columns, strict=True):
                fields[each.name] = _merged(fields.get(each.name), each)
                absent[each.name] = absent.get(each.name, rows) + column.null_count
            for name in set(fields) - set(block.schema.names):
                absent[name] += block.num_rows
            rows += block.num_rows
    except (pa.ArrowException, ValueError, RecursionError):  # it says best what is wrong when it is read whole
        return InferredSchema(pa.schema([]), 0, table=read_json(path, options))
    except OSError as error:
        raise damaged(path, "json", error) from error
    nullable = frozenset(name for name, count in absent.items() if count)
    return InferredSchema(pa.schema(list(fields.values())), rows, nullable)


def _has_lines(path: str) -> bool:
    """Return whether a file holds one object a line, and several of them."""
    try:
        with open_bytes(path) as stream:
            lines = io.BufferedReader(stream)
            first, second = lines.readline(), lines.readline()
        return isinstance(json.loads(first), dict) and bool(second.strip())
    except OSError as error:
        raise damaged(path, "json", error) from error
    except (ValueError, RecursionError):
        return False


def _merged(known: pa.Field | None, other: pa.Field) -> pa.Field:
    """Return the kind that both blocks have: timestamps of different kinds the wider, or else text."""
    import pyarrow as pa

    if known is None or known.type == other.type:
        return other
    if is_temporal(known.type) and is_temporal(other.type):
        zones = {getattr(each.type, "tz", None) for each in (known, other)}
        unit = "ns" if "ns" in (getattr(each.type, "unit", None) for each in (known, other)) else "s"
        return pa.field(other.name, pa.timestamp(unit, zones.pop()) if len(zones) == 1 else pa.string())
    if pa.string() in (known.type, other.type) and (is_temporal(known.type) or is_temporal(other.type)):
        return pa.field(other.name, pa.string())
    return pa.unify_schemas([pa.schema([known]), pa.schema([other])], promote_options="permissive").field(0)


def json_blocks(path: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read lines of json whose kinds are settled."""
    import pyarrow as pa

    with reading(path, "json"):
        for block in _json_tables(path, schema):
            absent = [each for each in schema if each.name not in block.schema.names]
            for each in absent:
                block = block.append_column(each, pa.nulls(block.num_rows, each.type))
            yield block.select(schema.names)


def _json_tables(path: str, schema: pa.Schema | None) -> Iterator[pa.Table]:
    with open_bytes(path) as stream:
        lines = io.BufferedReader(stream)
        above = 0
        while held := lines.readlines(_BLOCK):
            content = b"".join(held)
            refuse_other_bytes(path, content, "json", above)
            content = content if above else content.removeprefix(b"\xef\xbb\xbf")
            above += len(held)
            if content.strip():
                yield lines_table(content, schema)


def infer_text(path: str) -> InferredSchema:
    """Count the lines of plain text."""
    import pyarrow as pa

    head_of(path, "text")
    return InferredSchema(pa.schema([("text", pa.string())]), sum(block.num_rows for block in text_blocks(path)))


def text_blocks(path: str) -> Iterator[pa.Table]:
    """Read plain text, a row a line."""
    import pyarrow as pa

    with reading(path, "text"), open_bytes(path) as stream:
        lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig")
        held: list[str] = []
        for line in lines:
            held.append(line.rstrip("\n"))
            if len(held) == _LINES:
                yield pa.table({"text": pa.array(held, pa.string())})
                held = []
        if held:
            yield pa.table({"text": pa.array(held, pa.string())})

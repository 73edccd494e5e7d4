"""Text tables block by block: csv, lines of json and plain text, their kinds settled over all rows beforehand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.data.reading import (
    READERS,
    TextOptions,
    csv_settings,
    damaged,
    json_settings,
    open_bytes,
    refuse_other_encodings,
    refuse_other_separator,
    separator_of,
)
from tidydl.errors import DamagedFileError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Settled",
    "csv_blocks",
    "json_blocks",
    "settled_csv",
    "settled_json",
    "settled_text",
    "text_blocks",
]

_BLOCK = 2**21  # bytes of text read at once
_LINES = 8192
_UNFIT = re.compile(r"CSV column #(\d+):.*?invalid value '(.*)'", re.DOTALL)


@dataclass(frozen=True)
class Settled:
    """What one look at all rows told; or the rows themselves, of json that can only be read whole."""

    schema: pa.Schema
    rows: int
    nullable: frozenset[str] = frozenset()
    table: pa.Table | None = None


def settled_csv(path: str, options: TextOptions) -> Settled:
    """Settle the kinds of a csv file: those Arrow infers over whole columns, found block by block.

    Types are inferred from the first block. Where a later value does not fit, the column takes the next type that the
    value fits, in the order in which Arrow tries them, and the look begins anew.
    """
    import pyarrow as pa

    if Path(path).stat().st_size == 0:
        raise DamagedFileError(f"`path` '{path}' is an empty file.", allowed="A csv file with a header line.")
    types: dict[str, pa.DataType] = {}
    while True:
        reader = None
        try:
            reader = _csv_reader(path, options, types)
            nulls, rows = [0] * len(reader.schema), 0
            for batch in reader:
                rows += batch.num_rows
                nulls = [known + batch.column(k).null_count for k, known in enumerate(nulls)]
            break
        except pa.ArrowInvalid as error:
            unfit = _UNFIT.search(str(error))
            if unfit is None or reader is None:
                refuse_other_separator(path, options.sep, separator_of(path, options.sep))
                raise damaged(path, "csv", error) from error
            name = reader.schema.names[int(unfit[1])]
            types[name] = _wider(reader.schema.field(int(unfit[1])).type, unfit[2])
    if len(reader.schema) == 1:
        refuse_other_separator(path, options.sep, separator_of(path, options.sep))
    refuse_other_encodings(reader.schema, path)
    names = reader.schema.names
    return Settled(reader.schema, rows, frozenset(n for n, count in zip(names, nulls, strict=True) if count))


def _csv_reader(path: str, options: TextOptions, types: Any) -> Any:
    from pyarrow import csv

    return csv.open_csv(open_bytes(path), **csv_settings(separator_of(path, options.sep), _BLOCK, types))


def _wider(kind: pa.DataType, value: str) -> pa.DataType:
    """Give the next type, of those that Arrow tries after this one, that a value fits."""
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


def csv_blocks(path: str, options: TextOptions, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read a csv file whose kinds are settled."""
    import pyarrow as pa

    types = {each.name: each.type for each in schema}
    try:
        for batch in _csv_reader(path, options, types):
            yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:  # it was changed in the meantime
        raise damaged(path, "csv", error) from error


def settled_json(path: str, options: TextOptions) -> Settled:
    """Settle the kinds of lines of json; of json in another form, which has no lines to read by, give the table."""
    import pyarrow as pa

    if options.field is not None or not _has_lines(path):
        return Settled(pa.schema([]), 0, table=READERS["json"](path, options))
    fields: dict[str, pa.Field] = {}
    absent: dict[str, int] = {}
    rows = 0
    try:
        for block in _json_tables(path, None):
            for each in block.schema:
                fields[each.name] = _merged(fields.get(each.name), each)
                absent[each.name] = absent.get(each.name, rows) + block.column(each.name).null_count
            for name in set(fields) - set(block.schema.names):
                absent[name] += block.num_rows
            rows += block.num_rows
    except (pa.ArrowException, ValueError):  # it says best what is wrong when it is read whole
        return Settled(pa.schema([]), 0, table=READERS["json"](path, options))
    nullable = frozenset(name for name, count in absent.items() if count)
    return Settled(pa.schema(list(fields.values())), rows, nullable)


def _has_lines(path: str) -> bool:
    """Say whether a file holds one object a line, and several of them."""
    with open_bytes(path) as stream:
        lines = io.BufferedReader(stream)
        first, second = lines.readline(), lines.readline()
    try:
        return isinstance(json.loads(first), dict) and bool(second.strip())
    except ValueError:
        return False


def _merged(known: pa.Field | None, other: pa.Field) -> pa.Field:
    """Give the kind that both blocks have; text that looked like moments in one of them is text."""
    import pyarrow as pa

    if known is None or known.type == other.type:
        return other
    text = {str(known.type), str(other.type)} & {"string"}
    if text and (pa.types.is_timestamp(known.type) or pa.types.is_timestamp(other.type)):
        return pa.field(other.name, pa.string())
    return pa.unify_schemas([pa.schema([known]), pa.schema([other])], promote_options="permissive").field(0)


def json_blocks(path: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read lines of json whose kinds are settled."""
    import pyarrow as pa

    try:
        for block in _json_tables(path, schema):
            absent = [each for each in schema if each.name not in block.schema.names]
            for each in absent:
                block = block.append_column(each, pa.nulls(block.num_rows, each.type))
            yield block.select(schema.names)
    except pa.ArrowException as error:
        raise damaged(path, "json", error) from error


def _json_tables(path: str, schema: pa.Schema | None) -> Iterator[pa.Table]:
    from pyarrow import json as arrow_json

    with open_bytes(path) as stream:
        lines = io.BufferedReader(stream)
        start = True
        while held := lines.readlines(_BLOCK):
            content = b"".join(held)
            content = content.removeprefix(b"\xef\xbb\xbf") if start else content
            start = False
            if content.strip():
                yield arrow_json.read_json(io.BytesIO(content), **json_settings(len(content), schema))


def settled_text(path: str) -> Settled:
    """Count the lines of plain text."""
    import pyarrow as pa

    return Settled(pa.schema([("text", pa.string())]), sum(block.num_rows for block in text_blocks(path)))


def text_blocks(path: str) -> Iterator[pa.Table]:
    """Read plain text, a row a line."""
    import pyarrow as pa

    try:
        with open_bytes(path) as stream:
            lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig")
            held: list[str] = []
            for line in lines:
                held.append(line.rstrip("\n"))
                if len(held) == _LINES:
                    yield pa.table({"text": pa.array(held, pa.string())})
                    held = []
            if held:
                yield pa.table({"text": pa.array(held, pa.string())})
    except (UnicodeDecodeError, OSError) as error:
        raise damaged(path, "text", error) from error

"""Records of json as Arrow reads them: one object a line, with dates, timestamps and whole numbers as in csv."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.data.arrow.nested import in_one
from tidydl.data.readers.csv_columns import named_apart
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, head_of, open_bytes, refuse, suffix_of
from tidydl.data.readers.json_names import check_names
from tidydl.data.readers.large_integers import holds_large, large_numbers, large_within, whole_numbers
from tidydl.data.readers.read_errors import empty_file, reading, refuse_other_bytes
from tidydl.errors import ArgumentError, DataError, unknown_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_temporal", "json_table", "lines_table", "read_json", "timestamps"]

_BY_LINE = (".jsonl", ".ndjson")
_RECORDS = "Records: one JSON object per line, or an array of them."
_LARGEST_BLOCK = 2**31 - 1
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d|$)")
_STRIDE = 2**16  # bytes that stay near the processor
_DEEPEST = 200  # levels of nesting
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # one that does not end goes to the end
_SPACE = re.compile(r"[ \t\n\r]*")


def json_table(content: bytes, field: str | None = None, *, by_line: bool = False) -> pa.Table:
    """Read records: one object a line, or an array of them, in a larger object named by ``field``.

    A lone object may be the columns of several records, but where there is one a line (``by_line``).
    """
    import pyarrow as pa

    lines = content if by_line and field is None and content.lstrip()[:1] == b"{" else _as_lines(content, field)
    if not lines.strip():
        return pa.table({})
    try:
        table = lines_table(lines)
    except pa.ArrowInvalid as error:
        if "specified twice" not in str(error):
            raise
        lines = _written(list(_records_in(lines.decode())))
        table = lines_table(lines)
    large, within = large_numbers(table), large_within(table)
    records = list(_records_in(lines.decode())) if large or within else []
    for name in large:
        kept = whole_numbers([record.get(name) for record in records])
        if kept is not None:
            table = table.set_column(table.schema.get_field_index(name), name, kept)
    for name in within:
        if any(holds_large(record.get(name)) for record in records):
            raise DataError(
                f"Column '{name}' has integers beyond 64 bits in its lists or objects, which would lose digits.",
                allowed="Such integers in separate columns, or as text.",
                hint="Write them in quotes.",
            )
    return table


def lines_table(lines: bytes, schema: pa.Schema | None = None) -> pa.Table:
    """Read lines of json; dates and timestamps have the kinds of a schema, or else those that csv would have."""
    import pyarrow as pa

    _check_depth(lines)
    if schema is not None:
        table = _parsed(lines, pa.schema([each.with_type(_as_texts(each.type)) for each in schema]))
        for each in schema:
            position = table.schema.get_field_index(each.name)
            table = table.set_column(position, each.name, table.column(position).cast(each.type))
        return table
    check_names(lines)
    table = _parsed(lines)
    told = pa.schema([each.with_type(_as_texts(each.type)) for each in table.schema])
    told = pa.schema([each for each, read in zip(told, table.schema, strict=True) if each.type != read.type])
    written = _parsed(lines, told, "ignore") if len(told) else table
    for position, each in enumerate(table.schema):
        column = written.column(each.name) if each.name in told.names else table.column(position)
        made = _with_timestamps(column, each.type)
        if made.type != each.type:
            table = table.set_column(position, each.name, made)
    return table


def _check_depth(lines: bytes) -> None:
    """Refuse values that are nested so deeply that Arrow would take hours for them.

    Raises
    ------
    RecursionError
        They are.
    """
    if (
        _at_most(lines) > _DEEPEST and _depth(lines) > _DEEPEST and _depth(_STRING.sub(b"", lines)) > _DEEPEST
    ):  # brackets in texts open nothing
        raise RecursionError(f"more than {_DEEPEST} levels")


def _at_most(lines: bytes) -> int:
    """Return a number that the depth cannot be above, quickly: an object that follows another nests nothing."""
    import numpy as np

    most = 0
    for start in range(0, len(lines), _STRIDE):
        letters = np.frombuffer(lines, np.uint8, min(_STRIDE, len(lines) - start), start) | 0x20  # "[" becomes "{"
        opened, closed = letters == ord("{"), letters == ord("}")
        most += int(np.count_nonzero(opened) - np.count_nonzero(opened[2:] & closed[:-2]))
    return most


def _depth(lines: bytes) -> int:
    """Return how many brackets are open at once at most."""
    import numpy as np

    brackets = np.frombuffer(lines.translate(None, _NO_BRACKETS), np.uint8)
    steps = np.where((brackets == ord("[")) | (brackets == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _as_texts(kind: pa.DataType) -> pa.DataType:
    """Return a type whose dates and timestamps are text, in lists and structures too."""
    import pyarrow as pa

    if is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_as_texts(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([each.with_type(_as_texts(each.type)) for each in kind])
    return kind


def _with_timestamps(values: pa.ChunkedArray, read: pa.DataType) -> pa.ChunkedArray:
    """Build the dates and timestamps of texts that Arrow reads as such, and of timestamps with parts of a second."""
    import pyarrow as pa

    if is_temporal(read):
        return timestamps(values)
    if pa.types.is_string(read):  # for which Arrow takes those
        return timestamps(values) if _begins_with_timestamp(values) else values
    if pa.types.is_struct(read):
        whole = in_one(values)
        parts = [_with_timestamps(pa.chunked_array([whole.field(k)]), each.type) for k, each in enumerate(read)]
        held = [in_one(part) for part in parts]
        return pa.chunked_array([pa.StructArray.from_arrays(held, [each.name for each in read], mask=whole.is_null())])
    if pa.types.is_list(read):
        whole = in_one(values)
        held = in_one(_with_timestamps(pa.chunked_array([whole.values]), read.value_type))
        return pa.chunked_array([pa.ListArray.from_arrays(whole.offsets, held, mask=whole.is_null())])
    return values


def _parsed(lines: bytes, schema: pa.Schema | None = None, others: str = "infer") -> pa.Table:
    """Read lines in one block, so that types are those of all of them."""
    from pyarrow import json as arrow_json

    return arrow_json.read_json(
        io.BytesIO(lines),
        read_options=arrow_json.ReadOptions(block_size=min(len(lines) + 1, _LARGEST_BLOCK)),
        parse_options=arrow_json.ParseOptions(
            newlines_in_values=True, explicit_schema=schema, unexpected_field_behavior=others
        ),
    )


def is_temporal(kind: pa.DataType) -> bool:
    """Return whether values are dates or timestamps."""
    import pyarrow as pa

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _begins_with_timestamp(texts: pa.ChunkedArray) -> bool:
    """Return whether the first text is a date or a timestamp."""
    first = next((each for chunk in texts.chunks for each in chunk if each.is_valid), None)
    return first is not None and _TIMESTAMP.match(first.as_py()) is not None


def timestamps(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make dates, timestamps or timestamps of a zone of texts: the first kind that all of them fit, in csv's order."""
    import pyarrow as pa

    kinds = [pa.date32(), *(pa.timestamp(unit, zone) for zone in (None, "UTC") for unit in ("s", "ns"))]
    head = texts.slice(0, 100)
    for kind in kinds:
        try:
            head.cast(kind)  # which fails at once where most do not fit
            return texts.cast(kind)
        except pa.ArrowInvalid:
            continue
    return texts


def _as_lines(content: bytes, field: str | None) -> bytes:
    """Return JSON as one object after the other, which is the form Arrow reads."""
    start = content.lstrip()[:1]
    if field is None and start == b"{":
        try:
            whole = json.loads(content, object_pairs_hook=_with_all_values)
        except ValueError:  # several objects, one a line
            return content
        if _is_table(whole):
            return _written(whole["data"])
        if _is_split(whole):
            return _written(_from_rows(whole))
        if _is_of_columns(whole):
            whole = {name: list(values.values()) for name, values in whole.items()}
        if not (whole and all(isinstance(value, list) for value in whole.values())):
            return content
        return _written(_from_columns(whole))
    if field is None and start == b"[":
        return b"\n".join(_elements(content.decode()))
    whole = json.loads(content, object_pairs_hook=_with_all_values)
    if field is not None:
        if not isinstance(whole, dict) or field not in whole:
            raise unknown_name("field", field, whole if isinstance(whole, dict) else [])
        whole = whole[field]
    return _written(whole)


def _is_table(whole: dict[str, Any]) -> bool:
    """Return whether records stand beside a description of them, as ``DataFrame.to_json(orient="table")`` writes."""
    if set(whole) != {"schema", "data"} or not isinstance(whole["schema"], dict) or "fields" not in whole["schema"]:
        return False
    return isinstance(whole["data"], list) and all(isinstance(record, dict) for record in whole["data"])


def _is_split(whole: dict[str, Any]) -> bool:
    """Return whether rows stand beside the names of their columns, as ``DataFrame.to_json(orient="split")`` writes."""
    if not {"columns", "data"} <= set(whole) <= {"columns", "index", "data"}:
        return False
    if not all(isinstance(each, list) for each in whole.values()):
        return False
    width, rows = len(whole["columns"]), whole["data"]
    indexed = len(whole.get("index", rows)) == len(rows)
    return indexed and all(isinstance(row, list) and len(row) == width for row in rows)


def _from_rows(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Make records of rows; an index that does more than count them is a column, as of parquet files."""
    names = named_apart(["" if name is None else str(name) for name in whole["columns"]])
    rows, index = whole["data"], whole.get("index")
    if index is None or index == list(range(len(rows))):
        return [dict(zip(names, row, strict=True)) for row in rows]
    names = ["level_0" if "index" in names else "index", *names]
    return [dict(zip(names, (label, *row), strict=True)) for label, row in zip(index, rows, strict=True)]


def _with_all_values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of all its values: a second x is x.1, as in csv files."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    return dict(zip(named_apart([name for name, _ in pairs]), [value for _, value in pairs], strict=True))


def _is_of_columns(whole: dict[str, Any]) -> bool:
    """Return whether each column is an object of values by row: "0", "1", …, as ``DataFrame.to_json()`` writes."""
    if not whole or not all(isinstance(values, dict) and values for values in whole.values()):
        return False
    rows = [str(row) for row in range(len(next(iter(whole.values()))))]
    return all(list(values) == rows for values in whole.values())


def _elements(text: str) -> Iterator[bytes]:
    """Yield the records of an array as they are written."""
    read = json.JSONDecoder().raw_decode
    position = _after(text, text.index("[") + 1)
    if text[position : position + 1] == "]":
        yield from _end_of(text, position)
        return
    while True:
        record, end = read(text, position)
        if not isinstance(record, dict):
            raise _no_records()
        yield text[position:end].encode()
        position = end if text[end : end + 1] in (",", "]") else _after(text, end)
        if text[position : position + 1] == "]":
            yield from _end_of(text, position)
            return
        if text[position : position + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
        position = _after(text, position + 1)


def _end_of(text: str, position: int) -> tuple[()]:
    """Refuse what comes after an array."""
    if text[position + 1 :].strip():
        raise json.JSONDecodeError("Extra data", text, position + 1)
    return ()


def _after(text: str, position: int) -> int:
    """Return the position after the space that begins here."""
    space = _SPACE.match(text, position)
    return position if space is None else space.end()


def _records_in(text: str) -> Iterator[dict[str, Any]]:
    read = json.JSONDecoder(object_pairs_hook=_with_all_values).raw_decode
    position = _after(text, 0)
    while position < len(text):
        record, end = read(text, position)
        yield record
        position = _after(text, end)


def _from_columns(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError("its columns differ in length")
    held = [value for values in columns.values() for value in values]
    if held and all(isinstance(value, dict) for value in held):
        raise ArgumentError(
            f"`field` is missing: the records are in {', '.join(repr(name) for name in columns)}.",
            hint=f"Add {rendering.argument('field', repr(next(iter(columns))))}.",
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _written(whole: Any) -> bytes:
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise _no_records()
    return b"\n".join(json.dumps(record).encode() for record in whole)


def _no_records() -> ValueError:
    return ValueError("it holds no records (objects with the same names)")


def read_json(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read records: one JSON object a line, or an array of them, in a larger object named by ``field``."""
    refuse("sep", options.sep, "json")
    if not head_of(path, "json"):
        raise empty_file(path, _RECORDS)
    with reading(path, "json"):
        with open_bytes(path) as stream:
            content = stream.read().removeprefix(b"\xef\xbb\xbf")
        if not content.strip():
            raise empty_file(path, _RECORDS)
        refuse_other_bytes(path, content, "json")
        table = json_table(content, options.field, by_line=suffix_of(Path(path)) in _BY_LINE)
    return chosen(table, columns).slice(0, limit)

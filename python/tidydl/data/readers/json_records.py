"""Records of json in the forms in which programs write them, brought into the one that Arrow reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tidydl import rendering
from tidydl.data.readers.csv_columns import named_apart
from tidydl.data.readers.json_lines import lines_table
from tidydl.data.readers.large_integers import holds_large, large_numbers, large_within, whole_numbers
from tidydl.errors import ArgumentError, DataError, unknown_name

_SPACE = re.compile(r"[ \t\n\r]*")


def json_table(content: bytes, field: str | None = None, *, by_line: bool = False) -> pa.Table:
    """Read records: one object a line, or an array of them, in a larger object named by ``field``.

    A lone object may be the columns of several records, but where there is one a line (``by_line``).
    """
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
    """Return rows as records; an index that does more than count them is a column, as of parquet files."""
    names = named_apart(["" if name is None else str(name) for name in whole["columns"]])
    rows, index = whole["data"], whole.get("index")
    if index is None or index == list(range(len(rows))):
        return [dict(zip(names, row, strict=True)) for row in rows]
    names = ["level_0" if "index" in names else "index", *names]
    return [dict(zip(names, (label, *row), strict=True)) for label, row in zip(index, rows, strict=True)]


def _with_all_values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of all its values: a second x is x.1, as in csv files."""
    record = dict(pairs)
    if len(record) == len(pairs):
        return record
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
    cells = [value for values in columns.values() for value in values]
    if cells and all(isinstance(value, dict) for value in cells):
        raise ArgumentError(
            f"`field` is missing: the records are in {', '.join(repr(name) for name in columns)}.",
            hint=f"Add {rendering.argument('field', repr(next(iter(columns))))}.",
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _written(whole: object) -> bytes:
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise _no_records()
    return b"\n".join(json.dumps(record).encode() for record in whole)


def _no_records() -> ValueError:
    return ValueError("it holds no records (objects with the same names)")

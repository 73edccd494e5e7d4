"""Lines of json as Arrow reads them: one object a line, with dates and timestamps as in csv."""

from __future__ import annotations

import io
import re

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from tidydl.data.arrow.nested import in_one
from tidydl.data.readers.json_names import check_names

_LARGEST_BLOCK = 2**31 - 1
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d|$)")
_STRIDE = 2**16  # bytes that stay near the processor
_DEEPEST = 200  # levels of nesting
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # one that does not end goes to the end


def lines_table(lines: bytes, schema: pa.Schema | None = None) -> pa.Table:
    """Read lines of json; dates and timestamps have the kinds of a schema, or else those that csv would have."""
    _check_depth(lines)
    if schema is not None:
        table = _parsed(lines, pa.schema([each.with_type(_as_texts(each.type)) for each in schema]))
        for each in schema:
            position = table.schema.get_field_index(each.name)
            table = table.set_column(position, each.name, table.column(position).cast(each.type))
        return table
    check_names(lines)
    table = _parsed(lines)
    text_schema = pa.schema([each.with_type(_as_texts(each.type)) for each in table.schema])
    text_schema = pa.schema(
        [each for each, read in zip(text_schema, table.schema, strict=True) if each.type != read.type]
    )
    written = _parsed(lines, text_schema, "ignore") if len(text_schema) else table
    for position, each in enumerate(table.schema):
        column = written.column(each.name) if each.name in text_schema.names else table.column(position)
        converted = _with_timestamps(column, each.type)
        if converted.type != each.type:
            table = table.set_column(position, each.name, converted)
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
    most = 0
    for start in range(0, len(lines), _STRIDE):
        letters = np.frombuffer(lines, np.uint8, min(_STRIDE, len(lines) - start), start) | 0x20  # "[" becomes "{"
        opened, closed = letters == ord("{"), letters == ord("}")
        most += int(np.count_nonzero(opened) - np.count_nonzero(opened[2:] & closed[:-2]))
    return most


def _depth(lines: bytes) -> int:
    """Return how many brackets are open at once at most."""
    brackets = np.frombuffer(lines.translate(None, _NO_BRACKETS), np.uint8)
    steps = np.where((brackets == ord("[")) | (brackets == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def _as_texts(arrow_type: pa.DataType) -> pa.DataType:
    """Return a type whose dates and timestamps are text, in lists and structures too."""
    if is_temporal(arrow_type):
        return pa.string()
    if pa.types.is_list(arrow_type):
        return pa.list_(arrow_type.value_field.with_type(_as_texts(arrow_type.value_type)))
    if pa.types.is_struct(arrow_type):
        return pa.struct([each.with_type(_as_texts(each.type)) for each in arrow_type])
    return arrow_type


def _with_timestamps(values: pa.ChunkedArray, read: pa.DataType) -> pa.ChunkedArray:
    """Build the dates and timestamps of texts that Arrow reads as such, and of timestamps with parts of a second."""
    if is_temporal(read):
        return timestamps(values)
    if pa.types.is_string(read):  # for which Arrow takes those
        return timestamps(values) if _begins_with_timestamp(values) else values
    if pa.types.is_struct(read):
        whole = in_one(values)
        parts = [_with_timestamps(pa.chunked_array([whole.field(k)]), each.type) for k, each in enumerate(read)]
        arrays = [in_one(part) for part in parts]
        return pa.chunked_array(
            [pa.StructArray.from_arrays(arrays, [each.name for each in read], mask=whole.is_null())]
        )
    if pa.types.is_list(read):
        whole = in_one(values)
        inner = in_one(_with_timestamps(pa.chunked_array([whole.values]), read.value_type))
        return pa.chunked_array([pa.ListArray.from_arrays(whole.offsets, inner, mask=whole.is_null())])
    return values


def _parsed(lines: bytes, schema: pa.Schema | None = None, others: str = "infer") -> pa.Table:
    """Read lines in one block, so that types are those of all of them."""
    return arrow_json.read_json(
        io.BytesIO(lines),
        read_options=arrow_json.ReadOptions(block_size=min(len(lines) + 1, _LARGEST_BLOCK)),
        parse_options=arrow_json.ParseOptions(
            newlines_in_values=True, explicit_schema=schema, unexpected_field_behavior=others
        ),
    )


def is_temporal(arrow_type: pa.DataType) -> bool:
    """Return whether values are dates or timestamps."""
    return bool(pa.types.is_timestamp(arrow_type) or pa.types.is_date(arrow_type))


def _begins_with_timestamp(texts: pa.ChunkedArray) -> bool:
    """Return whether the first text is a date or a timestamp."""
    first = next((each for chunk in texts.chunks for each in chunk if each.is_valid), None)
    return first is not None and _TIMESTAMP.match(first.as_py()) is not None


def timestamps(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert texts to dates or timestamps: the first type that fits all of them, in the order of csv."""
    arrow_types = [pa.date32(), *(pa.timestamp(unit, zone) for zone in (None, "UTC") for unit in ("s", "ns"))]
    head = texts.slice(0, 100)
    for arrow_type in arrow_types:
        try:
            head.cast(arrow_type)  # which fails at once where most do not fit
            return texts.cast(arrow_type)
        except pa.ArrowInvalid:
            continue
    return texts

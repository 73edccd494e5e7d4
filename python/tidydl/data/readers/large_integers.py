"""Whole numbers beyond 64 bits, such as identifiers: a column of doubles would lose their last digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_WHOLE = r"^-?[0-9]+$"
_LONG = r"[0-9]{16}"  # digits, of which a double keeps fewer
_WHOLE_OR_NONE = r"^(?i:[+-]?([0-9]+|nan|inf|infinity))$"


def large_numbers(table: pa.Table | pa.RecordBatch, least: float = 2.0**63) -> list[str]:
    """Name the columns of doubles that may hold whole numbers of which doubles would lose digits: of ``least`` on."""
    names = table.schema.names
    doubles = [k for k, each in enumerate(table.schema) if pa.types.is_float64(each.type)]
    return [names[k] for k in doubles if _is_large(table.column(k), least) and names.count(names[k]) == 1]


def large_within(table: pa.Table) -> list[str]:
    """Name the columns with such numbers in their lists and structures."""
    return [
        name
        for name, column in zip(table.schema.names, table.columns, strict=True)
        if any(_is_large(leaf) for chunk in column.chunks for leaf in _doubles_within(chunk))
    ]


def _doubles_within(values: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_struct(values.type):
        parts = values.flatten()
    elif hasattr(values, "flatten") and pa.types.is_nested(values.type):
        parts = [values.flatten()]
    else:
        parts = []
    for part in parts:
        if pa.types.is_float64(part.type):
            yield part
        yield from _doubles_within(part)


def holds_large(value: object) -> bool:
    """Return whether a whole number beyond int64 is somewhere in lists and dictionaries."""
    if isinstance(value, Mapping):
        return any(map(holds_large, value.values()))
    if isinstance(value, list):
        return any(map(holds_large, value))
    return type(value) is int and not -(2**63) <= value < 2**63


def _is_large(column: pa.Array | pa.ChunkedArray, least: float = 2.0**63) -> bool:
    first = column[0].as_py() if len(column) else None
    if first is not None and isfinite(first) and not first.is_integer():  # as most columns are told at once
        return False
    ends = [end.as_py() for end in pc.min_max(column).values()]
    if None in ends or max(map(abs, ends)) < least:  # an infinite one may have had more digits than a double holds
        return False
    return bool(pc.all(pc.or_(pc.is_nan(column), pc.equal(pc.floor(column), column))).as_py())


def whole_numbers(values: Sequence[Any]) -> pa.Array | None:
    """Return whole numbers of any size as unsigned ones where they fit, else as text; None where others are among."""
    if any(type(value) is not int for value in values if value is not None):
        return None
    try:
        return pa.array(values, pa.uint64())
    except (OverflowError, pa.ArrowInvalid):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def large_of_texts(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray | None:
    """Return numbers that were read as texts: unsigned where they fit, else the texts; None if some are not whole.

    Missing values are whole, so that a part of a column without others does not decide.
    """
    if pc.all(pc.match_substring_regex(column, _WHOLE)).as_py() is False:
        are_whole = pc.all(pc.match_substring_regex(column, _WHOLE_OR_NONE)).as_py()
        return column if are_whole and pc.any(pc.match_substring_regex(column, _LONG)).as_py() else None
    try:
        return column.cast(pa.uint64())
    except pa.ArrowInvalid:
        return column

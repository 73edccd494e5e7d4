"""Timestamps and durations in lists and dictionaries, of which Arrow would keep microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa


def exact_array(values: Iterable[Any]) -> pa.Array:
    """Build an Arrow array of Python values, with nanoseconds where some need them."""
    values = list(values)
    made = pa.array(values, from_pandas=True)
    finer = _in_nanoseconds(made.type)
    if finer == made.type or any(map(_holds_arrays, values)):  # which have a unit of their own
        return made
    try:
        exact = pa.array(values, finer, from_pandas=True)
    except (pa.ArrowException, OverflowError):  # too far away for nanoseconds, or numpy's own
        return made
    try:
        exact.cast(made.type)
    except pa.ArrowInvalid:  # it would lose some
        return exact
    return made


def _holds_arrays(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_arrays, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_arrays, value))
    return hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0


def _in_nanoseconds(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("ns", kind.tz)
    if pa.types.is_duration(kind):
        return pa.duration("ns")
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_in_nanoseconds(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_in_nanoseconds(field.type)) for field in kind])
    return kind

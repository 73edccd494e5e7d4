"""Timestamps and durations in lists and dictionaries, of which Arrow would keep microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa


def exact_array(values: Iterable[Any]) -> pa.Array:
    """Build an Arrow array of Python values, with nanoseconds where some need them."""
    values = list(values)
    array = pa.array(values, from_pandas=True)
    finer = _in_nanoseconds(array.type)
    if finer == array.type or any(map(_holds_arrays, values)):  # which have a unit of their own
        return array
    try:
        exact = pa.array(values, finer, from_pandas=True)
    except (pa.ArrowException, OverflowError):  # too far away for nanoseconds, or numpy's own
        return array
    try:
        exact.cast(array.type)
    except pa.ArrowInvalid:  # it would lose some
        return exact
    return array


def _holds_arrays(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_arrays, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_arrays, value))
    return hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0


def _in_nanoseconds(arrow_type: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(arrow_type):
        return pa.timestamp("ns", arrow_type.tz)
    if pa.types.is_duration(arrow_type):
        return pa.duration("ns")
    if pa.types.is_list(arrow_type):
        return pa.list_(arrow_type.value_field.with_type(_in_nanoseconds(arrow_type.value_type)))
    if pa.types.is_struct(arrow_type):
        return pa.struct([field.with_type(_in_nanoseconds(field.type)) for field in arrow_type])
    return arrow_type

"""The very dtypes that a frame had when tidydl wrote it, as far as the values that are stored allow.

What a file notes may come from anywhere, and files that were bound hold more than the one that noted it: a note changes
what kind of column it is, and never a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

_AS_THEY_ARE = ("category", "image", "audio", "frames")
_TEXT = {"object", "str"}  # the kinds of text in pandas 2 and in pandas 3
_UNITS = ("s", "ms", "us", "ns")


def as_noted(
    frame: pd.DataFrame, notes: Mapping[str, Any], schema: pa.Schema, nullable: Collection[str] | None
) -> pd.DataFrame:
    """Return columns with the very dtypes that a frame of ours had when it was written."""
    noted = notes.get("dtypes", {}).items()
    dtypes = {name: dtype for name, dtype in noted if name in frame.columns and _opens_nothing(dtype)}
    if not dtypes or not frame.columns.is_unique:
        return frame
    for name, dtype in dtypes.items():
        column: Any = frame[name]
        about = notes.get("levels", {}).get(name)
        about = about if isinstance(about, dict) else {}
        if isinstance(column.dtype, pd.CategoricalDtype):
            levels = levels_again(column.cat.categories, about["dtype"]) if "dtype" in about else None
            renamed = column if levels is None else column.cat.rename_categories(levels)
            frame[name] = renamed.cat.as_ordered() if about.get("ordered") else renamed
        elif dtype == "array" and pa.types.is_list(schema.field(name).type):
            frame[name] = objects(_arrays(column, schema.field(name).type))
        elif str(column.dtype) == dtype or dtype in _AS_THEY_ARE or {str(column.dtype), dtype} == _TEXT:
            continue
        elif _fits(dtype, schema.field(name).type):
            frame[name] = _cast(column, dtype, column.hasnans if nullable is None else name in nullable)
    return frame


def _opens_nothing(dtype: object) -> bool:
    """Return whether a noted dtype is one that pandas makes without a file: a zone of dateutil may be any path."""
    return isinstance(dtype, str) and "dateutil" not in dtype


def _fits(dtype: str, stored: pa.DataType) -> bool:
    """Return whether a dtype that encode() may have noted holds every value of a stored type as it is."""
    try:
        noted: Any = pd.api.types.pandas_dtype(dtype)
    except (TypeError, ValueError, NotImplementedError):
        return False
    if isinstance(noted, pd.ArrowDtype):
        return bool(noted.pyarrow_dtype == stored or (_is_text(noted.pyarrow_dtype) and _is_text(stored)))
    if isinstance(noted, (pd.PeriodDtype, pd.IntervalDtype, pd.StringDtype)):
        return _is_text(stored)
    if noted == np.dtype(object):
        return True
    if isinstance(noted, pd.DatetimeTZDtype):
        return pa.types.is_timestamp(stored) and stored.tz is not None and _is_as_fine(noted.unit, stored)
    noted = getattr(noted, "numpy_dtype", noted)
    return isinstance(noted, np.dtype) and _fits_numpy(noted, stored)


def _fits_numpy(noted: np.dtype, stored: pa.DataType) -> bool:
    is_ = pa.types
    if is_.is_null(stored):
        return noted.kind in "biufmM"
    if noted.kind == "b":
        return bool(is_.is_boolean(stored))  # else every other value were true
    if noted.kind == "M":
        plain = is_.is_date(stored) or (is_.is_timestamp(stored) and stored.tz is None)
        return plain and _is_as_fine(np.datetime_data(noted)[0], stored)
    if noted.kind == "m":
        return is_.is_duration(stored) and _is_as_fine(np.datetime_data(noted)[0], stored)
    if noted.kind not in "iuf" or not (is_.is_integer(stored) or is_.is_floating(stored)):
        return False
    if noted == np.float16:  # which is stored as float32
        return bool(is_.is_float32(stored) or is_.is_float16(stored))
    stored_dtype = np.dtype(stored.to_pandas_dtype())
    if noted.kind == "f" and stored_dtype.kind in "iu" and stored_dtype.itemsize == 8:  # numpy calls that safe
        return False
    return np.can_cast(stored_dtype, noted, "safe")


def _is_as_fine(unit: str, stored: pa.DataType) -> bool:
    """Return whether a unit of time tells what is stored apart; parquet keeps seconds as milliseconds."""
    stored_unit = getattr(stored, "unit", "s")
    return unit in _UNITS and _UNITS.index(unit) >= _UNITS.index("s" if stored_unit == "ms" else stored_unit)


def _is_text(arrow_type: pa.DataType) -> bool:
    return str(arrow_type) in ("string", "large_string", "string_view")


def levels_again(names: pd.Index[Any], dtype: str) -> pd.Index[Any] | None:
    """Return levels of another dtype by their names as text; None where their text does not tell them."""
    if not _opens_nothing(dtype):
        return None
    if dtype in ("bool", "boolean"):  # every text that is not empty were true
        values = {"True": True, "False": False}
        return pd.Index([values[name] for name in names], dtype=dtype) if set(names) <= set(values) else None
    try:
        levels = pd.Index(names.astype(dtype))
        round_trips = [str(each) for each in levels] == list(names)
    except (TypeError, ValueError, NotImplementedError, OverflowError):
        return None
    return levels if round_trips and not isinstance(levels, pd.CategoricalIndex) else None


def _arrays(lists: Iterable[Any], arrow_type: pa.DataType) -> list[Any]:
    """Make arrays of lists; one without values has the kind of the others."""
    inner = arrow_type.value_type if pa.types.is_list(arrow_type) else pa.null()
    timed = pa.types.is_duration(inner) or (pa.types.is_timestamp(inner) and inner.tz is None)
    typed = timed or pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_boolean(inner)
    nothing = np.array([], inner.to_pandas_dtype() if typed else float)

    def array_of(value: Sequence[Any]) -> np.ndarray:
        if not len(value):
            return nothing.copy()
        return pd.Series(value, dtype=nothing.dtype).to_numpy() if timed else np.array(value)

    return [None if value is None else array_of(value) for value in lists]


def _cast(column: Any, dtype: str, lacks: bool) -> Any:
    """Return a column with another dtype where it fits; a part of the data may lack what the whole had."""
    if dtype == "object":  # nothing was known of the values where there were none
        return column.astype(object).where(column.notna(), None)
    nullable = {"int": "Int", "uint": "UInt", "bool": "boolean"}
    if lacks and (stem := dtype.rstrip("0123456789")) in nullable:
        dtype = nullable[stem] if stem == "bool" else nullable[stem] + dtype[len(stem) :]
    try:
        converted = column.astype(dtype)
    except (TypeError, ValueError, NotImplementedError):
        return column
    if dtype.startswith(("period", "interval")):  # which are stored as text
        return converted if converted.astype("str").where(converted.notna(), None).equals(column) else column
    return converted


def objects(values: list[Any]) -> pd.Series:
    """Return a column of objects, each of which may be a list."""
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):  # one by one, since a value may be a list
        array[index] = value
    return pd.Series(array, dtype=object)

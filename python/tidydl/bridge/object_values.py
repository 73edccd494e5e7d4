"""What objects of Python give R: plain values at once, frames and arrays as records, all else as the object.

A plain value is one that reticulate converts the same in every version: text, numbers, logicals, None, and lists,
tuples and dicts of those. What else R has a type for is a record; a list that holds both is a record, its items too.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import numpy as np

from tidydl.bridge.encode import encode
from tidydl.bridge.text import REPLACEMENT, Repairs
from tidydl.bridge.vectors import Record

_LARGEST = 2**31 - 1
_LONG = 1000  # values of a list from which on one record is faster than reticulate
_SCALARS = (bool, int, float, str)
_TIMES = (dt.date, dt.timedelta)


class _NotPlainError(Exception):
    """Raised where a value has to cross as a record or as the object that it is."""


def crossing(value: object, repairs: Repairs) -> tuple[str, Any]:
    """Return how a value crosses to R, ``"value"``, ``"record"`` or ``"object"``, and what crosses."""
    try:
        return "value", _plain(value)
    except _NotPlainError:
        record = _record(value, repairs)
    return ("object", value) if record["kind"] == "object" else ("record", record)


def knows_inputs(value: object) -> bool:
    """Return whether it is a result of a pipeline of a course, which knows its inputs."""
    return hasattr(type(value), "tidy") and hasattr(type(value), "inputs")


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _of_r(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        return value if abs(value) <= _LARGEST else float(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return _plain(value.item())
    if kind is dict or (knows_inputs(value) and isinstance(value, dict)):
        return {str(key): _plain(each) for key, each in value.items()}
    if kind is tuple:
        return tuple(map(_plain, value))
    if isinstance(value, list):
        return _plain_list(value)
    if isinstance(value, str):
        return _of_r(str(value.value if isinstance(value, enum.Enum) else value))
    raise _NotPlainError


def _plain_list(values: list[Any]) -> list[Any]:
    kinds = set(map(type, values))
    if len(kinds) > 1 and kinds <= {int, float}:
        return [float(value) for value in values]
    if kinds <= {*_SCALARS, type(None)} and (len(values) > _LONG or type(None) in kinds) and _one_kind(kinds):
        raise _NotPlainError
    return [_plain(value) for value in values]


def _one_kind(kinds: set[type]) -> bool:
    present = kinds - {type(None)}
    return len(present) == 1 or (bool(present) and present <= {int, float})


def _of_r(text: str) -> str:
    """Return text without what ends it in R."""
    text = text.replace("\0", REPLACEMENT) if "\0" in text else text
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _record(value: Any, repairs: Repairs) -> Record:
    try:
        return {"kind": "plain", "value": _plain(value)}
    except _NotPlainError:
        pass
    if isinstance(value, list) or type(value) is tuple:
        return _listed(list(value), repairs)
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # what functions return that have several results
        return _named(dict(zip(value._fields, value, strict=True)), repairs)
    if type(value) is dict or (knows_inputs(value) and isinstance(value, dict)):
        return _named(value, repairs)
    if isinstance(value, (bytes, bytearray, *_TIMES)):
        return encode(value, repairs)
    for convert in (_of_numpy, _of_pandas):
        if (record := convert(value, repairs)) is not None:
            return record
    return {"kind": "object", "object": value}


def _listed(values: list[Any], repairs: Repairs) -> Record:
    kinds = set(map(type, values))
    if kinds <= {*_SCALARS, type(None)} and _one_kind(kinds):
        import pandas as pd

        numbers = kinds <= {int, float, type(None)}
        return encode(pd.Series(values, dtype=_whole_numbers(values) if numbers else None), repairs)
    return {"kind": "list", "items": [_record(value, repairs) for value in values]}


def _whole_numbers(values: list[Any]) -> str:
    whole = all(value is None or (type(value) is int and abs(value) <= _LARGEST) for value in values)
    return "Int32" if whole else "float64"


def _named(values: dict[Any, Any], repairs: Repairs) -> Record:
    names = [_of_r(str(key)) for key in values]
    return {"kind": "list", "names": names, "items": [_record(value, repairs) for value in values.values()]}


def _of_numpy(value: Any, repairs: Repairs) -> Record | None:
    if isinstance(value, np.generic):
        return encode(value, repairs)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biufcMmUSO":
        return None
    if value.ndim > 1 and value.dtype.kind == "O":
        return None
    return encode(value.astype("float64") if _is_long(value.dtype) else value, repairs)


def _is_long(dtype: Any) -> bool:
    """Return whether numbers are integers that R's do not hold: doubles, as reticulate makes them."""
    return getattr(dtype, "kind", "") in "iu" and (dtype.itemsize > 4 or (dtype.kind == "u" and dtype.itemsize == 4))


def _of_pandas(value: Any, repairs: Repairs) -> Record | None:
    if not type(value).__module__.startswith("pandas"):
        return None
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return {"kind": "data.frame", "frame": _frame(value, repairs), "rows": _row_names(value, repairs)}
    if isinstance(value, pd.Series):
        return encode(_with_doubles(value), repairs)
    if isinstance(value, pd.MultiIndex):
        return None
    if isinstance(value, (pd.Index, pd.api.extensions.ExtensionArray)):
        return encode(_with_doubles(pd.Series(value)), repairs)
    return encode(value, repairs) if value is pd.NA or value is pd.NaT else None


def _frame(frame: Any, repairs: Repairs) -> Record:
    changed = frame.copy(deep=False)
    for i in range(frame.shape[1]):
        changed.isetitem(i, _with_doubles(frame.iloc[:, i]))
    return encode(changed, repairs)


def _with_doubles(series: Any) -> Any:
    return series.astype("Float64" if series.isna().any() else "float64") if _is_long(series.dtype) else series


def _row_names(frame: Any, repairs: Repairs) -> Record | None:
    """Return the index as R has row names: texts of which none is there twice."""
    index = frame.index
    texts = index.nlevels == 1 and len(index) > 0 and index.map(type).isin([str]).all() and index.is_unique
    return encode(list(index), repairs) if texts else None

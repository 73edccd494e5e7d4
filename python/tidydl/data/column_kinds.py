"""Of which kind a column is, in the words of :mod:`tidydl.columns` and those of times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tidydl.data.arrow.from_frame import are_uuids

_OF_OBJECTS = {
    "string": "string",
    "boolean": "logical",
    "integer": "integer",
    "floating": "double",
    "mixed-integer-float": "double",
    "decimal": "double",
    "datetime": "datetime",
    "datetime64": "datetime",
    "date": "date",
    "time": "time",
    "timedelta": "duration",
    "bytes": "binary",
    "period": "string",
    "interval": "string",
}


def kind_of(column: pd.Series) -> str:
    """Return the kind of a column.

    It is one of double, integer, logical, string, label, date, datetime, time, duration, image, audio, binary, complex
    and list. Periods, intervals and UUIDs are written as text, and so are strings.
    """
    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "label"
    if str(dtype) in ("image", "audio"):
        return str(dtype)
    if isinstance(dtype, pd.ArrowDtype):
        return _of_arrow(dtype.pyarrow_dtype)
    if isinstance(dtype, pd.StringDtype) or dtype.kind in "US":
        return "string"
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):  # which are written as text
        return "string"
    if dtype.kind == "M":
        return "date" if str(dtype) == "datetime64[s]" and _whole_days(column) else "datetime"
    plain = {"f": "double", "i": "integer", "u": "integer", "b": "logical", "m": "duration", "c": "complex"}
    if dtype.kind in plain:
        return plain[dtype.kind]
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred == "empty":
        text_is_objects = pd.Series([], dtype="str").dtype == object  # in pandas 2
        return "logical" if len(column) else "string" if text_is_objects else "list"
    if inferred == "mixed" and are_uuids(column):
        return "string"
    return _OF_OBJECTS.get(inferred, "list")


def _of_arrow(arrow_type: pa.DataType) -> str:
    if isinstance(arrow_type, pa.BaseExtensionType):
        return _of_arrow(arrow_type.storage_type)
    asked = (
        ("double", (pa.types.is_floating, pa.types.is_decimal)),
        ("integer", (pa.types.is_integer,)),
        ("logical", (pa.types.is_boolean, pa.types.is_null)),
        ("string", (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)),
        ("label", (pa.types.is_dictionary,)),
        ("date", (pa.types.is_date,)),
        ("datetime", (pa.types.is_timestamp,)),
        ("time", (pa.types.is_time,)),
        ("duration", (pa.types.is_duration,)),
        (
            "binary",
            (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view),
        ),
    )
    return next((kind for kind, questions in asked if any(is_it(arrow_type) for is_it in questions)), "list")


def _whole_days(column: pd.Series) -> bool:
    """Return whether all are at midnight, as the crossing to R asks too."""
    seconds = column.to_numpy().astype("int64")
    return not (seconds[seconds != np.iinfo("int64").min] % 86400).any()

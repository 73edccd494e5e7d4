"""One column or vector of each dtype, to the bytes that R reads and back.

R's missing value is a bit pattern, so it is written as one: ``INT_MIN`` in whole numbers and logicals, the
NaN with 1954 in its low word in doubles. Python has one missing number where R has ``NA`` and ``NaN``: a NaN
made in Python arrives as ``NA``; a ``NaN`` sent by R, or one in a file that has missing numbers apart, is marked in its
own payload and goes back as ``NaN``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.bridge.text import Repairs, arrow_of_text, levels_of, pack_text, short_text, text_of, unpack_text
from tidydl.data.arrow.nan_and_null import NOT_MISSING, is_not_missing
from tidydl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tidydl.bridge.text import TextValues

Record = dict[str, Any]

NA_INTEGER = -(2**31)
_EXACT = 2**53
_NA_REAL = np.uint64(0x7FF00000000007A2)
_NAN = np.uint64(0x7FF8000000000000)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86400


def pack(series: pd.Series, name: str, repairs: Repairs, *, counted: bool = False) -> Record | None:
    """Write a Series of any dtype; None where its values have no common type (a list column).

    Warnings call it ``name``; ``counted`` numbers count from 0, and 1 is added to them for R.
    """
    import pandas as pd

    dtype: Any = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _pack_label(series, name, repairs)
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        return _pack_datetime(series)
    if isinstance(dtype, pd.ArrowDtype):
        plain = series.convert_dtypes(dtype_backend="numpy_nullable", convert_integer=False)
        return pack(plain.astype(object) if plain.dtype == dtype else plain, name, repairs, counted=counted)
    if isinstance(dtype, pd.StringDtype):
        return _pack_text(series.array, name, repairs)
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        return _pack_text(series.astype("str").where(series.notna(), None), name, repairs)
    if isinstance(dtype, pd.SparseDtype):
        return pack(pd.Series(np.asarray(series)), name, repairs, counted=counted)
    if dtype.kind in "US":
        return _pack_text(series, name, repairs)
    return _pack_number(series, name, repairs, counted)


def _pack_number(series: pd.Series, name: str, repairs: Repairs, counted: bool) -> Record | None:
    dtype: Any = series.dtype
    if dtype.kind == "f":
        numbers = series.to_numpy("float64", na_value=np.nan)
        return pack_double(numbers + 1 if counted else numbers)
    if dtype.kind in "iu":
        return pack_whole(series, name, repairs, counted)
    if dtype.kind == "b":
        return _pack_logical(series)
    if dtype.kind == "m":
        return _pack_timedelta(series)
    if dtype.kind == "c":
        return {
            "kind": "complex",
            "n": len(series),
            "data": bytearray(series.to_numpy("complex128").tobytes()),
        }
    return _pack_object(series, name, repairs, counted) if dtype.kind == "O" else None


def pack_double(numbers: np.ndarray) -> Record:
    """Write doubles, a missing one as R's NA."""
    numbers = np.ascontiguousarray(numbers, "float64")
    absent = np.isnan(numbers)
    data = bytearray(numbers)  # type: ignore[arg-type]
    if absent.any():
        bits = np.frombuffer(data, "uint64")
        of_r = is_not_missing(bits)
        bits[absent.ravel() & ~of_r] = _NA_REAL
        bits[of_r] = _NAN
    return {"kind": "double", "n": numbers.size, "data": data}


def pack_whole(series: pd.Series, name: str, repairs: Repairs, counted: bool = False) -> Record:
    """Write whole numbers as R's integers; as doubles beyond 2^31, as text beyond 2^53."""
    absent = series.isna().to_numpy()
    some = bool(absent.any())
    present = series[~absent] if some else series
    low, high = (int(present.min()), int(present.max())) if len(present) else (0, 0)
    if max(-low, high) > _EXACT:
        return _pack_huge(series, absent, name, repairs)
    if low + counted <= NA_INTEGER or high + counted >= 2**31:
        numbers = series.to_numpy("float64", na_value=np.nan)
        return pack_double(numbers + 1 if counted else numbers)
    whole = series.to_numpy("int32", na_value=0) if some else series.to_numpy("int32")
    if counted:
        whole = whole + np.int32(1)
    return _whole("integer", whole, absent if some else None)


def _pack_huge(series: pd.Series, absent: np.ndarray, name: str, repairs: Repairs) -> Record:
    repairs.tell(f"{name} has integers beyond 2^53, which R's doubles cannot represent: converted to text.")
    texts = [None if gone else str(int(v)) for v, gone in zip(series, absent, strict=True)]
    return _pack_text(texts, name, repairs)


def _whole(kind: str, numbers: np.ndarray, absent: np.ndarray | None) -> Record:
    data = bytearray(np.ascontiguousarray(numbers, "int32"))  # type: ignore[arg-type]
    if absent is not None:
        np.frombuffer(data, "int32")[absent] = NA_INTEGER
    return {"kind": kind, "n": len(numbers), "data": data}


def _pack_logical(series: pd.Series) -> Record:
    absent = series.isna().to_numpy()
    some = bool(absent.any())
    values = series.to_numpy("bool", na_value=False) if some else series.to_numpy("bool")
    return _whole("logical", values, absent if some else None)


def _pack_datetime(series: pd.Series) -> Record:
    zone = _zone_name(getattr(series.dtype, "tz", None))
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    timestamps = series.to_numpy()
    seconds = _seconds(timestamps)
    if zone is None and np.datetime_data(timestamps.dtype)[0] == "s" and not (seconds % _DAY > 0).any():
        return {**pack_double(seconds / _DAY), "kind": "date"}
    return {**pack_double(seconds), "kind": "datetime", "zone": zone or "UTC"}


def _pack_timedelta(series: pd.Series) -> Record:
    return {**pack_double(_seconds(series.to_numpy())), "kind": "timedelta"}


def _seconds(timestamps: np.ndarray) -> np.ndarray:
    """Return timestamps in seconds, whole seconds and the rest apart so that nothing is rounded twice."""
    per = _PER_SECOND[np.datetime_data(timestamps.dtype)[0]]
    counts = timestamps.view("int64")
    seconds = (counts // per).astype("float64")
    if per > 1:
        seconds += (counts % per) / per
    seconds[np.isnat(timestamps)] = np.nan
    return seconds


def _zone_name(zone: object) -> str | None:
    """Return the name by which R knows a time zone; a fixed offset is converted to UTC."""
    if zone is None:
        return None
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    return name if isinstance(name, str) else "UTC"


def _pack_label(series: pd.Series, name: str, repairs: Repairs) -> Record:
    texts = [_level(level) for level in series.cat.categories]
    levels = list(dict.fromkeys(texts))
    codes = series.cat.codes.to_numpy().astype("int32") + np.int32(1)
    absent = codes == 0
    if len(levels) < len(texts):  # 1 and "1" are two categories in Python, one level in R
        codes = np.array([0, *(levels.index(text) + 1 for text in texts)], "int32")[codes]
    record = _whole("label", codes, absent if absent.any() else None)
    ordered = bool(series.cat.ordered)
    return {**record, "levels": short_text(levels, f"The levels of {name}", repairs), "ordered": ordered}


def _level(level: object) -> str:
    if isinstance(level, (bool, np.bool_)):
        return str(level).upper()
    if isinstance(level, (float, np.floating)):
        return f"{level:.15g}"
    return str(level)


def _pack_text(values: TextValues, name: str, repairs: Repairs) -> Record:
    texts = arrow_of_text(values, name, repairs)
    coded = levels_of(texts)
    if coded is None:
        return pack_text(texts, name, repairs)
    codes = np.asarray(coded.indices.fill_null(-1)).astype("int32") + np.int32(1)
    absent = codes == 0
    record = _whole("codes", codes, absent if absent.any() else None)
    return {**record, "levels": pack_text(coded.dictionary, name, repairs)}


def _pack_object(series: pd.Series, name: str, repairs: Repairs, counted: bool) -> Record | None:
    import pandas as pd

    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "string":
        return _pack_text(series.where(series.notna(), None), name, repairs)
    if inferred == "boolean":
        return _pack_logical(series.astype("boolean"))
    if inferred in {"integer", "mixed-integer-float", "floating", "decimal"}:
        return _pack_inferred_number(series, inferred, name, repairs, counted)
    if inferred in {"datetime", "datetime64"}:
        return _pack_datetime(_timestamps(series))
    if inferred == "date":
        return _pack_datetime(pd.to_datetime(series).astype("datetime64[s]"))
    if inferred in {"timedelta", "timedelta64"}:
        return _pack_timedelta(pd.to_timedelta(series))
    return None


def _pack_inferred_number(series: pd.Series, inferred: str, name: str, repairs: Repairs, counted: bool) -> Record:
    if inferred == "integer":
        absent = series.isna().to_numpy()
        whole = series[~absent]
        if len(whole) and max(abs(int(whole.min())), abs(int(whole.max()))) >= 2**63:
            repairs.tell(f"{name} has integers beyond 2^53, which R's doubles cannot represent: converted to text.")
            return _pack_text([None if gone else str(v) for v, gone in zip(series, absent, strict=True)], name, repairs)
        return pack_whole(series.astype("Int64"), name, repairs, counted)
    numbers = series.astype("float64").to_numpy()
    return pack_double(numbers + 1 if counted else numbers)


def _timestamps(series: pd.Series) -> pd.Series:
    """Build a column of timestamps from objects: in their common time zone, else in UTC."""
    import pandas as pd

    zones = {getattr(timestamp, "tzinfo", None) for timestamp in series[series.notna()]}
    timestamps = pd.to_datetime(series, utc=zones != {None})
    return timestamps.dt.tz_convert(zones.pop()) if len(zones) == 1 and zones != {None} else timestamps


def unpack(record: Record, *, counted: bool = False) -> Any:
    """Read the array of one kind that R wrote: a numpy or pandas array from which a Series can be made."""
    import pandas as pd

    kind = record["kind"]
    if kind == "string":
        return _pandas_text(unpack_text(record))
    if kind == "label":
        return _unpack_label(record)
    if kind == "complex":
        return np.frombuffer(record["data"], "complex128")
    if kind == "integer64":
        numbers = np.frombuffer(record["data"], "int64")
        return _nullable(numbers, numbers == np.iinfo("int64").min, pd.array, "Int64")
    if kind in {"integer", "logical"}:
        whole = np.frombuffer(record["data"], "int32")
        absent = whole == NA_INTEGER
        if kind == "logical":
            return _nullable(whole == 1, absent, pd.array, "boolean")
        return _nullable(whole.astype("int64") - counted, absent, pd.array, "Int64")
    doubles = np.frombuffer(record["data"], "float64")
    if kind == "double":
        if record.get("nan"):
            doubles.view("uint64")[np.frombuffer(record["nan"], "int32") - 1] = NOT_MISSING
        return doubles - 1 if counted else doubles
    return _unpack_time(kind, doubles, record)


def _nullable(values: np.ndarray, absent: np.ndarray, make: Callable[..., Any], dtype: str) -> Any:
    if not absent.any():
        return values
    array = make(values, dtype=dtype)
    array[absent] = None
    return array


def _unpack_label(record: Record) -> Any:
    import pandas as pd

    codes = np.frombuffer(record["data"], "int32")
    levels: list[Any] = text_of(record["levels"])
    absent = codes == NA_INTEGER
    if None in levels:  # addNA() makes the missing a level; pandas has no such category
        gone = levels.index(None)
        absent = absent | (codes == gone + 1)
        codes = np.where(codes > gone + 1, codes - 1, codes)
        levels.remove(None)
    codes = np.where(absent, -1, codes - 1)
    return pd.Categorical.from_codes(codes, categories=pd.Index(levels, dtype="str"), ordered=record["ordered"])


def _unpack_time(kind: str, doubles: np.ndarray, record: Record) -> Any:
    import pandas as pd

    finite = np.isfinite(doubles)
    if kind == "date":
        days = np.floor(np.where(finite, doubles, 0))
        _unit_reaching(float(np.abs(days).max(initial=0)) * _DAY)  # or it is refused
        return _with_nat(days.astype("int64") * _DAY, finite, "M8[s]")
    seconds = np.where(finite, doubles, 0)
    whole = np.floor(seconds)
    unit = _unit_reaching(float(np.abs(whole).max(initial=0)))
    per = _PER_SECOND[unit]
    counts = whole.astype("int64") * per + np.rint((seconds - whole) * per).astype("int64")
    if kind == "timedelta":
        return _with_nat(counts, finite, f"m8[{unit}]")
    timestamps = pd.Series(_with_nat(counts, finite, f"M8[{unit}]")).dt.tz_localize("UTC")
    try:
        return timestamps.dt.tz_convert(record["zone"]).array
    except (KeyError, ValueError, OSError):  # a zone that only R knows: the same timestamps in UTC
        return timestamps.array


def _unit_reaching(seconds: float) -> str:
    """Return the finest unit that counts so many seconds: nanoseconds reach from 1678 to 2261."""
    for unit, reach in (("ns", 9.2e9), ("us", 9.2e12), ("ms", 9.2e15)):
        if seconds < reach:
            return unit
    raise DataError(
        f"A timestamp or duration is {seconds:.3g} seconds away, which no data frame of Python holds.",
        allowed="Times less than 9.2e15 seconds away.",
    )


def _with_nat(counts: np.ndarray, finite: np.ndarray, dtype: str) -> np.ndarray:
    counts[~finite] = np.iinfo("int64").min
    return counts.view(dtype)


def _pandas_text(texts: pa.Array) -> Any:
    import pandas as pd

    dtype: Any = pd.Series([], dtype="str").dtype
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(texts)
    return texts.to_numpy(zero_copy_only=False)  # pandas 2: objects

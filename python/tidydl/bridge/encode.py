"""Write Python values as records from which R builds its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl import rendering
from tidydl.bridge.media import MEDIA, media_kind, pack_media
from tidydl.bridge.text import Repairs, short_text
from tidydl.bridge.vectors import Record, pack, pack_double
from tidydl.columns import Counted
from tidydl.data.arrow.r_metadata import OF_R, plain_notes
from tidydl.errors import BridgeError

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS_OR_TEXT = {str, bool, int, float}
_IN_RUNS = _NUMBERS_OR_TEXT | {dt.date}
_FLAT = (str, bool, int, float, np.generic, dt.date, dt.timedelta)  # dt.datetime is a dt.date
_NULLABLE = {str: "str", int: "Int64", float: "float64"}
_SMALL = 2**31 - 2  # what surely is an integer in R, one added or not


def encode(
    value: object,
    repairs: Repairs | None = None,
    *,
    index: Collection[str] = (),
    lists: Collection[str] = (),
    name: str = "The value",
) -> Record:
    """Write a frame, a Series or array, a scalar, or a list or dict of those to any depth as a record.

    ``repairs`` collects what R cannot hold and had to be changed. ``index`` names the frame columns and dict entries
    that count from 0, to which 1 is added; ``lists`` the columns that are list columns whatever they hold; ``name`` is
    what messages call the value. A value without a counterpart in R raises a BridgeError.
    """
    return _Writer(repairs or Repairs(), frozenset(index), frozenset(lists)).value(value, name)


class _Writer:
    def __init__(self, repairs: Repairs, index: frozenset[str], lists: frozenset[str]):
        self.repairs = repairs
        self.index = index
        self.lists = lists

    def value(self, value: object, name: str, counted: bool = False) -> Record:
        import pandas as pd

        if value is None:
            return {"kind": "null"}
        if isinstance(value, str):
            return short_text([value], name, self.repairs)
        if isinstance(value, pd.DataFrame):
            return self.frame(value)
        if isinstance(value, Counted):
            return self.frame(value.frame, frozenset(value.names), frozenset(value.lists))
        if isinstance(value, pd.Series):
            return self.series(value, name, counted)
        if isinstance(value, (pd.Index, pd.api.extensions.ExtensionArray)):
            return self.column(pd.Series(value), name, counted)
        if isinstance(value, np.ndarray):
            return self.array(value, name, counted)
        if isinstance(value, Mapping):
            return self.mapping(value, name)
        if isinstance(value, (list, tuple, set, frozenset, range)):
            return self.listed(list(value), name)
        return self.single(value, name, counted)

    def single(self, value: object, name: str, counted: bool) -> Record:
        import pandas as pd

        if type(value) is float:  # the most frequent, and a Series of one takes its time
            return pack_double(np.array([value + counted]))
        if type(value) is int and abs(value) < _SMALL:
            return {"kind": "integer", "n": 1, "data": bytearray(np.array([value + counted], "int32"))}
        if isinstance(value, (bytes, bytearray, memoryview)):
            return {"kind": "raw", "data": bytearray(value)}
        if isinstance(value, PurePath):
            return short_text([str(value)], name, self.repairs)
        if (kind := media_kind(value)) is not None:
            return pack_media([value], kind, self.repairs)
        if value is pd.NA or value is pd.NaT:
            return self.column(pd.Series([None], dtype="boolean"), name)
        scalars = (bool, int, float, complex, np.generic, dt.date, dt.timedelta)
        if isinstance(value, scalars) or type(value).__name__ == "Decimal":
            return self.column(pd.Series([value]), name, counted)
        raise BridgeError(
            f"{name} is a {type(value).__module__}.{type(value).__name__}, which has no counterpart in R.",
            allowed="Data frames, Series, arrays, numbers, strings, dates, images, and lists and "
            f"{rendering.type_name('dicts')} of these.",
        )

    def frame(
        self, frame: pd.DataFrame, index: frozenset[str] = frozenset(), lists: frozenset[str] = frozenset()
    ) -> Record:
        names = [_column_name(label) for label in frame.columns]
        columns = [
            self.column(frame.iloc[:, i], f"Column `{name}`", name in self.index | index, name in self.lists | lists)
            for i, name in enumerate(names)
        ]
        record: Record = {
            "kind": "frame",
            "n": len(frame),
            "names": short_text(names, "The column names", self.repairs),
            "columns": columns,
        }
        if of_r := plain_notes(frame.attrs.get(OF_R)):
            record["notes"] = self.value(of_r, "The notes")
        provenance = frame.attrs.get("tidydl")
        if provenance:
            record["provenance"] = self.value(provenance, "The provenance")
        return record

    def column(self, series: pd.Series, name: str, counted: bool = False, as_list: bool = False) -> Record:
        if series.dtype.name in MEDIA:
            return pack_media(list(series), series.dtype.name, self.repairs)
        series = _since_midnight(series)
        record = None
        if not as_list:
            is_typed = series.dtype != object or _text_is_object() or series.notna().any()
            record = pack(series, name, self.repairs, counted=counted) if is_typed else None
        return record or self.cells(series, name)

    def cells(self, series: pd.Series, name: str) -> Record:
        """Write a list column: a flat list in a cell is a vector in R."""
        values = [None if _is_missing(value) else value for value in series]
        kinds = {media_kind(value) for value in values if value is not None}
        if len(kinds) == 1 and (kind := kinds.pop()) is not None:
            return pack_media(values, kind, self.repairs)
        runs = _runs(values)
        if runs is not None:
            return {"kind": "list", **self.runs(*runs, name)}
        like = _merged(value for value in values if isinstance(value, Mapping))
        return {"kind": "list", "items": [self.cell(value, name, like) for value in values]}

    def cell(self, value: object, name: str, like: Mapping[Any, Any] | None = None) -> Record:
        """Write what is in a list column: a flat list is a vector in R, and so are those within lists.

        In a dictionary a missing value has the type that the key has in ``like``, the values of other cells.
        """
        if isinstance(value, Mapping) and value:
            return self.mapping(value, name, partial(self.entry, like=like or {}))
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == object:
            value = value.tolist()
        if not isinstance(value, (list, tuple)) or not value:
            return self.value(value, name)
        if all(each is None or isinstance(each, _FLAT) for each in value):
            record = _flat(value, name, self.repairs)
            if record is not None:
                return record
        return {"kind": "list", "items": [self.cell(each, name) for each in value]}

    def entry(self, value: object, key: str, like: Mapping[Any, Any]) -> Record:
        """Write a value of a dictionary in a list column."""
        import pandas as pd

        sample = like.get(key)
        if value is not None or isinstance(sample, (Mapping, list, tuple, np.ndarray)):
            return self.cell(value, key, sample if isinstance(sample, Mapping) else None)
        dtype = next((dtype for type_, dtype in _NULLABLE.items() if type(sample) is type_), "boolean")
        return self.column(pd.Series([None], dtype=dtype), key)

    def runs(self, values: np.ndarray | list[Any], lengths: Sequence[int], name: str) -> Record:
        import pandas as pd

        record = pack(pd.Series(values), name, self.repairs)
        return {"runs": record, "lengths": bytearray(np.array(lengths, "int32"))}

    def series(self, series: pd.Series, name: str, counted: bool) -> Record:
        import pandas as pd

        record = self.column(series, name, counted)
        labels = series.index
        if not isinstance(labels, (pd.RangeIndex, pd.MultiIndex)) and labels.map(type).isin([str]).all():
            record["names"] = short_text(list(labels), f"The names of {name}", self.repairs)
        return record

    def array(self, array: np.ndarray, name: str, counted: bool) -> Record:
        import pandas as pd

        if array.ndim == 0:
            return self.value(array.item(), name, counted)
        flat = array.ravel(order="F") if array.ndim > 1 else array
        if flat.dtype == np.float64 and not counted:
            record = pack_double(flat)
        else:
            record = self.column(pd.Series(flat), name, counted)
        if array.ndim > 1:
            record["dim"] = [int(d) for d in array.shape]
        return record

    def mapping(self, mapping: Mapping[Any, Any], name: str, write: Callable[..., Record] | None = None) -> Record:
        write = write or (lambda value, key: self.value(value, f"`{key}`", key in self.index))
        names = [str(key) for key in mapping]
        items = [write(value, key) for key, value in zip(names, mapping.values(), strict=True)]
        return {
            "kind": "list",
            "names": short_text(names, f"The names of {name}", self.repairs),
            "items": items,
        }

    def listed(self, values: list[Any], name: str) -> Record:
        kinds = {type(value) for value in values}
        if len(values) > 8 and len(kinds) == 1 and kinds <= {str, bool, int, float}:
            return {"kind": "list", **self.runs(values, [1] * len(values), name)}
        return {"kind": "list", "items": [self.value(v, f"Item {i} of {name}") for i, v in enumerate(values)]}


def _text_is_object() -> bool:
    """Return whether this pandas keeps text as objects (before 3), so that an empty column of them is text."""
    import pandas as pd

    return pd.Series([], dtype="str").dtype == object


def _column_name(label: object) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _is_missing(value: object) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _runs(values: list[Any]) -> tuple[Any, list[int]] | None:
    """Lay the cells of a list column end to end where all are flat and of one type, else return None."""
    present = [value for value in values if value is not None]
    lengths = [-1 if value is None else len(value) if _is_flat(value) else -2 for value in values]
    if not present or -2 in lengths:
        return None
    if all(isinstance(value, np.ndarray) for value in present):
        kinds = {value.dtype.kind for value in present}
        return (np.concatenate(present), lengths) if len(kinds) == 1 and kinds <= set("fib") else None
    flat = [v for value in present for v in (value.tolist() if isinstance(value, np.ndarray) else value)]
    kinds = {type(value) for value in flat} - {type(None)}
    if _are_times(flat, kinds):
        return _objects(flat), lengths
    if len(kinds) != 1 or not kinds <= _IN_RUNS:
        return None
    return flat if kinds <= _NUMBERS_OR_TEXT and None not in flat else _objects(flat), lengths


def _are_times(values: Sequence[Any], kinds: set[type]) -> bool:
    """Return whether all values are durations, or timestamps of one zone."""
    import pandas as pd

    kinds = kinds - {type(pd.NaT)}
    if len(kinds) == 1 and kinds <= {dt.timedelta, pd.Timedelta}:
        return True
    if len(kinds) != 1 or not kinds <= {dt.datetime, pd.Timestamp}:
        return False
    return len({value.tzinfo for value in values if value is not None and value is not pd.NaT}) == 1


def _objects(values: Sequence[Any]) -> pd.Series:
    import pandas as pd

    return pd.Series(list(values), dtype=object)


def _flat(values: Sequence[Any], name: str, repairs: Repairs) -> Record | None:
    """Write the values of a flat list as a vector; None where they have no common type."""
    column = _objects(values)
    return pack(column if column.notna().any() else column.astype("boolean"), name, repairs)


def _merged(cells: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """Return the first value of each key that is not missing, of dictionaries in it likewise."""
    merged: dict[str, Any] = {}
    for cell in cells:
        for key, value in cell.items():
            if isinstance(value, Mapping) and isinstance(merged.get(str(key), {}), dict):
                merged[str(key)] = _merged([merged.get(str(key), {}), value])
            elif merged.get(str(key)) is None:
                merged[str(key)] = value
    return merged


def _is_flat(value: object) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _since_midnight(series: pd.Series) -> pd.Series:
    """Write times of day, for which R has no type, as the time since midnight."""
    import pandas as pd

    if series.dtype != object or not any(isinstance(value, dt.time) for value in series):
        return series
    if not all(isinstance(value, dt.time) or _is_missing(value) for value in series):
        return series
    return pd.to_timedelta([pd.NaT if _is_missing(value) else str(value) for value in series]).to_series()

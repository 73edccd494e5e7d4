"""What the columns of data are: their kinds, levels, missing values and an example each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from tidydl.boundaries import guarded
from tidydl.checks import described, frame_hint
from tidydl.columns import Contract
from tidydl.data.arrow.other_libraries import is_frame, table_of
from tidydl.data.column_kinds import kind_of
from tidydl.data.frames_by_split import as_mapping, by_name, frames_allowed
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError

_COLUMNS = Contract.of(column="string", kind="string", levels="list", missing="integer", example="string")
_WIDTH = 60


@guarded
def features(data: Any) -> pd.DataFrame:
    """Describe the columns of data.

    Parameters
    ----------
    data
        A data frame, the splits returned by :func:`load_dataset`, or a stream, which is read to its end.

    Returns
    -------
    pandas.DataFrame
        One row per column: ``column`` (its name), ``kind`` (double, integer, logical, string, label, date, datetime,
        time, duration, image, audio, binary, list), ``levels`` (a list of the class names of a label, otherwise
        missing), ``missing`` (the number of missing values), ``example`` (the first non-missing value, as text of at
        most 60 characters). For splits the first column is ``split``. Periods, intervals and UUIDs are listed as
        string, since they are written as strings.

    Raises
    ------
    ArgumentError
        ``data`` is of any other type.

    Examples
    --------
    >>> import pandas as pd
    >>> features(pd.DataFrame({"x": [1.5, None], "who": ["a", "b"]}))[["column", "kind", "missing", "example"]]
      column    kind  missing example
    0      x  double        1     1.5
    1    who  string        0       a
    """
    data = as_mapping(data)
    if isinstance(data, Mapping) and all(is_frame(each) or isinstance(each, Stream) for each in data.values()):
        parts = {split: _described(each) for split, each in by_name(data, "data").items()}
        listing = pd.concat([_COLUMNS.frame(_nothing()), *parts.values()], ignore_index=True)
        splits = [split for split, part in parts.items() for _ in range(len(part))]
        listing.insert(0, "split", pd.Series(splits, dtype="str"))
        return listing
    return _described(data)


def _described(data: object) -> pd.DataFrame:
    from tidydl.data.arrow.to_frame import decode

    if isinstance(data, Stream):
        return _from_frames(data.empty, data)
    if not is_frame(data):
        raise ArgumentError(
            f"`data` is {described(data)}.",
            allowed=frames_allowed(),
            hint=frame_hint(data),
        )
    frame = _without_arrow(data) if hasattr(data, "iloc") else decode(table_of(data))
    return _from_frames(frame, [frame])


def _without_arrow(frame: pd.DataFrame) -> pd.DataFrame:
    """Return columns that pandas leaves to Arrow as they would be read from a file."""
    from tidydl.data.arrow.to_frame import decode

    if not any(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes):
        return frame
    columns = [frame.iloc[:, index].reset_index(drop=True) for index in range(frame.shape[1])]
    plain = [
        decode(pa.table({"x": pa.array(column.array)})).iloc[:, 0]
        if isinstance(column.dtype, pd.ArrowDtype)
        else column
        for column in columns
    ]
    return pd.concat(plain, axis=1).set_axis(frame.columns, axis=1)


def _nothing() -> dict[str, list[Any]]:
    return {name: [] for name in _COLUMNS.names}


def _from_frames(first: pd.DataFrame, frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Describe the columns of all frames, which have the kinds of the first."""
    positions = range(first.shape[1])
    missing = [0 for _ in positions]
    examples: list[str | None] = [None for _ in positions]
    kinds = [kind_of(first.iloc[:, index]) for index in positions]
    for frame in frames:
        for index in positions:
            column = frame.iloc[:, index]
            absent = column.isna().to_numpy()
            missing[index] += int(absent.sum())
            if examples[index] is None and not absent.all():
                if column.dtype == object:  # of which those without rows know nothing
                    kinds[index] = kind_of(column)
                examples[index] = _as_text(column.iloc[int((~absent).argmax())], kinds[index])
    data = _nothing()
    for index in positions:
        column = first.iloc[:, index]
        levels = [str(level) for level in column.cat.categories] if kinds[index] == "label" else None
        row = (str(first.columns[index]), kinds[index], levels, missing[index], examples[index])
        for name, value in zip(_COLUMNS.names, row, strict=True):
            data[name].append(value)
    return _COLUMNS.frame(data)


def _timestamp(value: dt.date, form: str) -> str:
    try:
        return str(value.strftime(form))
    except (NotImplementedError, ValueError):  # of years that Python does not know
        return str(value)


def _as_text(value: Any, kind: str) -> str:
    """Write a value the same in both languages, cut to a width."""
    if kind == "logical":
        text = "true" if value else "false"
    elif kind in ("double", "integer"):
        text = f"{value:.15g}" if kind == "double" else str(int(value))
    elif kind == "duration":
        text = f"{value.total_seconds():.15g} s"
    elif kind in ("date", "datetime"):
        text = _timestamp(value, "%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S")
    elif kind == "binary":
        text = f"{len(value)} bytes"
    else:
        text = _plain(value) if kind == "list" else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _plain(value: object) -> str:
    """Write a value that holds others as JSON would be, cut short early; a data frame as its rows."""
    if isinstance(value, pd.DataFrame):
        value = value.head(_WIDTH).to_dict("records")
    elif isinstance(value, pd.Series):
        value = list(value.head(_WIDTH))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_plain(each)}" for name, each in value.items()) + "}"
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        inner = [_plain(each) for each in value[:_WIDTH]]
        return "[" + ", ".join(inner) + "]"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return f'"{value}"' if isinstance(value, (str, dt.date)) else str(value)

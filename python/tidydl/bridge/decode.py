"""Read the records that R writes as Python values."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.bridge.media import MEDIA, unpack_media
from tidydl.bridge.text import text_of
from tidydl.bridge.vectors import Record, unpack
from tidydl.data.arrow.r_metadata import OF_R

if TYPE_CHECKING:
    import pandas as pd

_VECTORS = {"double", "integer", "logical", "string", "label", "date", "datetime", "timedelta"}


def decode(record: Record, *, index: Collection[str] = ()) -> Any:
    """Read a record of R as a Python value.

    A data frame is a ``pandas.DataFrame``; a matrix or array a numpy array; a named list a dict, another list a list; a
    vector a Series, its names the index; a single bare number, text or logical a Python scalar, missing as
    ``pandas.NA``. ``NULL`` is None. ``index`` names the frame columns and list entries that count from 1 in R: 1 is
    subtracted.
    """
    return _Reader(frozenset(index)).value(record)


class _Reader:
    def __init__(self, index: frozenset[str]):
        self.index = index

    def value(self, record: Record, counted: bool = False) -> Any:
        kind = record["kind"]
        if kind == "null":
            return None
        if kind == "raw":
            return bytes(record["data"])
        if kind == "object":  # one of Python's own, which R held
            return record["object"]
        if kind == "frame":
            return self.frame(record)
        if kind == "list":
            return self.listed(record)
        if "dim" in record:
            flat = np.asarray(_plain(unpack(record, counted=counted)))
            return flat.reshape(_whole_list(record["dim"]), order="F")
        if record.get("scalar"):
            return self.scalar(record, counted)
        return self.series(record, counted)

    def scalar(self, record: Record, counted: bool) -> Any:
        import pandas as pd

        if record["kind"] == "string":
            text = text_of(record)[0]
            return pd.NA if text is None else text
        value = unpack(record, counted=counted)[0]
        return value.item() if isinstance(value, np.generic) else value

    def series(self, record: Record, counted: bool = False) -> pd.Series:
        import pandas as pd

        values = unpack_media(record) if record["kind"] in MEDIA else unpack(record, counted=counted)
        labels = text_of(record["names"]) if record.get("names") else None
        return pd.Series(values, index=labels, copy=False)

    def frame(self, record: Record) -> pd.DataFrame:
        import pandas as pd

        n = int(record["n"])
        names = text_of(record["names"])
        columns = [
            self.column(column, name in self.index) for name, column in zip(names, record["columns"], strict=True)
        ]
        frame = pd.DataFrame(dict(enumerate(columns)), index=pd.RangeIndex(n), copy=False)
        frame.columns = pd.Index(names, dtype="str" if names else object)
        if record.get("notes"):
            frame.attrs[OF_R] = self.value(record["notes"])
        if record.get("provenance"):
            frame.attrs["tidydl"] = self.value(record["provenance"])
        return frame

    def column(self, record: Record, counted: bool) -> Any:
        import pandas as pd

        if record["kind"] != "list":
            return self.series(record, counted)
        cells = np.empty(_length(record), dtype=object)
        cells[:] = None
        for i, cell in enumerate(self.cells(record)):
            cells[i] = cell
        return pd.Series(cells, dtype=object, copy=False)

    def cells(self, record: Record) -> list[Any]:
        if "runs" not in record:
            return _evened([self.cell(item) for item in record["items"]])
        return _parts(_as_cell(self.series(record["runs"]), record["runs"]["kind"]), record)

    def cell(self, record: Record) -> Any:
        """Read what is in a list column: a vector as an array or a list, and so those within lists."""
        kind = record["kind"]
        if kind == "list" and "items" in record:
            items = [self.cell(item) for item in record["items"]]
            return dict(zip(text_of(record["names"]), items, strict=True)) if "names" in record else items
        if kind in _VECTORS and "dim" not in record and not record.get("scalar"):
            return _as_cell(self.series(record), kind)
        return self.value(record)

    def listed(self, record: Record) -> Any:
        names = text_of(record["names"]) if "names" in record else None
        if "runs" in record:
            items = self.series(record["runs"]).tolist()
        elif names is None:
            items = [self.value(item) for item in record["items"]]
        else:
            items = [self.value(r, n in self.index) for n, r in zip(names, record["items"], strict=True)]
        return items if names is None else dict(zip(names, items, strict=True))


def _length(record: Record) -> int:
    return len(record["lengths"]) // 4 if "runs" in record else len(record["items"])


def _parts(values: list[Any] | np.ndarray, record: Record) -> list[Any]:
    """Cut values laid end to end into their cells; None where R had NULL."""
    lengths = np.frombuffer(record["lengths"], "int32")
    ends = np.maximum(lengths, 0).cumsum()
    return [None if n < 0 else values[end - n : end] for n, end in zip(lengths.tolist(), ends.tolist(), strict=True)]


def _as_cell(values: pd.Series, kind: str) -> Any:
    """Return a vector in a list column: numbers as an array; strings, times and values with gaps as a list."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fib":
        return values.to_numpy()
    items = values.dt.date if kind == "date" else values
    return [None if missing else value for value, missing in zip(items.tolist(), values.isna().tolist(), strict=True)]


def _evened(cells: list[Any]) -> list[Any]:
    """Wrap single values in lists and structures whose counterparts in other rows are vectors."""
    lists = [cell for cell in cells if isinstance(cell, list)]
    if lists:
        items = iter(_evened(_as_vectors([item for cell in lists for item in cell])))
        cells = [[next(items) for _ in cell] if isinstance(cell, list) else cell for cell in cells]
    for name in dict.fromkeys(name for cell in cells if isinstance(cell, dict) for name in cell):
        named = [cell for cell in cells if isinstance(cell, dict) and name in cell]
        for cell, item in zip(named, _evened(_as_vectors([cell[name] for cell in named])), strict=True):
            cell[name] = item
    return cells


def _as_vectors(items: list[Any]) -> list[Any]:
    if not any(_is_vector(item) for item in items):
        return items
    return [item if item is None or _is_vector(item) else [item] for item in items]


def _is_vector(value: object) -> bool:
    return isinstance(value, (list, np.ndarray))


def _plain(values: np.ndarray | pd.api.extensions.ExtensionArray) -> Any:
    """Return values as numpy can hold them: whole numbers with missing ones as doubles, text as objects."""
    if isinstance(values, np.ndarray):
        return values
    if values.dtype.kind in "ib":
        return values.to_numpy("float64", na_value=np.nan)
    return np.array([None if v is None or v != v else v for v in values], dtype=object)


def _whole_list(value: int | list[int]) -> list[int]:
    return [int(v) for v in (value if isinstance(value, list) else [value])]

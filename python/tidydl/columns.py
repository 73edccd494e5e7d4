"""The column contracts: the names and kinds of a result's columns, also for a result without rows.

Code, bridge, documentation and tests all read the contracts. Kinds are those of the crossing to R:

========== ============================== =======================
kind       pandas                         R
========== ============================== =======================
double     float64                        double
integer    Int64 (may be missing)         integer
logical    boolean (may be missing)       logical
string     string (``str``)               character
label      category                       factor
index      int64, counted from 0          integer, counted from 1
position   Int64, counted from 0          integer, counted from 1
datetime   datetime64, in UTC             POSIXct
image      images of ``tidydl.data``      ``tidydl_image`` vector
audio      audio clips of ``tidydl.data``      ``tidydl_audio`` vector
list       object                         list
========== ============================== =======================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    ColumnValues: TypeAlias = list[Any] | np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray

Kind = Literal[
    "double", "integer", "logical", "string", "label", "index", "position", "datetime", "image", "audio", "list"
]
ROW = ".row"
ROWS = (ROW, ".row_y")  # the row of other data that a line refers to: from 0 in Python, from 1 in R


@dataclass(frozen=True)
class Column:
    """One column of a result: its name and its kind."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Contract:
    """The columns of a result, in order."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, kinds: Mapping[str, Kind] | None = None, /, **more: Kind) -> Contract:
        """Write a contract as ``Contract.of(label="label", score="double")``; names like ``from`` go into a mapping."""
        return cls(tuple(Column(name, kind) for name, kind in {**(kinds or {}), **more}.items()))

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    def frame(
        self,
        data: Mapping[str, Any],
        *,
        levels: Mapping[str, Sequence[str]] | None = None,
        index: pd.Index | None = None,
    ) -> pd.DataFrame:
        """Build the frame of this contract from one sequence per column, all of one length, which may be 0.

        ``levels`` are the levels of label columns, in order.
        """
        import pandas as pd

        series = {c.name: _series(data[c.name], c.kind, (levels or {}).get(c.name)) for c in self.columns}
        frame = pd.DataFrame(series)
        if index is not None:
            frame.index = index
        return frame


@dataclass(frozen=True)
class Counted:
    """A frame to be sent to R, with those of its columns that count from 0 and those that are list columns."""

    frame: pd.DataFrame
    names: tuple[str, ...]
    lists: tuple[str, ...] = ()


def with_columns(frame: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a frame with columns added or replaced; they may have any name, ``self`` included."""
    extended = frame.copy(deep=False)
    for name, values in columns.items():
        extended[name] = values
    return extended


def _series(values: ColumnValues, kind: Kind, levels: Sequence[str] | None) -> Any:
    import pandas as pd

    if kind == "label":
        return pd.Series(pd.Categorical(values, categories=None if levels is None else list(levels)))
    if kind in ("image", "audio"):
        return pd.Series(values)
    dtypes = {
        "double": "float64",
        "integer": "Int64",
        "logical": "boolean",
        "string": "str",
        "index": "int64",
        "position": "Int64",
        "datetime": "datetime64[us, UTC]",
        "list": "object",
    }
    return pd.Series(list(values) if kind == "list" else values, dtype=dtypes[kind])

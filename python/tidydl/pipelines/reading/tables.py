"""Tables as a part of the inputs: one for all questions, or one for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import pandas as pd

from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.pipelines.positions import is_frame, is_missing

ALLOWED = "A data frame, or a list of them, one for each question."


def is_table(x: object) -> TypeGuard[pd.DataFrame | Mapping[Any, Any]]:
    """Return whether it is one table: a frame, or a dict of columns."""
    return is_frame(x) or isinstance(x, Mapping)


def key(table: pd.DataFrame) -> int:
    """Return what is equal for one and the same table."""
    return id(table)


def read_all(x: object, name: str) -> list[pd.DataFrame]:
    """Read one table for all questions, or a list of tables, as texts."""
    if is_table(x):
        return [_read(x, f"`{name}`")]
    if not isinstance(x, (list, tuple)) or not x or not all(is_table(each) for each in x):
        raise ArgumentError(f"`{name}` is {described(x)}.", allowed=ALLOWED)
    return [_read(each, f"A table in `{name}`") for each in x]


def _read(table: pd.DataFrame | Mapping[Any, Any], where: str) -> pd.DataFrame:
    """Write the cells of a table as texts, missing ones as empty."""
    frame = pd.DataFrame(table).reset_index(drop=True)
    if frame.empty:
        raise ArgumentError(f"{where} has no cells.", allowed="A table with at least one row and one column.")
    cells = [["" if is_missing(value) else str(value) for value in frame.iloc[:, i]] for i in range(frame.shape[1])]
    names = [str(name) for name in frame.columns]
    return pd.DataFrame(dict(enumerate(cells)), dtype=object).set_axis(names, axis=1)

"""Shared code of images, audio and videos as inputs: reading one, and recognising a column of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

from tidydl.errors import TidydlError
from tidydl.pipelines.positions import of_value

Medium = TypeVar("Medium")


def read_by(make: Callable[[object], Medium], value: object, where: str) -> Medium:
    """Read one value as an image, an audio clip or a video; an error names the value."""
    try:
        return make(value)
    except TidydlError as problem:
        raise of_value(problem, where) from problem


def cells_fit(column: pd.Series, is_one: Callable[[Any], bool], dtype: str | None = None) -> bool:
    """Return whether a column of a frame is of this dtype, or has objects of which the first is such a value.

    Strings do not count: paths have to be in a named column.
    """
    if str(column.dtype) == dtype:
        return True
    if column.dtype != object:
        return False
    values = column.dropna()
    return len(values) > 0 and not isinstance(values.iloc[0], str) and is_one(values.iloc[0])

"""Predictors given as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.checks import described, numbers_in
from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    # What users give: a data frame, or numbers, rows by columns.
    Data: TypeAlias = pd.DataFrame | npt.ArrayLike


def from_matrix(x: object, argument: str = "x") -> tuple[np.ndarray, tuple[str, ...]]:
    """Return predictors given as a matrix, a data frame of numbers or one column, and the columns' names, if any."""
    if isinstance(x, pd.DataFrame):
        names = tuple(str(name) for name in x.columns)
        for name, dtype in zip(names, x.dtypes, strict=True):
            if not (pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)):
                raise ArgumentError(
                    f"`{argument}` has the column '{name}', which is not numeric.",
                    allowed="Numeric columns.",
                    hint="Give a formula and the data frame: a formula codes labels by itself.",
                )
        return np.ascontiguousarray(x.to_numpy(dtype=float, na_value=np.nan)), names
    values = numbers_in(x)
    if values is None:
        raise ArgumentError(f"`{argument}` is not numeric.", allowed="A matrix or data frame of numbers.")
    if values.ndim == 0:
        raise ArgumentError(f"`{argument}` is {described(x)}.", allowed="A matrix or data frame of numbers.")
    if values.ndim > 2:
        raise ArgumentError(f"`{argument}` has {values.ndim} dimensions.", allowed="Rows by columns.")
    return np.ascontiguousarray(values.reshape(len(values), -1) if len(values) else values.reshape(0, 0)), ()

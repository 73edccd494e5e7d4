"""Missing numbers and those that are not a number: one value in numpy, two in R and in Arrow.

A NaN that is no missing value is told by its bits, which numpy, Arrow and parquet carry along: Python sees NaN in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NOT_MISSING = 0x7FF80000000007D1
_SIGN_OFF = 0x7FFFFFFFFFFFFFFF


def is_not_missing(numbers: np.ndarray) -> np.ndarray:
    """Return which doubles are a NaN that stands for no missing value."""
    return (numbers.view("uint64") & np.uint64(_SIGN_OFF)) == np.uint64(NOT_MISSING)


def with_nulls(numbers: np.ndarray) -> pa.Array:
    """Build an Arrow array of doubles whose missing ones are null, and no other NaN is."""
    numbers = np.ascontiguousarray(numbers)
    missing = np.isnan(numbers)
    if missing.any():
        missing &= ~is_not_missing(numbers)
    return pa.array(numbers, mask=missing, from_pandas=False)


def numbers_of(values: pa.ChunkedArray) -> np.ndarray | None:
    """Return Arrow's doubles where some are NaN without being null, by their bits; None where none are."""
    nan: Any = pc.fill_null(pc.is_nan(values), False)
    if not pc.any(nan).as_py():
        return None
    numbers = np.array(values.to_numpy())
    numbers.view("uint64")[nan.to_numpy()] = NOT_MISSING
    return numbers

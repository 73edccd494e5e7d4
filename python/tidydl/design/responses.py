"""The response: a class, or numbers in one column or several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tidydl.design.values import Labels, Numbers, Value, kind_held, value_of
from tidydl.errors import ColumnError, DataError
from tidydl.user_warnings import warn_user

MOST_INDICATORS = 100_000_000  # rows times classes: more is an identifier taken for a class


@dataclass(frozen=True)
class Response:
    """What is predicted: ``levels`` for a class, or None for numbers, of which ``values`` has one column each.

    ``values`` is an array of doubles, rows by columns; for a class its one column holds the codes from 0, and -1 where
    missing. ``is_logical`` says that the numbers 0 and 1 were false and true.
    """

    name: str
    values: np.ndarray
    levels: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    is_logical: bool = False


def response_values(name: str, values: object) -> Response:
    """Build a response from one column: a class if it has labels or text, else numbers."""
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    return response_of(name, predictable(name, column))


def predictable(name: str, column: pd.Series) -> Value:
    """Return the values of a column that is to be predicted, refusing a dtype that cannot be."""
    value = value_of(column)
    if value is None:
        raise ColumnError(
            f"`{name}` holds {kind_held(column)}, which cannot be predicted.",
            allowed="Numbers, or a categorical or text column for classes.",
        )
    return value


def response_of(name: str, value: Value) -> Response:
    """Build a response with one value per row."""
    if isinstance(value, Labels):
        labels = _classes(name, value)
        return Response(name, labels.codes.reshape(-1, 1).astype(float), labels.levels)
    if value.values.ndim > 1:
        raise ColumnError(f"`{name}` has several columns in a response.", allowed="One column, or cbind(a, b).")
    return Response(name, value.values.reshape(-1, 1), None, (name,), not isinstance(value, Numbers))


def bound_response(name: str, parts: list[Response], names: tuple[str, ...]) -> Response:
    """Bind the columns of ``cbind()``."""
    if any(part.levels is not None for part in parts):
        raise DataError("`formula` binds a class into its response.", allowed="Numbers inside cbind().")
    return Response(name, np.column_stack([part.values for part in parts]), None, names)


def _classes(name: str, labels: Labels) -> Labels:
    met = labels.met()
    kept = set(met.levels)
    gone = [level for level in labels.levels if level not in kept]
    if gone:
        warn_user(f"`{name}` has levels without a row, which are left out: {', '.join(gone)}.")
    if len(met.levels) < 2:
        raise DataError(
            f"`{name}` has only one level ({', '.join(met.levels)}): there is nothing to tell apart.",
            allowed="A response with at least two levels.",
            hint="Check which rows were kept, or predict another column.",
        )
    if len(met.levels) * len(met.codes) > MOST_INDICATORS:
        raise DataError(
            f"`{name}` has {len(met.levels)} levels in {len(met.codes)} rows, too many to tell apart.",
            allowed="A response with few levels.",
            hint="Is it an identifier? Then predict another column.",
        )
    return met

"""Which rows of a data frame a fit uses: those of a subset, without those that are incomplete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from tidydl.checks import check_choice, described
from tidydl.design.expressions import Scope, vet
from tidydl.design.formulas import several_columns
from tidydl.design.values import Logicals, Value, kind_held, value_of
from tidydl.errors import ArgumentError, ColumnError, DataError, no_column

if TYPE_CHECKING:
    Subset: TypeAlias = str | Sequence[bool] | Sequence[int] | np.ndarray | pd.Series

NA_ACTIONS = ("omit", "exclude", "fail")
_SUBSET = "A logical for each row, row positions from 0, or a condition such as \"age > 30 & group == 'a'\"."


def column_values(columns: Sequence[str], data: pd.DataFrame, argument: str = "formula") -> dict[str, Value]:
    """Return the values of columns, refusing dtypes that formulas do not take."""
    names = [str(name) for name in data.columns]
    at = {name: position for position, name in enumerate(names)}
    values = {}
    for name in columns:
        column = data.iloc[:, at[name]]
        value = value_of(column)
        if value is None:
            raise ColumnError(
                f"`{argument}` uses '{name}', which holds {kind_held(column)}.",
                allowed="Numbers, logicals, labels and text.",
                hint="Turn it into one of these first.",
            )
        values[name] = value
    return values


def chosen_rows(subset: Subset | None, data: pd.DataFrame) -> np.ndarray:
    """Return the positions of the rows of a subset, in its order; a missing logical selects no row."""
    if subset is None:
        return np.arange(len(data))
    if isinstance(subset, str):
        return np.flatnonzero(_by_text(subset, data).values == 1)
    same_index("subset", subset, data)
    if isinstance(subset, (Mapping, set, frozenset, pd.DataFrame)) or np.ndim(subset) != 1:
        raise ArgumentError(f"`subset` is {described(subset)}.", allowed=_SUBSET)
    selection = value_of(subset if isinstance(subset, pd.Series) else pd.Series(subset))
    if isinstance(selection, Logicals):
        if len(selection.values) != len(data):
            raise ArgumentError(
                f"`subset` has {len(selection.values)} values for {len(data)} rows.", allowed="One for each row."
            )
        return np.flatnonzero(selection.values == 1)
    return _positions(getattr(selection, "values", None), len(data))


def same_index(argument: str, values: object, data: pd.DataFrame) -> None:
    """Refuse a Series as long as the data but with another index: which value belongs to which row is unclear."""
    if isinstance(values, pd.Series) and len(values) == len(data) and not values.index.equals(data.index):
        raise ArgumentError(
            f"`{argument}` has another index than `data`.",
            allowed="The index of `data`.",
            hint=f"Take the values alone by {argument}.to_numpy() where their order is right.",
        )


def _by_text(text: str, data: pd.DataFrame) -> Logicals:
    expression = vet(text, "subset")
    names = [str(name) for name in data.columns]
    for name in expression.columns:
        if name not in names:
            raise no_column(f"`subset` names the column '{name}', which `data` does not have.", name, names)
        if names.count(name) > 1:
            raise several_columns(name)
    scope = Scope(column_values(expression.columns, data, "subset"), len(data), argument="subset")
    value = scope.value(expression)
    if not isinstance(value, Logicals):
        raise ArgumentError(f"`subset` '{text}' is neither true nor false.", allowed=_SUBSET)
    return value


def _positions(positions: np.ndarray | None, rows: int) -> np.ndarray:
    if positions is None or not (np.isfinite(positions) & (positions == np.floor(positions))).all():
        raise ArgumentError("`subset` is neither logical nor made of positions.", allowed=_SUBSET)
    if ((positions < 0) | (positions >= rows)).any():
        wrong = positions[(positions < 0) | (positions >= rows)][0]
        raise ArgumentError(
            f"`subset` has the position {wrong:.0f}, and there are {rows} rows.",
            allowed=f"Positions from 0 to {rows - 1}.",
        )
    return positions.astype(np.int64)


def check_na_action(na_action: object) -> str:
    """Check the ``na_action`` argument."""
    return check_choice("na_action", na_action, NA_ACTIONS)


def refuse_incomplete(missing: Mapping[str, np.ndarray]) -> None:
    """Refuse missing values, naming where the first of them is."""
    for name, where in missing.items():
        if where.any():
            raise DataError(
                f"`data` has missing values in '{name}' ({int(where.sum())} of {len(where)} rows).",
                allowed="Complete rows, where `na_action` is 'fail'.",
                hint="Leave incomplete rows out by `na_action` 'omit', or put values in first.",
            )


def no_rows(total: int, chosen: int) -> DataError:
    """Build the error for data without complete rows."""
    if total == 0:
        return DataError("`data` has no rows.", allowed="At least one row.")
    if chosen == 0:
        return DataError("`subset` leaves no rows.", allowed="At least one row.")
    return DataError(
        f"`data` has no rows left after leaving out those with missing values ({chosen} before).",
        allowed="At least one row in which no column of the formula is missing.",
        hint="Leave the columns that are mostly missing out of the formula.",
    )

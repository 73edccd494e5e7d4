"""The values at which variables are held, group by group, while one of them varies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.checks import check_count
from tidydl.errors import ArgumentError, ColumnError, DataError
from tidydl.networks.effects.clusters import cluster, has_different
from tidydl.rprint import level_text

ALLOWED = "Quantiles from 0 to 1, a whole number of clusters of at least 2, or a data frame with a row for each group."


@dataclass(frozen=True)
class Variable:
    """A column: its codes, which are the numbers themselves or positions among the levels, and its dtype."""

    codes: np.ndarray
    levels: list[Any] | None
    dtype: Any

    def values(self, steps: int) -> np.ndarray:
        """Return the values it takes: numbers, or the positions of the levels from 1."""
        return self.codes_at(steps) + (self.levels is not None)

    def codes_at(self, steps: int) -> np.ndarray:
        """Return the codes it takes."""
        if self.levels is not None:
            return np.arange(len(self.levels), dtype=float)
        return np.linspace(self.codes.min(), self.codes.max(), steps)

    def count(self, steps: int) -> int:
        """Count the values it takes."""
        return steps if self.levels is None else len(self.levels)

    def levels_at(self, steps: int) -> list[str | None]:
        """Name the levels it takes; None for numbers."""
        return [self.level(code) for code in self.codes_at(steps)]

    def value(self, code: float) -> float:
        """Return the value of a code as a number."""
        return float(code) if self.levels is None else code + 1.0

    def level(self, code: float) -> str | None:
        """Name the level of a code."""
        return None if self.levels is None else level_text(self.levels[int(code)])

    def commonest(self, rows: np.ndarray | slice = slice(None)) -> float:
        """Return the code of the commonest level, the first of several."""
        return float(np.argmax(np.bincount(self.codes[rows].astype(int), minlength=len(self.levels or ()))))

    def column(self, codes: np.ndarray) -> np.ndarray | pd.Series:
        """Build a column of codes: numbers, or levels in the dtype they had."""
        if self.levels is None:
            return codes
        return pd.Series([self.levels[int(code)] for code in codes], dtype=self.dtype)


def variables_of(inputs: pd.DataFrame, factors: Sequence[str]) -> dict[str, Variable]:
    """Read each column: numbers as they are; levels of labels, text, logicals and of numbers named in ``factors``."""
    return {str(name): _variable(str(name), inputs[name], str(name) in factors) for name in inputs.columns}


def _variable(name: str, column: pd.Series, is_factor: bool) -> Variable:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        present = set(column)
        return _coded(column, [level for level in dtype.categories if level in present])
    if pd.api.types.is_bool_dtype(dtype):
        return _coded(column, [False, True])
    is_number = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
    if is_number and not is_factor:
        return Variable(column.to_numpy(dtype=float), None, column.dtype)
    if is_number or all(isinstance(value, str) for value in column):
        return _coded(column, sorted(column.unique().tolist()))
    raise ColumnError(
        f"Column '{name}' of `data` has dtype {dtype}, which cannot be profiled.",
        allowed="Numbers, logicals, labels and text.",
    )


def _coded(column: pd.Series, levels: list[Any]) -> Variable:
    return Variable(pd.Index(levels).get_indexer(column.astype(object)).astype(float), levels, column.dtype)


def held_values(
    variables: dict[str, Variable], group_vals: pd.DataFrame | npt.ArrayLike, grp_nms: Sequence[str] | None
) -> pd.DataFrame:
    """Return the codes that each group holds: groups by variables, the index naming the groups."""
    if isinstance(group_vals, pd.DataFrame):
        codes = _given(variables, group_vals)
    elif np.ndim(group_vals) == 0 and _is_count(group_vals):
        codes = _clustered(variables, group_vals)
    else:
        codes = _quantiles(variables, _shares(group_vals))
    if grp_nms is not None:
        names = [grp_nms] if isinstance(grp_nms, str) else [str(name) for name in grp_nms]
        if len(names) != len(codes) or len(set(names)) < len(names):
            raise ArgumentError(
                f"`grp_nms` has {len(names)} names for {len(codes)} groups.",
                allowed="A different name for each group.",
            )
        codes.index = pd.Index(names)
    return codes


def _is_count(value: Any) -> bool:
    try:
        return float(value) > 1
    except (TypeError, ValueError):
        return False


def _shares(group_vals: npt.ArrayLike) -> np.ndarray:
    try:
        shares = np.atleast_1d(np.asarray(group_vals, dtype=float))
    except (TypeError, ValueError):
        shares = np.array([np.nan])
    if shares.ndim != 1 or not len(shares) or not ((shares >= 0) & (shares <= 1)).all():
        raise ArgumentError("`group_vals` is not valid.", allowed=ALLOWED)
    return shares


def _quantiles(variables: dict[str, Variable], shares: np.ndarray) -> pd.DataFrame:
    codes = {
        name: quantiles(variable.codes, shares) if variable.levels is None else variable.commonest()
        for name, variable in variables.items()
    }
    names = [f"{100 * share:.7g}%" for share in shares]
    return pd.DataFrame(codes, index=pd.Index(_unique(names)), dtype=float)


def _unique(names: list[str]) -> list[str]:
    return names if len(set(names)) == len(names) else [str(index + 1) for index in range(len(names))]


def quantiles(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return R's quantiles (type 7; Hyndman & Fan 1996, The American Statistician 50, 361-365)."""
    ordered = np.sort(values)
    at = (len(ordered) - 1) * shares
    low = np.floor(at).astype(int)
    high, part = np.ceil(at).astype(int), at - low
    return np.asarray(np.where(part > 0, (1 - part) * ordered[low] + part * ordered[high], ordered[low]))


def _clustered(variables: dict[str, Variable], group_vals: object) -> pd.DataFrame:
    count = check_count("group_vals", group_vals, 2)
    numbers = [variable.codes for variable in variables.values() if variable.levels is None]
    rows = np.column_stack(numbers) if numbers else np.empty((0, 0))
    if not has_different(rows, count):
        raise DataError(
            f"`group_vals` asks for {count} clusters, and `data` has fewer different rows of numbers.",
            allowed="At most as many clusters as different rows.",
        )
    member = cluster(rows, count)
    codes = {
        name: [
            float(variable.codes[member == g].mean()) if variable.levels is None else variable.commonest(member == g)
            for g in range(count)
        ]
        for name, variable in variables.items()
    }
    return pd.DataFrame(codes, index=pd.Index([str(g + 1) for g in range(count)]), dtype=float)


def _given(variables: dict[str, Variable], groups: pd.DataFrame) -> pd.DataFrame:
    codes = {}
    for name, variable in variables.items():
        if name in groups.columns:
            codes[name] = _given_codes(name, variable, groups[name])
        elif variable.levels is not None:
            codes[name] = np.full(len(groups), variable.commonest())
        else:
            raise ArgumentError(f"`group_vals` lacks the variable '{name}'.", allowed="A column for each variable.")
    if not len(groups):
        raise ArgumentError("`group_vals` has no rows.", allowed=ALLOWED)
    return pd.DataFrame(codes, index=pd.Index(_unique([str(g + 1) for g in range(len(groups))])), dtype=float)


def _given_codes(name: str, variable: Variable, column: pd.Series) -> np.ndarray:
    if variable.levels is None:
        return column.to_numpy(dtype=float)
    levels = [level_text(level) for level in variable.levels]
    codes = pd.Index(levels).get_indexer(pd.Index([level_text(value) for value in column], dtype=object))
    if (codes < 0).any():
        raise ArgumentError(
            f"Column '{name}' of `group_vals` has values that are not levels in the data.",
            allowed=f"The levels {', '.join(levels)}.",
        )
    return codes.astype(float)

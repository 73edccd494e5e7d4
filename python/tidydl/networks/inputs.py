"""The numbers of a call: inputs, targets and case weights of the complete rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.checks import described, frame_hint, numbers_in
from tidydl.design import Design, Response, from_formula, from_matrix, response_values, same_index
from tidydl.errors import ArgumentError, ColumnError, DataError, no_column
from tidydl.networks.excluded import Excluded

if TYPE_CHECKING:
    from tidydl.design.contrasts import Contrasts
    from tidydl.design.numbers import Data
    from tidydl.design.rows import Subset


@dataclass(frozen=True)
class Inputs:
    """The numbers of a call: complete rows only.

    ``x`` is rows by inputs, ``weights`` one value for each row, ``index`` the labels of these rows, ``offset`` the sum
    of the formula's offsets, rows by columns, and ``excluded`` all rows that were asked for, where those left out are
    to keep their place.
    """

    x: np.ndarray
    response: Response
    design: Design
    weights: np.ndarray
    index: Any
    formula: str | None
    offset: np.ndarray | None = None
    excluded: Excluded | None = None

    @property
    def targets(self) -> np.ndarray:
        """The targets: an indicator of the second of two classes, or of each of more."""
        levels = self.response.levels
        if levels is None or len(levels) == 2:
            return self.response.values
        return np.eye(len(levels))[self.response.values[:, 0].astype(int)]

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the outputs, as R's columns of fitted values have them."""
        response, outputs = self.response, self.targets.shape[1]
        if response.levels is not None:
            return response.levels if outputs > 1 else response.levels[1:]
        return response.columns if len(response.columns) == outputs else tuple(f"o{o + 1}" for o in range(outputs))


def gather(
    formula: str | Data | None,
    data: Data | None,
    x: Data | None,
    y: Data | None,
    weights: str | npt.ArrayLike | None,
    *,
    subset: Subset | None = None,
    na_action: str = "omit",
    contrasts: Contrasts | None = None,
) -> Inputs:
    """Read the arguments of a fit: a formula and a data frame, or inputs and response as numbers.

    ``subset``, ``na_action`` and ``contrasts`` are for formulas only.
    """
    rows: dict[str, Any] = {"subset": subset, "na_action": na_action, "contrasts": contrasts}
    if isinstance(formula, str):
        return _from_formula(formula, data, weights, rows)
    for name, value in rows.items():
        if value is not None and (name, value) != ("na_action", "omit"):
            raise ArgumentError(
                f"`{name}` is for a formula, and there is none.",
                allowed="A formula and a data frame.",
                hint="Choose the rows of `x` and `y`, and code the columns of `x`, before the fit.",
            )
    return _from_numbers(x if formula is None else formula, y if data is None else data, weights)


def _from_formula(formula: str, data: Data | None, weights: str | npt.ArrayLike | None, rows: dict[str, Any]) -> Inputs:
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"`data` is {described(data)}.",
            allowed="A data frame that holds the columns of the formula.",
            hint=frame_hint(data),
        )
    cases = _case_weights(weights, data, missing_ok=True)
    weighed = ~np.isnan(cases)
    frame = from_formula(formula, data, usable=weighed, **rows)
    need_finite("data", frame.x, frame.design.columns)
    need_finite("data", frame.response.values, frame.response.columns)
    response = replace(frame.response, values=_own(frame.response.values))
    excluded = Excluded(data.index[frame.chosen], frame.complete) if rows.get("na_action") == "exclude" else None
    index = data.index[frame.rows]
    return Inputs(_own(frame.x), response, frame.design, cases[frame.rows], index, formula, frame.offset, excluded)


def _from_numbers(x: Data | None, y: Data | None, weights: npt.ArrayLike | None) -> Inputs:
    if x is None or y is None:
        raise ArgumentError(
            "`x` and `y` are required without a formula.",
            allowed="A formula and a data frame, or `x` and `y`: inputs and response.",
        )
    inputs, names = from_matrix(x)
    rows = [y] if _ndim(y) == 0 else y
    if not isinstance(rows, Sized):
        raise ArgumentError(f"`y` is {described(y)}.", allowed="One row of y for each of x.")
    if len(rows) != len(inputs):
        raise ArgumentError(
            f"`x` has {len(inputs)} rows and `y` has {len(rows)}.", allowed="One row of y for each of x."
        )
    if len(inputs) == 0:
        raise DataError("`x` has no rows.", allowed="At least one row.")
    response = _response(rows)
    _complete("x", inputs, names)
    unknown = response.values < 0 if response.levels is not None else False  # a missing label has the code -1
    _complete("y", np.where(unknown, np.nan, response.values), response.columns)
    response = replace(response, values=_own(response.values))
    index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(len(inputs))
    return Inputs(_own(inputs), response, Design(names), _case_weights(weights, inputs), index, None)


def _response(y: object) -> Response:
    if isinstance(y, pd.DataFrame) or _ndim(y) == 2:
        values, names = from_matrix(y, "y")
        return Response("y", values, None, names)
    if isinstance(y, (pd.Categorical, pd.Index)):
        y = pd.Series(y)
    name = getattr(y, "name", None)
    return response_values("y" if name is None else str(name), y)


def _ndim(values: Any) -> int:
    try:
        return np.ndim(values)
    except ValueError:  # a list of lists of different length
        return 1


def _complete(argument: str, values: np.ndarray, names: Sequence[str]) -> None:
    missing = np.isnan(values)
    if missing.any():
        raise DataError(
            f"`{argument}` has missing values{_in_column(argument, missing, names)}.",
            allowed="Complete rows.",
            hint="Leave the incomplete rows out, or give a formula and a data frame, which does so.",
        )
    need_finite(argument, values, names)


def need_finite(argument: str, values: np.ndarray, names: Sequence[str]) -> None:
    """Refuse infinite values, naming the first column that has one."""
    infinite = ~np.isfinite(values)
    if infinite.any():
        raise DataError(
            f"`{argument}` has infinite values{_in_column(argument, infinite, names)}.",
            allowed="Finite numbers.",
            hint="Look for divisions by zero and logarithms of zero.",
        )


def _in_column(argument: str, mask: np.ndarray, names: Sequence[str]) -> str:
    """Name the first affected column, if there are several."""
    labels = column_labels(names, mask.shape[1], "o" if argument == "y" else "i")
    label = labels[np.flatnonzero(mask.any(axis=0))[0]]
    return "" if mask.shape[1] == 1 and argument == "y" else f" in '{label}'"


def _own(values: np.ndarray) -> np.ndarray:
    """Return writable values: for read-only ones, as from pandas, the engine would be compiled once more."""
    return np.require(values, requirements=["C", "W"])


def _case_weights(
    weights: str | npt.ArrayLike | None, data: pd.DataFrame | np.ndarray, *, missing_ok: bool = False
) -> np.ndarray:
    if weights is None:
        return np.ones(len(data))
    if isinstance(weights, str) and isinstance(data, pd.DataFrame):
        if weights not in data.columns:
            raise ColumnError(
                f"`weights` names the column '{weights}', which `data` does not have.",
                allowed="A column of `data`, or one number for each row.",
            )
        weights = data[weights]
    if isinstance(data, pd.DataFrame):
        same_index("weights", weights, data)
    values = numbers_in(weights)
    if values is None:
        raise ArgumentError("`weights` is not numeric.", allowed="One number for each row.")
    if values.shape != (len(data),):
        raise ArgumentError(
            f"`weights` has {values.size} values for {len(data)} rows.", allowed="One number for each row."
        )
    observed = values[~np.isnan(values)] if missing_ok else values
    if not len(observed) or not (np.isfinite(observed) & (observed >= 0)).all():
        raise ArgumentError(
            "`weights` has values that are negative, missing or infinite.", allowed="Finite numbers of at least 0."
        )
    if not observed.any():
        raise ArgumentError("`weights` are 0 in every row.", allowed="A number above 0 for at least one row.")
    return values


def label_column(data: pd.DataFrame, argument: str, name: object) -> pd.Series:
    """Return the column of labels that an argument names."""
    if not isinstance(name, Hashable) or name not in data.columns:
        named = f"`{argument}` names the column '{name}', which `data` does not have."
        raise no_column(f"`{argument}` is missing." if name is None else named, name, data.columns)
    column = data[name]
    if column.ndim == 2:
        raise ColumnError(
            f"`data` has several columns named '{name}'.",
            allowed="One column of each name that is used.",
            hint="Rename them.",
        )
    if column.dtype == object and not column.map(lambda value: isinstance(value, Hashable)).all():
        raise ColumnError(
            f"Column '{name}' of `data` has values that are not labels.", allowed="Labels, text or numbers."
        )
    return column


def column_labels(names: Sequence[str], count: int, letter: str = "i") -> list[str]:
    """Return the names of columns, else those that weights use for inputs and outputs, from i1 or o1."""
    return list(names) if len(names) == count else [f"{letter}{at + 1}" for at in range(count)]

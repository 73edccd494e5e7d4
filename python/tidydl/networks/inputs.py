"""From what a user gives to numbers: inputs, targets and case weights of the complete rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tidydl.checks import described
from tidydl.design import Design, Response, from_formula, from_matrix, response_values
from tidydl.errors import ArgumentError, ColumnError, DataError

__all__ = ["Inputs", "gather"]


@dataclass(frozen=True)
class Inputs:
    """The numbers of a call: complete rows only.

    ``x`` is rows by inputs, ``weights`` one value for each row, ``index`` the labels of these rows.
    """

    x: np.ndarray
    response: Response
    design: Design
    weights: np.ndarray
    index: Any
    formula: str | None

    @property
    def targets(self) -> np.ndarray:
        """The response as the outputs should be: an indicator of the second of two classes, or of each of more."""
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


def gather(formula: Any, data: Any, x: Any, y: Any, weights: Any) -> Inputs:
    """Take the arguments of a fit: a formula and a data frame, or inputs and response as numbers.

    Raises
    ------
    ArgumentError, FormulaError, ColumnError, DataError
        Where they cannot be used.
    """
    if isinstance(formula, str):
        return _from_formula(formula, data, weights)
    return _from_numbers(x if formula is None else formula, y if data is None else data, weights)


def _from_formula(formula: str, data: Any, weights: Any) -> Inputs:
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"`data` is {described(data)}.",
            allowed="A data frame that holds the columns of the formula.",
        )
    cases = _case_weights(weights, data)
    design, inputs, response, complete = from_formula(formula, data)
    _finite("data", inputs)
    _finite("data", response.values)
    return Inputs(inputs, response, design, cases[complete], data.index[complete], formula)


def _from_numbers(x: Any, y: Any, weights: Any) -> Inputs:
    import pandas as pd

    if x is None or y is None:
        raise ArgumentError(
            "`x` and `y` are needed where there is no formula.",
            allowed="nnet('y ~ a + b', data, size=2) or nnet(x, y, size=2).",
        )
    inputs, names = from_matrix(x)
    if hasattr(y, "__len__") and len(y) != len(inputs):
        raise ArgumentError(f"`x` has {len(inputs)} rows and `y` has {len(y)}.", allowed="One row of y for each of x.")
    response = _response(y)
    if len(inputs) == 0:
        raise DataError("`x` has no rows.", allowed="At least one row.")
    for argument, values in (("x", inputs), ("y", response.values)):
        if np.isnan(values).any():
            raise DataError(
                f"`{argument}` has missing values.",
                allowed="Complete rows.",
                hint="Leave the incomplete rows out, or give a formula and a data frame, which does so.",
            )
        _finite(argument, values)
    index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(len(inputs))
    return Inputs(inputs, response, Design(names), _case_weights(weights, inputs), index, None)


def _response(y: Any) -> Response:
    import pandas as pd

    if isinstance(y, pd.DataFrame) or np.ndim(y) == 2:
        values, names = from_matrix(y, "y")
        return Response("y", values, None, names)
    if isinstance(y, (pd.Categorical, pd.Index)):
        y = pd.Series(y)
    return response_values("y" if getattr(y, "name", None) is None else str(y.name), y)


def _finite(argument: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise DataError(
            f"`{argument}` has infinite values.",
            allowed="Finite numbers.",
            hint="Look for divisions by zero and logarithms of zero.",
        )


def _case_weights(weights: Any, data: Any) -> np.ndarray:
    if weights is None:
        return np.ones(len(data))
    if isinstance(weights, str):
        if weights not in getattr(data, "columns", ()):
            raise ColumnError(
                f"`weights` names the column '{weights}', which `data` does not have.",
                allowed="A column of `data`, or one number for each row.",
            )
        weights = data[weights]
    values = np.asarray(weights, dtype=float)
    if values.shape != (len(data),):
        raise ArgumentError(
            f"`weights` has {values.size} values for {len(data)} rows.", allowed="One number for each row."
        )
    if not (values >= 0).all():
        raise ArgumentError("`weights` has negative or missing values.", allowed="Numbers of at least 0.")
    return values

"""The numbers of a multinomial model: shares of classes, totals, merged rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tidydl.design import Response, response_values
from tidydl.errors import ArgumentError, DataError, FormulaError
from tidydl.networks.inputs import Inputs
from tidydl.rprint import level_text


@dataclass(frozen=True)
class Model:
    """The numbers of a multinomial model, a line for each row.

    ``x`` is the whole model matrix, the intercept's column included, and last the offsets' ``offsets`` columns; ``y``
    the response, rows by classes: counts, or an indicator of each class (of the second of two); ``classes`` names
    them all. ``lev`` is None for counts.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    classes: tuple[str, ...]
    lev: tuple[str, ...] | None
    intercept: bool
    offsets: int
    index: Any

    @property
    def terms(self) -> np.ndarray:
        """The model matrix without the offsets."""
        return self.x[:, : self.x.shape[1] - self.offsets]

    @property
    def free(self) -> np.ndarray:
        """Which weights are coefficients: those of each output but the first of several, without bias and offsets."""
        outputs, terms = self.y.shape[1], self.x.shape[1] - self.offsets
        free = np.zeros((outputs, 1 + self.x.shape[1]), dtype=bool)
        free[0 if outputs == 1 else 1 :, 1 : 1 + terms] = True
        return free.ravel()

    @property
    def fixed(self) -> np.ndarray:
        """The values of the fixed weights: 1 from an offset to its own output, else 0."""
        fixed = np.zeros((self.y.shape[1], 1 + self.x.shape[1]))
        fixed[:, fixed.shape[1] - self.offsets :] = np.eye(self.y.shape[1], self.offsets)
        return fixed.ravel()

    def shares(self, censored: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets of the outputs, and the weight of each row: a row of counts by its total."""
        if censored or self.y.shape[1] == 1:
            return self.y, self.weights
        _check_counts(self.y)
        totals = np.add.accumulate(self.y, axis=1)[:, -1]
        return self.y / totals[:, None], self.weights * totals


def _check_counts(counts: np.ndarray) -> None:
    if (counts < 0).any():
        raise DataError("`data` has negative counts in the response.", allowed="Numbers of at least 0.")
    if (counts.sum(axis=1) == 0).any():
        raise DataError(
            "`data` has rows in which nothing was counted: the response is 0 in all classes.",
            allowed="At least one class with a count above 0 in each row.",
            hint="Leave these rows out.",
        )


def model_of(inputs: Inputs) -> Model:
    """Build the model of a formula's inputs: numbers in one column are classes, as in R."""
    response = _as_classes(inputs.response)
    formula = inputs.design.formula
    assert formula is not None
    ones = np.ones((len(inputs.x), 1 if formula.intercept else 0))
    if ones.shape[1] + inputs.x.shape[1] == 0:
        raise ArgumentError("`formula` has neither an intercept nor predictors.", allowed="At least one of them.")
    levels = response.levels
    y = replace(inputs, response=response).targets
    classes = response.columns if levels is None else levels
    offset = offset_columns(inputs.offset, len(inputs.x), y.shape[1], len(classes))
    x = np.ascontiguousarray(np.column_stack([ones, inputs.x, offset]))
    return Model(
        x, np.ascontiguousarray(y), inputs.weights, classes, levels, formula.intercept, offset.shape[1], inputs.index
    )


def offset_columns(offset: np.ndarray | None, rows: int, outputs: int, classes: int) -> np.ndarray:
    """Return offsets as columns for the outputs: with one output for two classes only their difference counts."""
    if offset is None:
        return np.empty((rows, 0))
    columns = offset.shape[1]
    if outputs == 1 and columns <= 2:
        return offset[:, [1]] - offset[:, [0]] if columns == 2 else offset
    if columns != classes:
        raise FormulaError(
            f"`formula` has an offset of {columns} columns for {classes} classes.",
            allowed="One column, or one for each class." if outputs == 1 else "One column for each class.",
        )
    return offset


def _as_classes(response: Response) -> Response:
    """Read numbers in a single column as classes, written as R's ``factor()`` writes them."""
    if response.levels is not None or response.values.shape[1] > 1:
        return response
    values = response.values[:, 0] + 0.0  # no negative zero
    written = np.array([level_text(value) for value in values.tolist()])
    kinds = [level_text(value) for value in np.unique(values).tolist()]
    if response.is_logical:
        kinds, written = ["FALSE", "TRUE"], np.array(["FALSE", "TRUE"])[values.astype(int)]
    present = [kind for kind in dict.fromkeys(kinds) if kind in set(written)]
    return response_values(response.name, pd.Series(pd.Categorical(written, categories=pd.Index(present))))


def put_together(model: Model, summ: int) -> Model:
    """Return one row for all rows that are alike, its weight the sum of theirs.

    ``summ`` 1 and 2 merge rows alike in inputs and response, sorted by the last or the first column first; 3 those
    alike in inputs, adding up their responses.
    """
    keys = model.x if summ == 3 else np.column_stack([model.x, model.y])
    order = np.lexsort(keys.T if summ == 1 else keys.T[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    group, first = np.cumsum(new) - 1, order[new]
    weights = np.bincount(group, model.weights[order])
    y = model.y[first]
    if summ == 3:
        counted = model.y[order] * model.weights[order, None]
        y = np.column_stack([np.bincount(group, column) for column in counted.T])
        y, weights, first = _weighed(y, weights, first)
    index = model.index[first] if summ == 1 else pd.RangeIndex(len(first))
    return replace(model, x=np.ascontiguousarray(model.x[first]), y=y, weights=weights, index=index)


def _weighed(y: np.ndarray, weights: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts with a weight of 1, and an indicator's sum as a share of the weight."""
    kept = weights > 0
    y, weights, first = y[kept], weights[kept], first[kept]
    if y.shape[1] == 1:
        return y / weights[:, None], weights, first
    return y, np.ones(len(y)), first

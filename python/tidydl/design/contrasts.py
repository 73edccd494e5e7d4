"""Contrasts: how a categorical predictor becomes columns, as R's ``contrasts`` argument has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl import rendering
from tidydl.checks import described
from tidydl.design.deparse import quoted, written
from tidydl.design.polynomials import polynomial_contrasts
from tidydl.design.syntax import parse
from tidydl.errors import ArgumentError, FormulaError, one_of, unknown_name

if TYPE_CHECKING:
    Contrasts: TypeAlias = Mapping[str, str | npt.ArrayLike]

CONTRASTS = ("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")


@dataclass(frozen=True)
class Coding:
    """How one categorical predictor is coded: its levels, and the name of its contrasts or their own matrix.

    ``matrix`` is levels by columns where numbers were given, and ``ends`` are then the ends of the columns' names.
    ``ordered`` says whether the levels have an order.
    """

    levels: tuple[str, ...]
    contrasts: str = "contr.treatment"
    matrix: tuple[tuple[float, ...], ...] | None = None
    ends: tuple[str, ...] = ()
    ordered: bool = False

    def columns(self, codes: np.ndarray, full: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the columns for codes of levels, and the ends of their names: one for each level where ``full``."""
        if full:
            return _indicators(codes, len(self.levels)), self.levels
        if self.matrix is not None:
            return np.array(self.matrix, dtype=float)[codes], self.ends
        if self.contrasts == "contr.treatment":
            return _indicators(codes, len(self.levels))[:, 1:], self.levels[1:]
        matrix, ends = _named(self.contrasts, self.levels)
        return matrix[codes], ends

    def width(self, full: bool) -> int:
        """Return the number of columns."""
        return len(self.levels) if full else len(self.ends) if self.matrix is not None else len(self.levels) - 1


def _indicators(codes: np.ndarray, n: int) -> np.ndarray:
    marks = np.zeros((len(codes), n))
    marks[np.arange(len(codes)), codes] = 1.0
    return marks


def _named(name: str, levels: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Build the matrix of known contrasts other than R's default, levels by columns, and the ends of the names."""
    n = len(levels)
    if name == "contr.SAS":
        return np.eye(n)[:, :-1], levels[:-1]
    if name == "contr.poly":
        return polynomial_contrasts(n)
    numbered = tuple(str(j) for j in range(1, n))
    if name == "contr.sum":
        return np.vstack([np.eye(n - 1), -np.ones((1, n - 1))]), numbered
    steps = np.arange(1.0, n)
    return np.where(np.arange(n)[:, None] <= np.arange(n - 1), -1.0, 0.0) + np.diag(steps, -1)[:, : n - 1], numbered


def coded_by(
    contrasts: Contrasts | None, factors: Mapping[str, tuple[str, ...]], others: Sequence[str]
) -> dict[str, Coding]:
    """Read the ``contrasts`` argument: by factor the name of contrasts or a matrix, levels by columns.

    ``factors`` are the levels of the formula's factors, by how R writes them; ``others`` the formula's other
    predictors.
    """
    if contrasts is None:
        return {}
    if not isinstance(contrasts, Mapping):
        raise ArgumentError(
            f"`contrasts` is {described(contrasts)}.",
            allowed=f"A {rendering.type_name('dict')} such as {rendering.value({'group': 'contr.sum'})}.",
        )
    codings = {}
    for key, value in contrasts.items():
        name = _factor(key, factors, others)
        codings[name] = _coding(name, value, factors[name])
    return codings


def _factor(key: object, factors: Mapping[str, tuple[str, ...]], others: Sequence[str]) -> str:
    """Find the factor that a key names: as a column, or as written in the formula."""
    spellings = [str(key), quoted(str(key)), _rewritten(str(key))]
    for spelling in spellings:
        if spelling in factors:
            return spelling
    if any(spelling in others for spelling in spellings):
        raise ArgumentError(
            f"`contrasts` names '{key}', which is not categorical.",
            allowed=one_of(factors),
            hint=f"Write factor({key}) in the formula to have it coded by its levels.",
        )
    raise unknown_name("contrasts", str(key), factors, hint="Name a factor of the formula.", error=ArgumentError)


def _rewritten(key: str) -> str:
    try:
        return written(parse(key))
    except FormulaError:
        return key


def _coding(name: str, contrasts: npt.ArrayLike, levels: tuple[str, ...]) -> Coding:
    if isinstance(contrasts, str):
        if contrasts not in CONTRASTS:
            raise unknown_name("contrasts", contrasts, CONTRASTS, error=ArgumentError)
        return Coding(levels, contrasts)
    try:
        matrix = np.asarray(contrasts, dtype=float)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or not np.isfinite(matrix).all():
        raise ArgumentError(
            f"`contrasts` has for '{name}' neither a name nor a matrix of finite numbers.",
            allowed=f"{one_of(CONTRASTS)[:-1]}, or a matrix with a row for each level.",
        )
    if len(matrix) != len(levels):
        raise ArgumentError(
            f"`contrasts` has for '{name}' a matrix of {len(matrix)} rows, and there are {len(levels)} levels.",
            allowed=f"A row for each of the levels {', '.join(levels)}.",
        )
    frame = contrasts if isinstance(contrasts, pd.DataFrame) else None
    if frame is not None and set(frame.index) == set(levels) and tuple(frame.index) != levels:
        raise ArgumentError(
            f"`contrasts` has for '{name}' the levels in another order than the data.",
            allowed=f"The order {', '.join(levels)}.",
            hint="Give the rows in the order of the levels.",
        )
    named = frame is not None and all(isinstance(column, str) for column in frame.columns)
    ends = tuple(frame.columns) if frame is not None and named else tuple(str(j + 1) for j in range(matrix.shape[1]))
    return Coding(levels, "", tuple(map(tuple, matrix.tolist())), ends)

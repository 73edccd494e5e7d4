"""Inference: information, covariances, intervals, likelihoods and tests between fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from tidydl.checks import described
from tidydl.errors import ArgumentError, unknown_name

if TYPE_CHECKING:
    Chosen: TypeAlias = str | int | Iterable[str | int] | None
    from tidydl.networks.record import NNet

_SINGULAR = 1e-10
_DEPENDENT = 1e-7


def information(
    x: np.ndarray, shares: np.ndarray, weights: np.ndarray, allowed: np.ndarray | None = None
) -> np.ndarray:
    """Return the observed information of the coefficients of a multinomial model, those of the second class first.

    ``shares`` are the fitted probabilities, rows by classes (of two classes the second's alone); ``allowed`` is 1 where
    a class is possible and 0 where not, None where the class is known. Where it is known a row adds (diag(p) - pp') x
    xx' for its probabilities p. A row of which only the possible classes are known adds that less the same of the
    probabilities among these classes: what is not known informs less.
    """
    free = shares if shares.shape[1] == 1 else shares[:, 1:]
    conditional = None
    if allowed is not None:
        within = np.where(allowed == 1, shares, 0.0)
        conditional = (within / within.sum(axis=1, keepdims=True))[:, 1:]
    k, p = free.shape[1], x.shape[1]
    matrix = np.empty((k * p, k * p))
    for a in range(k):
        for b in range(a + 1):
            of_row = _curvature(free, a, b)
            if conditional is not None:
                of_row = of_row - _curvature(conditional, a, b)
            block = x.T @ ((weights * of_row)[:, None] * x)
            matrix[a * p : (a + 1) * p, b * p : (b + 1) * p] = block
            matrix[b * p : (b + 1) * p, a * p : (a + 1) * p] = block.T
    return matrix


def _curvature(shares: np.ndarray, a: int, b: int) -> np.ndarray:
    return shares[:, a] * ((1.0 if a == b else 0.0) - shares[:, b])


def pseudo_inverse(matrix: np.ndarray) -> np.ndarray:
    """Invert a symmetric matrix as R's ``MASS::ginv()``: singular values below 1.5e-8 of the largest count as 0."""
    if not np.isfinite(matrix).all():
        return np.full_like(matrix, np.nan)
    return np.linalg.pinv(matrix, rcond=math.sqrt(np.finfo(float).eps))


def rank(x: np.ndarray) -> int:
    """Count the columns that do not follow from those before them, to 1e-7 of their length as R's ``qr()``."""
    # Its columns depend on each other as those of x do, and it has no more rows than columns.
    short = np.asarray(np.linalg.qr(x, mode="r"))
    basis = np.empty((len(short), 0))
    for column in short.T:
        length = math.sqrt(column @ column)
        left = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)
        size = math.sqrt(left @ left)
        if length > 0 and size > _DEPENDENT * length and basis.shape[1] < len(short):
            basis = np.column_stack([basis, left / size])
    return basis.shape[1]


def covariance_of_weights(fit: NNet) -> np.ndarray:
    """Return the covariance of a network's weights from its Hessian; missing for fixed weights.

    It is the inverse of the Hessian of minus the log-likelihood, a penalty included, over the weights that may change.
    For least squares that is the Hessian of the value by twice the variance of the residuals, estimated from their sum
    of squares and the residual degrees of freedom. All is missing where the Hessian is not positive definite: the
    weights are then no isolated minimum.
    """
    from tidydl.networks.exact.kernels import LEAST_SQUARES, LINEAR

    assert fit.Hessian is not None
    free = np.flatnonzero(fit.mask)
    covariance = np.full((len(fit.wts), len(fit.wts)), np.nan)
    second = np.asarray(fit.Hessian)[np.ix_(free, free)]
    if not np.isfinite(second).all() or len(free) == 0:
        return covariance
    sizes = np.linalg.eigvalsh(second)
    if sizes[0] <= _SINGULAR * sizes[-1]:
        return covariance
    scale = 1.0
    if fit.shape.loss in (LEAST_SQUARES, LINEAR):
        squares = fit.value - float((fit.decay * fit.wts**2).sum())
        degrees = fit.fitted_values.size - len(free)
        scale = 2 * squares / degrees if degrees > 0 else np.nan
    covariance[np.ix_(free, free)] = scale * np.linalg.inv(second)
    return covariance


def standard_errors(fit: NNet) -> np.ndarray:
    """Return the standard error of each weight, missing where there is none."""
    return roots(np.diag(covariance_of_weights(fit)))


def roots(variances: np.ndarray) -> np.ndarray:
    """Return square roots, NaN for negative variances, which rounding yields for singular information."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(variances)


def normal_beyond(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the probability of a standard normal at least as far from 0."""
    return np.array([math.erfc(abs(value) / math.sqrt(2)) for value in values])


def chi_square_above(value: float, degrees: float) -> float:
    """Return the probability of a chi-square above a value."""
    from scipy.special import chdtrc

    if degrees <= 0:
        return float(value <= 0)
    return float(chdtrc(degrees, max(value, 0.0)))


def intervals(estimates: pd.Series, errors: np.ndarray, level: float) -> pd.DataFrame:
    """Return confidence intervals, the bounds named as in R: ``2.5 %`` and ``97.5 %``."""
    tails = (1 - level) / 2, 1 - (1 - level) / 2
    half = NormalDist().inv_cdf(tails[1]) * errors
    lower, upper = (f"{100 * part:.3g} %" for part in tails)
    values = np.asarray(estimates, dtype=float)
    return pd.DataFrame({lower: values - half, upper: values + half}, index=estimates.index)


def chosen_names(parm: Chosen, names: list[str]) -> list[int]:
    """Return the indices of the estimates that are asked for, by name or by position; None asks for all."""
    if parm is None:
        return list(range(len(names)))
    wanted: list[Any] = list(parm) if isinstance(parm, Iterable) and not isinstance(parm, str) else [parm]
    for each in wanted:
        if isinstance(each, str) and each not in names:
            raise unknown_name("parm", each, names, error=ArgumentError)
        if not isinstance(each, (str, int, np.integer)) or not (isinstance(each, str) or 0 <= each < len(names)):
            raise ArgumentError(
                f"`parm` is {described(each)}.", allowed=f"Names, or indices from 0 to {len(names) - 1}."
            )
    return [names.index(each) if isinstance(each, str) else int(each) for each in wanted]

"""Warnings about a fit: uninformative inputs, inputs too large to learn from, targets out of reach.

The warnings do not change the fit. They are cheap: apart from sums over the inputs, longer computations use some
hundred rows.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tidydl.errors import printable
from tidydl.networks.exact.kernels import ENTROPY, LEAST_SQUARES
from tidydl.networks.inputs import Inputs, column_labels

if TYPE_CHECKING:
    from tidydl.networks.arguments import Plan

MOST_INPUTS = 60  # beyond, dependence is not looked for
MOST_NAMED = 5
SATURATED = 15.0  # a sigmoid unit is exactly 0 or 1 beyond, and has no slope
QUARTILE = 0.6744897501960817  # of the normal distribution: half the values lie within


def advise(inputs: Inputs, planned: Plan, argument: str | None = None, *, stacklevel: int) -> None:
    """Warn about the inputs of a planned fit; ``stacklevel`` as if the caller warned itself."""
    argument = argument or ("x" if inputs.formula is None else "data")
    rang = planned.rang if planned.Wts is None and planned.shape.hidden > 0 else None
    for text in advice(argument, inputs.x, inputs.design.columns, rang, inputs.targets, planned.shape.loss):
        warnings.warn(printable(text), UserWarning, stacklevel=stacklevel + 1)


def warn_of_offset(inputs: Inputs) -> None:
    """Warn about an offset, which R's ``nnet`` ignores silently."""
    if inputs.offset is not None:
        warnings.warn(
            "`formula` has an offset, which networks ignore. multinom() supports offsets.", UserWarning, stacklevel=3
        )


def advice(
    argument: str, x: np.ndarray, names: Sequence[str], rang: float | None, targets: np.ndarray, loss: int
) -> list[str]:
    """Return warnings about inputs (rows by inputs, finite) and targets, a sentence or two each.

    ``names`` is empty for inputs without names. ``rang`` is the range of the initial weights of hidden units, None if
    there are no hidden units or their weights were given. ``loss`` is that of ``Shape``.
    """
    messages = []
    constant = (x == x[0]).all(axis=0) if len(x) > 1 else np.zeros(x.shape[1], dtype=bool)
    labels = column_labels(names, x.shape[1])
    if constant.any():
        messages.append(
            f"`{argument}` has inputs that are the same in every row: {_listed(labels, constant)}. "
            "They carry no information; leave them out."
        )
    dependent = _dependent(x, constant)
    if dependent.any():
        messages.append(
            f"`{argument}` has inputs that the others determine exactly: {_listed(labels, dependent)}. "
            "Their effects cannot be separated; leave them out."
        )
    large = _too_large(x, rang)
    if large.any():
        messages.append(
            f"`{argument}` has inputs so large that hidden units start at exactly 0 or 1 in most rows, where they "
            f"cannot learn: {_listed(labels, large)}. "
            "Scale them first, as by (x - mean(x)) / sd(x), or take a smaller `rang`."
        )
    if loss in (LEAST_SQUARES, ENTROPY) and (targets.min() < 0 or targets.max() > 1):
        messages.append(
            "The response has values outside 0 to 1, which logistic outputs cannot reach. "
            "For numbers ask for linear outputs by `linout`."
        )
    return messages


def _listed(labels: Sequence[str], chosen: np.ndarray) -> str:
    named = [f"'{labels[i]}'" for i in np.flatnonzero(chosen).tolist()]
    more = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _dependent(x: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Mark the inputs that are a linear function of those before them, up to rounding.

    Some hundred rows tell the candidates; they are confirmed on all rows.
    """
    dependent = np.zeros(x.shape[1], dtype=bool)
    varying = np.flatnonzero(~constant)
    p = len(varying)
    if not 2 <= p <= MOST_INPUTS or len(x) <= p + 1:
        return dependent
    some = x[:: max(len(x) // (p + 100), 1), varying]
    with np.errstate(all="ignore"):  # values too large to be squared are left alone
        some = some - some.mean(axis=0)
        length = np.sqrt((some * some).sum(axis=0))
        length[length == 0] = 1.0
        scaled = some / length
        if np.isfinite(scaled).all() and not _surely_independent(scaled):
            candidates = np.abs(np.diagonal(np.linalg.qr(scaled, mode="r"))) < 1e-7
            if candidates.any():
                dependent[varying[candidates]] = _confirmed(x[:, varying], some, candidates)
    return dependent


def _surely_independent(scaled: np.ndarray) -> bool:
    """Return whether columns of length 1 are far from dependent, by a decomposition quicker than QR but less exact."""
    try:
        return bool(np.diagonal(np.linalg.cholesky(scaled.T @ scaled)).min() > 1e-4)
    except np.linalg.LinAlgError:
        return False


def _confirmed(x: np.ndarray, some: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return for each candidate whether its dependence on the other inputs, found in some rows, holds in all."""
    slopes = np.linalg.lstsq(some[:, ~candidates], some[:, candidates], rcond=None)[0]
    wanted = x[:, candidates] - x[:, candidates].mean(axis=0)
    others = x[:, ~candidates] - x[:, ~candidates].mean(axis=0)
    return np.abs(wanted - others @ slopes).max(axis=0) <= 1e-7 * np.abs(wanted).max(axis=0)


def _too_large(x: np.ndarray, rang: float | None) -> np.ndarray:
    """Mark the inputs that make hidden units start saturated more likely than not, in more than half of the rows.

    A unit sums inputs times weights that are uniform between -rang and rang: roughly a normal distribution, with
    the standard deviation rang / sqrt(3) times the length of the row (its bias counts as an input of 1).
    """
    large = np.zeros(x.shape[1], dtype=bool)
    if not rang or not x.size:
        return large
    longest = SATURATED / QUARTILE * math.sqrt(3.0) / rang
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", x, x)
        if np.count_nonzero(squares > longest * longest - 1.0) * 2 > len(x):
            size = np.sqrt(np.einsum("ij,ij->j", x, x) / len(x))
            large = size >= min(longest / 2, size.max())
    return large

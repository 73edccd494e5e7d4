"""What R calls of the networks: plain arrays in, plain arrays out. R makes the design and draws the weights itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidydl.networks.engine import Settings
from tidydl.networks.engines import choose_engine, solve
from tidydl.networks.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.many import Fit
from tidydl.progress import Work

__all__ = ["fit_arrays"]

LOSSES = {
    "least squares": LEAST_SQUARES,
    "linear": LINEAR,
    "entropy": ENTROPY,
    "softmax": SOFTMAX,
    "censored": CENSORED,
}


def fit_arrays(
    x: np.ndarray,
    y: np.ndarray,
    weights: Any,
    wts: Any,
    mask: Any,
    decay: Any,
    size: int,
    skip: bool,
    loss: str,
    maxit: int,
    abstol: float,
    reltol: float,
    trace: bool,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Work[dict[str, Any]]:
    """Fit a network whose arguments R has checked.

    Parameters
    ----------
    x, y
        Rows by inputs, rows by outputs.
    weights, wts, mask, decay
        Case weights; initial weights, which may change, and penalty, one per weight.
    size, skip, loss
        Hidden units, skip layer, and one of the names in ``LOSSES``.
    maxit, abstol, reltol, trace, engine, device, threads
        As in :func:`tidydl.nnet`.

    Returns
    -------
    dict
        ``wts``, ``value``, ``convergence``, ``iterations``, ``evaluations``, ``fitted`` (rows by outputs),
        ``curve`` (passes by iteration and value), ``seconds``, ``engine``, ``device``.
    """
    shape = Shape(x.shape[1], int(size), y.shape[1], bool(skip), LOSSES[loss])
    start, free, penalty = (_per_weight(each) for each in (wts, mask, decay))
    settings = Settings(int(maxit), float(abstol), float(reltol), bool(trace))
    chosen = choose_engine(engine, device, threads)
    penalty = np.broadcast_to(penalty, start.shape)
    fit = Fit(shape, x, y, _per_weight(weights), start, free.astype(bool), penalty, settings)
    solution = yield from solve(chosen, fit)
    return {
        "wts": solution.wts,
        "value": solution.value,
        "convergence": solution.convergence,
        "iterations": solution.iterations,
        "evaluations": solution.evaluations,
        "fitted": solution.fitted_values,
        "curve": solution.curve,
        "seconds": solution.seconds,
        "engine": chosen.name,
        "device": chosen.device,
    }


def _per_weight(values: Any) -> np.ndarray:
    """Take a vector, which arrives from R as a single value where it has one element."""
    return np.atleast_1d(np.asarray(values, dtype=float))

"""Metrics of outputs against targets: the loss of the fit, and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tidydl.errors import ArgumentError
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, SOFTMAX

if TYPE_CHECKING:
    from tidydl.networks.averaging import AveragedNNet
    from tidydl.networks.record import NNet

METRICS = ("loss", "rmse", "mae", "accuracy")
_IMPOSSIBLE = 1000.0  # what a class of probability 0 costs, as in R
_NEVER_ZERO = 1e-80


def loss_name(fit: NNet | AveragedNNet) -> str:
    """Name the loss of a network."""
    return {ENTROPY: "entropy", SOFTMAX: "softmax", CENSORED: "censored"}.get(fit.shape.loss, "least squares")


def mean_metric(outputs: np.ndarray, targets: np.ndarray, loss: str, metric: str) -> float:
    """Compute a metric of outputs against targets (both rows by outputs); rows with a missing output are left out.

    Of classes the targets are indicators or shares. ``loss`` is ``"least squares"``, ``"entropy"``, ``"softmax"`` or
    ``"censored"``; not every one of ``METRICS`` is for each loss.
    """
    is_class = loss != "least squares"
    if metric != "loss" and is_class != (metric == "accuracy"):
        kind = "numbers" if metric == "accuracy" else "classes"
        allowed = "'loss' or 'rmse' or 'mae'" if metric == "accuracy" else "'loss' or 'accuracy'"
        raise ArgumentError(
            f"`metric` '{metric}' is not for a network that was fitted to {kind}.", allowed=f"{allowed}."
        )
    p, t = (np.asarray(each, dtype=float).reshape(len(each), -1) for each in (outputs, targets))
    complete = ~np.isnan(p).any(axis=1)
    if not complete.any():
        return float("nan")
    return _METRICS[metric](p[complete], t[complete], loss)


def block_metrics(outputs: np.ndarray, targets: np.ndarray, loss: str, metric: str) -> np.ndarray:
    """Compute a metric of several predictions of the same targets, which stand below each other, one value for each."""
    targets = np.asarray(targets, dtype=float).reshape(len(targets), -1)
    blocks = np.asarray(outputs, dtype=float).reshape(-1, *targets.shape)
    return np.array([mean_metric(block, targets, loss, metric) for block in blocks])


def _accuracy(p: np.ndarray, t: np.ndarray, loss: str) -> float:
    if p.shape[1] == 1:
        return float(np.mean((p > 0.5) == (t > 0.5)))
    best = np.argmax(p, axis=1)
    return float(np.mean(t[np.arange(len(t)), best] > 0.5))


def _squares(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.asarray(((p - t) ** 2).sum(axis=1))


def _entropy(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.asarray((_surprise(t, p) + _surprise(1 - t, 1 - p)).sum(axis=1))


def _surprise(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    present = t > 0
    ratio = np.where(present, (p + _NEVER_ZERO) / np.where(present, t, 1.0), 1.0)
    return np.asarray(-t * np.log(ratio))


def _softmax(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    cost = -np.log(np.where(p > 0, p, 1.0)) * t
    return np.asarray(np.where(t > 0, np.where(p > 0, cost, _IMPOSSIBLE), 0.0).sum(axis=1))


def _censored(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    allowed = np.where(t == 1, p, 0.0).sum(axis=1)
    return np.where(allowed > 0, -np.log(np.where(allowed > 0, allowed, 1.0)), _IMPOSSIBLE)


_ROW_LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "least squares": _squares,
    "entropy": _entropy,
    "softmax": _softmax,
    "censored": _censored,
}
_METRICS: dict[str, Callable[[np.ndarray, np.ndarray, str], float]] = {
    "loss": lambda p, t, loss: float(np.mean(_ROW_LOSSES[loss](p, t))),
    "rmse": lambda p, t, loss: float(np.sqrt(np.mean((p - t) ** 2))),
    "mae": lambda p, t, loss: float(np.mean(np.abs(p - t))),
    "accuracy": _accuracy,
}

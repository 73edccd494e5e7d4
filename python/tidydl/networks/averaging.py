"""Several networks of one kind, fitted from different initial weights, that predict by their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.checks import check_choice
from tidydl.columns import Contract
from tidydl.networks.network_verbs import augmented, classes_of, in_place, need_classes, raw_outputs
from tidydl.networks.record import NNet

if TYPE_CHECKING:
    from tidydl.design.numbers import Data

FIT = ".fit"
GLANCE = Contract.of(
    n_fits="integer",
    n_weights="integer",
    value="double",
    lowest="double",
    highest="double",
    converged="integer",
    iterations="integer",
    nobs="integer",
    engine="string",
    device="string",
    seconds="double",
)


@dataclass(eq=False, repr=False)
class AveragedNNet:
    """Networks fitted to the same data from different initial weights. The outputs are averaged.

    For classification the probabilities are averaged, and the predicted class is the one with the largest.

    Attributes
    ----------
    fits : tuple of NNet
        The networks, in the order in which their initial weights were drawn; ``fits[0]`` is the first.
    fitted_values, residuals : numpy.ndarray
        Mean outputs, and targets minus these, for the complete rows of the training data.
    """

    fits: tuple[NNet, ...]
    fitted_values: np.ndarray
    residuals: np.ndarray

    @classmethod
    def of(cls, fits: Sequence[NNet], targets: np.ndarray) -> AveragedNNet:
        """Average networks that were fitted to these targets, rows by outputs."""
        fitted_values = _mean([fit.fitted_values for fit in fits])
        return cls(tuple(fits), fitted_values, targets - fitted_values)

    @property
    def told_apart(self) -> tuple[str, ...] | None:
        """The classes; None for a regression."""
        return self.fits[0].told_apart

    # What all the networks have alike.
    call = property(lambda self: self.fits[0].call)
    coefnames = property(lambda self: self.fits[0].coefnames)
    decay = property(lambda self: self.fits[0].decay)
    design = property(lambda self: self.fits[0].design)
    engine = property(lambda self: self.fits[0].engine)
    device = property(lambda self: self.fits[0].device)
    index = property(lambda self: self.fits[0].index)
    lev = property(lambda self: self.fits[0].lev)
    n = property(lambda self: self.fits[0].n)
    output_names = property(lambda self: self.fits[0].output_names)
    response = property(lambda self: self.fits[0].response)
    shape = property(lambda self: self.fits[0].shape)
    weights = property(lambda self: self.fits[0].weights)

    def __repr__(self) -> str:
        return f"the mean of {len(self.fits)} networks, each\n{self.fits[0]!r}"

    def predict(self, newdata: Data | None = None, type: str = "raw") -> Any:
        """Predict; see :func:`tidydl.predict`."""
        return verbs.predict(self, newdata, type)


def _mean(values: Sequence[np.ndarray]) -> np.ndarray:
    total = values[0]
    for each in values[1:]:
        total = total + each
    return total / len(values)


def _mean_outputs(x: AveragedNNet, newdata: Data | None) -> tuple[np.ndarray, Any]:
    if newdata is None:
        return x.fitted_values, x.index
    predictions = [raw_outputs(fit, newdata) for fit in x.fits]
    return _mean([values for values, _ in predictions]), predictions[0][1]


@verbs.predict.register(AveragedNNet)
def _predict(x: AveragedNNet, newdata: Data | None = None, type: str = "raw") -> Any:
    """Predict with the mean of several networks, as for one network."""
    check_choice("type", type, ["raw", "class"])
    values, index = in_place(x.fits[0], x.fitted_values) if newdata is None else _mean_outputs(x, newdata)
    if type == "class":
        need_classes(x)
        return classes_of(x, values, index)
    return pd.DataFrame(values, index=index, columns=list(x.output_names))


@verbs.fitted.register(AveragedNNet)
def _fitted(x: AveragedNNet) -> pd.DataFrame:
    """Return the mean outputs for the training rows."""
    return _predict(x)


@verbs.residuals.register(AveragedNNet)
def _residuals(x: AveragedNNet) -> pd.DataFrame:
    """Return target less mean output for the training rows."""
    values, index = in_place(x.fits[0], x.residuals)
    return pd.DataFrame(values, index=index, columns=list(x.output_names))


@verbs.augment.register(AveragedNNet)
def _augment(x: AveragedNNet, data: Data | None = None, newdata: Data | None = None) -> pd.DataFrame:
    """Join mean predictions to data, as for one network."""
    data = newdata if data is None else data
    return augmented(x, data, *_mean_outputs(x, data))


@verbs.coef.register(AveragedNNet)
def _coef(x: AveragedNNet) -> pd.DataFrame:
    """Return the weights by name, a row for each network: ``.fit``, counted from 0, is the index."""
    index = pd.RangeIndex(len(x.fits), name=FIT)
    return pd.DataFrame([fit.wts for fit in x.fits], index=index, columns=x.fits[0].connections)


class AveragedSummary:
    """The summaries of several networks, one below the other."""

    def __init__(self, fit: AveragedNNet):
        self.fit = fit

    def __repr__(self) -> str:
        parts = [f"{FIT} {i}: {verbs.summary(fit)!r}" for i, fit in enumerate(self.fit.fits)]
        return "\n\n".join([f"the mean of {len(parts)} networks", *parts])


@verbs.summary.register(AveragedNNet)
def _summary(x: AveragedNNet) -> AveragedSummary:
    """Return each network's weights unit by unit."""
    return AveragedSummary(x)


@verbs.tidy.register(AveragedNNet)
def _tidy(x: AveragedNNet) -> pd.DataFrame:
    """Return one row per weight of each network: ``.fit``, counted from 0, and the columns of one network's frame."""
    frames = [verbs.tidy(fit) for fit in x.fits]
    whole = pd.concat(frames, ignore_index=True)
    whole.insert(0, FIT, np.repeat(np.arange(len(frames)), [len(frame) for frame in frames]))
    return whole


@verbs.glance.register(AveragedNNet)
def _glance(x: AveragedNNet) -> pd.DataFrame:
    """Return one row: ``value`` is the mean of the networks' values, ``iterations`` and ``seconds`` are sums."""
    values = [fit.value for fit in x.fits]
    iterations = [fit.iterations for fit in x.fits if fit.iterations is not None]
    data = {
        "n_fits": len(x.fits),
        "n_weights": len(x.fits[0].wts),
        "value": sum(values) / len(values),
        "lowest": min(values),
        "highest": max(values),
        "converged": sum(fit.convergence == 0 for fit in x.fits),
        "iterations": sum(iterations) if len(iterations) == len(x.fits) else None,
        "nobs": len(x.fitted_values),
        "engine": x.engine,
        "device": x.device,
        "seconds": sum(fit.seconds for fit in x.fits),
    }
    return GLANCE.frame({name: [value] for name, value in data.items()})

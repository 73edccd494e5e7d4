"""Importance of the inputs of a fitted network: from its weights (Garson, Olden) or by shuffling the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl import rng
from tidydl.boundaries import guarded
from tidydl.checks import check_choice, check_count
from tidydl.columns import Contract, with_columns
from tidydl.networks.effects.losses import METRICS, loss_name, mean_metric
from tidydl.networks.effects.observations import Observations, labels_of, need_network, observations, predicted
from tidydl.networks.record import NNet

if TYPE_CHECKING:
    from tidydl.design.numbers import Data
    from tidydl.networks.averaging import AveragedNNet

METHODS = ("garson", "olden", "permutation")
_CELLS = 4_000_000  # of the shuffles that are predicted together
WEIGHED = Contract.of(term="string", output="label", importance="double")
PERMUTED = Contract.of({"term": "string", "output": "label", "importance": "double", "std.error": "double"})
INTERCEPT = "(Intercept)"


class Importance(pd.DataFrame):
    """The importance of inputs: columns ``term``, ``output``, ``importance``, by permutation also ``std.error``."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # a part of it is an ordinary frame

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Importance:
        """Build it from a frame with its columns."""
        importance = cls(frame)
        importance.attrs = frame.attrs
        return importance


@guarded
def importance(
    fit: NNet | AveragedNNet,
    method: str = "garson",
    data: Data | None = None,
    *,
    y: Data | None = None,
    metric: str = "loss",
    repeats: int = 10,
    seed: float | None = None,
) -> Importance:
    """Return the importance of each input of a network.

    Parameters
    ----------
    fit
        The network.
    method
        ``"garson"``: the share of the absolute weights that passes through an input, from 0 to 1. ``"olden"``: the
        signed sum of the products of weights along all paths from an input to an output. ``"permutation"``: how much
        worse the network predicts after a column of the data is shuffled.
    data
        For ``"permutation"``: the data frame with the columns of the formula, or the inputs of a network that was
        fitted without a formula. Held-out data give a fairer estimate.
    y
        The response for these inputs, if the network was fitted without a formula; by default that of the training
        rows.
    metric
        The metric: ``"loss"``, the mean over the rows of the loss that the network was fitted with; ``"rmse"`` or
        ``"mae"`` for regression; ``"accuracy"`` for classification.
    repeats
        Number of permutations per column.
    seed
        The seed of the permutations; by default they draw from the stream of :func:`tidydl.set_seed`. They are drawn
        with R's ``sample()``, in sequence and the same for every column.

    Returns
    -------
    Importance
        One row per input, in their order, and output: ``term`` (text), ``output`` (label), ``importance``. For
        ``"permutation"`` one row per column of the data that the network uses, over all outputs together (``output`` is
        the response), with ``std.error``, the standard deviation over the permutations divided by the square root of
        their number: ``importance`` is the mean increase of the loss or error, or the mean decrease of accuracy.
        ``autoplot()`` draws it.

    Raises
    ------
    ArgumentError, ColumnError, DataError
        If an argument is invalid, or the data lack a column.

    Notes
    -----
    Biases are ignored. Garson's shares follow Goh (1995): at every hidden unit the absolute products of an input's
    weight and the unit's weight to the output are divided by their sum over the inputs; the shares are summed over the
    units and divided by their total, so that an output's own weights cancel. A hidden unit without a path from the
    inputs to the output is ignored, and an output that no input reaches has missing shares. The direct weights from the
    inputs to an output (``skip``) count as one additional unit. Olden's sums include the direct weights as they are.
    Sources: Garson (1991), AI Expert 6(4), 46-51; Goh (1995), Artificial Intelligence in Engineering 9, 143-151; Olden,
    Joy & Death (2004), Ecological Modelling 178, 389-397; Breiman (2001), Machine Learning 45, 5-32; Fisher, Rudin &
    Dominici (2019), Journal of Machine Learning Research 20(177).

    Examples
    --------
    >>> from tidydl import example_data, importance, nnet, set_seed
    >>> set_seed(1)
    >>> bigfive = example_data("bigfive")
    >>> fit = nnet("education ~ . - CASE", bigfive, size=1, trace=False)
    >>> importance(fit).head(2).columns.tolist()
    ['term', 'output', 'importance']
    >>> importance(fit, "permutation", bigfive, metric="accuracy", repeats=2, seed=1).columns.tolist()
    ['term', 'output', 'importance', 'std.error']
    """
    check_choice("method", method, METHODS)
    need_network("fit", fit, with_weights=method != "permutation")
    if method != "permutation":
        assert isinstance(fit, NNet)
        inputs, outputs = labels_of(fit)
        return Importance.of(weight_importance(fit.n, fit.wts, fit.skip, inputs, outputs, method))
    check_choice("metric", metric, METRICS)
    repeats = check_count("repeats", repeats, 1)
    rows = observations(fit, data, y)
    stream = rng.stream_from(seed)
    shuffles = [stream.positions(len(rows.frame), len(rows.frame)) for _ in range(repeats)]
    return Importance.of(_permuted(fit, rows, shuffles, metric))


@guarded
def garson(fit: NNet) -> Importance:
    """Return Garson's importance of the inputs: ``importance(fit, "garson")``.

    Parameters
    ----------
    fit
        The network.

    Returns
    -------
    Importance
        As returned by :func:`tidydl.importance`.

    Raises
    ------
    ArgumentError
        If ``fit`` is not a network, or the mean of several.

    Examples
    --------
    >>> from tidydl import example_data, garson, nnet
    >>> float(garson(nnet("education ~ . - CASE", example_data("bigfive"), size=1, trace=False)).importance.min()) >= 0
    True
    """
    return importance(fit, "garson")


@guarded
def olden(fit: NNet) -> Importance:
    """Return Olden's importance of the inputs: ``importance(fit, "olden")``.

    Parameters
    ----------
    fit
        The network.

    Returns
    -------
    Importance
        As returned by :func:`tidydl.importance`.

    Raises
    ------
    ArgumentError
        If ``fit`` is not a network, or the mean of several.

    Examples
    --------
    >>> from tidydl import example_data, nnet, olden
    >>> len(olden(nnet("education ~ . - CASE", example_data("bigfive"), size=1, trace=False)))
    35
    """
    return importance(fit, "olden")


def weight_importance(
    n: Sequence[int], wts: npt.ArrayLike, skip: bool, inputs: Sequence[str], outputs: Sequence[str], method: str
) -> pd.DataFrame:
    """Compute Garson's or Olden's importance of the inputs from the weights alone, those of the first output first.

    ``n`` are the numbers of units by layer, ``wts`` the weights in R's order, and ``skip`` says whether inputs reach
    the outputs. An input named ``(Intercept)`` is a bias and left out.
    """
    inputs, outputs = list(inputs), list(outputs)
    kept = [i for i, name in enumerate(inputs) if name != INTERCEPT]
    hidden, out, direct = _weights(n, wts, skip)
    hidden, direct = hidden[:, kept], direct[:, kept]
    values = _garson(hidden, out, direct) if method == "garson" else out @ hidden + direct
    data = {
        "term": [inputs[i] for i in kept] * len(outputs),
        "output": np.repeat(np.array(outputs, dtype=object), len(kept)),
        "importance": values.ravel(),
    }
    frame = WEIGHED.frame(data, levels={"output": outputs})
    frame.attrs["tidydl"] = {"method": method}
    return frame


def _weights(n: Sequence[int], wts: npt.ArrayLike, skip: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights without biases: hidden by inputs, outputs by hidden, outputs by inputs (0 without skip)."""
    p, h, k = (int(each) for each in n)
    values = np.atleast_1d(np.asarray(wts, dtype=float))
    hidden = values[: h * (1 + p)].reshape(h, 1 + p)[:, 1:]
    out = values[h * (1 + p) :].reshape(k, -1)[:, 1:]
    return hidden, out[:, :h], out[:, h:] if skip else np.zeros((k, p))


def _garson(hidden: np.ndarray, out: np.ndarray, direct: np.ndarray) -> np.ndarray:
    paths = np.concatenate([np.abs(out[:, :, None] * hidden[None]), np.abs(direct)[:, None]], axis=1)
    reached = paths.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(reached > 0, paths / reached, 0.0).sum(axis=1)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _permuted(fit: NNet | AveragedNNet, rows: Observations, shuffles: list[list[int]], metric: str) -> pd.DataFrame:
    def judged(outputs: np.ndarray) -> float:
        return mean_metric(outputs, rows.targets, loss_name(fit), metric)

    frame, names, count = rows.frame, list(rows.frame.columns), len(rows.frame)
    base = judged(predicted(fit, frame))
    at_once = max(1, _CELLS // max(1, frame.size))
    measured: dict[Any, list[float]] = {name: [] for name in names}
    for start in range(0, len(shuffles), at_once):
        some = shuffles[start : start + at_once]
        stacked = frame.take(np.tile(np.arange(count), len(some))).reset_index(drop=True)
        order = np.concatenate(some)
        for name in names:
            outputs = predicted(fit, with_columns(stacked, {name: frame[name].array.take(order)}))
            measured[name] += [judged(each) for each in np.split(outputs, len(some))]
    shuffled = [each for name in names for each in measured[name]]
    return permutation_frame(base, shuffled, names, fit.response, metric)


def permutation_frame(
    base: float, shuffled: npt.ArrayLike, terms: Sequence[str], response: str, metric: str
) -> pd.DataFrame:
    """Compare the metric of shuffled data with ``base``, that of the data as they are.

    ``shuffled`` has the metrics of all shuffles of the first column, then of the next.
    """
    values = np.asarray(shuffled, dtype=float).reshape(len(terms), -1)
    worse = base - values if metric == "accuracy" else values - base
    repeats = worse.shape[1]
    spread = worse.std(axis=1, ddof=1) / np.sqrt(repeats) if repeats > 1 else np.full(len(worse), np.nan)
    data = {
        "term": list(terms),
        "output": [response] * len(terms),
        "importance": worse.mean(axis=1),
        "std.error": spread,
    }
    frame = PERMUTED.frame(data, levels={"output": [response]})
    frame.attrs["tidydl"] = {"method": "permutation", "metric": metric, "repeats": repeats}
    return frame

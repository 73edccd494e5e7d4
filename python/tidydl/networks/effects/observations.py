"""The rows on which a fitted network is evaluated: its inputs and the targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.checks import described, frame_hint
from tidydl.design import column_gone, from_matrix, levels_not_seen, response_values, used_rows
from tidydl.errors import ArgumentError, DataError
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.multinomial.record import Multinom
from tidydl.networks.network_hints import network_hint
from tidydl.networks.record import NNet
from tidydl.rprint import level_text

if TYPE_CHECKING:
    from tidydl.design.numbers import Data
    from tidydl.networks.record import FittedNetwork

DATA = "The data frame that the network was fitted to, or another with its columns."


@dataclass(frozen=True)
class Observations:
    """Complete rows: the columns that the network reads, and its targets (rows by outputs)."""

    frame: pd.DataFrame
    targets: np.ndarray


def need_network(argument: str, fit: object, *, with_weights: bool) -> None:
    """Refuse anything but a fitted network and, if weights are wanted, several networks."""
    if not isinstance(fit, (NNet, AveragedNNet)):
        raise ArgumentError(
            f"`{argument}` is {described(fit)}.",
            allowed="A network fitted with nnet() or multinom().",
            hint=network_hint(fit),
        )
    if with_weights and isinstance(fit, AveragedNNet):
        raise ArgumentError(
            f"`{argument}` is the mean of several networks, which has no weights of its own.",
            allowed="One of its networks: they are in `fits`.",
        )


def labels_of(fit: FittedNetwork) -> tuple[list[str], list[str]]:
    """Name the inputs and the outputs of a network; a single output has the name of the response."""
    named = list(fit.coefnames)
    more = fit.n[0] - len(named)  # a multinomial model's offsets have no names
    inputs = named + [f"{'offset' if named else 'i'}{i + 1}" for i in range(more)]
    return inputs, list(fit.output_names) if fit.n[2] > 1 else [fit.response]


def predicted(fit: FittedNetwork, frame: pd.DataFrame) -> np.ndarray:
    """Return the outputs for data, rows by outputs."""
    type = "probs" if isinstance(fit, Multinom) else "raw"
    data = frame.to_numpy() if fit.design.formula is None else frame
    return np.asarray(verbs.predict(fit, data, type=type), dtype=float).reshape(len(frame), -1)


def read_rows(fit: FittedNetwork, data: Data | None) -> pd.DataFrame:
    """Return the complete rows of the columns that a network reads."""
    if fit.design.formula is None:
        frame = number_frame(fit, data)
        return frame[frame.notna().all(axis=1)].reset_index(drop=True)
    used, _ = used_rows(fit.design, _need_frame(data), with_response=False)
    return used.reset_index(drop=True)


def observations(fit: FittedNetwork, data: Data | None, y: Data | None = None) -> Observations:
    """Return the complete rows of data with the targets of a network.

    ``data`` is a data frame with the columns of the formula, or the inputs of a network fitted to numbers; then ``y``
    is the response for them, by default that of the training rows.
    """
    if fit.design.formula is None:
        return number_observations(fit, number_frame(fit, data), y)
    used, parts = used_rows(fit.design, _need_frame(data), with_response=True)
    return Observations(used.reset_index(drop=True), targets_of(fit, parts))


def _need_frame(data: Data | None) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(f"`data` is {described(data)}.", allowed=DATA, hint=frame_hint(data))
    return data


def number_frame(fit: FittedNetwork, data: Data | None) -> pd.DataFrame:
    """Build a frame of inputs given as numbers, under the names that the network has for them."""
    if data is None:
        raise ArgumentError(f"`data` is {described(data)}.", allowed="The inputs of the network, rows by inputs.")
    if isinstance(data, pd.DataFrame) and fit.design.columns and data.columns.is_unique:
        gone = [name for name in fit.design.columns if name not in data.columns]
        if gone:
            raise column_gone(gone[0], list(data.columns), "data")
        data = data[list(fit.design.columns)]
    x, _ = from_matrix(data, "data")
    if x.shape[1] != fit.n[0]:
        raise ArgumentError(
            f"`data` has {x.shape[1]} columns, and the network has {fit.n[0]} inputs.", allowed=f"{fit.n[0]} columns."
        )
    names = labels_of(fit)[0]
    return pd.DataFrame(x, columns=names if len(set(names)) == len(names) else [f"i{i + 1}" for i in range(fit.n[0])])


def number_observations(fit: FittedNetwork, frame: pd.DataFrame, y: Data | None) -> Observations:
    """Return the complete rows of inputs given as numbers, with the targets."""
    targets = fit.fitted_values + fit.residuals if y is None else targets_of(fit, columns_of(y))
    if len(targets) != len(frame):
        problem = f"`data` has {len(frame)} rows, and there are {len(targets)} values of the response."
        raise ArgumentError(problem, allowed="One row of `y` for each of `data`; the training rows need no `y`.")
    complete = frame.notna().all(axis=1).to_numpy() & ~np.isnan(targets).any(axis=1)
    if not complete.any():
        raise DataError("`data` has no complete rows.", allowed="At least one row without missing values.")
    return Observations(frame[complete].reset_index(drop=True), targets[complete])


def columns_of(y: Data) -> list[pd.Series]:
    """Split a response into its columns."""
    if isinstance(y, pd.DataFrame) or np.ndim(y) == 2:
        values, _ = from_matrix(y, "y")
        return [pd.Series(values[:, j]) for j in range(values.shape[1])]
    return [pd.Series(y)]


def targets_of(fit: FittedNetwork, parts: list[pd.Series]) -> np.ndarray:
    """Return the response as targets: indicators of classes, or shares for counts of classes."""
    if isinstance(fit, Multinom) and len(parts) > 1:
        return shares_of(parts, fit.n[2])
    if fit.told_apart is None:
        responses = [response_values(fit.response, part) for part in parts]
        if any(each.levels is not None for each in responses):
            raise ArgumentError("`y` is not numeric.", allowed="A matrix or data frame of numbers.")
        values = np.column_stack([each.values for each in responses])
        if values.shape[1] != fit.n[2]:
            problem = f"`y` has {values.shape[1]} columns, and the network has {fit.n[2]} outputs."
            raise ArgumentError(problem, allowed=f"{fit.n[2]} columns.")
        return values
    lev = fit.lev or ()
    labels = parts[0].astype(object).map(level_text, na_action="ignore")
    observed = labels.notna()
    codes = np.full(len(labels), -1)
    codes[observed] = pd.Index(list(lev)).get_indexer(pd.Index(labels[observed]))
    new = list(dict.fromkeys(labels[observed & (codes < 0)]))
    if new:
        raise levels_not_seen("data", fit.response, new, lev)
    targets = (codes == 1).astype(float).reshape(-1, 1) if fit.n[2] == 1 else np.eye(len(lev))[codes]
    targets[~observed] = np.nan
    return targets


def shares_of(parts: list[pd.Series], outputs: int) -> np.ndarray:
    """Return counts of classes as shares: for two classes with one output, that of the second."""
    counts = np.column_stack([part.to_numpy(dtype=float) for part in parts])
    shares = counts / counts.sum(axis=1, keepdims=True)
    return shares[:, 1:] if outputs == 1 else shares

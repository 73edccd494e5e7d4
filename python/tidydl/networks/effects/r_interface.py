"""Entry points of R for effects: the rows of a network fitted to numbers, and the targets of any network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.design import Design
from tidydl.networks.effects.observations import columns_of, number_frame, number_observations, shares_of, targets_of

if TYPE_CHECKING:
    from tidydl.design.numbers import Data


@dataclass(frozen=True)
class NetworkOfR:
    """A network of R's, under the names of :class:`tidydl.NNet`."""

    n: list[int]
    coefnames: list[str]
    output_names: list[str]
    design: Design
    response: str
    lev: list[str] | None
    fitted_values: np.ndarray
    residuals: float = 0.0

    @property
    def told_apart(self) -> list[str] | None:
        """The classes."""
        return self.lev


def network_rows(network: dict[str, Any], data: Data, y: Data | None = None, observed: bool = False) -> dict[str, Any]:
    """Return the complete rows of inputs given as numbers, with the targets (rows by outputs) if ``observed``.

    ``network`` holds ``n``, the names of ``inputs`` and ``outputs``, the ``columns`` of the data with these names, the
    ``response``, its ``levels`` and the ``targets`` of the training rows, which ``y`` replaces for new data.
    """
    fit = _network(network)
    frame = number_frame(fit, data)
    if not observed:
        return {"frame": frame[frame.notna().all(axis=1)]}
    observations = number_observations(fit, frame, y)
    return {"frame": observations.frame, "targets": observations.targets}


def network_targets(network: dict[str, Any], response: Data, counts: bool) -> np.ndarray:
    """Return a response as targets, rows by outputs; ``counts`` of classes as shares."""
    fit, parts = _network(network), columns_of(response)
    return shares_of(parts, fit.n[2]) if counts else targets_of(fit, parts)


def _network(network: dict[str, Any]) -> NetworkOfR:
    names = {name: None if network[name] is None else list(network[name]) for name in ("inputs", "outputs", "levels")}
    return NetworkOfR(
        n=[int(count) for count in network["n"]],
        coefnames=names["inputs"] or [],
        output_names=names["outputs"] or [],
        design=Design(tuple(network["columns"])),
        response=network["response"],
        lev=names["levels"],
        fitted_values=network["targets"],
    )

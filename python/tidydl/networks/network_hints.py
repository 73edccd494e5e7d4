"""Hints for objects that hold a fitted network, passed in place of the network itself."""

from __future__ import annotations

from typing import Any

from tidydl.networks.record import NNet


def best_network(value: object) -> Any:
    """Return the refitted network of a search, anything else as it is."""
    network = getattr(value, "fit", None)
    return network if isinstance(network, NNet) else value


def network_hint(value: object) -> str | None:
    """Return how to get the network of a grid search or a fitted estimator."""
    if best_network(value) is not value:
        return "Take its network: `fit`."
    return "Take its network: `network_`." if isinstance(getattr(value, "network_", None), NNet) else None

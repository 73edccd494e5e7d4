"""What to do with an object that holds a fitted network where the network itself is asked for."""

from __future__ import annotations

from typing import Any

from tidydl.networks.record import NNet


def best_network(value: object) -> Any:
    """Return the refitted network of a search, anything else as it is."""
    network = getattr(value, "fit", None)
    return network if isinstance(network, NNet) else value


def network_hint(value: object) -> str | None:
    """Return where the network is in a search or in an estimator that was fitted."""
    if best_network(value) is not value:
        return "Take its network: `fit`."
    return "Take its network: `network_`." if isinstance(getattr(value, "network_", None), NNet) else None

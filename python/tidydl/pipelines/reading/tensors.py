"""What a processor made of inputs, as tensors that the model can be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.pipelines.model_loading import Loaded

__all__ = ["on_device"]


def on_device(loaded: Loaded, made: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what a processor made to the model: to its device, and fractions to its kind of numbers."""
    moved = {}
    for name, values in dict(made).items():
        if hasattr(values, "is_floating_point"):
            values = values.to(loaded.device, loaded.model.dtype if values.is_floating_point() else None)
        moved[name] = values
    return moved

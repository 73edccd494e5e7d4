"""Outputs of processors, as tensors for the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidydl.pipelines.model_loading import Loaded


class CrowdedBatchError(Exception):
    """A batch of which only the first ``fitting`` inputs should be in memory at once."""

    def __init__(self, fitting: int):
        super().__init__(f"only {fitting} inputs of the batch fit")
        self.fitting = fitting


def on_device(loaded: Loaded, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Move the outputs of a processor to the model's device, and floats to its dtype."""
    moved = {}
    for name, values in dict(tensors).items():
        if hasattr(values, "is_floating_point"):
            values = values.to(loaded.device, loaded.model.dtype if values.is_floating_point() else None)
        moved[name] = values
    return moved


def joined(parts: Sequence[Mapping[str, Any]], counts: Sequence[int]) -> Mapping[str, Any]:
    """Concatenate a processor's outputs for parts of a batch, with ``counts`` inputs each.

    If the parts have different shapes, a CrowdedBatchError makes them batches of their own.
    """
    if len(parts) == 1:
        return parts[0]
    import torch

    bound: dict[str, Any] = {}
    for name, first in parts[0].items():
        values = [part[name] for part in parts]
        if isinstance(first, torch.Tensor):
            if len({each.shape[1:] for each in values}) > 1:
                raise CrowdedBatchError(counts[0])
            bound[name] = torch.cat(values)
        else:
            bound[name] = [each for value in values for each in value]
    return bound

"""From a model's logits to probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["sigmoid", "softmax"]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Turn each number into a probability of its own, however large it is."""
    import numpy as np

    return np.exp(-np.logaddexp(0, -logits))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn numbers into shares of 1 along the last axis, in the order of their sizes."""
    import numpy as np

    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)

"""Answers as spans of tokens: the logits of starts and ends, and the most likely spans of a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def edge_logits(model: PreTrainedModel, tensors: dict[str, Any]) -> np.ndarray:
    """Run the model on a batch: for each token a logit of being the start, and one of being the end."""
    import torch

    outputs = model(**tensors)
    return torch.stack([outputs.start_logits, outputs.end_logits], dim=1).float().cpu().numpy()


def candidates(starts: np.ndarray, ends: np.ndarray, longest: int, most: int) -> Iterator[tuple[int, int, float]]:
    """Yield the most likely spans of limited length: the first token, the last, and the score."""
    scores = np.tril(np.triu(np.outer(starts, ends)), longest - 1).ravel()
    most = min(most, scores.size)
    chosen = np.argpartition(-scores, most - 1)[:most]
    for i in chosen[np.argsort(-scores[chosen], kind="stable")]:
        if scores[i] > 0:
            yield *divmod(int(i), len(starts)), float(scores[i])


def usual_overlap(usual: int, most: int, room: int) -> int:
    """Return the default overlap of windows in tokens: the usual one, or half of the room.

    ``most`` tokens make a line, of which ``room`` are left for the window.
    """
    shared = min(usual, most // 2)
    return shared if shared < room else room // 2

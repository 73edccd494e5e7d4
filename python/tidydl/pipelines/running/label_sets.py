"""Candidate labels, the same for all inputs or a set for each, and their ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.task_runs import Call

Judged = tuple[int, str, float]  # the rank of a label, the label and its score


def choice_of(call: Call) -> dict[str, Any]:
    """Return the levels of the labels of a call, in the order in which they were given, and how many ranks there are.

    Both as fields of a :class:`TaskPlan`.
    """
    best, sets = call.options["top_k"], _sets(call.inputs)
    ranks = max((min(len(labels), best or len(labels)) for labels in sets), default=1)
    return {"levels": levels_of(call.inputs), "noted": {"ranks": ranks}}


def levels_of(inputs: Inputs) -> list[str]:
    """Return all labels of a call in the order in which they were given."""
    return list(dict.fromkeys(label for labels in _sets(inputs) for label in labels))


def _sets(inputs: Inputs) -> list[tuple[str, ...]]:
    """Return the unique sets of labels in order."""
    if inputs.constant:
        return list(inputs.constant.values())
    labels = next(values for part, values in inputs.parts.items() if part.shared)
    return list(dict.fromkeys(each for each in labels if each is not None))


def ranked(labels: Sequence[str], scores: np.ndarray, top_k: int | None) -> list[Judged]:
    """Write a line per label, the best first."""
    order = (-scores).argsort(kind="stable")[:top_k]
    return [(rank, labels[i], float(scores[i])) for rank, i in enumerate(order, start=1)]

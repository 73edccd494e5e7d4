"""Sets of labels to choose from, the same for all inputs or each with its own: their ranks and the frame of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidydl.pipelines.batching import Outcome
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import lines_frame, provenance, without_rank

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["chosen_frame", "levels_of"]


def chosen_frame(
    task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any], outcome: Outcome
) -> pd.DataFrame:
    """Write the frame of labels that were judged: a line per label, the best first.

    ``outcome`` holds, for each of the different inputs, its labels and their scores in the same order. The levels of
    the label column are all labels of the call in the order in which they were given.
    """
    best, sets = options["top_k"], _sets(inputs)
    ranked = replace(outcome, results=[_ranked(labels, scores, best) for labels, scores in outcome.results])
    contract = task.contract(inputs.shown, without_rank(task.columns) if best == 1 else None)
    frame = lines_frame(contract, inputs, ranked, levels={"label": levels_of(inputs)})
    ranks = max((min(len(labels), best or len(labels)) for labels in sets), default=1)
    frame.attrs["tidydl"] = provenance(task.name, loaded, ranks=ranks, truncated=outcome.truncated, **note)
    return frame


def levels_of(inputs: Inputs) -> list[str]:
    """Return all labels of a call in the order in which they were given."""
    return list(dict.fromkeys(label for labels in _sets(inputs) for label in labels))


def _sets(inputs: Inputs) -> list[tuple[str, ...]]:
    """Return the different sets of labels in order."""
    if inputs.constant:
        return list(inputs.constant.values())
    labels = next(values for part, values in inputs.parts.items() if part.shared)
    return list(dict.fromkeys(each for each in labels if each is not None))


def _ranked(labels: Sequence[str], scores: np.ndarray, top_k: int | None) -> list[tuple[Any, ...]]:
    """Write a line per label, the best first."""
    order = (-scores).argsort(kind="stable")[:top_k]
    lines = [(labels[i], float(scores[i])) for i in order]
    return lines if top_k == 1 else [(rank, *line) for rank, line in enumerate(lines, start=1)]

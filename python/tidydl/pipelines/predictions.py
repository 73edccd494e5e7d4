"""Tidy frames of results: inputs are repeated beside their results; provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tidydl.columns import ROW, Contract
from tidydl.errors import ArgumentError
from tidydl.pipelines.batching import Outcome
from tidydl.pipelines.inputs import Inputs, modality_of
from tidydl.pipelines.model_loading import Loaded

RANK = "rank"
ERROR = ".error"
OTHER = ".row_y"  # the other row of a pair


def input_columns(inputs: Inputs, rows: np.ndarray) -> dict[str, Any]:
    """Return the columns ``.row`` and the inputs, each input as often as it has lines."""
    columns: dict[str, Any] = {ROW: rows}
    for part in inputs.shown:
        values = inputs.parts[part]
        if part.modality in ("image", "audio"):
            columns[part.name] = _media(values, part.modality).take(rows)
        else:
            cells = np.empty(len(values), dtype=object)
            shown = getattr(modality_of(part), "shown", None)
            cells[:] = values if shown is None else [None if value is None else shown(value) for value in values]
            columns[part.name] = cells[rows]
    return columns


def _media(values: list[Any], kind: str) -> Any:
    """Build the column of images or audio."""
    if kind == "image":
        from tidydl.data.media.image import ImageArray

        return ImageArray(values)
    from tidydl.data.media.audio import AudioArray

    return AudioArray(values)


def spread(outcome: Outcome, counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the input of each line of a frame, and the position of its values.

    ``counts`` is how many lines each of the different results has. The positions count through the lines of all
    results laid end to end; a missing input has one line, at position -1.
    """
    which, each = np.array(outcome.which, dtype="int64"), np.array(counts, dtype="int64")
    ends = np.cumsum(each)
    lines = np.ones(len(which), dtype="int64")
    lines[which >= 0] = each[which[which >= 0]]
    rows = np.repeat(np.arange(len(which)), lines)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines)
    present = which[rows] >= 0
    source = np.full(len(rows), -1)
    units = which[rows[present]]
    source[present] = ends[units] - each[units] + within[present]
    return rows, source


def lines_frame(
    contract: Contract,
    inputs: Inputs,
    outcome: Outcome,
    *,
    fields: Sequence[str],
    levels: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Write the frame of results with several lines each; a missing input has one line of missing values.

    A line is a tuple of values of ``fields``, of which the contract's columns may leave some out. ``levels`` are those
    of label columns.
    """
    rows, source = spread(outcome, [len(result) for result in outcome.results])
    data = input_columns(inputs, rows)
    every = [line for result in outcome.results for line in result]
    for column in contract.columns[len(data) :]:
        k = fields.index(column.name)
        data[column.name] = _taken([line[k] for line in every], source, column.kind)
    return contract.frame(data, levels=levels, index=repeated_index(inputs, rows))


def _taken(values: list[Any], source: np.ndarray, kind: str) -> Any:
    """Take values by their positions, missing where the position is -1."""
    present = source >= 0
    if kind == "double":
        taken = np.full(len(source), np.nan)
        taken[present] = np.array(values, dtype="float64")[source[present]]
        return taken
    if kind in ("integer", "position"):
        absent = np.array([value is None for value in values] + [True])[source]
        whole = np.array([1 if value is None else value for value in values] + [1], dtype="int64")[source]
        return pd.arrays.IntegerArray(whole, absent)
    if kind in ("image", "audio"):
        return _media(values, kind).take(source, allow_fill=True)
    cells = np.empty(len(values) + 1, dtype=object)
    for i, value in enumerate(values):  # one by one, since a value may be a list
        cells[i] = value
    return cells[source]  # the last, None, where it is missing


def repeated_index(inputs: Inputs, rows: np.ndarray) -> pd.Index | None:
    """Return the index of the result: that of the input Series or frame, repeated like its rows."""
    return None if inputs.index is None else inputs.index.take(rows)


def with_errors(frame: pd.DataFrame, failures: Mapping[int, str]) -> pd.DataFrame:
    """Add the column with the error messages of failed inputs."""
    messages = [failures.get(row) for row in frame[ROW].tolist()]
    frame[ERROR] = pd.Series(messages, index=frame.index, dtype="str")
    return frame


def without_rank(contract: Contract) -> Contract:
    """Return the columns of results with one row per input, the best."""
    return Contract(tuple(column for column in contract.columns if column.name != RANK))


def provenance(task: str, loaded: Loaded, **more: object) -> dict[str, Any]:
    """Describe the call that returned a frame in a flat dictionary of JSON scalars."""
    import torch
    import transformers

    import tidydl

    return {
        "task": task,
        "model": loaded.source,
        "revision": loaded.revision,
        "dtype": loaded.dtype,
        "device": loaded.device,
        **more,
        "tidydl": tidydl.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
    }


def count_of_answers(options: Mapping[str, Any]) -> int:
    """Return how many answers a question gets; all is refused, as nearly every span of a text could be one."""
    top_k = options["top_k"]
    if top_k is None:
        raise ArgumentError(
            "`top_k` asks for all answers, but any span of a text could be one.",
            allowed="A whole number of at least 1.",
        )
    return int(top_k)

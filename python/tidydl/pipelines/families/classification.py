"""Classification of texts, images, audio and videos: scores of a model's labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.errors import ArgumentError
from tidydl.pipelines.batching import Outcome
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import modality_of
from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.predictions import RANK, input_columns, repeated_index
from tidydl.pipelines.reading.windows import encode_long
from tidydl.pipelines.running.probabilities import sigmoid, softmax
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

_READING = ("max_length", "long", "stride", "num_frames", "frame_sampling_rate")  # options of how inputs are read
# What torch says where tensors do not fit each other, as those of too many or too few frames.
_MISFITS = ("size of tensor", "size of the tensor", "invalid for input of size", "input size per channel")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded classifier: its labels in order."""
    return {"labels": class_labels(loaded.config, loaded.source)}


def plan(call: Call) -> TaskPlan:
    """Return the plan for classification."""
    loaded, options = call.loaded, call.options
    labels, reader = class_labels(loaded.config, loaded.source), modality_of(call.task.parts[0])
    function = options["function_to_apply"]
    if function == "default":
        function = _usual_function(call.task, loaded.config)
    frames, encode = options.get("num_frames"), encode_long if call.task.reads == "text" else reader.encode
    ranks = len(labels) if options["top_k"] is None else min(options["top_k"], len(labels))
    return TaskPlan(
        encode=partial(encode, loaded, **call.chosen(*_READING)),
        forward=partial(_scores_of_frames, loaded, frames, function)
        if frames
        else partial(scores, loaded.model, function),
        padding=reader.padding(loaded),
        finish=_mean,
        parallel=True,
        write=partial(_frame, call, labels, ranks),
        noted={"ranks": ranks},
    )


def _mean(encoded: object, lines: list[int], scores: list[np.ndarray]) -> np.ndarray:
    """Return the mean of the scores of an input's windows, mostly one."""
    return scores[0] if len(scores) == 1 else sum(scores[1:], scores[0]) / len(scores)


def scores(model: PreTrainedModel, function: str, tensors: dict[str, Any]) -> np.ndarray:
    """Run a classifier on a batch and turn its logits into scores, one line per input."""
    return _apply(function, model(**tensors).logits.float().cpu().numpy())


def _scores_of_frames(loaded: Loaded, count: int, function: str, tensors: dict[str, Any]) -> np.ndarray:
    """Classify videos with a requested number of frames, which the model may not support."""
    try:
        return scores(loaded.model, function, tensors)
    except RuntimeError as problem:
        usual = getattr(loaded.config, "num_frames", count)
        if usual == count or not any(each in str(problem) for each in _MISFITS):
            raise
        raise ArgumentError(
            f"`num_frames` is {count}, which this model does not accept.",
            allowed=f"{usual}, or no `num_frames`.",
        ) from problem


def _usual_function(task: Task, config: PreTrainedConfig) -> str:
    """Choose as transformers does: by the model's problem type; a single label of texts or images gets a sigmoid."""
    if config.problem_type == "regression":
        return "none"
    alone = config.num_labels == 1 and task.reads in ("text", "image")
    return "sigmoid" if alone or config.problem_type == "multi_label_classification" else "softmax"


def _apply(function: str, logits: np.ndarray) -> np.ndarray:
    if function == "none":
        return logits
    if function == "sigmoid":
        return sigmoid(logits)
    return softmax(logits)


def _frame(call: Call, labels: list[str], ranks: int, outcome: Outcome) -> pd.DataFrame:
    """Write the frame: the best labels of each input by rank, a line of missing values for a missing one."""
    which = np.array(outcome.which, dtype="int64")
    table = np.array(outcome.results, dtype="float64").reshape(-1, len(labels))
    best = np.argsort(-table, axis=1, kind="stable")[:, :ranks]

    lines = np.where(which < 0, 1, ranks)
    rows = np.repeat(np.arange(len(which)), lines)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines)
    unit = which[rows]
    present = unit >= 0
    codes = np.full(len(rows), -1)
    codes[present] = best[unit[present], rank[present]]
    score = np.full(len(rows), np.nan)
    score[present] = table[unit[present], codes[present]]

    data = input_columns(call.inputs, rows)
    data[RANK] = pd.arrays.IntegerArray(rank + 1, ~present)
    data["label"] = pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype="str"))
    data["score"] = score
    return call.contract().frame(data, levels={"label": labels}, index=repeated_index(call.inputs, rows))

"""Classification of texts, images, audio and videos: scores of a model's labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.batching import BatchPlan, Outcome, compute
from tidydl.pipelines.cls_token_only import first_token_alone
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.inputs import Inputs, modality_of
from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import RANK, input_columns, provenance, repeated_index, without_rank
from tidydl.pipelines.reading.windows import encode_long
from tidydl.pipelines.running.probabilities import sigmoid, softmax
from tidydl.progress import Work

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["facts", "run"]

# What torch says where tensors do not fit each other, as those of too many or too few frames.
_MISFITS = ("size of tensor", "size of the tensor", "invalid for input of size", "input size per channel")


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return what is to be known of a loaded classifier: its labels in order."""
    return {"labels": class_labels(loaded.config, loaded.source)}


def run(task: Task, loaded: Loaded, inputs: Inputs, options: Options, note: dict[str, Any]) -> Work[pd.DataFrame]:
    """Classify all inputs and give the tidy frame.

    ``note`` is added to the provenance.
    """
    labels = class_labels(loaded.config, loaded.source)
    reader = modality_of(task.parts[0])
    function = options["function_to_apply"]
    if function == "default":
        function = _usual_function(task, loaded.config)
    plan = BatchPlan(
        encode=_encoder(task, loaded, options),
        forward=partial(_scores_of_frames, loaded, options["num_frames"], function)
        if options.get("num_frames")
        else partial(scores, loaded.model, function),
        key=reader.key,
        padding=reader.padding(loaded),
        chunk=reader.CHUNK,
        most=options["batch_size"],
        parallel=True,
        finish=_mean,
    )
    with first_token_alone(loaded, plan) as shortened:
        outcome = yield from compute(loaded, inputs, shortened)
    frame = _frame(task, inputs, outcome, labels, options["top_k"])
    ranks = len(labels) if options["top_k"] is None else min(options["top_k"], len(labels))
    frame.attrs["tidydl"] = provenance(task.name, loaded, ranks=ranks, truncated=outcome.truncated, **note)
    return frame


def _encoder(task: Task, loaded: Loaded, options: Options) -> Any:
    if task.reads == "text":
        return partial(encode_long, loaded, **{name: options[name] for name in ("max_length", "long", "stride")})
    frames = {name: options[name] for name in ("num_frames", "frame_sampling_rate") if name in options}
    return partial(modality_of(task.parts[0]).encode, loaded, **frames)


def _mean(encoded: Any, lines: list[int], found: list[np.ndarray]) -> np.ndarray:
    """Return the mean of the scores of an input's windows, mostly one."""
    return found[0] if len(found) == 1 else sum(found[1:], found[0]) / len(found)


def scores(model: Any, function: str, tensors: dict[str, Any]) -> np.ndarray:
    """Run a classifier on a batch and turn its logits into scores, one line per input."""
    return _apply(function, model(**tensors).logits.float().cpu().numpy())


def _scores_of_frames(loaded: Loaded, count: int, function: str, tensors: dict[str, Any]) -> np.ndarray:
    """Classify videos of which a number of frames was asked for that the model may not be made for."""
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


def _usual_function(task: Task, config: Any) -> str:
    """Choose as transformers do: by the model's problem type; a single label of a text or image is on its own too."""
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


def _frame(task: Task, inputs: Inputs, outcome: Outcome, labels: list[str], top_k: int | None) -> pd.DataFrame:
    """Write the frame: the best labels of each input by rank, a line of missing values for a missing one."""
    import numpy as np
    import pandas as pd

    which = np.array(outcome.which, dtype="int64")
    ranks = len(labels) if top_k is None else min(top_k, len(labels))
    table = np.array(outcome.results, dtype="float64").reshape(-1, len(labels))
    best = np.argsort(-table, axis=1, kind="stable")[:, :ranks]

    lines = np.where(which < 0, 1, ranks)
    rows = np.repeat(np.arange(len(which)), lines)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines)
    unit = which[rows]
    known = unit >= 0
    codes = np.full(len(rows), -1)
    codes[known] = best[unit[known], rank[known]]
    score = np.full(len(rows), np.nan)
    score[known] = table[unit[known], codes[known]]

    data = input_columns(inputs, rows)
    data[RANK] = pd.arrays.IntegerArray(rank + 1, ~known)
    data["label"] = pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype="str"))
    data["score"] = score
    contract = task.contract(inputs.shown, without_rank(task.columns) if top_k == 1 else None)
    return contract.frame(data, levels={"label": labels}, index=repeated_index(inputs, rows))

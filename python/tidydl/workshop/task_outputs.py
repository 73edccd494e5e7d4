"""The lists and dictionaries that transformers 4 returned, of the rows of our frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from tidydl.columns import ROW
from tidydl.pipelines.positions import is_missing


@dataclass(frozen=True)
class Output:
    """What a task returned.

    Attributes
    ----------
    keys
        The keys of its dictionaries in order, with the columns of our frames that they come from.
    form
        How one input's results are wrapped: ``"lines"``, a list of dictionaries; ``"line"``, the dictionary itself
        where there is one; ``"labels"``, one dictionary of lists; ``"value"``, what the only column holds.
    single
        Whether a task returns one line for each of several inputs, a list of which it is for one.
    alone
        Whether a list of one input gives what that input gives.
    batched
        Whether several inputs go through our batches, rather than through transformers' own pipeline.
    """

    keys: Mapping[str, str]
    form: Literal["lines", "line", "labels", "value"] = "lines"
    single: bool = False
    alone: bool = False
    batched: bool = True


_CLASSES = {"label": "label", "score": "score"}
_JUDGED = {"score": "score", "label": "label"}
_ANSWER = {"score": "score", "start": "start", "end": "end", "answer": "answer"}
OUTPUTS = {
    "text-classification": Output(_CLASSES, single=True),
    "image-classification": Output(_CLASSES),
    "audio-classification": Output(_JUDGED, batched=False),
    "video-classification": Output(_JUDGED, batched=False),
    "zero-shot-classification": Output({"sequence": "text", "labels": "label", "scores": "score"}, "labels"),
    "zero-shot-image-classification": Output(_JUDGED),
    "zero-shot-audio-classification": Output(_JUDGED),
    "token-classification": Output(
        {"entity_group": "entity", "score": "score", "word": "word", "start": "start", "end": "end"}
    ),
    "fill-mask": Output(
        {"score": "score", "token": "", "token_str": "token", "sequence": "sequence"}, alone=True, batched=False
    ),
    "question-answering": Output(_ANSWER, "line", alone=True),
    "visual-question-answering": Output({"score": "score", "answer": "answer"}),
    "text-generation": Output({"generated_text": "generated_text"}),
    "text2text-generation": Output({"generated_text": "generated_text"}, single=True),
    "summarization": Output({"summary_text": "summary_text"}, single=True),
    "translation": Output({"translation_text": "translation_text"}, single=True),
    "image-to-text": Output({"generated_text": "generated_text"}),
    "image-to-image": Output({"image": "generated_image"}, "value"),
}
_NUMBERS = ("score", "scores", "start", "end", "token")


def results_of(frame: pd.DataFrame, count: int, output: Output) -> list[Any]:
    """Return the results of each of ``count`` inputs, of the rows of a frame."""
    columns = [_values(frame[column], key) for key, column in output.keys.items() if column]
    names = [key for key, column in output.keys.items() if column]
    lines: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    for row, *values in zip(frame[ROW].tolist(), *columns, strict=True):
        lines[row].append(dict(zip(names, values, strict=True)))
    return [_wrapped(each, output) for each in lines]


def _values(column: pd.Series, key: str) -> list[Any]:
    absent = float("nan") if key in _NUMBERS else None
    return [absent if is_missing(value) else value for value in column.tolist()]


def _wrapped(lines: list[dict[str, Any]], output: Output) -> Any:
    if output.form == "labels":
        return {key: [line[key] for line in lines] if key != "sequence" else lines[0][key] for key in output.keys}
    if output.form == "value":
        value = next(iter(lines[0].values()))
        return None if value is None else value.pil()
    return lines[0] if output.form == "line" and len(lines) == 1 else lines


def missing_result(output: Output | None) -> Any:
    """Return the result of a missing input."""
    if output is None:
        return []
    line = {key: float("nan") if key in _NUMBERS else None for key in output.keys}
    if output.form == "labels":
        return {key: [value] if key != "sequence" else value for key, value in line.items()}
    if output.form == "value":
        return None
    return line if output.form == "line" else [line]

"""What pipelines of courses return: transformers' own lists and dictionaries, which know what they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tidydl.columns import Contract
from tidydl.pipelines.declarations import Part, Task
from tidydl.pipelines.predictions import RANK, without_rank

# What transformers calls the columns of our frames.
_KEYS = {"token": ("token_str",), "entity": ("entity_group", "entity"), "label": ("label", "labels")}
_KEYS |= {"score": ("score", "scores")}
Line = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """What a result came from: the task, the inputs by part, and what the frame of the results is to tell.

    ``by_input`` are the results of each input; ``frame`` is the tidy frame, where there is one already.
    """

    task: Task
    inputs: Any
    parts: Mapping[Part, Sequence[Any]]
    by_input: Sequence[Any]
    labels: Sequence[str] | None
    provenance: Mapping[str, Any]
    frame: pd.DataFrame | None = None


class _KnowsInputs:
    """What lists and dictionaries of results have in common."""

    _origin: Origin

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._origin.task.name

    @property
    def inputs(self) -> Any:
        """What the pipeline was called with."""
        return self._origin.inputs

    def wide(self) -> pd.DataFrame:
        """Return one row an input, the ranks side by side: ``label``, ``score``, ``label.1``, ``score.1``, ….

        Returns
        -------
        pandas.DataFrame
            What transformers returns for an input, its first result under its own names, the second with ``.1``, and
            so on.
        """
        return pd.DataFrame([_spread(lines_of(result)) for result in self._origin.by_input])

    def tidy(self) -> pd.DataFrame:
        """Return the frame that :func:`tidydl.pipeline` gives for these inputs.

        Returns
        -------
        pandas.DataFrame
            ``.row``, the inputs, and the columns of the task that ``tidydl.tasks()`` lists.
        """
        frame = self._origin.frame
        return _tidy(self._origin) if frame is None else frame.copy()


class CourseResult(_KnowsInputs, list):
    """A list of results, nested as transformers nests them; ``wide()`` and ``tidy()`` give frames."""

    def __init__(self, values: Iterable[Any], origin: Origin):
        super().__init__(values)
        self._origin = origin


class CourseRecord(_KnowsInputs, dict):
    """The dictionary that some tasks give for one input; ``wide()`` and ``tidy()`` give frames."""

    def __init__(self, values: Mapping[str, Any], origin: Origin):
        super().__init__(values)
        self._origin = origin


def with_origin(result: Any, origin: Origin) -> Any:
    """Return a list or dictionary of results as one that knows its inputs, and anything else as it is."""
    if isinstance(result, list):
        return CourseResult(result, origin)
    return CourseRecord(result, origin) if isinstance(result, dict) else result


def lines_of(result: Any) -> list[Line]:
    """Return the results of one input, whatever their nesting, best first: those of ``labels`` too, one a label."""
    if isinstance(result, Mapping):
        lists = {name: value for name, value in result.items() if name in ("labels", "scores")}
        if not lists:
            return [dict(result)]
        rest = {name: value for name, value in result.items() if name not in lists}
        every = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
        return [{**rest, **every[0]}, *every[1:]] if every else [rest]
    if isinstance(result, (list, tuple)):
        return [line for each in result for line in lines_of(each)]
    return [{"value": result}]


def _spread(lines: list[Line]) -> Line:
    return {name + (f".{k}" if k else ""): value for k, line in enumerate(lines) for name, value in line.items()}


def _tidy(origin: Origin) -> pd.DataFrame:
    """Lay the lines of each input into the columns of the task."""
    task, every = origin.task, [lines_of(result) for result in origin.by_input]
    columns = task.columns if any(len(lines) > 1 for lines in every) else without_rank(task.columns)
    rows = [row for row, lines in enumerate(every) for _ in lines]
    ranks = [rank for lines in every for rank in range(1, len(lines) + 1)]
    flat = [line for lines in every for line in lines]
    contract = task.contract([part for part in origin.parts if not part.shared], columns)
    data: dict[str, Any] = {".row": rows}
    data |= {part.name: [values[row] for row in rows] for part, values in origin.parts.items() if not part.shared}
    for column in columns.names:
        data[column] = ranks if column in (RANK, "sequence") else [_value(line, column) for line in flat]
    levels = {} if origin.labels is None else {"label": list(origin.labels)}
    frame = _framed(contract, data, levels)
    frame.attrs["tidydl"] = dict(origin.provenance)
    return frame


def _framed(contract: Contract, data: Mapping[str, Any], levels: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    return contract.frame(data, levels={name: names for name, names in levels.items() if name in contract.names})


def _value(line: Line, column: str) -> Any:
    return next((line[key] for key in _KEYS.get(column, (column,)) if key in line), None)

"""What pipelines of courses return: transformers' own lists and dictionaries, which know what they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tidydl.pipelines.declarations import Part, Task
from tidydl.pipelines.predictions import RANK, without_rank

# What transformers calls the columns of our frames.
_KEYS = {"token": ("token_str",), "entity": ("entity_group", "entity"), "label": ("label", "labels")}
_KEYS |= {"score": ("score", "scores")}
Line = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """What a result came from: task and inputs, the results of each input, and the tidy frame or what makes it."""

    task: str
    inputs: Any
    by_input: Sequence[Any]
    frame: pd.DataFrame | Callable[[], Any]


class _KnowsInputs:
    """What lists and dictionaries of results have in common."""

    _origin: Origin

    @property
    def task(self) -> str:
        """The name of the task."""
        return self._origin.task

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
        tidied: pd.DataFrame = frame.copy() if isinstance(frame, pd.DataFrame) else frame()
        return tidied


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
    flat = (_flat(line) for line in lines)
    return {name + (f".{k}" if k else ""): value for k, line in enumerate(flat) for name, value in line.items()}


def _flat(line: Line) -> Line:
    """Return a line whose dictionaries, such as the box of an object, are values of their own: ``box.xmin``."""
    parts = (
        {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
        for name, value in line.items()
    )
    return {name: value for part in parts for name, value in part.items()}


def tidy_frame(
    task: Task,
    parts: Callable[[], Mapping[Part, Sequence[Any]]],
    by_input: Sequence[Any],
    labels: Sequence[str] | None,
    provenance: Mapping[str, Any],
) -> pd.DataFrame:
    """Lay the results of each input into the columns of the task.

    Parameters
    ----------
    task
        The task.
    parts
        Gives the values of each part of the inputs.
    by_input
        The results of each input, as transformers nests them.
    labels
        The levels of the column ``label``.
    provenance
        What the frame is to tell.
    """
    every = [lines_of(result) for result in by_input]
    columns = task.columns if any(len(lines) > 1 for lines in every) else without_rank(task.columns)
    rows = [row for row, lines in enumerate(every) for _ in lines]
    ranks = [rank for lines in every for rank in range(1, len(lines) + 1)]
    flat = [line for lines in every for line in lines]
    shown = {part: values for part, values in parts().items() if not part.shared}
    data: dict[str, Any] = {".row": rows}
    data |= {part.name: [values[row] for row in rows] for part, values in shown.items()}
    for name in columns.names:
        data[name] = ranks if name in (RANK, "sequence") else [_value(line, name) for line in flat]
    levels = {"label": list(labels)} if labels is not None and "label" in columns.names else {}
    frame = task.contract(list(shown), columns).frame(data, levels=levels)
    frame.attrs["tidydl"] = dict(provenance)
    return frame


def _value(line: Line, column: str) -> Any:
    return next((line[key] for key in _KEYS.get(column, (column,)) if key in line), None)

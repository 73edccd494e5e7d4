"""What pipelines of courses return: transformers' own lists and dictionaries, which know what they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tidydl.errors import ArgumentError
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
    _came: Any  # what it held when it came

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
            so on. If results were added, taken away or put in another order, one row an element of what there is now.
        """
        results = self._own() if self._is_changed() else self._origin.by_input
        return pd.DataFrame([_spread(lines_of(result)) for result in results])

    def tidy(self) -> pd.DataFrame:
        """Return the frame that :func:`tidydl.pipeline` gives for these inputs.

        Returns
        -------
        pandas.DataFrame
            ``.row``, the inputs, and the columns of the task that ``tidydl.tasks()`` lists.

        Raises
        ------
        ArgumentError
            The results are no longer those that the pipeline gave.
        """
        if self._is_changed():
            raise ArgumentError(
                "These results were changed since the pipeline gave them: they do not belong to its inputs any more.",
                allowed="Results as they came.",
                hint="Give the pipeline all inputs in one call, or write `wide()` for the results as they are now.",
            )
        frame = self._origin.frame
        tidied: pd.DataFrame = frame.copy() if isinstance(frame, pd.DataFrame) else frame()
        return tidied

    def _own(self) -> list[Any]:
        """Return the results as they are now, each of an input of its own."""
        raise NotImplementedError

    def _is_changed(self) -> bool:
        """Return whether they are others than the pipeline gave, or in another order."""
        return not _same(_parts(self), self._came)


def _parts(value: Any, depth: int = 3) -> Any:
    """Return what lists and dictionaries hold, as it is now."""
    if isinstance(value, dict):
        return [*value, *(_parts(each, depth - 1) for each in value.values())]
    return [_parts(each, depth - 1) for each in value] if isinstance(value, list) and depth > 0 else value


def _same(value: Any, other: Any) -> bool:
    """Return whether the same objects are in the same places, or equal numbers and texts."""
    if isinstance(value, list) and isinstance(other, list) and value is not other:
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, (int, float, str)) and type(value) is type(other):
        return bool(value == other) or (value != value and other != other)
    return value is other


class CourseResult(_KnowsInputs, list):
    """A list of results, nested as transformers nests them; ``wide()`` and ``tidy()`` give frames."""

    def __init__(self, values: Iterable[Any], origin: Origin):
        super().__init__(values)
        self._origin, self._came = origin, _parts(self)

    def _own(self) -> list[Any]:
        return list(self)


class CourseRecord(_KnowsInputs, dict):
    """The dictionary that some tasks give for one input; ``wide()`` and ``tidy()`` give frames."""

    def __init__(self, values: Mapping[str, Any], origin: Origin):
        super().__init__(values)
        self._origin, self._came = origin, _parts(self)

    def _own(self) -> list[Any]:
        return [dict(self)]


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
    every = [_by_score(lines_of(result)) if RANK in task.columns.names else lines_of(result) for result in by_input]
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


def _by_score(lines: list[Line]) -> list[Line]:
    """Return results best first, which may be in the order of the labels."""
    scored = all(_value(line, "score") is not None for line in lines)
    return sorted(lines, key=lambda line: _value(line, "score"), reverse=True) if scored else lines


def _value(line: Line, column: str) -> Any:
    return next((line[key] for key in _KEYS.get(column, (column,)) if key in line), None)

"""Functions of R that Python calls: the map() and filter() of data sets, what computes metrics, and others."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tidydl.bridge.interrupts import held_back
from tidydl.bridge.object_values import crossing
from tidydl.bridge.text import Repairs
from tidydl.bridge.vectors import Record

_SIMPLE = {"Value", "ClassLabel", "List", "LargeList", "Sequence"}
# Options with which a function is not called with a row alone.
_OTHERWISE = {"batched", "with_indices", "with_rank", "input_columns"}


class _NoValue:
    """Stands for the value of a function of R's that has none."""


FAILED = _NoValue()
INTERRUPTED = _NoValue()


class RFunctionError(Exception):
    """A function of R's failed; R has noted its condition, and raises it again."""


class RFunction:
    """A function of R's, which Python may call.

    R gets the arguments as records, and gives its value as Python has it, or ``FAILED`` or ``INTERRUPTED``.
    """

    def __init__(self, function: Callable[[Record], Any]):
        self.function = function
        self.__name__ = "r_function"

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function in R."""
        return self.crossed([list(args), kwargs])

    def crossed(self, value: object, **more: object) -> Any:
        """Call the function in R with all its arguments in one value."""
        state, written = crossing(value, Repairs())
        with held_back():
            result = self.function({"state": state, "value": written, **more})
        if result is INTERRUPTED:
            raise KeyboardInterrupt
        if result is FAILED:
            raise RFunctionError("A function of R's failed.")
        return result

    def __reduce__(self) -> Any:  # so that datasets, which keeps results by what a function is, takes each for another
        return str, (uuid.uuid4().hex,)


class _Rows:
    """A function of R's of one row, called for a batch of them in one crossing."""

    def __init__(self, function: RFunction, is_filter: bool):
        self.function = function
        self.is_filter = is_filter

    def __call__(self, batch: Mapping[str, Any]) -> Any:
        columns = {name: batch[name] for name in batch}
        count = len(next(iter(columns.values()), []))
        results = self.function.crossed([columns], rows=count)
        if self.is_filter:
            return results
        present = [dict(result) for result in results if result is not None]
        names = dict.fromkeys(name for result in present for name in result)
        return {name: _evened([(result or {}).get(name) for result in results]) for name in names} or None

    __reduce__ = RFunction.__reduce__


def _evened(values: list[Any]) -> list[Any]:
    """Return values as lists where some of them are: R has no single values, only vectors of one."""
    if not any(isinstance(value, list) for value in values):
        return values
    return [value if value is None or isinstance(value, list) else [value] for value in values]


def by_batches(target: Any, arguments: list[Any], keywords: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call in which a function of R's for each row is one for each batch of rows.

    This concerns ``map()`` and ``filter()`` of data sets of numbers and text; all other calls are as they are.
    """
    name, owner = getattr(target, "__name__", ""), getattr(target, "__self__", None)
    function = arguments[0] if arguments else keywords.get("function")
    if name not in ("map", "filter") or not isinstance(function, RFunction) or not _is_plain_data(owner):
        return arguments, keywords
    keywords = {key: value for key, value in keywords.items() if key != "num_proc"}  # R is in this process alone
    if len(arguments) > 1 or any(keywords.get(option) for option in _OTHERWISE):
        return arguments, keywords
    rows = _Rows(function, name == "filter")
    return [], {**keywords, "function": rows, "batched": True, "batch_size": 1000}


def _is_plain_data(owner: Any) -> bool:
    parts = list(owner.values()) if isinstance(owner, dict) else [owner]
    return all(
        type(part).__module__.startswith(("datasets.", "tidydl.workshop"))
        and getattr(part, "format", {}).get("type") is None
        and {type(feature).__name__ for feature in (getattr(part, "features", None) or {"": None}).values()} <= _SIMPLE
        for part in parts
    )

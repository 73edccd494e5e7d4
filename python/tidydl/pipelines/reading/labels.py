"""Candidate labels as a part of the inputs: the same for all inputs, or a set for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.pipelines.positions import is_frame, is_missing, nth_value

ALLOWED = "A list of labels for all inputs, or the column of a data frame that holds a list in each row."


def is_one(x: Iterable[object]) -> bool:
    """Return whether it is one set of labels: a string with commas between, or a list of strings."""
    return isinstance(x, str) or not any(_is_list(each) for each in x)


def key(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is equal for equal labels."""
    return labels


def read(value: object, where: str) -> tuple[str, ...]:
    """Read the labels of one input."""
    listed: list[Any] = value.split(",") if isinstance(value, str) else list(value) if _is_list(value) else [value]
    if not listed or not all(isinstance(label, str) and label.strip() for label in listed):
        wrong = next((each for each in listed if not isinstance(each, str)), None)
        problem = "an empty label" if wrong is None and listed else described(wrong) if listed else "no label at all"
        raise ArgumentError(f"{where} has {problem} among its labels.", allowed="Labels as strings that are not empty.")
    return tuple(dict.fromkeys(label.strip() for label in listed))


def read_all(x: Any, name: str) -> list[Any]:
    """Read one set of labels for all inputs, or a list of sets, None for a missing one."""
    if is_frame(x) or (not isinstance(x, str) and not _is_list(x)):
        hint = "Give one of its columns." if is_frame(x) else None
        raise ArgumentError(f"`{name}` is {described(x)}.", allowed=ALLOWED, hint=hint)
    if is_one(x):
        return [read(x, f"`{name}`")]
    return [None if is_missing(each) else read(each, nth_value(i, name)) for i, each in enumerate(x)]


def _is_list(x: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(x, Iterable) and not isinstance(x, (str, bytes, Mapping))

"""Single values of an input: whether they are missing, or a frame, and how messages refer to them."""

from __future__ import annotations

from typing import TypeGuard

import pandas as pd

from tidydl.errors import ArgumentError, TidydlError


def is_frame(x: object) -> TypeGuard[pd.DataFrame]:
    """Return whether it is a data frame of pandas or one with its interface."""
    return hasattr(x, "columns") and hasattr(x, "iloc")


def is_missing(value: object) -> bool:
    """Return whether a single value is missing: None, NaN, pandas' NA or NaT."""
    if value is None or (isinstance(value, float) and value != value):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def ordinal(position: int) -> str:
    """Write a position that counts from 0 as an ordinal, as both languages count: ``1st`` for 0."""
    number = position + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def nth_value(index: int, name: str = "x") -> str:
    """Return the beginning of a message about one value of an argument."""
    return f"The {ordinal(index)} value of `{name}`"


def value_error(index: int, problem: str, *, allowed: str, hint: str | None = None, name: str = "x") -> ArgumentError:
    """Build the error about one value of an argument."""
    return ArgumentError(f"{nth_value(index, name)} {problem}", allowed=allowed, hint=hint, place=index)


def of_value(problem: TidydlError, where: str, index: int | None = None) -> TidydlError:
    """Return an error that names the value it is about."""
    return type(problem)(f"{where}: {problem.problem}", allowed=problem.allowed, hint=problem.hint, place=index)

"""Single values of an input: whether they are missing, and how messages say which one is meant."""

from __future__ import annotations

from typing import Any

__all__ = ["is_missing", "ordinal"]


def is_missing(value: Any) -> bool:
    """Say whether a single value is missing: None, NaN, pandas' NA or NaT."""
    if value is None or (isinstance(value, float) and value != value):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def ordinal(position: int) -> str:
    """Write a position that counts from 0 as a word that both languages share: ``1st`` for 0."""
    number = position + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

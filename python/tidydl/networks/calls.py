"""A call written as R's ``dput()`` writes it: spaces around operators, and new lines where one grows long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.design.deparse import Lines
from tidydl.design.syntax import Constant, Node, parse
from tidydl.errors import FormulaError

_CUTOFF = 60


def written_call(function: str, arguments: Mapping[str, Any]) -> list[str]:
    """Write a call with named arguments: the formula as such, text as a name, other values as R writes them."""
    parts = [(name, _value(name, value)) for name, value in arguments.items()]
    return Lines(_CUTOFF, integer="").add(f"{function}(").separated(parts).add(")").lines()


def _value(name: str, value: Any) -> Node | str:
    if name == "formula":
        return _formula(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return Constant(bool(value))
    if value is None:
        return "NULL"
    try:
        return Constant(float(value))
    except (TypeError, ValueError):
        return name


def _formula(text: str) -> Node | str:
    """Read a formula; one beyond our grammar is shown as it is."""
    try:
        return parse(text)
    except FormulaError:
        return text.strip()

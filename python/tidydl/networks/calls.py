"""A call written as R's ``dput()`` writes it: spaces around operators, and new lines where one grows long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tidydl.rprint import format_numbers

__all__ = ["written_call", "written_formula"]

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TOKEN = re.compile(rf"\s*(`[^`]+`|{_NUMBER}|(?:[^\W\d]|\.)[\w.]*|%\w+%|\*\*|\S)")
_STRENGTH = {"~": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%in%": 4, ":": 5, "^": 7}
_UNARY = 6
_SPACED = {"~", "+", "-", "*", "%in%"}
_CUTOFF = 60
_DEEPEST = 200  # a deeper one is shown as it is

Tree = str | tuple[str, list["Tree"]]  # an atom, or an operator or function and what it takes


def written_formula(text: str) -> str:
    """Write a formula as R does, on one line."""
    return _Text(_CUTOFF * 1000).node(_parsed(text)).lines()[0]


def written_call(function: str, arguments: Mapping[str, Any]) -> list[str]:
    """Write a call with named arguments: the formula as such, text as a name, other values as R writes them."""
    text = _Text(_CUTOFF)
    text.add(f"{function}(")
    text.separated([(f"{name} = ", _value(name, value)) for name, value in arguments.items()])
    return text.add(")").lines()


def _value(name: str, value: Any) -> Tree:
    if name == "formula":
        return _parsed(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "TRUE" if value else "FALSE"
    if value is None:
        return "NULL"
    try:
        return _shown(float(value))
    except (TypeError, ValueError):
        return name


def _parsed(text: str) -> Tree:
    tokens = [token for token in _TOKEN.findall(text.rstrip()) if token]
    try:
        tree, rest = _expression(tokens, 0)
    except RecursionError:  # shown as it is
        return text.strip()
    return tree if not rest and _depth(tree) <= _DEEPEST else text.strip()


def _depth(tree: Tree) -> int:
    deepest, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        if not isinstance(node, str):
            waiting.extend((each, depth + 1) for each in node[1])
    return deepest


def _expression(tokens: list[str], strength: int) -> tuple[Tree, list[str]]:
    left, tokens = _operand(tokens)
    while tokens and tokens[0].replace("**", "^") in _STRENGTH:
        sign = tokens[0].replace("**", "^")
        own = _STRENGTH[sign]
        if own < strength:
            break
        right, tokens = _expression(tokens[1:], own if sign == "^" else own + 1)
        left = (sign, [left, right])
    return left, tokens


def _operand(tokens: list[str]) -> tuple[Tree, list[str]]:
    if not tokens:
        return "", []
    first, rest = tokens[0], tokens[1:]
    if first in "+-~":
        inner, rest = _expression(rest, _STRENGTH["~"] if first == "~" else _UNARY)
        return (first, [inner]), rest
    if first == "(":
        inner, rest = _expression(rest, 0)
        return ("(", [inner]), rest[1:]
    if not rest or rest[0] != "(":
        return _number(first), rest
    arguments, rest = [], rest[1:]
    while rest and rest[0] != ")":
        argument, rest = _expression(rest, 0)
        if rest and rest[0] == "=":
            value, rest = _expression(rest[1:], 0)
            argument = ("=", [argument, value])
        arguments.append(argument)
        if rest and rest[0] not in ",)":
            return first, rest
        rest = rest[1:] if rest and rest[0] == "," else rest
    return (f"{first}()", arguments), rest[1:]


def _number(token: str) -> str:
    return _shown(float(token)) if re.fullmatch(_NUMBER, token) else token


def _shown(value: float) -> str:
    return format_numbers([value], digits=15)[0]


class _Text:
    """Lines that break where R breaks them: after an operator or a comma beyond the cutoff."""

    def __init__(self, cutoff: int):
        self._cutoff = cutoff
        self._lines = [""]
        self._indent = 0

    def add(self, text: str) -> _Text:
        if not self._lines[-1]:
            self._lines[-1] = "    " * self._indent
        self._lines[-1] += text
        return self

    def _may_break(self, broken: bool) -> bool:
        if len(self._lines[-1]) <= self._cutoff:
            return broken
        self._indent += not broken
        self._lines.append("")
        return True

    def separated(self, parts: list[tuple[str, Tree]]) -> None:
        broken = False
        for i, (name, value) in enumerate(parts):
            self.add(name).node(value)
            if i + 1 < len(parts):
                self.add(", ")
                broken = self._may_break(broken)
        self._indent -= broken

    def node(self, tree: Tree) -> _Text:
        if isinstance(tree, str):
            return self.add(tree)
        sign, parts = tree
        if sign == "(":
            return self.add("(").node(parts[0]).add(")")
        if sign.endswith("()"):
            self.add(sign[:-1]).separated([("", part) for part in parts])
            return self.add(")")
        if len(parts) == 1:
            return self.add(sign).node(parts[0])
        self.node(parts[0]).add(f" {sign} " if sign in _SPACED or sign == "=" else sign)
        broken = sign in _SPACED - {"%in%"} and self._may_break(False)
        self.node(parts[1])
        self._indent -= broken
        return self

    def lines(self) -> list[str]:
        return self._lines

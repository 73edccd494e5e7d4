"""Expressions and calls as R writes them: ``deparse()`` on one line, ``dput()`` on several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tidydl.design.syntax import Call, Constant, Name, Node, Word, is_syntactic
from tidydl.rprint import level_text

_TIGHT = {"/", "^", ":", "%%", "%/%"}  # operators without spaces around them, behind which no line ends
_ENDS = {"$": ("$", ""), "::": ("::", ""), "[": ("[", "]"), "[[": ("[[", "]]")}
_ESCAPES = {
    **{code: f"\\{code:03o}" for code in (*range(32), 127)},
    **{code: f"\\u{code:04x}" for code in range(128, 160)},
    **{ord(sign): f"\\{letter}" for sign, letter in zip("\a\b\f\n\r\t\v\\", "abfnrtv\\", strict=True)},
}
_CODES = {code: sign if len(sign) == 2 else f"\\u{code:04x}" for code, sign in _ESCAPES.items()}  # R mixes no kinds


def quoted(name: str) -> str:
    """Write a column's name as R writes it in a formula: in backticks unless it is syntactic."""
    return name if is_syntactic(name) else _escaped(name, "`")


def written(node: Node, dot: str = ".") -> str:
    """Write an expression on one line; ``dot`` stands for the column ``.``."""
    if isinstance(node, Name) and node.name not in ("", "."):
        return quoted(node.name)
    return Lines(math.inf, dot).node(node).lines()[0]


def written_for_r(node: Node) -> str:
    """Write an expression so that R reads this tree in every locale, with all digits of its numbers."""
    return _LinesForR(math.inf).node(node).lines()[0]


class Lines:
    """Lines that break where R breaks them: behind an operator or a comma beyond so many bytes.

    ``dot`` stands for the column ``.``, and ``integer`` behind integers.
    """

    def __init__(self, cutoff: float, dot: str = ".", integer: str = "L"):
        self._cutoff = cutoff
        self._dot = dot
        self._integer = integer
        self._lines: list[list[str]] = [[]]
        self._length = 0
        self._indent = 0

    def add(self, text: str) -> Lines:
        """Write a word, or anything else that is not broken across lines."""
        if not self._lines[-1]:
            text = "    " * min(self._indent, 4) + "  " * max(self._indent - 4, 0) + text
        self._lines[-1].append(text)
        self._length += len(text.encode(errors="replace"))
        return self

    def _may_break(self, broken: bool) -> bool:
        if self._length <= self._cutoff:
            return broken
        self._indent += not broken
        self._lines.append([])
        self._length = 0
        return True

    def separated(self, parts: Sequence[tuple[str | None, Node | str]]) -> Lines:
        """Write arguments separated by commas; strings are written as they are."""
        broken = False
        for at, (name, value) in enumerate(parts):
            if at:
                self.add(", ")
                broken = self._may_break(broken)
            if name is not None:
                self.add(f"{self._name(name)} = ")
            self.add(value) if isinstance(value, str) else self.node(value)
        self._indent -= broken
        return self

    def node(self, node: Node) -> Lines:
        """Write an expression."""
        chain = []  # a chain may be longer than Python nests
        while isinstance(node, Call) and node.is_binary:
            chain.append(node)
            node = node.arguments[0]
        self._operand(node)
        for each in reversed(chain):
            sign = each.function
            self.add(sign if sign in _TIGHT else f" {sign} ")
            broken = sign not in _TIGHT and self._may_break(False)
            self.node(each.arguments[1])
            self._indent -= broken
        return self

    def _operand(self, node: Node) -> Lines:
        if isinstance(node, Name):
            return self.add(self._dot if node.name == "." else self._name(node.name) if node.name else "")
        if isinstance(node, Word):
            return self.add(node.text)
        if isinstance(node, Constant):
            return self.add(self._constant(node.value))
        if node.is_operator:
            return self.add(node.function).node(node.arguments[0])
        if node.function == "(":
            return self.add("(").node(node.arguments[0]).add(")")
        if node.function in _ENDS:
            opening, closing = _ENDS[node.function]
            return self.node(node.arguments[0]).add(opening).separated(node.named_arguments[1:]).add(closing)
        return self.add(f"{node.function}(").separated(node.named_arguments).add(")")

    def _name(self, name: str) -> str:
        return quoted(name)

    def _constant(self, value: float | str | bool) -> str:
        if isinstance(value, str):
            return _escaped(value, '"')
        return f"{value}{self._integer}" if type(value) is int else level_text(value)

    def lines(self) -> list[str]:
        """Return what was written."""
        return ["".join(line) for line in self._lines]


class _LinesForR(Lines):
    def _name(self, name: str) -> str:
        return quoted(name) if name.isascii() else _escaped(name, "`")  # a locale may have fewer letters

    def _constant(self, value: float | str | bool) -> str:
        if isinstance(value, str):
            return _escaped(value, '"', _CODES)
        text = super()._constant(value)
        return text if type(value) is not float or float(text) == value else repr(value)


def _escaped(text: str, quote: str, escapes: Mapping[int, str] = _ESCAPES) -> str:
    return quote + text.translate(escapes).replace(quote, f"\\{quote}") + quote

"""R's expressions as far as formulas and calls of R's own fits use them: read to a tree, and written for R anew.

R parses nothing that a file holds, but what :func:`written_for_r` writes of a tree that was vetted, so that the two
languages cannot read it differently. Numbers keep their digits and texts their letters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar

from tidydl.design.limits import MOST_LETTERS, too_many
from tidydl.design.syntax import (
    RESERVED,
    SIGNS,
    STRENGTHS,
    Call,
    Constant,
    ExpressionReader,
    Group,
    Name,
    Operation,
    Token,
    token_pattern,
    tokens_of,
)
from tidydl.rprint import level_text

__all__ = [
    "GAP",
    "Literal",
    "Member",
    "Node",
    "key_of",
    "parse_r",
    "parts_of_call",
    "r_tokens",
    "remembered",
    "walk",
    "written_for_r",
]

_TOKEN = token_pattern(r"::|<<?-|->>?|" + SIGNS)
_STRENGTHS = {**STRENGTHS, "~": 0, "%%": 7, "%/%": 7, ":": 8}
_WORDS = {
    "TRUE": True,
    "FALSE": False,
    "Inf": math.inf,
    **dict.fromkeys(("NaN", "NA_integer_", "NA_real_"), math.nan),
    **dict.fromkeys(("NULL", "NA", "NA_character_")),
}
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{1,2})|u\{?(?P<u>[0-9a-fA-F]{1,4})\}?|U\{?(?P<U>[0-9a-fA-F]{1,8})\}?"
    r"|(?P<octal>[0-7]{1,3})|(?P<letter>.))",
    re.DOTALL,
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_MOST_KEPT = 1000  # letters
_PLAIN_NAME = re.compile(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*")


@dataclass(frozen=True)
class Literal:
    """A number or a word of R's such as NULL: as it is written, and as a number or a logical where it is one."""

    text: str
    value: float | bool | None


@dataclass(frozen=True)
class Member:
    """A name of a package, such as ``stats::na.omit``."""

    package: str
    name: str


Node = Name | Constant | Group | Operation | Call | Literal | Member
Answer = TypeVar("Answer")
GAP = Name("")  # an argument that is not there, as in x[, 1]


def r_tokens(text: str) -> list[Token]:
    """Take an expression of R's apart.

    Raises
    ------
    FormulaError
        If it is too long, or holds what no expression holds.
    """
    if len(text.encode()) > MOST_LETTERS:
        raise too_many(f"has {len(text.encode())} letters", MOST_LETTERS, "letters")
    return tokens_of(text, pattern=_TOKEN)


def remembered(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Keep the last answers of a function of a text, of short ones: networks that are averaged share theirs."""
    kept = lru_cache(maxsize=256)(function)

    @wraps(function)
    def answer(text: str, *others: Any) -> Answer:
        return (kept if len(text) <= _MOST_KEPT else function)(text, *others)

    return answer


@remembered
def parse_r(text: str) -> Node:
    """Read one expression of R's.

    Raises
    ------
    FormulaError
        If it is none, or of a kind that formulas and calls of files do not hold, such as a function.
    """
    return _RReader(r_tokens(text), text, "formula").whole()


class _RReader(ExpressionReader):
    strengths = _STRENGTHS

    def _operand(self) -> Any:
        if self.token.kind == "sign" and self.token.text == "~":
            self._next()
            return Operation("~", (self.expression(1),))
        token = self.token
        node: Node = super()._operand()
        if token.kind == "number":
            digits = token.text.rstrip("L")
            node = Literal(token.text, float(int(digits, 16)) if digits[:2] in ("0x", "0X") else float(digits))
        elif token.kind == "text":
            node = Constant(self._unescaped(token.text[1:-1]))
        return self._behind(node)

    def _named(self, name: str) -> Any:
        if self.token.kind == "sign" and self.token.text == "::":
            self._next()
            if self.token.kind != "name":
                self.refuse()
            member = Member(name, self._next().text)
            return Call(f"{name}::{member.name}", self._arguments()) if self._take("(") else member
        if name in RESERVED and name not in _WORDS:
            self.refuse(f"'{name}' is neither a column nor a function that formulas may call")
        if self._take("("):
            return Call(name, self._arguments())
        return Literal(name, _WORDS[name]) if name in _WORDS else Name(name)

    def _behind(self, node: Any) -> Any:
        """Read what is taken out of an operand: ``x$a``, ``x[1, ]``, ``x[[1]]``."""
        while self.token.kind == "sign" and self.token.text in ("$", "["):
            sign = self._next().text
            if sign == "$":
                if self.token.kind not in ("name", "quoted"):
                    self.refuse()
                node = Call("$", ((None, node), (None, super()._operand())))
                continue
            double = self._take("[")
            node = Call("[[" if double else "[", ((None, node), *self._arguments("]", gaps=True)))
            if double:
                self._expect("]")
        return node

    def _take(self, sign: str) -> bool:
        found = self.token.kind == "sign" and self.token.text == sign
        if found:
            self._next()
        return found

    def _arguments(self, close: str = ")", gaps: bool = False) -> tuple[tuple[str | None, Any], ...]:
        arguments: list[tuple[str | None, Any]] = []
        if self._take(close):
            return ()
        while True:
            name = None
            ahead = self._tokens[self._at + 1] if self.token.kind != "end" else self.token
            if self.token.kind in ("name", "quoted") and ahead.kind == "sign" and ahead.text == "=":
                name = self._next().text
                self._next()
            empty = gaps and self.token.kind == "sign" and self.token.text in (",", close)
            arguments.append((name, GAP if empty else self.expression(0)))
            if self._take(close):
                return tuple(arguments)
            self._expect(",")

    def _unescaped(self, text: str) -> str:
        def letter(found: re.Match[str]) -> str:
            if found["letter"] is not None:
                return _LETTERS.get(found["letter"], found["letter"])
            base = 8 if found["octal"] is not None else 16
            code = int(found[str(found.lastgroup)], base)
            if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
                self.refuse("a letter of a text is none")
            return chr(code)

        return _ESCAPE.sub(letter, text)


def parts_of_call(node: Node) -> tuple[str, list[tuple[str | None, Node]]] | None:
    """Return what a node calls, operators and parentheses too, and its arguments; None of a name or a value."""
    if isinstance(node, Group):
        return "(", [(None, node.inner)]
    if isinstance(node, Operation):
        return node.sign, [(None, each) for each in node.operands]
    if isinstance(node, Call):
        return node.function, list(node.arguments)
    return ("::", []) if isinstance(node, Member) else None


def walk(node: Node) -> Iterator[Node]:
    """Give a node and all inside it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        called = parts_of_call(each)
        waiting.extend(value for _, value in reversed(called[1] if called else []))


def key_of(node: Node) -> str:
    """Write an expression so that those which R writes alike are alike: numbers with 15 digits."""
    return written_for_r(node, exact=False)


def written_for_r(node: Node, exact: bool = True) -> str:
    """Write an expression so that R reads this tree, with all digits where ``exact``."""
    parts = []
    while isinstance(node, Operation) and len(node.operands) == 2:  # a chain may be longer than Python nests
        sign = node.sign if node.sign in "^/:" else f" {node.sign} "
        parts.append(sign + written_for_r(node.operands[1], exact))
        node = node.operands[0]
    return _written(node, exact) + "".join(reversed(parts))


def _written(node: Node, exact: bool) -> str:
    if isinstance(node, Name):
        return _quoted(node.name)
    if isinstance(node, Member):
        return f"{_quoted(node.package)}::{_quoted(node.name)}"
    if isinstance(node, Literal):
        return node.text if exact else _rounded(node)
    if isinstance(node, Constant):
        return _text(str(node.value))
    if isinstance(node, Group):
        return f"({written_for_r(node.inner, exact)})"
    if isinstance(node, Operation):
        return node.sign + written_for_r(node.operands[0], exact)
    arguments = [_argument(name, value, exact) for name, value in node.arguments]
    if node.function in ("$", "[", "[["):
        rest = ", ".join(arguments[1:])
        ends = {"$": ("$", ""), "[": ("[", "]"), "[[": ("[[", "]]")}[node.function]
        return arguments[0] + ends[0] + rest + ends[1]
    return f"{'::'.join(map(_quoted, node.function.split('::')))}({', '.join(arguments)})"


def _argument(name: str | None, value: Node, exact: bool) -> str:
    written = "" if value == GAP else written_for_r(value, exact)
    return written if name is None else f"{_quoted(name)} = {written}"


def _rounded(node: Literal) -> str:
    number = isinstance(node.value, float) and math.isfinite(node.value)
    return level_text(node.value) + "L" * node.text.endswith("L") if number else node.text


def _quoted(name: str) -> str:
    """Write a name in backticks where it is more than plain letters, whatever the locale takes for letters."""
    if not name or (_PLAIN_NAME.fullmatch(name) and name not in RESERVED):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    special = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    control = {letter: f"\\u{ord(letter):04x}" for letter in value if ord(letter) < 32 or ord(letter) == 127}
    return '"' + "".join({**control, **special}.get(letter, letter) for letter in value) + '"'

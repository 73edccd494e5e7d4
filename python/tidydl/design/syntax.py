"""The grammar of R's expressions, as far as formulas use it: from text to a tree, and back as R writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from tidydl.design.limits import MOST_DEPTH, MOST_WORDS, too_many
from tidydl.errors import FormulaError
from tidydl.rprint import level_text

__all__ = [
    "RESERVED",
    "SIGNS",
    "STRENGTHS",
    "Call",
    "Constant",
    "ExpressionReader",
    "Group",
    "Name",
    "Node",
    "Operation",
    "Token",
    "parse",
    "quoted",
    "token_pattern",
    "tokens_of",
    "written",
]

_SPACE = re.compile(r"\s*")
SIGNS = r"%[^%\s]*%|<=|>=|==|!=|&&|\|\||\*\*|[-+*/^:<>&|!()=,~\[\]{}@$?;]"


def token_pattern(signs: str) -> re.Pattern[str]:
    """Build the pattern of the next word of an expression with these signs."""
    return re.compile(
        rf"""\s*(?:
          (?P<number>0[xX][0-9a-fA-F]+L?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)(?![\w.])
        | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
        | `(?P<quoted>(?:[^`\\]|\\.)+)`
        | (?P<name>(?:[^\W\d]|\.+(?=[^\W\d])|\.)[\w.]*)
        | (?P<sign>{signs})
        )""",
        re.VERBOSE | re.DOTALL,
    )


_TOKEN = token_pattern(SIGNS)
_SYNTACTIC = re.compile(r"^(?:(?:[^\W\d_]|\.(?!\d))[\w.]*|\.)$")
RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "NULL"),
    *("Inf", "NaN", "NA", "NA_integer_", "NA_real_", "NA_complex_", "NA_character_"),
}
_LOGICALS = {"TRUE": True, "FALSE": False, "True": True, "False": False}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
# How tightly operators bind, as in R. A comparison is not followed by another, and powers group from the right.
STRENGTHS = {"|": 1, "&": 2, **dict.fromkeys(_COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6, "%in%": 7, "^": 10}
_NOT = 3
_UNARY = 9


@dataclass(frozen=True)
class Token:
    """A word: its kind (number, text, quoted, name, sign or end), what it says, where it starts and ends."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Name:
    """A column."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A number, a text, or TRUE or FALSE."""

    value: float | str | bool


@dataclass(frozen=True)
class Group:
    """An expression in parentheses."""

    inner: Node


@dataclass(frozen=True)
class Operation:
    """An operator with one operand or two."""

    sign: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A function with its arguments, each with its name or None."""

    function: str
    arguments: tuple[tuple[str | None, Node], ...]


Node = Name | Constant | Group | Operation | Call


def quoted(name: str) -> str:
    """Write a column's name as R writes it in a formula: in backticks where it is not a plain name."""
    return name if _SYNTACTIC.match(name) and name not in RESERVED else f"`{name}`"


def tokens_of(text: str, argument: str = "formula", pattern: re.Pattern[str] = _TOKEN) -> list[Token]:
    """Take a text apart; the last token is an empty one of the kind ``end``.

    Raises
    ------
    FormulaError
        If it holds what no expression holds.
    """
    tokens: list[Token] = []
    at = 0
    while _end_of(_SPACE, text, at) < len(text):
        found = pattern.match(text, at)
        if found is None or found.lastgroup is None:
            rest = text[at:].strip()
            raise FormulaError(
                f"`{argument}` '{text}' cannot be read from '{rest[:20]}' on.",
                allowed="Columns, numbers, texts in quotes, operators and calls; odd names in backticks.",
            )
        kind, said = found.lastgroup, found.group(found.lastgroup)
        plain = "^" if said == "**" and kind == "sign" else said
        tokens.append(Token(kind, plain, found.end() - len(found.group().lstrip()), found.end()))
        at = found.end()
        if len(tokens) > MOST_WORDS:
            raise too_many(f"has more than {MOST_WORDS:,} names, numbers and signs", MOST_WORDS, "of them")
    return [*tokens, Token("end", "", len(text), len(text))]


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def parse(text: str, argument: str = "formula") -> Node:
    """Read one expression.

    Raises
    ------
    FormulaError
        If it is none.
    """
    return ExpressionReader(tokens_of(text, argument), text, argument).whole()


class ExpressionReader:
    """Reads tokens by the strength of operators (Pratt 1973, Top down operator precedence)."""

    strengths = STRENGTHS

    def __init__(self, tokens: Sequence[Token], text: str, argument: str):
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._text = text
        self._argument = argument

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def whole(self) -> Node:
        """Read one expression that ends with the tokens."""
        node = self.expression(0)
        if self.token.kind != "end":
            self.refuse()
        return node

    def expression(self, strength: int) -> Node:
        """Read as far as operators bind at least as tightly as ``strength``."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            self.refuse("it is nested too deeply")
        left = self._operand()
        while self.token.kind == "sign" and self.strengths.get(self.token.text, -1) >= strength:
            sign = self._next().text
            own = self.strengths[sign]
            right = self.expression(_UNARY if sign == "^" else own + 1)
            left = Operation(sign, (left, right))
            if sign in _COMPARISONS and self.token.text in _COMPARISONS and self.token.kind == "sign":
                self.refuse("a comparison follows a comparison", "Join comparisons by &.")
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        token = self._next()
        if token.kind == "number":
            plain = token.text.rstrip("L")
            return Constant(float(int(plain, 16)) if plain[:2] in ("0x", "0X") else float(plain))
        if token.kind == "text":
            return Constant(re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1]))
        if token.kind == "quoted":
            return Name(re.sub(r"\\(.)", r"\1", token.text))
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            inner = self.expression(0)
            self._expect(")")
            return Group(inner)
        if token.text in ("-", "+", "!"):
            return Operation(token.text, (self.expression(_NOT if token.text == "!" else _UNARY),))
        self._at -= token.kind != "end"
        return self.refuse()

    def _named(self, name: str) -> Node:
        if self.token.text == "(" and self.token.kind == "sign":
            self._next()
            return Call(name, self._arguments())
        if name in _LOGICALS:
            return Constant(_LOGICALS[name])
        return Name(name)

    def _arguments(self) -> tuple[tuple[str | None, Node], ...]:
        arguments: list[tuple[str | None, Node]] = []
        while not (self.token.kind == "sign" and self.token.text == ")"):
            if arguments:
                self._expect(",")
            name = None
            ahead = self._tokens[self._at + 1] if self.token.kind != "end" else self.token
            if self.token.kind == "name" and ahead.kind == "sign" and ahead.text == "=":
                name = self._next().text
                self._next()
            arguments.append((name, self.expression(0)))
        self._next()
        return tuple(arguments)

    def _next(self) -> Token:
        token = self.token
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, sign: str) -> None:
        if self.token.kind == "end":
            self.refuse("a parenthesis is not closed")
        if self.token.kind != "sign" or self.token.text != sign:
            self.refuse()
        self._next()

    def refuse(self, reason: str | None = None, hint: str | None = None) -> NoReturn:
        """Return where reading came to an end, and why."""
        if reason is None:
            said = self.token.text
            reason = f"'{said}' is not expected there" if said else "it ends too early"
            hint = "Write & and | for 'and' and 'or'." if said in ("&&", "||") else hint
        raise FormulaError(
            f"`{self._argument}` has the expression '{self._text}', which cannot be read: {reason}.",
            allowed="Columns, numbers, operators and calls, with all parentheses closed.",
            hint=hint,
        )


def written(node: Node) -> str:
    """Write an expression as R's ``deparse()`` does."""
    if isinstance(node, Name):
        return quoted(node.name)
    if isinstance(node, Constant):
        return _constant(node.value)
    if isinstance(node, Group):
        return f"({written(node.inner)})"
    if isinstance(node, Call):
        return f"{node.function}({', '.join(_argument(name, value) for name, value in node.arguments)})"
    if len(node.operands) == 1:
        return node.sign + written(node.operands[0])
    parts = []
    while isinstance(node, Operation) and len(node.operands) == 2:  # a chain may be longer than Python nests
        sign = node.sign if node.sign in "^/" else f" {node.sign} "
        parts.append(sign + written(node.operands[1]))
        node = node.operands[0]
    return written(node) + "".join(reversed(parts))


def _argument(name: str | None, value: Node) -> str:
    return written(value) if name is None else f"{name} = {written(value)}"


def _constant(value: float | str | bool) -> str:
    if isinstance(value, str):
        special = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
        return '"' + "".join(special.get(letter, letter) for letter in value) + '"'
    return level_text(value)

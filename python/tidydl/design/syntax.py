"""R's grammar, as far as formulas use it: from text to a tree of names, constants and calls."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from tidydl.design.limits import MOST_DEPTH, MOST_WORDS, too_many
from tidydl.errors import FormulaError

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

# Operators from the loosest to the tightest, as in R's ?Syntax. All group from the left but the power.
_LEVELS = (
    *(["~"], ["|", "||"], ["&", "&&"], ["unary !"], COMPARISONS, ["+", "-"], ["*", "/"], ["%any%"], [":"]),
    *(["unary -"], ["^"]),
)
_BINARY = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}
# How tightly what stands behind must bind.
_PREFIX = {"~": 1, "!": _BINARY["unary !"], "-": _BINARY["unary -"], "+": _BINARY["unary -"]}

_SPACE = r"(?:\s|\#[^\n]*+)*+"
_PLAIN_NAME = r"(?:[^\W0-9_²³¹¼-¾]|\.(?![0-9]))(?:[^\W²³¹¼-¾]++|\.)*+"  # digits such as ² are not letters in R
_SYNTACTIC = re.compile(_PLAIN_NAME + r"\Z")
_BLANK = re.compile(_SPACE + r"\Z")
_TOKEN = re.compile(
    rf"""{_SPACE}(?:
      (?P<number>0[xX](?:(?:[0-9a-fA-F]++(?:\.[0-9a-fA-F]*+)?|\.[0-9a-fA-F]++)[pP][+-]?[0-9]++|[0-9a-fA-F]++)L?
        | (?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?L?)(?!\w)
    | (?P<raw>[rR]["']-*[\[({{])
    | (?P<text>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    | (?P<quoted>`(?:[^`\\]|\\.)++`)
    | (?P<name>{_PLAIN_NAME})
    | (?P<sign>%[^%\n]*+%|<<-|->>|->|<-|<=|>=|==|!=|:::?|:=|\|>|&&|\|\||\*\*|[-+*/^:<>&|!()=,~\[\]{{}}@$?;\\])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3}|x[0-9a-fA-F]{1,2})|([uU]\{[0-9a-fA-F]{1,8}\}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8})|(.))",
    re.DOTALL,
)
_ESCAPED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)) | {sign: sign for sign in "\\\"'` \n"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# As Python writes them, True and False are taken for R's.
_CONSTANTS = {"TRUE": True, "FALSE": False, "True": True, "False": False, "Inf": math.inf}
_WORDS = ("NULL", "NaN", "NA", "NA_integer_", "NA_real_", "NA_character_")
_RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "Inf"),
    *("NA_complex_", *_WORDS),
}
_HINTS = {
    "<-": "Put a space between < and - where a number below zero is meant.",
    "=": "Write ~ between response and predictors, and == to compare.",
    "(": "Is an operator missing before the parenthesis?",
    **dict.fromkeys(("and", "or"), "Write & and | for 'and' and 'or'."),
    **dict.fromkeys(("$", "@", "["), "Name columns alone, as in y ~ x."),
    **dict.fromkeys(("::", ":::"), "Name functions alone, as in log(x)."),
    **dict.fromkeys(("name", "quoted", "number", "unknown"), "Put names that are not plain in backticks: `2nd name`."),
}
_UNCLOSED = {"'": "a text is not closed", '"': "a text is not closed", "`": "a backtick is not closed"}


@dataclass(frozen=True, slots=True)
class Name:
    """A column; the empty name is an omitted argument."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, which is an int where R has an integer, a text, or TRUE or FALSE."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Word(Constant):
    """A constant of R that is not a number, such as NULL or NA, which formulas do not use."""

    text: str = "NA"


@dataclass(frozen=True, slots=True)
class Call:
    """A function, an operator or a parenthesis with its arguments, and their names where some have one."""

    function: str
    arguments: tuple[Node, ...]
    names: tuple[str | None, ...] = ()

    @property
    def is_operator(self) -> bool:
        """Whether it is written as an operator."""
        return self.function in _BINARY or self.function[0] in "!%"

    @property
    def is_binary(self) -> bool:
        """Whether it is written as an operator between two operands."""
        return len(self.arguments) == 2 and self.is_operator

    @property
    def named_arguments(self) -> list[tuple[str | None, Node]]:
        """The arguments, each with its name or None."""
        return list(zip(self.names or (None,) * len(self.arguments), self.arguments, strict=True))


Node = Name | Constant | Call
EMPTY = Name("")


class _Token(NamedTuple):
    """A token: its kind (number, text, quoted, name, sign, unknown or end), its text and where it starts."""

    kind: str
    text: str
    start: int


def is_syntactic(name: str) -> bool:
    """Return whether a name needs no backticks in R."""
    return name not in _RESERVED and _SYNTACTIC.match(name) is not None


def parse(text: str, argument: str = "formula", of_r: bool = False) -> Node:
    """Read one expression or formula.

    With ``of_r`` it may have what R's own formulas and calls use besides: ``x$a``, ``x[i]``, ``x[[i]]``,
    ``package::f``, ``NULL``, ``NA`` and ``NaN``; True and False are names then, as in R.
    """
    return _Parser(text, argument, of_r).whole()


def split_call(text: str) -> tuple[str, list[tuple[str | None, str]]] | None:
    """Return the function that a text calls, and the arguments as text, each with its name or None.

    The arguments may be anything that R can read. None if it is not a single call.
    """
    return _Parser(text, "call", True).split()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all inside it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Call):
            waiting.extend(reversed(each.arguments))


class _Parser:
    """Reads tokens by the strength of operators (Pratt 1973, Top down operator precedence)."""

    def __init__(self, text: str, argument: str, of_r: bool):
        self._text = text
        self._argument = argument
        self._of_r = of_r
        self._at = 0
        self._depth = 0
        self._tokens = self._all_tokens()

    def whole(self) -> Node:
        node = self._expression(0)
        return node if self._tokens[self._at].kind == "end" else self._refuse(self._tokens[self._at])

    def split(self) -> tuple[str, list[tuple[str | None, str]]] | None:
        function = self._next().text if self._tokens[0].kind == "name" else ""
        if self._is_next("::"):
            function += self._next().text + self._next().text
        if not function or not self._is_next("("):
            return None
        arguments: list[tuple[str | None, str]] = []
        depth, first, name = 0, 0, None
        for at in range(self._at, len(self._tokens)):
            kind, sign, start = self._tokens[at]
            depth += (kind == "sign" and sign in "([{") - (kind == "sign" and sign in ")]}")
            if depth == 0 or (depth == 1 and kind == "sign" and sign == ","):
                source = self._text[first:start].strip()
                arguments += [(name, source)] if source else []
            if depth == 0:
                return (function, arguments) if self._tokens[at + 1].kind == "end" else None
            if depth == 1 and kind == "sign" and sign in "(,":
                self._at = at + 1
                name = self._argument_name()
                first = self._tokens[self._at].start
        return None

    def _all_tokens(self) -> list[_Token]:
        """Split the text into tokens. It is one expression, so line breaks are blanks."""
        text, tokens = self._text, []
        at = 0
        while (match := _TOKEN.match(text, at)) is not None:
            kind = str(match.lastgroup)
            start, content = match.start(kind), match[kind]
            at = match.end()
            if kind == "raw":
                kind, (content, at) = "text", self._raw(content, start, at)
            elif kind in ("text", "quoted"):
                content = self._unescaped(content[1:-1], kind, start)
            tokens.append(_Token(kind, "^" if content == "**" and kind == "sign" else content, start))
            if len(tokens) > MOST_WORDS:
                raise too_many(f"has more than {MOST_WORDS:,} names, numbers and signs", MOST_WORDS, "of them")
        if not _BLANK.match(text, at):
            self._refuse(_Token("unknown", "", at), _UNCLOSED.get(text[at:].lstrip()[0], ""))
        return [*tokens, _Token("end", "", len(text))]

    def _raw(self, opening: str, start: int, at: int) -> tuple[str, int]:
        """Return what a text such as ``r"--(a)--"`` holds, and where it ends."""
        closing = _CLOSING[opening[-1]] + opening[2:-1] + opening[1]
        end = self._text.find(closing, at)
        if end < 0:
            self._refuse(_Token("text", "", start), "a text is not closed")
        return self._text[at:end], end + len(closing)

    def _unescaped(self, text: str, kind: str, start: int) -> str:
        """Resolve the escapes after backslashes."""
        codes: set[bool] = set()

        def meant(match: re.Match[str]) -> str:
            byte, code, sign = match.groups()
            if sign:
                return _ESCAPED.get(sign) or self._refuse(token, f"'\\{sign}' means nothing", "Double the backslash.")
            codes.add(bool(code))
            number = int(byte, 8) if byte and byte[0] != "x" else int((byte or code).strip("xuU{}"), 16)
            largest = 0x7F if byte else 0xFFFF if code[0] == "u" else 0x10FFFF
            fits = 0 < number <= largest and not 0xD800 <= number < 0xE000
            if not fits or len(codes) > 1 or (code and kind == "quoted"):
                self._refuse(token, f"'{match[0]}' is not a valid character there")
            return chr(number)

        token = _Token(kind, "", start)
        return _ESCAPE.sub(meant, text) if "\\" in text else text

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _is_next(self, sign: str) -> bool:
        token = self._tokens[self._at]
        return token.text == sign and token.kind == "sign"

    def _expression(self, strength: int) -> Node:
        """Read on while operators bind at least as tightly as ``strength``."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            self._refuse(self._tokens[self._at], "it is nested too deeply")
        left = self._operand()
        while (token := self._tokens[self._at]).kind == "sign":
            sign = token.text
            own = _BINARY.get("%any%" if sign[0] == "%" else sign, -1)
            if own < strength:
                break
            self._at += 1
            left = Call(sign, (left, self._expression(own if sign == "^" else own + 1)))
            if sign in COMPARISONS and any(map(self._is_next, COMPARISONS)):
                self._refuse(self._tokens[self._at], "a comparison follows a comparison", "Join comparisons by &.")
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        node, outer = self._primary(), self._depth
        while self._of_r and (self._is_next("$") or self._is_next("[")):
            self._depth += 1
            if self._depth > MOST_DEPTH:
                self._refuse(self._tokens[self._at], "it is nested too deeply")
            node = self._part_of(node)
        self._depth = outer
        return node

    def _part_of(self, node: Node) -> Call:
        """Read ``$name``, ``[i, j]`` or ``[[i]]`` behind an operand."""
        if self._next().text == "$":
            name = self._next()
            return Call("$", (node, Name(name.text) if name.kind in ("name", "quoted") else self._refuse(name)))
        if not self._is_next("["):
            self._at -= 1
            inside = self._call("[", "]")
        else:
            inside = self._call("[[", "]")
            self._close("]")
        return Call(inside.function, (node, *inside.arguments), (None, *inside.names) if inside.names else ())

    def _primary(self) -> Node:
        token = self._next()
        kind, text, _ = token
        if kind == "number":
            return Constant(_number(text))
        if self._of_r and kind == "name" and text in _WORDS:
            return Word(math.nan, text)
        if kind == "name" and text in _CONSTANTS and not (self._of_r and text in ("True", "False")):
            return Constant(_CONSTANTS[text])
        if kind == "name" and text in _RESERVED:
            self._refuse(token, f"'{text}' is a reserved word in R", f"Write a column of this name as `{text}`.")
        if self._of_r and kind == "name" and self._is_next("::"):
            member = self._member()
            return self._call(f"{text}::{member}") if self._is_next("(") else Call("::", (Name(text), Name(member)))
        if kind in ("name", "quoted", "text"):
            if self._is_next("(") and is_syntactic(text):
                return self._call(text)
            return Constant(text) if kind == "text" else Name(text)
        if kind == "sign" and text in _PREFIX:
            return Call(text, (self._expression(_PREFIX[text]),))
        if kind == "sign" and text == "(":
            inner = self._expression(0)
            self._close()
            return Call("(", (inner,))
        return self._refuse(token)

    def _member(self) -> str:
        self._next()
        token = self._next()
        return token.text if token.kind == "name" and token.text not in _RESERVED else self._refuse(token)

    def _call(self, function: str, closing: str = ")") -> Call:
        arguments: list[Node] = []
        names: list[str | None] = []
        while not arguments or self._is_next(","):
            self._next()
            names.append(self._argument_name())
            is_empty = self._is_next(",") or self._is_next(closing)
            arguments.append(EMPTY if is_empty else self._expression(0))
        self._close(closing)
        if arguments == [EMPTY] and names == [None]:
            return Call(function, ())
        return Call(function, tuple(arguments), tuple(names) if any(names) else ())

    def _argument_name(self) -> str | None:
        """Read the name before an equals sign, if there is one."""
        kind, text, _ = self._tokens[self._at]
        may_name = kind in ("quoted", "text") or (kind == "name" and (text == "NULL" or text not in _RESERVED))
        if not (may_name and text and self._tokens[self._at + 1][:2] == ("sign", "=")):
            return None
        self._at += 2
        return text

    def _close(self, closing: str = ")") -> None:
        token = self._next()
        if token.text != closing or token.kind != "sign":
            self._refuse(token, "a parenthesis is not closed" if token.kind == "end" else "")

    def _refuse(self, token: _Token, reason: str = "", hint: str | None = None) -> NoReturn:
        """Raise the error that says where parsing stopped, and why."""
        rest = self._text[token.start :].strip()
        where = f" from '{rest[:20]}' on" if rest else ""
        if token.kind == "end":
            reason = reason or "it ends too early"
        raise FormulaError(
            f"`{self._argument}` '{self._text}' cannot be read{where}{': ' if reason else ''}{reason}.",
            allowed="Columns, numbers, texts in quotes, operators and calls, with all parentheses closed.",
            hint=hint or (None if reason else _HINTS.get(token.text, _HINTS.get(token.kind))),
        )


def _number(text: str) -> float:
    """Read a number; a suffix L makes it an integer within R's range."""
    digits = text.rstrip("L")
    try:
        value = float.fromhex(digits) if digits[:2] in ("0x", "0X") else float(digits)
    except OverflowError:
        value = math.inf
    return int(value) if text != digits and value.is_integer() and value < 2**31 else value

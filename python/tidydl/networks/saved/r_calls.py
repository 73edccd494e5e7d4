"""The call of a loaded network for R, where it is shown, and run again by ``update()`` and its kin.

It is made of parts that have passed the allow-list. What has not becomes a name that shows it, and names nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from tidydl.design.contrasts import CONTRASTS
from tidydl.design.r_formulas import vet_formula_of_r
from tidydl.design.r_functions import FUNCTIONS_OF_R, literal_size, number_in, vet_for_r
from tidydl.design.r_syntax import (
    GAP,
    Literal,
    Member,
    Node,
    parse_r,
    parts_of_call,
    r_tokens,
    remembered,
    walk,
    written_for_r,
)
from tidydl.design.syntax import Constant, Name, Operation, Token
from tidydl.errors import FormulaError, printable

__all__ = ["CallForR", "call_for_r"]

_FITTING = (
    *("nnet", "multinom", "nnet.formula", "nnet.default"),
    *("nnet::nnet", "nnet::multinom", "tidydl::nnet", "tidydl::multinom"),
)
_FUNCTIONS = {*FUNCTIONS_OF_R, "list", "$", "[", "[[", "as.matrix", "class.ind", "rep", "seq", "seq_len"}
_CONTRAST_WORDS = {*CONTRASTS, "list", "c"}
_MOST_CONTRASTS = 1000  # levels of a matrix that a call makes
_NA_FUNCTIONS = ("na.omit", "na.exclude", "na.fail", "na.pass")
_NA_WORDS = (*_NA_FUNCTIONS, "omit", "exclude", "fail")
# The largest numbers that a call of a file may give; those that are computed could be any, names are the user's own.
_MOST_GIVEN = {"MaxNWts": 1e5, "maxit": 1e6, "rang": 1e4, "repeats": 1e3, "threads": 1e3}
_PLAIN_TEXT = re.compile(r"[\w .,:/%+-]*")
_MOST_SHOWN = 200
_OPTIONS = (
    *("size", "Wts", "mask", "linout", "entropy", "softmax", "censored", "skip", "rang", "decay", "maxit", "Hess"),
    *("trace", "MaxNWts"),
)
_FORMALS: dict[str, tuple[str, ...]] = {
    "matrix": ("x", "y", "weights", *_OPTIONS, "abstol", "reltol", "engine", "device", "threads", "repeats"),
    "formula": ("formula", "data", "weights", *_OPTIONS),  # which passes on what is not its own by position too
    "multinom": (
        *("formula", "data", "weights", "subset", "na.action", "contrasts", "Hess", "summ", "censored", "model"),
    ),
}


class CallForR(NamedTuple):
    """A call as text that R reads, and its ``size`` where that is not the network's."""

    text: str
    other_size: str | None = None


class _Argument(NamedTuple):
    name: str
    source: str
    node: Node | None


@remembered
def call_for_r(text: str, size: int | None = None) -> CallForR | None:
    """Write a call anew.

    Parameters
    ----------
    text
        The call.
    size
        The number of hidden units, which it then gives whatever it gave: ``update()`` fits what was loaded.

    Returns
    -------
    CallForR or None
        None where it calls no function that fits networks.
    """
    try:
        tokens = r_tokens(text)
    except FormulaError:
        return None
    called = "".join(token.text for token in tokens[:3]) if tokens[1:2] and tokens[1].text == "::" else tokens[0].text
    at = 3 if "::" in called else 1
    if called not in _FITTING or tokens[min(at, len(tokens) - 1)].text != "(" or tokens[0].kind != "name":
        return None
    arguments = _arguments(text, tokens[at + 1 : -1])
    if arguments is None:
        return None
    meant = _names_meant(called, [each.name for each in arguments])
    other_size, parts = None, []
    for each, meaning in zip(arguments, meant, strict=True):
        says = _tamed(each, meaning)
        if meaning == "size" and size is not None and (each.node is None or number_in(each.node) != size):
            says, other_size = str(size), _shown(each.source)
        parts.append(f"{written_for_r(Name(each.name))} = {says}" if each.name else says)
    return CallForR(f"{called}({', '.join(parts)})", other_size)


def _arguments(text: str, tokens: Sequence[Token]) -> list[_Argument] | None:
    """Take the arguments apart, down to the parenthesis that closes the call; None where it does not end there."""
    found, depth, first = [], 0, 0
    for at, token in enumerate(tokens):
        opens, closes = (token.kind == "sign" and token.text in marks for marks in ("([{", ")]}"))
        depth += opens - closes
        if depth < 0 or (depth == 0 and token.kind == "sign" and token.text == ","):
            argument = _argument(text, tokens[first:at])
            found.extend([argument] if argument.source else [])
            first = at + 1
        if depth < 0:
            return found if at == len(tokens) - 1 else None
    return None


def _argument(text: str, tokens: Sequence[Token]) -> _Argument:
    """Read an argument; one that is not there has an empty source."""
    name = ""
    if tokens[1:2] and tokens[1].text == "=" and tokens[0].kind in ("name", "quoted"):
        name, tokens = tokens[0].text, tokens[2:]
    source = text[tokens[0].start : tokens[-1].end] if tokens else ""
    try:
        return _Argument(name, source, parse_r(source))
    except FormulaError:
        return _Argument(name, source, None)


def _names_meant(called: str, given: Sequence[str]) -> list[str]:
    """Name the arguments that a call gives by position or by the beginnings of their names, as R matches them."""
    form = "multinom" if "multinom" in called else "formula" if {"formula", "data"} & {*given} else "matrix"
    formals = _FORMALS[form]
    free = [formal for formal in formals if formal not in given]
    meant = list(given)
    for i, name in enumerate(given):
        if name and name not in formals:
            close = [formal for formal in free if formal.startswith(name)]
            if len(close) > 1:
                return list(given)
            meant[i] = close[0] if close else name
    free = [formal for formal in free if formal not in meant]
    for i, name in enumerate(given):
        if not name and free:
            meant[i] = free.pop(0)
    return meant


def _tamed(argument: _Argument, meaning: str) -> str:
    try:
        if argument.node is not None and _has_passed(argument.node, meaning):
            return written_for_r(argument.node)
    except FormulaError:
        pass
    shown = _shown(argument.source)
    return written_for_r(Name(f"({shown})" if isinstance(argument.node, Name) else shown))


def _shown(source: str) -> str:
    text = printable(source)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _has_passed(node: Node, name: str) -> bool:
    most = _MOST_GIVEN.get(name, math.inf)
    computed = number_in(node) is not None or parts_of_call(node) is not None
    if computed and most < math.inf and literal_size(node) > most:
        return False
    if name == "na.action":
        if isinstance(node, Constant):
            return node.value in _NA_WORDS
        return isinstance(node, (Name, Member)) and node.name in _NA_FUNCTIONS and _package(node) == "stats"
    if name == "contrasts":
        return all(map(_is_of_contrasts, walk(node)))
    if isinstance(node, Operation) and node.sign == "~":
        vet_formula_of_r(node)
        return _has_plain_texts(node)
    return _are_values(node)


def _package(node: Any) -> str:
    return node.package if isinstance(node, Member) else "stats"


def _is_of_contrasts(node: Node) -> bool:
    """Return whether a part of the argument ``contrasts`` is a name or a number of them, in a list."""
    if isinstance(node, Literal):
        return number_in(node) is None or abs(node.value or 0) <= _MOST_CONTRASTS
    if isinstance(node, Constant):
        return node.value in CONTRASTS
    parts = parts_of_call(node)
    named = node.name if isinstance(node, (Name, Member)) else parts[0] if parts else ""
    return named.removeprefix("stats::") in _CONTRAST_WORDS and _package(node) == "stats"


def _are_values(node: Node) -> bool:
    if isinstance(node, Constant):
        return _has_plain_texts(node) or _is_formula(str(node.value))
    vet_for_r(node, _FUNCTIONS)
    return node != GAP and _has_plain_texts(node)


def _is_formula(text: str) -> bool:
    node = parse_r(text)
    vet_formula_of_r(node)
    return isinstance(node, Operation) and len(node.operands) == 2


def _has_plain_texts(node: Node) -> bool:
    """Return whether its texts call nothing, wherever they should be read as code, alone or put together."""
    texts = (str(each.value) for each in walk(node) if isinstance(each, Constant))
    return all(_PLAIN_TEXT.fullmatch(text) for text in texts)

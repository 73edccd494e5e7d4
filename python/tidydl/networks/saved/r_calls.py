"""The call of a loaded network for R, which prints it and runs it again in ``update()``, ``step()`` and so on.

It is built from parts that pass the allow-list. Any other part becomes a name that shows it and is not bound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from tidydl.design.contrasts import CONTRASTS
from tidydl.design.deparse import written_for_r
from tidydl.design.limits import MOST_LETTERS
from tidydl.design.r_formulas import parse_r, remembered, vet_formula_of_r
from tidydl.design.r_functions import FUNCTIONS_OF_R, literal_size, number_in, vet_for_r
from tidydl.design.syntax import EMPTY, Call, Constant, Name, Node, split_call, walk
from tidydl.errors import FormulaError, printable

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
    """A call as text that R reads, and its ``size`` if that is not the network's."""

    text: str
    other_size: str | None = None


class _Argument(NamedTuple):
    name: str
    source: str
    node: Node | None


@remembered
def call_for_r(text: str, size: int | None = None) -> CallForR | None:
    """Rewrite a call; None if it calls no function that fits networks.

    ``size`` is the number of hidden units that it gets whatever it had: ``update()`` fits what was loaded.
    """
    try:
        called, sources = (len(text) <= MOST_LETTERS and split_call(text)) or ("", [])
    except FormulaError:
        return None
    if called not in _FITTING:
        return None
    arguments = [_argument(name or "", source) for name, source in sources]
    meant = _names_meant(called, [each.name for each in arguments])
    other_size, parts = None, []
    for each, meaning in zip(arguments, meant, strict=True):
        says = _tamed(each, meaning)
        if meaning == "size" and size is not None and (each.node is None or number_in(each.node) != size):
            says, other_size = str(size), _shown(each.source)
        parts.append(f"{written_for_r(Name(each.name))} = {says}" if each.name else says)
    return CallForR(f"{called}({', '.join(parts)})", other_size)


def _argument(name: str, source: str) -> _Argument:
    try:
        return _Argument(name, source, parse_r(source))
    except FormulaError:
        return _Argument(name, source, None)


def _names_meant(called: str, names: Sequence[str]) -> list[str]:
    """Name the arguments that a call passes by position or partial name, as R matches them."""
    form = "multinom" if "multinom" in called else "formula" if {"formula", "data"} & {*names} else "matrix"
    formals = _FORMALS[form]
    free = [formal for formal in formals if formal not in names]
    meant = list(names)
    for i, name in enumerate(names):
        if name and name not in formals:
            close = [formal for formal in free if formal.startswith(name)]
            if len(close) > 1:
                return list(names)
            meant[i] = close[0] if close else name
    free = [formal for formal in free if formal not in meant]
    for i, name in enumerate(names):
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
    computed = number_in(node) is not None or isinstance(node, Call)
    if computed and most < math.inf and literal_size(node) > most:
        return False
    if name == "na.action":
        return node.value in _NA_WORDS if isinstance(node, Constant) else _name_in_stats(node) in _NA_FUNCTIONS
    if name == "contrasts":
        return _is_of_contrasts(node)
    if isinstance(node, Call) and node.function == "~":
        vet_formula_of_r(node)
        return _has_plain_texts(node)
    return _are_values(node)


def _name_in_stats(node: Node) -> str:
    """Return the name of a node, without the prefix ``stats::``; empty if it is not a name."""
    if isinstance(node, Call) and node.function == "::" and node.arguments[0] == Name("stats"):
        node = node.arguments[1]
    return node.name if isinstance(node, Name) else ""


def _is_of_contrasts(node: Node) -> bool:
    """Return whether the argument ``contrasts`` is a name or a number of contrasts, or a list of those."""
    if isinstance(node, Constant):
        number = number_in(node)
        if number is not None:
            return number <= _MOST_CONTRASTS
        return not isinstance(node.value, str) or node.value in CONTRASTS
    if isinstance(node, Call) and node.function != "::":
        is_contrast_call = node.function.removeprefix("stats::") in _CONTRAST_WORDS
        return is_contrast_call and all(map(_is_of_contrasts, node.arguments))
    return _name_in_stats(node) in _CONTRAST_WORDS


def _are_values(node: Node) -> bool:
    if isinstance(node, Constant):
        return _has_plain_texts(node) or _is_formula(str(node.value))
    vet_for_r(node, _FUNCTIONS)
    return node != EMPTY and _has_plain_texts(node)


def _is_formula(text: str) -> bool:
    node = parse_r(text)
    vet_formula_of_r(node)
    return isinstance(node, Call) and node.is_binary


def _has_plain_texts(node: Node) -> bool:
    """Return whether its strings call nothing if read as code, alone or combined."""
    texts = (each.value for each in walk(node) if isinstance(each, Constant))
    return all(_PLAIN_TEXT.fullmatch(text) for text in texts if isinstance(text, str))

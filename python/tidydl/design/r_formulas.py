"""Formulas of R's own fits, whose variables may be any expression that R is allowed: the terms they have there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import TypeVar

from tidydl.design.deparse import written
from tidydl.design.expressions import Expression
from tidydl.design.formulas import Formula
from tidydl.design.limits import MOST_LETTERS, too_many
from tidydl.design.r_functions import CONSTANTS, called, vet_for_r
from tidydl.design.syntax import Call, Name, Node, parse, walk
from tidydl.design.terms import Algebra, Offset
from tidydl.errors import FormulaError

_UNKNOWN = tuple(f"x{i}" for i in range(50))  # what '.' stands for if the data are unknown
_MOST_KEPT = 1000  # letters
Answer = TypeVar("Answer")


def remembered(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Cache the last results of a function of short strings: averaged networks share theirs."""
    kept = lru_cache(maxsize=256)(function)

    @wraps(function)
    def answer(text: str, *others: object) -> Answer:
        return (kept if len(text) <= _MOST_KEPT else function)(text, *others)

    return answer


@remembered
def parse_r(text: str) -> Node:
    """Read one expression of R, of the kinds that formulas and calls in files hold: no functions, and not too long."""
    if len(text) > MOST_LETTERS:
        raise too_many(f"has {len(text):,} letters", MOST_LETTERS, "letters")
    return parse(text, of_r=True)


def vet_formula_of_r(node: Node) -> None:
    """Refuse a formula that R should not build terms of; it may have '.' or lack a response, as those in calls do."""
    if not isinstance(node, Call) or node.function != "~":
        raise _no_formula(written(node))
    for side in node.arguments:
        vet_for_r(side)
    _Algebra(written(node), "", _UNKNOWN).terms(node.arguments[-1])


def formula_of_r(node: Node) -> Formula:
    """Parse the formula of a fit, which names its columns."""
    text = written(node)
    if not isinstance(node, Call) or node.function != "~" or not node.is_binary:
        raise _no_formula(text)
    left, right = node.arguments
    for side in node.arguments:
        vet_for_r(side)
    if any(each == Name(".") for each in walk(node)):
        raise _no_formula(text)
    response = _expression(left)
    algebra = _Algebra(text, response.text, ())
    terms = algebra.terms(right)
    return Formula(
        text,
        text,
        (response,),
        response.text,
        (response.text,),
        terms,
        algebra.intercept,
        tuple(each for each in algebra.variables if isinstance(each, Expression)),
        tuple(each for each in algebra.variables if isinstance(each, Offset)),
    )


def _no_formula(text: str) -> FormulaError:
    return FormulaError(f"`formula` '{text}' has no response or no predictors.", allowed="A formula such as 'y ~ x'.")


def _expression(node: Node) -> Expression:
    columns = dict.fromkeys(each.name for each in walk(node) if isinstance(each, Name) and each.name not in CONSTANTS)
    return Expression(written(node), tuple(columns), node)


class _Algebra(Algebra):
    def variables_in(self, node: Node) -> Iterable[Expression | Offset]:
        """Return the variable of a leaf, which R evaluates."""
        if node == Name("."):
            return super().variables_in(node)
        expression = _expression(node)
        parts = called(node)
        return [Offset(expression.text, (expression,)) if parts and parts[0] == "offset" else expression]

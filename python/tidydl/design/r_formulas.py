"""Formulas of R's own fits, whose variables may be any expression that R is allowed: the terms they have there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from tidydl.design.expressions import Expression
from tidydl.design.formulas import Formula
from tidydl.design.operators import MINUS, STRENGTHS, syntax_error
from tidydl.design.r_functions import CONSTANTS, called, vet_for_r
from tidydl.design.r_syntax import Literal, Node, key_of, walk, written_for_r
from tidydl.design.syntax import Constant, Group, Name, Operation
from tidydl.design.terms import Algebra, Offset
from tidydl.errors import FormulaError

__all__ = ["formula_of_r", "vet_formula_of_r"]

_UNKNOWN = 50  # columns that '.' stands for where the data are not known


def vet_formula_of_r(node: Node) -> None:
    """Refuse a formula with '.' or without a response too, as calls have them, of which R cannot make terms in reason.

    Raises
    ------
    FormulaError
        If it is none, calls what is not allowed, or grows beyond the limits.
    """
    if not isinstance(node, Operation) or node.sign != "~":
        raise _no_formula(written_for_r(node))
    for side in node.operands:
        vet_for_r(side)
    _Algebra("", ()).terms_of(node.operands[-1], written_for_r(node))


def formula_of_r(node: Node) -> Formula:
    """Take a formula apart that names its columns, as that of a fit does.

    Raises
    ------
    FormulaError
        If it is none, calls what is not allowed, or grows beyond the limits.
    """
    text = written_for_r(node)
    if not isinstance(node, Operation) or node.sign != "~" or len(node.operands) != 2:
        raise _no_formula(text)
    left, right = node.operands
    for side in node.operands:
        vet_for_r(side)
    if any(isinstance(each, Name) and each.name == "." for each in walk(node)):
        raise _no_formula(text)
    response = _expression(left)
    algebra = _Algebra(response.text, ())
    terms = algebra.terms_of(right, text)
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


def _expression(node: Any) -> Expression:
    columns = dict.fromkeys(each.name for each in walk(node) if isinstance(each, Name) and each.name not in CONSTANTS)
    return Expression(key_of(node), tuple(columns), node)


class _Algebra(Algebra):
    def terms_of(self, node: Node, text: str) -> tuple[tuple[Expression, ...], ...]:
        """Expand a right-hand side, as R's ``terms()`` does."""
        try:
            return self.expanded(self._tree(node, text), text)
        except RecursionError as problem:
            raise syntax_error(text, "it is nested too deeply") from problem

    def _tree(self, node: Node, text: str) -> Any:
        chain: list[tuple[str, Node]] = []
        while isinstance(node, Operation) and len(node.operands) == 2 and node.sign in STRENGTHS:
            chain.append((node.sign, node.operands[1]))
            node = node.operands[0]
        tree = self._first(node, text)
        for sign, right in reversed(chain):
            tree = (sign, tree, _power(right, text) if sign == "^" else self._tree(right, text))
        return tree

    def _first(self, node: Node, text: str) -> Any:
        if isinstance(node, Group):
            return self._tree(node.inner, text)
        if isinstance(node, Operation) and len(node.operands) == 1 and node.sign in "+-":
            inner = self._tree(node.operands[0], text)
            return (MINUS, inner) if node.sign == "-" else inner
        if isinstance(node, (Literal, Constant)):
            if not isinstance(node, Literal) or node.value not in (0.0, 1.0):
                raise syntax_error(text, f"'{written_for_r(node)}' stands where terms are joined")
            return f"v{node.value:.0f}"
        return self.leaf(self._variables(node))

    def _variables(self, node: Node) -> Sequence[Expression | Offset]:
        if isinstance(node, Name) and node.name == ".":
            return _unknown()
        expression = _expression(node)
        parts = called(node)
        return [Offset(expression.text, (expression,)) if parts and parts[0] == "offset" else expression]


def _power(node: Node, text: str) -> str:
    value = node.value if isinstance(node, Literal) else None
    if not isinstance(value, float) or value not in range(1, 1000):
        raise syntax_error(text, "a power of terms is no whole number", "Write powers of numbers inside I().")
    return f"n{value:.0f}"


@cache
def _unknown() -> list[Expression]:
    return [_expression(Name(f"x{i}")) for i in range(_UNKNOWN)]

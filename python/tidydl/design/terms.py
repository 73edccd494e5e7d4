"""Expansion of a formula's operators into terms: R's ``terms()``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tidydl.design.deparse import written
from tidydl.design.expressions import Expression, column_expression, vetted
from tidydl.design.limits import MOST_DEPTH, MOST_TERMS, too_many
from tidydl.design.syntax import EMPTY, Call, Constant, Name, Node
from tidydl.errors import FormulaError
from tidydl.user_warnings import warn_user

_DOT = Name(".")
_OPERATORS = ("+", "-", "*", "/", ":", "^", "%in%")


@dataclass(frozen=True)
class Offset:
    """A call of ``offset()``: how R writes it, and its columns."""

    text: str
    parts: tuple[Expression, ...]


class Algebra:
    """R's algebra of terms: a term is a set of variables, written as a number with a bit for each.

    ``variables`` are in the order in which the formula names them; the response has the bit before theirs.
    """

    def __init__(self, text: str, response: str, dot: Sequence[str]):
        self.intercept = True
        self.variables: list[Expression | Offset] = []
        self._text = text
        self._bits: dict[str, int] = {response: 0}
        self._dot = dot

    def terms(self, right: Node) -> tuple[tuple[Expression, ...], ...]:
        """Expand the right-hand side: terms by degree, those of one degree in the order of the formula."""
        expanded = self._expand(right, True)
        offsets = sum(2 << at for at, each in enumerate(self.variables) if isinstance(each, Offset))
        kept = self._without_response([term for term in expanded if not term & offsets])
        return tuple(tuple(self._factors(term)) for term in sorted(kept, key=int.bit_count))

    def written(self, right: Node) -> str:
        """Write the right-hand side with the columns that ``.`` stands for."""
        if "_dot_columns" not in self.__dict__:
            return written(right)
        dot = " + ".join(each.text for each in self._dot_columns)
        return written(right, dot if right == _DOT or len(self._dot) == 1 else f"({dot})")

    def _without_response(self, terms: list[int]) -> list[int]:
        """Drop the response from the predictors, as R does."""
        if any(term & 1 and term > 1 for term in terms):
            raise FormulaError(
                f"`formula` '{self._text}' multiplies the response with a predictor.",
                allowed="Predictors without the response.",
            )
        if 1 in terms:
            warn_user(f"`formula` '{self._text}' has the response among the predictors, where it is left out.")
        return [term for term in terms if term != 1]

    def _factors(self, term: int) -> Iterable[Expression]:
        while term:
            at = (term & -term).bit_length() - 1
            factor = self.variables[at - 1]
            assert isinstance(factor, Expression)
            yield factor
            term &= term - 1

    def _expand(self, node: Node, add: bool) -> dict[int, None]:
        """Return the terms of a tree, in order; ``add`` is False behind a minus, where 1 removes the intercept."""
        chain = []  # a long sum is not deeply nested
        while isinstance(node, Call) and len(node.arguments) == 2 and node.function in _OPERATORS:
            chain.append(node)
            node = node.arguments[0]
        terms = self._operand(node, add)
        for each in reversed(chain):
            terms = self._combined(each, terms, add)
            self._check_count(terms)
        return terms

    def _combined(self, node: Call, left: dict[int, None], add: bool) -> dict[int, None]:
        sign, operand = node.function, node.arguments[1]
        if sign == "^":
            return self._powers(left, operand)
        right = self._expand(operand, add if sign != "-" else not add)
        if sign == "+":
            left.update(right)
            return left
        if sign == "-":
            for term in right:
                left.pop(term, None)
            return left
        if sign == ":":
            return self._crossed(left, right)
        if not left or not right:  # as in R: what is not there adds nothing, and takes all with it on the left
            return left
        if sign == "*":
            return {**left, **right, **self._crossed(left, right)}
        if sign == "%in%":
            return self._crossed(left, [_united(right)])
        return {**left, **self._crossed([_united(left)], right)}

    def _operand(self, node: Node, add: bool) -> dict[int, None]:
        """Return the terms of a node that is not a binary operator."""
        if isinstance(node, Constant):
            if isinstance(node.value, str) or node.value not in (0, 1):
                raise self._refusal(f"'{written(node)}' is not a predictor")
            self.intercept = add == (node.value == 1)
            return {}
        if isinstance(node, Call) and node.function in ("(", "+"):
            return self._expand(node.arguments[0], add)
        if isinstance(node, Call) and node.function == "-":
            self._expand(node.arguments[0], not add)  # for an intercept that is taken out
            return {}
        terms = dict.fromkeys(map(self._bit, self.variables_in(node)))
        self._check_count(self.variables)
        return terms

    def variables_in(self, node: Node) -> Iterable[Expression | Offset]:
        """Return the variables that a leaf stands for."""
        if node == _DOT:
            return self._dot_columns
        if isinstance(node, Call) and node.is_operator:
            raise self._refusal(f"'{node.function}' stands where terms are joined")
        return [_offset(node) if isinstance(node, Call) and node.function == "offset" else vetted(node)]

    @cached_property
    def _dot_columns(self) -> list[Expression]:
        if not self._dot:
            raise FormulaError(
                f"`formula` '{self._text}' has a '.' that stands for no column.",
                allowed="A column besides the response.",
            )
        if "." in self._dot:
            raise FormulaError(
                f"`formula` '{self._text}' has a '.', which is also the name of a column.",
                allowed="'.' for all columns, none of which has that name.",
                hint="Rename the column.",
            )
        if "" in self._dot:
            raise FormulaError(
                f"`formula` '{self._text}' uses '.', but a column of the data has no name.",
                allowed="'.' with data whose columns all have names.",
                hint="Give every column a name.",
            )
        return [column_expression(name) for name in self._dot]

    def _bit(self, variable: Expression | Offset) -> int:
        if variable.text not in self._bits:
            self._bits[variable.text] = len(self._bits)
            self.variables.append(variable)
        return 1 << self._bits[variable.text]

    def _crossed(self, left: Iterable[int], right: Collection[int]) -> dict[int, None]:
        """Multiply all terms with all; they are counted on the way, as there may be more than memory holds."""
        products: dict[int, None] = {}
        for one in left:
            products.update(dict.fromkeys(one | other for other in right))
            self._check_count(products)
        return products

    def _powers(self, terms: dict[int, None], node: Node) -> dict[int, None]:
        power = node.value if isinstance(node, Constant) else None
        if isinstance(power, str) or power is None or not 2 <= power < 2**31 or power % 1:
            raise self._refusal(
                f"the power '{written(node)}' of terms is not a whole number above 1",
                "Write powers of numbers inside I().",
            )
        products = terms
        for _ in range(min(int(power), MOST_DEPTH) - 1):
            again = self._crossed(terms, products)
            if list(again) == list(products):
                break
            products = again
        return products

    def _check_count(self, terms: Collection[Any]) -> None:
        if len(terms) > MOST_TERMS:
            raise too_many(
                f"has more than {MOST_TERMS:,} terms after its operators are expanded",
                MOST_TERMS,
                "terms",
                "Take a lower power, or fewer variables inside the parentheses.",
            )

    def _refusal(self, reason: str, hint: str = "Write it inside I().") -> FormulaError:
        return FormulaError(
            f"`formula` '{self._text}' cannot be read: {reason}.",
            allowed="Terms joined by + - : * / ^ %in% and parentheses.",
            hint=hint,
        )


def parts_of(node: Node) -> list[tuple[str | None, Node]]:
    """Return the arguments of ``cbind()``, each with its name, or a single expression."""
    if not isinstance(node, Call) or node.function != "cbind":
        return [(None, node)]
    if not node.arguments or EMPTY in node.arguments:
        raise FormulaError(f"`formula` has an empty argument in '{written(node)}'.", allowed="cbind(a, b).")
    return node.named_arguments


def _offset(node: Call) -> Offset:
    """Read an offset, which has several columns inside ``cbind()``."""
    if len(node.arguments) != 1 or node.names:
        raise FormulaError(f"`formula` has '{written(node)}'.", allowed="offset(a), or offset(cbind(a, b)).")
    return Offset(written(node), tuple(vetted(part) for _, part in parts_of(node.arguments[0])))


def _united(terms: Iterable[int]) -> int:
    union = 0
    for term in terms:
        union |= term
    return union

"""Formulas: a response, and terms that are products of factors, which are expressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tidydl.design.deparse import written
from tidydl.design.expressions import Expression, vetted
from tidydl.design.limits import MOST_LETTERS, too_many
from tidydl.design.syntax import Call, Node, parse
from tidydl.design.terms import Algebra, Offset, parts_of
from tidydl.errors import ColumnError, FormulaError, no_column


@dataclass(frozen=True)
class Formula:
    """A parsed formula: the response, the terms (each the factors it multiplies), the intercept.

    ``variables`` are all factors on the right-hand side, those taken out again by a minus too, because a row where one
    of them is missing is left out. ``written`` is the formula with ``.`` expanded.
    """

    text: str
    written: str
    response: tuple[Expression, ...]
    response_text: str
    response_names: tuple[str, ...]
    terms: tuple[tuple[Expression, ...], ...]
    intercept: bool
    variables: tuple[Expression, ...] = ()
    offsets: tuple[Offset, ...] = ()

    @property
    def factors(self) -> list[Expression]:
        """The factors of the terms, each once."""
        return list({factor.text: factor for term in self.terms for factor in term}.values())

    @cached_property
    def factor_sets(self) -> tuple[frozenset[str], ...]:
        """The factors of each term, by how R writes them."""
        return tuple(frozenset(factor.text for factor in term) for term in self.terms)

    @cached_property
    def term_positions(self) -> dict[str, list[int]]:
        """The positions of the terms in which each factor is, in order."""
        positions: dict[str, list[int]] = {}
        for at, names in enumerate(self.factor_sets):
            for name in names:
                positions.setdefault(name, []).append(at)
        return positions

    @property
    def offset_parts(self) -> list[Expression]:
        """What the offsets read."""
        return [part for offset in self.offsets for part in offset.parts]

    @property
    def columns(self) -> list[str]:
        """The columns that the formula reads, the response's first."""
        read = [*self.response, *self.factors, *self.variables, *self.offset_parts]
        return list(dict.fromkeys(name for factor in read for name in factor.columns))


def parse_formula(text: str, columns: Sequence[str]) -> Formula:
    """Read a formula, in which ``.`` stands for all columns of the data frame but the response."""
    if len(text) > MOST_LETTERS:
        raise too_many(f"has {len(text):,} letters", MOST_LETTERS, "letters", "Write 'y ~ .' for all columns.")
    left, right = _sides(text)
    response_text = written(left)
    names, response = _response(left)
    used = {name for part in response for name in part.columns}
    algebra = Algebra(text, response_text, list(dict.fromkeys(name for name in columns if name not in used)))
    terms = algebra.terms(right)
    formula = Formula(
        text,
        f"{response_text} ~ {algebra.written(right)}",
        response,
        response_text,
        names,
        terms,
        algebra.intercept,
        tuple(each for each in algebra.variables if isinstance(each, Expression)),
        tuple(each for each in algebra.variables if isinstance(each, Offset)),
    )
    _check_columns(formula, columns)
    return formula


def _sides(text: str) -> tuple[Node, Node]:
    bare = text.strip()
    tree = parse(text) if bare and (bare[-1] != "~" or "#" in bare) else None
    if not isinstance(tree, Call) or tree.function != "~" or not tree.is_binary:
        raise FormulaError(
            f"`formula` '{text}' has no response or no predictors.",
            allowed="A formula such as 'y ~ x1 + x2' or 'y ~ .'.",
        )
    left, right = tree.arguments
    if isinstance(left, Call) and left.function == "~":
        raise FormulaError(f"`formula` '{text}' has several parts.", allowed="One '~'.")
    return left, right


def _check_columns(formula: Formula, columns: Sequence[str]) -> None:
    available = set(columns)
    counts = Counter(columns) if len(available) < len(columns) else {}
    for name in formula.columns:
        if name not in available:
            problem = f"`formula` names the column '{name}', which `data` does not have."
            raise no_column(problem, name, columns)
        if counts.get(name, 1) > 1:
            raise several_columns(name)


def several_columns(name: str, argument: str = "data") -> ColumnError:
    """Build the error for columns of one name."""
    return ColumnError(
        f"`{argument}` has several columns named '{name}'.",
        allowed="One column of each name that the formula uses.",
        hint="Rename them.",
    )


def _response(left: Node) -> tuple[tuple[str, ...], tuple[Expression, ...]]:
    """Return the response's parts, several inside ``cbind()``, and the names of their columns."""
    bound = parts_of(left)
    parts = tuple(vetted(node) for _, node in bound)
    return tuple(name or part.text for (name, _), part in zip(bound, parts, strict=True)), parts

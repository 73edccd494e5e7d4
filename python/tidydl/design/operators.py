"""The operators of formulas, read by formulaic's parser with R's strengths."""

from __future__ import annotations

from functools import cache
from typing import Any

from tidydl.errors import FormulaError

__all__ = ["MINUS", "PLAIN", "STRENGTHS", "operators_of", "syntax_error"]

# As in R: a colon and %in% bind more tightly than a star, and a sign in front more tightly than these.
STRENGTHS = {"+": 1, "-": 1, "*": 2, "/": 2, "%in%": 3, ":": 4, "^": 6}
MINUS = "!"  # a minus in front of a term, for formulaic, which must not take it for one between two
_MINUS_STRENGTH = 5
PLAIN = {"%in%": "|"}  # signs that formulaic's tokens do not know


@cache
def _parser() -> Any:
    from formulaic.parser.types import FormulaParser, Operator, OperatorResolver

    class Signs(OperatorResolver):
        """R's operators with R's strengths."""

        @property
        def operators(self) -> list[Operator]:
            infix = [
                Operator(PLAIN.get(sign, sign), arity=2, precedence=strength, associativity="left")
                for sign, strength in STRENGTHS.items()
            ]
            return [*infix, Operator(MINUS, arity=1, precedence=_MINUS_STRENGTH, fixity="prefix")]

        def resolve(self, token: Any) -> Any:
            yield from (self._resolve(token, sign) for sign in token.token)

    return FormulaParser(Signs())


def operators_of(simplified: str, text: str) -> Any:
    """Read operators with formulaic: give nested tuples of a sign and its operands, which are words or such tuples."""
    from formulaic.errors import FormulaicError

    try:
        tree = _parser().get_ast(simplified)
    except FormulaicError as problem:
        raise syntax_error(text, "its operators and parentheses do not fit together") from problem
    if tree is None:
        raise syntax_error(text, "there is nothing inside its parentheses")
    return _tuples(tree)


def _tuples(tree: Any) -> Any:
    """Turn formulaic's tree into tuples; a long sum is a deep tree."""
    from formulaic.parser.types import ASTNode

    signs = {word: sign for sign, word in PLAIN.items()}
    made: dict[int, Any] = {}
    waiting = [tree]
    while waiting:
        node = waiting[-1]
        ahead = [each for each in node.args if id(each) not in made] if isinstance(node, ASTNode) else []
        if ahead:
            waiting.extend(ahead)
            continue
        waiting.pop()
        if isinstance(node, ASTNode):
            sign = str(node.operator)
            made[id(node)] = (signs.get(sign, sign), *(made[id(each)] for each in node.args))
        else:
            made[id(node)] = node.token
    return made[id(tree)]


def syntax_error(text: str, reason: str, hint: str | None = None) -> FormulaError:
    """Build the error for a right-hand side that cannot be read."""
    return FormulaError(
        f"`formula` '{text}' cannot be read: {reason}.",
        allowed="Terms joined by + - : * / ^ %in% and parentheses.",
        hint=hint,
    )

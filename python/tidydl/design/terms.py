"""What the operators of a formula do with its terms: R's ``terms()``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tidydl.design.expressions import Expression, column_expression, parts_of, vet, vetted
from tidydl.design.limits import MOST_DEPTH, MOST_TERMS, too_many
from tidydl.design.operators import MINUS, PLAIN, STRENGTHS, operators_of, syntax_error
from tidydl.design.syntax import Token, tokens_of, written
from tidydl.errors import FormulaError
from tidydl.user_warnings import warn_user

__all__ = ["Algebra", "Offset"]

_LEAF = re.compile(r"^v(\d+)_$")


@dataclass(frozen=True)
class Offset:
    """A call of ``offset()``: how R writes it, and its columns."""

    text: str
    parts: tuple[Expression, ...]


class Algebra:
    """R's algebra of terms: a term is a set of variables, written as a number with a bit for each.

    ``variables`` are in the order in which the formula names them; the response has the bit before theirs.
    ``written`` is the right-hand side without ``.``.
    """

    def __init__(self, response: str, dot: Sequence[str]):
        self.intercept = True
        self.variables: list[Expression | Offset] = []
        self.written = ""
        self._response = response
        self._bits: dict[str, int] = {response: 0}
        self._dot = dot
        self._leaves: list[list[int]] = []

    def terms(self, right: str, text: str) -> tuple[tuple[Expression, ...], ...]:
        """Expand the right-hand side: terms by degree, those of one degree in the order of the formula."""
        try:
            tokens = tokens_of(right)
            _check_depth(tokens, text)
            return self.expanded(operators_of(self._simplified(tokens, right, text), text), text)
        except RecursionError as problem:
            raise syntax_error(text, "it is nested too deeply") from problem

    def expanded(self, tree: Any, text: str) -> tuple[tuple[Expression, ...], ...]:
        """Expand a tree of operators, whose leaves are words of :meth:`leaf`, ``v0`` and ``v1``."""
        found = list(self._expand(tree, True, text))
        self._drop_response(found, text)
        offsets = sum(2 << at for at, each in enumerate(self.variables) if isinstance(each, Offset))
        kept = sorted((term for term in found if not term & offsets), key=int.bit_count)
        return tuple(tuple(self._factors(term)) for term in kept)

    def _drop_response(self, found: list[int], text: str) -> None:
        """Leave the response out of the predictors, as R does, which it cannot be part of."""
        if any(term & 1 and term > 1 for term in found):
            raise FormulaError(
                f"`formula` '{text}' multiplies the response with a predictor.",
                allowed="Predictors without the response.",
            )
        if 1 in found:
            found.remove(1)
            warn_user(f"`formula` '{text}' has the response among the predictors, where it is left out.")

    def _factors(self, term: int) -> Iterable[Expression]:
        while term:
            at = (term & -term).bit_length() - 1
            factor = self.variables[at - 1]
            assert isinstance(factor, Expression)
            yield factor
            term &= term - 1

    def _bit(self, text: str, variable: Expression | Offset) -> int:
        if text not in self._bits:
            self._bits[text] = len(self._bits)
            self.variables.append(variable)
        return 1 << self._bits[text]

    def _simplified(self, tokens: Sequence[Token], right: str, text: str) -> str:
        """Put a plain word for each variable, so that only operators are left to read."""
        words: list[str] = []
        says: list[str] = []
        at = 0
        while tokens[at].kind != "end":
            token, behind_power = tokens[at], words[-1:] == ["^"]
            says.append(f" {token.text} " if token.text in ("+", "-", "*", "%in%") else token.text)
            if token.kind in ("name", "quoted"):
                end = _end_of_call(tokens, at) if token.kind == "name" else at
                variables = self._variables_in(token, right[token.start : tokens[end].end], end > at, text)
                says[-1] = " + ".join(each.text for each in variables)
                says[-1] = f"({says[-1]})" if len(variables) > 1 else says[-1]
                words.append(self.leaf(variables))
                at = end
            elif token.kind == "number" and behind_power and re.fullmatch(r"\d{1,2}", token.text):
                words.append(f"n{token.text}")
            elif token.kind == "number" and not behind_power and token.text in ("0", "1"):
                words.append(f"v{token.text}")
            elif token.text in ("+", "-") and (not words or words[-1] in (*STRENGTHS, *PLAIN.values(), "(", MINUS)):
                words.extend(MINUS if token.text == "-" else "")
                says[-1] = token.text
            elif token.kind == "sign" and token.text == (")" if words[-1:] == ["("] else "(" if _ends(words) else ""):
                raise syntax_error(text, "a parenthesis stands where an operator is missing, or is empty")
            elif token.kind == "sign" and token.text in (*STRENGTHS, "(", ")"):
                words.append(PLAIN.get(token.text, token.text))
            else:
                raise syntax_error(text, f"'{token.text}' stands where terms are joined", "Write it inside I().")
            at += 1
        self.written = "".join(says)[1:-1] if right.strip() == "." and len(self._dot) > 1 else "".join(says)
        return " ".join(words)

    def leaf(self, variables: Sequence[Expression | Offset]) -> str:
        """Note the terms that a variable stands for, and give the word for it."""
        self._leaves.append([self._bit(each.text, each) for each in variables])
        _check_count(self.variables)
        return f"v{len(self._leaves) - 1}_"

    def _variables_in(self, token: Token, source: str, is_call: bool, text: str) -> list[Expression] | list[Offset]:
        variables: list[Expression] | list[Offset]
        if is_call and token.text == "offset":
            variables = [_offset(source)]
        elif token.kind == "name" and not is_call and token.text == ".":
            variables = [column_expression(name) for name in self._dot]
            if not variables:
                raise FormulaError(
                    f"`formula` '{text}' has a '.' that stands for no column.", allowed="A column besides the response."
                )
        else:
            variables = [vet(source)]
        return variables

    def _expand(self, tree: Any, add: bool, text: str) -> dict[int, None]:
        """Return the terms of an operator tree, in order; ``add`` is False behind a minus, where 1 is no intercept."""
        rest = []
        while isinstance(tree, tuple) and len(tree) == 3 and tree[0] in "+-":  # a long sum is no deep nest
            rest.append((tree[0], tree[2]))
            tree = tree[1]
        found = self._expand_one(tree, add, text)
        for sign, right in reversed(rest):
            other = self._expand(right, add if sign == "+" else not add, text)
            if sign == "+":
                found.update(other)
                _check_count(found)
            else:
                found = {term: None for term in found if term not in other}
        return found

    def _expand_one(self, tree: Any, add: bool, text: str) -> dict[int, None]:
        if isinstance(tree, str):
            return self._expand_leaf(tree, add, text)
        sign = tree[0]
        if sign == MINUS:
            self._expand(tree[1], not add, text)  # for an intercept that is taken out
            return {}
        left = self._expand(tree[1], add, text)
        if sign == "^":
            return _powers(left, tree[2], text)
        right = self._expand(tree[2], add, text)
        if sign == ":":
            return _crossed(left, right)
        if not left or not right:  # as in R: what is not there adds nothing, and takes all with it on the left
            return left
        if sign == "*":
            return {**left, **right, **_crossed(left, right)}
        if sign == "%in%":
            return _crossed(left, [_united(right)])
        return {**left, **_crossed([_united(left)], right)}

    def _expand_leaf(self, word: str, add: bool, text: str) -> dict[int, None]:
        if word in ("v0", "v1"):
            self.intercept = add == (word == "v1")
            return {}
        found = _LEAF.match(word)
        if found is None:
            raise syntax_error(text, f"'{word[1:]}' is no predictor", "Write it inside I().")
        return dict.fromkeys(self._leaves[int(found.group(1))])


def _ends(words: Sequence[str]) -> bool:
    """Return whether what was read so far ends a term."""
    return bool(words) and (words[-1] == ")" or words[-1][0] in "vn")


def _end_of_call(tokens: Sequence[Token], at: int) -> int:
    """Find the token that closes the call that begins here, or this token where none begins."""
    if tokens[at + 1].kind != "sign" or tokens[at + 1].text != "(":
        return at
    depth = 0
    for end in range(at + 1, len(tokens) - 1):
        if tokens[end].kind == "sign":
            depth += (tokens[end].text == "(") - (tokens[end].text == ")")
        if depth == 0:
            return end
    return len(tokens) - 2


def _offset(source: str) -> Offset:
    """Read an offset, which has several columns inside ``cbind()``."""
    inside = parts_of(source, "offset")
    if inside is None or len(inside) != 1:
        raise FormulaError(f"`formula` has '{source}'.", allowed="offset(a), or offset(cbind(a, b)).")
    bound = parts_of(written(inside[0][1]), "cbind")
    parts = tuple(vetted(node) for _, node in bound or inside)
    says = ", ".join(part.text for part in parts)
    return Offset(f"offset({says})" if bound is None else f"offset(cbind({says}))", parts)


def _united(terms: Iterable[int]) -> int:
    union = 0
    for term in terms:
        union |= term
    return union


def _crossed(left: Iterable[int], right: Collection[int]) -> dict[int, None]:
    """Multiply all terms with all; there may be more than memory holds, so they are counted as they are made."""
    found: dict[int, None] = {}
    for one in left:
        found.update(dict.fromkeys(one | other for other in right))
        _check_count(found)
    return found


def _check_depth(tokens: Sequence[Token], text: str) -> None:
    """Refuse deep nests before they are read, which takes time by the square of their depth."""
    depth = signs = 0
    for token in tokens:
        opens, closes = (token.kind == "sign" and token.text == mark for mark in "()")
        depth += opens - closes
        signs = signs + 1 if token.kind == "sign" and token.text in ("-", "+") else 0
        if max(depth, signs) > MOST_DEPTH:
            raise syntax_error(text, f"it is nested more than {MOST_DEPTH} deep")


def _check_count(terms: Collection[Any]) -> None:
    if len(terms) > MOST_TERMS:
        raise too_many(
            f"has more than {MOST_TERMS:,} terms after its operators are expanded",
            MOST_TERMS,
            "terms",
            "Take a lower power, or fewer variables inside the parentheses.",
        )


def _powers(terms: dict[int, None], power: Any, text: str) -> dict[int, None]:
    if not isinstance(power, str) or power[0] != "n" or int(power[1:]) < 1:
        raise syntax_error(text, "a power of terms is no whole number", "Write powers of numbers inside I().")
    found = dict(terms)
    for _ in range(min(int(power[1:]), 20) - 1):
        again = _crossed(found, terms)
        if len(again) == len(found):
            break
        found = again
    return found

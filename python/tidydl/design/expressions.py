"""Expressions: parsed, vetted against an allow-list, and evaluated without running anybody's code.

An expression may name columns, use ``+ - * / ^``, comparisons, ``& | !``, ``%in% c(...)``, numbers and texts, and the
functions of :data:`tidydl.design.functions.FUNCTIONS`. Nothing is looked up outside the data frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidydl.design.arithmetic import among, compared, computed, joined, negated
from tidydl.design.functions import FUNCTIONS, NOT_YET, Function, Situation, numeric
from tidydl.design.syntax import Call, Constant, Group, Name, Node, Operation, parse, written
from tidydl.design.values import Logicals, Numbers, Value
from tidydl.errors import FormulaError, nearest

__all__ = ["Expression", "Scope", "column_expression", "options_of", "parts_of", "vet", "vetted"]

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_ALLOWED = "Columns, numbers, + - * / ^, comparisons, & | ! and the functions " + ", ".join(FUNCTIONS) + "."
_ELSEWHERE = "Make the column in the data frame first."


@dataclass(frozen=True)
class Expression:
    """A vetted expression: how R writes it, the columns it reads, and its tree.

    ``is_factor`` says that it is a call of ``factor()`` or its kin.
    """

    text: str
    columns: tuple[str, ...]
    node: Node
    is_factor: bool = False

    @property
    def is_column(self) -> bool:
        """Whether it is a column as it stands."""
        return isinstance(self.node, Name)

    @property
    def calls(self) -> dict[str, Call]:
        """The calls inside, by how R writes them."""
        return {written(each): each for each in _walk(self.node) if isinstance(each, Call)}


@dataclass
class Scope:
    """What expressions are evaluated with: the columns that they read, the number of rows, and what calls keep.

    ``memory`` holds what calls kept at the fit, by how R writes them, and takes in what is not there yet; ``is_new``
    says that these are other data than those of the fit.
    """

    columns: Mapping[str, Value]
    rows: int
    memory: dict[str, Any] = field(default_factory=dict)
    argument: str = "formula"
    is_new: bool = False

    def value(self, expression: Expression) -> Value:
        """Evaluate an expression: a value for each row."""
        import numpy as np

        with np.errstate(all="ignore"):  # what is not finite is refused with the column's name
            found = self._evaluate(expression.node)
        if isinstance(found, str):
            raise _refusal(expression.text, self.argument)
        return self._for_each_row(found)

    def _for_each_row(self, value: Value) -> Value:
        import numpy as np

        if isinstance(value, (Numbers, Logicals)) and value.values.ndim == 0:
            return type(value)(np.full(self.rows, value.values))
        return value

    def _evaluate(self, node: Node) -> Value | str:
        import numpy as np

        if isinstance(node, Name):
            return self.columns[node.name]
        if isinstance(node, Group):
            return self._evaluate(node.inner)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node.value, bool):
            return Logicals(np.asarray(float(node.value)))
        return node.value if isinstance(node.value, str) else Numbers(np.asarray(node.value))

    def _call(self, node: Call) -> Value:
        function = FUNCTIONS[node.function]
        inner, options = _arguments(node, function, self.argument)
        text = written(node)
        values = [self._for_each_row(self._valued(each)) for each in inner]
        at = Situation(text, tuple(map(written, inner)), self.argument, self.is_new, self.memory.get(text))
        value, kept = function.apply(values, options, at)
        if kept is not None:
            self.memory.setdefault(text, kept)
        return value

    def _valued(self, node: Node) -> Value:
        found = self._evaluate(node)
        if isinstance(found, str):
            raise _refusal(written(node), self.argument)
        return found

    def _operation(self, node: Operation) -> Value:
        if node.sign == "!":
            return negated(self._truth(node.operands[0]))
        if node.sign == "%in%":
            return among(self._valued(node.operands[0]), _constants(node.operands[1]))
        if node.sign in ("&", "|"):
            return joined(node.sign, self._truth(node.operands[0]), self._truth(node.operands[1]))
        if node.sign in _COMPARISONS:
            sides = [self._evaluate(operand) for operand in node.operands]
            return compared(node.sign, sides[0], sides[1], written(node), self.argument)
        return self._computed(node)

    def _computed(self, node: Operation) -> Numbers:
        """Compute from the left; a chain may be longer than Python nests."""
        chain: list[tuple[str, Node]] = []
        first: Node = node
        while isinstance(first, Operation) and len(first.operands) == 2 and first.sign in "+-*/^":
            chain.append((first.sign, first.operands[1]))
            first = first.operands[0]
        if not chain:
            assert isinstance(first, Operation)
            value = self._number(first.operands[0])
            return Numbers(-value if first.sign == "-" else value)
        total = self._number(first)
        for sign, operand in reversed(chain):
            total = computed(sign, total, self._number(operand)).values
        return Numbers(total)

    def _number(self, node: Node) -> Any:
        return numeric(self._valued(node), written(node), self.argument)

    def _truth(self, node: Node) -> Logicals:
        value = self._valued(node)
        if isinstance(value, Logicals):
            return value
        raise FormulaError(
            f"`{self.argument}` takes '{written(node)}' for true or false, which it is not.",
            allowed="Logical columns and comparisons beside & | and !.",
        )


def column_expression(name: str) -> Expression:
    """Build the expression that is a column as it stands."""
    node = Name(name)
    return Expression(written(node), (name,), node)


def vet(text: str, argument: str = "formula") -> Expression:
    """Read one expression, refusing what is not on the allow-list.

    Raises
    ------
    FormulaError
        If it cannot be read, or asks for more than expressions may do.
    """
    return vetted(parse(text, argument), argument)


def vetted(node: Node, argument: str = "formula") -> Expression:
    """Check a tree against the allow-list."""
    outer = node.function if isinstance(node, Call) else None
    _check(node, argument, outermost=True)
    columns = dict.fromkeys(each.name for each in _walk(node) if isinstance(each, Name))
    return Expression(written(node), tuple(columns), node, outer is not None and FUNCTIONS[outer].is_factor)


def options_of(call: Call) -> tuple[int, dict[str, Any]]:
    """Return how many arguments of a vetted call are evaluated, and its constants by name."""
    inner, options = _arguments(call, FUNCTIONS[call.function], "formula")
    return len(inner), options


def parts_of(text: str, function: str) -> list[tuple[str | None, Node]] | None:
    """Return the arguments of a call that stands alone, such as ``cbind(a, b)``; None where the text is none."""
    node = parse(text)
    return list(node.arguments) if isinstance(node, Call) and node.function == function else None


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Group):
            waiting.append(each.inner)
        elif isinstance(each, Operation):
            waiting.extend(reversed(each.operands))
        elif isinstance(each, Call):
            waiting.extend(value for _, value in reversed(each.arguments))


def _check(node: Node, argument: str, outermost: bool = False) -> None:
    """Refuse what is not on the allow-list, and texts where they have no place."""
    if isinstance(node, Name) and node.name == ".":
        raise _refusal(".", argument, "Write the columns that '.' stands for.")
    if isinstance(node, Group):
        _check(node.inner, argument)
    elif isinstance(node, Call):
        _check_call(node, argument, outermost)
    elif isinstance(node, Operation):
        while isinstance(node, Operation):
            for operand in node.operands[1:]:
                _check_operand(node, operand, argument)
            left = node.operands[0]
            if not isinstance(left, Operation):
                _check_operand(node, left, argument, first=True)
            node = left
    elif isinstance(node, Constant) and isinstance(node.value, str):
        raise _refusal(written(node), argument, "A text is compared with a column, as in group == 'a'.")


def _check_operand(node: Operation, operand: Node, argument: str, first: bool = False) -> None:
    if node.sign == "%in%" and not first:
        if _constant(operand) is None:
            raise _refusal(written(node), argument, "Write constants there, as in group %in% c('a', 'b').")
    elif not (node.sign in _COMPARISONS and isinstance(operand, Constant)):
        _check(operand, argument)


def _check_call(node: Call, argument: str, outermost: bool) -> None:
    if node.function not in FUNCTIONS:
        raise _unknown_function(node.function, written(node), argument)
    function = FUNCTIONS[node.function]
    if function.several_columns and not outermost:
        raise _refusal(written(node), argument, f"{node.function}() stands alone, or times other columns by ':'.")
    inner, _ = _arguments(node, function, argument)
    for each in inner:
        _check(each, argument)


def _arguments(node: Call, function: Function, argument: str) -> tuple[list[Node], dict[str, Any]]:
    """Sort the arguments of a call into those that are evaluated and those that are constants."""
    inner: list[Node] = []
    options: dict[str, Any] = {}
    by_position = list(function.options[: function.positional])
    for name, value in node.arguments:
        constant = _constant(value)
        if name == "x" and not inner:
            inner.append(value)
        elif name is not None:
            if name not in function.options or name in options or constant is None:
                raise _wrong_argument(node, name, function, argument)
            options[name] = constant
        elif inner and constant is not None:
            free = [option for option in by_position if option not in options]
            if not free:
                raise _wrong_argument(node, written(value), function, argument)
            options[free[0]] = constant
        elif len(inner) < function.most:
            inner.append(value)
        else:
            raise _wrong_argument(node, written(value), function, argument)
    if not inner:
        raise FormulaError(f"`{argument}` calls {node.function}() without a column.", allowed="At least one column.")
    return inner, options


def _wrong_argument(node: Call, given: str, function: Function, argument: str) -> FormulaError:
    options = "".join(f", {option} = ..." for option in function.options)
    return FormulaError(
        f"`{argument}` gives {node.function}() the argument '{given}' in '{written(node)}', which it does not take.",
        allowed=f"{node.function}(x{options}), with constants behind the equals signs." if options else "One argument.",
        hint=_ELSEWHERE,
    )


def _constant(node: Node) -> Any:
    """Return the value of a constant, of ``c()`` a tuple of them; None where it is none."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Operation) and node.sign == "-" and len(node.operands) == 1:
        value = _constant(node.operands[0])
        return -value if isinstance(value, float) else None
    if isinstance(node, Call) and node.function == "c" and node.arguments:
        values = [_constant(value) for name, value in node.arguments if name is None]
        plain = all(isinstance(value, (float, str, bool)) for value in values)
        return tuple(values) if plain and len(values) == len(node.arguments) else None
    return None


def _constants(node: Node) -> tuple[Any, ...]:
    value = _constant(node)
    return value if isinstance(value, tuple) else (value,)


def _refusal(text: str, argument: str, hint: str = _ELSEWHERE) -> FormulaError:
    return FormulaError(
        f"`{argument}` has the expression '{text}', which {argument}s may not use there.", allowed=_ALLOWED, hint=hint
    )


def _unknown_function(name: str, text: str, argument: str) -> FormulaError:
    close = nearest(name, FUNCTIONS)
    yet = " yet" if name in NOT_YET else ""
    return FormulaError(
        f"`{argument}` calls '{name}()' in '{text}', which it may not do{yet}.",
        allowed="The functions " + ", ".join(FUNCTIONS) + ".",
        hint=f"Did you mean '{close}'?" if close and not yet else _ELSEWHERE,
    )

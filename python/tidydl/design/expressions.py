"""Expressions: parsed, checked against an allow-list, and evaluated without running any code of the user.

An expression may name columns, use ``+ - * / ^``, comparisons, ``& | !``, ``%in% c(...)``, numbers and texts, and the
functions of :data:`tidydl.design.functions.FUNCTIONS`. Nothing is looked up outside the data frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tidydl.design.arithmetic import among, compared, computed, joined, negated
from tidydl.design.deparse import Lines, quoted, written
from tidydl.design.functions import FUNCTIONS, NOT_YET, CallContext, Function, numeric
from tidydl.design.syntax import COMPARISONS, EMPTY, Call, Constant, Name, Node, parse, walk
from tidydl.design.values import Logicals, Numbers, Value
from tidydl.errors import FormulaError, nearest

_OPERATORS = {"(", "+", "-", "*", "/", "^", "&", "|", "!", "%in%", *COMPARISONS}
_ALLOWED = "Columns, numbers, + - * / ^, comparisons, & | ! and the functions " + ", ".join(FUNCTIONS) + "."
_ELSEWHERE = "Make the column in the data frame first."


@dataclass(frozen=True)
class Expression:
    """A vetted expression: how R writes it, the columns it reads, and its tree.

    ``is_factor`` says that it is a call of ``factor()`` or a similar function.
    """

    text: str
    columns: tuple[str, ...]
    node: Node
    is_factor: bool = False

    @property
    def is_column(self) -> bool:
        """Whether it is a bare column."""
        return isinstance(self.node, Name)

    @property
    def label(self) -> str:
        """How R writes it in the names of terms and columns: integers without their L."""
        return self.text if self.is_column else Lines(math.inf, integer="").node(self.node).lines()[0]

    @property
    def calls(self) -> dict[str, Call]:
        """The calls of functions inside, by how R writes them."""
        calls = (each for each in walk(self.node) if isinstance(each, Call) and each.function in FUNCTIONS)
        return {written(each): each for each in calls}


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
        with np.errstate(all="ignore"):  # what is not finite is refused with the column's name
            value = self._evaluate(expression.node)
        if isinstance(value, str):
            raise _refusal(expression.text, self.argument)
        return self._for_each_row(value)

    def _for_each_row(self, value: Value) -> Value:
        if isinstance(value, (Numbers, Logicals)) and value.values.ndim == 0:
            return type(value)(np.full(self.rows, value.values))
        return value

    def _evaluate(self, node: Node) -> Value | str:
        """Compute from the left; a chain of operators may be longer than Python nests."""
        chain = []
        while isinstance(node, Call) and node.is_binary:
            chain.append(node)
            node = node.arguments[0]
        value = self._operand(node)
        for each in reversed(chain):
            value = self._operation(each, value)
        return value

    def _operand(self, node: Node) -> Value | str:
        if isinstance(node, Name):
            return self.columns[node.name]
        if isinstance(node, Constant):
            if isinstance(node.value, bool):
                return Logicals(np.asarray(float(node.value)))
            return node.value if isinstance(node.value, str) else Numbers(np.asarray(float(node.value)))
        if not node.is_operator:
            return self._evaluate(node.arguments[0]) if node.function == "(" else self._call(node)
        value = self._evaluate(node.arguments[0])
        if node.function == "!":
            return negated(self._truth(value, node.arguments[0]))
        number = self._number(value, node.arguments[0])
        return Numbers(-number if node.function == "-" else number)

    def _operation(self, node: Call, value: Value | str) -> Value:
        """Evaluate an operation whose left operand has this value."""
        sign, (left, right) = node.function, node.arguments
        if sign in COMPARISONS:
            return compared(sign, value, self._evaluate(right), written(node), self.argument)
        if sign == "%in%":
            return among(self._valued(value, left), _constants(right))
        other = self._evaluate(right)
        if sign in ("&", "|"):
            return joined(sign, self._truth(value, left), self._truth(other, right))
        return computed(sign, self._number(value, left), self._number(other, right))

    def _call(self, node: Call) -> Value:
        function = FUNCTIONS[node.function]
        inner, options = _arguments(node, function, self.argument)
        text = written(node)
        values = [self._for_each_row(self._valued(self._evaluate(each), each)) for each in inner]
        at = CallContext(text, tuple(map(written, inner)), self.argument, self.is_new, self.memory.get(text))
        value, kept = function.apply(values, options, at)
        if kept is not None:
            self.memory.setdefault(text, kept)
        return value

    def _valued(self, value: Value | str, node: Node) -> Value:
        if isinstance(value, str):
            raise _refusal(written(node), self.argument)
        return value

    def _number(self, value: Value | str, node: Node) -> Any:
        if isinstance(value, (Numbers, Logicals)):
            return value.values
        return numeric(self._valued(value, node), written(node), self.argument)

    def _truth(self, value: Value | str, node: Node) -> Logicals:
        if isinstance(value, Logicals):
            return value
        raise FormulaError(
            f"`{self.argument}` takes '{written(node)}' for true or false, which it is not.",
            allowed="Logical columns and comparisons beside & | and !.",
        )


def column_expression(name: str) -> Expression:
    """Build the expression for a bare column."""
    return Expression(quoted(name), (name,), Name(name))


def vet(text: str, argument: str = "formula") -> Expression:
    """Read one expression, refusing what is not on the allow-list."""
    return vetted(parse(text, argument), argument)


def vetted(node: Node, argument: str = "formula") -> Expression:
    """Check a tree against the allow-list."""
    _check(node, argument, outermost=True)
    columns = dict.fromkeys(each.name for each in walk(node) if isinstance(each, Name))
    is_factor = isinstance(node, Call) and node.function in FUNCTIONS and FUNCTIONS[node.function].is_factor
    return Expression(written(node), tuple(columns), node, is_factor)


def options_of(call: Call) -> tuple[int, dict[str, Any]]:
    """Return how many arguments of a vetted call are evaluated, and its constants by name."""
    inner, options = _arguments(call, FUNCTIONS[call.function], "formula")
    return len(inner), options


def _check(node: Node, argument: str, outermost: bool = False) -> None:
    """Refuse what is not on the allow-list, and strings where none are allowed."""
    compares = False
    while isinstance(node, Call) and node.is_binary:  # a chain may be longer than Python nests
        left, right = node.arguments
        _check_operator(node, argument)
        compares = node.function in COMPARISONS
        if node.function == "%in%":
            if _constant(right) is None:
                raise _refusal(written(node), argument, "Write constants there, as in group %in% c('a', 'b').")
        elif not (compares and isinstance(right, Constant)):
            _check(right, argument)
        node, outermost = left, False
    if isinstance(node, Name):
        if node.name == ".":
            raise _refusal(".", argument, "Write the columns that '.' stands for.")
    elif isinstance(node, Constant):
        if isinstance(node.value, str) and not compares:
            raise _refusal(written(node), argument, "A text is compared with a column, as in group == 'a'.")
    elif node.is_operator or node.function == "(":
        _check_operator(node, argument)
        _check(node.arguments[0], argument)
    else:
        _check_call(node, argument, outermost)


def _check_operator(node: Call, argument: str) -> None:
    if node.function not in _OPERATORS:
        wants_single = node.function in ("&&", "||")
        raise _refusal(written(node), argument, "Write & and | for 'and' and 'or'." if wants_single else _ELSEWHERE)


def _check_call(node: Call, argument: str, outermost: bool) -> None:
    if node.function not in FUNCTIONS:
        raise _unknown_function(node.function, written(node), argument)
    if EMPTY in node.arguments:
        raise _refusal(written(node), argument, "Leave no argument empty.")
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
    for name, value in node.named_arguments:
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


def _wrong_argument(node: Call, name: str, function: Function, argument: str) -> FormulaError:
    options = "".join(f", {option} = ..." for option in function.options)
    return FormulaError(
        f"`{argument}` passes '{name}' to {node.function}() in '{written(node)}', which has no such argument.",
        allowed=f"{node.function}(x{options}), with constants behind the equals signs." if options else "One argument.",
        hint=_ELSEWHERE,
    )


def _constant(node: Node) -> Any:
    """Return the value of a constant, a tuple for ``c()``; None for anything else."""
    if isinstance(node, Constant):
        return float(node.value) if type(node.value) is int else node.value
    if isinstance(node, Call) and node.function == "-" and len(node.arguments) == 1:
        value = _constant(node.arguments[0])
        return -value if isinstance(value, float) else None
    if isinstance(node, Call) and node.function == "c" and node.arguments and not node.names:
        values = tuple(map(_constant, node.arguments))
        return values if all(isinstance(value, (float, str, bool)) for value in values) else None
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
        f"`{argument}` calls '{name}()' in '{text}', which is not supported{yet}.",
        allowed="The functions " + ", ".join(FUNCTIONS) + ".",
        hint=f"Did you mean '{close}'?" if close and not yet else _ELSEWHERE,
    )

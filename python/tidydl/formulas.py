"""Formulas: parsed by formulaic, vetted against an allow-list, evaluated without running anybody's code.

An expression in a formula may name columns, use ``+ - * / ^``, numbers, and the functions of :data:`FUNCTIONS`.
Nothing is looked up outside the data frame.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tidydl.errors import ColumnError, FormulaError, nearest, no_column

__all__ = ["FUNCTIONS", "Expression", "Formula", "parse_formula", "quoted"]

_TOKEN = re.compile(r"`(?P<quoted>[^`]+)`|(?P<name>[^\W\d][\w.]*|\.[^\W\d][\w.]*)")
_PLACEHOLDER = re.compile(r"_column(\d+)_")
_SYNTACTIC = re.compile(r"^((([^\W\d_]|\.(?!\d))[\w.]*)|\.)$")
_RESERVED = {"if", "else", "for", "while", "repeat", "function", "next", "break", "TRUE", "FALSE", "NULL", "NA"}
_OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", 1),
    ast.Sub: (" - ", 1),
    ast.Mult: (" * ", 2),
    ast.Div: ("/", 2),
    ast.Pow: ("^", 4),
}
_NOT_YET = {"poly", "offset", "ns", "bs", "scale", "ordered", "cut", "relevel", "interaction", "as.factor"}


def _by_element(function: Callable[..., float]) -> Callable[..., Any]:
    """Apply a function of the C library to each element: NumPy's own may round otherwise than R."""

    def applied(*arguments: Any) -> Any:
        import numpy as np

        with_nan = np.frompyfunc(lambda *each: _or_nan(function, *each), len(arguments), 1)
        return np.asarray(with_nan(*arguments), dtype=float)

    return applied


def _or_nan(function: Callable[..., float], *each: float) -> float:
    try:
        return function(*each)
    except OverflowError:
        return math.inf
    except ValueError:
        return -math.inf if function is math.log and each[0] == 0 else math.nan


def _power(base: Any, exponent: Any) -> Any:
    """Raise as R does: a square is a product, all else goes to the C library."""
    import numpy as np

    exponent = np.asarray(exponent, dtype=float)
    base = np.asarray(base, dtype=float)
    return base * base if exponent.ndim == 0 and exponent == 2 else _by_element(math.pow)(base, exponent)


def _same(value: Any) -> Any:
    return value


def _number(value: Any) -> Any:
    import numpy as np

    return np.asarray(value, dtype=float)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "I": _same,
    "log": _by_element(math.log),
    "log2": _by_element(math.log2),
    "log10": _by_element(math.log10),
    "log1p": _by_element(math.log1p),
    "exp": _by_element(math.exp),
    "expm1": _by_element(math.expm1),
    "sqrt": _by_element(math.sqrt),
    "abs": abs,
    "sin": _by_element(math.sin),
    "cos": _by_element(math.cos),
    "tanh": _by_element(math.tanh),
    "factor": _same,
    "as.numeric": _number,
}


def quoted(name: str) -> str:
    """Write a column's name as R writes it in a formula: in backticks where it is not a plain name."""
    return name if _SYNTACTIC.match(name) and name not in _RESERVED else f"`{name}`"


@dataclass(frozen=True)
class Expression:
    """A vetted expression: how R writes it, the columns it reads, and its syntax tree.

    ``is_factor`` says that it is a call of ``factor()``.
    """

    text: str
    columns: tuple[str, ...]
    tree: ast.expr
    is_factor: bool = False

    def evaluate(self, columns: dict[str, Any]) -> Any:
        """Compute the expression from the columns it reads (arrays by name)."""
        import numpy as np

        with np.errstate(all="ignore"):  # what is not finite is refused with the column's name
            return _evaluate(self.tree, [columns[name] for name in self.columns])


@dataclass(frozen=True)
class Formula:
    """A formula taken apart: the response, the terms (each the factors it multiplies), the intercept."""

    text: str
    response: tuple[Expression, ...]
    response_text: str
    terms: tuple[tuple[Expression, ...], ...]
    intercept: bool

    @property
    def columns(self) -> list[str]:
        """The columns that the formula reads, the response's first."""
        factors = [*self.response, *(factor for term in self.terms for factor in term)]
        return list(dict.fromkeys(name for factor in factors for name in factor.columns))


def parse_formula(text: str, columns: Sequence[str]) -> Formula:
    """Read a formula for a data frame with these columns.

    Parameters
    ----------
    text
        The formula, such as ``"y ~ a * log(b)"``; ``.`` stands for all columns but the response.
    columns
        The names of the data frame's columns.

    Raises
    ------
    FormulaError
        If it cannot be read, has no response, or uses what formulas may not do.
    ColumnError
        If it names a column that is not there.
    """
    twice = [name for name in columns if list(columns).count(name) > 1] if len(set(columns)) < len(columns) else []
    left, tilde, right = text.partition("~")
    if not tilde or not left.strip() or not right.strip():
        raise FormulaError(
            f"`formula` '{text}' has no response or no predictors.",
            allowed="A formula such as 'y ~ x1 + x2' or 'y ~ .'.",
        )
    response_text, response = _response(left.strip())
    used = {name for part in response for name in part.columns}
    dot = [name for name in columns if name not in used]
    intercept, terms = _terms(text, right, dot)
    formula = Formula(text, response, response_text, terms, intercept)
    for name in formula.columns:
        if name not in columns:
            problem = f"`formula` names the column '{name}', which `data` does not have."
            raise no_column(problem, name, columns)
        if name in twice:
            raise ColumnError(
                f"`data` has several columns named '{name}'.",
                allowed="One column of each name that the formula uses.",
                hint="Rename them.",
            )
    return formula


def _response(text: str) -> tuple[str, tuple[Expression, ...]]:
    call = re.fullmatch(r"cbind\((.*)\)", text, flags=re.DOTALL)
    if call is None:
        expression = vet(text)
        return expression.text, (expression,)
    tree, columns = _tree(f"I({call.group(1)})", text)
    assert isinstance(tree, ast.Call)
    parts = tuple(_expression(each, columns, text) for each in tree.args)
    return f"cbind({', '.join(part.text for part in parts)})", parts


def _terms(text: str, right: str, dot: Sequence[str]) -> tuple[bool, tuple[tuple[Expression, ...], ...]]:
    """Let formulaic expand the right-hand side, then order terms and factors as R does."""
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    names: list[str] = []
    right = _TOKEN.sub(lambda token: _plain(token, right, names), right)
    available = [_placeholder(name, names) for name in dot]
    try:
        found = DefaultFormulaParser().get_terms(f"~ {right}", context={"__formulaic_variables_available__": available})
    except (FormulaicError, SyntaxError, RecursionError) as problem:
        raise FormulaError(
            f"`formula` '{text}' cannot be read.",
            allowed="Terms joined by + - : * ^ and parentheses.",
            hint=str(problem).splitlines()[0],
        ) from problem
    if not hasattr(found, "root") or isinstance(found.root, tuple):
        raise FormulaError(f"`formula` '{text}' has several parts.", allowed="One right-hand side.")
    intercept = False
    expressions: dict[str, Expression] = {}
    terms: list[list[Expression]] = []
    for term in found.root:
        factors = []
        for factor in term.factors:
            if factor.expr == "1" and factor.eval_method.value == "literal":
                continue
            written = _PLACEHOLDER.sub(lambda token: f"`{names[int(token.group(1))]}`", factor.expr)
            lookup = factor.eval_method.value == "lookup"
            expression = _column(written.strip("`")) if lookup else vet(written)
            factors.append(expressions.setdefault(expression.text, expression))
        intercept = intercept or not factors
        if factors:
            terms.append(factors)
    order = list(expressions)
    for factors in terms:
        factors.sort(key=lambda each: order.index(each.text))
    terms.sort(key=len)
    return intercept, tuple({tuple(f.text for f in factors): tuple(factors) for factors in terms}.values())


def _plain(token: re.Match[str], right: str, names: list[str]) -> str:
    """Give formulaic a plain word for a column, whose name it might read as a number or an operator."""
    if token.group("name") and right[token.end() :].lstrip().startswith("("):
        return token.group()
    return _placeholder(token.group("quoted") or token.group("name"), names)


def _placeholder(name: str, names: list[str]) -> str:
    if name not in names:
        names.append(name)
    return f"_column{names.index(name)}_"


def _column(name: str) -> Expression:
    return Expression(quoted(name), (name,), ast.Name("_0"))


def vet(text: str) -> Expression:
    """Read one expression of a formula, refusing what is not on the allow-list."""
    tree, columns = _tree(text, text)
    return _expression(tree, columns, text)


def _tree(expression: str, text: str) -> tuple[ast.expr, list[str]]:
    """Parse with each column's name replaced by a placeholder, so that a name may hold dots or blanks."""
    columns: list[str] = []

    def placeholder(found: re.Match[str]) -> str:
        name = found.group("quoted") or found.group("name")
        is_call = found.group("name") and expression[found.end() :].lstrip().startswith("(")
        if is_call:
            if name not in FUNCTIONS:
                raise _unknown_function(name, text)
            return f"_f{list(FUNCTIONS).index(name)}"
        if name not in columns:
            columns.append(name)
        return f"_{columns.index(name)}"

    try:
        tree = ast.parse(_TOKEN.sub(placeholder, expression).replace("^", "**").strip(), mode="eval").body
    except FormulaError:
        raise
    except (SyntaxError, ValueError, MemoryError, RecursionError) as problem:
        raise FormulaError(
            f"`formula` has the expression '{text}', which cannot be read.",
            allowed="Columns, numbers, + - * / ^ and the functions " + ", ".join(FUNCTIONS) + ".",
        ) from problem
    return tree, columns


def _unknown_function(name: str, text: str) -> FormulaError:
    close = nearest(name, FUNCTIONS)
    return FormulaError(
        f"`formula` calls '{name}()' in '{text}', which formulas may not do" + (" yet." if name in _NOT_YET else "."),
        allowed="The functions " + ", ".join(FUNCTIONS) + ".",
        hint=f"Did you mean '{close}'?" if close else "Make the column in the data frame first.",
    )


def _expression(tree: ast.expr, columns: list[str], text: str) -> Expression:
    names = [quoted(name) for name in columns]
    written = _written(tree, names, text)
    used = sorted({int(node.id[1:]) for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id[1] != "f"})
    if used != list(range(len(columns))):  # one of several parts of cbind(): keep only its own columns
        renamed = {f"_{old}": f"_{new}" for new, old in enumerate(used)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = renamed.get(node.id, node.id)
    is_factor = isinstance(tree, ast.Call) and _function(tree) == "factor"
    return Expression(written, tuple(columns[i] for i in used), tree, is_factor)


def _function(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return list(FUNCTIONS)[int(call.func.id[2:])]


def _written(node: ast.expr, names: list[str], text: str, outer: int = 0) -> str:
    """Write an expression as R's ``deparse()`` does; anything that is not on the allow-list stops here."""
    if isinstance(node, ast.Name) and node.id[0] == "_":
        return names[int(node.id[1:])]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return f"{float(node.value):.15g}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        return f"{_function(node)}({_written(node.args[0], names, text)})"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = "-" if isinstance(node.op, ast.USub) else "+"
        return _bracketed(sign + _written(node.operand, names, text, 3), outer > 3)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        sign, strength = _OPERATORS[type(node.op)]
        tie = isinstance(node.op, ast.Pow)
        left = _written(node.left, names, text, strength + tie)
        right = _written(node.right, names, text, strength + (not tie))
        return _bracketed(f"{left}{sign}{right}", strength < outer)
    raise FormulaError(
        f"`formula` has the expression '{text}', which formulas may not use.",
        allowed="Columns, numbers, + - * / ^ and the functions " + ", ".join(FUNCTIONS) + ".",
        hint="Make the column in the data frame first.",
    )


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _evaluate(node: ast.expr, values: list[Any]) -> Any:
    if isinstance(node, ast.Name):
        return values[int(node.id[1:])]
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Call):
        return FUNCTIONS[_function(node)](_evaluate(node.args[0], values))
    if isinstance(node, ast.UnaryOp):
        value = _evaluate(node.operand, values)
        return -value if isinstance(node.op, ast.USub) else value
    assert isinstance(node, ast.BinOp)
    left, right = _evaluate(node.left, values), _evaluate(node.right, values)
    if isinstance(node.op, ast.Pow):
        return _power(left, right)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else left / right

"""Arithmetic and logic on the values of expressions, rounding as R does."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tidydl.design.values import Labels, Logicals, Numbers, Value
from tidydl.errors import FormulaError
from tidydl.rprint import level_text

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _by_element(name: str, special: str | None = None) -> Callable[..., np.ndarray]:
    """Apply a function of the C library to each element: NumPy's own may round otherwise than R.

    Where Python would raise an error, at poles and beyond the largest number, NumPy knows the value.
    """

    def applied(*arguments: npt.ArrayLike) -> np.ndarray:
        exact, beyond = getattr(math, name), getattr(np, special or name)

        def one(*each: float) -> float:
            try:
                return exact(*each)
            except (OverflowError, ValueError):
                return float(beyond(*each))

        return np.asarray(np.frompyfunc(one, len(arguments), 1)(*arguments), dtype=float)

    return applied


def _ufunc(name: str) -> Callable[..., np.ndarray]:
    def applied(values: npt.ArrayLike) -> np.ndarray:
        return np.asarray(getattr(np, name)(values), dtype=float)

    return applied


_LIBRARY = ("log2", "log10", "log1p", "exp", "expm1", "sqrt", "sin", "cos", "tan", "tanh")
_EXACT = {"abs": "abs", "floor": "floor", "ceiling": "ceil", "sign": "sign"}  # R's name and NumPy's
ELEMENTWISE: dict[str, Callable[..., np.ndarray]] = {
    **{name: _by_element(name) for name in _LIBRARY},
    **{name: _ufunc(numpys) for name, numpys in _EXACT.items()},
}
_natural = _by_element("log")
_raised = _by_element("pow", "power")


def logarithm(values: np.ndarray, base: float | None = None) -> np.ndarray:
    """Return logarithms, natural ones without a base."""
    if base in (2, 10):
        return ELEMENTWISE[f"log{base:.0f}"](values)
    return _natural(values) if base is None else _natural(values) / _natural(base)


def power(base: npt.ArrayLike, exponent: npt.ArrayLike) -> np.ndarray:
    """Raise as R does: a square is a product, all else goes to the C library."""
    exponent = np.asarray(exponent, dtype=float)
    base = np.asarray(base, dtype=float)
    if exponent.ndim == 0:
        return base * base if exponent == 2 else _raised(base, exponent)
    return np.where(exponent == 2, base * base, _raised(base, exponent))


def computed(sign: str, left: np.ndarray, right: np.ndarray) -> Numbers:
    """Add, subtract, multiply, divide or raise."""
    return Numbers(power(left, right) if sign == "^" else _COMPUTE[sign](left, right))


def negated(value: Logicals) -> Logicals:
    """Negate; missing values stay missing."""
    return Logicals(1.0 - value.values)


def joined(sign: str, left: Logicals, right: Logicals) -> Logicals:
    """Combine by ``&`` or ``|``: false decides an "and" even if the other is missing, and true an "or"."""
    deciding = 0.0 if sign == "&" else 1.0
    decided = (left.values == deciding) | (right.values == deciding)
    return Logicals(np.where(decided, deciding, left.values + right.values - (1.0 - deciding)))


def compared(sign: str, left: Value | str, right: Value | str, text: str, argument: str = "formula") -> Logicals:
    """Compare numbers with numbers, or labels with labels or a text."""
    if isinstance(left, str) or isinstance(right, str) or isinstance(left, Labels) or isinstance(right, Labels):
        first, second = _codes(sign, left, right, text, argument)
    else:
        first, second = left.values, right.values
    unknown = np.isnan(first) | np.isnan(second)
    return Logicals(np.where(unknown, np.nan, _COMPARE[sign](first, second)))


def _codes(sign: str, left: Value | str, right: Value | str, text: str, argument: str) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers that compare as labels do."""
    labels = [each for each in (left, right) if isinstance(each, Labels)]
    if not labels or not all(isinstance(each, (Labels, str)) for each in (left, right)):
        raise FormulaError(
            f"`{argument}` compares values of different kinds in '{text}'.",
            allowed="Numbers with numbers, and labels with labels or with a text in quotes.",
        )
    by_order = sign not in ("==", "!=")
    if by_order and not all(each.ordered and each.levels == labels[0].levels for each in labels):
        raise FormulaError(
            f"`{argument}` asks in '{text}' which label is the larger, and the labels have no order.",
            allowed="== and != for labels; < and > for ordered ones.",
        )
    levels = tuple(dict.fromkeys(level for each in labels for level in each.levels))
    operands = []
    for each in (left, right):
        if isinstance(each, Labels):
            codes = each.as_levels(levels).codes.astype(float)
            codes[each.missing] = np.nan
            operands.append(codes)
        elif isinstance(each, str) and each not in levels and by_order:
            raise FormulaError(
                f"`{argument}` compares with '{each}' in '{text}', which is not a level.",
                allowed=f"The levels {', '.join(levels)}.",
            )
        else:
            operands.append(np.asarray(float(levels.index(str(each))) if each in levels else -1.0))
    return operands[0], operands[1]


def among(value: Value, constants: tuple[float | str | bool, ...]) -> Logicals:
    """Return which values are among some constants; missing ones are not."""
    if isinstance(value, Labels):
        wanted = {level_text(each) for each in constants}
        chosen = [at for at, level in enumerate(value.levels) if level in wanted]
        return Logicals(np.isin(value.codes, chosen).astype(float))
    numbers = [float(each) for each in constants if not isinstance(each, str)]
    return Logicals(np.isin(value.values, numbers).astype(float))

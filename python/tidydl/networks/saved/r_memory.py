"""What the calls of a formula keep of the training data, for R.

They are numbers that become arguments of ``poly()``, ``scale()`` and the splines whenever R predicts. Each is vetted
for the call that it belongs to; what other calls keep, such as ``as.numeric()``, is Python's alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.design import Formula
from tidydl.design.deparse import written, written_for_r
from tidydl.design.expressions import Expression
from tidydl.design.limits import MOST_DEGREE, MOST_PRODUCTS
from tidydl.design.r_formulas import parse_r
from tidydl.design.r_functions import called, number_in, short, vet_for_r
from tidydl.design.syntax import Call, walk
from tidydl.networks.saved.parts import Part

if TYPE_CHECKING:
    from tidydl.design.syntax import Node

_MOST_WHOLE = 2**31 - 1
_POLY_OPTIONS = ("degree", "coefs", "raw", "simple")
_WITHOUT_NUMBERS = ("raw", "simple", "center", "scale")


def memory_for_r(part: Part, formula: Formula, widths: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """Read what the calls of a formula keep: each ``call`` as text and its ``arguments`` by name.

    ``widths`` is how many columns each variable has, None if unknown.
    """
    noted = {}
    for each in part.parts("memory"):
        node = parse_r(each.text("call"))
        vet_for_r(node)
        noted[written(node)] = each, _arguments(each.parts("arguments"))
    parts = [*formula.response, *formula.variables, *formula.offset_parts]
    memory: dict[str, dict[str, Any]] = {}
    for variable in parts:
        width = widths.get(variable.text)
        if width is not None and _keeps(variable.node) and variable.text not in noted:
            raise part.fault(f"'{part.place}$memory' lacks '{short(variable.node)}'")
        for text, call in _calls(variable):
            if text in noted:
                where, arguments = noted[text]
                kept = _kept(where, arguments, call, width if call is variable.node else None)
                memory[text] = {"call": written_for_r(call), "arguments": kept}
    return list(memory.values())


def _calls(variable: Expression) -> list[tuple[str, Call]]:
    named = [each for each in walk(variable.node) if isinstance(each, Call) and _function(each) in _RULES]
    return [(written(each), each) for each in named]


def _function(node: Node) -> str:
    parts = called(node)
    return parts[0] if parts else ""


def _keeps(node: Node) -> bool:
    """Return whether R itself keeps something of a variable, which is then required."""
    if not isinstance(node, Call) or _function(node) not in _RULES:
        return False
    without = [name for name, _ in node.named_arguments if name in _WITHOUT_NUMBERS]
    return not without or (_function(node) == "scale" and not {"center", "scale"} <= set(without))


def _arguments(parts: Sequence[Part], depth: int = 0) -> list[tuple[str, Any]]:
    return [(each.text("name"), _argument(each, depth)) for each in parts]


def _argument(part: Part, depth: int) -> Any:
    """Read an argument: values, a dict or a list of those; None for code, which no call keeps."""
    if not part.is_null("code"):
        vet_for_r(parse_r(part.text("code")))
        return None
    if not part.is_null("list"):
        if depth > 2:
            raise part.fault(f"'{part.place}' is nested too deeply")
        inside = _arguments(part.parts("list"), depth + 1)
        return dict(inside) if any(name for name, _ in inside) else [value for _, value in inside]
    kinds = [kind for kind in ("numbers", "wholes", "flags", "texts") if kind in part.names]
    if len(kinds) != 1:
        raise part.fault(f"'{part.place}' has no value")
    values = _values(part, kinds[0])
    return values if part.is_null("names") else _named(values, part.texts("names", len(values)))


def _values(part: Part, kind: str) -> np.ndarray:
    if kind == "numbers":
        return part.numbers(kind)
    if kind == "wholes":
        values = part.wholes(kind)
        if any(abs(value) > _MOST_WHOLE for value in values):
            raise part.fault(f"'{part.place}$wholes' is not whole numbers")
        return np.array(values, dtype="int32")
    return part.flags(kind, part.length(kind)) if kind == "flags" else np.array(part.texts(kind), dtype=object)


def _named(values: np.ndarray, names: Sequence[str]) -> Any:
    return pd.Series(values, index=list(names))


def _kept(part: Part, arguments: Sequence[tuple[str, Any]], call: Call, width: int | None) -> dict[str, Any]:
    """Return the arguments that such a call keeps, checked for type and size."""
    function = _function(call)
    rules = _RULES[function]
    relevant = [(name, value) for name, value in arguments if name in rules]
    kept = dict(relevant)
    required = () if function == "scale" and len(call.arguments) > 1 else _REQUIRED[function]
    right = (
        len(kept) == len(relevant)
        and all(name in kept for name in required)
        and all(rules[name](value) for name, value in relevant)
    )
    if not right or not _has_width(kept, call, function, width):
        raise part.fault(f"'{part.place}$arguments' does not fit '{short(call)}'")
    return kept


def _numbers(value: object) -> Any:
    """Return numbers as an array if all are finite, else None."""
    values = np.asarray(value) if not isinstance(value, (dict, list)) and value is not None else np.empty(0, object)
    return values if values.dtype.kind in "fi" and np.isfinite(values).all() else None


def _are_finite(value: object) -> bool:
    return _numbers(value) is not None


def _is_degree(value: object) -> bool:
    degrees = _numbers(value)
    return degrees is not None and len(degrees) == 1 and degrees[0] in range(1, MOST_DEGREE + 1)


def _is_polynomial(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"alpha", "norm2"}:
        return False
    alpha, norm2 = _numbers(value["alpha"]), value["norm2"]
    right = alpha is not None and 1 <= len(alpha) <= MOST_DEGREE and not isinstance(norm2, (dict, list, type(None)))
    squares = _numbers(np.asarray(norm2)[1:]) if right and len(norm2) == len(alpha) + 2 else None
    return squares is not None and bool((squares > 0).all())  # by whose roots predict() divides


def _are_polynomials(value: object) -> bool:
    """Return whether it is a polynomial of one variable, or of each of several."""
    several = list(value.values()) if isinstance(value, dict) else value
    return _is_polynomial(value) or (isinstance(several, list) and bool(several) and all(map(_is_polynomial, several)))


def _is_range(value: object) -> bool:
    ends = _numbers(value)
    return ends is not None and len(ends) == 2 and bool(ends[0] < ends[1])


def _are_per_column(value: object) -> bool:
    numbers = _numbers(value)
    return numbers is not None and len(numbers) > 0


def _are_scales(value: object) -> bool:
    return _are_per_column(value) and bool((np.asarray(value) != 0).all())


def _is_flag(value: object) -> bool:
    return isinstance(value, Sized) and getattr(value, "dtype", None) == np.dtype(bool) and len(value) == 1


_RULES: dict[str, dict[str, Callable[[Any], bool]]] = {
    "poly": {"coefs": _are_polynomials},
    "scale": {"center": _are_per_column, "scale": _are_scales},
    "ns": {"knots": _are_finite, "Boundary.knots": _is_range, "intercept": _is_flag},
    "bs": {"degree": _is_degree, "knots": _are_finite, "Boundary.knots": _is_range, "intercept": _is_flag},
}
_REQUIRED = {
    "poly": ("coefs",),
    "scale": ("center", "scale"),
    "ns": ("knots", "Boundary.knots"),
    "bs": ("degree", "knots", "Boundary.knots"),
}


def _has_width(kept: Mapping[str, Any], call: Call, function: str, width: int | None) -> bool:
    """Return whether the numbers match the variable's columns, for a polynomial also the degree."""
    if function == "poly":
        bases = [kept["coefs"]] if _is_polynomial(kept["coefs"]) else list(_listed(kept["coefs"]))
        degrees = {len(each["alpha"]) for each in bases}
        degree = max(degrees)
        columns = math.comb(len(bases) + degree, degree) - 1
        fits = len(degrees) == 1 and _degree_asked(call) in (None, degree) and columns <= MOST_PRODUCTS
        return fits and width in (None, columns)
    if function == "scale":
        return width is None or all(len(value) == width for value in kept.values())
    degree = 1 if function == "ns" else int(np.asarray(kept["degree"])[0])
    intercept = bool(np.asarray(kept["intercept"])[0]) if "intercept" in kept else False
    return width in (None, degree + len(kept["knots"]) + intercept)


def _listed(value: dict[str, Any] | Sequence[Any]) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _degree_asked(call: Call) -> float | None:
    """Return the degree in a call of ``poly()``, None if it is ambiguous."""
    for name, value in call.named_arguments:
        if name == "degree" or (name is None and number_in(value) is not None):
            return number_in(value)
    others = [name for name, _ in call.named_arguments if name not in _POLY_OPTIONS]
    return None if len(others) > 1 else 1.0

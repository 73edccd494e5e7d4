"""What a formula or a call in a file may have R do: the one allow-list, of functions and of sizes.

R runs formulas whenever it predicts, and the call when a model is fitted again, so no expression of a file reaches it
before it has passed here. Nothing is evaluated to find out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

from tidydl.design.deparse import written
from tidydl.design.limits import MOST_DEGREE, MOST_PRODUCTS, too_many
from tidydl.design.syntax import EMPTY, Call, Constant, Name, Node, Word, walk
from tidydl.errors import FormulaError, nearest

FUNCTIONS_OF_R = (
    *("I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sign", "round", "floor", "ceiling"),
    *("trunc", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "plogis", "qlogis", "pnorm"),
    *("qnorm", "factor", "ordered", "as.factor", "as.ordered", "as.numeric", "as.integer", "as.character"),
    *("as.logical", "cut", "relevel", "interaction", "ifelse", "is.na", "pmin", "pmax", "offset", "poly", "scale"),
    *("ns", "bs", "cbind", "c", "+", "-", "*", "/", "^", "(", ":", "%%", "%/%", "%in%"),
    *("<", ">", "<=", ">=", "==", "!=", "!", "&", "|"),
)
CONSTANTS = ("T", "F", "pi", "letters", "LETTERS", "month.name", "month.abb")  # R's own, no columns of the data
_PACKAGES = ("base", "stats", "splines")

_MISSING_NUMBERS = ("NaN", "NA_integer_", "NA_real_")
_MOST_CHAIN = 5000  # of a sum; R's own functions nest by each
_MOST_STEPS = 500  # of operators in a row, other than plus and minus
_MOST_BREAKS = 1000  # of cut()
_MOST_FACTORS = 4  # of interaction()
_MOST_VALUES = 1_000_000  # that rep(), seq() and : make
_POLY_OPTIONS = ("degree", "coefs", "raw", "simple")
_NOT_PLAIN = re.compile(r"\.\.(?:\.|[0-9]+)|.*[`\\\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069].*", re.DOTALL)
_ARITHMETIC = ("+", "-", "*", "/", "^", "(")

Arguments = Sequence[tuple[str | None, Node]]


def vet_for_r(node: Node, functions: Collection[str] = frozenset(FUNCTIONS_OF_R)) -> None:
    """Refuse an expression that calls what is not listed, or makes more than is allowed."""
    _vet_parts(node, node, functions)
    if _length_bound(node) > _MOST_VALUES:
        raise too_many(f"makes too many values in '{short(node)}'", _MOST_VALUES, "values")


def _vet_parts(node: Node, whole: Node, functions: Collection[str], steps: float = 0) -> None:
    """Walk a long sum on its left, which is deep, without nesting; other nests are as deep as they may be read."""
    while (parts := called(node)) is not None:
        name, all_arguments = parts
        arguments = [each for each in all_arguments if each[1] != EMPTY]
        if name not in functions or (len(arguments) < len(all_arguments) and name != "["):
            raise _not_allowed(name, whole)
        for key, _ in arguments:
            _vet_name(key or "x", whole)
        _vet_sizes(node, name, arguments)
        if not arguments:
            return
        if len(arguments) > 1 and not re.match(r"[A-Za-z(!]", name):
            steps += 1 if name in ("+", "-") else _MOST_CHAIN / _MOST_STEPS
        if steps > _MOST_CHAIN:
            raise too_many("has too many parts in a row", _MOST_CHAIN, "parts")
        for _, argument in arguments[1:]:
            _vet_parts(argument, whole, functions, steps)
        node = arguments[0][1]
    if isinstance(node, Name):
        _vet_name(node.name, whole)


def _vet_name(name: str, whole: Node) -> None:
    """Refuse a name that R could not read again as it writes it."""
    if not name or _NOT_PLAIN.fullmatch(name):
        raise FormulaError(
            f"`formula` has the name '{name}' in '{short(whole)}', which R cannot parse.",
            allowed="Names without backticks, backslashes and control characters.",
            hint="Rename the column.",
        )


def called(node: Node) -> tuple[str, list[tuple[str | None, Node]]] | None:
    """Return the function that a node calls, without a package that such functions are in, and its arguments."""
    if not isinstance(node, Call):
        return None
    package, _, name = node.function.rpartition("::")
    return (name if package in _PACKAGES else node.function), node.named_arguments


def _vet_sizes(node: Node, name: str, arguments: Arguments) -> None:
    """Refuse calls with numbers beyond the limits; computed numbers could be any."""
    others = arguments[1:]
    if name == "poly":
        degrees = [1.0, *_sizes_in(others, ("coefs",))]
        read = [value for key, value in arguments if not _is_size(value) and key not in _POLY_OPTIONS]
        variables = sum(map(columns_bound, read))
        _refuse_above(MOST_DEGREE, "as the degree", degrees, node)
        if variables > 1:
            _refuse_above(MOST_PRODUCTS, "products", [math.pow(max(degrees) + 1, min(variables, 100))], node)
    elif name in ("ns", "bs"):
        _refuse_above(MOST_DEGREE, "degrees of freedom", _sizes_in(others, ("knots", "Boundary.knots")), node)
    elif name == "cut":
        _refuse_above(_MOST_BREAKS, "breaks", _sizes_in(_lists_apart(others)), node)
    elif name == "interaction":
        inside = any(_calls(each, "interaction") for _, value in arguments for each in walk(value))
        _refuse_above(_MOST_FACTORS, "factors in one interaction()", [math.inf if inside else len(arguments)], node)


def _refuse_above(most: int, unit: str, sizes: Sequence[float], node: Node) -> None:
    if any(size > most for size in sizes):
        raise too_many(f"asks for too much in '{short(node)}'", most, unit)


def columns_bound(node: Node) -> int:
    """Count the columns of an expression that ``cbind()`` builds rather than a matrix of the user's."""
    parts = called(node)
    inside = [columns_bound(value) for _, value in parts[1]] if parts else []
    return sum(inside) if parts and parts[0] == "cbind" else max([1, *inside])


def _calls(node: Node, name: str) -> bool:
    parts = called(node)
    return parts is not None and parts[0] == name


def number_in(node: Node) -> float | None:
    """Return the value of a literal number, NaN if it is missing; None for anything else."""
    if not isinstance(node, Constant) or isinstance(node.value, (str, bool)):
        return None
    return None if isinstance(node, Word) and node.text not in _MISSING_NUMBERS else float(node.value)


def _has_variable(node: Node) -> bool:
    """Return whether variables of the data are read; R's own constants do not count."""
    return any(isinstance(each, Name) and each.name not in CONSTANTS for each in walk(node))


def _is_size(node: Node) -> bool:
    return number_in(node) is not None or (isinstance(node, Call) and not _has_variable(node))


def _sizes_in(arguments: Arguments, exempt: Collection[str] = ()) -> list[float]:
    """List the numbers among arguments: infinite if they are computed from numbers, or from anything named."""
    sizes = []
    for name, value in arguments:
        number = number_in(value)
        if name in exempt:
            continue
        if number is not None:
            sizes.append(math.inf if math.isnan(number) else abs(number))
        elif isinstance(value, Call) and (name is not None or not _has_variable(value)):
            sizes.append(math.inf)
    return sizes


def _lists_apart(arguments: Arguments) -> Arguments:
    """Drop breaks and labels that are listed one by one, which are not numbers of breaks."""

    def is_listed(node: Node) -> bool:
        several = isinstance(node, Call) and node.function == "c" and len(node.arguments) > 1
        return several and all(map(_is_one_value, node.arguments))  # type: ignore[union-attr]

    return [(name, value) for name, value in arguments if not is_listed(value) and _negative(value) is None]


def _negative(node: Node) -> float | None:
    """Return the size of a negated number, infinite if it is computed; None for anything else."""
    if not (isinstance(node, Call) and node.function == "-" and len(node.arguments) == 1):
        return None
    inner = number_in(node.arguments[0])
    return inner if inner is not None else math.inf if _is_one_value(node) else None


def _is_one_value(node: Node) -> bool:
    """Return whether a node is a literal, or arithmetic of literals."""
    parts = called(node)
    if parts is None:
        return isinstance(node, Constant) and not (isinstance(node, Word) and node.text == "NULL")
    return parts[0] in _ARITHMETIC and all(_is_one_value(value) for _, value in parts[1])


def _length_bound(node: Node) -> float:
    """Return how many values an expression makes at most for each value of the data."""
    total = 1.0
    while isinstance(node, Call) and node.is_binary:
        total = max(total, _range_bound(node) if node.function == ":" else 1, _length_bound(node.arguments[1]))
        node = node.arguments[0]
    parts = called(node)
    if parts is None:
        return total
    name, arguments = parts
    non_empty = [(key, value) for key, value in arguments if value != EMPTY]
    inside = [_length_bound(value) for _, value in non_empty]
    if name == "rep":
        return max(total, math.prod([*inside[:1], *(_times(value) for _, value in non_empty[1:])]))
    if name in ("seq", "seq_len"):
        return max(total, _seq_bound([value for _, value in non_empty]))
    if name in ("c", "cbind", "list"):
        return max(total, sum(inside, 1.0))
    return max([total, *inside])


def _range_bound(node: Call) -> float:
    ends = [end for end in node.arguments if not isinstance(end, Name) and not _has_variable(end)]
    return max(map(literal_size, ends), default=1.0)


def literal_size(node: Node) -> float:
    """Return the size of a literal number, infinite for a computed one."""
    negative = _negative(node)
    number = negative if negative is not None else number_in(node)
    return math.inf if number is None or math.isnan(number) else abs(number)


def _times(node: Node) -> float:
    if isinstance(node, Name):
        return 1.0
    if number_in(node) is not None:
        return max(1.0, literal_size(node))
    if isinstance(node, Call) and node.function == "c":
        return sum(map(literal_size, node.arguments))
    return math.inf


def _seq_bound(nodes: Sequence[Node]) -> float:
    sizes = [literal_size(node) for node in nodes if not isinstance(node, Name)]
    positive = [size for size in sizes if size > 0]
    return max(1.0, *positive) / min(1.0, *positive) if positive else 1.0


def short(node: Node, most: int = 200) -> str:
    """Write an expression for messages."""
    text = written(node)
    return text if len(text) <= most else f"{text[:most]}…"


def _not_allowed(name: str, whole: Node) -> FormulaError:
    listed = [name for name in FUNCTIONS_OF_R if name[0].isalpha()]
    close = nearest(name, listed)
    return FormulaError(
        f"`formula` calls '{name}()' in '{short(whole)}', which is not supported.",
        allowed=f"The functions {', '.join(listed)}.",
        hint=f"Did you mean '{close}'?" if close else "Make the column in the data frame first.",
    )

"""The functions that formulas may call. What is not listed here cannot be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidydl.design.arithmetic import ELEMENTWISE, logarithm
from tidydl.design.limits import MOST_DEGREE, MOST_PRODUCTS, too_many
from tidydl.design.polynomials import orthogonal_basis, products, raw_powers
from tidydl.design.values import Labels, Logicals, Numbers, Value, labels_of
from tidydl.errors import ColumnError, DataError, FormulaError, TidydlError
from tidydl.rprint import level_text

NOT_YET = {"bs", "cut", "interaction", "ns"}


@dataclass(frozen=True)
class CallContext:
    """The context of a call: how R writes it and its arguments, the user's argument that holds it, and the data.

    ``is_new`` says that these are not the data of the fit, and ``kept`` is what the call kept of those.
    """

    text: str
    inner: tuple[str, ...]
    argument: str
    is_new: bool = False
    kept: Any = None

    def numeric(self, value: Value, position: int = 0) -> np.ndarray:
        """Return an argument as numbers to compute with; see :func:`numeric`."""
        return numeric(value, self.inner[position], self.argument)

    def refuse(self, problem: str, allowed: str, error: type[TidydlError] = FormulaError) -> TidydlError:
        """Build the error for a call that cannot be evaluated."""
        return error(f"`{self.argument}` {problem} in '{self.text}'.", allowed=allowed)


@dataclass(frozen=True)
class Function:
    """A function of a formula.

    ``apply`` takes the values of the first arguments, the options by name and the context of the call, and returns the
    value and what is kept for new data (or None). ``options`` are the names of the arguments that are constants, of
    which the first ``positional`` may be given without their names. ``most`` is the largest number of other arguments.
    """

    apply: Callable[[Sequence[Value], Mapping[str, Any], CallContext], tuple[Value, Any]]
    options: tuple[str, ...] = ()
    positional: int = 1
    most: int = 1
    is_factor: bool = False
    several_columns: bool = False


def numeric(value: Value, text: str, argument: str = "formula") -> np.ndarray:
    """Return numbers to compute with, logicals as 0 and 1; labels are refused."""
    if isinstance(value, (Numbers, Logicals)):
        return value.values
    raise ColumnError(
        f"`{argument}` computes with '{text}', which is not numeric.",
        allowed="Numeric columns inside I(), log() and similar functions.",
    )


def _plain(function: Callable[..., np.ndarray]) -> Function:
    def apply(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
        return Numbers(function(at.numeric(values[0]))), None

    return Function(apply)


def _itself(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    return values[0], None


def _log(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    base = options.get("base")
    if base is not None and not (_is_number(base) and base > 0):
        raise at.refuse("has a base that is not a positive number", "log(x), or log(x, 2).")
    return Numbers(logarithm(at.numeric(values[0]), base)), None


def _is_missing(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    return Logicals(values[0].missing.astype(float)), None


def _as_numeric(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, Any]:
    """Return the numbers of levels from 1, as R does, in the order that they had at the fit."""
    value = values[0]
    if not isinstance(value, Labels):
        return Numbers(value.values), None
    if value.is_text:
        raise at.refuse("converts text to numbers", "A numeric, logical or categorical column.", ColumnError)
    levels = at.kept or value.levels
    codes = value.as_levels(levels).codes
    new = [level for level in value.met().levels if level not in levels]
    if new:
        raise DataError(
            f"`newdata` has in '{at.text}' levels that the network has not seen: {', '.join(new)}.",
            allowed=f"The levels {', '.join(levels)}.",
        )
    return Numbers(np.where(codes < 0, np.nan, codes + 1.0)), levels


def _as_character(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    labels = labels_of(values[0])
    sorted_labels = labels.as_levels(tuple(sorted(labels.levels)))
    return Labels(sorted_labels.codes, sorted_labels.levels, is_text=True), None


def _factor(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    labels = labels_of(values[0])
    ordered = labels.ordered
    if "ordered" in options:
        if not isinstance(options["ordered"], bool):
            raise at.refuse("has an `ordered` that is neither TRUE nor FALSE", "TRUE or FALSE.")
        ordered = options["ordered"]
    if "levels" in options:
        wanted = options["levels"] if isinstance(options["levels"], tuple) else (options["levels"],)
        texts = tuple(level_text(level) for level in wanted)
        if len(set(texts)) < len(texts):
            raise at.refuse("names a level twice", "Each level once.")
        labels = labels.as_levels(texts)
    return Labels(labels.codes, labels.levels, ordered), None


def _as_factor(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    value = values[0]
    if isinstance(value, Labels) and not value.is_text:
        return value, None
    return _factor(values, {}, at)


def _ordered(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    return _factor(values, {**options, "ordered": True}, at)


def _relevel(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, None]:
    """Put a level first."""
    value = values[0]
    if not isinstance(value, Labels) or value.ordered:
        raise at.refuse("asks for another first level", "A categorical column without an order.", ColumnError)
    reference = level_text(options["ref"]) if "ref" in options else None
    if reference in value.levels:
        return value.as_levels((reference, *(level for level in value.levels if level != reference))), None
    if not at.is_new:
        raise at.refuse(
            "has no `ref`" if reference is None else f"has '{reference}' as `ref`, which is not a level",
            f"One of the levels {', '.join(value.levels)}.",
        )
    return value, None


def _poly(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, Any]:
    degree, raw = options.get("degree", 1), options.get("raw", False)
    if not _is_number(degree) or degree % 1 != 0 or degree < 1 or not isinstance(raw, bool):
        raise at.refuse("has no proper degree", "poly(x, 2), poly(x, 2, raw = TRUE), poly(x, z, degree = 2).")
    if degree > MOST_DEGREE:
        raise too_many(f"asks for a polynomial of degree {degree:.0f} in '{at.text}'", MOST_DEGREE, "as the degree")
    if (degree + 1) ** len(values) > MOST_PRODUCTS and len(values) > 1:
        raise too_many(f"asks for too many products in '{at.text}'", MOST_PRODUCTS, "combinations of degrees")
    columns = [at.numeric(value, i) for i, value in enumerate(values)]
    bases = None
    if raw:
        parts = [raw_powers(x, int(degree)) for x in columns]
    else:
        bases = at.kept or tuple(orthogonal_basis(_enough(x, int(degree), at), int(degree)) for x in columns)
        parts = [basis.columns(x) for basis, x in zip(bases, columns, strict=True)]
    if len(parts) > 1:
        return Numbers(*products(parts, int(degree))), bases
    ends = tuple(str(k) for k in range(1, int(degree) + 1)) if degree > 1 else ("",)
    return Numbers(np.ascontiguousarray(parts[0]), ends), bases


def _enough(x: np.ndarray, degree: int, at: CallContext) -> np.ndarray:
    """Return the finite values, of which a polynomial needs more unique ones than its degree; none may be missing."""
    if np.isnan(x).any():
        raise at.refuse("has missing values", "poly() of columns without missing values, as in R.", DataError)
    finite = x[np.isfinite(x)]
    different = len(np.unique(finite))
    if degree >= different:
        raise at.refuse(
            f"asks for a polynomial of degree {degree} of a column with {different} different values",
            "A degree below the number of different values.",
            DataError,
        )
    return finite


def _scale(values: Sequence[Value], options: Mapping[str, Any], at: CallContext) -> tuple[Value, Any]:
    """Subtract the mean and divide by the standard deviation of the values at the fit, unless given."""
    x = at.numeric(values[0])
    if not all(isinstance(option, bool) or _is_number(option) for option in options.values()):
        raise at.refuse("has an invalid option", "TRUE, FALSE or a number for `center` and `scale`.")
    centre, width = at.kept or (options.get("center", True), options.get("scale", True))
    observed = x[~np.isnan(x)].astype(np.longdouble)
    if isinstance(centre, bool):
        centre = float(observed.mean()) if centre and len(observed) else 0.0
    centred = x - centre
    if isinstance(width, bool):
        left = centred[~np.isnan(centred)].astype(np.longdouble)
        width = float(np.sqrt((left * left).sum() / max(1, len(left) - 1))) if width else 1.0
    return Numbers(centred / width), (centre, width)


def _is_number(value: object) -> bool:
    return isinstance(value, float) and not isinstance(value, bool)


FUNCTIONS: dict[str, Function] = {
    "I": Function(_itself),
    "log": Function(_log, ("base",)),
    **{name: _plain(function) for name, function in ELEMENTWISE.items()},
    "is.na": Function(_is_missing),
    "as.numeric": Function(_as_numeric),
    "as.character": Function(_as_character),
    "factor": Function(_factor, ("levels", "ordered"), is_factor=True),
    "as.factor": Function(_as_factor, is_factor=True),
    "ordered": Function(_ordered, ("levels",), is_factor=True),
    "relevel": Function(_relevel, ("ref",)),
    "poly": Function(_poly, ("degree", "raw"), most=10, several_columns=True),
    "scale": Function(_scale, ("center", "scale"), positional=2),
}

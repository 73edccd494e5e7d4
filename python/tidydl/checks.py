"""Checks of arguments, each returning the value in its type.

``R/checks.R`` mirrors them.
"""

from __future__ import annotations

import math
import numbers
import os
import sys
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypeGuard

from tidydl import rendering
from tidydl.boundaries import PASSING, USER_OBJECTS
from tidydl.errors import ArgumentError, DataError, one_of, unknown_name

if TYPE_CHECKING:
    import numpy as np


def check_path_name(argument: str, path: str | os.PathLike[str]) -> None:
    """Refuse a path with characters that file names cannot have in this locale."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError as problem:
        raise ArgumentError(
            f"`{argument}` '{os.fspath(path)}' has characters that file names cannot have in this locale.",
            allowed=f"Characters of the encoding '{sys.getfilesystemencoding()}'.",
            hint="Start the session in a UTF-8 locale, such as LANG=C.UTF-8.",
        ) from problem


def check_count(argument: str, value: object, minimum: int = 0, *, hint: str | None = None) -> int:
    """Return a whole number that is at least ``minimum``; 3.0 counts as 3."""
    if _is_finite(value) and value == round(value) and value >= minimum:
        return int(value)
    raise _refusal(argument, value, f"A whole number, {minimum:.15g} or more.", hint)


def check_number(
    argument: str,
    value: object,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    *,
    hint: str | None = None,
) -> float:
    """Return a finite number within bounds, both included."""
    if _is_finite(value) and minimum <= value <= maximum:
        return float(value)
    raise _refusal(argument, value, _number_allowed(minimum, maximum), hint)


def _number_allowed(minimum: float, maximum: float) -> str:
    if minimum == -math.inf and maximum == math.inf:
        return "A number."
    if maximum == math.inf:
        return f"A number, {minimum:.15g} or more."
    if minimum == -math.inf:
        return f"A number, {maximum:.15g} or less."
    return f"A number from {minimum:.15g} to {maximum:.15g}."


def check_flag(argument: str, value: object, *, hint: str | None = None) -> bool:
    """Return True or False; 1 and "yes" are neither."""
    if _is_flag(value):
        return bool(value)
    raise _refusal(argument, value, f"{rendering.value(True)} or {rendering.value(False)}.", hint)


def check_choice(argument: str, value: object, choices: Sequence[str]) -> str:
    """Return one of the choices, spelled exactly; the error suggests the nearest."""
    if not isinstance(value, str):
        raise _refusal(argument, value, one_of(choices))
    if value not in choices:
        raise unknown_name(argument, value, choices, error=ArgumentError)
    return value


def check_text(argument: str, value: object, allowed: str = "A string.", *, hint: str | None = None) -> str:
    """Return a string as a plain one."""
    if isinstance(value, str):
        return str.__str__(value)
    raise _refusal(argument, value, allowed, hint)


def check_texts(argument: str, value: object) -> list[str]:
    """Return one string or several as a list."""
    listed = [value] if isinstance(value, str) else _elements(value)
    if listed is not None and all(isinstance(each, str) for each in listed):
        return [str.__str__(each) for each in listed]
    raise _refusal(argument, value, "One string, or several.")


def _elements(value: object) -> list[Any] | None:
    if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes | bytearray):
        return None
    return list(value) if getattr(value, "ndim", 1) == 1 else None


def check_numbers(argument: str, value: object) -> np.ndarray:
    """Return one number or several as a one-dimensional array of doubles, missing ones as NaN."""
    values = None if value is None else numbers_in(value)
    if values is None or values.ndim > 1:
        raise _refusal(argument, value, "One number, or several.")
    return values.reshape(-1)


def numbers_in(value: object) -> np.ndarray | None:
    """Return numbers and logicals as doubles, missing ones as NaN; None if there is anything else among them."""
    import numpy as np

    try:
        with USER_OBJECTS.guard("An array"):
            values = np.asarray(value)
    except DataError:
        return None
    if values.dtype.kind in "biuf" and str(getattr(value, "dtype", "")) != "category":
        return values.astype(np.float64, copy=False)
    if values.dtype != object:
        return None
    each = values.ravel().tolist()
    if not all(one is None or _is_number(one) or _is_flag(one) or _is_missing(one) for one in each):
        return None
    doubles = [_double(one) if _is_number(one) or _is_flag(one) else math.nan for one in each]
    return np.array(doubles, dtype=np.float64).reshape(values.shape)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}


def _is_number(value: object) -> TypeGuard[float]:
    # numpy's numbers are registered with the abstract classes, so numpy need not be there
    return isinstance(value, numbers.Real) and not _is_flag(value)


def _double(value: float) -> float:
    """Return a number as a double; a whole number beyond the largest double is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_finite(value: object) -> TypeGuard[float]:
    return _is_number(value) and math.isfinite(_double(value))


def _refusal(argument: str, value: object, allowed: str, hint: str | None = None) -> ArgumentError:
    return ArgumentError(f"`{argument}` is {described(value)}.", allowed=allowed, hint=hint)


def described(value: object) -> str:
    """Describe a value for messages: itself if it is short, else its type."""
    try:
        return _described(value)
    except PASSING:
        raise
    except BaseException:  # an object whose own methods fail
        return _of_class(value)


def _described(value: object) -> str:
    if value is None or isinstance(value, str):
        return rendering.value(value)
    if _is_flag(value):
        return rendering.value(bool(value))
    if _is_missing(value):
        return rendering.missing()
    if _is_number(value):
        double = _double(value)
        return f"{double:.15g}" if math.isfinite(double) else rendering.value(double)
    if _is_frame(value):
        return "a data frame"
    if isinstance(value, (set, frozenset)):
        return "a set"
    if isinstance(value, Mapping):
        kind = rendering.by_language(_of_class(value), "a named list")
        return f"{kind} with {len(value)} value{'' if len(value) == 1 else 's'}"
    if isinstance(value, Sized) and getattr(value, "ndim", 1) > 0:
        return "1 value in a list" if len(value) == 1 else f"{len(value)} values"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "something else" if isinstance(value, complex) else _of_class(value)


def _is_missing(value: object) -> bool:
    return (_is_number(value) and math.isnan(_double(value))) or type(value).__name__ in {"NAType", "NaTType"}


def _of_class(value: object) -> str:
    kind = type(value).__name__
    return f"{_article(kind)} {kind}"


def _is_frame(value: object) -> bool:
    return any(each.__name__ == "DataFrame" for each in type(value).__mro__)


def _article(word: str) -> str:
    # of letters that are spelled out, as in NNet, the first is spoken by its name
    spelled = len(word) > 1 and word[:2].isupper()
    return "an" if word[:1] in ("AEFHILMNORSX" if spelled else "AEIOaeio") else "a"


def frame_hint(value: object) -> str | None:
    """Return a hint on how to convert a value to a data frame, if there is a way."""
    holds_columns = isinstance(value, Mapping) or getattr(value, "ndim", 0) == 2
    if not holds_columns or _is_frame(value):
        return None
    return f"Make a data frame of it: {rendering.call('pandas.DataFrame', '...')}"

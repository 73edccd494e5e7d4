"""The arguments of a fit as its call shows them, and as R's ``update()`` fits it again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tidydl.design.deparse import written
from tidydl.design.syntax import Constant, Name

_MOST_SHOWN = 200  # numbers that a call writes out


def given_arguments(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that are not left at their defaults.

    Parameters
    ----------
    function
        The function that was called.
    arguments
        Its local variables.

    Returns
    -------
    dict
        By R's names of them: single values, R's code as text, and for what cannot be written the name of the argument.
    """
    shown: dict[str, Any] = {}
    for name, each in _parameters(function).items():
        value = arguments.get(name)
        if name in ("values", "more", "progress") or (each.default is not each.empty and value is each.default):
            continue
        if isinstance(value, (bool, int, float, str)) and value == each.default:
            continue
        shown[name.replace("_", ".")] = _shown(name, value)
    return shown


@functools.cache
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def _shown(name: str, value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str):
        return value if name in ("formula", "weights", "subset") else written(Constant(value))
    if isinstance(value, (bool, int, float)):
        return value
    if name == "contrasts":
        return _contrasts(value)
    if name in ("mask", "decay", "Wts") and (numbers := np.ravel(np.asarray(value))).size <= _MOST_SHOWN:
        shown = [("FALSE", "TRUE")[int(each)] if numbers.dtype.kind == "b" else repr(float(each)) for each in numbers]
        return f"c({', '.join(shown)})"
    return name


def _contrasts(value: Any) -> str:
    """Write codings that are known by name; others get a name that R does not have."""
    if isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values()):
        return (
            f"list({', '.join(f'{written(Name(name))} = {written(Constant(each))}' for name, each in value.items())})"
        )
    return "contrasts_of_the_fit"

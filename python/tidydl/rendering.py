"""Values, types and calls in messages, as the user's language writes them: ``None`` in Python, ``NULL`` in R.

A message is an ordinary f-string. What the two languages write differently stands in it as a call of one of these
functions: ``f"`x` is {value(None)}."``. They write Python unless R has called, see :func:`for_r`.
"""

from __future__ import annotations

import contextvars
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

__all__ = ["argument", "by_language", "call", "for_r", "in_this_language", "mapping", "missing", "type_name", "value"]

Result = TypeVar("Result")

_for_r: contextvars.ContextVar[bool] = contextvars.ContextVar("tidydl_for_r", default=False)

_TYPES = {"a PIL image": "a raster", "bytes": "a raw vector", "dict": "named list", "dicts": "named lists"}
_FUNCTIONS = {
    "pandas.DataFrame": "as.data.frame",
    "pandas.read_csv": "read.csv",
    "set_seed": "set.seed",
}
_ARGUMENTS = {"decimal": "dec"}


@contextmanager
def for_r() -> Iterator[None]:
    """Write messages for R during a call from R."""
    before = _for_r.set(True)
    try:
        yield
    finally:
        _for_r.reset(before)


def in_this_language(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return a function for another thread, whose messages are in the language of this one."""
    return partial(contextvars.copy_context().run, function)


def by_language(python: str, r: str) -> str:
    """Return the text for the user's language, where no other function applies."""
    return r if _for_r.get() else python


def value(obj: object) -> str:
    """Write a value as code: ``None`` or ``NULL``, ``{'a': [1, 2]}`` or ``list(a = c(1, 2))``."""
    if obj is None:
        return by_language("None", "NULL")
    if isinstance(obj, bool):
        return by_language(str(obj), str(obj).upper())
    if isinstance(obj, float) and not math.isfinite(obj):
        return missing() if math.isnan(obj) else by_language(str(obj), str(obj).replace("inf", "Inf"))
    if isinstance(obj, Mapping):
        return mapping(**{str(name): value(each) for name, each in obj.items()})
    if isinstance(obj, (list, tuple)):
        listed = ", ".join(by_language("None", "NA") if each is None else value(each) for each in obj)
        return by_language(f"[{listed}]", f"c({listed})")
    return repr(obj)


def mapping(**code: str) -> str:
    """Write the code of values by name: ``{'rate': 16000}`` or ``list(rate = 16000)``."""
    python = ", ".join(f"{name!r}: {each}" for name, each in code.items())
    return by_language(f"{{{python}}}", f"list({', '.join(f'{name} = {each}' for name, each in code.items())})")


def missing() -> str:
    """Write a missing value: ``a missing value``, or ``NA``."""
    return by_language("a missing value", "NA")


def type_name(name: str) -> str:
    """Write the name of a type: ``dict``, or ``named list``."""
    return by_language(name, _TYPES[name])


def argument(name: str, code: str) -> str:
    """Write an argument that is given by name: ``decimal=','``, or ``dec = ','``."""
    return by_language(f"{name}={code}", f"{_ARGUMENTS.get(name, name)} = {code}")


def call(function: str, *arguments: str) -> str:
    """Write a call: ``pandas.read_csv(path)``, or ``read.csv(path)``."""
    return by_language(function, _FUNCTIONS.get(function, function)) + f"({', '.join(arguments)})"

"""Python's own objects in R: modules, functions, models and data sets, as courses use them.

R holds an object by reticulate's reference to it and calls :func:`perform` for all that it does with one. Values come
back as R has them (``object_values.py``), everything else as the object; errors and interrupts come back as data.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tidydl import rendering
from tidydl.bridge.decode import decode
from tidydl.bridge.interrupts import Watch
from tidydl.bridge.jobs import away_from_working_folder, error_record
from tidydl.bridge.object_values import crossing, knows_inputs
from tidydl.bridge.r_functions import FAILED, INTERRUPTED, RFunction, RFunctionError, by_batches
from tidydl.bridge.text import Repairs, short_text
from tidydl.bridge.vectors import Record
from tidydl.bridge.whole_numbers import with_integers
from tidydl.errors import DependencyError, TidydlError, nearest


class Answer:
    """What R is told of an action, unless it is the object alone.

    Attributes
    ----------
    content
        The state, what comes with it, and what was printed meanwhile.
    object
        What the value was made of, where R asks for it again: an object, or a result of a pipeline.
    """

    def __init__(self, state: str, value: object = None, of: object = None, about: object = None):
        self.content = (state, value, "", about)
        self.object = of


class _DrawsError(Exception):
    """Raised where a call draws random numbers, for which R has a seed."""


class _Draws:
    """Whose random numbers are drawn: R's, until Python's ``set_seed()`` is called."""

    are_of_python = False


_draws = _Draws()


def perform(
    action: str,
    target: object,
    arguments: list[Any] | None = None,
    keywords: Mapping[str, Any] | None = None,
    convert: bool = True,
    capture: bool = False,
) -> object:
    """Do something with an object for R.

    Parameters
    ----------
    action
        One of the names below, such as ``"attribute"`` or ``"call"``.
    target
        The object, or the name of what is to be found.
    arguments, keywords
        What it is done with.
    convert
        Whether values come back as R has them, or as objects of Python.
    capture
        Whether what is printed meanwhile is given to R, because it writes a page.

    Returns
    -------
    object
        An :class:`Answer`, or the object itself.
    """
    printed = io.StringIO()
    repairs = Repairs()
    path = contextlib.nullcontext() if action == "run" else away_from_working_folder()
    output = contextlib.redirect_stdout(printed if capture else sys.stdout)
    with Watch() as watch, rendering.for_r(), path, output:
        try:
            value = watch.work(ACTIONS[action], target, *(arguments or ()), keywords or {})
            answer = _answer(value, convert, repairs)
        except (KeyboardInterrupt, GeneratorExit):
            answer = Answer("interrupted")
        except StopIteration:
            answer = Answer("end")
        except _DrawsError:
            answer = Answer("draws", _draws.are_of_python)
        except BaseException as error:
            answer = Answer("error", _error(error, repairs))
    if watch.seen:
        answer = Answer("interrupted")
    text = printed.getvalue()
    if not isinstance(answer, Answer):
        if callable(answer):
            answer = Answer("callable", of=answer)
        elif text:
            answer = Answer("object", of=answer)
    if text and isinstance(answer, Answer):
        answer.content = (*answer.content[:2], text, answer.content[3])
    return answer


def _answer(value: object, convert: bool, repairs: Repairs) -> object:
    if not convert or isinstance(value, ModuleType):
        return value
    state, written = crossing(value, repairs)
    if state == "object":
        return value
    if knows_inputs(value):
        return Answer(state, written, of=value, about=_about(value, repairs))
    return Answer(state, written)


def _about(result: Any, repairs: Repairs) -> Record:
    """Return what a result of a pipeline knows of its call."""
    state, inputs = crossing(result.inputs, repairs)
    inputs = None if state == "object" else inputs
    return {"task": result.task, "state": state, "inputs": inputs, "missing": _has_missing(result)}


def _has_missing(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_has_missing, value.values() if isinstance(value, dict) else value))
    return value is None or (isinstance(value, float) and value != value)


def _error(error: BaseException, repairs: Repairs) -> Record:
    record = error_record(error, repairs)
    if isinstance(error, TidydlError):
        return record
    kind = "dependency" if isinstance(error, ModuleNotFoundError) else "python"
    if isinstance(error, RFunctionError) or isinstance(error.__cause__ or error.__context__, RFunctionError):
        kind = "function"
    problem = f"{type(error).__name__}: {error}".rstrip(": ")
    parts = {"kind": kind, "problem": problem, "hint": getattr(error, "__notes__", [None])[0]}
    return {**record, **{name: short_text([part], "A message", repairs) for name, part in parts.items()}}


def _import(name: str, _: Mapping[str, Any]) -> object:
    """Import a module: one of a library, or else of the working folder, which shall hide no library."""
    find = importlib.import_module("tidydl.workshop").course_module
    try:
        return find(name)
    except (ModuleNotFoundError, DependencyError):
        first = name.partition(".")[0]
        if not (Path(f"{first}.py").is_file() or Path(first).is_dir()):
            raise
    sys.path.append("")
    try:
        return find(name)
    finally:
        sys.path.remove("")


def _quiet(_: None, __: Mapping[str, Any]) -> None:
    """Show no progress of any library that is loaded from now on."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _available(name: str, _: Mapping[str, Any]) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _attribute(target: Any, name: str, _: Mapping[str, Any]) -> object:
    try:
        return getattr(target, name)
    except AttributeError as error:
        if isinstance(target, ModuleType):
            with contextlib.suppress(ModuleNotFoundError):
                return importlib.import_module(f"{target.__name__}.{name}")
        if hasattr(type(target), "__getitem__") and hasattr(type(target), "keys"):
            with contextlib.suppress(KeyError):
                return target[name]
        error.add_note(_near(target, name))
        raise


def _near(target: object, name: str) -> str:
    if name in (getattr(target, "column_names", None) or ()):
        return f'`{name}` is a column: write `["{name}"]`.'
    close = nearest(name, _names(target, {}))
    return f"Did you mean '{close}'?" if close else "names() lists what it has."


def _item(target: Any, key: Any, _: Mapping[str, Any]) -> object:
    """Return an item, or, of what has no items, an attribute."""
    if not hasattr(type(target), "__getitem__") and isinstance(key, str):
        return _attribute(target, key, {})
    return target[_index(key)]


def _index(key: Any) -> Any:
    """Return numbers of R's as the integers that count items."""
    if isinstance(key, list):
        return [_index(each) for each in key]
    return int(key) if isinstance(key, float) and key.is_integer() else key


def _items(target: Any, *keys: Any) -> object:
    return target[tuple(slice(None) if key is None else _index(key) for key in keys[:-1])]


def _set_attribute(target: Any, name: str, value: object, _: Mapping[str, Any]) -> None:
    setattr(target, name, value)


def _set_item(target: Any, key: Any, value: object, _: Mapping[str, Any]) -> None:
    target[_index(key)] = value


def _call(target: Any, *operands: Any) -> object:
    *arguments, keywords = operands
    if getattr(type(target), "may_draw", False) and target.may_draw and "seed" not in keywords:
        raise _DrawsError
    if getattr(target, "__name__", "") == "set_seed":
        _draws.are_of_python = True
    return _call_as_is(target, *arguments, keywords)


def _call_as_is(target: Callable[..., Any], *operands: Any) -> object:
    *arguments, keywords = operands
    arguments, keywords = by_batches(target, *with_integers(target, arguments, keywords))
    return target(*arguments, **keywords)


def _draw_by_r(_: None, __: Mapping[str, Any]) -> None:
    _draws.are_of_python = False


def _names(target: Any, _: Mapping[str, Any]) -> list[str]:
    if isinstance(target, Mapping) or (hasattr(target, "keys") and hasattr(type(target), "__getitem__")):
        return [str(key) for key in target.keys()]  # noqa: SIM118 - not all of them are mappings
    return [name for name in dir(target) if not name.startswith("_")]


def _completions(target: Any, _: Mapping[str, Any]) -> list[str]:
    """Return what may follow `$`, none of which is looked at: some modules load libraries for it, or warn."""
    names = [name for name in dir(target) if not name.startswith("_")]
    return [*_names(target, {}), *names] if hasattr(type(target), "keys") else names


def _length(target: Any, _: Mapping[str, Any]) -> int:
    return len(target) if hasattr(type(target), "__len__") else 1


def _run(target: str, local: bool, _: Mapping[str, Any]) -> dict[str, Any]:
    main = sys.modules["__main__"].__dict__
    space = dict(main) if local else main
    exec(compile(target, "<string>", "exec"), space)
    return space


def _public_names(target: dict[str, Any], _: Mapping[str, Any]) -> list[str]:
    return [name for name, value in target.items() if not name.startswith("_") and not isinstance(value, ModuleType)]


def _array(target: Any, dtype: Any, order: str, _: Mapping[str, Any]) -> object:
    import numpy as np

    return np.array(target, dtype=dtype, order=order)  # type: ignore[call-overload]


def _times(target: Record, single: bool, _: Mapping[str, Any]) -> object:
    """Return dates, times and durations of R as those of Python, a missing one as None."""
    series = decode({**target, "scalar": False})
    values = series.dt.date if target["kind"] == "date" else series
    listed = [None if value != value else _bare_time(value) for value in values]
    return listed[0] if single else listed


def _bare_time(value: Any) -> object:
    return next((getattr(value, name)() for name in ("to_pydatetime", "to_pytimedelta") if hasattr(value, name)), value)


def _numbers(target: Any, _: Mapping[str, Any]) -> object:
    """Return what holds numbers as an array: tensors, which may be on another device, included."""
    import numpy as np

    for step in ("detach", "cpu"):
        target = getattr(target, step)() if hasattr(target, step) else target
    return np.asarray(target)


def _frame(target: Any, _: Mapping[str, Any]) -> object:
    if hasattr(target, "to_pandas"):
        return target.to_pandas()
    import pandas as pd

    return pd.DataFrame(target)


def _each(target: Any, _: Mapping[str, Any]) -> Iterator[Any]:
    return iter(target)


ACTIONS: dict[str, Callable[..., object]] = {
    "import": _import,
    "available": _available,
    "attribute": _attribute,
    "item": _item,
    "items": _items,
    "set attribute": _set_attribute,
    "set item": _set_item,
    "call": _call,
    "call as is": _call_as_is,
    "draw by R": _draw_by_r,
    "quiet": _quiet,
    "names": _names,
    "completions": _completions,
    "length": _length,
    "text": lambda target, _: repr(target),
    "string": lambda target, _: str(target),
    "value": lambda target, _: target,
    "record": lambda target, _: decode(target),
    "list": lambda target, _: target if hasattr(target, "keys") else list(target),
    "dict": lambda target, values, _: dict(zip(map(_index, target), values, strict=True)),
    "tuple": lambda target, *_: tuple(target),
    "function": lambda target, _: RFunction(target),
    "run": _run,
    "public names": _public_names,
    "array": _array,
    "numbers": _numbers,
    "times": _times,
    "frame": _frame,
    "iterator": _each,
    "next": lambda target, _: next(target),
    "operator": lambda target, other, name, _: getattr(operator, name)(target, other),
    "enter": lambda target, _: type(target).__enter__(target),
    "leave": lambda target, _: type(target).__exit__(target, None, None, None),
    "no value": lambda target, _: {"failed": FAILED, "interrupted": INTERRUPTED}[target],
}

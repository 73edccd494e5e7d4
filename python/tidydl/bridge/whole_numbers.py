"""Integers of calls that R writes as doubles: 3 is 3.0 for Python, which many functions refuse or take otherwise."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

# What generate(), pipelines and tokenizers take by `**kwargs`, which say nothing of what they are, and what libraries
# do not annotate: the shapes of arrays, the sizes of layers.
_INTEGERS = frozenset(
    (
        "axis",
        "batch_size",
        "device",
        "dim",
        "epochs",
        "filters",
        "initial_epoch",
        "input_dim",
        "input_length",
        "input_shape",
        "kernel_size",
        "max_length",
        "max_new_tokens",
        "min_length",
        "min_new_tokens",
        "newshape",
        "no_repeat_ngram_size",
        "num_beam_groups",
        "num_beams",
        "num_classes",
        "num_labels",
        "num_proc",
        "num_return_sequences",
        "num_train_epochs",
        "num_workers",
        "output_dim",
        "pad_to_multiple_of",
        "pool_size",
        "seed",
        "shape",
        "stride",
        "strides",
        "target_size",
        "top_k",
        "units",
        "verbose",
    )
)


def with_integers(
    function: Callable[..., Any], arguments: list[Any], keywords: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call with integers where integers are meant.

    A whole number, or a list of them, is meant so where the parameter is annotated as integers, or has one as its
    default, or where it is one of those that are known by their names.
    """
    values = dict(keywords)
    if not any(map(_is_whole, (*arguments, *values.values()))):
        return arguments, values
    named, by_place = _integers_of(function)
    for name, value in values.items():
        if _is_whole(value) and named.get(name, name in _INTEGERS):
            values[name] = _as_integers(value)
    fits = zip(arguments, [*by_place, *[False] * len(arguments)], strict=False)
    return [_as_integers(value) if _is_whole(value) and meant else value for value, meant in fits], values


def _is_whole(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_whole, value))
    return type(value) is float and value.is_integer()


def _as_integers(value: Any) -> Any:
    return list(map(_as_integers, value)) if isinstance(value, list) else int(value)


def _integers_of(function: Callable[..., Any]) -> tuple[dict[str, bool], list[bool]]:
    """Read a signature once a function, and not once an object that has it as a method: models are not kept alive."""
    if inspect.ismethod(function):
        function, bound = function.__func__, True
    elif isinstance(function, type) or inspect.isroutine(function):
        bound = False
    else:
        function, bound = type(function).__call__, True
    named, by_place = _read(function)
    return named, by_place[bound:]


@lru_cache(maxsize=256)
def _read(function: Callable[..., Any]) -> tuple[dict[str, bool], list[bool]]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):  # of compiled functions
        return {}, []
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    named = {each.name: _means_integer(each) for each in parameters if each.kind not in variable and _is_told(each)}
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return named, [named.get(each.name, each.name in _INTEGERS) for each in parameters if each.kind in positional]


def _is_told(parameter: inspect.Parameter) -> bool:
    return parameter.annotation is not inspect.Parameter.empty or type(parameter.default) in (int, float)


def _means_integer(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        return type(parameter.default) is int
    names = set(re.findall(r"\w+", annotation if isinstance(annotation, str) else _name_of(annotation)))
    return "int" in names and "float" not in names


def _name_of(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)

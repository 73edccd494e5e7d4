"""The options of a pipeline, read once and checked; what earlier versions of transformers called them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidydl.checks import described
from tidydl.errors import ArgumentError, nearest, unknown_name

__all__ = ["DEFAULT", "Options", "read_options", "whole_number"]

DEFAULT = "default"
FUNCTIONS = ("default", "softmax", "sigmoid", "none")

# Arguments of older code that ask for what is done anyway: name -> the values that change nothing.
_ALREADY_SO: dict[str, tuple[Any, ...]] = {
    "framework": ("pt", None),
    "truncation": (True, "longest_first", "only_first"),
    "padding": (True, False, "longest"),
    "trust_remote_code": (False, None),
    "use_fast": (True, None),
    "num_workers": (0, 1, None),
}
_WRITE_NOW = {
    "framework": "tidydl computes with torch: leave `framework` out.",
    "truncation": "Texts longer than the model reads are shortened and counted: leave `truncation` out.",
    "padding": "Padding is chosen for speed and changes no score: leave `padding` out.",
    "trust_remote_code": "Code that comes with a model is never run: leave `trust_remote_code` out.",
    "use_fast": "The fast tokenizer is taken where there is one: leave `use_fast` out.",
    "num_workers": "Inputs are read in this process: leave `num_workers` out.",
}


@dataclass(frozen=True)
class Options:
    """What can be set when a pipeline is made and again in each call.

    ``top_k`` None means all labels; ``max_length`` counts tokens; ``batch_size`` caps the inputs of a batch.
    """

    top_k: int | None = 1
    function_to_apply: str = "default"
    max_length: int | None = None
    batch_size: int | None = None


NAMES = ("top_k", "return_all_scores", "function_to_apply", "max_length", "batch_size")


def read_options(given: Mapping[str, Any], base: Options, *, default_top_k: int | None) -> Options:
    """Check the options of a call and lay them over those the pipeline was made with.

    Raises
    ------
    ArgumentError
        Where an option has a wrong value, or is not known; suggests the nearest.
    """
    changed: dict[str, Any] = {}
    for name, value in given.items():
        if name == "top_k":
            if not (isinstance(value, str) and value == DEFAULT):
                changed["top_k"] = None if value is None else whole_number(name, value)
        elif name == "return_all_scores":
            if value not in (True, False, None):
                raise ArgumentError(f"`return_all_scores` is {described(value)}.", allowed="True or false.")
            if value is not None:
                changed["top_k"] = None if value else default_top_k
        elif name == "function_to_apply":
            changed[name] = _function(value)
        elif name in ("max_length", "batch_size"):
            changed[name] = None if value is None else whole_number(name, value)
        elif name in _ALREADY_SO:
            _refuse_unless_so(name, value)
        else:
            raise _unknown_option(name)
    return replace(base, **changed)


def _function(value: Any) -> str:
    name = "default" if value is None else str(value).lower()
    if name not in FUNCTIONS:
        raise unknown_name("function_to_apply", value, FUNCTIONS, error=ArgumentError)
    return name


def _refuse_unless_so(name: str, value: Any) -> None:
    if not any(value is same or (type(value) is type(same) and value == same) for same in _ALREADY_SO[name]):
        raise ArgumentError(
            f"`{name}` is {described(value)}.", allowed="Only what is done anyway.", hint=_WRITE_NOW[name]
        )


def _unknown_option(name: str) -> ArgumentError:
    close = nearest(name, NAMES)
    return ArgumentError(
        f"`{name}` is not an option of this pipeline.",
        allowed="Options are " + ", ".join(f"`{known}`" for known in NAMES) + ".",
        hint=f"Did you mean `{close}`?" if close else "?tidydl.pipeline tells what each does.",
    )


def whole_number(name: str, value: Any) -> int:
    """Read a positive whole number; 3.0, as R writes 3, is one."""
    is_number = not isinstance(value, bool) and hasattr(value, "__int__") and not isinstance(value, str)
    if not is_number or value != int(value) or value < 1:
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed="A whole number from 1 upwards.",
            hint="Leave it out for the default.",
        )
    return int(value)

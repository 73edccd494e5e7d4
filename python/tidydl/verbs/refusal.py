"""The error for classes without a method."""

from __future__ import annotations

from tidydl.checks import described
from tidydl.errors import ArgumentError


def no_method(verb: str, x: object, allowed: str = "results of nnet() and related functions") -> ArgumentError:
    """Build the error for an object without a method of a verb."""
    return ArgumentError(
        f"`x` is {described(x)}, for which there is no {verb}().", allowed=f"{verb}() takes {allowed}."
    )

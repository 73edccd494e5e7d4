"""Dispatch of verbs by the class of an object, with errors for arguments that its method does not have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from tidydl.boundaries import arguments_of
from tidydl.errors import ArgumentError, no_argument

Method = TypeVar("Method", bound=Callable[..., Any])


class Verb(Protocol):
    """A function whose method depends on the class of its first argument."""

    def __call__(self, x: object, *args: object, **kwargs: object) -> Any:
        """Call the method of the object's class."""

    def register(self, cls: type) -> Callable[[Method], Method]:
        """Register a function as the method of a class."""


def verb(refusal: Callable[..., Any]) -> Verb:
    """Build a verb from the function that raises the error for classes without a method.

    It is ``functools.singledispatch``, but arguments that a method does not have are refused by the verb's name with
    an :class:`tidydl.errors.ArgumentError`, where Python would name the method's own function.
    """
    dispatcher = functools.singledispatch(refusal)

    @functools.wraps(refusal)
    def called(x: object, *args: object, **kwargs: object) -> Any:
        with arguments_of(refusal.__name__):
            method = dispatcher.dispatch(type(x))
            if method is not refusal:
                _check(refusal.__name__, method, args, kwargs)
            return method(x, *args, **kwargs)

    called.register = dispatcher.register  # type: ignore[attr-defined]
    return cast(Verb, called)


def _check(name: str, method: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    parameters = list(inspect.signature(method).parameters.values())
    kinds = {each.kind for each in parameters}
    accepted = [each.name for each in parameters[1:] if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    by_position = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    if inspect.Parameter.VAR_POSITIONAL not in kinds and len(args) >= len(by_position):
        raise ArgumentError(
            f"`{name}()` was called with {1 + len(args)} positional arguments.",
            allowed=f"At most {len(by_position)}: {', '.join(f'`{each}`' for each in by_position)}.",
        )
    for keyword in kwargs:
        if keyword not in accepted and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise no_argument(name, keyword, accepted)
        if keyword in by_position[1 : 1 + len(args)]:
            raise ArgumentError(f"`{keyword}` is given twice: by position and by name.", allowed="One value.")

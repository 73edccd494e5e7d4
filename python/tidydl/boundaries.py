"""Guards where tidydl touches the outside world: every exception from there becomes one of our errors.

A boundary is a kind of external thing: files, the Hub, models, objects that a user passes. Code that touches
one does so inside ``BOUNDARY.guard(subject)``. An exception that leaves the block is raised again as a
:class:`TidydlError` with the original as its cause. Errors that are ours already, and requests to stop (Ctrl-C,
``SystemExit``, the closing of a generator), pass unchanged.

Some libraries raise more than ``Exception``: a panic in Rust code is a ``BaseException``. So guards catch that.
A warning that the user's own filters made an exception passes too.

The arguments of a public function may be anything, and any object may raise when it is inspected. So a public function
is :func:`guarded` as a whole, or guards what reads its arguments by :func:`arguments_of`. Arguments are checked all the
same: the guard is for what no check foresees.
"""

from __future__ import annotations

import errno
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from tidydl.errors import (
    DamagedFileError,
    DataError,
    DependencyError,
    DeviceError,
    HubError,
    NotFoundError,
    StorageError,
    TidydlError,
)

# Requests to stop are never converted, nor are warnings that a filter turns into exceptions.
PASSING = (KeyboardInterrupt, SystemExit, GeneratorExit, Warning)
FULL_DISK = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})

REPORT = "If the input is correct, this is a bug in tidydl: please report it with the traceback."

Explain = Callable[[BaseException], TidydlError | None]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Boundary:
    """One kind of thing outside, as ``docs/boundaries.md`` lists them, and what an exception from there becomes.

    ``touches`` says what lies outside, ``error`` is the class of an error about which nothing more is known, and
    ``verb`` says what could not be done, as in "cannot be read".
    """

    name: str
    touches: str
    error: type[TidydlError]
    verb: str

    @contextmanager
    def guard(
        self,
        subject: str,
        explain: Explain | None = None,
        *,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> Iterator[None]:
        """Raise whatever leaves the block as one of our errors.

        ``subject`` begins the message: ``"The file 'a.csv'"``. ``explain`` returns the error for an exception it knows,
        or None; ``allowed`` and ``hint`` are the other two parts of the message where it returns None.
        """
        try:
            yield
        except PASSING:
            raise
        except TidydlError:
            raise
        except BaseException as problem:
            raise _explained(explain, problem) or self.error_for(problem, subject, allowed, hint) from problem

    def error_for(
        self, problem: BaseException, subject: str, allowed: str | None = None, hint: str | None = None
    ) -> TidydlError:
        """Return the error for an exception that ``explain`` does not know."""
        if isinstance(problem, OSError) and problem.errno in FULL_DISK:
            return StorageError(
                f"{subject} cannot be written: the disk is full.",
                allowed="A disk with free space.",
                hint="Free some space.",
            )
        if isinstance(problem, MemoryError) or "out of memory" in first_line(problem).lower():
            return DeviceError(
                f"{subject} {self.verb}: there is not enough memory.",
                allowed=allowed,
                hint="Close other programs, or use less data at a time.",
            )
        if isinstance(problem, FileNotFoundError):
            return NotFoundError(f"{subject} {self.verb}: it does not exist.", allowed=allowed, hint=hint)
        if isinstance(problem, PermissionError):
            return StorageError(f"{subject} {self.verb}: permission denied.", allowed=allowed, hint=hint)
        if isinstance(problem, ModuleNotFoundError):
            return DependencyError(f"{subject} {self.verb}: {first_line(problem)}.", allowed=allowed, hint=hint)
        return self.error(f"{subject} {self.verb}: {first_line(problem)}.", allowed=allowed, hint=hint)


def _explained(explain: Explain | None, problem: BaseException) -> TidydlError | None:
    """Return what ``explain`` makes of an exception, None if that fails, as when its own message raises."""
    try:
        return None if explain is None else explain(problem)
    except (*PASSING, TidydlError):
        raise
    except BaseException:
        return None


def first_line(problem: BaseException, longest: int = 300) -> str:
    """Return the type and the first line of an exception's message, without a full stop at the end."""
    try:
        lines = str(problem).strip().splitlines()
    except PASSING:
        raise
    except BaseException:  # an exception whose own message fails
        lines = []
    text = f"{type(problem).__name__}: {lines[0].strip()}" if lines else type(problem).__name__
    return (text if len(text) <= longest else text[: longest - 1] + "…").rstrip(".")


DATA_FILES = Boundary(
    "data files", "tables, archives, images, audio and video in files", DamagedFileError, "cannot be read"
)
SAVED_MODELS = Boundary("saved models", "JSON that save_model() wrote", DamagedFileError, "cannot be read")
WRITTEN_FILES = Boundary("written files", "files and folders that tidydl writes", StorageError, "cannot be written")
HUB = Boundary("hub", "answers of the Hugging Face Hub and its client", HubError, "cannot be downloaded")
MODEL_LOADING = Boundary(
    "model loading", "transformers, tokenizers and safetensors reading a model", DamagedFileError, "cannot be loaded"
)
MODEL_RUNNING = Boundary(
    "model running", "a model, its tokenizer or its processor at work", DataError, "cannot be computed"
)
USER_OBJECTS = Boundary(
    "user objects", "frames, arrays and sequences of other libraries or the user", DataError, "cannot be used"
)

BOUNDARIES = {
    each.name: each
    for each in (DATA_FILES, SAVED_MODELS, WRITTEN_FILES, HUB, MODEL_LOADING, MODEL_RUNNING, USER_OBJECTS)
}


def arguments_of(function: str) -> AbstractContextManager[None]:
    """Return the guard of what reads the arguments of a public function."""
    return USER_OBJECTS.guard(f"An argument of `{function}()`", hint=REPORT)


def guarded(function: Function, name: str | None = None) -> Function:
    """Guard all that a public function does with its arguments; of a generator function each of its steps.

    Python's own error for a call that does not fit the signature passes: no line of the function ran. Messages
    call the function by ``name`` where it does the work of another.
    """
    name = name or function.__name__
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def steps(*args: object, **kwargs: object) -> Any:
            started = function(*args, **kwargs)
            with arguments_of(name):
                return (yield from started)

        return cast(Function, steps)

    @functools.wraps(function)
    def called(*args: object, **kwargs: object) -> Any:
        try:
            return function(*args, **kwargs)
        except (*PASSING, TidydlError):
            raise
        except BaseException as problem:
            if _never_ran(problem):
                raise
            raise USER_OBJECTS.error_for(problem, f"An argument of `{name}()`", hint=REPORT) from problem

    return cast(Function, called)


def _never_ran(problem: BaseException) -> bool:
    """Return whether an exception was raised by a call itself, before any line of what was called."""
    return problem.__traceback__ is not None and problem.__traceback__.tb_next is None

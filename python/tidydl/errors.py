"""The one tree of errors.

Every error says three things: what was wrong (naming the argument), what is allowed, and what to do next. The
``kind`` of an error is the last part of its condition class in R, ``tidydl_error_<kind>``, and its message there has
the same three parts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from tidydl.rendering import by_language, value


class TidydlError(Exception):
    """Base class of tidydl's own errors.

    Parameters
    ----------
    problem
        What is wrong, naming the argument or object: one sentence.
    allowed
        What is allowed: one sentence.
    hint
        What to do next: one sentence.
    place
        The index of the input, counted from 0, if the error concerns one of many inputs.

    Examples
    --------
    >>> import tidydl
    >>> try:
    ...     tidydl.example_data("bigfiv")
    ... except tidydl.TidydlError as error:
    ...     print(error.kind, error.hint, sep=": ")
    not_found: Did you mean 'bigfive'?
    """

    kind: ClassVar[str] = "error"

    def __init__(self, problem: str, *, allowed: str | None = None, hint: str | None = None, place: int | None = None):
        self.problem = printable(problem)
        self.allowed = printable(allowed) if allowed else allowed
        self.hint = printable(hint) if hint else hint
        self.place = place
        super().__init__(self.problem, self.allowed, self.hint)

    def __reduce__(self) -> Any:  # so that other processes can raise it
        return _again, (type(self), self.problem, self.allowed, self.hint, self.place)

    def __str__(self) -> str:
        lines = [self.problem]
        if self.allowed:
            lines.append(f"ℹ {self.allowed}")
        if self.hint:
            lines.append(f"→ {self.hint}")
        return "\n".join(lines)


# What a terminal obeys instead of showing it: names from files and data may hold it. The last ones turn the order of
# letters around.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_CONTROLS |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
_QUERY = re.compile(r"(://[^\s?#;'\"<>]*[?#;])[^\s'\"<>]+")


def printable(text: str) -> str:
    """Return a text as it can be shown: control characters as ``repr()`` writes them, URLs without what gives access.

    That are passwords before the host, and the query, which has the tokens of signed URLs.
    """
    if "://" in text:
        text = _QUERY.sub(r"\1…", _CREDENTIALS.sub("…@", text))
    return text.translate(_CONTROLS)


def _again(
    kind: type[TidydlError], problem: str, allowed: str | None, hint: str | None, place: int | None
) -> TidydlError:
    return kind(problem, allowed=allowed, hint=hint, place=place)


class ArgumentError(TidydlError, ValueError):
    """An argument has the wrong type, shape or value."""

    kind = "argument"


class ColumnError(TidydlError, LookupError):
    """A data frame lacks a column, or a column has the wrong type."""

    kind = "column"


class FormulaError(TidydlError, ValueError):
    """A formula cannot be parsed, or uses functions that are not allowed in formulas."""

    kind = "formula"


class DataError(TidydlError, ValueError):
    """The data are not suitable for the analysis: no rows, one class, not finite."""

    kind = "data"


class NotFoundError(TidydlError, LookupError):
    """A path, model, task, example or split does not exist."""

    kind = "not_found"


class DamagedFileError(TidydlError, OSError):
    """A file exists but cannot be read in its format."""

    kind = "damaged"


class StorageError(TidydlError, OSError):
    """The cache folder cannot be written: it is read-only, or the disk is full."""

    kind = "storage"


class DeviceError(TidydlError, RuntimeError):
    """The requested device is not available, or ran out of memory."""

    kind = "device"


class DependencyError(TidydlError, ImportError):
    """A library is missing, too old or too new."""

    kind = "dependency"


class HubError(TidydlError, ConnectionError):
    """The Hugging Face Hub does not respond, or refuses access."""

    kind = "hub"


class BridgeError(TidydlError):
    """The crossing between R and Python failed: the halves differ in version, or a value has no counterpart."""

    kind = "bridge"


_MANY = 40  # names that a message lists at most


def one_of(names: Iterable[object]) -> str:
    """Write names as the allowed part of a message: ``One of 'a', 'b', 'c'.``."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > _MANY:
        return f"One of {len(quoted)}: {', '.join(quoted[:_MANY])}, …."
    return f"One of {', '.join(quoted)}." if quoted else "There are none."


def bring_extra(extra: str) -> str:
    """Return the command that installs optional libraries."""
    command = by_language(f'pip install "tidydl[{extra}]"', f'install_tidydl(extras = "{extra}")')
    return f"Install it with `{command}`, then restart the session."


def nearest(name: object, names: Iterable[object]) -> str | None:
    """Find the known name nearest to a mistyped one, or None."""
    candidates = {str(candidate).lower(): str(candidate) for candidate in names}
    close = difflib.get_close_matches(str(name).lower(), list(candidates), n=1, cutoff=0.6)
    return candidates[close[0]] if close else None


def unknown_name(
    argument: str,
    name: object,
    names: Iterable[object],
    *,
    hint: str | None = None,
    error: type[TidydlError] = NotFoundError,
) -> TidydlError:
    """Build the error for a name that is not among the known ones, suggesting the nearest.

    ``hint`` says what to do if no known name comes near.
    """
    names = list(names)
    close = nearest(name, names)
    return error(
        f"`{argument}` {value(name)} is not known.",
        allowed=one_of(names),
        hint=f"Did you mean '{close}'?" if close else hint,
    )


def no_argument(function: str, name: str, arguments: Iterable[str]) -> ArgumentError:
    """Build the error for an argument that a function does not have, naming the nearest that it has."""
    arguments = list(arguments)
    close = nearest(name, arguments)
    return ArgumentError(
        f"`{function}()` has no argument '{name}'.",
        allowed=one_of(arguments),
        hint=f"Did you mean '{close}'?" if close else None,
    )


def no_column(problem: str, name: object, columns: Iterable[object], argument: str = "data") -> ColumnError:
    """Build the error for a column that a data frame does not have, listing those it has and suggesting the nearest."""
    columns = list(columns)
    close = None if name is None else nearest(name, columns)
    listed = ", ".join(f"'{each}'" for each in columns[:_MANY]) + (", …" if len(columns) > _MANY else "")
    return ColumnError(
        problem,
        allowed=f"Columns of `{argument}`: {listed}.",
        hint=f"Did you mean '{close}'?" if close else None,
    )

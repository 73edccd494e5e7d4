"""What is wrong with a csv file, or looks so: its separator, its rows, its quotes, its decimal commas."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence

import pyarrow as pa
from pyarrow import csv
from pyarrow.csv import InvalidRow

from tidydl import rendering
from tidydl.data.readers.csv_columns import csv_settings, separator_of
from tidydl.data.readers.formats import TextOptions, open_bytes
from tidydl.data.readers.read_errors import damaged, uneven
from tidydl.errors import ArgumentError, DamagedFileError, TidydlError
from tidydl.user_warnings import warn_user

_SHOWN = 8  # names of columns
_BREAK = re.compile(r"\r\n|\r|\n")
_END = 2**16  # bytes
_LONGEST = 40  # letters that are shown of a field


def csv_fault(path: str, sep: str | None, error: Exception) -> TidydlError:
    """Build the error for a csv file that Arrow refuses: the row that is too long, the separator, or the damage."""
    separator = separator_of(path, sep)
    other = _other_separator(path, separator) if sep is None else None
    if other is not None:
        return _separated_otherwise(path, separator, other)
    row = _uneven_row(path, separator) if "columns, got" in str(error) else None
    return damaged(path, "csv", error) if row is None else uneven(path, row)


def _uneven_row(path: str, separator: str) -> InvalidRow | None:
    """Find the first row whose fields are not as many as the header's."""
    rows: list[InvalidRow] = []

    def note(row: InvalidRow) -> str:
        rows.append(row)
        return "skip"

    settings = csv_settings(separator, 2**24, include=["\0"])
    settings["read_options"].use_threads = False  # which alone counts the rows
    settings["read_options"].encoding = "latin1"  # in which rows of any bytes are told of
    settings["parse_options"].invalid_row_handler = note
    settings["convert_options"].include_missing_columns = True
    try:
        for _ in csv.open_csv(open_bytes(path), **settings):
            if rows:
                break
    except (pa.ArrowException, OSError):
        pass  # the first error says what is wrong
    return rows[0] if rows else None


def _other_separator(path: str, separator: str) -> str | None:
    """Name what plainly separates the header of a file that the separator is not in; None where nothing does."""
    with open_bytes(path) as file:
        header = io.BufferedReader(file).readline().decode("utf-8", "replace")
    if separator in header:
        return None
    return next((other for other in (";", "\t", "|", ",") if other in header), None)


def tell_of_one_column(path: str, sep: str | None) -> None:
    """Warn of one column whose header has another separator, or refuse the file where ``sep`` was not given.

    Raises
    ------
    ArgumentError
        It has, and ``sep`` was not given.
    """
    separator = separator_of(path, sep)
    other = _other_separator(path, separator)
    if other is None:
        return
    if sep is None:
        raise _separated_otherwise(path, separator, other)
    warn_user(
        f"`sep` is {separator!r}, but the header of '{path}' does not contain it, so there is only one column. "
        f"It contains {other!r}: did you mean sep = {json.dumps(other)}?"
    )


def tell_of_decimal_commas(path: str, options: TextOptions, names: Sequence[str]) -> None:
    """Warn of columns that are text for their decimal commas, where columns are not separated by commas too."""
    separator = separator_of(path, options.sep)
    names = [name for name in names if name not in (options.texts or ())]
    if not names or separator == ",":
        return
    some = ", ".join(repr(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    arguments = (rendering.argument("sep", repr(separator)), rendering.argument("decimal", "','"))
    warn_user(
        f"`path` '{path}' has numbers with decimal commas, which are read as text: {some}. "
        f"For numbers, use {rendering.call('pandas.read_csv', 'path', *arguments)}."
    )


def _separated_otherwise(path: str, separator: str, other: str) -> ArgumentError:
    return ArgumentError(
        f"`path` '{path}' has a header separated by {other!r}, not by {separator!r}.",
        allowed="A csv file separated by commas, or another `sep`.",
        hint=f"Add sep = {json.dumps(other)}.",
    )


def refuse_open_quote(path: str, last: pa.Table) -> None:
    """Refuse a file whose last field begins with a quote that nothing closes: the rows behind it would be its text.

    Parameters
    ----------
    path
        The file.
    last
        Its rows, or the last of them.

    Raises
    ------
    DamagedFileError
        Such a field is the last.
    """
    cell = last.column(-1)[-1].as_py() if last.num_rows else None
    value = cell if isinstance(cell, str) else ""
    first = _BREAK.search(value)
    if first is None:
        return  # a quote that is closed may stand around several lines, as one that is not does
    end = b""
    with open_bytes(path) as file:
        while block := file.read(_END):
            end = end[-_END:] + block
    closed = rb'[\r\n]"[\r\n]*' if value[-1] in "\r\n" else rb'"[\r\n]*'
    if not re.search(closed + rb"\Z", end):
        raise DamagedFileError(
            f"`path` '{path}' has an unclosed quote in its last column; after it are "
            f"{len(_BREAK.findall(value)):,} line breaks, which would be part of one value.",
            allowed="A closing quote for each opening one.",
            hint="Fix the row that begins with " + repr(value[: first.start()][:_LONGEST]),
        )

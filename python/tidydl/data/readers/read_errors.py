"""What is wrong with a file that cannot be read, in words that say what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyarrow.csv import InvalidRow

from tidydl import rendering
from tidydl.boundaries import DATA_FILES
from tidydl.errors import DamagedFileError, DataError, NotFoundError, TidydlError

_MIXED = re.compile(r"[^(]*Column\(/(.*)\) changed from (\w+) to (\w+)", re.DOTALL)
_READ_BY = {  # in Python and in R
    ".sav": ("pandas.read_spss(path)", "haven::read_sav(path)"),
    ".zsav": ("pandas.read_spss(path)", "haven::read_sav(path)"),
    ".dta": ("pandas.read_stata(path)", "haven::read_dta(path)"),
    ".sas7bdat": ("pandas.read_sas(path)", "haven::read_sas(path)"),
    ".xpt": ("pandas.read_sas(path, format='xport')", "haven::read_xpt(path)"),
    ".xlsx": ("pandas.read_excel(path)", "readxl::read_excel(path)"),
    ".xls": ("pandas.read_excel(path)", "readxl::read_excel(path)"),
    ".ods": ("pandas.read_excel(path)", "readODS::read_ods(path)"),
    ".feather": ("pandas.read_feather(path)", "arrow::read_feather(path)"),
    ".arrow": ("pandas.read_feather(path)", "arrow::read_feather(path)"),
    ".orc": ("pandas.read_orc(path)", "the package arrow, which also writes parquet files"),
    ".tab": ("pandas.read_csv(path, sep='\\t')", "read.delim(path)"),
    ".psv": ("pandas.read_csv(path, sep='|')", "read.delim(path, sep = '|')"),
}
_OF_R = (".rds", ".rda", ".rdata")
UNSUPPORTED_MEDIA = {
    **dict.fromkeys((".heic", ".heif", ".jxl", ".svg", ".psd", ".dng", ".cr2", ".nef", ".arw"), ".png or .jpg"),
    **dict.fromkeys((".ape", ".mka", ".caf", ".aifc", ".m4b"), ".wav or .flac"),
}
_AS = {"csv": "'CSV UTF-8'"}


@contextmanager
def reading(path: str, kind: str) -> Iterator[None]:
    """Raise whatever comes of reading a file as one of our errors, by :func:`damaged`."""
    with DATA_FILES.guard(f"`path` '{path}'", lambda error: damaged(path, kind, error)):
        yield


def damaged(path: str, kind: str, error: BaseException) -> TidydlError:
    """Build the error for a file that is not what it should be, or no longer exists."""
    if isinstance(error, TidydlError):
        return error
    if isinstance(error, FileNotFoundError):
        return NotFoundError(
            f"`path` '{path}' no longer exists.",
            allowed="A file that exists until all of it has been read.",
            hint="Restore it, or load the data set again.",
        )
    if isinstance(error, (PermissionError, MemoryError)):
        return DATA_FILES.error_for(error, f"`path` '{path}'")
    if isinstance(error, UnicodeDecodeError):
        return not_utf8(path, kind, "in its header" if kind == "csv" else "a byte of another encoding")
    if "UTF8" in str(error):  # as Arrow calls it
        return not_utf8(path, kind, "in some column")
    if match := _MIXED.match(str(error)):
        return DataError(
            f"`path` '{path}' mixes types in column '{match[1].replace('/', '.')}': {match[2]} and {match[3]}.",
            allowed="Values of one type in a column.",
            hint="Write all of them as text, or use different column names.",
        )
    if isinstance(error, RecursionError):
        what = "its values are nested too deeply"
    else:
        what = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    return DamagedFileError(
        f"`path` '{path}' cannot be read as {kind}: {what}.",
        allowed=f"A complete {kind} file.",
        hint="Open it with the program that wrote it; the download or copy may be incomplete.",
    )


def how_to_read(suffix: str) -> str | None:
    """Return what reads a file of another program, by the ending of its name; None where nothing is known."""
    if suffix in _OF_R:
        return rendering.by_language(
            "Read it with load_dataset() in R; write_dataset() there makes a parquet file for both languages.",
            "Read it with load_dataset(), given its own path.",
        )
    if suffix in UNSUPPORTED_MEDIA:
        return f"Convert such files to {UNSUPPORTED_MEDIA[suffix]}."
    if suffix not in _READ_BY:
        return None
    function = rendering.by_language(*_READ_BY[suffix])
    return f"Read it with {function}: that data frame can be used directly, and write_dataset() stores it."


def empty_file(path: str, allowed: str) -> DamagedFileError:
    """Build the error for a file of no bytes."""
    return DamagedFileError(f"`path` '{path}' is an empty file.", allowed=allowed)


def not_utf8(path: str, kind: str, where: str) -> DamagedFileError:
    """Build the error for text in another encoding."""
    return DamagedFileError(
        f"`path` '{path}' is not UTF-8 text ({where}).",
        allowed="Text files in UTF-8.",
        hint=f"Save it again as {_AS.get(kind, 'UTF-8')}.",
    )


def refuse_wide_characters(path: str, kind: str, head: bytes) -> None:
    """Refuse text in UTF-16, which its first bytes tell."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        raise not_utf8(path, kind, "but UTF-16")


def refuse_other_bytes(path: str, content: bytes, kind: str, above: int = 0) -> None:
    """Refuse text that is not UTF-8; ``above`` are the lines that went before it."""
    if content.isascii():
        return
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = above + content.count(b"\n", 0, error.start) + 1
        raise not_utf8(path, kind, f"line {line}") from error


def refuse_other_encodings(schema: pa.Schema, path: str) -> None:
    """Refuse a table with a column that is no text in UTF-8."""
    binary = [field.name for field in schema if str(field.type) == "binary"]
    if binary:
        raise not_utf8(path, "csv", f"column '{binary[0]}'")


def uneven(path: str, row: InvalidRow) -> DamagedFileError:
    """Build the error for a row of csv with more or fewer fields than the header."""
    return DamagedFileError(
        f"`path` '{path}' has {row.actual_columns} fields in row {row.number}, but {row.expected_columns} in its"
        " header, which is row 1.",
        allowed="As many fields in each row as in the header.",
        hint="Fix that row: a field that contains the separator must be quoted.",
    )

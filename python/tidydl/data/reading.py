"""Read one local table file, csv, parquet or json, into an Arrow table.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError, DamagedFileError, TidydlError, unknown_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "READERS", "format_of"]

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
MISSING = ["", "NA"]  # as R's readr reads them
_LARGEST_BLOCK = 2**31 - 1


def format_of(path: Path) -> str:
    """Give the format of a file by its name: 'csv', 'parquet' or 'json'."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ArgumentError(
            f"`path` '{path}' is a file of an unknown kind ('{suffix}').",
            allowed=f"Files named {', '.join(FORMATS)}, or a folder of images.",
            hint="Name the kind: load_dataset('csv', data_files=path).",
        )
    return FORMATS[suffix]


def read_csv(path: str, *, sep: str | None = None, field: str | None = None) -> pa.Table:
    """Read a text table with a header; the separator is a comma, or a tab in files named .tsv."""
    import pyarrow as pa
    from pyarrow import csv

    _refuse("field", field, "csv")
    size = Path(path).stat().st_size
    if size == 0:
        raise DamagedFileError(f"`path` '{path}' is an empty file.", allowed="A csv file with a header line.")
    separator = sep or ("\t" if path.lower().endswith(".tsv") else ",")
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(block_size=min(max(size, 2), _LARGEST_BLOCK)),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                null_values=MISSING, strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        _refuse_other_separator(path, sep, separator)
        raise _damaged(path, "csv", error) from error
    if table.num_columns == 1:
        _refuse_other_separator(path, sep, separator)
    binary = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if binary:
        raise DamagedFileError(
            f"`path` '{path}' is not UTF-8 text (column '{binary[0]}').",
            allowed="Text files in UTF-8.",
            hint="Save it again as 'CSV UTF-8'.",
        )
    return table


def _refuse_other_separator(path: str, sep: str | None, separator: str) -> None:
    """Refuse a file whose header is plainly separated by something else, unless the caller named the separator."""
    with open(path, encoding="utf-8", errors="replace") as file:
        header = file.readline()
    if sep is not None or separator in header:
        return
    for other in (";", "\t", "|", ","):
        if other in header:
            raise ArgumentError(
                f"`path` '{path}' has a header separated by {other!r}, not by {separator!r}.",
                allowed="A csv file separated by commas, or `sep` saying otherwise.",
                hint=f"Add sep = {json.dumps(other)}.",
            )


def read_parquet(path: str, *, sep: str | None = None, field: str | None = None) -> pa.Table:
    """Read a parquet file with the metadata that says what its columns mean."""
    import pyarrow as pa
    from pyarrow import parquet

    _refuse("sep", sep, "parquet")
    _refuse("field", field, "parquet")
    try:
        return parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, "parquet", error) from error


def read_json(path: str, *, sep: str | None = None, field: str | None = None) -> pa.Table:
    """Read records: one JSON object a line, or an array of them, in a larger object named by ``field``."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    _refuse("sep", sep, "json")
    content = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        lines = _as_lines(content, field)
        if not lines.strip():
            return pa.table({})
        size = min(len(lines) + 1, _LARGEST_BLOCK)
        parse = arrow_json.ParseOptions(newlines_in_values=True)
        read = arrow_json.ReadOptions(block_size=size)
        return arrow_json.read_json(io.BytesIO(lines), read_options=read, parse_options=parse)
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, TidydlError):
            raise
        raise _damaged(path, "json", error) from error


READERS: dict[str, Callable[..., Any]] = {"csv": read_csv, "parquet": read_parquet, "json": read_json}


def _as_lines(content: bytes, field: str | None) -> bytes:
    """Give JSON as one object a line, which is the form Arrow reads."""
    start = content.lstrip()[:1]
    if field is None and start == b"{":
        try:
            whole = json.loads(content)
        except ValueError:  # several objects, one a line
            return content
        if not (whole and all(isinstance(value, list) for value in whole.values())):
            return content
        return _records(_from_columns(whole))
    whole = json.loads(content)
    if field is not None:
        if not isinstance(whole, dict) or field not in whole:
            raise unknown_name("field", field, whole if isinstance(whole, dict) else [])
        whole = whole[field]
    return _records(whole)


def _from_columns(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError("its columns differ in length")
    if all(isinstance(value, dict) for values in columns.values() for value in values):
        raise ArgumentError(
            f"`field` is needed: the records are inside {', '.join(repr(name) for name in columns)}.",
            hint=f"load_dataset('json', data_files=…, field={next(iter(columns))!r})",
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _records(whole: Any) -> bytes:
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise ValueError("it holds no records (objects with the same names)")
    return b"\n".join(json.dumps(record).encode() for record in whole)


def _refuse(argument: str, value: object, kind: str) -> None:
    if value is not None:
        raise ArgumentError(f"`{argument}` means nothing for a {kind} file.", hint=f"Leave `{argument}` out.")


def _damaged(path: str, kind: str, error: Exception) -> DamagedFileError:
    first = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    return DamagedFileError(
        f"`path` '{path}' cannot be read as {kind}: {first}.",
        allowed=f"A whole {kind} file.",
        hint="Open it with the program that wrote it; was the download or copy cut short?",
    )

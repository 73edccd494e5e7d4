"""Read one local table file, csv, parquet, json or plain text, into an Arrow table.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text. A name may end in .gz, .bz2 or .zst.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError, DamagedFileError, TidydlError, no_column, unknown_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "READERS",
    "TextOptions",
    "chosen",
    "csv_settings",
    "damaged",
    "format_of",
    "json_settings",
    "open_bytes",
    "places_of",
    "refuse",
    "refuse_other_encodings",
    "refuse_other_separator",
    "separator_of",
    "suffix_of",
]

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".txt": "text",
}
PACKED = (".gz", ".bz2", ".zst")
MISSING = ["", "NA"]  # as R's readr reads them
_LARGEST_BLOCK = 2**31 - 1


@dataclass(frozen=True)
class TextOptions:
    """What the caller says of text files: the separator of csv, the array of records in json."""

    sep: str | None = None
    field: str | None = None


_PLAIN = TextOptions()


def suffix_of(path: Path) -> str:
    """Give the ending of a file's name that says its format, in small letters."""
    suffixes = [each.lower() for each in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in PACKED else (suffixes or [""])[-1]


def format_of(path: Path) -> str:
    """Give the format of a file by its name: 'csv', 'parquet', 'json' or 'text'."""
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise ArgumentError(
            f"`path` '{path}' is a file of an unknown kind ('{suffix}').",
            allowed=f"Files named {', '.join(FORMATS)} or .zip, or a folder of such files, of images or of sounds.",
            hint="Name the kind: load_dataset('csv', data_files=path).",
        )
    return FORMATS[suffix]


def open_bytes(path: str) -> Any:
    """Open a file to be read from its start, unpacked where its name says that it is packed."""
    import pyarrow as pa

    return pa.input_stream(path, compression="detect")


def read_csv(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a text table with a header; the separator is a comma, or a tab in files named .tsv."""
    import pyarrow as pa
    from pyarrow import csv

    refuse("field", options.field, "csv")
    content, size = _content(path)
    if size == 0:
        raise DamagedFileError(f"`path` '{path}' is an empty file.", allowed="A csv file with a header line.")
    separator = separator_of(path, options.sep)
    try:
        table = csv.read_csv(content, **csv_settings(separator, min(max(size, 2), _LARGEST_BLOCK)))
    except pa.ArrowInvalid as error:
        refuse_other_separator(path, options.sep, separator)
        raise damaged(path, "csv", error) from error
    if table.num_columns == 1:
        refuse_other_separator(path, options.sep, separator)
    refuse_other_encodings(table.schema, path)
    return chosen(table, columns).slice(0, limit)


def _content(path: str) -> tuple[Any, int]:
    """Give the path, or what is in a packed file, and the size that it has unpacked."""
    import pyarrow as pa

    if not path.lower().endswith(PACKED):
        return path, Path(path).stat().st_size
    try:
        with open_bytes(path) as stream:
            held = stream.read_buffer()
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, "packed text", error) from error
    return pa.BufferReader(held), held.size


def separator_of(path: str, sep: str | None) -> str:
    """Give what separates the columns of a csv file."""
    return sep or ("\t" if suffix_of(Path(path)) == ".tsv" else ",")


def csv_settings(separator: str, block: int, types: Any = None) -> dict[str, Any]:
    """Give how pyarrow is to read csv: what is missing, what is text, and the types that are known already."""
    from pyarrow import csv

    return {
        "read_options": csv.ReadOptions(block_size=block),
        "parse_options": csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": csv.ConvertOptions(
            null_values=MISSING, strings_can_be_null=True, quoted_strings_can_be_null=False, column_types=types
        ),
    }


def refuse_other_encodings(schema: pa.Schema, path: str) -> None:
    """Refuse a table with a column that is no text in UTF-8."""
    binary = [field.name for field in schema if str(field.type) == "binary"]
    if binary:
        raise DamagedFileError(
            f"`path` '{path}' is not UTF-8 text (column '{binary[0]}').",
            allowed="Text files in UTF-8.",
            hint="Save it again as 'CSV UTF-8'.",
        )


def chosen(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Give the columns that are wanted, in that order; all where none are named."""
    return table if columns is None else table.select(places_of(table.schema.names, columns))


def places_of(names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Say where the wanted columns are among those there are.

    Raises
    ------
    ColumnError
        There is no such column.
    """
    for wanted in columns:
        if wanted not in names:
            raise no_column(f"`columns` names '{wanted}', which the data do not have.", wanted, names)
    return [names.index(wanted) for wanted in columns]


def refuse_other_separator(path: str, sep: str | None, separator: str) -> None:
    """Refuse a file whose header is plainly separated by something else, unless the caller named the separator."""
    with open_bytes(path) as file:
        header = io.BufferedReader(file).readline().decode("utf-8", "replace")
    if sep is not None or separator in header:
        return
    for other in (";", "\t", "|", ","):
        if other in header:
            raise ArgumentError(
                f"`path` '{path}' has a header separated by {other!r}, not by {separator!r}.",
                allowed="A csv file separated by commas, or `sep` saying otherwise.",
                hint=f"Add sep = {json.dumps(other)}.",
            )


def read_parquet(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a parquet file with the metadata that says what its columns mean, and no more of it than is wanted."""
    import pyarrow as pa
    from pyarrow import parquet

    refuse("sep", options.sep, "parquet")
    refuse("field", options.field, "parquet")
    try:
        file = parquet.ParquetFile(path)
        if columns is not None:
            places_of(file.schema_arrow.names, columns)
        if limit is None or limit >= file.metadata.num_rows:
            return _all_rows(file, path, columns)
        return chosen(_first_rows(file, columns, limit), columns)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, TidydlError):
            raise
        raise damaged(path, "parquet", error) from error


def _all_rows(file: Any, path: str, columns: Sequence[str] | None) -> pa.Table:
    """Read a whole file, several row groups at once."""
    from pyarrow import parquet

    names = file.schema_arrow.names
    if len(set(names)) < len(names):  # of which only the file itself knows what to make
        return chosen(file.read(), columns)
    wanted = None if columns is None else list(columns)
    return chosen(parquet.read_table(path, columns=wanted, partitioning=None), columns)


def _first_rows(file: Any, columns: Sequence[str] | None, limit: int) -> pa.Table:
    """Read the first rows out of the row groups that hold them."""
    import pyarrow as pa

    groups: list[int] = []
    rows = 0
    while rows < limit:
        rows += file.metadata.row_group(len(groups)).num_rows
        groups.append(len(groups))
    kept, left = [], limit
    for batch in file.iter_batches(
        min(max(limit, 1), 65_536), row_groups=groups, columns=None if columns is None else list(columns)
    ):
        kept.append(batch.slice(0, left))
        left -= kept[-1].num_rows
        if left <= 0:
            break
    schema = kept[0].schema if kept else chosen(file.schema_arrow.empty_table(), columns).schema
    return pa.Table.from_batches(kept, schema).replace_schema_metadata(file.schema_arrow.metadata)


def read_json(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read records: one JSON object a line, or an array of them, in a larger object named by ``field``."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    refuse("sep", options.sep, "json")
    try:
        with open_bytes(path) as stream:
            content = stream.read().removeprefix(b"\xef\xbb\xbf")
        lines = _as_lines(content, options.field)
        if not lines.strip():
            return chosen(pa.table({}), columns)
        table = arrow_json.read_json(io.BytesIO(lines), **json_settings(len(lines)))
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, TidydlError):
            raise
        raise damaged(path, "json", error) from error
    return chosen(table, columns).slice(0, limit)


def json_settings(size: int, schema: Any = None) -> dict[str, Any]:
    """Give how pyarrow is to read lines of json, all in one block so that types are those of all of them."""
    from pyarrow import json as arrow_json

    return {
        "read_options": arrow_json.ReadOptions(block_size=min(size + 1, _LARGEST_BLOCK)),
        "parse_options": arrow_json.ParseOptions(newlines_in_values=True, explicit_schema=schema),
    }


def read_text(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read plain text, a row a line, into a column ``text``."""
    import pyarrow as pa

    refuse("sep", options.sep, "text")
    refuse("field", options.field, "text")
    try:
        with open_bytes(path) as stream:
            lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig")
            texts = [line.rstrip("\n") for line in lines]
    except (UnicodeDecodeError, OSError) as error:
        raise damaged(path, "text", error) from error
    return chosen(pa.table({"text": pa.array(texts, pa.string())}), columns).slice(0, limit)


READERS: dict[str, Callable[..., Any]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "json": read_json,
    "text": read_text,
}


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


def refuse(argument: str, value: object, kind: str) -> None:
    """Refuse an argument that says nothing about files of this format."""
    if value is not None:
        raise ArgumentError(f"`{argument}` means nothing for a {kind} file.", hint=f"Leave `{argument}` out.")


def damaged(path: str, kind: str, error: Exception) -> DamagedFileError:
    """Make the error for a file that is not what it should be."""
    first = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
    return DamagedFileError(
        f"`path` '{path}' cannot be read as {kind}: {first}.",
        allowed=f"A whole {kind} file.",
        hint="Open it with the program that wrote it; was the download or copy cut short?",
    )

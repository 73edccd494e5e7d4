"""Read one local table file, csv, parquet, json or plain text, into an Arrow table.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text. A name may end in .gz, .bz2 or .zst.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.data.csv_columns import (
    csv_settings,
    header_apart,
    marked,
    numbers_in_doubt,
    one_begins_with_zero,
    some_begin_with_zero,
)
from tidydl.data.json_records import json_table
from tidydl.data.large_numbers import large_numbers, large_of_texts
from tidydl.data.pandas_index import index_names, with_index_named
from tidydl.data.unreadable import (
    damaged,
    empty_file,
    how_to_read,
    refuse_other_bytes,
    refuse_other_encodings,
    refuse_wide_characters,
    uneven,
)
from tidydl.errors import ArgumentError, TidydlError, no_column

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "PACKED",
    "READERS",
    "TextOptions",
    "chosen",
    "csv_fault",
    "format_of",
    "head_of",
    "open_bytes",
    "places_of",
    "refuse",
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
_LARGEST_BLOCK = 2**31 - 1
_RECORDS = "Records: one JSON object a line, or an array of them."


@dataclass(frozen=True)
class TextOptions:
    """What is said of text files: the separator of csv, the array of records in json, which columns are text."""

    sep: str | None = None
    field: str | None = None
    texts: frozenset[str] | None = None


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
            hint=how_to_read(suffix) or "Name the kind: load_dataset('csv', data_files=path).",
        )
    return FORMATS[suffix]


def open_bytes(path: str) -> Any:
    """Open a file to be read from its start, unpacked where its name says that it is packed."""
    import pyarrow as pa

    return pa.input_stream(path, compression="detect")


def head_of(path: str, kind: str) -> bytes:
    """Give the first bytes of a text file, which must not be wide characters.

    Raises
    ------
    DamagedFileError
        It cannot be unpacked, or is in UTF-16.
    NotFoundError
        It is not there any more.
    """
    import pyarrow as pa

    try:
        with open_bytes(path) as stream:
            head: bytes = stream.read(4)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, kind, error) from error
    refuse_wide_characters(path, kind, head)
    return head


def read_csv(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a text table with a header; the separator is a comma, or a tab in files named .tsv."""
    import pyarrow as pa

    refuse("field", options.field, "csv")
    separator = separator_of(path, options.sep)
    if not head_of(path, "csv"):
        raise empty_file(path, "A csv file with a header line.")
    try:
        table = _csv_table(path, separator, dict.fromkeys(options.texts or (), pa.string()))
        if table.num_columns == 1:
            refuse_other_separator(path, options.sep, separator)
        refuse_other_encodings(table.schema, path)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise csv_fault(path, options.sep, error) from error
    return chosen(table, columns).slice(0, limit)


def _csv_table(path: str, separator: str, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Read a whole file, columns of digits that are no numbers as text."""
    import pyarrow as pa
    from pyarrow import csv

    content, size = _content(path)
    settings = partial(csv_settings, separator, min(max(size, 2), _LARGEST_BLOCK))

    def read(**said: Any) -> pa.Table:
        return csv.read_csv(content if isinstance(content, str) else pa.BufferReader(content), **settings(**said))

    table = read(types=types)
    header = header_apart(path, table.schema.names, open_bytes)
    if header is not None:
        table = read(types=types, header=header)
    large = large_numbers(table)
    with pa.input_stream(content, compression=None) as stream:
        zeros = bool(numbers_in_doubt(table.schema, large, True)) and some_begin_with_zero(stream, separator)
    doubtful = numbers_in_doubt(table.schema, large, zeros)
    if doubtful:
        texts = read(types=dict.fromkeys(doubtful, pa.string()), include=doubtful, header=header)
        table = _with_digits(table, texts, large)
    return table


def _with_digits(table: pa.Table, texts: pa.Table, large: Sequence[str]) -> pa.Table:
    """Put what keeps all digits in the place of numbers that do not."""
    for name in texts.schema.names:
        place, column = table.schema.names.index(name), texts.column(name)
        if one_begins_with_zero(column):
            table = table.set_column(place, marked(table.schema.field(place)), column)
        elif name in large and (kept := large_of_texts(column)) is not None:
            table = table.set_column(place, name, kept)
    return table


def csv_fault(path: str, sep: str | None, error: Exception) -> TidydlError:
    """Make the error for a csv file that Arrow refuses: the row that is too long, the separator, or the damage."""
    if sep is None:
        refuse_other_separator(path, sep, separator_of(path, sep))
    row = _uneven_row(path, separator_of(path, sep)) if "columns, got" in str(error) else None
    return damaged(path, "csv", error) if row is None else uneven(path, row)


def _uneven_row(path: str, separator: str) -> Any:
    """Find the first row whose fields are not as many as the header's."""
    import pyarrow as pa
    from pyarrow import csv

    found: list[Any] = []

    def note(row: Any) -> str:
        found.append(row)
        return "skip"

    settings = csv_settings(separator, 2**24, include=["\0"])
    settings["read_options"].use_threads = False  # which alone counts the rows
    settings["parse_options"].invalid_row_handler = note
    settings["convert_options"].include_missing_columns = True
    try:
        for _ in csv.open_csv(open_bytes(path), **settings):
            if found:
                break
    except (pa.ArrowException, OSError):
        pass  # the first error says what is wrong
    return found[0] if found else None


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
    return held, held.size


def separator_of(path: str, sep: str | None) -> str:
    """Give what separates the columns of a csv file."""
    if sep is None:
        return "\t" if suffix_of(Path(path)) == ".tsv" else ","
    if len(sep) != 1 or not sep.isascii() or sep in '\r\n"\0':
        raise ArgumentError(
            f"`sep` is {json.dumps(sep, ensure_ascii=False)}, which separates no columns.",
            allowed="One ASCII character, such as a comma, a semicolon or a tab.",
            hint="Leave `sep` out for commas, and for tabs in files named .tsv.",
        )
    return sep


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
        if not isinstance(wanted, str):
            raise no_column(f"`columns` holds {described(wanted)}, and columns are chosen by name.", None, names)
        if wanted not in names:
            raise no_column(f"`columns` names '{wanted}', which the data do not have.", wanted, names)
    return [names.index(wanted) for wanted in columns]


def refuse_other_separator(path: str, sep: str | None, separator: str) -> None:
    """Refuse a file whose header is plainly separated by something else; where the caller named it, warn of that."""
    with open_bytes(path) as file:
        header = io.BufferedReader(file).readline().decode("utf-8", "replace")
    if separator in header:
        return
    for other in (";", "\t", "|", ","):
        if other in header and sep is not None:
            warnings.warn(
                f"`sep` is {separator!r}, which the header of '{path}' does not hold, so that there is one column. "
                f"It holds {other!r}: was sep = {json.dumps(other)} meant?",
                UserWarning,
                stacklevel=2,
            )
            return
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
            table = _all_rows(file, path, columns)
        else:
            table = chosen(_first_rows(file, columns, limit), columns)
        return table if columns is not None else with_index_named(table, index_names(file))
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

    refuse("sep", options.sep, "json")
    if not head_of(path, "json"):
        raise empty_file(path, _RECORDS)
    try:
        with open_bytes(path) as stream:
            content = stream.read().removeprefix(b"\xef\xbb\xbf")
        if not content.strip():
            raise empty_file(path, _RECORDS)
        refuse_other_bytes(path, content, "json")
        table = json_table(content, options.field)
    except (pa.ArrowException, ValueError, OSError, RecursionError) as error:
        if isinstance(error, TidydlError):
            raise
        raise damaged(path, "json", error) from error
    return chosen(table, columns).slice(0, limit)


def read_text(
    path: str, options: TextOptions = _PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read plain text, a row a line, into a column ``text``."""
    import pyarrow as pa

    refuse("sep", options.sep, "text")
    refuse("field", options.field, "text")
    head_of(path, "text")
    try:
        with open_bytes(path) as stream:
            lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig")
            texts = [line.rstrip("\n") for line in islice(lines, limit)]
    except (UnicodeDecodeError, OSError) as error:
        raise damaged(path, "text", error) from error
    return chosen(pa.table({"text": pa.array(texts, pa.string())}), columns)


READERS: dict[str, Callable[..., Any]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "json": read_json,
    "text": read_text,
}


def refuse(argument: str, value: object, kind: str) -> None:
    """Refuse an argument that says nothing about files of this format."""
    if value is not None:
        raise ArgumentError(f"`{argument}` means nothing for a {kind} file.", hint=f"Leave `{argument}` out.")

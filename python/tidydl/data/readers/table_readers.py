"""Read one local table file, csv, parquet, json or plain text, into an Arrow table.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text. A name may end in .gz, .bz2 or .zst.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.data.readers.csv import read_csv
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, head_of, open_bytes, places_of, refuse, suffix_of
from tidydl.data.readers.json import json_table
from tidydl.data.readers.parquet import batch_rows, check_text, open_parquet, whole_parquet
from tidydl.data.readers.read_errors import empty_file, reading, refuse_other_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["READERS"]

_BY_LINE = (".jsonl", ".ndjson")
_RECORDS = "Records: one JSON object a line, or an array of them."


def read_parquet(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read a parquet file with the metadata that says what its columns mean, and no more of it than is wanted."""
    refuse("sep", options.sep, "parquet")
    refuse("field", options.field, "parquet")
    with reading(path, "parquet"), open_parquet(path) as file:
        if columns is not None:
            places_of(file.schema_arrow.names, columns)
        if limit is None or limit >= file.metadata.num_rows:
            return check_text(chosen(whole_parquet(file, path, columns), columns), path)
        return check_text(chosen(_first_rows(file, path, columns, limit), columns), path)


def _first_rows(file: Any, path: str, columns: Sequence[str] | None, limit: int) -> pa.Table:
    """Read the first rows out of the row groups that hold them."""
    import pyarrow as pa

    groups: list[int] = []
    rows = 0
    while rows < limit:
        rows += file.metadata.row_group(len(groups)).num_rows
        groups.append(len(groups))
    kept, left = [], limit
    size = batch_rows(path, columns, min(max(limit, 1), 65_536))
    for batch in file.iter_batches(size, row_groups=groups, columns=None if columns is None else list(columns)):
        kept.append(batch.slice(0, left))
        left -= kept[-1].num_rows
        if left <= 0:
            break
    schema = kept[0].schema if kept else chosen(file.schema_arrow.empty_table(), columns).schema
    return pa.Table.from_batches(kept, schema).replace_schema_metadata(file.schema_arrow.metadata)


def read_json(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read records: one JSON object a line, or an array of them, in a larger object named by ``field``."""
    refuse("sep", options.sep, "json")
    if not head_of(path, "json"):
        raise empty_file(path, _RECORDS)
    with reading(path, "json"):
        with open_bytes(path) as stream:
            content = stream.read().removeprefix(b"\xef\xbb\xbf")
        if not content.strip():
            raise empty_file(path, _RECORDS)
        refuse_other_bytes(path, content, "json")
        table = json_table(content, options.field, by_line=suffix_of(Path(path)) in _BY_LINE)
    return chosen(table, columns).slice(0, limit)


def read_text(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read plain text, a row a line, into a column ``text``."""
    import pyarrow as pa

    refuse("sep", options.sep, "text")
    refuse("field", options.field, "text")
    head_of(path, "text")
    with reading(path, "text"), open_bytes(path) as stream:
        lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig")
        texts = [line.rstrip("\n") for line in islice(lines, limit)]
    return chosen(pa.table({"text": pa.array(texts, pa.string())}), columns)


READERS: dict[str, Callable[..., Any]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "json": read_json,
    "text": read_text,
}

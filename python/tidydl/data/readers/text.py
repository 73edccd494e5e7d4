"""Read plain text: a row a line."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import pyarrow as pa

from tidydl.data.arrow.batch_reader import BatchReader
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, head_of, open_bytes, refuse
from tidydl.data.readers.read_errors import reading

_LINES = 8192  # of a block


def read_text(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read plain text, a row a line, into a column ``text``."""
    _check(path, options)
    return chosen(pa.concat_tables([_table([]), *_blocks(path, limit)]), columns)


def open_text(path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None) -> BatchReader:
    """Count the lines of plain text, and build the reader of its blocks."""
    _check(path, options)
    return BatchReader(_table([]).schema, sum(block.num_rows for block in _blocks(path)), partial(_blocks, path))


def _check(path: str, options: TextOptions) -> None:
    refuse("sep", options.sep, "text")
    refuse("field", options.field, "text")
    head_of(path, "text")


def _blocks(path: str, limit: int | None = None) -> Iterator[pa.Table]:
    with reading(path, "text"), open_bytes(path) as stream:
        lines = islice(io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig"), limit)
        while batch := [line.rstrip("\n") for line in islice(lines, _LINES)]:
            yield _table(batch)


def _table(lines: Sequence[str]) -> pa.Table:
    return pa.table({"text": pa.array(lines, pa.string())})

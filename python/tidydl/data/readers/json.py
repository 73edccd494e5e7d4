"""Read files of json: whole, or lines of it block by block. Types are those of whole columns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from tidydl.data.arrow.batch_reader import BatchReader, batch_reader_of_table
from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, head_of, open_bytes, refuse, suffix_of
from tidydl.data.readers.json_lines import is_temporal, lines_table
from tidydl.data.readers.json_records import json_table
from tidydl.data.readers.large_integers import large_numbers, large_within
from tidydl.data.readers.read_errors import damaged, empty_file, reading, refuse_other_bytes

_BY_LINE = (".jsonl", ".ndjson")
_RECORDS = "Records: one JSON object per line, or an array of them."
_BLOCK = 2**21  # bytes of text read at once
_MARK = b"\xef\xbb\xbf"  # which some programs write before text in UTF-8


def read_json(
    path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None, limit: int | None = None
) -> pa.Table:
    """Read records: one JSON object a line, or an array of them, in a larger object named by ``field``."""
    refuse("sep", options.sep, "json")
    if not head_of(path, "json"):
        raise empty_file(path, _RECORDS)
    with reading(path, "json"):
        with open_bytes(path) as stream:
            content = stream.read().removeprefix(_MARK)
        if not content.strip():
            raise empty_file(path, _RECORDS)
        refuse_other_bytes(path, content, "json")
        table = json_table(content, options.field, by_line=suffix_of(Path(path)) in _BY_LINE)
    return chosen(table, columns).slice(0, limit)


def open_json(path: str, options: TextOptions = PLAIN, columns: Sequence[str] | None = None) -> BatchReader:
    """Look through lines of json, and build the reader of their blocks; json of another form is read whole."""
    refuse("sep", options.sep, "json")
    if not head_of(path, "json"):
        raise empty_file(path, _RECORDS)
    reader = _look(path) if options.field is None and _has_lines(path) else None
    return batch_reader_of_table(read_json(path, options)) if reader is None else reader


def _look(path: str) -> BatchReader | None:
    """Settle the types over all rows; None where only the whole file tells them, or best what is wrong with it."""
    fields: dict[str, pa.Field] = {}
    absent: dict[str, int] = {}
    rows = 0
    try:
        for block in _tables(path):
            if large_numbers(block) or large_within(block):
                return None
            for each, column in zip(block.schema, block.columns, strict=True):
                fields[each.name] = _merged(fields.get(each.name), each)
                absent[each.name] = absent.get(each.name, rows) + column.null_count
            for name in set(fields) - set(block.schema.names):
                absent[name] += block.num_rows
            rows += block.num_rows
    except (pa.ArrowException, ValueError, RecursionError):
        return None
    except OSError as error:
        raise damaged(path, "json", error) from error
    schema = pa.schema(list(fields.values()))
    return BatchReader(schema, rows, partial(_blocks, path, schema), frozenset(n for n, k in absent.items() if k))


def _has_lines(path: str) -> bool:
    """Return whether a file holds one object a line, and several of them."""
    try:
        with open_bytes(path) as stream:
            lines = io.BufferedReader(stream)
            first, second = lines.readline(), lines.readline()
        return isinstance(json.loads(first), dict) and bool(second.strip())
    except OSError as error:
        raise damaged(path, "json", error) from error
    except (ValueError, RecursionError):
        return False


def _merged(field: pa.Field | None, other: pa.Field) -> pa.Field:
    """Return the kind that both blocks have: timestamps of different kinds the wider, or else text."""
    if field is None or field.type == other.type:
        return other
    if is_temporal(field.type) and is_temporal(other.type):
        zones = {getattr(each.type, "tz", None) for each in (field, other)}
        unit = "ns" if "ns" in (getattr(each.type, "unit", None) for each in (field, other)) else "s"
        return pa.field(other.name, pa.timestamp(unit, zones.pop()) if len(zones) == 1 else pa.string())
    if pa.string() in (field.type, other.type) and (is_temporal(field.type) or is_temporal(other.type)):
        return pa.field(other.name, pa.string())
    return pa.unify_schemas([pa.schema([field]), pa.schema([other])], promote_options="permissive").field(0)


def _blocks(path: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read lines of json whose kinds are settled."""
    with reading(path, "json"):
        for block in _tables(path, schema):
            absent = [each for each in schema if each.name not in block.schema.names]
            for each in absent:
                block = block.append_column(each, pa.nulls(block.num_rows, each.type))
            yield block.select(schema.names)


def _tables(path: str, schema: pa.Schema | None = None) -> Iterator[pa.Table]:
    with open_bytes(path) as stream:
        lines = io.BufferedReader(stream)
        above = 0
        while batch := lines.readlines(_BLOCK):
            content = b"".join(batch)
            refuse_other_bytes(path, content, "json", above)
            content = content if above else content.removeprefix(_MARK)
            above += len(batch)
            if content.strip():
                yield lines_table(content, schema)

"""The columns of a csv file: what they are called, and which of them hold digits that are no numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tidydl.data.readers.formats import ByteStream, TextOptions, suffix_of
from tidydl.data.readers.large_integers import large_of_texts
from tidydl.errors import ArgumentError

MISSING = ["", "NA"]  # as R's readr reads them
_MARK = b"\xef\xbb\xbf"  # which some programs write before text in UTF-8
_UNNAMED = "X"
_KEPT = {b"tidydl": b"digits"}
_BLANKS = b" \t"  # which Arrow leaves out around a number
_AROUND = b'\n\r"'  # a field, beside the separator
_LEADING_ZERO = r"^[ \t]*0[0-9xX]"
_WITH_COMMA = r"^[ \t]*[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+|,[0-9])(,?[0-9]+)?[ \t]*$"  # 1,5 and 1.234,5
_FEW = 100  # rows that rule out most columns
_BLOCK = 2**18  # bytes, which stay in the processor's own memory
_LINE_END = re.compile(rb"\r\n|\r|\n")


class _Described(Protocol):
    """A table, or what else knows its columns."""

    @property
    def schema(self) -> pa.Schema: ...


_Part = TypeVar("_Part", bound=_Described)


@dataclass(frozen=True)
class Header:
    """Names that stand in the place of those in the file, and the lines to read over, in pyarrow's words."""

    column_names: list[str]
    skip_rows: int
    skip_rows_after_names: int = 1


def header_apart(path: str, names: Sequence[str], open_bytes: Callable[[str], Any]) -> Header | None:
    """Return other names for the columns of a file, where some have none, or one that others have."""
    apart = named_apart(names)
    if apart == names:
        return None
    with open_bytes(path) as stream:
        return Header(apart, _empty_lines(stream))


def _empty_lines(stream: ByteStream) -> int:
    """Return how many lines stand before the first that holds anything, whatever ends them."""
    ends, block = b"", stream.read(len(_MARK)).removeprefix(_MARK)
    while block or (block := stream.read(_BLOCK)):
        rest = block.lstrip(b"\r\n")
        ends += block[: len(block) - len(rest)]
        if rest:
            return len(_LINE_END.findall(ends))
        block = b""
    return 0


def csv_settings(
    separator: str,
    block: int,
    types: Mapping[str, pa.DataType] | None = None,
    include: Sequence[str] | None = None,
    header: Header | None = None,
) -> dict[str, Any]:
    """Return how pyarrow is to read csv: what is missing, what is text, the types known already, and which columns."""
    return {
        "read_options": csv.ReadOptions(block_size=block, **({} if header is None else vars(header))),
        "parse_options": csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": csv.ConvertOptions(
            null_values=MISSING,
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            column_types=types,
            include_columns=include,
        ),
    }


def separator_of(path: str, sep: str | None) -> str:
    """Return what separates the columns of a csv file."""
    if sep is None:
        return "\t" if suffix_of(Path(path)) == ".tsv" else ","
    if len(sep) != 1 or not sep.isascii() or sep in '\r\n"\0':
        raise ArgumentError(
            f"`sep` is {json.dumps(sep, ensure_ascii=False)}, which cannot separate columns.",
            allowed="One ASCII character, such as a comma, a semicolon or a tab.",
            hint="Leave `sep` out for commas, and for tabs in files named .tsv.",
        )
    return sep


def named_apart(names: Sequence[str]) -> list[str]:
    """Return a name of its own for each column, as R's ``read.csv()`` does: X for none, x.1 for a second x."""
    taken = set(names) - {""}
    free: dict[str, Iterator[str]] = {}
    seen: set[str] = set()
    unique = []
    for name in names:
        if not name or name in seen:
            name = _free_name(name or _UNNAMED, taken, free)
        seen.add(name)
        taken.add(name)
        unique.append(name)
    return unique


def _free_name(stem: str, taken: Collection[str], free: dict[str, Iterator[str]]) -> str:
    tried = free.setdefault(stem, chain([stem], (f"{stem}.{number}" for number in count(1))))
    return next(name for name in tried if name not in taken)


def some_begin_with_zero(stream: ByteStream, separator: str) -> bool:
    """Return whether any number of a csv file begins with a zero and another digit or an x, as identifiers may."""
    before, blanks = b"\n", _blanks(separator)  # so that the first field stands behind something too
    while block := stream.read(_BLOCK):
        block = before + block
        if _a_number_begins_with_zero(block, separator):
            return True
        body = block[:-2]
        begun = body.rstrip(blanks)
        before = begun[-1:] + body[len(begun) :][:1] + block[-2:]  # one blank says as much as many
    return _a_number_begins_with_zero(before + b"\n", separator)


def _a_number_begins_with_zero(content: bytes, separator: str) -> bool:
    """Look at all zeros but those in the first byte, which is no blank, and in the last two."""
    text = np.frombuffer(content, np.uint8)
    second = text[2:-1]
    is_hexadecimal = second | 0x20 == ord("x")  # which Arrow takes for whole numbers, 0xFFFFFFFFFFFFFFFF for -1
    zeros = 1 + np.flatnonzero((text[1:-2] == ord("0")) & ((second - ord("0") < 10) | is_hexadecimal))
    goes_on = _among(b"0123456789.eE" + _BLANKS + _AROUND + separator.encode())
    # as dates such as 01/02/2020 and times do not
    zeros = zeros[goes_on[text[zeros + 2]] | is_hexadecimal[zeros - 1]]
    blank, start = _among(_blanks(separator)), zeros - 1
    if blank[text[start]].any():
        others = np.flatnonzero(~blank[text])
        start = others[np.searchsorted(others, start, side="right") - 1]
    return bool(_among(_AROUND + separator.encode())[text[start]].any())


def _blanks(separator: str) -> bytes:
    return _BLANKS.replace(separator.encode(), b"")


def _among(wanted: bytes) -> Any:
    """Return for each of the 256 bytes whether it is wanted."""
    return np.isin(np.arange(256), np.frombuffer(wanted, np.uint8))


def ambiguous_numbers(
    schema: pa.Schema, large: Collection[str], open_text: Callable[[], Any], separator: str
) -> list[str]:
    """Name the columns of numbers whose digits only a look at their texts tells: large ones, or with leading zeros."""
    doubtful = [each.name for each in schema if each.name in large or _is_number(each.type)]
    if not doubtful:
        return []
    with open_text() as stream:
        zeros = some_begin_with_zero(stream, separator)
    return doubtful if zeros else [name for name in doubtful if name in large]


def _is_number(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_integer(arrow_type) or pa.types.is_floating(arrow_type))


def one_begins_with_zero(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Return whether a text begins with a zero and another digit, or is a hexadecimal number."""
    return bool(pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py())


def numbers_with_commas(table: pa.Table | pa.RecordBatch, among: Collection[str] | None = None) -> list[str]:
    """Name the columns of text that hold numbers only, written with a decimal comma, and missing values."""

    def may_be(texts: pa.ChunkedArray) -> bool:
        return pc.all(pc.match_substring_regex(texts, _WITH_COMMA)).as_py() is not False

    def are(texts: pa.ChunkedArray) -> bool:
        return may_be(texts[:_FEW]) and may_be(texts) and pc.any(pc.match_substring(texts, ",")).as_py() is True

    texts = [each.name for each in table.schema if pa.types.is_string(each.type)]
    return [name for name in texts if (among is None or name in among) and are(table.column(name))]


class DigitTypes:
    """How columns of ambiguous numbers are kept, as their texts tell part by part.

    Parameters
    ----------
    names
        The columns.
    large
        Those with whole numbers too large for int64.
    """

    def __init__(self, names: Sequence[str], large: Collection[str]):
        self._names = names
        self._identifiers: set[str] = set()
        self._large: dict[str, pa.DataType] = {name: pa.uint64() for name in names if name in large}

    def look(self, texts: pa.Table | pa.RecordBatch) -> None:
        """Look at a part of the texts: at a zero before other digits, and at numbers beyond uint64."""
        for name in self._names:
            column = texts.column(name)
            if name in self._identifiers:
                continue
            if one_begins_with_zero(column):
                self._identifiers.add(name)
            elif name in self._large:
                kept = large_of_texts(column)
                if kept is None:
                    del self._large[name]
                elif kept.type != pa.uint64():
                    self._large[name] = pa.string()

    def field_of(self, field: pa.Field) -> pa.Field:
        """Return a field with the type that keeps its digits; it is marked where leading zeros would be lost."""
        if field.name in self._identifiers:
            return pa.field(field.name, pa.string(), metadata=_KEPT)
        return field.with_type(self._large.get(field.name, field.type))

    def put_into(self, table: pa.Table, texts: pa.Table) -> pa.Table:
        """Put the texts in the place of numbers that lose digits, as what keeps them."""
        for index, field in enumerate(table.schema):
            kept = self.field_of(field)
            if kept.type != field.type:
                table = table.set_column(index, kept, texts.column(field.name).cast(kept.type))
        return table


def read_alike(
    read: Callable[[TextOptions], dict[str, dict[str, _Part]]], options: TextOptions
) -> dict[str, dict[str, _Part]]:
    """Read the files of all splits; again where a column is text for its digits in some and numbers in others."""
    parts = read(options)
    texts = _kept_as_text(part.schema for each in parts.values() for part in each.values())
    return read(replace(options, texts=texts)) if texts else parts


def _kept_as_text(schemas: Iterable[pa.Schema]) -> frozenset[str]:
    """Name the columns that are text for their leading zeros in some files, and numbers in others."""
    fields = [each for schema in schemas for each in schema]
    kept = {each.name for each in fields if each.metadata == _KEPT}
    return frozenset(each.name for each in fields if each.name in kept and _is_number(each.type))

"""What the footer of a parquet file says of its column chunks.

Arrow tells it too, but ends the whole process where a damaged or hostile footer contradicts itself: it looks the chunks
up outside of its own error handling. So their entries are read here, as Thrift's compact protocol writes them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_SMALL = 2**14  # bytes of a footer that is kept, as there may be many such files
_DEPTH = 20  # of structures inside structures; parquet's own nest by six
_CODECS = {0: "UNCOMPRESSED", 1: "SNAPPY", 2: "GZIP", 3: "LZO", 4: "BROTLI", 5: "LZ4", 6: "ZSTD", 7: "LZ4_RAW"}

# The types of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_INTEGERS = (_I16, _I32, _I64)

# The numbers of the fields that are read, as parquet's definition has them.
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3
_PATH, _CODEC, _NUM_VALUES, _STATISTICS, _NULL_COUNT = 3, 4, 5, 12, 3
_OF_CHUNK = {_PATH: None, _CODEC: None, _NUM_VALUES: None, _STATISTICS: {_NULL_COUNT: None}}
_WANTED = {_ROW_GROUPS: {_COLUMNS: {_META_DATA: _OF_CHUNK}}}


@dataclass(frozen=True)
class ColumnChunk:
    """One column of one row group, as the footer describes it.

    Attributes
    ----------
    path
        The name, with a dot before each part of a nested column.
    codec
        What compresses it; ``"UNKNOWN"`` for what parquet does not define.
    num_values
        How many values there are, missing ones included.
    null_count
        How many are missing; None where the file does not say.
    """

    path: str
    codec: str
    num_values: int
    null_count: int | None


def column_chunks(path: str, columns: int) -> list[list[ColumnChunk]]:
    """Return the column chunks of each row group; each has one for every column (nested ones have several).

    Raises
    ------
    ValueError
        The footer is damaged.
    """
    with open(path, "rb") as file:
        file.seek(-8, 2)
        end = file.tell()
        length, magic = struct.unpack("<I4s", file.read(8))
        if magic != b"PAR1" or length > end:
            raise ValueError("its footer is damaged")
        file.seek(end - length)
        footer = file.read(length)
    chunks = _parsed_again(footer) if length < _SMALL else _parsed(footer)
    if any(len(group) != columns for group in chunks):
        raise ValueError("its row groups lack columns")
    return chunks


def _parsed(footer: bytes) -> list[list[ColumnChunk]]:
    try:
        groups = _structure(footer, 0, _WANTED)[0].get(_ROW_GROUPS, [])
        return [[_chunk(each[_META_DATA]) for each in group[_COLUMNS]] for group in groups]
    except (IndexError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError("its footer is damaged") from error


_parsed_again = lru_cache(1024)(_parsed)  # a stream looks through its files before it reads them


def _chunk(entry: dict[int, Any]) -> ColumnChunk:
    path = ".".join(part.decode("utf-8") for part in entry[_PATH])
    missing = entry.get(_STATISTICS, {}).get(_NULL_COUNT)
    values = entry[_NUM_VALUES]
    if values < 0 or (missing or 0) < 0:
        raise ValueError("its footer is damaged")
    return ColumnChunk(path, _CODECS.get(entry[_CODEC], "UNKNOWN"), values, missing)


def _structure(footer: bytes, at: int, wanted: Mapping[int, Any], depth: int = 0) -> tuple[dict[int, Any], int]:
    """Read the wanted fields of a structure by their numbers, and skip the others; return where it ends, too."""
    _check_depth(depth)
    fields: dict[int, Any] = {}
    number = 0
    while head := footer[at]:
        at += 1
        if head > 15:
            number += head >> 4
        else:
            number, at = _integer(footer, at)
        type_ = head & 15
        if number in wanted:
            fields[number], at = _value(footer, at, type_, wanted[number], depth)
        elif type_ not in (_TRUE, _FALSE):  # whose value is in its type
            at = _after(footer, at, type_, depth)
    return fields, at + 1


def _value(footer: bytes, at: int, type_: int, wanted: Mapping[int, Any] | None, depth: int) -> tuple[Any, int]:
    if type_ in _INTEGERS:
        return _integer(footer, at)
    if type_ == _BINARY:
        length, at = _unsigned(footer, at)
        return footer[at : at + length], at + length
    if type_ == _STRUCT and isinstance(wanted, Mapping):
        return _structure(footer, at, wanted, depth + 1)
    if type_ in (_LIST, _SET):
        _check_depth(depth + 1)
        count, element, at = _list_head(footer, at)
        elements = []
        for _ in range(count):
            each, at = _value(footer, at, element, wanted, depth + 1)
            elements.append(each)
        return elements, at
    raise ValueError("its footer is damaged")  # none of the wanted fields is of another type


def _after(footer: bytes, at: int, type_: int, depth: int) -> int:
    """Return where a value ends that nobody asks for."""
    if type_ in _INTEGERS:
        return _unsigned(footer, at)[1]
    if type_ == _BINARY:
        length, at = _unsigned(footer, at)
        return at + length
    if type_ in (_TRUE, _FALSE, _BYTE):  # elements of lists
        return at + 1
    if type_ == _DOUBLE:
        return at + 8
    if type_ == _STRUCT:
        return _structure(footer, at, {}, depth + 1)[1]
    if type_ in (_LIST, _SET):
        _check_depth(depth + 1)
        count, element, at = _list_head(footer, at)
        if element in (_TRUE, _FALSE, _BYTE):
            return at + count
        for _ in range(count):
            at = _after(footer, at, element, depth + 1)
        return at
    raise ValueError("its footer is damaged")  # maps, too: parquet has none


def _check_depth(depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError("its footer is nested too deeply")


def _list_head(footer: bytes, at: int) -> tuple[int, int, int]:
    """Return how many elements a list has, of which type they are, and where they begin."""
    head = footer[at]
    count, at = (head >> 4, at + 1) if head < 240 else _unsigned(footer, at + 1)
    if count > len(footer) - at:  # each takes a byte at least
        raise ValueError("its footer is damaged")
    return count, head & 15, at


def _integer(footer: bytes, at: int) -> tuple[int, int]:
    coded, at = _unsigned(footer, at)
    return (coded >> 1) ^ -(coded & 1), at  # zigzag: the last bit is the sign


def _unsigned(footer: bytes, at: int) -> tuple[int, int]:
    number = footer[at]
    if number < 128:
        return number, at + 1
    number &= 127
    for shift in range(7, 70, 7):
        at += 1
        number |= (footer[at] & 127) << shift
        if footer[at] < 128:
            return number, at + 1
    raise ValueError("its footer is damaged")

"""Names in records of json: each is a column with a cell a row, so that few bytes make endless tables."""

from __future__ import annotations

import random
import re

from tidydl.data.readers.formats import RATIO

_NAME = re.compile(rb'"((?:[^"\\]++|\\.)*+)"\s*:')
_PLAIN_NAME = re.compile(rb'"([^"]*+)"\s*:')  # twice as fast, where nothing is escaped
_CELLS = 2**26  # that do no harm
_BYTES = 8  # of a cell
_STRIDE = 2**15
_STRIDES = 16
_SMALL = 2**20  # bytes of a file that is looked through everywhere


def check_names(lines: bytes) -> None:
    """Refuse records whose names, each a column, make more cells than such a file can mean.

    Of a large file the names are counted in parts that are drawn anew each time.

    Raises
    ------
    ValueError
        They do.
    """
    most = max(_CELLS, RATIO * len(lines) // _BYTES)
    rows = len(lines) // 2  # at most, which need not be counted where names are few
    if rows * len(lines) <= most:
        return
    names: set[bytes] = set()
    pattern = _NAME if b"\\" in lines else _PLAIN_NAME
    for start in _starts(len(lines)):
        names.update(pattern.findall(lines, start, start + _STRIDE))
        if len(names) * rows > most:
            rows = min(rows, lines.count(b"}"))
        if len(names) * rows > most:
            raise ValueError(
                f"it has {len(names) - 1:,} different names or more, one column each, which makes {len(names) * rows:,}"
                f" cells; at most {most:,} are safe"
            )


def _starts(size: int) -> list[int]:
    """Return where the parts that are looked through begin: everywhere in a small file."""
    if size <= _SMALL:
        return list(range(0, size, _STRIDE))
    draw = random.SystemRandom()  # no numbers of the user's, and none that a file could reckon with
    return [draw.randrange(size) for _ in range(_STRIDES)]

"""Read plain text: a row a line."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from tidydl.data.readers.formats import PLAIN, TextOptions, chosen, head_of, open_bytes, refuse
from tidydl.data.readers.read_errors import reading

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_text"]


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

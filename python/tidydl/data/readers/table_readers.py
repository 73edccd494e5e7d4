"""The readers of local table files, csv, parquet, json or plain text, each into an Arrow table.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text. A name may end in .gz, .bz2 or .zst.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidydl.data.readers.csv import read_csv
from tidydl.data.readers.json import read_json
from tidydl.data.readers.parquet import read_parquet
from tidydl.data.readers.text import read_text

__all__ = ["READERS"]

READERS: dict[str, Callable[..., Any]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "json": read_json,
    "text": read_text,
}

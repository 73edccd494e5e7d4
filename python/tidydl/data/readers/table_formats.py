"""The formats of table files: how each is read whole, and how it is looked through and read block by block.

Types are those Arrow infers over the whole column, never over a first block only: numbers with gaps stay
numbers, ISO dates are dates, and text is text. A name may end in .gz, .bz2 or .zst.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from tidydl.data.arrow.batch_reader import BatchReader
from tidydl.data.readers.csv import open_csv, read_csv
from tidydl.data.readers.json import open_json, read_json
from tidydl.data.readers.parquet import open_parquet_batches, read_parquet
from tidydl.data.readers.text import open_text, read_text


@dataclass(frozen=True)
class TableFormat:
    """A format of table files.

    Attributes
    ----------
    read
        Reads a file whole, of its path, the options of text files, the columns that are wanted (None for all) and a
        number of rows that is enough (None for all).
    open
        Looks through a file, of its path, the options and the columns, and gives the reader of its blocks.
    """

    read: Callable[..., pa.Table]
    open: Callable[..., BatchReader]


TABLE_FORMATS = {
    "csv": TableFormat(read_csv, open_csv),
    "parquet": TableFormat(read_parquet, open_parquet_batches),
    "json": TableFormat(read_json, open_json),
    "text": TableFormat(read_text, open_text),
}

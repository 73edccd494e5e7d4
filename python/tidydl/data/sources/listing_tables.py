"""Read the files of a data set into one Arrow table a split, and no more of them than is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidydl.data.arrow.concatenation import join
from tidydl.data.arrow.row_numbers import with_index_base
from tidydl.data.readers.csv_columns import read_alike
from tidydl.data.readers.formats import TextOptions
from tidydl.data.readers.pandas_index import has_index, index_names, with_index_named
from tidydl.data.readers.parquet import open_parquet
from tidydl.data.readers.read_errors import reading
from tidydl.data.readers.table_readers import READERS
from tidydl.data.sources.declared_types import as_declared, texts_declared
from tidydl.data.sources.listing import Listing, Raw
from tidydl.data.sources.local_files import refuse_options
from tidydl.data.sources.media_paths import check_media_paths
from tidydl.errors import unknown_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["columns_in", "parquet_files", "read_listing"]


def read_listing(
    listing: Listing,
    options: TextOptions,
    splits: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    limit: int | None = None,
) -> Raw:
    """Read the files.

    Parameters
    ----------
    listing
        Which they are.
    options
        What the caller says of text files.
    splits
        The splits that are needed; None for all.
    columns
        The columns that are needed, where all files are parquet and have them; else all are read.
    limit
        How many rows of each split are needed; more may be read.
    """
    required = listing.splits if splits is None else list(dict.fromkeys(splits))
    for name in required:
        if name not in listing.splits:
            raise unknown_name(
                "split", name, listing.splits, hint="load_dataset() without `split` returns all of them."
            )
    if listing.tables is not None:
        refuse_options(vars(options), listing.format)
        tables = {name: listing.tables[name] for name in required}
    else:
        tables = _joined(listing, required, listing.options(options), columns, limit)
    return Raw(tables, listing.features, listing.format, listing.count)


def _joined(
    listing: Listing,
    splits: Sequence[str],
    options: TextOptions,
    columns: Sequence[str] | None,
    limit: int | None,
) -> dict[str, pa.Table]:
    """Read the files of each split below each other."""
    files = {name: listing.files[name] for name in splits}
    wanted = {split: columns_in(each, columns) for split, each in files.items()}
    parts = read_alike(
        lambda said: {split: _read(listing, split, said, wanted[split], limit) for split in files}, options
    )
    whole = [split for split, each in wanted.items() if each is None]
    if any(has_index(table.schema) for split in whole for table in parts[split].values()):
        names = index_names([parquet_files(files[split]) for split in whole])
        for split in whole:
            parts[split] = {file: with_index_named(table, names) for file, table in parts[split].items()}
    return {split: join(list(each), list(each.values())) for split, each in parts.items()}


def _read(
    listing: Listing, split: str, options: TextOptions, columns: Sequence[str] | None, limit: int | None
) -> dict[str, pa.Table]:
    """Read the files of a split, and no more of them than the limit needs."""
    files = listing.files[split]
    limit = limit if set(files.values()) <= {"parquet", "text"} else None  # the kinds of others are those of all rows
    parts: dict[str, pa.Table] = {}
    left = limit
    for file, kind in files.items():
        with reading(str(file), kind):
            table = READERS[kind](str(file), options, columns, left)
            if kind == "csv" and (texts := texts_declared(table.schema, listing.features)):
                table = READERS[kind](str(file), options.with_texts(texts), columns, left)
            table = with_index_base(as_declared(table, listing.features, str(file), kind), listing.index_base)
            table = check_media_paths(table, listing.features, listing.bounds_of(file), f"'{file}'", file.parent)
        parts[str(file)] = table
        left = None if left is None else max(0, left - table.num_rows)  # all have a say in the columns
    return parts


def parquet_files(files: Mapping[Path, str]) -> list[str]:
    """Return those of the files that are parquet."""
    return [str(file) for file, kind in files.items() if kind == "parquet"]


def columns_in(files: Mapping[Path, str], columns: Sequence[str] | None) -> Sequence[str] | None:
    """Return the columns where all files are parquet and have them, so that no others need be read; else None."""
    if columns is None or len(parquet_files(files)) < len(files):
        return None
    try:
        return columns if all(set(columns) <= set(open_parquet(file).schema_arrow.names) for file in files) else None
    except Exception:
        return None  # reading says what is wrong

"""Read the files of a data set: each split into one Arrow table, or block by block.

Both go the same steps: a file is read by its format, then its columns get the types and the row numbers that are
declared of them, and the paths in its cells are checked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from tidydl.data.arrow.batch_reader import BatchReader, batch_reader_of_table, joined, mapped
from tidydl.data.arrow.concatenation import join
from tidydl.data.arrow.decimals import with_doubles
from tidydl.data.arrow.row_numbers import with_index_base
from tidydl.data.readers.csv_columns import read_alike
from tidydl.data.readers.formats import TextOptions
from tidydl.data.readers.pandas_index import has_index, index_names, with_index_named
from tidydl.data.readers.parquet_file import open_parquet
from tidydl.data.readers.read_errors import reading
from tidydl.data.readers.table_formats import TABLE_FORMATS
from tidydl.data.sources.declared_types import as_declared, texts_declared
from tidydl.data.sources.listing import Listing, Raw
from tidydl.data.sources.local_files import refuse_options
from tidydl.data.sources.media_paths import checked_blocks
from tidydl.errors import DamagedFileError, DataError, unknown_name

Parts = dict[str, BatchReader]  # by file
ReadSplit = Callable[[str, TextOptions], Parts]


def read_listing(
    listing: Listing,
    options: TextOptions,
    splits: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    limit: int | None = None,
) -> Raw:
    """Read the files into one table a split.

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

    Raises
    ------
    ArgumentError
        There is no such split, or an option makes no sense for the files.
    DamagedFileError
        A file cannot be read.
    DataError
        The files do not fit together.
    """
    required = _required(listing, splits)
    if listing.tables is not None:
        refuse_options(vars(options), listing.format)
        tables = {name: listing.tables[name] for name in required}
    else:
        wanted = {split: _columns_in(listing.files[split], columns) for split in required}
        parts = _parts(
            listing,
            options,
            wanted,
            lambda split, text_options: _read_split(listing, split, text_options, wanted[split], limit),
        )
        tables = {
            split: join(list(each), [next(part.blocks()) for part in each.values()]) for split, each in parts.items()
        }
    return Raw(tables, listing.features, listing.format, listing.count)


def open_listing(
    listing: Listing,
    options: TextOptions,
    splits: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> dict[str, BatchReader]:
    """Look through the files, in constant memory, and build the reader of each split; arguments as of read_listing().

    Raises
    ------
    ArgumentError, DamagedFileError, DataError
        As of :func:`read_listing`; or a file has two columns of one name.
    """
    required = _required(listing, splits)
    if listing.tables is not None:
        refuse_options(vars(options), listing.format)
        return {name: batch_reader_of_table(listing.tables[name]) for name in required}
    wanted = {split: _columns_in(listing.files[split], columns) for split in required}
    parts = _parts(
        listing, options, wanted, lambda split, text_options: _open_split(listing, split, text_options, wanted[split])
    )
    return {split: joined(list(each), list(each.values())) for split, each in parts.items()}


def _required(listing: Listing, splits: Sequence[str] | None) -> list[str]:
    required = listing.splits if splits is None else list(dict.fromkeys(splits))
    for name in required:
        if name not in listing.splits:
            raise unknown_name(
                "split", name, listing.splits, hint="load_dataset() without `split` returns all of them."
            )
    return required


def _columns_in(files: Mapping[Path, str], columns: Sequence[str] | None) -> Sequence[str] | None:
    """Return the columns where all files are parquet and have them, so that no others need be read; else None."""
    if columns is None or len(_parquet_files(files)) < len(files):
        return None
    try:
        return columns if all(set(columns) <= set(open_parquet(file).schema_arrow.names) for file in files) else None
    except Exception:
        return None  # reading says what is wrong


def _parquet_files(files: Mapping[Path, str]) -> list[str]:
    return [str(file) for file, kind in files.items() if kind == "parquet"]


def _parts(
    listing: Listing, options: TextOptions, wanted: Mapping[str, Sequence[str] | None], read: ReadSplit
) -> dict[str, Parts]:
    """Read the files of all splits, so that digits and the index of pandas are the same columns in all of them."""
    parts = read_alike(
        lambda text_options: {split: read(split, text_options) for split in wanted}, listing.options(options)
    )
    whole = [split for split, each in wanted.items() if each is None]
    if any(has_index(part.schema) for split in whole for part in parts[split].values()):
        names = index_names([_parquet_files(listing.files[split]) for split in whole])
        for split in whole:
            parts[split] = {file: _with_index_named(part, names) for file, part in parts[split].items()}
    return parts


def _read_split(
    listing: Listing, split: str, options: TextOptions, columns: Sequence[str] | None, limit: int | None
) -> Parts:
    """Read the files of a split, and no more of them than the limit needs."""
    files = listing.files[split]
    left = limit if set(files.values()) <= {"parquet", "text"} else None  # the types of others are those of all rows
    parts: Parts = {}
    for file, kind in files.items():
        part = _as_described(listing, file, kind, partial(_read_whole, kind, str(file), columns, left), options)
        with reading(str(file), kind):
            parts[str(file)] = _reader(_table(_with_checked_paths(listing, file, part)))
        left = None if left is None else max(0, left - part.rows)  # all have a say in the columns
    return parts


def _read_whole(
    kind: str, path: str, columns: Sequence[str] | None, limit: int | None, options: TextOptions
) -> BatchReader:
    return _reader(TABLE_FORMATS[kind].read(path, options, columns, limit))


def _reader(table: pa.Table) -> BatchReader:
    return BatchReader(table.schema, table.num_rows, lambda: iter([table]))


def _table(reader: BatchReader) -> pa.Table:
    """Return the one block of a file that was read whole."""
    return next(reader.blocks())


def _open_split(listing: Listing, split: str, options: TextOptions, columns: Sequence[str] | None) -> Parts:
    """Look through the files of a split."""
    parts: Parts = {}
    for file, kind in listing.files[split].items():
        with reading(str(file), kind):
            identity = _identity(str(file))
        part = _as_described(listing, file, kind, partial(_open_file, kind, str(file), columns), options)
        _refuse_same_names(str(file), part.schema.names)
        part = replace(part, blocks=_of_unchanged(part.blocks, str(file), kind, identity))
        parts[str(file)] = _with_checked_paths(listing, file, part)
    return parts


def _open_file(kind: str, path: str, columns: Sequence[str] | None, options: TextOptions) -> BatchReader:
    return TABLE_FORMATS[kind].open(path, options, columns)


def _as_described(
    listing: Listing, file: Path, kind: str, read: Callable[[TextOptions], BatchReader], options: TextOptions
) -> BatchReader:
    """Read a file; its columns have the types that are declared of them, its row numbers count as is asked."""
    with reading(str(file), kind):
        part = read(options)
        if kind == "csv" and (texts := texts_declared(part.schema, listing.features)):
            part = read(options.with_texts(texts))
        return mapped(part, partial(_described, listing, file, kind))


def _described(listing: Listing, file: Path, kind: str, table: pa.Table) -> pa.Table:
    declared = as_declared(table, listing.features, str(file), kind)
    return with_index_base(with_doubles(declared), listing.index_base)


def _with_checked_paths(listing: Listing, file: Path, part: BatchReader) -> BatchReader:
    return replace(
        part, blocks=checked_blocks(part.blocks, part.schema, listing.features, listing.bounds_of(file), file)
    )


def _with_index_named(reader: BatchReader, names: Mapping[str, str | None]) -> BatchReader:
    if not has_index(reader.schema):
        return reader
    called = {name: names.get(name, name) for name in reader.schema.names}
    return BatchReader(
        with_index_named(reader.schema.empty_table(), names).schema,
        reader.rows,
        lambda: (with_index_named(block, names) for block in reader.blocks()),
        frozenset(name for each in reader.nullable if (name := called[each]) is not None),
        {name: levels for each, levels in reader.levels.items() if (name := called[each]) is not None},
    )


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _of_unchanged(
    blocks: Callable[[], Iterator[pa.Table]], path: str, kind: str, identity: tuple[int, ...]
) -> Callable[[], Iterator[pa.Table]]:
    """Return what gives the blocks of a file, as long as it is the one that was looked through."""

    def refuse_another() -> None:
        with reading(path, kind):
            now = _identity(path)
        if now != identity:
            raise DamagedFileError(
                f"`path` '{path}' has changed since the stream was opened.",
                allowed="A file that does not change until all of it has been read.",
                hint="Open the stream again.",
            )

    def unchanged() -> Iterator[pa.Table]:
        refuse_another()
        yield from blocks()
        refuse_another()

    return unchanged


def _refuse_same_names(file: str, names: Sequence[str]) -> None:
    """Refuse columns that cannot be told apart: their kinds are settled by their names."""
    if len(set(names)) == len(names):
        return
    for index, name in enumerate(names):
        if name in names[:index]:
            raise DataError(
                f"`path` '{file}' has two columns '{name}', which a stream cannot distinguish.",
                allowed="Columns with different names.",
                hint="Use load_dataset().",
            )

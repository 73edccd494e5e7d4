"""Open data sets as streams of data frames."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
import pyarrow as pa

from tidydl.boundaries import DATA_FILES, guarded
from tidydl.checks import check_count
from tidydl.data.arguments import Request, request_of
from tidydl.data.frames_by_split import asked_frames
from tidydl.data.legacy_arguments import as_current_arguments
from tidydl.data.readers.decompression_limits import one_allowance
from tidydl.data.selecting import Wanted, wanted_of
from tidydl.data.splits import ALL, Cut, asks_for_all, cuts_of, refuse_a_column_split
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError, DataError, one_of

if TYPE_CHECKING:
    from tidydl.data.arrow.batch_reader import BatchReader
    from tidydl.data.arrow.other_libraries import Frame

_ROWS = 1000
ARGUMENTS = (
    *("path", "name", "data_dir", "data_files", "split", "columns", "n", "batch_size", "revision", "token"),
    *("cache_dir", "verification_mode", "sep", "field", "trusted"),
)


@guarded
def stream(
    path: Any,
    name: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    data_files: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    split: str | None = None,
    *,
    columns: str | Sequence[str] | None = None,
    n: int | None = None,
    batch_size: int = _ROWS,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    verification_mode: str | None = None,
    sep: str | None = None,
    field: str | None = None,
    trusted: bool = False,
    **older: Any,
) -> Stream:
    r"""Iterate over a data set as a sequence of data frames, in constant memory.

    Parameters
    ----------
    path, name, data_dir, data_files, revision, token, cache_dir, verification_mode, sep, field, trusted
        The location of the data, as in :func:`load_dataset`.
    split
        The rows, as in :func:`load_dataset`; required if there are several splits.
    columns, n
        The columns, in that order, and the number of rows to read from the start.
    batch_size
        Number of rows per frame.
    **older
        Legacy arguments of ``datasets.load_dataset`` in other versions, accepted if they ask for what is the default
        here.

    Returns
    -------
    Stream
        Yields frames in a ``for`` loop, and can be iterated over repeatedly. They have the dtypes that
        :func:`load_dataset` returns for all rows: text files are scanned once for that when the stream is opened. Local
        files are read one block at a time, except JSON files that are not line-delimited, which are read whole. A data
        set on the Hub is downloaded first.

    Raises
    ------
    NotFoundError, ColumnError, DamagedFileError, DataError, ArgumentError, HubError
        As for :func:`load_dataset`; also if there are several splits and ``split`` names none.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = file.write_text("score\n1\n2\n3\n")
    >>> [len(batch) for batch in stream(file, batch_size=2)]
    [2, 1]
    """
    arguments = {"token": token, "revision": revision, "verification_mode": verification_mode, "sep": sep}
    current = as_current_arguments("stream", older, ARGUMENTS)
    arguments |= {argument: value for argument, value in current.items() if arguments[argument] is None}
    others = {"cache_dir": cache_dir, "field": field, "trusted": trusted}
    request = request_of(path, name, data_dir, data_files, split, **others, **arguments)
    return only_stream(request, wanted_of(columns, n, None, None), batch_size)


def stream_for_r(
    path: object,
    name: object = None,
    data_dir: object = None,
    data_files: object = None,
    split: object = None,
    columns: object = None,
    n: object = None,
    batch_size: object = _ROWS,
    **options: Any,
) -> Stream:
    """Open a stream with the arguments of :func:`stream`, whose row numbers count from 1."""
    request = replace(request_of(path, name, data_dir, data_files, split, **options), index_base=1)
    return only_stream(request, wanted_of(columns, n, None, None), batch_size)


def only_stream(request: Request, wanted: Wanted, batch_size: object = _ROWS) -> Stream:
    """Open the one stream that a request names.

    Raises
    ------
    ArgumentError
        There are several.
    """
    streams = open_streams(request, wanted, batch_size)
    if len(streams) > 1:
        refuse_several(list(streams), request.split is not None)
    return next(iter(streams.values()))


def refuse_several(streams: Sequence[str], named: bool) -> NoReturn:
    """Refuse several splits, whether ``split`` names them or not."""
    if named:
        raise ArgumentError(
            f"`split` names {len(streams)} splits, and a stream is of one.",
            allowed=one_of(streams),
            hint=f'Write split = "{"+".join(streams)}" for one after the other.',
        )
    raise ArgumentError(
        "`split` is missing, and there are several.",
        allowed=one_of([*streams, ALL]),
        hint=f'Write split = "{streams[0]}", or "all" for all of them.',
    )


def open_streams(request: Request, wanted: Wanted, batch_size: object = _ROWS) -> dict[str, Stream]:
    """Open the stream of each split that a request names."""
    size = check_count("batch_size", batch_size, 1)
    if isinstance(request.frame, Mapping):
        frames = asked_frames(request.frame, request.splits)
        return {split: _stream_of_frame(each, wanted, size) for split, each in frames.items()}
    if request.frame is not None:
        return {"train": _stream_of_frame(request.frame, wanted, size)}
    with DATA_FILES.guard(f"`path` '{request.path}'"), one_allowance():
        readers, features, format_ = _batch_readers(request, wanted)
        splits = request.splits or list(readers)
        return {split: _stream(readers, split, request, wanted, size, features, format_) for split in splits}


def _batch_readers(request: Request, wanted: Wanted) -> tuple[dict[str, BatchReader], Mapping[str, Any], str]:
    """Return the reader of each split that is needed, what their columns mean, and of which format the files are."""
    from tidydl.data.arrow.batch_reader import batch_reader_of_table
    from tidydl.data.readers.formats import TextOptions
    from tidydl.data.reading_sources import from_hub, list_files, splits_to_read
    from tidydl.data.sources.reading_files import open_listing

    if request.is_on_hub:
        raw = from_hub(request)
        return {name: batch_reader_of_table(table) for name, table in raw.tables.items()}, raw.features, raw.format
    options = TextOptions(request.sep, request.field)
    with ExitStack() as room:  # which stays empty, since what is unpacked is kept
        listing = list_files(request, room, keep=True)
    readers = open_listing(listing, options, splits_to_read(request, listing.splits), wanted.columns)
    return readers, listing.features, listing.format


def _stream(
    readers: Mapping[str, BatchReader],
    split: str,
    request: Request,
    wanted: Wanted,
    size: int,
    features: Mapping[str, Any],
    format_: str,
) -> Stream:
    """Build the stream of what a split names: the cuts of several readers one after the other."""
    from tidydl.data.arrow.batch_reader import joined
    from tidydl.data.arrow.to_frame import decode, features_of
    from tidydl.data.readers.formats import chosen

    cuts = (
        cuts_of({name: reader.rows for name, reader in readers.items()}, split)
        if split not in readers
        else [Cut(split, 0, readers[split].rows)]
    )
    if split not in readers and asks_for_all(readers, split):
        readers = _marked(readers)
    whole = joined([f"split {cut.split}" for cut in cuts], [_cut(readers[cut.split], cut) for cut in cuts])
    rows = whole.rows if wanted.n is None else min(whole.rows, wanted.n)
    if rows and not whole.schema.names:
        raise DataError(
            f"`path` '{request.path}' has rows without columns, of which a stream can tell nothing.",
            allowed="Data with one column or more.",
        )
    meant = {**features, **features_of(whole.schema)}
    facts = {"task": "stream", "source": request.path, "format": format_, "split": split}

    def frame_of(table: pa.Table) -> pd.DataFrame:
        frame = decode(chosen(table, wanted.columns), meant, nullable=whole.nullable)
        frame.attrs["tidydl"] = dict(facts)
        return frame

    def batches() -> Iterator[pd.DataFrame]:
        first = 0
        with DATA_FILES.guard(f"`path` '{request.path}'"):
            for table in _rebatched(_first_rows(whole.blocks(), rows), size):
                frame = frame_of(table)
                frame.index = frame.index + first
                first += len(frame)
                yield frame
        if not rows:  # so that there is something to put together
            yield empty.copy()

    nothing = whole.schema.empty_table()
    empty = frame_of(_with_levels(nothing, whole.levels))
    objects = [name for name in empty.columns if empty[name].dtype == object and _is_plain(whole.schema, name, meant)]
    types = {name: whole.schema.field(name).type for name in objects}
    return Stream(
        batches,
        empty,
        source=request.path,
        batch_size=size,
        rows=rows,
        facts=facts,
        types=types,
        reads=partial(_would_read, request),
    )


def _would_read(request: Request, file: str) -> bool:
    """Return whether a file would be among those that a request reads, if it were there."""
    from tidydl.data.sources.dataset_cards import describes_itself
    from tidydl.data.sources.local_files import is_pattern

    target, location = Path(os.path.realpath(file)), Path(os.path.realpath(request.path))
    if request.is_on_hub or request.data_files is not None:
        return False
    if is_pattern(request.path):
        return target.match(str(location))
    folder = location / (request.data_dir or "")
    if not folder.is_dir() or describes_itself(location) or not target.is_relative_to(folder):
        return False
    return not any(part.startswith(".") for part in target.relative_to(folder).parts)


def _is_plain(schema: pa.Schema, name: str, meant: Mapping[str, Any]) -> bool:
    """Return whether values are written as they were stored, and not as the names of labels."""
    from tidydl.data.arrow.nested import value_maker

    return value_maker(schema.field(name).type, meant.get(name)) is None


def _marked(readers: Mapping[str, BatchReader]) -> dict[str, BatchReader]:
    """Add the column ``split`` to each reader."""
    from tidydl.data.arrow.batch_reader import with_column

    refuse_a_column_split({name for reader in readers.values() for name in reader.schema.names})
    names = pa.array(list(readers), pa.string())
    return {name: with_column(reader, "split", name, names) for name, reader in readers.items()}


def _with_levels(nothing: pa.Table, levels: Mapping[str, pa.Array]) -> pa.Table:
    """Return the levels to a table of no rows, whose dictionaries know none."""
    for index, each in enumerate(nothing.schema):
        if each.name in levels:
            none = pa.array([], pa.int32())
            array = pa.DictionaryArray.from_arrays(none, levels[each.name], ordered=each.type.ordered)
            nothing = nothing.set_column(index, each.name, array)
    return nothing


def _cut(reader: BatchReader, cut: Cut) -> BatchReader:
    """Return some of the rows of a reader."""
    from dataclasses import replace

    if (cut.start, cut.stop) == (0, reader.rows):
        return reader

    def blocks() -> Iterator[pa.Table]:
        first = 0
        for block in reader.blocks():
            start, stop = max(cut.start - first, 0), min(cut.stop - first, block.num_rows)
            if start < stop:
                yield block.slice(start, stop - start)
            first += block.num_rows
            if first >= cut.stop:
                break

    return replace(reader, rows=cut.stop - cut.start, blocks=blocks)


def _first_rows(blocks: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    left = rows
    for block in blocks:
        if left <= 0:
            return
        yield block.slice(0, left)
        left -= block.num_rows


def _rebatched(blocks: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    """Cut blocks of any length into tables of one."""
    parts: list[pa.Table] = []
    count = 0
    for block in blocks:
        while block.num_rows:
            part = block.slice(0, size - count)
            parts.append(part)
            count += part.num_rows
            block = block.slice(part.num_rows)
            if count == size:
                yield pa.concat_tables(parts)
                parts, count = [], 0
    if parts:
        yield pa.concat_tables(parts)


def _stream_of_frame(frame: Frame, wanted: Wanted, size: int) -> Stream:
    """Build the stream of a data frame that is in memory already."""
    from tidydl.data.arrow.other_libraries import table_of
    from tidydl.data.arrow.to_frame import decode

    whole = wanted.of_frame(frame) if hasattr(frame, "iloc") else decode(wanted.of_table(table_of(frame)))

    def batches() -> Iterator[pd.DataFrame]:
        return (whole.iloc[start : start + size] for start in range(0, max(len(whole), 1), size))

    return Stream(batches, whole.iloc[:0], source="a data frame", batch_size=size, rows=len(whole))

"""Write a data frame, or a stream frame by frame, to a parquet file with all that is known of its columns."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from tidydl import rendering
from tidydl.data.arrow.other_libraries import table_of
from tidydl.data.sources.media_paths import relative_media_paths
from tidydl.data.streaming import Stream
from tidydl.errors import DataError
from tidydl.progress import Progress, Work

if TYPE_CHECKING:
    from tidydl.data.arrow.other_libraries import Frame

_ROWS, _BYTES = 65_536, 2**26  # of a row group of a stream


def table_of_frame(data: Frame, folder: Path | None = None, index_base: int = 0) -> pa.Table:
    """Return the table of a frame with all that is known of its columns, to be written into a folder."""
    from tidydl.data.arrow.from_frame import encode
    from tidydl.data.arrow.to_frame import decode

    frame = data if hasattr(data, "iloc") else decode(table_of(data))
    if len(frame) and not len(frame.columns):
        raise DataError(
            f"`data` has {len(frame):,} rows and no columns, and a file without columns has no rows.",
            allowed="Data with at least one column.",
        )
    table = encode(frame, index_base=index_base)
    return table if folder is None else relative_media_paths(table, folder)


def write_parquet(data: Frame | Stream, file: IO[bytes], folder: Path | None, index_base: int) -> Work[None]:
    """Write data to an open file; relative paths of images and audio in it start in the folder.

    Raises
    ------
    DataError
        It has values that a parquet file cannot hold, or rows but no columns.
    """
    try:
        if isinstance(data, Stream):
            yield from _write_stream(data, file, folder, index_base)
        else:
            table = table_of_frame(data, folder, index_base)
            parquet.write_table(table, file)
            yield Progress(table.num_rows, table.num_rows, "row")
    except pa.ArrowException as error:
        raise DataError(
            f"`data` has values that a parquet file cannot hold: {str(error).splitlines()[0].rstrip('.')}.",
            allowed=f"Numbers, text, labels, times, images, audio, lists and {rendering.type_name('dicts')} of these.",
            hint="Convert such a column to text first, or leave it out.",
        ) from error


def _write_stream(data: Stream, file: IO[bytes], folder: Path | None, index_base: int) -> Work[None]:
    """Write frame by frame; some are gathered into a row group, and no more are ever in memory."""
    from tidydl.data.arrow.merged_metadata import metadata_of_all

    done, writer, schema = 0, None, None
    with ExitStack() as closing:
        for group in _groups(_typed(table_of_frame(frame, folder, index_base), data.types) for frame in data):
            if writer is None or schema is None:
                schema = group.schema
                writer = closing.enter_context(_writer_of(file, schema))
            writer.write_table(_fitting(group, schema, done))
            schema = schema.with_metadata(metadata_of_all([schema, group.schema]))
            done += group.num_rows
            yield Progress(done, data.rows or done, "row")
        if writer is None or schema is None:
            schema = _typed(table_of_frame(data.empty, index_base=index_base), data.types).schema
            writer = closing.enter_context(_writer_of(file, schema))
        writer.add_key_value_metadata(_file_metadata(schema))


def _writer_of(file: IO[bytes], schema: pa.Schema) -> parquet.ParquetWriter:
    return parquet.ParquetWriter(file, schema.remove_metadata(), store_schema=False)


def _file_metadata(schema: pa.Schema) -> dict[str, str]:
    """Return what a file says of its columns, in the form of Arrow's own: all frames of a stream have a say in it."""
    whole = base64.b64encode(schema.serialize().to_pybytes()).decode()
    return {**{key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}, "ARROW:schema": whole}


def _typed(table: pa.Table, types: Mapping[str, Any]) -> pa.Table:
    """Return columns without a single value with the types that they have elsewhere."""
    for index, each in enumerate(table.schema):
        if each.name in types and pa.types.is_null(each.type):
            table = table.set_column(index, each.name, pa.nulls(table.num_rows, types[each.name]))
    return table


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Gather tables until they make a row group."""
    group: list[pa.Table] = []
    for table in tables:
        group.append(table)
        full = sum(each.num_rows for each in group) >= _ROWS or sum(each.nbytes for each in group) >= _BYTES
        if full:
            yield _bound(group)
            group = []
    if group:
        yield _bound(group)


def _bound(tables: list[pa.Table]) -> pa.Table:
    from tidydl.data.arrow.concatenation import join

    return join([f"frame {index}" for index in range(len(tables))], tables)


def _fitting(table: pa.Table, schema: pa.Schema, first: int) -> pa.Table:
    """Return a later part of a stream the kinds of the first."""
    from tidydl.data.arrow.concatenation import refuse_other_meanings

    if table.schema.names != schema.names:
        raise DataError(
            f"From row {first} on, the stream has different columns: {', '.join(table.schema.names)}.",
            allowed=f"The columns it began with: {', '.join(schema.names)}.",
        )
    refuse_other_meanings({"rows before": schema, f"rows from {first} on": table.schema})
    try:
        return table.cast(schema.with_metadata(table.schema.metadata)).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        wrong = next((f.name for f, g in zip(schema, table.schema, strict=True) if f.type != g.type), schema.names[0])
        raise DataError(
            f"From row {first} on, column '{wrong}' of the stream has a different type.",
            allowed="Columns of one type throughout.",
        ) from error

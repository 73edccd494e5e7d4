"""The index of a pandas frame that a parquet file keeps in columns such as ``__index_level_0__``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from pyarrow.parquet import ParquetFile

from tidydl.data.arrow.to_frame import OURS
from tidydl.data.readers.parquet_file import open_parquet
from tidydl.data.readers.read_errors import reading

_LEVEL = re.compile(r"__index_level_\d+__")


def has_index(schema: pa.Schema) -> bool:
    """Return whether columns of an index without names are among these; frames that tidydl wrote have none."""
    return bool(_levels(schema))


def _levels(schema: pa.Schema) -> list[str]:
    metadata = schema.metadata or {}
    if OURS in metadata and b"pandas" not in metadata:
        return []
    return [name for name in schema.names if _LEVEL.fullmatch(name)]


def index_names(splits: Iterable[Sequence[str]]) -> dict[str, str | None]:
    """Return what the columns of an index without names are called, as ``reset_index()`` does; None if it counts rows.

    Parameters
    ----------
    splits
        The paths of the parquet files of each split, in order: the index counts the rows of all of them, or of none.

    Raises
    ------
    DamagedFileError
        A file cannot be read.
    """
    files = [{path: _file_of(path) for path in paths} for paths in splits]
    schemas = [file.schema_arrow for each in files for file in each.values()]
    names = list(dict.fromkeys(name for schema in schemas for name in schema.names))
    levels = list(dict.fromkeys(name for schema in schemas for name in _levels(schema)))
    if len(levels) == 1:
        if all(_counts_rows(each, levels[0]) for each in files):
            return {levels[0]: None}
        column_names = {levels[0]: "level_0" if "index" in names else "index"}
    else:
        column_names = {level: f"level_{number}" for number, level in enumerate(levels)}
    return {level: name for level, name in column_names.items() if name not in names}


def _file_of(path: str) -> ParquetFile:
    with reading(path, "parquet"):
        return open_parquet(path)


def _counts_rows(files: Mapping[str, ParquetFile], level: str) -> bool:
    """Return whether an index is 0, 1, 2 and so on: in each file anew, or on from file to file."""
    anew = onward = True
    above = 0
    for path, file in files.items():
        rows = file.metadata.num_rows
        if rows and level in _levels(file.schema_arrow):  # others have none, or a range that pandas notes elsewhere
            first = _counted_from(file, path, level)
            anew, onward = anew and first == 0, onward and first == above
        above += rows
        if not (anew or onward):
            return False
    return True


def _counted_from(file: ParquetFile, path: str, level: str) -> int | None:
    """Return the first value of an index of whole numbers that grows by 1 from row to row; None of any other."""
    if not pa.types.is_integer(file.schema_arrow.field(level).type):
        return None
    first, stop = None, 0
    with reading(path, "parquet"):
        for batch in file.iter_batches(columns=[level]):
            column = batch.column(0)
            if column.null_count:
                return None
            values = column.to_numpy()
            if first is None:
                first = stop = int(values[0])
            if not np.array_equal(values, np.arange(stop, stop + len(values))):
                return None
            stop += len(values)
    return first


def with_index_named(table: pa.Table, names: Mapping[str, str | None]) -> pa.Table:
    """Return the columns of an index their names, and leave out one that counts rows."""
    if not names or not has_index(table.schema):
        return table
    called = [names.get(name, name) for name in table.schema.names]
    table = table.select([index for index, name in enumerate(called) if name is not None])
    table = table.rename_columns([name for name in called if name is not None])
    metadata = {key: about for key, about in (table.schema.metadata or {}).items() if key != b"pandas"}
    return table.replace_schema_metadata(metadata)

"""Data frames of other libraries, and datasets, as Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import pandas as pd
import pyarrow as pa

from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    import datasets

    # and those of polars, which is used where it is installed
    Frame: TypeAlias = pd.DataFrame | pa.Table | pa.RecordBatch | datasets.Dataset

_FRAMES = {
    "pandas": ("DataFrame",),
    "polars": ("DataFrame", "LazyFrame"),
    "pyarrow": ("Table", "RecordBatch"),
    "datasets": ("Dataset",),
}


def is_frame(value: object) -> TypeGuard[Frame]:
    """Return whether a value is a data frame of a library that we know, without importing any."""
    return any(each.__name__ in _FRAMES.get(each.__module__.partition(".")[0], ()) for each in type(value).__mro__)


def table_of(frame: pa.Table | pa.RecordBatch | datasets.Dataset) -> pa.Table:
    """Return the Arrow table of a frame of polars, pyarrow or ``datasets``.

    Raises
    ------
    ArgumentError
        It is none.
    """
    library = type(frame).__module__.partition(".")[0]
    if library == "polars":
        return (frame.collect() if hasattr(frame, "collect") else frame).to_arrow()
    if library == "pyarrow":
        return pa.Table.from_batches([frame]) if isinstance(frame, pa.RecordBatch) else frame
    if library == "datasets":
        plain = frame.with_format(None)
        table = (plain.flatten_indices() if plain._indices is not None else plain).data.table
        return table.replace_schema_metadata(plain.features.arrow_schema.metadata)
    raise ArgumentError("`path` is not a data frame.", allowed="A data frame of pandas, polars, pyarrow or datasets.")

"""Columns whose cells are data frames: lists of structures in Arrow, what is known of their columns beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tidydl import rendering
from tidydl.data.arrow.nested import in_one
from tidydl.data.arrow.r_metadata import OF_R, agreed, plain_notes
from tidydl.errors import DataError


def holds_frames(column: pd.Series) -> bool:
    """Return whether a column of objects has data frames in its cells."""
    return any(isinstance(value, pd.DataFrame) for value in column)


def lists_of_structures(
    column: pd.Series, name: str, encode: Callable[[pd.DataFrame], pa.Table]
) -> tuple[pa.Array, dict[bytes, bytes]]:
    """Build the Arrow array of frames, and give the metadata of a table of all their rows.

    Raises
    ------
    DataError
        Something else is among the frames, their columns differ, or they have none.
    """
    absent = np.asarray(column.isna())
    frames = _alike([value for value, gone in zip(column, absent, strict=True) if not gone], name)
    try:
        table = encode(_below_each_other(frames))
    except DataError as error:
        raise DataError(
            f"In the data frames of column '{name}': {error.problem}", allowed=error.allowed, hint=error.hint
        ) from error
    lengths = np.zeros(len(column), "int64")
    lengths[~absent] = [len(frame) for frame in frames]
    offsets = np.concatenate([[0], lengths.cumsum()]).astype("int32")
    parts = [in_one(table.column(index)) for index in range(table.num_columns)]
    structures = pa.StructArray.from_arrays(parts, fields=list(table.schema))
    array = pa.ListArray.from_arrays(pa.array(offsets), structures, mask=pa.array(absent))
    return array, dict(table.schema.metadata or {})


def _alike(values: Sequence[Any], name: str) -> list[pd.DataFrame]:
    """Return the frames with their columns in one order."""
    odd = next((value for value in values if not isinstance(value, pd.DataFrame)), None)
    if odd is not None:
        raise DataError(
            f"Column '{name}' holds data frames and values of type {type(odd).__name__}.",
            allowed=f"Data frames, or {rendering.value(None)} where there is none.",
            hint="Leave the others out.",
        )
    first = values[0].columns
    if not len(first):
        raise DataError(
            f"Column '{name}' holds data frames without columns.",
            allowed="Data frames with the same columns.",
            hint="Leave the column out.",
        )
    for frame in values:
        if not first.is_unique or not frame.columns.is_unique or set(frame.columns) != set(first):
            raise DataError(
                f"Column '{name}' holds data frames with different columns: {_named(first)}, and"
                f" {_named(frame.columns)}.",
                allowed="Data frames with the same columns, each once.",
                hint="Give the data frames the same columns, or write each to its own file.",
            )
    return [frame[list(first)] for frame in values]


def _named(columns: pd.Index[Any]) -> str:
    return ", ".join(map(str, columns)) or "none"


def _below_each_other(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Bind frames by row; labels get the levels of all."""
    bound = pd.concat(frames, ignore_index=True)
    for name in bound.columns:
        dtypes = [frame[name].dtype for frame in frames]
        if len(set(dtypes)) > 1 and all(isinstance(dtype, pd.CategoricalDtype) for dtype in dtypes):
            bound[name] = _labels_of_all([frame[name] for frame in frames])
    bound.attrs = {OF_R: _notes_of_all(frames)}
    return bound


def _notes_of_all(frames: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """Return R's notes of the columns on which all frames agree that have a value there."""
    notes = [plain_notes(frame.attrs.get(OF_R)) for frame in frames]
    if not any(notes):
        return {}
    return agreed([{str(name) for name in frame if frame[name].notna().any()} for frame in frames], notes)


def _labels_of_all(parts: Sequence[pd.Series]) -> Any:
    levels = list(dict.fromkeys(level for part in parts for level in part.cat.categories))
    values = [value for part in parts for value in part]
    return pd.Categorical(values, categories=levels, ordered=all(part.cat.ordered for part in parts))


def structures_in(arrow_type: pa.DataType) -> bool:
    """Return whether a type is that of lists of structures."""
    return pa.types.is_list(arrow_type) and pa.types.is_struct(arrow_type.value_type)


def as_frames(
    values: pa.ChunkedArray, metadata: Mapping[str, str], decode: Callable[[pa.Table], pd.DataFrame]
) -> list[pd.DataFrame | None]:
    """Build the frames again of lists of structures."""
    lists = in_one(values)
    structures = lists.flatten()
    table = pa.table(structures.flatten(), names=[each.name for each in structures.type])
    whole = decode(table.replace_schema_metadata(dict(metadata)))
    frames: list[pd.DataFrame | None] = []
    first = 0
    for length in pc.list_value_length(lists).to_pylist():
        end = first + (length or 0)
        frames.append(None if length is None else whole.iloc[first:end].reset_index(drop=True))
        first = end
    return frames

"""Columns that number rows, in files: from which number they count, and the same columns counted from another.

The results of Python count from 0 and those of R from 1, so a file notes it for whole numbers of these names. What a
file does not note is data.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidydl.columns import ROWS
from tidydl.data.arrow.nested import in_one
from tidydl.data.arrow.nested_frames import structures_in
from tidydl.data.arrow.to_frame import OURS, notes_of

INDEX_BASE = "index_base"  # where a file notes it, by column
_EXACT = 2**53  # beyond, R has no numbers to count on


def bases_to_note(table: pa.Table, index_base: int) -> dict[str, int]:
    """Return what to note of a table whose row numbers count from ``index_base``, by column."""
    return {name: index_base for name in ROWS if name in table.column_names and _is_index(table.column(name))}


def _is_index(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(values.type):
        return False
    span = pc.min_max(values).as_py()
    return span["min"] is None or -_EXACT < span["min"] <= span["max"] < _EXACT


def agreed_bases(columns: Sequence[Collection[str]], notes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return what to note of parts bound by row: that on which all agree that hold something in the column."""
    bases = [_bases_of(each) for each in notes]
    merged = {}
    for name in ROWS:
        distinct = {base.get(name) for names, base in zip(columns, bases, strict=True) if name in names}
        if len(distinct) == 1 and (only := distinct.pop()) is not None:
            merged[name] = only
    return merged


def _bases_of(notes: Mapping[str, Any]) -> dict[str, int]:
    """Return what is noted; a note that says anything else than 0 or 1 says nothing."""
    noted = notes.get(INDEX_BASE)
    bases = noted if isinstance(noted, Mapping) else {}
    return {name: bases[name] for name in ROWS if bases.get(name) in (0, 1)}


def with_index_base(table: pa.Table, index_base: int) -> pa.Table:
    """Return a table as it was read, its row numbers counted from ``index_base`` where the file notes how they count.

    Those of data frames in cells are counted likewise.

    Raises
    ------
    pyarrow.ArrowInvalid
        A number is too large to be counted on, which no file of ours holds.
    """
    if INDEX_BASE.encode() not in (table.schema.metadata or {}).get(OURS, b""):
        return table
    notes = notes_of(table.schema)
    bases = _bases_of(notes)
    for place, field in enumerate(table.schema):
        read = values = table.column(place)
        about = _within(notes, field)
        if field.name in bases:
            values = _counted_on(values, index_base - bases[field.name])
        elif about is not None:
            values, notes["levels"][field.name] = _in_cells(values, about, index_base)
        if values is not read:
            table = table.set_column(place, field.with_type(values.type), values)
    notes[INDEX_BASE] = dict.fromkeys(bases, index_base)
    return table.replace_schema_metadata({**table.schema.metadata, OURS: json.dumps(notes).encode()})


def _counted_on(values: pa.ChunkedArray, step: int) -> pa.ChunkedArray:
    if not step or not pa.types.is_integer(values.type):
        return values
    return pc.add_checked(values.cast(pa.int64()), step)


def _within(notes: Mapping[str, Any], field: pa.Field) -> dict[str, str] | None:
    """Return what is known of the columns of data frames in the cells of a column, where they note how they count."""
    if notes.get("dtypes", {}).get(field.name) != "frames" or not structures_in(field.type):
        return None
    about = notes.get("levels", {}).get(field.name)
    return about if isinstance(about, dict) and INDEX_BASE in str(about.get(OURS.decode())) else None


def _in_cells(
    values: pa.ChunkedArray, about: Mapping[str, str], index_base: int
) -> tuple[pa.ChunkedArray, dict[str, str]]:
    """Return lists of structures, their row numbers counted from ``index_base``, and what is known of them then."""
    cells = in_one(values)
    structures = cells.flatten()
    table = pa.table(structures.flatten(), names=[each.name for each in structures.type])
    table = with_index_base(table.replace_schema_metadata(dict(about)), index_base)
    parts = [in_one(column) for column in table.columns]
    renumbered = pa.StructArray.from_arrays(parts, fields=list(table.schema), mask=structures.is_null())
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(cells), 0))
    offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
    lists = pa.ListArray.from_arrays(offsets, renumbered, mask=cells.is_null())
    arrow_type = pa.list_(cells.type.value_field.with_type(renumbered.type))
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    return pa.chunked_array([lists.cast(arrow_type)]), metadata

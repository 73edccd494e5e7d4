"""What is known of the columns of several parts together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tidydl.data.arrow.nested_frames import structures_in
from tidydl.data.arrow.r_metadata import IN_FILE, agreed, plain_notes
from tidydl.data.arrow.row_numbers import INDEX_BASE, agreed_bases
from tidydl.data.arrow.to_frame import HUGGINGFACE, OURS, features_of, notes_of

_NARROW = ("datetime64", "timedelta64", "float16")


def metadata_of_all(schemas: Sequence[pa.Schema]) -> dict[bytes, bytes]:
    """Return the metadata of parts bound by row: of each column those of the first part with values in it.

    Dtypes that hold not all values of others, and R's notes, are kept where all such parts agree.
    """
    first: dict[bytes, bytes] = dict(schemas[0].metadata or {})
    if all((schema.metadata or {}) == first for schema in schemas):
        return first
    with_values = [_with_values(schema) for schema in schemas]
    features = _of_all([features_of(schema) for schema in schemas], with_values)
    if features:
        first[HUGGINGFACE] = json.dumps({"info": {"features": features}}).encode()
    notes = [notes_of(schema) for schema in schemas]
    if any(notes):
        first[OURS] = json.dumps(_notes_of_all(schemas, notes, with_values)).encode()
    return first


def _with_values(schema: pa.Schema) -> set[str]:
    """Name the columns that may hold more than missing values."""
    return {field.name for field in schema if not pa.types.is_null(field.type)}


def _of_all(parts: Sequence[Mapping[str, Any]], with_values: Sequence[set[str]]) -> dict[str, Any]:
    """Return what is known by name: by the first that knows it and has values, or by the first that knows it."""
    merged: dict[str, Any] = {}
    for part, names in zip(parts, with_values, strict=True):
        merged |= {name: each for name, each in part.items() if name not in merged and name in names}
    for part in parts:
        merged |= {name: each for name, each in part.items() if name not in merged}
    return merged


def _notes_of_all(
    schemas: Sequence[pa.Schema], notes: Sequence[dict[str, Any]], with_values: Sequence[set[str]]
) -> dict[str, Any]:
    merged = dict(notes[0])
    dtypes = [each.get("dtypes", {}) for each in notes]
    merged["dtypes"] = {
        name: dtype for name, dtype in _of_all(dtypes, with_values).items() if _agreed(name, dtype, dtypes, with_values)
    }
    merged["levels"] = _of_all([each.get("levels", {}) for each in notes], with_values)
    for name in (name for name, dtype in merged["dtypes"].items() if dtype == "frames"):
        inner = [schema_within(schema, name, each) for schema, each in zip(schemas, notes, strict=True)]
        present = [each for each in inner if each is not None]
        if present:
            merged["levels"][name] = {key.decode(): about.decode() for key, about in metadata_of_all(present).items()}
    merged[INDEX_BASE] = agreed_bases(with_values, notes)
    merged[IN_FILE] = agreed(with_values, [plain_notes(each.get(IN_FILE)) for each in notes])
    return merged


def _agreed(name: str, dtype: object, dtypes: Sequence[Mapping[str, Any]], with_values: Sequence[set[str]]) -> bool:
    """Return whether a noted dtype holds what all parts do: one of a coarse unit, or of half precision, may not."""
    if not str(dtype).startswith(_NARROW):
        return True
    return all(part.get(name) == dtype for part, names in zip(dtypes, with_values, strict=True) if name in names)


def schema_within(schema: pa.Schema, name: str, notes: Mapping[str, Any]) -> pa.Schema | None:
    """Return the schema of the frames in the cells of a column, with what is known of their columns."""
    about = notes.get("levels", {}).get(name)
    index = schema.get_field_index(name)
    if about is None or index < 0 or not structures_in(schema.field(index).type):
        return None
    return pa.schema(list(schema.field(index).type.value_type), dict(about))

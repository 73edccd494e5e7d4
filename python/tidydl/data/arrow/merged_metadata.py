"""What is known of the columns of several parts together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidydl.data.arrow.nested_frames import structures_in
from tidydl.data.arrow.r_metadata import IN_FILE, agreed, plain_notes
from tidydl.data.arrow.row_numbers import INDEX_BASE, agreed_bases
from tidydl.data.arrow.to_frame import HUGGINGFACE, OURS, features_of, notes_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["metadata_of_all"]


def metadata_of_all(schemas: Sequence[pa.Schema]) -> dict[bytes, bytes]:
    """Return the metadata of parts bound by row: the first's, and the others' of columns that it lacks.

    R's notes of a column are kept where all parts that have it agree.
    """
    first: dict[bytes, bytes] = dict(schemas[0].metadata or {})
    if all((schema.metadata or {}) == first for schema in schemas):
        return first
    features = _of_all([features_of(schema) for schema in schemas])
    if features:
        first[HUGGINGFACE] = json.dumps({"info": {"features": features}}).encode()
    notes = [notes_of(schema) for schema in schemas]
    if any(notes):
        first[OURS] = json.dumps(_notes_of_all(schemas, notes)).encode()
    return first


def _of_all(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is known by name: by the first that knows it."""
    known: dict[str, Any] = {}
    for part in parts:
        known |= {name: each for name, each in part.items() if name not in known}
    return known


def _notes_of_all(schemas: Sequence[pa.Schema], notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    import pyarrow as pa

    made = dict(notes[0])
    made["dtypes"] = _of_all([each.get("dtypes", {}) for each in notes])
    made["levels"] = _of_all([each.get("levels", {}) for each in notes])
    for name in (name for name, kind in made["dtypes"].items() if kind == "frames"):
        inner = [_within(schema, name, each) for schema, each in zip(schemas, notes, strict=True)]
        known = [each for each in inner if each is not None]
        if known:
            made["levels"][name] = {key.decode(): held.decode() for key, held in metadata_of_all(known).items()}
    held = [
        {field.name for field in schema if not pa.types.is_null(field.type)} for schema in schemas
    ]  # what is missing throughout has no say
    made[INDEX_BASE] = agreed_bases(held, notes)
    made[IN_FILE] = agreed(held, [plain_notes(each.get(IN_FILE)) for each in notes])
    return made


def _within(schema: pa.Schema, name: str, notes: Mapping[str, Any]) -> pa.Schema | None:
    """Return the schema of the frames in the cells of a column, with what is known of their columns."""
    import pyarrow as pa

    about = notes.get("levels", {}).get(name)
    place = schema.get_field_index(name)
    if about is None or place < 0 or not structures_in(schema.field(place).type):
        return None
    return pa.schema(list(schema.field(place).type.value_type), dict(about))

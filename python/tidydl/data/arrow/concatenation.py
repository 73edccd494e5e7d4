"""Arrow tables bound by row: their kinds have to go together, and their labels to be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tidydl.data.arrow.merged_metadata import metadata_of_all, schema_within
from tidydl.data.arrow.nested import labels_within
from tidydl.data.arrow.to_frame import features_of, notes_of
from tidydl.errors import DataError

_WRITTEN = ("frame ", "rows ")  # what parts of a stream that is written are called
_ALLOWED = "Columns of one name with the same type in all of them."


def join(names: Sequence[str], tables: Sequence[pa.Table]) -> pa.Table:
    """Bind tables by row; numbers of different kinds take the wider, missing columns are filled.

    Parameters
    ----------
    names
        What the tables are called in a message: their files, or their splits.
    tables
        The tables.

    Raises
    ------
    DataError
        A column has kinds that do not go together, or labels that differ.
    """
    if len(tables) == 1:
        return tables[0]
    schema = schema_of_all(names, [table.schema for table in tables])
    alike = all(table.schema.equals(tables[0].schema) for table in tables)
    try:
        bound = pa.concat_tables(tables, promote_options="none" if alike else "permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:  # of whole numbers that a double does not hold
        raise _misfit(dict(zip(names, [table.schema for table in tables], strict=True)), error) from error
    return bound.replace_schema_metadata(schema.metadata)


def schema_of_all(names: Sequence[str], schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the schema of parts bound by row; arguments and errors as of :func:`join`."""
    named = dict(zip(names, schemas, strict=True))
    refuse_other_meanings(named)
    alike = all(schema.equals(schemas[0]) for schema in schemas)
    try:
        schema = schemas[0] if alike else pa.unify_schemas(list(schemas), promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise _misfit(named, error) from error
    return schema.with_metadata(metadata_of_all(schemas))


def refuse_other_meanings(schemas: Mapping[str, pa.Schema]) -> None:
    """Refuse parts that Arrow would bind although their values of a column mean different things.

    Raises
    ------
    DataError
        A column, or a field in its cells, has labels in one part, and others, or what is none, in another: codes of one
        would be taken for those of the other. Or it is text in one and bytes in another.
    """
    first_labels: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    labelled = {part: dict(labels_within(_features_within(schema))) for part, schema in schemas.items()}
    for part, schema in schemas.items():
        for field_path, names in labelled[part].items():
            if _type_at(schema, field_path) is None:
                continue
            first, before = first_labels.setdefault(field_path, (part, names))
            if names != before:
                raise _other_labels(field_path, (first, before), (part, names))
    for field_path, (first, _) in first_labels.items():
        for part, schema in schemas.items():
            arrow_type = _type_at(schema, field_path)
            if arrow_type is not None and field_path not in labelled[part]:
                raise _unlike("$".join(field_path), ("labels", first), (_kind(arrow_type), part), _hint(part))
    _refuse_text_and_bytes(schemas)


def _features_within(schema: pa.Schema) -> dict[str, Any]:
    """Return what columns mean, those of data frames in cells as those of structures in lists."""
    notes, features = notes_of(schema), features_of(schema)
    for name, dtype in notes.get("dtypes", {}).items():
        if dtype == "frames" and (inner := schema_within(schema, name, notes)) is not None:
            features[name] = {"feature": {**_plain(features.get(name)), **_features_within(inner)}, "_type": "List"}
    return features


def _plain(feature: object) -> dict[str, Any]:
    """Return the features of structures in a list, where these are."""
    inner = feature.get("feature") if isinstance(feature, Mapping) else None
    return dict(inner) if isinstance(inner, Mapping) and "_type" not in inner else {}


def _type_at(schema: pa.Schema, field_path: tuple[str, ...]) -> pa.DataType | None:
    """Return the type of a column, or of a field in its cells; None where there is none, or nothing is in it."""
    index = schema.get_field_index(field_path[0])
    arrow_type: Any = pa.null() if index < 0 else schema.field(index).type
    for name in field_path[1:]:
        while hasattr(arrow_type, "value_type") and not pa.types.is_dictionary(arrow_type):
            arrow_type = arrow_type.value_type
        index = arrow_type.get_field_index(name) if pa.types.is_struct(arrow_type) else -1
        arrow_type = pa.null() if index < 0 else arrow_type.field(index).type
    return None if pa.types.is_null(arrow_type) else arrow_type


def _other_labels(field_path: tuple[str, ...], one: tuple[str, list[str]], other: tuple[str, list[str]]) -> DataError:
    within = f" has in its nested field '{'$'.join(field_path[1:])}'" if len(field_path) > 1 else " has"
    (first, before), (part, names) = one, other
    return DataError(
        f"Column '{field_path[0]}'{within} the labels {', '.join(before)} in {_display_name(first)},"
        f" but {', '.join(names)} in {_display_name(part)}.",
        allowed="The same labels, in the same order, in all of them.",
        hint=_hint(part),
    )


def _hint(part: str) -> str:
    return (
        "Give the column the same labels in every data frame." if part.startswith(_WRITTEN) else "Load them separately."
    )


def _refuse_text_and_bytes(schemas: Mapping[str, pa.Schema]) -> None:
    seen: dict[str, tuple[str, Any]] = {}
    for part, schema in schemas.items():
        for field in schema:
            first, before = seen.setdefault(field.name, (part, field.type))
            one, other = _innermost(before), _innermost(field.type)
            if {one, other} == {"text", "bytes"}:
                raise _unlike(field.name, (one, first), (other, part), "Load them separately.")


def _innermost(arrow_type: pa.DataType) -> str:
    """Return what lists hold in the end, or what a column does."""
    while pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        arrow_type = arrow_type.value_type
    return _kind(arrow_type)


def _unlike(column: str, one: tuple[str, str], other: tuple[str, str], hint: str) -> DataError:
    return DataError(
        f"The files or splits have different schemas: column '{column}' is {one[0]} in {_display_name(one[1])},"
        f" but {other[0]} in {_display_name(other[1])}.",
        allowed=_ALLOWED,
        hint=hint,
    )


def _misfit(schemas: Mapping[str, pa.Schema], error: Exception) -> DataError:
    """Return which column of which file has another kind than before."""
    hint = "Load them separately."
    seen: dict[str, tuple[str, Any]] = {}
    for part, schema in schemas.items():
        for field in schema:
            first, before = seen.setdefault(field.name, (part, field))
            try:
                merged = pa.unify_schemas([pa.schema([before]), pa.schema([field])], promote_options="permissive")
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                one, other = _kinds(before.type, field.type)
                return _unlike(field.name, (one, first), (other, part), hint)
            seen[field.name] = (first, merged.field(0))
    problem = f"The files or splits have different schemas: {str(error).splitlines()[0]}."
    return DataError(problem, allowed=_ALLOWED, hint=hint)


def _display_name(part: str) -> str:
    if part.startswith("frame "):
        return part
    return f"the {part}" if part.startswith(("split ", *_WRITTEN)) else f"'{part}'"


def _kinds(one: pa.DataType, other: pa.DataType) -> tuple[str, str]:
    """Return of which kinds the values of two Arrow types are, so that they differ."""
    words = _kind(one), _kind(other)
    if words[0] != words[1]:
        return words
    if words[0] == "timestamps":
        return _zoned(one), _zoned(other)
    if words[0] == "lists" and _kind(one.value_type) != _kind(other.value_type):
        return f"lists of {_kind(one.value_type)}", f"lists of {_kind(other.value_type)}"
    return (f"{words[0]} ({one})", f"{words[1]} ({other})") if words[0] != str(one) else words


def _zoned(arrow_type: pa.DataType) -> str:
    return f"timestamps with time zone {arrow_type.tz}" if arrow_type.tz else "timestamps without a time zone"


def _kind(arrow_type: pa.DataType) -> str:
    """Return of which kind values of an Arrow type are, in the words of the columns."""
    is_ = pa.types
    if is_.is_integer(arrow_type):
        return "integers"
    if is_.is_floating(arrow_type) or is_.is_decimal(arrow_type):
        return "numbers"
    if is_.is_boolean(arrow_type):
        return "logicals"
    if is_.is_date(arrow_type):
        return "dates"
    if is_.is_timestamp(arrow_type):
        return "timestamps"
    if str(arrow_type) in ("string", "large_string", "string_view") or is_.is_dictionary(arrow_type):
        return "text"
    if str(arrow_type) in ("binary", "large_binary", "binary_view"):
        return "bytes"
    return "lists" if is_.is_list(arrow_type) or is_.is_large_list(arrow_type) else str(arrow_type)

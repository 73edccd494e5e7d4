"""Columns in the types that ``dataset_info`` of a README declares, where nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidydl.errors import DataError

_SPECIAL = ("ClassLabel", "Image", "Audio")  # what columns mean, which is seen to where frames are made
_LISTS = ("List", "LargeList", "Sequence")


def as_declared(table: pa.Table, features: Mapping[str, Any], path: str, kind: str) -> pa.Table:
    """Return the table of a file with its columns in the declared types.

    Parameters
    ----------
    table
        What was read.
    features
        The features of ``datasets`` by column; those of labels and media are left alone.
    path, kind
        The file, and its format.

    Raises
    ------
    DataError
        A value would become another one, or none.
    """
    for place, field in enumerate(table.schema if features else ()):
        declared = _declared(features, field.name)
        if declared is None or _are_alike(field.type, declared[0]):
            continue
        # the text of timestamps in json is gone, which would be another one
        refusal = _refusal(field, *declared, path, kind)
        column = _cast(table.column(place), *declared, refusal, timestamps_as_text=kind != "json")
        table = table.set_column(place, field.with_type(column.type).with_metadata(None), column)
    return table


def texts_declared(schema: pa.Schema, features: Mapping[str, Any]) -> frozenset[str]:
    """Name the columns of numbers, dates and the like that are declared as text: their text is that of the file."""
    return frozenset(
        field.name
        for field in schema
        if not _is_text(field.type)
        and (declared := _declared(features, field.name)) is not None
        and _is_text(declared[0])
    )


def _declared(features: Mapping[str, Any], name: str) -> tuple[pa.DataType, Any] | None:
    """Return the declared type of a column, and its feature; None where it is none of plain values."""
    import datasets

    described = features.get(name)
    if described is None or not _is_of_values(described):
        return None
    feature = datasets.Features.from_dict({name: described})
    return feature.arrow_schema.field(name).type, feature[name]


def _is_of_values(feature: object) -> bool:
    if not isinstance(feature, Mapping):
        return False
    feature_type = feature.get("_type")
    if isinstance(feature_type, str):
        return feature_type == "Value" or (feature_type in _LISTS and _is_of_values(feature.get("feature")))
    return bool(feature) and all(_is_of_values(each) for each in feature.values())


def _are_alike(read: pa.DataType, declared: pa.DataType) -> bool:
    """Return whether columns of two types become the same column of a frame."""
    if pa.types.is_dictionary(read):
        return _are_alike(read.value_type, declared)
    if pa.types.is_decimal(read) and pa.types.is_floating(declared):
        return True
    if _is_list(read) and _is_list(declared):
        return _are_alike(read.value_type, declared.value_type)
    if pa.types.is_struct(read) and pa.types.is_struct(declared):
        names = [[arrow_type.field(k).name for k in range(arrow_type.num_fields)] for arrow_type in (read, declared)]
        return names[0] == names[1] and all(_are_alike(a.type, b.type) for a, b in zip(read, declared, strict=True))
    return bool(read == declared) or (_is_text(read) and _is_text(declared))


def _is_text(arrow_type: pa.DataType) -> bool:
    return str(arrow_type) in ("string", "large_string", "string_view")


def _is_list(arrow_type: pa.DataType) -> bool:
    return pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type) or pa.types.is_fixed_size_list(arrow_type)


def _refusal(
    field: pa.Field, declared: pa.DataType, feature: object, path: str, kind: str
) -> Callable[[pa.Array], DataError]:
    named = getattr(feature, "dtype", declared)  # the README's own name of it

    def refuse(values: pa.Array) -> DataError:
        shown = "values" if not len(values) else repr(values[0].as_py()) if _is_text(field.type) else str(values[0])
        shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
        return DataError(
            f"'{path}' has {shown} in column '{field.name}', which is read as {field.type} and declared as {named} "
            "in README.md.",
            allowed="Values of the declared type, or such that become it without loss.",
            hint=f"Mend `dataset_info` in README.md, or read without it: load_dataset('{kind}', data_files=…).",
        )

    return refuse


def _cast(
    values: pa.ChunkedArray,
    arrow_type: pa.DataType,
    feature: object,
    refusal: Callable[[pa.Array], DataError],
    *,
    timestamps_as_text: bool,
) -> pa.ChunkedArray:
    from datasets.table import cast_array_to_feature

    def cast(some: pa.Array) -> pa.Array:
        converted = cast_array_to_feature(some, feature) if pa.types.is_nested(arrow_type) else some.cast(arrow_type)
        for before, after in _leaves(some, converted):
            as_text = pa.types.is_temporal(before.type) and _is_text(after.type)
            if (as_text and not timestamps_as_text) or _loses(before, after):
                raise ValueError
        return converted

    chunks = []
    for chunk in values.chunks or [pa.array([], values.type)]:
        try:
            chunks.append(cast(chunk))
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise refusal(_first_refused(chunk, cast)) from error
    return pa.chunked_array(chunks)


def _first_refused(values: pa.Array, cast: Callable[[pa.Array], Any]) -> pa.Array:
    """Return the first value that cannot be cast, in an array of one."""
    while len(values) > 1:
        half = len(values) // 2
        try:
            cast(values.slice(0, half))
            values = values.slice(half)
        except (pa.ArrowException, ValueError, TypeError):
            values = values.slice(0, half)
    return values


def _leaves(read: pa.Array, converted: pa.Array) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield the plain values before and after, of lists and structures those in them."""
    if _is_list(converted.type) and _is_list(read.type):
        yield from _leaves(pc.list_flatten(read), pc.list_flatten(converted))
    elif pa.types.is_struct(converted.type) and pa.types.is_struct(read.type):
        for field in converted.type:
            if read.type.get_field_index(field.name) >= 0:
                yield from _leaves(pc.struct_field(read, field.name), pc.struct_field(converted, field.name))
    else:
        yield read, converted


def _loses(read: pa.Array, converted: pa.Array) -> bool:
    """Return whether a value is another one after it was cast; text was read as what it says, or the cast failed."""
    if _is_text(read.type) or pa.types.is_null(read.type) or pa.types.is_decimal(read.type):
        return False
    if pa.types.is_floating(read.type) and pa.types.is_floating(converted.type):  # of the declared precision
        return bool(pc.any(pc.and_not(pc.is_inf(converted), pc.is_inf(read))).as_py())
    same = pc.equal(converted.cast(read.type), read)
    if pa.types.is_floating(read.type):
        same = pc.or_(same, pc.is_nan(read))
    return pc.all(same).as_py() is False

"""Lists, structures and maps of Arrow as lists and dictionaries, what is in them by its feature: labels by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from tidydl.data.media.media_files import lost_file
from tidydl.errors import DataError

Maker = Callable[[Any], Any]
_LISTS = ("List", "LargeList", "Sequence")


def in_one(values: pa.ChunkedArray) -> Any:
    """Return values as one array."""
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)


def holds_more(arrow_type: pa.DataType) -> bool:
    """Return whether a value of this type holds others, or bytes: what a column of objects is for."""
    return (
        pa.types.is_nested(arrow_type)
        or str(arrow_type) in ("binary", "large_binary")
        or pa.types.is_fixed_size_binary(arrow_type)
    )


def label_names(feature: Mapping[str, Any]) -> list[str]:
    """Return the label names, which metadata of a README may hold by code."""
    names = feature["names"]
    if isinstance(names, Mapping):
        return [str(names[code]) for code in sorted(names, key=int)]
    return [str(name) for name in names]


def labels_within(features: object, field_path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield the names of all labels that features describe, with where each is: its column, and the field in cells."""
    if isinstance(features, list) and len(features) == 1:  # how features were once written
        (features,) = features
    if not isinstance(features, Mapping):
        return
    feature_type = features.get("_type")
    if not isinstance(feature_type, str):
        for name, each in features.items():
            yield from labels_within(each, (*field_path, str(name)))
    elif feature_type == "ClassLabel":
        yield field_path, label_names(features)
    else:
        yield from labels_within(features.get("feature"), field_path)


def value_maker(arrow_type: pa.DataType, feature: object) -> Maker | None:
    """Return what makes our value of one that Arrow gives as lists and dictionaries; None where it is one already.

    Parameters
    ----------
    arrow_type
        The Arrow type.
    feature
        What ``datasets`` says of it.
    """
    if isinstance(feature, Mapping) and isinstance(feature.get("_type"), str):
        return _by_feature(arrow_type, feature)
    if isinstance(feature, list) and len(feature) == 1:  # how features were once written
        return _of_each(value_maker(_within(arrow_type), feature[0]))
    if pa.types.is_map(arrow_type):
        return _of_entries
    if pa.types.is_struct(arrow_type):
        named = feature if isinstance(feature, Mapping) else {}
        makers = {
            arrow_type.field(i).name: value_maker(arrow_type.field(i).type, named.get(arrow_type.field(i).name))
            for i in _of(arrow_type)
        }
        return _of_fields({name: maker for name, maker in makers.items() if maker is not None})
    return _of_each(value_maker(_within(arrow_type), None)) if pa.types.is_nested(arrow_type) else None


def _of_entries(entries: list[tuple[Any, Any]] | None) -> dict[Any, Any] | None:
    """Return the entries of a map as a dictionary, each key of which has one value."""
    if entries is None:
        return None
    mapping = dict(entries)
    if len(mapping) < len(entries):
        keys = [key for key, _ in entries]
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise DataError(
            f"A map has the key {twice!r} twice, and one of its values would be lost.",
            allowed="Maps with different keys.",
        )
    return mapping


def _by_feature(arrow_type: pa.DataType, feature: Mapping[str, Any]) -> Maker | None:
    what = feature["_type"]
    if what in _LISTS:
        inner = feature.get("feature")
        # a sequence of a structure was once stored as a structure of lists
        if pa.types.is_struct(arrow_type) and isinstance(inner, Mapping):
            return value_maker(arrow_type, {name: {"feature": each, "_type": "List"} for name, each in inner.items()})
        return _of_each(value_maker(_within(arrow_type), inner))
    if what == "ClassLabel" and pa.types.is_integer(arrow_type):
        names = label_names(feature)
        return lambda code: names[code] if code is not None and 0 <= code < len(names) else None
    if what == "Image":
        from tidydl.data.media.image import Image, as_image

        return lambda value: None if value is None else lost_file(value, Image) or as_image(value)
    if what == "Audio":
        from tidydl.data.media.audio import Audio, as_audio

        return lambda value: None if value is None else lost_file(value, Audio) or as_audio(value)
    return value_maker(arrow_type, None)


def _of(arrow_type: pa.DataType) -> range:
    return range(arrow_type.num_fields)


def _within(arrow_type: pa.DataType) -> pa.DataType:
    """Return the type of what a list holds."""
    return getattr(arrow_type, "value_type", arrow_type)


def _of_each(maker: Maker | None) -> Maker | None:
    if maker is None:
        return None
    return lambda values: None if values is None else [maker(value) for value in values]


def _of_fields(makers: dict[str, Maker]) -> Maker | None:
    if not makers:
        return None
    return lambda value: (
        None
        if value is None
        else {name: makers[name](each) if name in makers else each for name, each in value.items()}
    )

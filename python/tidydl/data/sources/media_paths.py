"""Paths of images and audio in the cells of files: they may not lead out of the folder that the file came in.

A cell holds the contents, or the path of a file that does. Such a path is seen from the file that names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidydl import rendering
from tidydl.data.arrow.nested import in_one
from tidydl.data.media.media_files import is_url
from tidydl.data.sources.path_bounds import Bounds, leads_out
from tidydl.errors import ArgumentError, DataError
from tidydl.storage import unpacked_folder

_MEDIA = ("Image", "Audio", "Video", "Pdf", "Nifti", "Mesh")  # features of `datasets` whose cells may be paths
_LISTS = ("List", "LargeList", "Sequence")
_BYTES = ("binary", "large_binary", "binary_view")
Rename = Callable[[str], str]


def check_media_paths(
    table: pa.Table,
    features: Mapping[str, Any],
    bounds: Bounds,
    source: str,
    seen_from: Path | None = None,
    also: Path | None = None,
    packed: Collection[str] = (),
) -> pa.Table:
    """Return a table of a file with the paths of images and audio as they can be opened.

    Parameters
    ----------
    table
        The table.
    features
        What its columns mean, beside what its own metadata say.
    bounds
        The folder that the file came in.
    source
        What names the paths, for messages.
    seen_from
        The folder that relative paths start in, by default that of ``bounds``.
    also
        Another folder that paths may lead into: one of ours, where what came packed was unpacked.
    packed
        Zip files of the data set, which were looked through: `datasets` calls what is in them ``zip://name::path``.

    Raises
    ------
    DataError
        A path leads out of the folder, which the caller does not trust.
    ArgumentError
        It is a URL.
    """
    allowed: list[Bounds] = []  # worked out where a path is met, which few blocks of a stream have
    features = {**features, **_described(table.schema.metadata or {})}
    for index, name in enumerate(table.column_names):
        new_paths: dict[str, str] = {}
        for chunk in table.column(index).chunks:
            for path in _paths_in(chunk, features.get(name)):
                if path not in new_paths and not _is_in_zip(path, packed):
                    allowed = allowed or [bounds, *map(Bounds, (unpacked_folder(), *([also] if also else [])))]
                    new_paths[path] = _opened_as(path, allowed, seen_from, f"Column '{name}' of {source}")
        if any(path != other for path, other in new_paths.items()):
            table = _renamed(table, index, features.get(name), partial(_replaced, new_paths))
    return table


def _replaced(new_paths: Mapping[str, str], path: str) -> str:
    return new_paths.get(path, path)


def checked_blocks(
    blocks: Callable[[], Iterator[pa.Table]],
    schema: pa.Schema,
    features: Mapping[str, Any],
    bounds: Bounds,
    file: Path,
) -> Callable[[], Iterator[pa.Table]]:
    """Return what gives the blocks of a file of some schema, each checked by :func:`check_media_paths`."""
    if not _may_name_files(schema, features):
        return blocks
    return lambda: (check_media_paths(block, features, bounds, f"'{file}'", file.parent) for block in blocks())


def _may_name_files(schema: pa.Schema, features: Mapping[str, Any]) -> bool:
    """Return whether any column is of more than plain values, as its type and what is known of it say."""
    features = {**features, **_described(schema.metadata or {})}
    return any(
        pa.types.is_nested(each.type)
        or isinstance(each.type, pa.BaseExtensionType)
        or (each.name in features and _kind(features[each.name]) not in ("Value", "ClassLabel"))
        for each in schema
    )


def relative_media_paths(table: pa.Table, folder: Path) -> pa.Table:
    """Return a table to be written into a folder: paths of media below that are seen from it, others are absolute."""
    features = _described(table.schema.metadata or {})
    inside = os.path.join(os.path.realpath(folder), "")
    within: dict[str, str | None] = {}
    for index, name in enumerate(table.column_names):
        new_paths = {}
        for chunk in table.column(index).chunks:
            for path in _paths_in(chunk, features.get(name)):
                above, file = os.path.split(path)
                if above not in within:
                    within[above] = _within(above, inside)
                relative = f"{within[above]}{file}"
                if within[above] is not None and leads_out(relative) is None:
                    new_paths[path] = relative
                elif not os.path.isabs(path) and not is_url(path):  # else it would be seen from the new folder
                    new_paths[path] = os.path.abspath(os.path.expanduser(path))
        if new_paths:
            table = _renamed(table, index, features.get(name), partial(_replaced, new_paths))
    return table


def _within(index: str, inside: str) -> str | None:
    """Return what comes before the names of files in a folder, seen from another; None where that does not hold it."""
    real = "" if is_url(index) or "\0" in index else os.path.join(os.path.realpath(os.path.expanduser(index)), "")
    return Path(real.removeprefix(inside), "_").as_posix()[:-1] if real.startswith(inside) else None


def _described(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Read what metadata of a file say of its columns, those of data frames in cells included."""
    try:
        features = dict(json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {}))
    except (ValueError, TypeError, AttributeError, RecursionError):
        features = {}
    try:
        levels = dict(json.loads(metadata.get(b"tidydl", b"{}")).get("levels", {}))
    except (ValueError, TypeError, AttributeError, RecursionError):
        levels = {}
    for name, about in levels.items():
        if isinstance(about, Mapping) and about.keys() & {"huggingface", "tidydl"}:
            features[name] = _described({str(k).encode(): str(v).encode() for k, v in about.items()})
    return features


def _paths_in(values: pa.Array, feature: object) -> Iterator[str]:
    """Return the paths that cells name instead of holding contents, in lists and structures too."""
    arrow_type = values.type
    if isinstance(arrow_type, pa.BaseExtensionType):
        yield from _paths_in(values.storage, feature)
    elif pa.types.is_dictionary(arrow_type):
        if isinstance(feature, (Mapping, list)):
            yield from _paths_in(values.dictionary, feature)
    elif _is_media(arrow_type, feature):
        parts = dict(zip([each.name for each in arrow_type], values.flatten(), strict=True))
        bare = parts["path"].filter(parts["bytes"].is_null()) if "bytes" in parts else parts["path"]
        yield from _texts(bare)
    elif pa.types.is_struct(arrow_type):
        inner = _inner(feature)
        for each, part in zip(arrow_type, values.flatten(), strict=True):
            yield from _paths_in(part, inner.get(each.name) if isinstance(inner, Mapping) else None)
    elif pa.types.is_map(arrow_type):
        yield from _paths_in(values.items, None)
    elif hasattr(arrow_type, "value_type"):
        yield from _paths_in(pc.list_flatten(values), _inner(feature))
    elif _kind(feature) in _MEDIA:
        yield from _texts(values)


def _texts(values: pa.Array) -> Iterator[str]:
    type_name = str(values.type)
    if type_name in ("string", "large_string", "string_view"):
        values = values.cast(pa.large_binary())  # which need not be UTF-8
    elif type_name not in _BYTES:
        return
    for each in values.drop_null().unique().to_pylist():
        yield os.fsdecode(each)


def _is_media(arrow_type: pa.DataType, feature: object) -> bool:
    """Return whether cells are images or audio: by the feature, or since they look like it."""
    if not pa.types.is_struct(arrow_type):
        return False
    types = {each.name: str(each.type) for each in arrow_type}
    if "path" not in types:
        return False
    return _kind(feature) in _MEDIA or (set(types) == {"bytes", "path"} and types["bytes"] in (*_BYTES, "null"))


def _kind(feature: object) -> object:
    return feature.get("_type") if isinstance(feature, Mapping) else None


def _inner(feature: object) -> object:
    """Return the feature of what is in a list; of anything else itself."""
    if isinstance(feature, list) and len(feature) == 1:  # how features were once written
        return feature[0]
    return feature.get("feature") if isinstance(feature, Mapping) and _kind(feature) in _LISTS else feature


def _is_in_zip(path: str, packed: Collection[str]) -> bool:
    """Return whether a path is that of a file in one of these zip files, and of nothing else."""
    start, _, archive = path.partition("::")
    return start.startswith("zip://") and archive in packed


def _opened_as(path: str, allowed: Sequence[Bounds], seen_from: Path | None, source: str) -> str:
    """Return the path by which a file is opened, seen from the working folder."""
    bounds = allowed[0]
    shown = path if len(path) < 200 else f"{path[:80]}…"
    if is_url(path):
        raise ArgumentError(
            f"{source} names '{shown}', a URL, and URLs are not downloaded.",
            allowed="Contents, or paths of files in the folder of the data set.",
            hint="Leave the column out with `columns`, or download the files and name their paths.",
        )
    full = os.path.expanduser(path)
    if "\0" not in path and not leads_out(path):
        beside = os.path.join(seen_from or bounds.folder, path)
        if bounds.trusted or bounds.hold(beside):
            here = not os.path.exists(beside) and os.path.exists(full) and (bounds.trusted or bounds.hold(full))
            return full if here else os.path.abspath(beside)
    elif bounds.trusted or ("\0" not in path and any(each.hold(full) for each in allowed)):
        return full
    raise DataError(
        f"{source} names the file '{shown}', which is outside the folder '{bounds.folder}'.",
        allowed="Contents, or paths of files in the folder of the data set, or below.",
        hint=f"If you trust the data, add {rendering.argument('trusted', rendering.value(True))}; "
        "otherwise leave the column out with `columns`.",
    )


def _renamed(table: pa.Table, index: int, feature: object, rename: Rename) -> pa.Table:
    """Put other paths in the place of those in a column."""
    field = table.schema.field(index)
    if _is_media(field.type, feature) and str(field.type.field("path").type) in ("string", "large_string"):
        return table.set_column(index, field, _with_other_paths(in_one(table.column(index)), rename))
    values = [_with_paths(value, field.type, feature, rename) for value in table.column(index).to_pylist()]
    return table.set_column(index, field, pa.chunked_array([pa.array(values, field.type)]))


def _with_other_paths(values: pa.StructArray, rename: Rename) -> pa.StructArray:
    """Put other paths in the place of those of images and audio without contents."""
    parts = dict(zip([each.name for each in values.type], values.flatten(), strict=True))
    coded = parts["path"].dictionary_encode()
    names = pa.array([rename(path) for path in coded.dictionary.to_pylist()], parts["path"].type)
    others = names.take(coded.indices)
    bare = parts["bytes"].is_null() if "bytes" in parts else pa.scalar(True)
    parts["path"] = pc.if_else(bare, others, parts["path"])
    return pa.StructArray.from_arrays(list(parts.values()), fields=list(values.type), mask=values.is_null())


def _with_paths(value: Any, arrow_type: pa.DataType, feature: object, rename: Rename) -> Any:
    if value is None:
        return None
    if _is_media(arrow_type, feature):
        bare = value.get("bytes") is None and value.get("path") is not None
        return {**value, "path": rename(value["path"])} if bare else value
    if pa.types.is_struct(arrow_type):
        inner = _inner(feature)
        of = inner if isinstance(inner, Mapping) else {}
        return {e.name: _with_paths(value[e.name], e.type, of.get(e.name), rename) for e in arrow_type}
    if isinstance(value, list) and hasattr(arrow_type, "value_type") and not pa.types.is_map(arrow_type):
        return [_with_paths(each, arrow_type.value_type, _inner(feature), rename) for each in value]
    return rename(value) if isinstance(value, str) and _kind(feature) in _MEDIA else value

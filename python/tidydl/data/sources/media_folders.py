"""Folders of images or audio as tables: a path a row, the class folder as a label, or what a metadata file says.

Nothing is opened but the metadata files; the rules are those of the ``imagefolder`` of ``datasets``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidydl import rendering
from tidydl.data.readers.csv_columns import named_apart
from tidydl.data.readers.formats import MEDIA
from tidydl.data.readers.pandas_index import index_names, with_index_named
from tidydl.data.readers.table_formats import TABLE_FORMATS
from tidydl.data.sources.folders import METADATA
from tidydl.data.sources.path_bounds import Bounds, leads_out
from tidydl.errors import DataError, NotFoundError
from tidydl.user_warnings import warn_user

ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")  # what is unpacked of them, pictures too, is gone when it was read
_IN_FOLDER = "Paths of files in the folder of the metadata file, or below."


def media_tables(
    kind: str, splits: Mapping[str, Mapping[str, Path]], *, trusted: bool = False
) -> tuple[dict[str, pa.Table], dict[str, dict[str, Any]]]:
    """Build one table a split.

    Parameters
    ----------
    kind
        ``"image"`` or ``"audio"``, which is also the name of the column.
    splits
        By split, its files by their path in the folder, metadata files among them.
    trusted
        Whether metadata files may name files by links out of their folder.

    Returns
    -------
    tuple
        The tables, and the features by column: the images or audio, and ``label`` (the folder of each, in sorted
        order, where all lie equally deep in several) or the columns of the metadata.
    """
    if any(path.name in METADATA for files in splits.values() for path in files.values()):
        return _described(kind, splits, trusted)
    by_split = {split: {n: p for n, p in files.items() if is_media(p, kind)} for split, files in splits.items()}
    labels = _class_folders([name for files in by_split.values() for name in files], list(by_split))
    features: dict[str, dict[str, Any]] = {kind: {"_type": kind.capitalize()}}
    if labels:
        features["label"] = {"names": labels, "_type": "ClassLabel"}
    return {split: _table(kind, files, labels) for split, files in by_split.items()}, features


def is_media(path: Path, kind: str) -> bool:
    """Return whether a file is an image or an audio clip, by its name."""
    return path.suffix.lower() in MEDIA[kind]


def _class_folders(names: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Name the classes: the folders that files lie in, where there are several, all equally deep."""
    if len({name.count("/") for name in names}) != 1:
        return []
    folders = {name.split("/")[-2] if "/" in name else "" for name in names}
    return sorted(folders) if len(folders) > 1 and not folders <= {*splits, "training", "val", "dev"} else []


def _table(kind: str, files: Mapping[str, Path], labels: Sequence[str]) -> pa.Table:
    columns = {kind: _column([str(path.absolute()) for path in files.values()])}
    if labels:
        codes = {label: code for code, label in enumerate(labels)}
        columns["label"] = pa.array([codes[name.split("/")[-2]] for name in files], pa.int64())
    return pa.table(columns)


def _column(paths: Sequence[str | None]) -> Any:
    array = pa.array(paths, pa.string())
    fields = [pa.field("bytes", pa.binary()), pa.field("path", pa.string())]
    mask = array.is_null() if array.null_count else None
    return pa.StructArray.from_arrays([pa.nulls(len(paths), pa.binary()), array], fields=fields, mask=mask)


def _described(
    kind: str, splits: Mapping[str, Mapping[str, Path]], trusted: bool
) -> tuple[dict[str, pa.Table], dict[str, dict[str, Any]]]:
    """Build the tables that metadata files describe, a row of theirs each."""
    from tidydl.data.arrow.concatenation import join

    tables, features = {}, {}
    for split, files in splits.items():
        parts = {}
        locations = [path for path in files.values() if path.name in METADATA]
        _refuse_several(locations)
        for location in locations:
            parts[str(location)], own = _with_media(
                _metadata_in(location), Bounds(location.parent, trusted), location, kind
            )
            features.update(own)
        if not parts:
            raise NotFoundError(
                f"The split '{split}' has no metadata file, but other splits have one.",
                allowed=f"One of {', '.join(METADATA)} in the folder of each split, or in none.",
            )
        tables[split] = join(list(parts), list(parts.values()))
        check_described(tables[split], features, list(files.values()), f"The split '{split}'")
    return tables, features


def _refuse_several(locations: Sequence[Path]) -> None:
    """Refuse several metadata files of one folder, which would describe each file several times."""
    first: dict[Path, Path] = {}
    for location in locations:
        other = first.setdefault(location.parent, location)
        if other is not location:
            raise DataError(
                f"The folder '{location.parent}' has two metadata files, '{other.name}' and '{location.name}'.",
                allowed=f"At most one of {', '.join(METADATA)} per folder.",
                hint="Delete or rename one of them.",
            )


def check_described(table: pa.Table, features: Mapping[str, Any], files: Sequence[str | Path], subject: str) -> None:
    """Check that metadata files list each image or audio clip, and that no two of them list the same.

    Parameters
    ----------
    table
        The rows that they describe.
    features
        What the columns mean.
    files
        The files of the split, metadata files among them; where there are none, or files are packed, all is well.
    subject
        What the split is called in messages.

    Raises
    ------
    DataError
        Several metadata files list one file.
    """
    described = [path for path in files if os.path.basename(path) in METADATA]
    columns = [name for name in table.column_names if features.get(name, {}).get("_type") in ("Image", "Audio")]
    if not described or any(str(path).endswith(ARCHIVES) for path in files):
        return
    by_column = [pc.struct_field(table[name], "path").drop_null().to_pylist() for name in columns]
    for paths in by_column if len(described) > 1 else []:
        if len(set(paths)) < len(paths):
            path = next(path for path, count in Counter(paths).items() if count > 1)
            raise DataError(
                f"{subject} has {len(described)} metadata files, in which '{path}' is listed twice.",
                allowed="Metadata files that describe different files.",
                hint="Keep one of them.",
            )
    named = {path for paths in by_column for path in paths}
    media = [path for path in files if any(is_media(Path(path), kind) for kind in MEDIA)]
    left = [path for path in media if os.path.abspath(path) not in named and os.path.realpath(path) not in named]
    if left:
        listed = ", ".join(f"'{path}'" for path in left[:5]) + (", …" if len(left) > 5 else "")
        warn_user(f"Not loaded, because the metadata file does not list these files: {listed}.")


def _metadata_in(location: Path) -> pa.Table:
    format_ = {".csv": "csv", ".jsonl": "json", ".parquet": "parquet"}[location.suffix]
    table = TABLE_FORMATS[format_].read(str(location))
    return with_index_named(table, index_names([[str(location)]])) if format_ == "parquet" else table


def _with_media(
    table: pa.Table, bounds: Bounds, location: Path, kind: str
) -> tuple[pa.Table, dict[str, dict[str, Any]]]:
    """Put the images or audio in the place of the columns that name their files."""
    columns: dict[str, Any] = {}
    features: dict[str, dict[str, Any]] = {}
    table = table.rename_columns(named_apart(table.column_names))
    for name in table.column_names:
        if name == "file_name" or name.endswith("_file_name"):
            new = name.removesuffix("file_name").removesuffix("_") or kind
            if new in table.column_names or new in columns:
                raise DataError(
                    f"'{location}' has a column '{new}', the name that the files of '{name}' would get.",
                    allowed=f"No column '{new}' beside '{name}'.",
                    hint="Rename it there.",
                )
            columns[new] = _column([_beside(location, each, bounds) for each in table[name].to_pylist()])
            features[new] = {"_type": kind.capitalize()}
        else:
            columns[name] = table[name]
    if not features:
        raise DataError(
            f"'{location}' has no column 'file_name'.",
            allowed="A column 'file_name' with the path of each file, relative to the metadata file.",
        )
    # the files come first, as they do without a metadata file
    order = [*features, *(name for name in columns if name not in features)]
    return pa.table({name: columns[name] for name in order}), features


def _beside(location: Path, name: object, bounds: Bounds) -> str | None:
    if name is None:
        return None
    out = leads_out(str(name))
    if out in ("a URL", "no path"):
        raise DataError(f"'{location}' names the file '{name}', which is {out}.", allowed=_IN_FOLDER)
    path = location.parent / (os.path.expanduser(str(name)) if bounds.trusted else str(name))
    if out is not None and not bounds.trusted and (str(name).startswith("~") or not bounds.hold(path)):
        raise DataError(
            f"'{location}' names the file '{name}', which is outside its folder.",
            allowed=_IN_FOLDER,
            hint=f"If you trust the data, add {rendering.argument('trusted', rendering.value(True))}.",
        )
    if not path.is_file():
        raise NotFoundError(f"'{location}' names the file '{name}', which does not exist.")
    bounds.check(path)
    return os.path.realpath(path) if ".." in path.parts else os.path.abspath(path)

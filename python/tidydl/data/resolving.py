"""Find the files of a local data set and read them into one Arrow table per split.

Which files make which split is decided by ``datasets``: names and subfolders such as ``train`` and ``test``,
patterns in ``data_files``, the settings in a README. Tables are then read by Arrow itself; what else
``datasets`` can read, image folders first of all, it prepares in a folder that is gone when the call ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.data.decoding import features_of
from tidydl.data.reading import FORMATS, READERS, format_of
from tidydl.data.splits import join
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BUILDERS", "Raw", "prepared", "quiet", "read_builder", "read_file"]

BUILDERS = ("csv", "parquet", "json", "imagefolder", "text")


@dataclass
class Raw:
    """What was read: one table per split, what the columns mean, and of which format the files were."""

    tables: dict[str, pa.Table]
    features: Mapping[str, Any]
    format: str
    files: int


def read_file(path: Path, **options: str | None) -> Raw:
    """Read a single file, which is the split 'train'."""
    kind = format_of(path)
    table = READERS[kind](str(path), **options)
    return Raw({"train": table}, features_of(table.schema), kind, 1)


def read_builder(
    path: str, name: str | None, data_dir: str | None, data_files: Any, options: Mapping[str, str | None]
) -> Raw:
    """Read a folder, or the files that go with the name of a format such as 'csv'."""
    with tempfile.TemporaryDirectory(prefix="tidydl-") as scratch, quiet():
        builder = _builder(path, name, data_dir, data_files, scratch)
        kind = type(builder).__module__.rpartition(".")[2]
        files = {str(s): [str(f) for f in found] for s, found in (builder.config.data_files or {}).items()}
        _check_files(path, data_dir, data_files, files)
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        if kind in READERS and all(Path(f).suffix.lower() in FORMATS for fs in files.values() for f in fs):
            tables = {s: join([READERS[kind](f, **options) for f in found]) for s, found in files.items()}
        else:
            _no_options(options, kind)
            _check_kinds(builder, data_dir or path, files)
            tables = prepared(builder, data_dir or path)
        if not features:
            features = features_of(next(iter(tables.values())).schema)
        return Raw(tables, features, kind, sum(len(found) for found in files.values()))


def _builder(path: str, name: str | None, data_dir: str | None, data_files: Any, scratch: str) -> Any:
    import datasets

    try:
        return datasets.load_dataset_builder(path, name, data_dir=data_dir, data_files=data_files, cache_dir=scratch)
    except FileNotFoundError as error:
        raise _no_files(data_dir or path, data_files) from error
    except (ValueError, RuntimeError) as error:
        raise ArgumentError(
            f"`path` '{path}' cannot be loaded: {_first_line(error)}.",
            allowed="A folder of csv, parquet, json or image files.",
        ) from error


def _check_files(path: str, data_dir: str | None, data_files: Any, files: dict[str, list[str]]) -> None:
    """Refuse splits without files, and files that are not there."""
    if not files or not all(files.values()):
        raise _no_files(data_dir or path, data_files)
    for found in files.values():
        for file in found:
            if not os.path.exists(file):
                raise NotFoundError(f"`data_files` '{file}' does not exist.")


def _check_kinds(builder: Any, folder: str, files: dict[str, list[str]]) -> None:
    """Refuse a folder of images without an image, which ``datasets`` would explain badly."""
    known = tuple(getattr(builder, "EXTENSIONS", ()))
    found = [file.lower() for split in files.values() for file in split]
    if known and not any(file.endswith((*known, ".zip", ".tar", ".gz")) for file in found):
        raise _no_files(folder)


def prepared(builder: Any, path: str) -> dict[str, pa.Table]:
    """Let ``datasets`` read the files, and take its tables into memory."""
    import datasets

    try:
        builder.download_and_prepare(verification_mode=datasets.VerificationMode.NO_CHECKS)
        made = builder.as_dataset(in_memory=True)
    except Exception as error:
        cause = error.__cause__ or error
        raise DamagedFileError(
            f"`path` '{path}' cannot be read: {_first_line(cause)}.",
            allowed="A folder of csv, parquet, json or image files.",
        ) from error
    return {str(split): part.data.table for split, part in made.items()}


def _no_files(folder: str, data_files: Any = None) -> NotFoundError:
    if data_files is not None:
        return NotFoundError(
            f"`data_files` {data_files!r} matches no file.",
            allowed="Paths or patterns of files, relative to the working folder or to `data_dir`.",
            hint=f"The working folder is '{os.getcwd()}'.",
        )
    found = sorted(entry.name for entry in Path(folder).iterdir())[:8] if Path(folder).is_dir() else []
    there = f"There is: {', '.join(found)}." if found else "It is empty." if Path(folder).is_dir() else None
    return NotFoundError(
        f"`path` '{folder}' holds no data files.",
        allowed="csv, tsv, parquet, json or jsonl files, or images in one subfolder per class.",
        hint=there,
    )


def _no_options(options: Mapping[str, str | None], kind: str) -> None:
    for argument, value in options.items():
        if value is not None:
            raise ArgumentError(f"`{argument}` means nothing for data of kind {kind}.", hint=f"Leave `{argument}` out.")


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars of ``datasets`` off; preparing local files is quick."""
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()

"""Local folders whose README describes them, or of formats that only ``datasets`` reads: it reads them for us."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.data.formats import FORMATS, suffix_of
from tidydl.data.reading import READERS
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError, one_of, unknown_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Built", "built", "prepared", "quiet"]


@dataclass(frozen=True)
class Built:
    """What ``datasets`` found: files by split that we can read ourselves, or else the tables."""

    format: str
    features: Mapping[str, Any]
    files: dict[str, list[Path]]
    tables: dict[str, pa.Table] | None


def built(path: str, name: str | None, data_dir: str | None, data_files: Any) -> Built:
    """Let ``datasets`` find the files of a folder; nothing of it is left behind.

    Raises
    ------
    NotFoundError
        There are no such files.
    ArgumentError
        The folder cannot be loaded so.
    DamagedFileError
        A file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="tidydl-") as scratch, quiet():
        builder = _builder(path, name, data_dir, data_files, scratch)
        kind = type(builder).__module__.rpartition(".")[2]
        files = {str(s): [Path(str(f)) for f in found] for s, found in (builder.config.data_files or {}).items()}
        for found in files.values():
            for file in found:
                if not os.path.exists(file):
                    raise NotFoundError(f"`data_files` '{file}' does not exist.")
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        if kind in READERS and all(suffix_of(f) in FORMATS for fs in files.values() for f in fs):
            return Built(kind, features, files, None)
        tables = prepared(builder, data_dir or path)
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        return Built(kind, features, files, tables)


def _builder(path: str, name: str | None, data_dir: str | None, data_files: Any, scratch: str) -> Any:
    import datasets

    try:
        return datasets.load_dataset_builder(path, name, data_dir=data_dir, data_files=data_files, cache_dir=scratch)
    except FileNotFoundError as error:
        raise NotFoundError(f"`path` '{data_dir or path}' holds no data files: {_first_line(error)}.") from error
    except (ValueError, RuntimeError) as error:
        _check_configuration(path, name)
        raise ArgumentError(
            f"`path` '{path}' cannot be loaded: {_first_line(error)}.",
            allowed="A folder of csv, parquet, json, image or sound files.",
        ) from error


def _check_configuration(path: str, name: str | None) -> None:
    """Refuse a configuration that is not there, or none where there are several."""
    import datasets

    try:
        names = datasets.get_dataset_config_names(path)
    except (ValueError, RuntimeError, OSError):
        return
    if name is not None and name not in names:
        raise unknown_name("name", name, names)
    if name is None and len(names) > 1:
        raise ArgumentError("`name` is missing, and the data set has several configurations.", allowed=one_of(names))


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
            allowed="A folder of csv, parquet, json, image or sound files.",
        ) from error
    return {str(split): part.data.table for split, part in made.items()}


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars of ``datasets`` off, and what it grumbles about in pages of data sets."""
    import datasets

    shown, verbosity = datasets.is_progress_bar_enabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(verbosity)
        if shown:
            datasets.enable_progress_bars()

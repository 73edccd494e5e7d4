"""Local folders whose README describes them, or of formats that only ``datasets`` reads: it reads them for us."""

from __future__ import annotations

import glob
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidydl.boundaries import DATA_FILES, first_line
from tidydl.data.readers.formats import TextOptions
from tidydl.data.readers.table_formats import TABLE_FORMATS
from tidydl.data.sources.card_options import card_options
from tidydl.data.sources.dataset_cards import check_card, check_kind
from tidydl.data.sources.media_folders import check_described
from tidydl.data.sources.media_paths import check_media_paths
from tidydl.data.sources.packed_files import check_packed
from tidydl.data.sources.path_bounds import Bounds
from tidydl.data.sources.paths import DataFiles
from tidydl.data.sources.unloaded_files import check_all_loaded
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError, TidydlError, one_of, unknown_name

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True)
class Built:
    """What ``datasets`` found: files by split that we can read ourselves, or else the tables."""

    format: str
    features: Mapping[str, Any]
    files: dict[str, list[Path]]
    tables: dict[str, pa.Table] | None
    options: Callable[[TextOptions], TextOptions] = lambda options: options


_ALLOWED = "A folder of csv, parquet, json, image or audio files."


def built(
    path: str, name: str | None, data_dir: str | None, data_files: DataFiles | None, *, trusted: bool = False
) -> Built:
    """Let ``datasets`` find the files of a folder; nothing of it is left behind.

    Raises
    ------
    NotFoundError
        There are no such files.
    ArgumentError
        The folder cannot be loaded so.
    DamagedFileError
        A file cannot be read.
    DataError
        Its README, or a link, leads out of it.
    """
    bounds = Bounds(Path(path), trusted)
    check_card(bounds.folder, trusted=trusted)
    _refuse_other_meanings(path)
    escaped = _as_named(data_files, bounds.folder)
    with tempfile.TemporaryDirectory(prefix="tidydl-") as scratch, quiet():
        builder = _builder(path, name, data_dir, escaped, scratch)
        kind = type(builder).__module__.rpartition(".")[2]
        check_kind(kind, path)
        files = {str(s): [Path(str(f)) for f in paths] for s, paths in (builder.config.data_files or {}).items()}
        for paths in files.values():
            for file in paths:
                if not os.path.exists(file):
                    raise NotFoundError(f"`data_files` '{file}' does not exist.")
                if data_files is None and data_dir is None:
                    bounds.check(file)
                else:
                    bounds.check_named(file)
        check_all_loaded(f"`path` '{path}'", bounds, builder.config.name, files, data_dir, data_files)
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        if kind in TABLE_FORMATS:
            return Built(kind, features, files, None, partial(card_options, builder, kind, f"'{path}'"))
        tables = prepared(builder, data_dir or path, bounds, Path(scratch))
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        return Built(kind, features, files, tables)


def _refuse_other_meanings(path: str) -> None:
    """Refuse a folder whose path ``datasets`` would take for a pattern, or for a chain of addresses."""
    whole = os.path.abspath(path)
    if "::" in whole:
        raise ArgumentError(
            f"`path` '{path}' has '::' in it, which `datasets` would read as a chain of URLs.",
            allowed="A path without '::' for a folder whose README says how to read it.",
            hint="Rename the folder, or give the files as `data_files` with a format: load_dataset('csv', …).",
        )
    if glob.has_magic(whole):
        raise ArgumentError(
            f"`path` '{path}' contains a character of patterns, by which `datasets` could read another folder.",
            allowed="A path without '*', '?' and '[' for a folder whose README says how to read it.",
            hint="Rename the folder, or give the files as `data_files` with a format: load_dataset('csv', …).",
        )


def _as_named(data_files: DataFiles | None, folder: Path) -> DataFiles | None:
    """Return names of files so that ``datasets`` takes none for a pattern that is the name of a file."""
    if isinstance(data_files, Mapping):
        return {split: _escaped(each, folder) for split, each in data_files.items()}
    return None if data_files is None else _escaped(data_files, folder)


def _escaped(files: str | Sequence[str], folder: Path) -> str | list[str]:
    if isinstance(files, str):
        return glob.escape(files) if os.path.isfile(folder / files) else files
    return [glob.escape(file) if os.path.isfile(folder / file) else file for file in files]


def _builder(
    path: str, name: str | None, data_dir: str | None, data_files: DataFiles | None, scratch: str
) -> datasets.DatasetBuilder:
    import datasets

    def explain(error: BaseException) -> TidydlError | None:
        if isinstance(error, FileNotFoundError):
            return NotFoundError(f"`path` '{data_dir or path}' has no data files: {first_line(error)}.")
        if isinstance(error, (ValueError, RuntimeError, TypeError, LookupError, AttributeError)):
            _check_configuration(path, name)
            return ArgumentError(f"`path` '{path}' cannot be loaded: {first_line(error)}.", allowed=_ALLOWED)
        return None

    with DATA_FILES.guard(f"`path` '{path}'", explain, allowed=_ALLOWED):
        return datasets.load_dataset_builder(path, name, data_dir=data_dir, data_files=data_files, cache_dir=scratch)


def _check_configuration(path: str, name: str | None) -> None:
    """Refuse a configuration that is not there, or none where there are several."""
    import datasets

    try:
        names = datasets.get_dataset_config_names(path)
    except Exception:  # the first error says what is wrong
        return
    if name is not None and name not in names:
        raise unknown_name("name", name, names)
    if name is None and len(names) > 1:
        raise ArgumentError("`name` is missing, and the data set has several configurations.", allowed=one_of(names))


def prepared(
    builder: datasets.DatasetBuilder, path: str, bounds: Bounds, scratch: Path | None = None
) -> dict[str, pa.Table]:
    """Let ``datasets`` read the files, and take its tables into memory.

    What cells name must be inside of ``bounds``, or of ``scratch``, where it unpacks zip files.

    Raises
    ------
    DamagedFileError, ArgumentError
        They cannot be read, or a zip file among them is not safe.
    DataError
        A cell names an image or an audio clip outside of the folder.
    """
    import datasets

    files = [str(file) for paths in builder.config.data_files.values() for file in paths]
    packed = frozenset(file for file in files if zipfile.is_zipfile(file))
    for file in files:
        check_packed(Path(file))

    def explain(error: BaseException) -> TidydlError:
        cause = error.__cause__ or error
        return DamagedFileError(f"`path` '{path}' cannot be read: {first_line(cause)}.", allowed=_ALLOWED)

    with DATA_FILES.guard(f"`path` '{path}'", explain):
        builder.download_and_prepare(verification_mode=datasets.VerificationMode.NO_CHECKS)
        splits = builder.as_dataset(in_memory=True)
        features = {} if builder.info.features is None else builder.info.features.to_dict()
        tables = {str(split): part.data.table for split, part in splits.items()}
        for split, table in tables.items():
            check_described(table, features, builder.config.data_files[split], f"`path` '{path}'")
        return {
            split: check_media_paths(table, features, bounds, f"`path` '{path}'", also=scratch, packed=packed)
            for split, table in tables.items()
        }


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

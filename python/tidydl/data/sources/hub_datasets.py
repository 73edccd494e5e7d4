"""Read a data set of the Hugging Face Hub; no code of the data set is ever run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from tidydl.data.readers.formats import PLAIN, TextOptions
from tidydl.data.readers.table_formats import TABLE_FORMATS
from tidydl.data.sources.builders import prepared, quiet
from tidydl.data.sources.card_options import card_options
from tidydl.data.sources.hub_files import Asked, HubFiles
from tidydl.data.sources.listing import Listing, Raw
from tidydl.data.sources.media_folders import ARCHIVES
from tidydl.data.sources.path_bounds import Bounds
from tidydl.data.sources.paths import DataFiles
from tidydl.data.sources.reading_files import read_listing
from tidydl.data.sources.zipped_tables import files_of_kind
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError
from tidydl.hub.repositories import Repository


def read_hub(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: DataFiles | None,
    revision: str | None,
    *,
    splits: Sequence[str] | None = None,
    token: str | bool | None = None,
    cache_dir: str | None = None,
    verify: bool = True,
    trusted: bool = False,
    index_base: int = 0,
    options: TextOptions = PLAIN,
) -> Raw:
    """Read splits of a data set on the Hub, or of what was downloaded of it before.

    Parameters
    ----------
    path
        Its id.
    name, data_dir, data_files, revision
        As for :func:`tidydl.load_dataset`.
    splits
        The names of the splits to read; None for all. The files of others are not downloaded.
    token
        An access token of the Hub.
    cache_dir
        The folder in which downloads are kept, by default that of the Hub's client.
    verify
        Whether to check what is downloaded against its hash.
    trusted
        Whether cells may name images and audio outside of the data set.
    index_base
        The number from which row numbers are to count, where the files note how they do.
    options
        What the caller says of text files.

    Raises
    ------
    NotFoundError, ArgumentError
        There is no such data set, version, configuration, split or file; or only a script that would make it.
    HubError
        The Hub refuses, or does not answer and the data set was not downloaded before.
    DamagedFileError
        A file cannot be read, or comes damaged from the Hub.
    StorageError
        The disk is full or cannot be written.
    """
    repo = Repository("dataset", path, revision or "main", token, cache_dir)
    with tempfile.TemporaryDirectory(prefix="tidydl-") as scratch, quiet():
        files = HubFiles(repo, Asked(name, data_dir, data_files, splits), Path(scratch), verify)
        try:
            return _read(files, trusted, index_base, options)
        except (DamagedFileError, ArgumentError, NotFoundError):
            if not (verify and files.mend()):
                raise
            return _read(files, trusted, index_base, options)


def _read(files: HubFiles, trusted: bool, index_base: int, options: TextOptions) -> Raw:
    from datasets.table import embed_table_storage

    builder = files.find()
    bounds = Bounds(files.snapshot_folder, trusted)
    kind = type(builder).__module__.rpartition(".")[2]
    by_split = {str(split): [Path(file) for file in some] for split, some in builder.config.data_files.items()}
    features = {} if builder.info.features is None else builder.info.features.to_dict()
    with ExitStack() as room:
        if kind in TABLE_FORMATS:
            by_split = {
                s: [part for f in some for part in files_of_kind(f, kind, room, False)] for s, some in by_split.items()
            }
        by_kind = {split: dict.fromkeys(some, kind) for split, some in by_split.items()}
        listing = Listing(kind, by_kind, features=features, bounds=bounds, index_base=index_base)
        if kind in TABLE_FORMATS:
            listing.options = partial(card_options, builder, kind, f"'{files.repo.id}'")
        else:
            listing.tables = prepared(builder, files.repo.id, bounds, files.scratch)
            if any(file.name.endswith(ARCHIVES) for some in by_split.values() for file in some):
                listing.tables = {split: embed_table_storage(table) for split, table in listing.tables.items()}
        return replace(read_listing(listing, options), format="hub")

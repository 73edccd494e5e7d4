"""Data sets that ``datasets`` reads by itself: what their files name is looked at, as for ``tidydl.load_dataset()``."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from tidydl import rendering
from tidydl.boundaries import DATA_FILES
from tidydl.data.arguments import request_of
from tidydl.data.media.media_files import is_url
from tidydl.data.sources.dataset_cards import KINDS, check_card, check_kind
from tidydl.data.sources.media_paths import check_media_paths
from tidydl.data.sources.packed_files import check_packed
from tidydl.data.sources.path_bounds import Bounds, leads_out
from tidydl.errors import ArgumentError, DamagedFileError, DataError
from tidydl.hub.fetching import Snapshot, fetch
from tidydl.hub.repositories import Repository

# Kinds of files that hold values, or paths that are looked at.
_KINDS = (*KINDS, "arrow", "xml", "videofolder")
_OF_READING = ("split", "streaming", "keep_in_memory", "verification_mode", "num_proc")
_DESCRIPTIONS = ("README.md", ".huggingface.yaml")
_HUB = "hf://datasets/"
_MEDIA = ("Image", "Audio", "Video", "Pdf", "Nifti", "Mesh")


def _hint() -> str:
    return f"If you trust the data, add {rendering.argument('trusted', rendering.value(True))}."


@dataclass(frozen=True)
class Room:
    """Where files may lie that a data set names: its folder, another of ours, and zip files."""

    bounds: Bounds
    also: Path | None = None
    packed: frozenset[str] = frozenset()

    def checked(self, data: Any, source: str) -> Any:
        """Return data whose cells name no other files; those of several splits are looked at one by one."""
        if isinstance(data, Mapping):
            return datasets.DatasetDict({split: self.checked(each, source) for split, each in data.items()})
        if isinstance(data, list):
            return [self.checked(each, source) for each in data]
        table = data.data.table
        checked = check_media_paths(
            table, data.features.to_dict(), self.bounds, source, also=self.also, packed=self.packed
        )
        if checked is table:
            return data
        return datasets.Dataset(datasets.table.InMemoryTable(checked), info=data.info, split=data.split)


def read_checked(asked: Mapping[str, Any], *, of_hub: bool, trusted: bool) -> Any:
    """Let ``datasets`` load what a call asks for, once it is known to name nothing else.

    Parameters
    ----------
    asked
        The arguments of ``datasets.load_dataset()``.
    of_hub
        Whether it is a data set of the Hub.
    trusted
        Whether files may name others anywhere on this machine.

    Raises
    ------
    ArgumentError
        An address is given, or the files are of a kind that is not read.
    DataError
        A README, a link or a cell leads out of the folder.
    """
    path, streaming = asked["path"], bool(asked.get("streaming"))
    request = request_of(path, asked.get("name"), asked.get("data_dir"), asked.get("data_files"), None)
    source = f"`path` '{path}'"
    asked = {**asked, "path": request.path}
    page = _page_of_hub(asked) if of_hub else None
    folder = Path(request.path) if page is None else page.folder
    if folder.is_dir():
        check_card(folder, trusted=trusted)
    named = {name: value for name, value in asked.items() if name not in _OF_READING}
    files = _files(datasets.load_dataset_builder(**named), path, trusted)
    if page is not None:
        room = Room(Bounds(page.repo.storage, trusted), _downloads(asked))
        _refuse_files_elsewhere(files, source)
        if streaming:
            return _each_checked(datasets.load_dataset(**asked), source)
    else:
        room = _room_of(asked, folder, files, trusted)
    loaded = room.checked(datasets.load_dataset(**{**asked, "streaming": False}), source)
    return _streamed(loaded) if streaming else loaded


def _downloads(asked: Mapping[str, Any]) -> Path:
    """Return the folder that ``datasets`` downloads and unpacks into."""
    return Path(os.fspath(asked.get("cache_dir") or datasets.config.HF_DATASETS_CACHE)) / "downloads"


def _page_of_hub(asked: Mapping[str, Any]) -> Snapshot:
    """Download what a data set of the Hub says of itself."""
    repo = Repository("dataset", asked["path"], str(asked.get("revision") or "main"), asked.get("token"))
    return fetch(repo, lambda names: [name for name in _DESCRIPTIONS if name in names], argument="path")


def _files(builder: datasets.DatasetBuilder, path: str, trusted: bool) -> list[str]:
    """Return the files that a data set is made of, which are of kinds that hold values alone."""
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in _KINDS and not trusted:
        check_kind(kind, path)
    return [str(file) for some in (builder.config.data_files or {}).values() for file in some]


def _refuse_files_elsewhere(files: Iterable[str], source: str) -> None:
    for file in files:
        if not file.startswith(_HUB):
            raise DataError(f"{source} names the file '{file}', which is not on the Hub.", allowed="Its own files.")


def _room_of(asked: Mapping[str, Any], folder: Path, files: Sequence[str], trusted: bool) -> Room:
    """Look at the files of a data set on this machine, and return where those may lie that they name."""
    by_caller = asked.get("data_files") is not None or asked.get("data_dir") is not None
    if not folder.is_dir():
        above = [os.path.dirname(os.path.abspath(file)) for file in files]
        folder = Path(asked["data_dir"] if asked.get("data_dir") else os.path.commonpath(above) if above else ".")
    bounds = Bounds(folder, trusted)
    for file in files:
        if is_url(file):
            raise ArgumentError(f"'{file}' is a URL, and URLs are not downloaded.", allowed="Files on this machine.")
        (bounds.check_named if by_caller else bounds.check)(file)
        check_packed(Path(file))
    return Room(bounds, _downloads(asked), frozenset(files))


def _streamed(data: Any) -> Any:
    if isinstance(data, list):
        return [_streamed(each) for each in data]
    if isinstance(data, datasets.DatasetDict):
        return datasets.IterableDatasetDict({split: _streamed(each) for split, each in data.items()})
    return data.to_iterable_dataset()


def _each_checked(stream: Any, source: str) -> Any:
    """Return a stream of the Hub each of whose cells is looked at before a file is opened."""
    if isinstance(stream, list):
        return [_each_checked(each, source) for each in stream]
    if isinstance(stream, Mapping):
        return datasets.IterableDatasetDict({split: _each_checked(each, source) for split, each in stream.items()})
    features = dict(stream.features or {})
    media = {name: each for name, each in features.items() if type(each).__name__ in _MEDIA}
    if any(_holds_media(each) for name, each in features.items() if name not in media):
        raise ArgumentError(
            f"{source} has lists of images or audio, which are not streamed.", hint="Leave `streaming` out."
        )
    if not media:
        return stream
    for name, each in media.items():
        closed = copy.copy(each)
        closed.decode = False
        stream = stream.cast_column(name, closed)
    tokens = getattr(stream, "_token_per_repo_id", None)
    return stream.map(lambda row: _opened(row, media, source, tokens), features=datasets.Features(features))


def _holds_media(feature: Any) -> bool:
    described = datasets.Features({"_": feature}).to_dict()
    return any(f'"_type": "{kind}"' in json.dumps(described, default=str) for kind in _MEDIA)


def _opened(row: dict[str, Any], media: Mapping[str, Any], source: str, tokens: Any) -> dict[str, Any]:
    """Return a row whose images and audio are opened, if they are the data set's own."""
    opened = dict(row)
    for name, feature in media.items():
        cell = row[name]
        path = cell.get("path") if isinstance(cell, dict) and cell.get("bytes") is None else None
        if path is not None and not _is_of_hub(path):
            raise DataError(
                f"Column '{name}' of {source} names the file '{path}', which is not on the Hub.",
                allowed="Contents, or files of the data set.",
                hint=f"Leave `streaming` out. {_hint()}",
            )
        if cell is not None and getattr(feature, "decode", True):
            opened[name] = feature.decode_example(cell, token_per_repo_id=tokens)
    return opened


def _is_of_hub(path: str) -> bool:
    inside, _, archive = path.rpartition("::")
    return archive.startswith(_HUB) and (not inside or (inside.startswith("zip://") and "::" not in inside))


def load_from_disk(dataset_path: Any, *args: Any, trusted: bool = False, **kwargs: Any) -> Any:
    """Load what ``save_to_disk()`` wrote, as ``datasets`` does.

    Parameters
    ----------
    dataset_path
        The folder.
    *args, **kwargs
        The other arguments of ``datasets.load_from_disk()``.
    trusted
        Whether the folder may name files anywhere on this machine.

    Raises
    ------
    DataError
        A file or a cell leads out of the folder.
    ArgumentError
        It is an address.
    """
    folder = Path(request_of(dataset_path, None, None, None, None).path)
    if folder.is_dir():
        check_card(folder, trusted=trusted)
        for each in [] if trusted else [folder, *_splits(folder)]:
            _texts_inside(each / "state.json", "_data_files")
    with DATA_FILES.guard(f"The folder '{folder}'", allowed="What `save_to_disk()` wrote."):
        loaded = datasets.load_from_disk(str(folder), *args, **kwargs)
    return Room(Bounds(folder, trusted)).checked(loaded, f"'{folder}'")


def _splits(folder: Path) -> list[Path]:
    return [folder / name for name in _texts_inside(folder / "dataset_dict.json", "splits")]


def _texts_inside(file: Path, entry: str) -> list[str]:
    """Return names in a JSON file that may not lead out of its folder."""
    if not file.is_file():
        return []
    with DATA_FILES.guard(f"The file '{file}'"):
        content = json.loads(file.read_text("utf-8"))
    named = content.get(entry) if isinstance(content, dict) else None
    if not isinstance(named, list):
        raise DamagedFileError(f"The file '{file}' has no list `{entry}`.", allowed="What `save_to_disk()` wrote.")
    names = [str(each.get("filename")) if isinstance(each, dict) else str(each) for each in named]
    for name in names:
        what = leads_out(name)
        if what is not None:
            raise DataError(
                f"'{file}' names '{name}' in `{entry}`, which is {what}.",
                allowed="Names of files in its folder.",
                hint=_hint(),
            )
    return names


def read_files(read: Any, path_or_paths: Any, *args: Any, **kwargs: Any) -> Any:
    """Let ``Dataset.from_csv()`` and its like read files of this machine, whose cells name no others."""
    request_of("text", None, None, path_or_paths, None)
    loaded = read(path_or_paths, *args, **kwargs)
    several = path_or_paths.values() if isinstance(path_or_paths, Mapping) else [path_or_paths]
    paths = [path for some in several for path in (some if isinstance(some, (list, tuple)) else [some])]
    above = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    return Room(Bounds(Path(above))).checked(loaded, f"'{paths[0]}'")

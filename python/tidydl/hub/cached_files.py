"""The files on this machine: downloads from the Hub, and zip files that stay unpacked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tidydl import rendering
from tidydl.boundaries import DATA_FILES, guarded
from tidydl.checks import described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, StorageError, unknown_name
from tidydl.hub.listings import forget_listings
from tidydl.hub.repositories import COMMIT, cache_path
from tidydl.storage import UNPACKED_FROM, abandoned, discard, unpacked_folder

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space", "kernels": "kernel"}
_UNPACKED = "unpacked"
_CONTRACT = Contract.of(
    kind="label", id="string", revision="string", refs="string", size_mb="double", last_used="datetime"
)


@dataclass(frozen=True)
class _Stored:
    """One version of a repository on disk; ``commit`` is None for incomplete downloads.

    Or an unpacked zip file, with its path as ``id`` and a hash of what was in it as ``commit``.
    """

    kind: str
    id: str
    commit: str | None
    refs: tuple[str, ...]
    size: int
    used: float
    folder: Path
    alone: bool

    def is_called(self, name: str) -> bool:
        """Return whether a name refers to this: its id, its hash, or the path of its zip file in any spelling."""
        if name in (self.id, self.commit):
            return True
        return self.kind == _UNPACKED and os.path.abspath(os.path.expanduser(name)) == os.path.abspath(self.id)


@guarded
def cache(remove: str | Sequence[str] | bool | None = None) -> pd.DataFrame:
    """List downloads from the Hugging Face Hub and extracted zip files, or remove them to free disk space.

    Parameters
    ----------
    remove
        The entries to remove: the id of a model or data set, the path of a zip file, the hash of one version, several
        of these, or True for all.

    Returns
    -------
    pandas.DataFrame
        One row per version, the most recently used first: ``kind`` ("model", "dataset", …, or "unpacked" for a zip file
        of images or audio, which :func:`load_dataset` keeps extracted), ``id`` (for these the path of the zip file),
        ``revision`` (the hash of the commit, or of the zip file; missing for an incomplete download), ``refs`` (the
        branches and tags it was requested by), ``size_mb`` and ``last_used`` (in UTC). With ``remove``, the removed
        versions.

    Raises
    ------
    NotFoundError
        The repository or version does not exist.
    StorageError
        The folder is not writable.

    Notes
    -----
    Versions of one repository share identical files, so that removing one may free less. The folder is that of the
    Hub's client, HF_HOME or HF_HUB_CACHE, which other programs use as well; zip files are extracted below tidydl's own
    cache folder, TIDYDL_CACHE. After removal, the files of a zip file are unavailable until it is loaded again.

    Examples
    --------
    >>> cache().columns.tolist()
    ['kind', 'id', 'revision', 'refs', 'size_mb', 'last_used']
    """
    with DATA_FILES.guard(f"The folder of downloads '{cache_path()}'"):
        entries = [*_stored(cache_path()), *_unpacked(unpacked_folder())]
    stored = sorted(entries, key=lambda each: each.used, reverse=True)
    if remove is None or remove is False:
        return _frame(stored)
    gone = stored if remove is True else _named(stored, remove)
    try:
        _free(gone)
    except OSError as problem:
        raise StorageError(
            f"`remove` names files that cannot be removed: {problem.strerror or problem}.",
            allowed=f"Files of yours below '{cache_path()}' and '{unpacked_folder()}' that no program has open.",
        ) from problem
    forget_listings()
    return _frame(gone)


def _stored(location: Path) -> Iterator[_Stored]:
    """Read the cache of the Hub's client."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir(location).repos
    except (CacheNotFound, ValueError):  # ValueError: a file is where the folder should be
        return
    whole = set()
    for repo in repos:
        folder = Path(repo.repo_path)
        notes = {note.stem: note.stat().st_mtime for note in folder.glob(".tidydl/*.json")}
        for version in repo.revisions:
            whole.add(folder.name)
            used = notes.get(version.commit_hash) or max((f.blob_last_accessed for f in version.files), default=0.0)
            names = tuple(sorted(version.refs))
            alone, size = len(repo.revisions) == 1, version.size_on_disk
            if alone:
                size += sum(part.stat().st_size for part in folder.glob("blobs/*.incomplete"))
            yield _Stored(repo.repo_type, repo.repo_id, version.commit_hash, names, size, used, folder, alone)
    for folder in location.glob("*--*"):
        kind, _, name = folder.name.partition("--")
        if folder.is_dir() and kind in _KINDS and folder.name not in whole:
            used = folder.stat().st_mtime
            yield _Stored(_KINDS[kind], name.replace("--", "/"), None, (), _size_of(folder), used, folder, True)


def _unpacked(location: Path) -> Iterator[_Stored]:
    """Read the folder of unpacked zip files; those that a process is writing are left out, unless it was killed."""
    whole = [folder for folder in location.glob("[!.]*") if (folder / UNPACKED_FROM).is_file()]
    for folder in (*whole, *abandoned(location)):
        note = folder / UNPACKED_FROM
        try:
            source = note.read_text("utf-8", "replace") if note.is_file() else str(folder)
            used = folder.stat().st_mtime
        except FileNotFoundError:  # another process has deleted it
            continue
        commit = None if folder.name.startswith(".") else folder.name
        yield _Stored(_UNPACKED, source, commit, (), _size_of(folder), used, folder, True)


def _size_of(folder: Path) -> int:
    """Return the size in bytes of a folder, which another process may be deleting."""
    size = 0
    for current, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += os.stat(os.path.join(current, name)).st_size
    return size


def _named(stored: Sequence[_Stored], remove: object) -> list[_Stored]:
    names = [remove] if isinstance(remove, str) else list(remove) if isinstance(remove, Iterable) else [remove]
    for name in names:
        if not isinstance(name, str):
            raise ArgumentError(
                f"`remove` is {described(name)}.",
                allowed=f"An id such as 'owner/name', a commit, several of these, or {rendering.value(True)} for all.",
            )
        if not any(each.is_called(name) for each in stored):
            choices = list(dict.fromkeys(each.commit if COMMIT.fullmatch(name) else each.id for each in stored))
            raise unknown_name("remove", name, choices, hint="cache() shows what is stored.")
    return [each for each in stored if any(map(each.is_called, names))]


def _free(gone: Sequence[_Stored]) -> None:
    """Delete versions; with the last one all of a repository goes, incomplete downloads included."""
    from huggingface_hub import scan_cache_dir

    for each in gone:
        if each.kind == _UNPACKED:
            discard(each.folder, each.folder.is_dir)
    gone = [each for each in gone if each.kind != _UNPACKED]
    commits: dict[Path, list[str]] = {}
    for each in gone:
        if each.commit is not None:
            commits.setdefault(each.folder, []).append(each.commit)
    if commits:
        there = scan_cache_dir(cache_path())
        for repo in there.repos:  # one by one, as several may hold the same commit
            alone = replace(there, repos=frozenset([repo]))
            alone.delete_revisions(*commits.get(Path(repo.repo_path), [])).execute()
    for each in gone:
        if each.folder.exists() and not any((each.folder / "snapshots").glob("*")):
            shutil.rmtree(each.folder)
        if each.commit is not None:
            (each.folder / ".tidydl" / f"{each.commit}.json").unlink(missing_ok=True)


def _frame(stored: Sequence[_Stored]) -> pd.DataFrame:
    import pandas as pd

    data = {
        "kind": [each.kind for each in stored],
        "id": [each.id for each in stored],
        "revision": [each.commit for each in stored],
        "refs": [", ".join(each.refs) for each in stored],
        "size_mb": [each.size / 1e6 for each in stored],
        "last_used": pd.to_datetime([each.used for each in stored], unit="s", utc=True),
    }
    return _CONTRACT.frame(data, levels={"kind": [*_KINDS.values(), _UNPACKED]})

"""Files of a repository of the Hub on this machine: missing ones are downloaded."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.errors import TidydlError
from tidydl.hub.api_responses import answered
from tidydl.hub.connection import note_failure, out_of_reach
from tidydl.hub.downloading import Download, DownloadStopped, is_intact
from tidydl.hub.failures import damaged_copy, not_here, refusal, storing, too_little_room
from tidydl.hub.listings import File, Listing, downloaded, keep_listing, listing_of
from tidydl.hub.repositories import Repository, is_inside
from tidydl.hub.retries import is_silence
from tidydl.progress import somebody_looks
from tidydl.rendering import in_this_language
from tidydl.user_warnings import warn_user

_AT_ONCE = 4
Choose = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True)
class Snapshot:
    """Files of a repository on this machine, in one commit.

    ``files`` are those that were chosen, all of which are here, below ``folder``.
    """

    repo: Repository
    listing: Listing
    files: tuple[str, ...]

    @property
    def commit(self) -> str:
        """The hash of the version."""
        return self.listing.commit

    @property
    def folder(self) -> Path:
        """The folder with the data files."""
        return self.repo.snapshot(self.commit)

    def promised(self, name: str) -> File:
        """Return the size and hash of a file, as far as known."""
        return self.listing.files.get(name, File())


def fetch(repo: Repository, choose: Choose, *, argument: str, verify: bool = True) -> Snapshot:
    """Bring files of a repository onto this machine: those that ``choose`` selects from the names of all its files.

    With ``verify`` downloads are checked against their hashes.
    """
    listing = listing_of(repo, argument)
    with answered(repo, argument):
        return _fetched(repo, listing, choose, argument, verify)


def _fetched(repo: Repository, listing: Listing, choose: Choose, argument: str, verify: bool) -> Snapshot:
    chosen = tuple(name for name in dict.fromkeys(choose(list(listing.files))) if is_inside(name))
    snapshot = Snapshot(repo, listing, chosen)
    missing = [name for name in chosen if not _is_here(snapshot, name)]
    if missing:
        cut_short = [name for name in missing if (snapshot.folder / name).is_file()]
        _discard(snapshot, cut_short)
        if not listing.whole or out_of_reach():
            if cut_short:
                raise damaged_copy(repo, cut_short)
            present = [name for name in listing.files if _is_here(snapshot, name)]
            raise not_here(repo, argument, downloaded(repo.kind, repo.cache_dir), missing, present)
        _check_room(snapshot, missing)
        _download(snapshot, missing, argument, verify)
    if repo.kind == "dataset" and not listing.whole:
        warn_user(
            f"The files of '{repo.id}' that are here were downloaded by another program, and the Hub cannot be asked "
            "whether they are all. Load it once with a connection."
        )
    keep_listing(repo, listing)
    return snapshot


def mend(snapshot: Snapshot, *, argument: str) -> bool:
    """Download files again that have changed since they were downloaded; return whether there were any."""
    paths = {name: snapshot.folder / name for name in snapshot.files}
    damaged = [
        name for name, path in paths.items() if not (path.is_file() and is_intact(path, snapshot.promised(name)))
    ]
    if not damaged:
        return False
    _discard(snapshot, damaged)
    if not snapshot.listing.whole and not out_of_reach():
        again = listing_of(snapshot.repo, argument)
        snapshot = Snapshot(snapshot.repo, again, snapshot.files)
    if out_of_reach():
        raise damaged_copy(snapshot.repo, damaged)
    _download(snapshot, damaged, argument, True)
    return True


def _discard(snapshot: Snapshot, names: Sequence[str]) -> None:
    """Delete files of a snapshot with the content that they link to."""
    for name in names:
        path = snapshot.folder / name
        content = path.resolve()
        with storing(snapshot.repo):
            path.unlink(missing_ok=True)
            content.unlink(missing_ok=True)


def _is_here(snapshot: Snapshot, name: str) -> bool:
    path, size = snapshot.folder / name, snapshot.promised(name).size
    return path.is_file() and size in (None, path.stat().st_size)


def _check_room(snapshot: Snapshot, missing: Sequence[str]) -> None:
    """Refuse downloads that would fill the disk."""
    wanted = sum(snapshot.promised(name).size or 0 for name in missing)
    path = snapshot.repo.storage
    while not path.exists() and path != path.parent:
        path = path.parent
    free = shutil.disk_usage(path).free
    if wanted > free:
        raise too_little_room(snapshot.repo, wanted, free)


def _download(snapshot: Snapshot, missing: Sequence[str], argument: str, verify: bool) -> None:
    """Download files, a few at a time; the first failure cancels the others."""
    repo, commit, stop = snapshot.repo, snapshot.commit, threading.Event()
    total = sum(snapshot.promised(name).size or 0 for name in missing)
    with _shown(repo, total) as tell, ThreadPoolExecutor(_AT_ONCE) as pool:
        orders = [Download(repo, commit, name, snapshot.promised(name), verify, stop, tell) for name in missing]
        begun = [pool.submit(in_this_language(order.run)) for order in orders]
        try:
            wait(begun, return_when=FIRST_EXCEPTION)
        finally:  # an interrupt included
            if not all(each.done() and each.exception() is None for each in begun):
                stop.set()
                pool.shutdown(cancel_futures=True)
    _raise_first(begun, repo, argument)


def _raise_first(begun: Sequence[Future[None]], repo: Repository, argument: str) -> None:
    problems = [each.exception() for each in begun if not each.cancelled()]
    for problem in problems:
        if problem is None or isinstance(problem, DownloadStopped):
            continue
        if is_silence(problem):
            note_failure()
        if isinstance(problem, TidydlError) or not (is_silence(problem) or isinstance(problem, OSError)):
            raise problem from None
        assert isinstance(problem, Exception)
        raise refusal(problem, repo, argument, downloaded(repo.kind, repo.cache_dir)) from None


@contextmanager
def _shown(repo: Repository, total: int) -> Iterator[Callable[[int], Any]]:
    """Show a progress bar in interactive use; yield what counts the bytes."""
    if not somebody_looks() or os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS", "0") not in ("", "0"):
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    one_by_one = threading.Lock()
    with tqdm(total=total, unit="B", unit_scale=True, desc=repo.id, file=sys.stderr, leave=False) as bar:

        def tell(size: int) -> None:
            with one_by_one:
                bar.update(size)

        yield tell

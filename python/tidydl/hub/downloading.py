"""Download one file of the Hub into the cache: resumed where the last try ended, checked once, then visible to all.

The client's own download restarts in each process and never checks content; its layout of the cache, its names
and its locks are kept, so that either reads what the other has downloaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.hub.api_responses import digest_in, open_answer, size_in, without_telemetry
from tidydl.hub.failures import storing, too_little_room, wrong_content
from tidydl.hub.listings import File
from tidydl.hub.repositories import Repository
from tidydl.hub.retries import Retries, with_retries

_TIMES = 3  # how often content is fetched before it is given up as wrong
_CHUNK = 1 << 20
_RESERVE = 1 << 30  # bytes of the disk that a file of unknown size leaves free


class _TooLongError(Exception):
    """More bytes arrived than announced, or others than requested."""


class DownloadStopped(Exception):  # noqa: N818 (raised where another worker failed)
    """The download was cancelled, because another one failed or the user interrupted."""


@dataclass
class Download:
    """The download of one file.

    ``promised`` is its size and hash as the Hub gives them. With ``verify`` the content is checked; wrong content is
    deleted and fetched again, twice at most. Setting ``stop`` cancels the download, and ``tell`` is called with the
    bytes received.
    """

    repo: Repository
    commit: str
    name: str
    promised: File
    verify: bool
    stop: threading.Event
    tell: Callable[[int], Any]

    def run(self) -> None:
        """Bring the file into the cache, unless it is there or another process brings it meanwhile."""
        from huggingface_hub.utils import WeakFileLock

        repo, promised = self.repo, self._metadata()
        digest = promised.digest or hashlib.sha256(f"{self.commit}/{self.name}".encode()).hexdigest()
        blob, pointer, lock = repo.blob(digest), repo.snapshot(self.commit) / self.name, repo.lock(digest)
        with ExitStack() as stack:
            with storing(repo):
                for path in (blob, pointer, lock):
                    path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(WeakFileLock(lock))
                if blob.is_file() and promised.size not in (None, blob.stat().st_size):
                    blob.unlink()
            if not blob.is_file():
                self._bring(blob, promised)
            with storing(repo):
                _point(blob, pointer)

    def _metadata(self) -> File:
        """Ask for size and hash, if the listing of the Hub lacks them."""
        from huggingface_hub import get_hf_file_metadata

        if self.promised.size is not None and self.promised.digest is not None:
            return self.promised
        with without_telemetry():
            metadata = with_retries(lambda: get_hf_file_metadata(self._url(), token=self.repo.token), Retries())
        return File(size_in(metadata.size), digest_in(metadata.etag))

    def _url(self) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.repo.id, self.name, repo_type=self.repo.kind, revision=self.commit)

    def _bring(self, blob: Path, promised: File) -> None:
        """Download into a temporary file, check it, and move it to its place."""
        part = blob.with_name(f"{blob.name}.incomplete")
        for _ in range(_TIMES):
            retries = Retries(sleep=self.stop.wait)
            try:
                with_retries(lambda: self._fill(part, promised.size, retries), retries)  # noqa: B023
                ends = True
            except _TooLongError:
                ends = self.verify and promised.digest is not None  # then its current size tells
            with storing(self.repo, part):
                whole = ends and promised.size in (None, part.stat().st_size)
                if whole and (not self.verify or is_intact(part, promised)):
                    os.replace(part, blob)
                    return
                self.tell(-part.stat().st_size)
                part.unlink()
        raise wrong_content(self.repo, self.name, _TIMES)

    def _fill(self, part: Path, size: int | None, retries: Retries) -> None:
        """Download the missing rest of a partial file."""
        from huggingface_hub import constants

        if self.stop.is_set():
            raise DownloadStopped
        have = part.stat().st_size if part.is_file() else 0
        if size is None or have > size:  # it may not be the beginning of the file
            part.unlink(missing_ok=True)
            have = 0
        if have == size and part.is_file():
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with open_answer(self.repo, self._url(), constants.HF_HUB_DOWNLOAD_TIMEOUT, headers=headers) as response:
            resumed = response.status_code == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise _TooLongError  # another piece than the one that was asked for
            room = self._room(part, size, have if resumed else 0)
            with storing(self.repo, part), part.open("ab" if resumed else "wb") as file:
                for chunk in response.iter_bytes():
                    if self.stop.is_set():
                        raise DownloadStopped
                    file.write(chunk[:room])
                    file.flush()
                    self.tell(min(len(chunk), room))
                    room -= len(chunk)
                    if room < 0:
                        self._refuse_more(part, size)
                    if resumed or not have:  # a Hub that restarts each time would get new retries for ever
                        retries.renew()

    def _room(self, part: Path, size: int | None, have: int) -> int:
        """Return how many more bytes may be written: those announced, else the free disk space less a reserve."""
        return size - have if size is not None else max(0, shutil.disk_usage(part.parent).free - _RESERVE)

    def _refuse_more(self, part: Path, size: int | None) -> None:
        """Stop a download that is longer than announced."""
        if size is not None:
            raise _TooLongError
        written = part.stat().st_size
        part.unlink()
        raise too_little_room(self.repo, written + 1, written)


def _point(blob: Path, pointer: Path) -> None:
    """Link a file of a snapshot to its content; if links are not allowed, move the content there."""
    if pointer.exists():
        return
    pointer.unlink(missing_ok=True)  # a link to content that was deleted
    try:
        os.symlink(os.path.relpath(blob, pointer.parent), pointer)
    except (OSError, NotImplementedError):
        shutil.move(blob, pointer)


def is_intact(path: Path, promised: File) -> bool:
    """Return whether a file has the announced hash; without one it counts as intact."""
    return promised.digest is None or digest_of(path, len(promised.digest)) == promised.digest


def digest_of(path: Path, letters: int) -> str:
    """Hash a file: with sha256 if the hash has 64 digits, else as git does."""
    hasher = hashlib.sha256() if letters == 64 else hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()

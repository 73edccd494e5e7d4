"""Hashes of files, cached so that no unchanged file is read twice.

A change shows in the size, the inode and the times of the last change, of the content and of the inode (which cannot be
set back). A file that changed within the last seconds is hashed each time, as it may change again without
any of these telling. Hashes are kept in the cache folder, a line each, which any number of processes append to.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from contextlib import suppress
from pathlib import Path

from tidydl.boundaries import DATA_FILES
from tidydl.storage import cache_folder

_KEPT_IN = "file-hashes.txt"
_LARGEST = 2**25  # bytes of that file, beyond which it is started again
_SETTLED = 3.0  # seconds after which a file counts as settled
_GONE = b"unreadable"

Stamp = tuple[int, int, int, int, int]  # device, inode, size, and times of the last change in nanoseconds


def stamp_of(path: str | Path) -> Stamp | None:
    """Return what changes when a file changes; None if the file cannot be read."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


class FileHashes:
    """Hashes of the contents of files (SHA-256), with the stamp that each file had when it was hashed."""

    def __init__(self) -> None:
        self.stamps: dict[str, Stamp | None] = {}
        self._new: list[str] = []
        self._kept: dict[str, str] | None = None

    def digest(self, path: str | Path, *, allow_missing: bool = False) -> bytes:
        """Return the hash of a file's content; unless ``allow_missing``, a file that cannot be read is an error."""
        full = os.path.abspath(os.path.expanduser(path))
        stamp = stamp_of(full)
        if stamp is not None and (cached := self._digests().get(_line_of(full, stamp))) is not None:
            self.stamps[str(path)] = stamp
            return cached.encode()
        try:
            with DATA_FILES.guard(f"The file '{path}'"):
                digest, stamp = _hashed(full)
        except Exception:
            if not allow_missing:
                raise
            self.stamps[str(path)] = stamp
            return _GONE
        self.stamps[str(path)] = stamp
        if time.time() - max(stamp[3:]) / 1e9 > _SETTLED:
            self._digests()[_line_of(full, stamp)] = digest
            self._new.append(f"{_line_of(full, stamp)} {digest}")
        return digest.encode()

    def changed(self, path: str) -> bool:
        """Return whether a file has changed since it was hashed."""
        return path in self.stamps and stamp_of(os.path.expanduser(path)) != self.stamps[path]

    def keep(self) -> None:
        """Save new hashes for later sessions. If that fails, files are hashed again."""
        lines = "".join(f"{line} {zlib.crc32(line.encode()):08x}\n" for line in self._new)
        self._new = []
        if not lines:
            return
        path = cache_folder() / _KEPT_IN
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            full = path.is_file() and path.stat().st_size > _LARGEST
            flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
            file = os.open(path, flags, 0o600)
            try:
                os.write(file, lines.encode())
            finally:
                os.close(file)

    def _digests(self) -> dict[str, str]:
        if self._kept is None:
            self._kept = dict(_lines(cache_folder() / _KEPT_IN))
        return self._kept


def _lines(path: Path) -> list[tuple[str, str]]:
    """Read the cached hashes; incomplete lines are skipped."""
    try:
        text = path.read_text("ascii", "replace")
    except OSError:
        return []
    entries = []
    for line in text.splitlines():
        content, _, check = line.rpartition(" ")
        if check == f"{zlib.crc32(content.encode()):08x}":
            key, _, digest = content.rpartition(" ")
            entries.append((key, digest))
    return entries


def _line_of(path: str, stamp: Stamp) -> str:
    name = hashlib.blake2b(os.fsencode(path), digest_size=12).hexdigest()
    return f"{name} {' '.join(map(str, stamp))}"


def _hashed(path: str) -> tuple[str, Stamp]:
    """Hash a file, and return the stamp it had before, which differs afterwards if the file changes meanwhile."""
    with open(path, "rb") as file:
        state = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)

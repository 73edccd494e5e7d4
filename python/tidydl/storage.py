"""Where tidydl keeps what it assembles on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "UNPACKED_FROM",
    "abandoned",
    "begun_folder",
    "cache_folder",
    "unpacked_folder",
]

_BEGUN = ".begun-"
_LONG = 24 * 60 * 60  # seconds after which a folder counts as abandoned where files cannot be locked

UNPACKED_FROM = ".unpacked-from"  # the file in an unpacked zip file that holds the path of that


def cache_folder() -> Path:
    """Return the cache folder: ``TIDYDL_CACHE`` where set, else the platform's place for caches. It may not exist."""
    named = os.environ.get("TIDYDL_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "tidydl" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tidydl"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidydl"


def unpacked_folder() -> Path:
    """Return the folder in which zip files of images and audio stay unpacked. It may not exist yet."""
    return cache_folder() / "unpacked"


@contextmanager
def begun_folder(parent: Path) -> Iterator[Path]:
    """Build a hidden folder to be filled, and renamed by who fills it; it is deleted where it keeps its name.

    While it is filled it is locked, so that others can tell it from one whose process was killed.
    """
    folder = Path(tempfile.mkdtemp(prefix=_BEGUN, dir=parent))
    lock = _opened_to_lock(folder)
    try:
        _is_free(folder, lock)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def abandoned(parent: Path) -> Iterator[Path]:
    """Find folders that :func:`begun_folder` made for processes that were killed before they had filled them."""
    for folder in parent.glob(f"{_BEGUN}*"):
        lock = None
        try:
            lock = _opened_to_lock(folder)
            if _is_free(folder, lock):
                yield folder
        except OSError:  # it has got its name in the meantime
            continue
        finally:
            if lock is not None:
                os.close(lock)


def _opened_to_lock(folder: Path) -> int | None:
    return None if sys.platform == "win32" else os.open(folder, os.O_RDONLY)


def _is_free(folder: Path, lock: int | None) -> bool:
    """Lock a folder until it is closed; return whether nobody else holds it. Without locks, whether it is old."""
    if sys.platform != "win32" and lock is not None:
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:  # a file system that has no locks
            pass
    return time.time() - folder.stat().st_mtime > _LONG

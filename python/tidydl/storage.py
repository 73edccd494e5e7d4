"""The cache of tidydl on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_BEGUN = ".begun-"
_LONG = 24 * 60 * 60  # seconds after which a folder counts as abandoned where files cannot be locked

UNPACKED_FROM = ".unpacked-from"  # the file in an unpacked zip file that holds the path of that


def cache_folder() -> Path:
    """Return the cache folder: ``TIDYDL_CACHE`` if set, else the platform's cache folder. It may not exist."""
    named = os.environ.get("TIDYDL_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "tidydl" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tidydl"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidydl"


def unpacked_folder() -> Path:
    """Return the folder of unpacked zip files of images and audio. It may not exist yet."""
    return cache_folder() / "unpacked"


@contextmanager
def begun_folder(parent: Path) -> Iterator[Path]:
    """Create a hidden folder, which the caller fills and renames; otherwise it is deleted at the end.

    It is locked meanwhile, to distinguish it from those of killed processes.
    """
    with _alone_in(parent):
        folder = Path(tempfile.mkdtemp(prefix=_BEGUN, dir=parent))
        lock = _opened_to_lock(folder)
        if lock is not None:
            _lock(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def abandoned(parent: Path) -> Iterator[Path]:
    """Find folders of :func:`begun_folder` whose processes were killed before they had filled them."""
    for folder in parent.glob(f"{_BEGUN}*"):
        lock = None
        try:
            with _alone_in(parent):  # else it might be one that its owner is about to lock
                lock = _opened_to_lock(folder)
                is_free = _is_free(folder, lock)
            if is_free:
                yield folder
        except OSError:  # it has got its name in the meantime
            continue
        finally:
            if lock is not None:
                os.close(lock)


def discard(folder: Path, condition: Callable[[], bool] = lambda: True) -> None:
    """Delete a folder atomically, so that no reader sees a part of it, if a condition still holds."""
    with begun_folder(folder.parent) as trash, _alone_in(folder.parent):
        if condition():
            os.replace(folder, trash / "discarded")


@contextmanager
def _alone_in(parent: Path) -> Iterator[None]:
    """Lock a folder against other processes and threads that are about to lock one inside it."""
    lock = _opened_to_lock(parent)
    try:
        if lock is not None:
            _lock(lock, wait=True)
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _opened_to_lock(folder: Path) -> int | None:
    return None if sys.platform == "win32" else os.open(folder, os.O_RDONLY)


def _is_free(folder: Path, lock: int | None) -> bool:
    """Lock a folder until it is closed; return whether it was free. Without locks, whether it is old."""
    locked = None if lock is None else _lock(lock)
    return time.time() - folder.stat().st_mtime > _LONG if locked is None else locked


def _lock(lock: int, *, wait: bool = False) -> bool | None:
    """Return whether the lock was acquired; None if the file system has no locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True

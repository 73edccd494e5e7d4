"""Where tidydl keeps what it assembles on this machine."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "UNPACKED_FROM",
    "abandoned",
    "begun_folder",
    "cache_folder",
    "compiled_code_folder",
    "is_private",
    "unpacked_folder",
]

_BEGUN = ".begun-"
_LONG = 24 * 60 * 60  # seconds after which a folder counts as abandoned where files cannot be locked

UNPACKED_FROM = ".unpacked-from"  # the file in an unpacked zip file that holds the path of that


def cache_folder() -> Path:
    """Give the cache folder: ``TIDYDL_CACHE`` where set, else the platform's place for caches. It may not exist yet."""
    named = os.environ.get("TIDYDL_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "tidydl" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tidydl"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidydl"


def unpacked_folder() -> Path:
    """Give the folder in which zip files of images and sounds stay unpacked. It may not exist yet."""
    return cache_folder() / "unpacked"


@contextmanager
def begun_folder(place: Path) -> Iterator[Path]:
    """Make a hidden folder to be filled, and renamed by who fills it; it is deleted where it keeps its name.

    While it is filled it is locked, so that others can tell it from one whose process was killed.
    """
    folder = Path(tempfile.mkdtemp(prefix=_BEGUN, dir=place))
    lock = _opened_to_lock(folder)
    try:
        _is_free(folder, lock)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def abandoned(place: Path) -> Iterator[Path]:
    """Find folders that :func:`begun_folder` made for processes that were killed before they had filled them."""
    for folder in place.glob(f"{_BEGUN}*"):
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


def compiled_code_folder() -> Path | None:
    """Return the folder for compiled code: the first that can be written to, or None. It may not exist yet.

    Tried are ``NUMBA_CACHE_DIR`` (alone, where set), the cache folder, and a folder of the user's own among the
    temporary files. Code is loaded from them: the last two must not be open to another user, and whoever sets the first
    trusts all who can write there.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return _first_usable(lambda: Path(named).expanduser())
    return _first_usable(lambda: _private(cache_folder() / "compiled"), lambda: _private(_own_temporary_folder()))


def is_private(folder: Path) -> bool:
    """Tell whether nobody but this user, and the system's own, can put a file into a folder or another in its place.

    Looked at are the folder, where the link goes if it is one, and all folders above it, as far as they exist. Folders
    in which anybody may write, but rename and remove only their own files, may lie above. A group may write where it is
    the user's own, of the user's name. Always true on Windows, where folders of users are theirs.
    """
    if not hasattr(os, "getuid"):
        return True
    place = Path(os.path.realpath(folder))
    if place.exists() and not _is_held(place.stat(), {0, os.getuid()}):
        return False
    owners = {0, os.getuid(), *_unknown_owners()}
    above = [there.stat() for there in place.parents if there.exists()]
    return all(_is_held(facts, owners) or _is_shared_safely(facts, owners) for facts in above)


def _is_shared_safely(facts: os.stat_result, owners: set[int]) -> bool:
    return facts.st_uid in owners and bool(facts.st_mode & stat.S_ISVTX)


def _is_held(facts: os.stat_result, owners: set[int]) -> bool:
    if facts.st_uid not in owners:
        return False
    return not facts.st_mode & stat.S_IWOTH and (not facts.st_mode & stat.S_IWGRP or _is_own_group(facts.st_gid))


def _unknown_owners() -> set[int]:
    """Return whom files seem to belong to whose owners a container does not know, such as the system's of its host."""
    try:
        known = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
        return set() if known == ["0", "0", "4294967295"] else {int(Path("/proc/sys/kernel/overflowuid").read_text())}
    except (OSError, ValueError):
        return set()


def _is_own_group(group: int) -> bool:
    import grp
    import pwd

    try:
        return group == 0 or grp.getgrgid(group).gr_name == pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a number without a name
        return False


def _private(folder: Path) -> Path:
    if not is_private(folder):
        raise PermissionError(f"{folder} is open to other users")
    return folder


def _own_temporary_folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"tidydl-{user}"
    if folder.is_symlink():
        raise PermissionError(f"{folder} is a link, which anybody can have made")
    return folder


def _first_usable(*places: Callable[[], Path]) -> Path | None:
    for place in places:
        try:
            folder = place()
            nearest = next(there for there in (folder, *folder.absolute().parents) if there.exists())
            if nearest.is_dir() and os.access(nearest, os.W_OK):
                return folder
        except (OSError, RuntimeError):  # no home, no temporary files, or no leave to look
            continue
    return None

"""Folders that no other user can write to, and the one for compiled code."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from tidydl.storage import cache_folder


def compiled_code_folder() -> Path | None:
    """Return the folder for compiled code: the first writable one, or None. It may not exist yet.

    Tried are ``NUMBA_CACHE_DIR`` (alone, where set), the cache folder, and a folder of the user's own among the
    temporary files. Code is loaded from them: the last two must not be open to another user, and whoever sets the first
    trusts all who can write there.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return _first_usable(lambda: Path(named).expanduser())
    return _first_usable(lambda: _private(cache_folder() / "compiled"), lambda: _private(_own_temporary_folder()))


def is_private(folder: Path) -> bool:
    """Return whether only this user and the system can write to a folder or replace it.

    Checked are the folder, the target if it is a link, and all folders above it, as far as they exist. Folders
    in which anyone may write, but rename and remove only their own files, may be above. A group may write if it is
    the user's own, of the user's name. Always true on Windows, where folders of users are theirs.
    """
    if not hasattr(os, "getuid"):
        return True
    path = Path(os.path.realpath(folder))
    if path.exists() and not _is_held(path.stat(), {0, os.getuid()}):
        return False
    owners = {0, os.getuid(), *_unknown_owners()}
    above = [there.stat() for there in path.parents if there.exists()]
    return all(_is_held(facts, owners) or _is_shared_safely(facts, owners) for facts in above)


def _is_shared_safely(facts: os.stat_result, owners: set[int]) -> bool:
    return facts.st_uid in owners and bool(facts.st_mode & stat.S_ISVTX)


def _is_held(facts: os.stat_result, owners: set[int]) -> bool:
    if facts.st_uid not in owners:
        return False
    return not facts.st_mode & stat.S_IWOTH and (not facts.st_mode & stat.S_IWGRP or _is_own_group(facts.st_gid))


def _unknown_owners() -> set[int]:
    """Return the user ids of files whose owners a container does not know, such as those of the host's system."""
    try:
        uid_map = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
        return set() if uid_map == ["0", "0", "4294967295"] else {int(Path("/proc/sys/kernel/overflowuid").read_text())}
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
        raise PermissionError(f"{folder} is a link, which another user may have made")
    return folder


def _first_usable(*candidates: Callable[[], Path]) -> Path | None:
    for candidate in candidates:
        try:
            folder = candidate()
            nearest = next(there for there in (folder, *folder.absolute().parents) if there.exists())
            if nearest.is_dir() and os.access(nearest, os.W_OK):
                return folder
        except (OSError, RuntimeError):  # no home, no temporary files, or no leave to look
            continue
    return None

"""Where tidydl keeps what it assembles on this machine."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["UNPACKED_FROM", "cache_folder", "compiled_code_folder", "unpacked_folder"]

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


def compiled_code_folder() -> Path | None:
    """Give the folder for compiled code: the first that can be written to, or None. It may not exist yet.

    Tried are ``NUMBA_CACHE_DIR`` (alone, where set), the cache folder, and a folder of the user's own among the
    temporary files. The last two must not be another user's, for code is loaded from them.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return _first_usable(lambda: Path(named).expanduser())
    return _first_usable(lambda: cache_folder() / "compiled", _own_temporary_folder)


def _own_temporary_folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"tidydl-{user}"
    if hasattr(os, "getuid") and folder.exists() and (folder.is_symlink() or folder.stat().st_uid != os.getuid()):
        raise PermissionError(f"{folder} is not this user's")
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

"""Where tidydl keeps what it assembles on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder"]


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

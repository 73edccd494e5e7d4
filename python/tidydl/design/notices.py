"""Warnings that point to the user's own line."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from tidydl.errors import printable

__all__ = ["notify"]

_PACKAGE = str(Path(__file__).resolve().parents[1])


def notify(text: str) -> None:
    """Warn at the line outside of this package that led here."""
    level = 1
    while str(sys._getframe(level).f_code.co_filename).startswith(_PACKAGE) and sys._getframe(level).f_back is not None:
        level += 1
    warnings.warn(printable(text), UserWarning, stacklevel=level + 1)

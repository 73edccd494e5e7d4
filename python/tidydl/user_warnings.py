"""Warnings that point to the user's line that calls tidydl, from any depth."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from tidydl.errors import printable

_OURS = os.path.join(Path(__file__).parent, "")


def warn_user(text: str) -> None:
    """Warn at the innermost line outside of tidydl."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable(text), UserWarning, stacklevel=level)

"""The crossing to R: the only part of tidydl that knows R exists.

R calls :func:`start`, :func:`resume`, :func:`cancel` and :func:`settle`, and nothing else. A value crosses as a
*record*: a dict that says its ``kind`` and carries its data in ``bytearray`` objects, which every version of
reticulate converts. Errors, interrupts, warnings, trace and progress cross as data too; R raises and writes them.
"""

import sys

from tidydl.bridge.jobs import cancel, resume, settle, start
from tidydl.bridge.libraries import keep_own_symbols

__all__ = ["cancel", "resume", "settle", "start"]

if "rpytools" in sys.modules:  # reticulate's own Python code: this is a session of R
    keep_own_symbols()

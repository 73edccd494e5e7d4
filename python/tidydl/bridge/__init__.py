"""The crossing to R: the only part of tidydl that knows R exists.

R calls :func:`start`, :func:`resume`, :func:`cancel`, :func:`settle` and :func:`borrowed_algebra`, and nothing else,
apart from ``libraries.py``, which it runs by its path as soon as any Python starts. A value crosses as a
*record*: a dict that says its ``kind`` and carries its data in ``bytearray`` objects, which every version of
reticulate converts. Errors, interrupts, warnings, trace and progress cross as data too; R raises and writes them.
"""

import sys

from tidydl.bridge.jobs import cancel, resume, settle, start
from tidydl.bridge.libraries import borrowed_algebra, prepare_process

__all__ = ["borrowed_algebra", "cancel", "resume", "settle", "start"]

if "rpytools" in sys.modules:  # reticulate's own Python code: this is a session of R
    prepare_process()

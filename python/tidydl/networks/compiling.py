"""How the kernels are compiled: without fast-math, without the lock, kept on disk where a folder can be written."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

# Vector math libraries round exp() and log() differently from the C library that R uses.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

from numba import njit

__all__ = ["cache_place", "compiled"]

Function = TypeVar("Function", bound=Callable)


def compiled(function: Function) -> Function:
    """Compile a function at its first call, and keep the machine code for the next process where that is possible."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder that numba may write to
        return njit(nogil=True)(function)


def cache_place() -> str | None:
    """Give the folder in which machine code is kept, or None where it is compiled anew in each process."""

    def probe():
        return None

    stats = getattr(compiled(probe), "stats", None)
    return getattr(stats, "cache_path", None)

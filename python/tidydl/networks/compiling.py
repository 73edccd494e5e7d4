"""How the kernels are compiled.

Without fast-math, without the interpreter lock, dividing as the processor does; machine code is kept on disk where a
folder can be written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

# Vector math libraries round exp() and log() differently from the C library that R uses.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

from numba import njit

__all__ = ["compiled", "is_compiled"]

Function = TypeVar("Function", bound=Callable)


def compiled(function: Function) -> Function:
    """Compile a function at its first call, and keep the machine code for the next process where that is possible."""
    try:
        return cast(Function, _jit(cache=True)(function))
    except RuntimeError:  # no folder that numba may write to
        return cast(Function, _jit(cache=False)(function))


def _jit(cache: bool) -> Any:
    return njit(nogil=True, cache=cache, error_model="numpy")


def is_compiled(function: Any) -> bool:
    """Say whether machine code of a compiled function is at hand, in this process or on disk."""
    if function.signatures:
        return True
    folder = Path(getattr(function.stats, "cache_path", None) or os.devnull)
    return folder.is_dir() and any(folder.glob(f"{function.__module__.rpartition('.')[2]}.{function.__name__}-*.nbi"))

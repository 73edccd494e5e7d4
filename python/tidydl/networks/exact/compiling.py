"""How the kernels are compiled, and where the machine code is kept.

Compiled without fast-math and without the interpreter lock, dividing as the processor does. Machine code is kept in a
folder whose name stands for everything it was made from: the sources of all kernels, the compiler and the processor.
So it is never stale, and versions do not meet. Where no folder can be written to, it is compiled in every session.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

# Vector math libraries round exp() and log() differently from the C library that R uses.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import llvmlite
import numba
from llvmlite import binding
from numba.core import caching, config

from tidydl.private_folders import compiled_code_folder, is_private

Function = TypeVar("Function", bound=Callable)

# The modules that machine code is made from.
SOURCES = ("bfgs", "compiling", "exponential", "kernels", "lanes", "metric", "problems", "shares", "slopes")


def compiled(function: Function) -> Function:
    """Compile a function at its first call, and keep the machine code for later processes if possible."""
    dispatcher = _jit(function)
    if _FOLDER is not None:
        # A cache that cannot be set up (numba's settings may forbid ours) is done without.
        with contextlib.suppress(RuntimeError):
            dispatcher._cache = _Cache(function)
    return cast(Function, dispatcher)


def part(function: Function) -> Function:
    """Compile a function as part of those that call it."""
    return cast(Function, _jit(function))


def _jit(function: Callable) -> Any:
    # Without numba's counting of references: the caller holds every array, and counting took half of the time.
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
    return numba.njit(**options)(function)


def is_compiled(function: Any) -> bool:
    """Return whether machine code of a compiled function is available, in this process or on disk."""
    if function.signatures:
        return True
    return _FOLDER is not None and any(
        _FOLDER.glob(f"{function.__module__.rpartition('.')[2]}.{function.__name__}-*.nbi")
    )


def compiling_note() -> str:
    """Return the note about compilation at the first call."""
    when = "once on this machine" if _FOLDER is not None else "in every session, because no cache folder is writable"
    return f"tidydl compiles its engine: {when}, some 10 seconds."


def made_from(sources: Path) -> str:
    """Return a digest of what the machine code depends on: sources, compiler and processor."""
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((sources / f"{name}.py").read_bytes())
    settings = [getattr(config, name, None) for name in ("CPU_NAME", "CPU_FEATURES", "OPT")]
    processor = (binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten())
    digest.update(repr((numba.__version__, llvmlite.__version__, settings, processor)).encode())
    return digest.hexdigest()[:16]


def _folder() -> Path | None:
    """Return the folder for this machine code, creating it if necessary."""
    base = compiled_code_folder()
    if base is None:
        return None
    folder = base / f"engine-{made_from(Path(__file__).parent)}"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    # another process may have been faster, and the machine code is a pickle
    return folder if os.environ.get("NUMBA_CACHE_DIR") or is_private(folder) else None


_FOLDER = _folder()


class _Locator(caching._CacheLocator):
    """Keeps a function's machine code in our folder, whose name changes with the sources."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get_cache_path(self) -> str:
        return str(_FOLDER)

    def get_source_stamp(self) -> str:
        return str(_FOLDER and _FOLDER.name)

    def get_disambiguator(self) -> str:
        return self._name

    @classmethod
    def from_function(cls, py_func: FunctionType, py_file: str) -> _Locator:
        return cls(str(py_func.__code__.co_firstlineno))


class _Implementation(caching.CompileResultCacheImpl):
    _locator_classes = [_Locator]  # type: ignore[list-item]  # noqa: RUF012


class _Cache(caching.FunctionCache):
    """A cache that never fails: what cannot be read is compiled, what cannot be written is not kept."""

    _impl_class = _Implementation

    @contextlib.contextmanager
    def _guard_against_spurious_io_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception:  # unreadable, damaged, full, or no longer there
            with contextlib.suppress(OSError):
                self.flush()

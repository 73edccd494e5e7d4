"""Torch inside R: its own linear algebra, not R's.

On Linux R loads its BLAS into the whole process, and a library loaded later takes functions such as ``sgemm_`` from
there although it brings its own. With the reference BLAS that many R installations have, torch is then ten to fifty
times as slow, and rounds differently. Loading torch with ``RTLD_DEEPBIND`` makes it use its own. Of the libraries that
come with torch it is the only one: numpy and scipy rename the functions of theirs.

R runs this file by its path as soon as a Python starts (``prepare_python()`` in ``R/python.R``), whoever starts it. So
it imports nothing but the standard library, and it stays readable for a Python that is too old for the rest.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_LIBRARY = "torch"
_BINARY = "libtorch_cpu.so"
_PRODUCTS = ("sgemm_", "dgemm_")  # what a product of two matrices ends in; some builds of R bring the second only
_PIECE = 2**22  # bytes of memory read at once


class _OwnSymbols(Loader):
    """Runs a module's own loader while libraries are bound to their own symbols first."""

    def __init__(self, loader: Loader):
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        flags = sys.getdlopenflags()
        sys.setdlopenflags(flags | os.RTLD_DEEPBIND)
        try:
            self._loader.exec_module(module)
        finally:
            sys.setdlopenflags(flags)


class _Finder(MetaPathFinder):
    """Finds the library as the other finders do, and changes how it is loaded."""

    keeps_own_symbols = True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _LIBRARY:
            return None
        others = (finder for finder in list(sys.meta_path) if not _keeps_own_symbols(finder))
        specs = (finder.find_spec(fullname, path, target) for finder in others if hasattr(finder, "find_spec"))
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _OwnSymbols(spec.loader)
        return spec


def _keeps_own_symbols(finder: object) -> bool:
    # the class may be there twice: as R ran this file, and as a module of tidydl
    return getattr(finder, "keeps_own_symbols", False) is True


def prepare_process() -> None:
    """Prepare a process of R as soon as it runs Python; repeated calls are harmless."""
    keep_own_symbols()


def keep_own_symbols() -> bool:
    """Have torch use its own linear algebra once it is imported; return False if it is too late for that.

    Only Linux needs it, and only before torch is loaded.
    """
    if not hasattr(os, "RTLD_DEEPBIND"):
        return True
    if any(_keeps_own_symbols(finder) for finder in sys.meta_path):
        return True
    if _LIBRARY in sys.modules:
        return False
    sys.meta_path.insert(0, _Finder())
    return True


def borrowed_algebra() -> str | None:
    """Return the file whose matrix product torch calls instead of its own; None if it calls its own.

    None also if torch is not loaded, or the system does not tell.
    """
    if _LIBRARY not in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        return None
    try:
        mappings = list(_mappings())
        foreign = (_owner(address, mappings) for address in _addresses() if _holds(address, mappings))
        return next((path for path in foreign if path is not None), None)
    except OSError:  # this system shows no such view of the memory
        return None


def _addresses() -> Iterator[int]:
    """Yield the addresses of the functions that take precedence over torch's own in this process."""
    process = ctypes.CDLL(None)
    for product in _PRODUCTS:
        if hasattr(process, product):
            yield ctypes.cast(getattr(process, product), ctypes.c_void_p).value or 0


def _owner(address: int, mappings: list[tuple[int, int, str, str]]) -> str | None:
    """Return the file that an address lies in, None for torch's own."""
    owners = (path for start, end, _, path in mappings if start <= address < end)
    return next((path for path in owners if os.path.basename(path) != _BINARY), None)


def _holds(address: int, mappings: list[tuple[int, int, str, str]]) -> bool:
    """Return whether the binary's data holds an address, as it does if the binary was bound to it."""
    sought = struct.pack("@P", address)
    data = [
        (start, end)
        for start, end, rights, path in mappings
        if os.path.basename(path) == _BINARY and rights.startswith("r") and "x" not in rights
    ]
    pieces = ((at, min(_PIECE, end - at)) for start, end in data for at in range(start, end, _PIECE))
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        return any(sought in os.pread(memory.fileno(), size, at) for at, size in pieces)


def _mappings() -> Iterator[tuple[int, int, str, str]]:
    """Yield where each file lies in this process: start, end, access rights, path."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            span, rights, _, _, _, *path = line.rstrip("\n").split(None, 5)
            if path and path[0].startswith("/"):
                start, end = span.split("-")
                yield int(start, 16), int(end, 16), rights, path[0]

"""Torch inside R: its own linear algebra, not R's.

On Linux R loads its BLAS into the whole process, and a library loaded later takes functions such as ``sgemm_`` from
there although it brings its own. With the reference BLAS that many R installations have, torch is then ten to fifty
times as slow, and rounds differently. Loading torch with ``RTLD_DEEPBIND`` makes it use its own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["keep_own_symbols"]

_LIBRARY = "torch"


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
    """Finds the library as it would be found anyway, each time somebody asks, and changes how it is loaded."""

    def __init__(self) -> None:
        self._asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _LIBRARY or self._asking:
            return None
        self._asking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _OwnSymbols(spec.loader)
        return spec


def keep_own_symbols() -> bool:
    """See to it that torch, when it is imported, uses its own linear algebra; False where that cannot be done any more.

    Only Linux needs it, and only before torch is loaded.
    """
    if not hasattr(os, "RTLD_DEEPBIND"):
        return True
    if _LIBRARY in sys.modules:
        return False
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return True

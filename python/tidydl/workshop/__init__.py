"""The modules that R's import() hands out."""

import importlib
from types import ModuleType


def course_module(name: str) -> ModuleType:
    """Return a module by its name."""
    return importlib.import_module(name)

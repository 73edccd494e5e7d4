"""Tiny models are written once a session, when a test first asks for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path


def keeper(models: Mapping[str, Callable[[Path], Path]]) -> Callable[[str], Path]:
    """Return what gives the folder of a model by its name."""

    @cache
    def folder() -> tempfile.TemporaryDirectory:
        return tempfile.TemporaryDirectory(prefix="tiny")  # removed when the session ends

    return cache(lambda name: models[name](Path(folder().name) / name.replace(" ", "_")))

"""The installed ``datasets``, whose names, arguments and columns are those of version 2 where they have changed.

``from tidydl.workshop import datasets``, or ``from tidydl.workshop.datasets import load_dataset``. What has not changed
is the library's own; code that imports ``datasets`` itself is not affected.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

# Names that are not the library's own: the module of this package that has them.
_OURS = {"load_dataset": "loading", "load_metric": "metrics"}
# Functions that give data sets.
_GIVE_DATASETS = ("concatenate_datasets", "interleave_datasets", "load_from_disk")


def __getattr__(name: str) -> _Any:
    if name in _OURS:
        return getattr(_importlib.import_module(f"tidydl.workshop.{_OURS[name]}"), name)
    import datasets

    if name == "Dataset" or name in _GIVE_DATASETS:
        from tidydl.workshop import course_datasets

        is_class = name == "Dataset"
        return course_datasets.CourseDataset if is_class else course_datasets.mending(getattr(datasets, name))
    return getattr(datasets, name)


def __dir__() -> list[str]:
    import datasets

    return sorted({*dir(datasets), *_OURS})

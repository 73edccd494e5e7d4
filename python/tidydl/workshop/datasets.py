"""The installed ``datasets``, whose names, arguments and columns are those of version 2 where they have changed.

``from tidydl.workshop import datasets``, or ``from tidydl.workshop.datasets import load_dataset``. What has not changed
is the library's own; code that imports ``datasets`` itself is not affected.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from tidydl.errors import NotFoundError as _NotFoundError

# Names that are not the library's own: the module of this package that has them.
_OURS = {"load_dataset": "loading", "load_metric": "metrics"}
# Functions that give data sets.
_GIVE_DATASETS = ("concatenate_datasets", "interleave_datasets")
# What to write instead of names that are gone.
_INSTEAD = {
    "list_datasets": "Look on https://huggingface.co/datasets, or write `huggingface_hub.list_datasets()`.",
    "inspect_dataset": 'Load it with `load_dataset("owner/name")`, and look at its `features`.',
    "list_metrics": 'The metrics are "accuracy", "precision", "recall" and "f1": `load_metric("accuracy")`.',
    "inspect_metric": 'Write `load_metric("accuracy")`; scikit-learn computes it.',
}


def __getattr__(name: str) -> _Any:
    if name in _OURS:
        return getattr(_importlib.import_module(f"tidydl.workshop.{_OURS[name]}"), name)
    import datasets

    if name in _INSTEAD and not hasattr(datasets, name):
        raise _NotFoundError(f"datasets {datasets.__version__} has no `{name}()` any more.", hint=_INSTEAD[name])
    if name == "set_caching_enabled":
        return lambda boolean: datasets.enable_caching() if boolean else datasets.disable_caching()
    if name in ("Dataset", "load_from_disk", *_GIVE_DATASETS):
        from tidydl.workshop import course_datasets

        if name == "load_from_disk":
            return course_datasets.CourseDataset.load_from_disk
        is_class = name == "Dataset"
        return course_datasets.CourseDataset if is_class else course_datasets.mending(getattr(datasets, name))
    return getattr(datasets, name)


def __dir__() -> list[str]:
    import datasets

    return sorted({*dir(datasets), *_OURS})

"""Data sets of the ``datasets`` library whose columns are lists again, as before version 4.

A class of its own, so that data sets that other code makes stay as they are. It is the only module that imports
``datasets`` at once, for its class, and is itself imported late.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import datasets

from tidydl.workshop.arguments import whole, with_whole_numbers
from tidydl.workshop.checked_data import load_from_disk, read_files
from tidydl.workshop.media_cells import with_files

if TYPE_CHECKING:
    import pandas as pd

# Methods that give a new data set, and those that make one of files or other data.
_NEW = (
    *("map", "filter", "select", "shuffle", "sort", "train_test_split", "shard", "skip", "take", "repeat", "batch"),
    *("flatten", "flatten_indices", "cast", "cast_column", "class_encode_column", "align_labels_with_mapping"),
    *("add_column", "add_item", "remove_columns", "rename_column", "rename_columns", "select_columns"),
    *("with_format", "with_transform", "to_pandas", "set_format"),
)
_READ = ("from_csv", "from_json", "from_parquet", "from_text")
_MADE = ("from_generator", "from_sql")


class CourseDataset(datasets.Dataset):
    """A ``datasets.Dataset`` whose columns are lists, or tensors under ``set_format``; so are those of its copies."""

    def __getitem__(self, key: Any) -> Any:  # type: ignore[override]  # one method for all kinds of keys
        """Return a row, several, or a whole column: numbers such as 0.0 count as whole ones."""
        return self._getitem(_whole(key))

    def to_pandas(self, *args: Any, **kwargs: Any) -> Any:
        """Return a ``pandas.DataFrame``; the ``path`` of an image or audio clip names a file, written where needed."""
        frame = super().to_pandas(*args, **with_whole_numbers(kwargs))
        if not hasattr(frame, "columns"):
            return (self._with_files(each) for each in frame)
        return self._with_files(frame)

    def _with_files(self, frame: pd.DataFrame) -> pd.DataFrame:
        for name, feature in self.features.items():
            if isinstance(feature, (datasets.Image, datasets.Audio)) and name in frame:
                frame[name] = with_files(frame[name])
        return frame


def mended(value: Any) -> Any:
    """Return data sets with columns that are lists, one, several or by split, and anything else as it is."""
    if isinstance(value, list):
        return [mended(each) for each in value]
    if isinstance(value, datasets.DatasetDict):
        return datasets.DatasetDict({split: mended(each) for split, each in value.items()})
    if type(value) is datasets.Dataset:
        value = copy.copy(value)  # others may hold the one that came
        value.__class__ = CourseDataset
    return value


def mending(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of ``datasets`` that takes 2.0 for 2 where a number is meant, and gives mended data sets."""
    names = tuple(inspect.signature(function).parameters)

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        values = [_named(name, each) for name, each in zip_longest(names[: len(args)], args)]
        return mended(function(*values, **{name: _named(name, each) for name, each in kwargs.items()}))

    return called


def _named(name: str | None, value: Any) -> Any:
    if name in ("test_size", "train_size"):  # 1.0 would be all rows, and no number of them
        return whole(value) if value != 1 else value
    return with_whole_numbers({str(name): value})[str(name)] if name != "indices" else _whole(value)


def _whole(value: Any) -> Any:
    return [whole(each) for each in value] if isinstance(value, list) else whole(value)


for _name in _NEW:
    if _name not in vars(CourseDataset):
        setattr(CourseDataset, _name, mending(getattr(datasets.Dataset, _name)))
for _name in _MADE:
    setattr(CourseDataset, _name, staticmethod(mending(getattr(datasets.Dataset, _name))))
for _name in _READ:
    setattr(
        CourseDataset, _name, staticmethod(mending(functools.partial(read_files, getattr(datasets.Dataset, _name))))
    )
CourseDataset.load_from_disk = staticmethod(mending(load_from_disk))

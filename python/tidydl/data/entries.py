"""What R calls to load and to write data: plain functions of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.data.loading import load
from tidydl.data.older_arguments import in_todays_words
from tidydl.data.requests import request_of
from tidydl.data.selecting import wanted_of
from tidydl.data.writing import write_steps
from tidydl.progress import Work

__all__ = ["load_frames", "write_frames"]

_ARGUMENTS = (
    *("path", "name", "data_dir", "data_files", "split", "columns", "n", "sample", "seed", "as", "revision", "token"),
    *("streaming", "cache_dir", "verification_mode", "sep", "field"),
)


def load_frames(
    path: Any,
    name: Any = None,
    data_dir: Any = None,
    data_files: Any = None,
    split: Any = None,
    columns: Any = None,
    n: Any = None,
    sample: Any = None,
    seed: Any = None,
    drawn: int | None = None,
    older: Mapping[str, Any] | None = None,
    cache_dir: Any = None,
    field: Any = None,
    **said: Any,
) -> Any:
    """Load a frame, or several by split, with the arguments of ``load_dataset()``.

    ``drawn`` is a number of R's own generator, where a sample without a seed starts; ``older`` are the arguments that
    ``load_dataset()`` does not have.
    """
    today = in_todays_words("load_dataset", older or {}, _ARGUMENTS)
    given = {**today, **{argument: value for argument, value in said.items() if value is not None}}
    request = request_of(path, name, data_dir, data_files, split, cache_dir=cache_dir, field=field, **given)
    return load(request, wanted_of(columns, n, sample, seed, drawn))


def write_frames(data: Any, path: Any) -> Work[str]:
    """Write a frame, or several by split, to parquet."""
    return (yield from write_steps(data, path))

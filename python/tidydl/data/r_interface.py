"""What R calls to load and to write data: plain functions of plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tidydl.boundaries import guarded
from tidydl.data.arguments import check_split, request_of
from tidydl.data.legacy_arguments import as_current_arguments
from tidydl.data.loading import load
from tidydl.data.selecting import wanted_of
from tidydl.data.splits import Cut, asks_for_all, cuts_of, refuse_a_column_split
from tidydl.data.stream_loading import ARGUMENTS as OF_STREAMS
from tidydl.data.writing import write_steps
from tidydl.progress import Work

if TYPE_CHECKING:
    from tidydl.data.media.image_value import Image

_ARGUMENTS = (
    *("path", "name", "data_dir", "data_files", "split", "columns", "n", "sample", "seed", "as", "revision", "token"),
    *("streaming", "cache_dir", "verification_mode", "sep", "field", "trusted"),
)


@partial(guarded, name="load_dataset")
def load_frames(
    path: object,
    name: object = None,
    data_dir: object = None,
    data_files: object = None,
    split: object = None,
    columns: object = None,
    n: object = None,
    sample: object = None,
    seed: object = None,
    drawn: int | None = None,
    older: Mapping[str, Any] | None = None,
    cache_dir: object = None,
    field: object = None,
    trusted: object = False,
    form: str = "frame",
    **options: Any,
) -> Any:
    """Load a frame, or several by split, with the arguments of ``load_dataset()``; ``form`` is its ``as_``.

    ``drawn`` is a number of R's own generator, where a sample without a seed starts; ``older`` are the arguments that
    ``load_dataset()`` does not have.
    """
    today = as_current_arguments("load_dataset", older or {}, _ARGUMENTS)
    arguments = {**today, **{argument: value for argument, value in options.items() if value is not None}}
    others = {"cache_dir": cache_dir, "field": field, "trusted": trusted}
    request = request_of(path, name, data_dir, data_files, split, **others, **arguments)
    return load(replace(request, index_base=1), wanted_of(columns, n, sample, seed, drawn), form)


@partial(guarded, name="load_dataset")
def load_object(**arguments: Any) -> Any:
    """Load a dataset of the library ``datasets``, or several by split, with the arguments of :func:`load_frames`."""
    return load_frames(form="dataset", **arguments)


@partial(guarded, name="load_dataset")
def load_arrow(**arguments: Any) -> bytes | dict[str, bytes]:
    """Load a table, or several by split, each as Arrow writes it to a stream."""
    result = load_frames(form="arrow", **arguments)
    return (
        {split: _streamed(table) for split, table in result.items()} if isinstance(result, dict) else _streamed(result)
    )


@partial(guarded, name="load_dataset")
def check_older(called: str, older: Mapping[str, Any]) -> None:
    """Refuse arguments that ``load_dataset()`` or ``stream_dataset()`` does not have, before R reads a file itself."""
    as_current_arguments(called, older, _ARGUMENTS if called == "load_dataset" else OF_STREAMS)


@partial(guarded, name="load_dataset")
def split_cuts(rows: Mapping[str, int], columns: Iterable[str], split: object) -> dict[str, dict[str, Any]]:
    """Return which rows of R's own data frames are asked for, of how many each split has, and which columns there are.

    By what was asked for: ``cuts``, a frame of ``split``, ``start`` and ``stop`` as Python counts them, and whether the
    rows are to be ``marked`` by their splits.
    """
    asked = check_split(split)
    names = [asked] if isinstance(asked, str) else asked or []
    return {each: _cuts_of(rows, set(columns), each) for each in names}


def _cuts_of(rows: Mapping[str, int], columns: set[str], split: str) -> dict[str, Any]:
    cuts = [Cut(split, 0, rows[split])] if split in rows else cuts_of(rows, split)
    marked = split not in rows and asks_for_all(rows, split)
    if marked:
        refuse_a_column_split(columns)
    return {"cuts": pd.DataFrame(list(map(vars, cuts))), "marked": marked}


def _streamed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def image_pixels(images: Iterable[Image | None]) -> list[np.ndarray | None]:
    """Decode images to what a screen shows: height × width × 4 of each; None where one is missing."""
    return [None if each is None else each.rgba() for each in images]


def write_frames(data: object, path: object) -> Work[str]:
    """Write a frame, or several by split, to parquet."""
    return (yield from write_steps(data, path, index_base=1))

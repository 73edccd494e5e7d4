"""Joining a pipeline's results to the data they are about, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd

from tidydl.boundaries import arguments_of
from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.inputs import in_pandas, is_foreign
from tidydl.pipelines.streams import Mapped, refuse_checkpoint, warn_of_truncation
from tidydl.pipelines.widening import widen
from tidydl.progress import Work
from tidydl.progress import run as run_work


class _Pipeline(Protocol):
    """The interface of :class:`~tidydl.pipelines.runner.Pipeline` that ``augment()`` uses."""

    @property
    def task(self) -> str: ...

    @property
    def parts(self) -> list[str]: ...

    def draw(self, arguments: Mapping[str, Any], drawn: int | None = None) -> int | None: ...

    def steps(self, x: object, *, drawn: int | None = None, first: int = 0, **arguments: Any) -> Work[pd.DataFrame]: ...

    def gathers(self, data: pd.DataFrame, arguments: Mapping[str, Any]) -> bool: ...

    def has_spans(self, arguments: Mapping[str, Any]) -> bool: ...


def augment_pipeline(
    x: _Pipeline, data: object, *, prefix: str = "", progress: bool | None = None, **arguments: Any
) -> pd.DataFrame | Stream:
    """Join a pipeline's results to the data: its rows stay one to one, ranks are spread wide.

    ``text="tweet"`` names the column of the inputs, and ``prefix`` is put before the new columns' names. Frames of
    polars and pyarrow are taken as pandas reads them. A stream gives a stream.
    """
    if isinstance(data, Stream):
        return augmented(x, arguments, prefix).over(data, rows=data.rows, progress=progress)
    frame = run_work(augment_steps(x, data, prefix=prefix, **arguments), progress=progress)
    warn_of_truncation(frame, stacklevel=5)
    return frame


def augmented(x: _Pipeline, arguments: Mapping[str, Any], prefix: str = "", drawn: int | None = None) -> Mapped:
    """Return the function that ``augment()`` applies to each frame of a stream."""
    refuse_checkpoint(arguments)
    return Mapped(
        lambda frame, first, begun: augment_steps(x, frame, prefix=prefix, drawn=begun, first=first, **arguments),
        lambda: x.draw(arguments, drawn),
        x.task,
    )


def augment_steps(
    x: _Pipeline, data: object, *, prefix: str = "", drawn: int | None = None, first: int = 0, **arguments: Any
) -> Work[pd.DataFrame]:
    """Do the work of ``augment()`` as a generator of progress events that returns the frame."""
    with arguments_of("augment"):
        data = in_pandas(data) if is_foreign(data) else data
        if not isinstance(prefix, str):
            raise ArgumentError(f"`prefix` is {described(prefix)}.", allowed="A text.")
        if not isinstance(data, pd.DataFrame):
            raise ArgumentError(
                f"`data` is {described(data)}.",
                allowed="A data frame.",
                hint="A list is given to the pipeline itself.",
            )
        if x.has_spans(arguments):
            raise ArgumentError(
                f"`x` is a '{x.task}' pipeline, which returns any number of results per input.",
                allowed="Pipelines with one result per input, or ranked ones.",
                hint="Call the pipeline on the data: its long form has a row per result, "
                "and `.row` is the row of the data.",
            )
        if x.gathers(data, arguments):
            raise ArgumentError(
                "`data` holds chats, and a chat has several rows.",
                allowed="Data with an input in each row.",
                hint="Call the pipeline on the data; `.row` of the result says which chat was answered.",
            )
    # a clash is found before the work, not after
    nothing = yield from x.steps(data.iloc[:0], drawn=0, **{**arguments, "checkpoint": None})
    _refuse_clash(_new_columns(x, nothing, prefix).columns, data)
    result = yield from x.steps(data, drawn=drawn, first=first, **arguments)
    new = _new_columns(x, result, prefix)
    _refuse_clash(new.columns, data)  # if each row has labels of its own, the ranks are known only now
    joined = pd.concat([data.reset_index(drop=True), new.reset_index(drop=True)], axis=1)
    joined.index = data.index
    joined.attrs = {**data.attrs, "tidydl": result.attrs["tidydl"]}
    return joined


def _new_columns(x: _Pipeline, result: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Return the columns that a result adds to the data, one row per input."""
    wide = widen(result)
    new = wide.drop(columns=[name for name in (ROW, *x.parts, "mask") if name in wide.columns])
    return new.rename(columns=lambda name: f"{prefix}{name}")


def _refuse_clash(names: Iterable[str], data: pd.DataFrame) -> None:
    for name in names:
        if name in data.columns:
            raise ColumnError(
                f"`data` has a column `{name}` already.",
                allowed="New columns with unused names.",
                hint='Keep both with `prefix = "model_"`, or rename the column.',
            )

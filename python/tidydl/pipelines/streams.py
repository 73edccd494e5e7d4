"""Pipelines over streams: a frame of results for each frame of inputs, computed lazily."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tidydl import rendering
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError
from tidydl.progress import Work
from tidydl.progress import run as run_work


@dataclass(frozen=True)
class Mapped:
    """A function to apply to each frame of a stream.

    ``run`` takes a frame, the number of rows before it, and the seed, which ``start`` returns at the
    beginning of each loop.
    """

    run: Callable[[pd.DataFrame, int, int | None], Work[pd.DataFrame]]
    start: Callable[[], int | None]
    what: str

    def over(self, stream: Stream, *, rows: int | None, progress: bool | None) -> Stream:
        """Return the stream of results; ``rows`` is their number, if known."""
        empty = run_work(self.run(stream.empty, 0, 0), progress=False)

        def batches() -> Iterator[pd.DataFrame]:
            drawn, first, cut = self.start(), 0, 0
            for batch in stream:
                frame = run_work(self.run(batch, first, drawn), progress=progress)
                cut += frame.attrs.get("tidydl", {}).get("truncated") or 0
                first += len(batch)
                yield frame
            if cut:
                warn_of_cut(cut, self.what, stacklevel=2)

        return Stream(
            batches,
            empty.iloc[:0],
            source=f"{self.what} of {stream.source}",
            batch_size=stream.batch_size,
            rows=rows,
            facts=empty.attrs.get("tidydl"),
            types=stream.types,
            reads=stream.reads,
        )


def refuse_checkpoint(arguments: Mapping[str, Any]) -> None:
    """Refuse checkpoints of a stream, whose inputs are not known in advance."""
    if arguments.get("checkpoint") is not None:
        written = rendering.by_language("write_dataset(ppl(stream), path)", "stream_dataset(path, ppl, output = ...)")
        raise ArgumentError(
            "`checkpoint` is given, but the inputs are a stream.",
            allowed="Inputs in memory.",
            hint=f"Write the results to a file: {written}.",
        )


def warn_of_cut(count: int, task: str, *, stacklevel: int) -> None:
    """Warn of truncated texts; of prompts the end is kept."""
    left_out = "the beginning" if task == "text-generation" else "the rest"
    warnings.warn(
        f"{count} text{'s were' if count > 1 else ' was'} longer than the model's maximum; {left_out} was cut off.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )


def warn_of_truncation(frame: pd.DataFrame, *, stacklevel: int = 3) -> None:
    """Warn once per call of truncated texts, by default at the caller's caller."""
    cut = frame.attrs.get("tidydl", {}).get("truncated", 0)
    if cut:
        warn_of_cut(cut, frame.attrs["tidydl"]["task"], stacklevel=stacklevel)

"""Entry points of R for streams: it asks for one frame after the other, and knows a stream by its id.

A pipeline runs over each frame on this side, so that inputs and results cross once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from tidydl.boundaries import guarded
from tidydl.columns import ROW, Counted
from tidydl.data.legacy_arguments import as_current_arguments
from tidydl.data.stream_loading import ARGUMENTS, stream_for_r
from tidydl.data.streaming import Stream
from tidydl.data.writing import check_file, write_steps
from tidydl.errors import BridgeError
from tidydl.pipelines.joining import augmented
from tidydl.pipelines.make_pipeline import pipeline
from tidydl.pipelines.r_interface import counted_result
from tidydl.pipelines.streams import Mapped
from tidydl.progress import Work


@dataclass
class _OpenStream:
    """A stream of R: its position, and what a pipeline does to its frames.

    Row numbers in the frames count from ``index_base``: those of data as R has them, those of results as Python does.
    """

    stream: Stream
    source: Stream
    mapped: Mapped | None = None
    counted: Callable[[pd.DataFrame], Any] | None = None
    batches: Iterator[pd.DataFrame] | None = None
    first: int = 0
    drawn: int | None = None
    index_base: int = 1


_open_streams: dict[str, _OpenStream] = {}
_numbers = itertools.count(1)


@partial(guarded, name="stream_dataset")
def stream_open(older: Mapping[str, Any] | None = None, output: object = None, **arguments: Any) -> dict[str, Any]:
    """Open a stream; the arguments are those of ``stream()``, ``older`` those that it does not have.

    ``output`` is where something of it will be written, which is checked now, before the work. In the result ``id``
    names the stream from now on, ``rows`` is None if unknown, ``print`` has its lines, and ``empty`` is a frame of no
    rows with its columns and dtypes.
    """
    if output is not None:
        check_file(output, "output")
    opened = stream_for_r(**as_current_arguments("stream_dataset", older or {}, ARGUMENTS), **arguments)
    if output is not None:
        opened.check_output(str(output), "output")
    return _keep(_OpenStream(opened, opened))


def _keep(opened: _OpenStream) -> dict[str, Any]:
    name = f"stream-{next(_numbers)}"
    _open_streams[name] = opened
    empty = opened.stream.empty
    return {
        "id": name,
        "rows": opened.stream.rows,
        "batch_size": opened.stream.batch_size,
        "source": opened.stream.source,
        "kinds": opened.stream.kinds,
        "empty": empty if opened.counted is None else opened.counted(empty),
    }


def _stream_of(id: str) -> _OpenStream:
    if id not in _open_streams:
        raise BridgeError(
            "This stream was closed, or belongs to another session.",
            allowed="A stream that was opened in this session.",
            hint="Open it again.",
        )
    return _open_streams[id]


@partial(guarded, name="stream_dataset")
def stream_run(
    id: str,
    spec: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    prefix: str | None = None,
    drawn: int | None = None,
) -> dict[str, Any]:
    """Open the stream of a pipeline's results; with a ``prefix``, which may be empty, they are joined to the data.

    ``drawn`` is a number of R's own generator, where random draws start.
    """
    source = _stream_of(id).stream
    ppl, arguments = pipeline(**{str(name): value for name, value in spec.items()}), dict(options or {})
    if prefix is None:
        of_frames = ppl.mapped(arguments, drawn)
        mapped = replace(of_frames, run=lambda frame, *state: of_frames.run(_counted_from_0(frame), *state))
        results = mapped.over(source, rows=None, progress=False)
        return _keep(_OpenStream(results, source, mapped, partial(counted_result, ppl), index_base=0))
    mapped = augmented(ppl, arguments, prefix, drawn)
    results = mapped.over(source, rows=source.rows, progress=False)

    def counted(frame: pd.DataFrame) -> Counted:
        new = frame.columns[len(source.columns) :]
        return Counted(frame, ppl.counted(new, prefix), ppl.listed(new, prefix))

    return _keep(_OpenStream(results, source, mapped, counted))


def _counted_from_0(frame: pd.DataFrame) -> pd.DataFrame:
    """Return data with the row numbers of their chats counted from 0."""
    numbered = ROW in frame.columns and pd.api.types.is_numeric_dtype(frame[ROW])
    return frame.assign(**{ROW: frame[ROW] - 1}) if numbered else frame


@partial(guarded, name="stream_dataset")
def stream_next(id: str, anew: bool = False) -> Work[Any]:
    """Return the next frame, or None after the last, which rewinds the stream; ``anew`` restarts it."""
    opened = _stream_of(id)
    if opened.batches is None or anew:
        opened.batches, opened.first = iter(opened.source), 0
        opened.drawn = None if opened.mapped is None else opened.mapped.start()
    batch = next(opened.batches, None)
    if batch is None:
        opened.batches = None
        return None
    frame = batch
    if opened.mapped is not None:
        frame = yield from opened.mapped.run(batch, opened.first, opened.drawn)
    opened.first += len(batch)
    return frame if opened.counted is None else opened.counted(frame)


@partial(guarded, name="stream_dataset")
def stream_write(id: str, path: object) -> Work[str]:
    """Write a stream to a parquet file, frame by frame; ``output`` is its argument in R."""
    return (yield from write_steps(_stream_of(id).stream, path, "output", _stream_of(id).index_base))


def stream_close(id: str) -> None:
    """Close a stream. Closing it twice is allowed."""
    _open_streams.pop(id, None)

"""Entry points of R for pipelines: plain functions of plain data.

An R pipeline is a plain list, the arguments of :func:`tidydl.pipeline` by name. Each call sends it along;
the weights it names are loaded once a session and found again by name, so that such a list can be saved and
read in another session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from tidydl.boundaries import guarded
from tidydl.columns import ROW, Counted
from tidydl.pipelines.embedding import embed_steps
from tidydl.pipelines.inputs import NOT_GIVEN
from tidydl.pipelines.joining import augment_steps
from tidydl.pipelines.make_pipeline import pipeline
from tidydl.pipelines.runner import Pipeline
from tidydl.pipelines.streams import warn_of_truncation
from tidydl.pipelines.widening import spread
from tidydl.progress import Work


def _open(spec: Mapping[str, Any]) -> Pipeline:
    return pipeline(**{str(name): value for name, value in spec.items()})


@partial(guarded, name="pipeline")
def pipeline_open(spec: Mapping[str, Any], token: str | None = None) -> dict[str, Any]:
    """Load the model of a pipeline and return its facts: task, model, device, labels and so on.

    The ``token`` is not part of the pipeline, which may be saved; it is kept for this session.
    """
    return _open({**spec, "token": token}).facts()


@partial(guarded, name="pipeline")
def pipeline_draws(spec: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> bool:
    """Return whether a call draws at random, so that R passes a number of its own generator."""
    return _open(spec).draws(dict(options or {}))


def pipeline_run(
    spec: Mapping[str, Any], x: object = NOT_GIVEN, options: Mapping[str, Any] | None = None, drawn: int | None = None
) -> Work[Counted]:
    """Run a pipeline over inputs; ``options`` are the arguments of the call by name, parts included.

    ``drawn`` is a number of R's own generator, where random draws start.
    """
    ppl = _open(spec)
    frame = yield from ppl.steps(x, drawn=drawn, **dict(options or {}))
    warn_of_truncation(frame, stacklevel=2)
    return counted_result(ppl, frame)


def counted_result(ppl: Pipeline, frame: pd.DataFrame) -> Counted:
    """Return the result of a pipeline with the names of its columns that count from 0."""
    return Counted(frame, (ROW, *ppl.counted(frame.columns)), ppl.listed(frame.columns))


def pipeline_augment(
    spec: Mapping[str, Any],
    data: pd.DataFrame,
    prefix: str = "",
    options: Mapping[str, Any] | None = None,
    drawn: int | None = None,
) -> Work[Counted]:
    """Return the columns that a pipeline's results add to the data, whose own columns stay in R."""
    ppl = _open(spec)
    frame = yield from augment_steps(ppl, data, prefix=prefix, drawn=drawn, **dict(options or {}))
    warn_of_truncation(frame, stacklevel=2)
    new = frame.columns[len(data.columns) :]
    return Counted(frame[new], ppl.counted(new, prefix), ppl.listed(new, prefix))


def embed_run(
    spec: Mapping[str, Any], x: object = NOT_GIVEN, options: Mapping[str, Any] | None = None
) -> Work[pd.DataFrame]:
    """Embed inputs; ``spec`` has the arguments about the model, ``options`` the others."""
    frame = yield from embed_steps(x, **dict(spec), **dict(options or {}))
    warn_of_truncation(frame, stacklevel=2)
    return frame


@partial(guarded, name="widen")
def wide_columns(keys: object, names: Sequence[str], ranks: int | None = None) -> dict[str, Any] | None:
    """Return how :func:`tidydl.widen` rearranges a frame that stays in R; None if it is wide already.

    ``keys`` are those of its columns that identify rows and ranks, ``names`` all its columns, ``ranks`` the least
    number of ranks. For each new column: ``name``, ``source``, the number of the column it comes from, and ``rows``,
    those of its values, both counted from 1 (0 is a missing value).
    """
    columns = spread(keys, list(names), ranks)
    if columns is None:
        return None
    return {
        "name": [column.name for column in columns],
        "source": [column.source + 1 for column in columns],
        "rows": [column.rows + 1 for column in columns],
    }

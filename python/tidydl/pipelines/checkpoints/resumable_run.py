"""Long runs in parts: a killed run resumes where it was. Parts take some 20 seconds, so no more is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from tidydl.columns import ROW, Column, Contract
from tidydl.errors import ArgumentError, DamagedFileError, NotFoundError
from tidydl.pipelines.checkpoints.folder import Folder, Part
from tidydl.pipelines.checkpoints.identity import Identity
from tidydl.pipelines.checkpoints.owners import Ownership, hold
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.positions import nth_value
from tidydl.pipelines.predictions import input_columns
from tidydl.progress import Progress, Work

_FIRST = 16  # inputs of the first part, until it is known how long they take
_MOST = 8192
_SECONDS = 20.0

Run = Callable[[Inputs, "int | None"], Work["pd.DataFrame"]]


def run_in_parts(
    checkpoint: object, identity: Identity, inputs: Inputs, seed: int | None, run: Run
) -> Work[pd.DataFrame]:
    """Run what is not done yet, part by part, and return the frame of all parts.

    If another process is at work in the folder ``checkpoint``, which is made if need be, wait until that is done or has
    ended. A run that goes on keeps the seed with which it began. ``run`` is called with some of the inputs and the
    seed, and returns their frame.
    """
    folder = Folder(checkpoint, identity.about)
    owner = yield from hold(folder.path, folder.is_done)
    if owner is not None:
        try:
            if not folder.is_done():  # by one who ended just before this process became the owner
                begun = folder.begin(seed)
                yield from _work(folder, owner, identity, inputs, begun, run)
        finally:
            owner.release()
    yield Progress(len(inputs), len(inputs))
    return _kept(folder, inputs)


def _work(
    folder: Folder, owner: Ownership, identity: Identity, inputs: Inputs, seed: int | None, run: Run
) -> Work[None]:
    """Compute the missing parts, and merge all."""
    there = folder.parts(seed, failures=inputs.failures is not None)
    folder.refuse_lost(there)
    done: list[Part] = []
    start, size = 0, _FIRST
    while start < len(inputs) or not done:
        part = _longest_from(start, there, len(inputs))
        if part is None:
            stop = min(start + size, len(inputs), *(first for first, _, _ in there if first > start))
            began = time.monotonic()
            part = yield from _computed(folder, owner, identity, inputs, start, stop, seed, run)
            speed = (stop - start) / max(time.monotonic() - began, 1e-3)
            size = max(_FIRST, min(_MOST, round(speed * _SECONDS)))
        done.append(part)
        start = part[1]
    owner.check()
    _merge(folder, done, seed)


def _longest_from(start: int, parts: list[Part], total: int) -> Part | None:
    here = [part for part in parts if part[0] == start and min(start + 1, total) <= part[1] <= total]
    return max(here, key=lambda part: part[1], default=None)


def _computed(
    folder: Folder,
    owner: Ownership,
    identity: Identity,
    inputs: Inputs,
    start: int,
    stop: int,
    seed: int | None,
    run: Run,
) -> Work[Part]:
    """Compute some of the inputs and save them."""
    some = inputs.between(start, stop)
    frame = yield from _counted(run(some, seed), start, len(inputs))
    identity.refuse_changed(some)
    owner.check()
    return folder.write_part(_own(frame, some), start, stop, _facts(frame, some), seed)


def _counted(work: Work[pd.DataFrame], start: int, total: int) -> Work[pd.DataFrame]:
    """Report the progress of a part relative to all inputs."""
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return end.value
            yield Progress(start + event.done, total) if isinstance(event, Progress) else event
    finally:
        work.close()


def _own(frame: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return the result columns of a part, its rows counted among all."""
    own = frame.drop(columns=[part.name for part in inputs.shown])
    own[ROW] += inputs.first
    return own


def _facts(frame: pd.DataFrame, inputs: Inputs) -> dict[str, Any]:
    failures = {str(inputs.first + row): message for row, message in (inputs.failures or {}).items()}
    return {"provenance": frame.attrs.get("tidydl", {}), "failures": failures}


def _merge(folder: Folder, parts: list[Part], seed: int | None) -> None:
    """Merge the parts and save the result."""
    try:
        read = [folder.read_part(path) for _, _, path in parts]
    except (DamagedFileError, NotFoundError):
        if folder.is_done():  # by another process, which took over during a long silence of ours
            return
        raise
    provenance = _summed([facts["provenance"] for _, facts in read])
    failures = {row: message for _, facts in read for row, message in facts["failures"].items()}
    folder.finish(_stacked([frame for frame, _ in read]), {"provenance": provenance, "failures": failures}, seed)


def _kept(folder: Folder, inputs: Inputs) -> pd.DataFrame:
    """Read the result of a finished run, beside its inputs."""
    own, facts = folder.result()
    failures = {int(row): message for row, message in facts["failures"].items()}
    if failures and inputs.failures is None:
        first = min(failures)
        raise ArgumentError(
            f"`on_error` is 'raise', and in the run stored in '{folder.path}' {nth_value(first)} failed: "
            f"{failures[first]}",
            allowed='`on_error = "row"`, for missing values where an input failed.',
            hint="Or delete the folder to start over.",
        )
    rows = own[ROW].to_numpy("int64")
    contract = Contract((Column(ROW, "index"), *(part.column for part in inputs.shown)))
    frame = pd.concat([contract.frame(input_columns(inputs, rows)), own.drop(columns=ROW)], axis=1)
    if inputs.index is not None:
        frame.index = inputs.index.take(rows)
    frame.attrs["tidydl"] = facts["provenance"]
    if inputs.failures is not None:
        inputs.failures.update(failures)
    return frame


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate frames; the levels of labels are those of all, in order."""
    first = frames[0]
    for name in first.columns:
        if isinstance(first[name].dtype, pd.CategoricalDtype):
            levels = list(dict.fromkeys(level for frame in frames for level in frame[name].cat.categories))
            for frame in frames:
                frame[name] = frame[name].cat.set_categories(levels)
    return pd.concat(frames, ignore_index=True)


def _summed(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge the provenance of the parts: counts are added up, differing values listed."""
    whole = dict(parts[0])
    for name in whole:
        values = list(dict.fromkeys(part.get(name) for part in parts))
        if name == "truncated":
            whole[name] = sum(part.get(name) or 0 for part in parts)
        elif name == "ranks":
            whole[name] = max((value for value in values if value is not None), default=None)
        elif len(values) > 1:
            whole[name] = ", ".join(str(value) for value in values)
    return whole

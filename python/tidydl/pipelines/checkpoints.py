"""Long runs in parts, each kept in a file once it is done: a run that was killed goes on where it was.

The folder holds what is run (``manifest.json``: the task, the model, the options, a digest of the inputs), a parquet
file for each part that is done, and at the end one with all (``result.parquet``). Files appear whole, by renaming.
Parts take some 20 seconds, so that no more is lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW, Column, Contract
from tidydl.data.frames_on_disk import read_frame, write_frame
from tidydl.errors import ArgumentError, DamagedFileError, StorageError
from tidydl.pipelines.declarations import RUNNING, Part
from tidydl.pipelines.inputs import Inputs, modality_of
from tidydl.pipelines.loading import Loaded
from tidydl.pipelines.predictions import input_columns
from tidydl.progress import Progress, Work

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["identity", "run_in_parts"]

_MANIFEST, _RESULT = "manifest.json", "result.parquet"
_SAID = {"inputs": "number of inputs", "digest of the inputs": "set of inputs", "options": "set of options"}
_FIRST = 16  # inputs of the first part, until it is known how long they take
_MOST = 8192
_SECONDS = 20.0
_PART = re.compile(r"part-(\d{9})-(\d{9})\.parquet")
_NO_MATTER = {*RUNNING, "batch_size"}  # options on which no result depends


def identity(task: str, loaded: Loaded, inputs: Inputs, options: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what a run computes, by what its results depend on."""
    return {
        "task": task,
        "model": f"{loaded.source} {_digest_of_weights(loaded.model)}",
        "revision": loaded.revision,
        "dtype": loaded.dtype,
        "options": json.loads(json.dumps({k: v for k, v in options.items() if k not in _NO_MATTER}, default=repr)),
        "inputs": len(inputs),
        "digest of the inputs": _digest_of_inputs(inputs),
    }


def _digest_of_weights(model: Any) -> str:
    """Tell models apart by some of their weights."""
    weights = list(model.parameters())
    some = [*weights[:4], *weights[-4:]]
    sums = ",".join(f"{float(each.detach().double().sum()):.9g}" for each in some)
    return hashlib.sha256(f"{sum(each.numel() for each in weights)}:{sums}".encode()).hexdigest()[:16]


def _digest_of_inputs(inputs: Inputs) -> str:
    made = hashlib.sha256()
    for part, values in inputs.parts.items():
        made.update(part.name.encode())
        for value in values:
            content = _bytes_of(value, part)
            made.update(len(content).to_bytes(8, "little"))
            made.update(content)
    return made.hexdigest()


def _bytes_of(value: Any, part: Part) -> bytes:
    if value is None:
        return b"\0missing"
    if isinstance(value, str):
        return value.encode()
    if hasattr(value, "to_csv"):
        return value.to_csv().encode()
    key = modality_of(part).key(value)
    return key if isinstance(key, bytes) else repr(key).encode()


Run = Callable[[Inputs, "int | None"], Work["pd.DataFrame"]]


def run_in_parts(
    folder: Any, about: Mapping[str, Any], inputs: Inputs, seed: int | None, run: Run
) -> Work[pd.DataFrame]:
    """Run what is not done yet, part by part, and give the frame of all parts.

    Parameters
    ----------
    folder
        Where the parts are kept; made where it is not there.
    about
        What is run, as :func:`identity` says it.
    inputs
        All inputs.
    seed
        Where draws start. A run that goes on keeps the seed with which it began.
    run
        Runs some of the inputs, given the seed, and gives their frame.

    Raises
    ------
    ArgumentError
        Where the folder holds a run of another model, of other inputs or options, or something else.
    StorageError
        Where it cannot be written.
    """
    place = _folder(folder)
    seed = _begin(place, about, seed)
    if (place / _RESULT).is_file():
        yield Progress(len(inputs), len(inputs))
        return _kept(place / _RESULT, inputs)
    done, size = _chain(place), _FIRST
    start = done[-1][0] if done else 0
    while start < len(inputs) or not done:
        stop = min(start + size, len(inputs))
        some = inputs.between(start, stop)
        began = time.monotonic()
        frame = yield from _counted(run(some, seed), start, len(inputs))
        path = place / f"part-{start:09d}-{stop:09d}.parquet"
        write_frame(_own(frame, some), path, _facts(frame, some))
        done.append((stop, path))
        speed = (stop - start) / max(time.monotonic() - began, 1e-3)
        start, size = stop, max(_FIRST, min(_MOST, round(speed * _SECONDS)))
    return _merged(place, [path for _, path in done], inputs)


def _counted(work: Work[pd.DataFrame], start: int, total: int) -> Work[pd.DataFrame]:
    """Count the progress of a part among all inputs."""
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return end.value
            yield Progress(start + event.done, total) if isinstance(event, Progress) else event
    finally:
        work.close()


def _folder(folder: Any) -> Path:
    """Make the folder of a checkpoint, or take one that is empty or holds one already."""
    if not isinstance(folder, (str, os.PathLike)) or not str(folder):
        raise ArgumentError(f"`checkpoint` is {described(folder)}.", allowed="The path of a folder.")
    place = Path(folder).expanduser()
    if place.is_file():
        raise ArgumentError(f"`checkpoint` is the file '{place}'.", allowed="The path of a folder.")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(
            f"`checkpoint` is '{place}', which cannot be made: {problem.strerror or problem}.",
            allowed="A folder that can be written.",
        ) from problem
    if not (place / _MANIFEST).is_file() and any(place.iterdir()):
        raise ArgumentError(
            f"`checkpoint` is the folder '{place}', which holds other files.",
            allowed="An empty folder, one that is not there yet, or that of a run that was broken off.",
        )
    return place


def _begin(place: Path, about: Mapping[str, Any], seed: int | None) -> int | None:
    """Note what is run, or check that the folder holds the same run; give the seed with which it began."""
    path = place / _MANIFEST
    if not path.is_file():
        _write_manifest(path, {"about": about, "seed": seed})
        return seed
    try:
        known = json.loads(path.read_text("utf-8"))
        before, begun = known["about"], known["seed"]
    except (ValueError, KeyError, TypeError) as problem:
        raise DamagedFileError(
            f"The file '{path}' is damaged ({problem}).", hint="Take another folder as `checkpoint`."
        ) from problem
    for name, value in about.items():
        if before.get(name) != value:
            raise ArgumentError(
                f"`checkpoint` is the folder '{place}', whose run had another {_SAID.get(name, name)}.",
                allowed="The folder of a run with the same model, inputs and options.",
                hint="Take another folder, or delete this one to begin anew.",
            )
    return begun


def _write_manifest(path: Path, known: dict[str, Any]) -> None:
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        begun.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.replace(begun, path)
    except OSError as problem:
        raise StorageError(
            f"`checkpoint` is '{path.parent}', where nothing can be written: {problem.strerror or problem}.",
            allowed="A folder that can be written, on a disk with room.",
        ) from problem


def _chain(place: Path) -> list[tuple[int, Path]]:
    """Find the parts that follow each other from the first input on, with where each ends."""
    parts: dict[int, tuple[int, Path]] = {}
    for path in sorted(place.iterdir()):
        if found := _PART.fullmatch(path.name):
            start, stop = int(found[1]), int(found[2])
            if start not in parts or parts[start][0] < stop:
                parts[start] = (stop, path)
    chain, at = [], 0
    while at in parts:
        chain.append(parts.pop(at))
        at = chain[-1][0]
    return chain


def _own(frame: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Give what a part adds to the inputs, its rows counted among all."""
    own = frame.drop(columns=[part.name for part in inputs.shown])
    own[ROW] += inputs.first
    return own


def _facts(frame: pd.DataFrame, inputs: Inputs) -> dict[str, Any]:
    failures = {str(inputs.first + row): message for row, message in (inputs.failures or {}).items()}
    return {"provenance": frame.attrs.get("tidydl", {}), "failures": failures}


def _merged(place: Path, parts: list[Path], inputs: Inputs) -> pd.DataFrame:
    """Put the parts together, keep the whole and remove the parts."""
    read = [read_frame(path) for path in parts]
    own = _stacked([frame for frame, _ in read])
    provenance = _summed([facts["provenance"] for _, facts in read])
    failures = {row: message for _, facts in read for row, message in facts["failures"].items()}
    write_frame(own, place / _RESULT, {"provenance": provenance, "failures": failures})
    for path in parts:
        path.unlink(missing_ok=True)
    return _kept(place / _RESULT, inputs)


def _kept(path: Path, inputs: Inputs) -> pd.DataFrame:
    """Read the result of a run that is done, beside its inputs."""
    import pandas as pd

    own, facts = read_frame(path)
    rows = own[ROW].to_numpy("int64")
    contract = Contract((Column(ROW, "index"), *(part.column for part in inputs.shown)))
    frame = pd.concat([contract.frame(input_columns(inputs, rows)), own.drop(columns=ROW)], axis=1)
    if inputs.index is not None:
        frame.index = inputs.index.take(rows)
    frame.attrs["tidydl"] = facts["provenance"]
    if inputs.failures is not None:
        inputs.failures.update({int(row): message for row, message in facts["failures"].items()})
    return frame


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below each other; the levels of labels are those of all, in order."""
    import pandas as pd

    first = frames[0]
    for name in first.columns:
        if isinstance(first[name].dtype, pd.CategoricalDtype):
            levels = list(dict.fromkeys(level for frame in frames for level in frame[name].cat.categories))
            for frame in frames:
                frame[name] = frame[name].cat.set_categories(levels)
    return pd.concat(frames, ignore_index=True)


def _summed(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe the call as a whole: what is counted is added up, what differs is listed."""
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

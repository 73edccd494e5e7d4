"""Running a model over many inputs: equal inputs once, sorted by length, in batches that fit a budget.

The plain pipeline pads every text to the longest of its batch. Sorted by length, the texts of a batch need
next to no padding, and a budget of tokens lets many short texts or a few long ones share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tidydl.errors import DeviceError
from tidydl.pipelines.loading import Loaded
from tidydl.progress import Progress, Work

__all__ = ["Encoded", "Outcome", "Way", "compute", "distinct", "only_line"]

# What a batch may cost, in tokens or patches: measured by tests/benchmarks/pipelines.py for CPUs. A CUDA
# card wants large batches; where they do not fit, memory runs out once and the budget is halved for good.
BUDGETS = {"cpu": 1024, "mps": 8192, "cuda": 32768}


class Encoded(Protocol):
    """Inputs made ready as lines for the model: one line each, or several where a text needs several windows."""

    @property
    def sizes(self) -> list[int]:
        """What each line costs."""
        ...

    @property
    def owners(self) -> Sequence[int]:
        """Which input each line belongs to."""
        ...

    @property
    def cut(self) -> list[bool]:
        """Which inputs were shortened."""
        ...

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Give the tensors of some lines."""
        ...


def only_line(encoded: Any, lines: list[int], found: list[Any]) -> Any:
    """Take what the model gave for an input's only line as its result."""
    return found[0]


@dataclass(frozen=True)
class Way:
    """How to run a model: what makes inputs ready, what computes a batch, and which inputs share one.

    ``forward`` gives one result per line; ``finish`` makes the result of an input, given what
    ``encode`` gave, which of its lines are the input's, and what came of them.
    ``padding`` is ``"any"``, ``"equal"`` (only inputs of one length together) or ``"none"`` (one at a time);
    ``chunk`` is how many inputs are made ready together; ``most`` caps the inputs of a batch.
    """

    encode: Callable[[list[Any], Sequence[int]], Encoded]
    forward: Callable[[dict[str, Any]], Any]
    key: Callable[[Any], Hashable]
    padding: str = "any"
    chunk: int = 1024
    most: int | None = None
    finish: Callable[[Any, list[int], list[Any]], Any] = only_line


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the results of different inputs, and which of them each input has (-1: missing)."""

    results: list[Any]
    which: list[int]
    truncated: int


def distinct(values: Sequence[Any], key: Callable[[Any], Hashable]) -> tuple[list[int], list[int]]:
    """Find the different inputs: where each stands first, and which of them every input is (-1: missing)."""
    seen: dict[Hashable, int] = {}
    firsts: list[int] = []
    which: list[int] = []
    for position, value in enumerate(values):
        if value is None:
            which.append(-1)
            continue
        unit = seen.setdefault(key(value), len(firsts))
        if unit == len(firsts):
            firsts.append(position)
        which.append(unit)
    return firsts, which


def compute(loaded: Loaded, values: list[Any], way: Way) -> Work[Outcome]:
    """Run a model over all inputs, yielding progress after each batch; the order of the inputs is kept."""
    firsts, which = distinct(values, way.key)
    repeats = [0] * len(firsts)
    for unit in which:
        if unit >= 0:
            repeats[unit] += 1
    done, truncated = len(values) - sum(repeats), 0
    results: list[Any] = [None] * len(firsts)
    for start in range(0, len(firsts), way.chunk):
        places = firsts[start : start + way.chunk]
        encoded = way.encode([values[place] for place in places], places)
        truncated += sum(repeats[start + i] for i, cut in enumerate(encoded.cut) if cut)
        for finished in _inputs_done(loaded, encoded, way, len(places)):
            for i, result in finished:
                results[start + i] = result
            done += sum(repeats[start + i] for i, _ in finished)
            yield Progress(done, len(values))
    return Outcome(results, which, truncated)


def _inputs_done(loaded: Loaded, encoded: Encoded, way: Way, count: int) -> Iterator[list[tuple[int, Any]]]:
    """Run all batches; after each give the inputs of which now all lines are there, with their results."""
    owned: list[list[int]] = [[] for _ in range(count)]
    for line, owner in enumerate(encoded.owners):
        owned[owner].append(line)
    left = [len(lines) for lines in owned]
    found: dict[int, Any] = {}
    for positions, lines in _batches(loaded, encoded, way):
        found.update(zip(positions, lines, strict=True))
        finished = []
        for line in positions:
            owner = encoded.owners[line]
            left[owner] -= 1
            if left[owner] == 0:
                finished.append((owner, way.finish(encoded, owned[owner], [found.pop(i) for i in owned[owner]])))
        yield finished


def _batches(loaded: Loaded, encoded: Encoded, way: Way) -> Iterator[tuple[list[int], Any]]:
    """Run all batches, longest inputs first, so that memory runs out at the start if it does."""
    import torch

    weights = loaded.weights
    order = sorted(range(len(encoded.sizes)), key=encoded.sizes.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        if weights.budget is None:
            weights.budget = BUDGETS.get(loaded.device.split(":")[0], BUDGETS["cpu"])
        positions = _next_batch(order, start, encoded.sizes, weights.budget, way)
        try:
            with torch.inference_mode():
                lines = way.forward(encoded.batch(positions))
        except torch.OutOfMemoryError as problem:
            if len(positions) == 1:
                raise _out_of_memory(loaded, encoded.sizes[positions[0]]) from problem
            weights.budget = encoded.sizes[positions[0]] * (len(positions) // 2)
            _free(torch, loaded.device)
            continue
        yield positions, lines
        start += len(positions)


def _next_batch(order: list[int], start: int, sizes: list[int], budget: int, way: Way) -> list[int]:
    """Take as many inputs as the budget holds when all are padded to the first, the longest."""
    longest = sizes[order[start]]
    count = max(1, budget // longest)
    if way.most is not None:
        count = min(count, way.most)
    if way.padding == "none":
        count = 1
    batch = order[start : start + count]
    return [i for i in batch if sizes[i] == longest] if way.padding == "equal" else batch


def _free(torch: Any, device: str) -> None:
    """Give back what the failed batch still holds."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _out_of_memory(loaded: Loaded, size: int) -> DeviceError:
    return DeviceError(
        f"`device` is '{loaded.device}', whose memory does not hold the model and an input of {size} tokens.",
        allowed="A smaller model, or a device with more memory.",
        hint='Try `dtype = "bfloat16"`, a lower `max_length`, or `device = "cpu"`.',
    )

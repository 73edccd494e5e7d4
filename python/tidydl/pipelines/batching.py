"""Running a model over many inputs: equal inputs once, sorted by length, in batches within a budget.

The plain pipeline pads every text to the longest of its batch. Sorted by length, the texts of a batch need
next to no padding, and a budget of tokens lets many short texts or a few long ones share a batch. On a CPU several
batches run side by side, one thread each, which wastes less time than many threads at one batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Protocol

from tidydl.boundaries import PASSING, first_line
from tidydl.device import full_precision, refuse_fork
from tidydl.errors import DeviceError, TidydlError
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.loading_lock import at_work
from tidydl.pipelines.model_loading import Loaded, Weights
from tidydl.pipelines.parallel_batches import side_by_side, worker_count
from tidydl.pipelines.reading.tensors import CrowdedBatchError
from tidydl.pipelines.tokens import refuse_unknown_tokens
from tidydl.progress import Progress, Work

# What a batch may cost, in tokens or patches: measured by tests/benchmarks/pipelines.py for CPUs. A CUDA
# card wants large batches; where they do not fit, memory runs out once and the budget is halved for good.
BUDGETS = {"cpu": 1024, "mps": 8192, "cuda": 32768}
_SMALLEST = 128  # what a batch costs at least where there is enough for one, so that calls do not outweigh the work


class Encoded(Protocol):
    """Inputs prepared as lines for the model: one line each, or several if a text needs several windows.

    It may also have ``shapes``: where padding is ``"equal"``, lines of one shape share a batch rather than of one size.
    """

    @property
    def sizes(self) -> list[int]:
        """The cost of each line."""
        ...

    @property
    def owners(self) -> Sequence[int]:
        """The input that each line belongs to."""
        ...

    @property
    def cut(self) -> list[bool]:
        """Which inputs were shortened."""
        ...

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Return the tensors of some lines."""
        ...


def only_line(encoded: object, lines: list[int], outputs: list[Any]) -> Any:
    """Return the output for an input's only line."""
    return outputs[0]


@dataclass(frozen=True)
class BatchPlan:
    """How to run a model: how inputs are prepared, how a batch is computed, and which inputs share one.

    ``forward`` returns one result per line; ``finish`` builds the result of an input from what
    ``encode`` returned, the input's lines, and their results. ``key`` returns what is equal for equal
    inputs, and ``chunk`` is how many are prepared together; if None, the modalities of the inputs decide.
    ``padding`` is ``"any"``, ``"equal"`` (only inputs of one length or shape together) or ``"none"`` (one at a time);
    ``most`` caps the inputs of a batch. ``parallel`` says that ``forward`` does not change the model, so that several
    batches may be computed at once.
    """

    encode: Callable[[list[Any], Sequence[int]], Encoded]
    forward: Callable[[dict[str, Any]], Any]
    key: Callable[[Any], Hashable] | None = None
    padding: str = "any"
    chunk: int | None = None
    most: int | None = None
    finish: Callable[[Any, list[int], list[Any]], Any] = only_line
    parallel: bool = False


@dataclass(frozen=True)
class Failure:
    """What replaces the result of a failed input."""

    message: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: the results of unique inputs, and which of them each input has (-1: missing)."""

    results: list[Any]
    which: list[int]
    truncated: int


def distinct(values: Sequence[Any], key: Callable[[Any], Hashable]) -> tuple[list[int], list[int]]:
    """Find the unique inputs: the first position of each, and which of them every input is (-1: missing)."""
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


def compute(loaded: Loaded, inputs: Inputs, plan: BatchPlan) -> Work[Outcome]:
    """Run a model over all inputs, yielding progress after each batch; the order of the inputs is kept.

    An input that fails raises its error, or is missing in the outcome if failures are collected.
    """
    refuse_fork()
    values, tolerant = inputs.values(), inputs.failures is not None
    (firsts, which), chunk = distinct(values, plan.key or inputs.key), plan.chunk or inputs.chunk
    repeats = [0] * len(firsts)
    for unit in which:
        if unit >= 0:
            repeats[unit] += 1
    done, truncated = len(values) - sum(repeats), 0
    results: list[Any] = [None] * len(firsts)
    for start in range(0, len(firsts), chunk):
        indices = firsts[start : start + chunk]
        with at_work():
            chunk_values, where = [values[i] for i in indices], [inputs.first + i for i in indices]
            encoded, kept, failed = _encoded(plan, chunk_values, where, tolerant)
        for i, failure in failed.items():
            results[start + i] = failure
            done += repeats[start + i]
        if encoded is None:
            yield Progress(done, len(values))
            continue
        truncated += sum(repeats[start + i] for i, cut in zip(kept, encoded.cut, strict=True) if cut)
        for finished in _inputs_done(loaded, encoded, plan, len(kept), tolerant):
            for i, result in finished:
                results[start + kept[i]] = result
            done += sum(repeats[start + kept[i]] for i, _ in finished)
            yield Progress(done, len(values))
    return _without_failures(inputs, results, which, truncated)


def _without_failures(inputs: Inputs, results: list[Any], which: list[int], truncated: int) -> Outcome:
    """Replace failures in the results by None, and record their messages in the inputs."""
    failed = {unit: each.message for unit, each in enumerate(results) if isinstance(each, Failure)}
    if not failed:
        return Outcome(results, which, truncated)
    left = [unit for unit in range(len(results)) if unit not in failed]
    new = {-1: -1, **dict.fromkeys(failed, -1), **{unit: i for i, unit in enumerate(left)}}
    assert inputs.failures is not None
    inputs.failures.update({row: failed[unit] for row, unit in enumerate(which) if unit in failed})
    return Outcome([results[unit] for unit in left], [new[unit] for unit in which], truncated)


def _encoded(
    plan: BatchPlan, values: list[Any], indices: list[int], tolerant: bool
) -> tuple[Encoded | None, Sequence[int], dict[int, Failure]]:
    """Prepare inputs together, None if none is left; also return those left and the failures, if they may fail."""
    try:
        return plan.encode(values, indices), range(len(values)), {}
    except PASSING:
        raise
    except BaseException as problem:
        if not tolerant or _is_of_the_call(problem):
            raise
    kept, failed = [], {}
    for i, (value, index) in enumerate(zip(values, indices, strict=True)):
        try:
            plan.encode([value], [index])
            kept.append(i)
        except PASSING:
            raise
        except BaseException as problem:
            if _is_of_the_call(problem):
                raise
            failed[i] = _failure(problem)
    left = plan.encode([values[i] for i in kept], [indices[i] for i in kept]) if kept else None
    return left, kept, failed


def _inputs_done(
    loaded: Loaded, encoded: Encoded, plan: BatchPlan, count: int, tolerant: bool
) -> Iterator[list[tuple[int, Any]]]:
    """Run all batches; after each yield the inputs whose lines are now complete, with their results."""
    owned: list[list[int]] = [[] for _ in range(count)]
    for line, owner in enumerate(encoded.owners):
        owned[owner].append(line)
    left = [len(lines) for lines in owned]
    by_line: dict[int, Any] = {}
    for batch in _batches(loaded, encoded, plan, tolerant):
        by_line.update(batch)
        finished = []
        for line, _ in batch:
            owner = encoded.owners[line]
            left[owner] -= 1
            if left[owner] == 0:
                results = [by_line.pop(i) for i in owned[owner]]
                finished.append((owner, _finished(plan, encoded, owned[owner], results, tolerant)))
        yield finished


def _finished(plan: BatchPlan, encoded: Encoded, lines: list[int], results: list[Any], tolerant: bool) -> Any:
    failure = next((each for each in results if isinstance(each, Failure)), None)
    if failure is not None:
        return failure
    try:
        with at_work():
            return plan.finish(encoded, lines, results)
    except PASSING:
        raise
    except BaseException as problem:
        if not tolerant or _is_of_the_call(problem):
            raise
        return _failure(problem)


Lines = list[tuple[int, Any]]  # of an encoded input by their positions, with what the model gave for them


def _batches(loaded: Loaded, encoded: Encoded, plan: BatchPlan, tolerant: bool) -> Iterator[Lines]:
    """Run all batches, longest inputs first, so that memory runs out at the start if it does."""
    weights, sizes = loaded.weights, encoded.sizes
    if weights.budget is None:
        weights.budget = BUDGETS.get(loaded.device.split(":")[0], BUDGETS["cpu"])
    workers = worker_count(loaded.device) if plan.parallel else 1
    workers = min(workers, max(1, sum(sizes) // _SMALLEST), max(1, len(sizes)))
    batches = _planned_batches(encoded, plan, weights, workers)
    if workers == 1:
        for positions in batches:
            yield _lines(loaded, encoded, plan, positions, tolerant)
        return
    with side_by_side(workers) as submit:
        waiting: deque[Future[Lines]] = deque()
        for positions in batches:
            waiting.append(submit(_lines, loaded, encoded, plan, positions, tolerant))
            if len(waiting) > workers:  # one more than are running, so that none has to wait
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _planned_batches(encoded: Encoded, plan: BatchPlan, weights: Weights, workers: int) -> Iterator[list[int]]:
    """Group lines into batches, the longest first; the budget may shrink on the way."""
    sizes, shapes = encoded.sizes, _shapes(encoded, plan)
    largest: dict[Hashable, int] = {}
    for shape, size in zip(shapes, sizes, strict=True):
        largest[shape] = max(size, largest.get(shape, 0))
    # those of one shape are adjacent, so that none is skipped
    order = sorted(range(len(sizes)), key=lambda i: (largest[shapes[i]], repr(shapes[i]), sizes[i]), reverse=True)
    left, start = sum(sizes), 0
    while start < len(order):
        assert weights.budget is not None  # _batches() has seen to it
        # the last batches are smaller, so that all workers end at about the same time
        budget = min(weights.budget, max(_SMALLEST, left // workers)) if workers > 1 else weights.budget
        count = 1 if plan.padding == "none" else max(1, budget // max(1, sizes[order[start]]))
        batch = order[start : start + (count if plan.most is None else min(count, plan.most))]
        batch = list(takewhile(lambda i, shape=shapes[batch[0]]: shapes[i] == shape, batch))  # type: ignore[misc]
        yield batch
        left -= sum(sizes[i] for i in batch)
        start += len(batch)


def _shapes(encoded: Encoded, plan: BatchPlan) -> Sequence[Hashable]:
    """Return what lines of a batch must have in common: their shape, else their size, or nothing."""
    if plan.padding != "equal":
        return [None] * len(encoded.sizes)
    return getattr(encoded, "shapes", None) or encoded.sizes


def _lines(loaded: Loaded, encoded: Encoded, plan: BatchPlan, positions: list[int], tolerant: bool) -> Lines:
    """Run a batch; if memory runs out, or an input fails that may, run its parts."""
    import torch

    try:
        with at_work(), torch.inference_mode(), full_precision(loaded.device):
            tensors = encoded.batch(positions)
            refuse_unknown_tokens(loaded, tensors, encoded.owners[positions[0]])
            return list(zip(positions, plan.forward(tensors), strict=True))
    except PASSING:
        raise
    except CrowdedBatchError as crowded:
        half = min(crowded.fitting, len(positions) - 1)
    except BaseException as problem:
        if _is_out_of_memory(problem):
            if len(positions) == 1:
                problem = _out_of_memory(loaded)
            else:
                loaded.weights.budget = max(encoded.sizes[i] for i in positions) * (len(positions) // 2)
        elif not tolerant or _is_of_the_call(problem):
            raise
        if len(positions) == 1:
            if not tolerant:
                raise problem
            return [(positions[0], _failure(problem))]
        half = len(positions) // 2
        _free(loaded.device)
    parts = (positions[:half], positions[half:])
    return [line for part in parts for line in _lines(loaded, encoded, plan, part, tolerant)]


def _is_of_the_call(problem: BaseException) -> bool:
    """Return whether an error concerns the call rather than an input."""
    return isinstance(problem, TidydlError) and problem.place is None and not isinstance(problem, DeviceError)


def _failure(problem: BaseException) -> Failure:
    return Failure(problem.problem if isinstance(problem, TidydlError) else first_line(problem))


def _is_out_of_memory(problem: BaseException) -> bool:
    import torch

    if isinstance(problem, torch.OutOfMemoryError):
        return True
    text = first_line(problem)  # other devices have no error class of their own
    return isinstance(problem, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def _free(device: str) -> None:
    """Free the memory of a failed batch."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _out_of_memory(loaded: Loaded) -> DeviceError:
    return DeviceError(
        f"`device` is '{loaded.device}', which has too little memory for the model and one input.",
        allowed="A smaller model or input, or a device with more memory.",
        hint='Try `dtype = "bfloat16"`, a shorter text or a smaller image, or `device = "cpu"`.',
    )

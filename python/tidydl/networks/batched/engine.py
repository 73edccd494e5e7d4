"""The torch engine: all networks of one shape advance together, on a CUDA device or on the CPU.

It ends where the exact engine ends, to rounding, where a fit has one end to go to; it is not R's to the last bit. One
network alone gains nothing from it, thousands do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tidydl.device import import_torch, refuse_fork, resolve_device
from tidydl.errors import ArgumentError, DeviceError, TidydlError
from tidydl.networks.batched.network import Networks, bytes_per_network
from tidydl.networks.batched.search import BatchSearch
from tidydl.networks.exact.engine import Settings, Solution, _iteration_lines, _not_finite, _weights_line
from tidydl.networks.exact.many import Fit
from tidydl.progress import Pause, Progress, Trace, Work

_SHARE_OF_MEMORY = 0.6
_BYTES_ON_CPU = 2**29


def torch_device(device: object) -> str:
    """Return which device the engine uses: ``"auto"`` is a CUDA card where there is one, else the CPU.

    Devices without double precision are refused.
    """
    used = resolve_device(device)
    if used != "mps":
        return used
    if device == "auto":
        return "cpu"
    raise ArgumentError(
        f"`device` is '{device}', which has no double precision.", allowed='"cpu" or "cuda" for networks.'
    )


def fit_with_torch(fit: Fit, device: str) -> Work[Solution]:
    """Fit one network, yielding its trace."""
    tells = fit.settings.trace
    if tells:
        yield Trace(_weights_line(fit.mask))
    with _memory_explained([fit], device):
        solution = yield from _one(fit, device, tells)
    if isinstance(solution, TidydlError):
        raise solution
    if tells and fit.settings.maxit > 0:
        end = f"stopped after {solution.iterations} iterations" if solution.convergence else "converged"
        yield Trace(f"final  value {solution.value:f} \n{end}")
    return solution


def _one(fit: Fit, device: str, tells: bool) -> Work[Solution | TidydlError]:
    began = time.perf_counter()
    search = _search([fit], device)
    if tells and fit.settings.maxit > 0 and np.isfinite(search.results["initial"][0]):
        yield Trace(f"initial  value {search.results['initial'][0]:f} ")
    reported = 0
    for _ in search.rounds():
        lines = _iteration_lines(_curve(search, 0, reported)) if tells else []
        reported = len(search.curve)
        yield Trace("\n".join(lines)) if lines else Pause()
    return _solutions([fit], search, time.perf_counter() - began)[0]


def fit_many_with_torch(fits: Sequence[Fit], device: str) -> Work[list[Solution | TidydlError]]:
    """Fit many networks, those of one shape over the same rows together, yielding how many are done.

    A fit whose value at the initial weights is not finite has its error in its place.
    """
    solutions: dict[int, Solution | TidydlError] = {}
    for group in _groups(fits):
        for batch in _batches(group, fits, device):
            chosen = [fits[i] for i in batch]
            with _memory_explained(chosen, device):
                solutions |= dict(
                    zip(batch, (yield from _together(chosen, device, len(solutions), len(fits))), strict=True)
                )
    return [solutions[i] for i in range(len(fits))]


def _together(fits: Sequence[Fit], device: str, done: int, total: int) -> Work[list[Solution | TidydlError]]:
    began = time.perf_counter()
    search = _search(fits, device)
    reported = 0
    for ended in search.rounds():
        yield Progress(done + ended, total, "fit") if ended > reported else Pause()
        reported = ended
    yield Progress(done + len(fits), total, "fit")
    return _solutions(fits, search, time.perf_counter() - began)


def _groups(fits: Sequence[Fit]) -> list[list[int]]:
    """Group the fits that can advance together: one shape, the same rows and settings."""
    groups: dict[Any, list[int]] = {}
    for i, fit in enumerate(fits):
        groups.setdefault((fit.shape, id(fit.x), id(fit.y), _quiet(fit.settings)), []).append(i)
    return list(groups.values())


def _quiet(settings: Settings) -> tuple[int, float, float]:
    return settings.maxit, settings.abstol, settings.reltol


def _batches(group: list[int], fits: Sequence[Fit], device: str) -> list[list[int]]:
    """Split a group into batches that fit into memory."""
    first = fits[group[0]]
    each = bytes_per_network(first.shape, len(first.wts), len(first.x))
    size = max(_free_bytes(device) // each, 1)
    return [group[at : at + size] for at in range(0, len(group), size)]


def _free_bytes(device: str) -> int:
    if not device.startswith("cuda"):
        return _BYTES_ON_CPU
    torch = import_torch()
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    return int(free * _SHARE_OF_MEMORY)


def _search(fits: Sequence[Fit], device: str) -> BatchSearch:
    refuse_fork()
    first = fits[0]
    weights = [fit.weights for fit in fits]
    alike = all(each is weights[0] or np.array_equal(each, weights[0]) for each in weights[1:])
    networks = Networks.on(
        device,
        first.shape,
        first.x,
        first.y,
        np.stack(weights[:1] if alike else weights),
        np.stack([fit.decay for fit in fits]),
    )
    return BatchSearch(
        networks, np.stack([fit.wts for fit in fits]), np.stack([fit.mask for fit in fits]), first.settings
    )


@contextmanager
def _memory_explained(fits: Sequence[Fit], device: str) -> Iterator[None]:
    try:
        yield
    except import_torch().cuda.OutOfMemoryError as problem:
        count = "a network" if len(fits) == 1 else f"{len(fits)} networks"
        raise DeviceError(
            f"`device` '{device}' has too little memory for {count} of {len(fits[0].wts)} weights.",
            allowed="Networks that its memory holds.",
            hint="Close what else uses the device, or use fewer rows or hidden units.",
        ) from problem


def _curve(search: BatchSearch, index: int, since: int = 0) -> np.ndarray:
    """Return one network's iterations and values."""
    rows = [
        (gradients[at[0]], value[at[0]])
        for indices, gradients, value in search.curve[since:]
        if len(at := np.flatnonzero(indices == index))
    ]
    return np.array(rows, dtype=float).reshape(-1, 2)


def _curves(search: BatchSearch, count: int) -> list[np.ndarray]:
    """Return each network's iterations and values."""
    if not search.curve:
        return [np.empty((0, 2))] * count
    indices, gradients, values = (np.concatenate(parts) for parts in zip(*search.curve, strict=True))
    order = np.argsort(indices, kind="stable")
    passes = np.column_stack([gradients[order], values[order]]).astype(float)
    return np.split(passes, np.cumsum(np.bincount(indices, minlength=count))[:-1])


def _solutions(fits: Sequence[Fit], search: BatchSearch, seconds: float) -> list[Solution | TidydlError]:
    """Return the solution of each network; the time is shared out evenly."""
    results, curves, fitted = search.results, _curves(search, len(fits)), search.fitted()
    return [
        Solution(
            results["wts"][i],
            float(results["value"][i]),
            int(results["convergence"][i]),
            int(results["iterations"][i]),
            int(results["evaluations"][i]),
            fitted[i],
            curves[i],
            seconds / len(fits),
        )
        if np.isfinite(results["initial"][i])
        else _not_finite(float(results["initial"][i]))
        for i in range(len(fits))
    ]

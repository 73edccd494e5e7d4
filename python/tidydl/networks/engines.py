"""The engines that fit a network, by name: ``exact`` gives R's numbers to the last bit."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from tidydl.checks import check_choice, check_count
from tidydl.networks.engine import Solution, fit_work
from tidydl.networks.many import Fit
from tidydl.progress import Work

__all__ = ["Engine", "choose_engine", "solve"]


@dataclass(frozen=True)
class Engine:
    """Which engine fits, on which device, in how many threads."""

    name: str = "exact"
    device: str = "cpu"
    threads: int = 1


def choose_engine(engine: str | None, device: str, threads: int | None) -> Engine:
    """Check the engine that is asked for; by default the one that the device needs.

    Raises
    ------
    ArgumentError
        Where one is not known, or cannot work on the device.
    DeviceError
        Where the device is not there.
    """
    name = check_choice("engine", "exact" if engine is None else engine, list(ENGINES))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Engine(name, "cpu", cores if threads is None else check_count("threads", threads, minimum=1))


def solve(engine: Engine, fit: Fit) -> Work[Solution]:
    """Fit one network, yielding its trace and progress."""
    return ENGINES[engine.name](engine, fit)


def _exact(engine: Engine, fit: Fit) -> Work[Solution]:
    return fit_work(fit.shape, fit.x, fit.y, fit.weights, fit.wts, fit.mask, fit.decay, fit.settings)


ENGINES: dict[str, Callable[[Engine, Fit], Work[Solution]]] = {"exact": _exact}

"""The engines that fit a network, by name.

``exact`` reproduces R's numbers to the last bit, ``r`` calls R itself, ``torch`` trains many networks together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidydl.checks import check_choice, check_count
from tidydl.errors import ArgumentError, TidydlError
from tidydl.networks.batched.engine import fit_many_with_torch, fit_with_torch, torch_device
from tidydl.networks.exact.engine import Solution, fit_work
from tidydl.networks.exact.many import Fit, fit_many
from tidydl.networks.exact.shares import cores
from tidydl.networks.r_engine import fit_many_with_r, fit_with_r
from tidydl.progress import Work


@dataclass(frozen=True)
class Engine:
    """Which engine fits, on which device, in how many threads."""

    name: str = "exact"
    device: str = "cpu"
    threads: int = 1

    @property
    def shares_rows(self) -> bool:
        """Whether networks advance together over the same rows: each weighs them instead of having its own."""
        return self.name == "torch"


def choose_engine(engine: str | None, device: str, threads: int | None) -> Engine:
    """Check the engine that is asked for; by default the one that the device needs."""
    name = None if engine is None else check_choice("engine", engine, list(ENGINES))
    used = "cpu" if isinstance(device, str) and device == "cpu" else torch_device(device)
    if name is None:
        name = "exact" if used == "cpu" else "torch"
    if name != "torch" and used != "cpu":
        if not isinstance(device, str) or device != "auto":
            raise ArgumentError(
                f"`engine` '{name}' works on the CPU alone, and `device` is '{device}'.",
                allowed='`engine` "torch" on other devices, or `device` "cpu".',
            )
        used = "cpu"
    return Engine(name, used, cores() if threads is None else check_count("threads", threads, minimum=1))


def solve(engine: Engine, fit: Fit) -> Work[Solution]:
    """Fit one network, yielding its trace and progress."""
    return ENGINES[engine.name][0](engine, fit)


def solve_many(engine: Engine, fits: Sequence[Fit]) -> Work[list[Solution | TidydlError]]:
    """Fit many networks, yielding how many are done. A fit that cannot be made has its error in its place."""
    return ENGINES[engine.name][1](engine, fits)


def all_made(solutions: Sequence[Solution | TidydlError]) -> list[Solution]:
    """Return the solutions, or raise the first error among them."""
    successes: list[Solution] = []
    for each in solutions:
        if isinstance(each, TidydlError):
            raise each
        successes.append(each)
    return successes


def _exact(engine: Engine, fit: Fit) -> Work[Solution]:
    return fit_work(fit.shape, fit.x, fit.y, fit.weights, fit.wts, fit.mask, fit.decay, fit.settings, engine.threads)


One = Callable[[Engine, Fit], Work[Solution]]
Many = Callable[[Engine, Sequence[Fit]], Work[list[Solution | TidydlError]]]

ENGINES: dict[str, tuple[One, Many]] = {
    "exact": (_exact, lambda engine, fits: fit_many(fits, engine.threads)),
    "r": (lambda engine, fit: fit_with_r(fit), lambda engine, fits: fit_many_with_r(fits)),
    "torch": (
        lambda engine, fit: fit_with_torch(fit, engine.device),
        lambda engine, fits: fit_many_with_torch(fits, engine.device),
    ),
}

"""The exact engine: a fit as long work that can be watched and stopped, and its solution."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from tidydl.errors import DataError
from tidydl.networks.exact.bfgs import advance
from tidydl.networks.exact.compiling import compiling_note, is_compiled
from tidydl.networks.exact.kernels import Shape, outputs
from tidydl.networks.exact.problems import NOT_FINITE, RUNNING, STOPPED, Problem, Search, start_problem, start_search
from tidydl.networks.exact.shares import SHARED, Team, sensible_threads
from tidydl.progress import Note, Pause, Progress, Trace, Work

_SLICE_SECONDS = 0.05
_FIRST_WORK = 8_000_000
_MANY_WEIGHTS = 3000


@dataclass(frozen=True)
class Settings:
    """How the search is run and when it stops."""

    maxit: int = 100
    abstol: float = 1e-4
    reltol: float = 1e-8
    trace: bool = True


@dataclass(frozen=True)
class Solution:
    """What a fit found.

    ``curve`` has a row for each pass: the iteration and the value last tried. ``convergence`` is 0 where the search
    converged and 1 if ``maxit`` was reached. What an engine does not report is None.
    """

    wts: np.ndarray
    value: float
    convergence: int
    iterations: int | None
    evaluations: int | None
    fitted_values: np.ndarray
    curve: np.ndarray
    seconds: float


def fit_work(
    shape: Shape,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    wts: np.ndarray,
    mask: np.ndarray,
    decay: np.ndarray,
    settings: Settings,
    threads: int | None = None,
) -> Work[Solution]:
    """Fit a network from its initial weights, yielding R's lines of trace, in slices of some 50 ms.

    ``weights`` are case weights, one for each row; ``wts``, ``mask`` and ``decay`` have one value per weight: where it
    starts, whether it may change, its penalty. At most ``threads`` share the work, by default the cores of this
    process, and at most 8: one for each twenty million multiplications of an evaluation (rows times weights), so one
    for all but very large problems. The bits are the same for any number.
    """
    threads = sensible_threads(len(x), len(wts), threads)
    yield from notes(int(np.count_nonzero(mask)), threads)
    began = time.perf_counter()
    problem = start_problem(shape, x, y, weights, decay, mask)
    search = start_search(problem, wts, settings.maxit, settings.abstol, settings.reltol)
    if settings.trace:
        yield Trace(_weights_line(mask))
    team = Team(problem, search, threads) if threads > 1 else None
    try:
        curve = yield from _run(problem, search, settings, team)
    finally:
        if team is not None:
            team.close()
    state = search.state[0]
    return Solution(
        search.wts,
        float(state["lowest"]),
        int(state["status"] == STOPPED),
        int(state["iterations"]),
        int(state["evaluations"]),
        outputs(shape, search.wts, x),
        curve,
        time.perf_counter() - began,
    )


def notes(n_free: int, threads: int) -> Work[None]:
    """Yield the notes before a fit: that code has to be compiled, and what the search will cost."""
    if not all(is_compiled(function) for function in (advance, *(SHARED if threads > 1 else ()))):
        yield Note(compiling_note())
    cost = cost_note(n_free)
    if cost is not None:
        yield Note(cost)


def cost_note(n_free: int) -> str | None:
    """Return a note on the cost of a search over very many weights; None for fewer."""
    if n_free <= _MANY_WEIGHTS:
        return None
    megabytes = 4 * n_free**2 / 1e6
    memory = f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"
    millions = 3.5 * n_free**2 / 1e6
    return f"BFGS with {n_free} weights takes {memory} and some {millions:.0f} million multiplications an iteration."


def _run(problem: Problem, search: Search, settings: Settings, team: Team | None) -> Work[np.ndarray]:
    state = search.state[0]
    tells = settings.trace and settings.maxit > 0
    work, curves, begun = _FIRST_WORK, [], False
    while state["status"] == RUNNING:
        state["curve_length"] = 0
        start = time.perf_counter()
        done = advance(problem, search, work, True) if team is None else team.advance(work)
        work = _next_work(done, time.perf_counter() - start)
        passes = search.curve[: state["curve_length"]].copy()
        curves.append(passes)
        if tells:
            lines = _iteration_lines(passes)
            if not begun and state["evaluations"] > 0 and np.isfinite(state["initial"]):
                begun = True
                lines.insert(0, f"initial  value {state['initial']:f} ")
            yield Trace("\n".join(lines)) if lines else Pause()
        elif state["status"] == RUNNING:
            yield Progress(int(state["iterations"]), settings.maxit, "iteration") if settings.maxit > 0 else Pause()
    if state["status"] == NOT_FINITE:
        raise _not_finite(float(state["initial"]))
    if tells:
        ending = f"stopped after {state['iterations']} iterations" if state["status"] == STOPPED else "converged"
        yield Trace(f"final  value {state['lowest']:f} \n{ending}")
    return np.concatenate(curves)


def _next_work(done: int, seconds: float) -> int:
    """Size the next slice by the time it should take; the first may include compilation, so grow step by step."""
    fitting = done * _SLICE_SECONDS / max(seconds, 1e-6)
    return int(min(max(fitting, 100_000), 20 * done + _FIRST_WORK))


def _weights_line(mask: np.ndarray) -> str:
    fixed = "" if mask.all() else f" ({int(mask.sum())} variable)"
    return f"# weights:  {len(mask)}{fixed}"


def _iteration_lines(passes: np.ndarray) -> list[str]:
    return [f"iter{int(at):4d} value {value:f}" for at, value in passes if at % 10 == 0]


def _not_finite(value: float) -> DataError:
    return DataError(
        f"`x` and the initial weights give a value of {value}, which is not finite.",
        allowed="Finite numbers in x, y and Wts.",
        hint="Look for infinite or very large values, and scale the inputs.",
    )

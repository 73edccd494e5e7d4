"""One evaluation distributed over threads, with the same bits for any number of them.

Each thread runs rows of its own forward, or adds up the slopes of weights of its own over all rows. The losses are
then added in row order by one thread. No thread outlives the fit, and none is used across a fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tidydl.networks.exact.bfgs import advance, begin_evaluation, end_evaluation
from tidydl.networks.exact.compiling import compiled
from tidydl.networks.exact.kernels import TILE, forward
from tidydl.networks.exact.lanes import room_for
from tidydl.networks.exact.problems import CURVE_LENGTH, FORWARD, GRADIENT, LOOK, RUNNING, Problem, Search, tile_room
from tidydl.networks.exact.slopes import add_slopes

_BLOCK = 4 * TILE
_WORTHWHILE = 20_000_000
_MOST = 8
_ALONE = 16


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sensible_threads(rows: int, n_weights: int, most: int | None = None) -> int:
    """Return how many threads a fit should use: one for each twenty million multiplications of an evaluation.

    At most ``most``, or the cores this process may use, and 8. With fewer multiplications a thread costs more than it
    gains.
    """
    return max(1, min(most or min(cores(), _MOST), rows * n_weights // _WORTHWHILE))


@compiled
def _forward_share(
    problem: Problem, gains: np.ndarray, ceiling: float, first: int, last: int, part: int, parts: int
) -> None:
    """Run every ``parts``-th block of rows forward, unless what all have added by then is above the ceiling."""
    for block in range(first + part * _BLOCK, last, parts * _BLOCK):
        for start in range(block, min(block + _BLOCK, last), TILE):
            rows = min(TILE, last - start)
            gains[8 * part] = forward(
                problem.shape, problem.room, problem.x, problem.y, problem.weights, start, rows, gains[8 * part]
            )
            together = 0.0
            for i in range(parts):
                together += gains[8 * i]
            if together > ceiling:
                gains[8 * part + 1] = 1.0
                return


@compiled
def _slopes_share(
    problem: Problem, errors: np.ndarray, back: np.ndarray, first: int, last: int, part: int, parts: int
) -> None:
    """Add a part of the slopes over some rows."""
    add_slopes(
        problem.shape, problem.room, errors, back, problem.x, problem.y, problem.weights, first, last, part, parts
    )


SHARED = (begin_evaluation, end_evaluation, _forward_share, _slopes_share)


class Team:
    """The threads of one fit; this one is the first of them."""

    def __init__(self, problem: Problem, search: Search, threads: int):
        self._problem, self._search, self.threads = problem, search, threads
        self._rooms = [tile_room(problem.room) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads - 1, "tidydl")
        self._process = os.getpid()

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=self._process == os.getpid())

    def advance(self, work: int) -> int:
        """Advance the search as ``bfgs.advance`` does."""
        state, done = self._search.state[0], 0
        n_weights = len(self._search.wts)
        while state["status"] == RUNNING and done < work and state["curve_length"] < CURVE_LENGTH:
            done += advance(self._problem, self._search, work - done, False)
            if state["status"] == RUNNING and state["phase"] in (FORWARD, LOOK, GRADIENT):
                done += n_weights * self._evaluate(max(_BLOCK, (work - done) // n_weights))
        return done

    def _evaluate(self, rows: int) -> int:
        """Evaluate at most this many rows of the loss or of the slopes; return how many."""
        problem, kept = self._problem, self._problem.room.kept
        is_gradient = self._search.state[0]["phase"] == GRADIENT
        first, ceiling = begin_evaluation(problem, self._search)
        last = min(first + -(-rows // TILE) * TILE, len(problem.weights), first - first % kept + kept)
        cut = False
        if not is_gradient:
            cut = self._forward(first, last, ceiling)
        else:
            if kept < len(problem.weights):
                self._forward(first, last, np.inf)
            self._share(lambda part: _slopes_share(problem, *self._rooms[part], first, last, part, self.threads))
        end_evaluation(problem, self._search, first, last, cut)
        return last - first

    def _forward(self, first: int, last: int, ceiling: float) -> bool:
        """Run rows forward; return True if stopped early because the point will be refused.

        Most are refused within a few rows, so the first rows are run before the others are started.
        """
        gains = room_for(8 * self.threads)  # each thread's on a cache line of its own
        if ceiling < np.inf:
            shared = min(first + max(1, (last - first) // _ALONE // TILE) * TILE, last)
            _forward_share(self._problem, gains, ceiling, first, shared, 0, 1)
            first = shared
        if first < last and not gains[1]:
            self._share(lambda part: _forward_share(self._problem, gains, ceiling, first, last, part, self.threads))
        return bool(gains[1::8].any())

    def _share(self, work: Callable[[int], None]) -> None:
        if self._process != os.getpid():  # after a fork there are no threads
            self._pool, self._process = ThreadPoolExecutor(self.threads - 1, "tidydl"), os.getpid()
        others = [self._pool.submit(work, part) for part in range(1, self.threads)]
        try:
            work(0)
        finally:
            for other in others:
                other.result()

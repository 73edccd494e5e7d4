"""The variable-metric minimiser of R's ``optim(method = "BFGS")`` as a state that can be advanced step by step.

Source: Fletcher (1970), Computer Journal 13, 317-322; Nash (1990), Compact Numerical Methods for Computers,
algorithm 21. The stop tests, resets and orders of summation are those of R, so that a fit passes through the same
numbers as R's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tidydl.networks.compiling import compiled
from tidydl.networks.kernels import TILE, Shape, gradient, loss, room

__all__ = [
    "CONVERGED",
    "NOT_FINITE",
    "RUNNING",
    "STOPPED",
    "Problem",
    "Search",
    "advance",
    "start_problem",
    "start_search",
]

RUNNING, CONVERGED, STOPPED, NOT_FINITE = range(4)

_STEP_SHRINKS, _ACCEPTED_DECREASE, _NO_CHANGE = 0.2, 1e-4, 10.0
_DIRECT, _TRY, _FORWARD, _SEARCHED, _GRADIENT, _PASSED = range(6)
_CURVE_LENGTH = 4096

_STATE = np.dtype(
    [
        ("status", np.int64),
        ("phase", np.int64),
        ("row", np.int64),
        ("moved", np.int64),
        ("exhausted", np.int64),
        ("iterations", np.int64),
        ("gradients", np.int64),
        ("evaluations", np.int64),
        ("last_reset", np.int64),
        ("curve_length", np.int64),
        ("maxit", np.int64),
        ("initial", np.float64),
        ("lowest", np.float64),
        ("value", np.float64),
        ("total", np.float64),
        ("step", np.float64),
        ("projection", np.float64),
        ("abstol", np.float64),
        ("reltol", np.float64),
    ],
    align=True,
)


class Problem(NamedTuple):
    """What is fitted: the network's shape, the data and the room to work in."""

    shape: Shape
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    decay: np.ndarray
    free: np.ndarray
    hidden: np.ndarray
    out: np.ndarray
    units: np.ndarray
    errors: np.ndarray
    outgoing: np.ndarray


class Search(NamedTuple):
    """Where the search stands: weights, slopes, the inverse Hessian's lower triangle, and the way it came."""

    state: np.ndarray
    wts: np.ndarray
    slopes: np.ndarray
    metric: np.ndarray
    direction: np.ndarray
    before: np.ndarray
    change: np.ndarray
    curve: np.ndarray


def start_problem(
    shape: Shape, x: np.ndarray, y: np.ndarray, weights: np.ndarray, decay: np.ndarray, mask: np.ndarray
) -> Problem:
    """Lay out a problem: arrays row-major in float64, ``decay`` and ``mask`` one value per weight."""
    n = len(x)
    return Problem(
        shape,
        np.ascontiguousarray(x, dtype=np.float64),
        np.ascontiguousarray(y, dtype=np.float64),
        np.ascontiguousarray(weights, dtype=np.float64),
        np.ascontiguousarray(decay, dtype=np.float64),
        np.flatnonzero(mask).astype(np.int64),
        np.empty((n, shape.hidden)),
        np.empty((n, shape.outputs)),
        *room(shape),
    )


def start_search(problem: Problem, wts: np.ndarray, maxit: int, abstol: float, reltol: float) -> Search:
    """Put the search at its initial weights, with nothing evaluated yet."""
    free = len(problem.free)
    state = np.zeros(1, dtype=_STATE)
    state["maxit"], state["abstol"], state["reltol"] = maxit, abstol, reltol
    state["phase"] = _FORWARD
    return Search(
        state,
        np.array(wts, dtype=np.float64),
        np.zeros(len(wts)),
        np.zeros(free * (free + 1) // 2),
        np.zeros(free),
        np.zeros(free),
        np.zeros(free),
        np.zeros((_CURVE_LENGTH, 2)),
    )


@compiled
def _forward_rows(problem, search, s, rows):
    """Evaluate some rows of the loss; True when the last row is reached and ``value`` holds loss plus penalty."""
    if s.row == 0:
        s.total = 0.0
    last = min(s.row + rows, problem.x.shape[0])
    s.total = loss(
        problem.shape,
        search.wts,
        problem.x,
        problem.y,
        problem.weights,
        s.row,
        last,
        problem.units,
        problem.hidden,
        problem.out,
        s.total,
    )
    s.row = last
    if last < problem.x.shape[0]:
        return False
    penalty = 0.0
    for i in range(search.wts.size):
        penalty += problem.decay[i] * search.wts[i] * search.wts[i]
    s.value = s.total + penalty
    s.row = 0
    return True


@compiled
def _gradient_rows(problem, search, s, rows):
    """Evaluate some rows of the slopes; True when the last row is reached."""
    if s.row == 0:
        for i in range(search.wts.size):
            search.slopes[i] = 2.0 * problem.decay[i] * search.wts[i]
    last = min(s.row + rows, problem.x.shape[0])
    gradient(
        problem.shape,
        search.wts,
        problem.x,
        problem.y,
        problem.weights,
        s.row,
        last,
        problem.hidden,
        problem.out,
        problem.errors,
        problem.outgoing,
        search.slopes,
    )
    s.row = last
    if last < problem.x.shape[0]:
        return False
    s.row = 0
    return True


@compiled
def _metric_products(metric, v, out):
    """Fill ``out`` with the symmetric matrix times v, each element summed in index order.

    The lower triangle is read once, row after row: element i takes its part left of the diagonal from row i, and the
    parts below from the later rows in turn, which is index order.
    """
    n = v.size
    for i in range(n):
        row = metric[i * (i + 1) // 2 : i * (i + 1) // 2 + i + 1]
        total = 0.0
        for j in range(i + 1):
            total += row[j] * v[j]
        out[i] = total
        vi = v[i]
        for j in range(i):
            out[j] += row[j] * vi


@compiled
def _choose_direction(problem, search, s):
    """Set the direction of descent and its projection on the slopes; keep where it starts."""
    free, n = problem.free, problem.free.size
    if s.last_reset == s.gradients:
        search.metric[:] = 0.0
        for i in range(n):
            search.metric[i * (i + 1) // 2 + i] = 1.0
    for i in range(n):
        search.before[i] = search.wts[free[i]]
        search.change[i] = search.slopes[free[i]]
    _metric_products(search.metric, search.change, search.direction)
    s.projection = 0.0
    for i in range(n):
        search.direction[i] = -search.direction[i]
        s.projection += search.direction[i] * search.change[i]


@compiled
def _try_step(problem, search, s):
    """Put the weights at the end of the step; False when no weight changes."""
    free, unchanged = problem.free, 0
    for i in range(free.size):
        search.wts[free[i]] = search.before[i] + s.step * search.direction[i]
        if _NO_CHANGE + search.before[i] == _NO_CHANGE + search.wts[free[i]]:
            unchanged += 1
    return unchanged < free.size


@compiled
def _update_metric(problem, search, s):
    """Learn from the step just made, or reset where the slopes did not grow along it."""
    free, n = problem.free, problem.free.size
    t, c, x = search.direction, search.change, search.before
    along = 0.0
    for i in range(n):
        t[i] = s.step * t[i]
        c[i] = search.slopes[free[i]] - c[i]
        along += t[i] * c[i]
    if not along > 0.0:
        s.last_reset = s.gradients
        return
    _metric_products(search.metric, c, x)
    across = 0.0
    for i in range(n):
        across += x[i] * c[i]
    across = 1.0 + across / along
    for i in range(n):
        row = search.metric[i * (i + 1) // 2 : i * (i + 1) // 2 + i + 1]
        ti, xi = t[i], x[i]
        for j in range(i + 1):
            row[j] += (across * ti * t[j] - xi * t[j] - ti * x[j]) / along


@compiled
def _after_forward(s):
    """Judge a point just evaluated: the first of all, or one along the line."""
    s.evaluations += 1
    if s.gradients == 0:
        s.initial = s.value
        s.lowest = s.value
        s.phase = _GRADIENT
        if not math.isfinite(s.value):
            s.status = NOT_FINITE
        elif s.maxit <= 0:
            s.status = CONVERGED
    elif math.isfinite(s.value) and s.value <= s.lowest + s.projection * s.step * _ACCEPTED_DECREASE:
        s.moved = 1
        s.phase = _SEARCHED
    else:
        s.step *= _STEP_SHRINKS
        s.phase = _TRY


@compiled
def _after_search(s):
    """Take the step, or, where nothing is gained, reset once and end the second time."""
    gained = s.value > s.abstol and abs(s.value - s.lowest) > s.reltol * (abs(s.lowest) + s.reltol)
    if not gained:
        s.moved = 0
        s.lowest = s.value
    if s.moved == 1:
        s.lowest = s.value
        s.phase = _GRADIENT
    else:
        s.exhausted = s.last_reset == s.gradients
        s.last_reset = s.gradients
        s.phase = _PASSED


@compiled
def _after_gradient(problem, search, s):
    s.gradients += 1
    s.iterations += 1
    if s.gradients == 1:
        s.last_reset = 1
        s.phase = _DIRECT
    else:
        _update_metric(problem, search, s)
        s.exhausted = 0
        s.phase = _PASSED


@compiled
def _after_pass(problem, search, s):
    """Note the value last tried, and end or go on."""
    search.curve[s.curve_length, 0] = s.iterations
    search.curve[s.curve_length, 1] = s.value
    s.curve_length += 1
    if s.gradients - s.last_reset > 2 * problem.free.size:
        s.last_reset = s.gradients
    if s.iterations >= s.maxit:
        s.status = STOPPED
    elif s.exhausted == 1:
        s.status = CONVERGED
    s.phase = _DIRECT


@compiled
def advance(problem, search, work):
    """Advance the search by about ``work`` multiplications, or to its end, or until the curve is full.

    Returns the multiplications done. The caller empties the curve by setting ``curve_length`` to 0.
    """
    s = search.state[0]
    n_wts, n_free = search.wts.size, problem.free.size
    done = 0
    while s.status == RUNNING and done < work and s.curve_length < search.curve.shape[0]:
        rows = max(TILE, (work - done) // n_wts)
        if s.phase == _FORWARD:
            done += min(rows, problem.x.shape[0]) * n_wts
            if _forward_rows(problem, search, s, rows):
                _after_forward(s)
        elif s.phase == _GRADIENT:
            done += 2 * min(rows, problem.x.shape[0]) * n_wts
            if _gradient_rows(problem, search, s, rows):
                done += 2 * n_free * n_free
                _after_gradient(problem, search, s)
        elif s.phase == _DIRECT:
            done += n_free * n_free
            _choose_direction(problem, search, s)
            if s.projection < 0.0:
                s.step = 1.0
                s.phase = _TRY
            else:
                s.exhausted = s.last_reset == s.gradients
                s.last_reset = s.gradients
                s.phase = _PASSED
        elif s.phase == _TRY:
            done += n_free
            s.moved = 0
            s.phase = _FORWARD if _try_step(problem, search, s) else _SEARCHED
        elif s.phase == _SEARCHED:
            _after_search(s)
        else:
            _after_pass(problem, search, s)
    return done

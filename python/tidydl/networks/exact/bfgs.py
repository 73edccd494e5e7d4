"""The variable-metric minimiser of R's ``optim(method = "BFGS")`` as a state that can be advanced step by step.

Source: Fletcher (1970), Computer Journal 13, 317-322; Nash (1990), Compact Numerical Methods for Computers,
algorithm 21. The stop tests, resets and orders of summation are those of R, so that a fit passes through the same
numbers as R's. What is left out is only what cannot matter: a point on the line that is sure to be refused is not
evaluated to its last row (unless its value is asked for later).
"""

from __future__ import annotations

import math

import numpy as np

from tidydl.networks.exact.compiling import compiled, part
from tidydl.networks.exact.kernels import TILE, forward, set_weights
from tidydl.networks.exact.metric import multiply_metric, reset_metric, update_metric
from tidydl.networks.exact.problems import (
    CONVERGED,
    DIRECT,
    FORWARD,
    GRADIENT,
    LOOK,
    NOT_FINITE,
    PASSED,
    RUNNING,
    SEARCHED,
    STOPPED,
    TRY,
    Problem,
    Search,
)
from tidydl.networks.exact.slopes import add_slopes, begin_slopes, end_slopes

_STEP_SHRINKS, _ACCEPTED_DECREASE, _NO_CHANGE = 0.2, 1e-4, 10.0


@part
def _begin_forward(problem: Problem, search: Search, s: np.record) -> None:
    """Lay out the weights and sum the penalty."""
    set_weights(problem.room, search.wts)
    s.total = 0.0
    s.penalty = 0.0
    for i in range(search.wts.size):
        s.penalty += problem.decay[i] * search.wts[i] * search.wts[i]


@part
def _ceiling(s: np.record) -> float:
    """Return the sum of losses above which a point on the line will be refused, whatever later rows add."""
    if s.phase != FORWARD or s.gradients == 0:
        return math.inf
    return s.ceiling - s.penalty + 1e-9 * abs(s.penalty)


@part
def _forward_rows(problem: Problem, search: Search, s: np.record, rows: int) -> None:
    """Evaluate some rows of the loss, and judge the point where those were the last, or it is sure to be refused."""
    if s.row == 0:
        _begin_forward(problem, search, s)
    ceiling = _ceiling(s)
    last = min(s.row + rows, problem.weights.size)
    while s.row < last and not s.total > ceiling:
        count = min(TILE, last - s.row)
        s.total = forward(problem.shape, problem.room, problem.x, problem.y, problem.weights, s.row, count, s.total)
        s.row += count
    _end_forward(problem, search, s, s.total > ceiling)


@part
def _end_forward(problem: Problem, search: Search, s: np.record, cut: bool) -> None:
    """Judge the point, where its last row is reached or it was cut short."""
    if s.row < problem.weights.size and not cut:
        return
    s.cut = s.row < problem.weights.size
    s.row = 0
    s.value = math.inf if s.cut == 1 else s.total + s.penalty
    if s.phase == LOOK:
        _put_weights(problem, search, s.step)
        s.phase = SEARCHED
    else:
        _after_forward(s)


@part
def _gradient_rows(problem: Problem, search: Search, s: np.record, rows: int) -> None:
    """Evaluate some rows of the slopes, and update the metric after the last ones."""
    if s.row == 0:
        begin_slopes(problem.room, search.wts, problem.decay)
    last = min(s.row + rows, problem.weights.size)
    while s.row < last:
        count = min(TILE, last - s.row)
        if problem.room.kept < problem.weights.size:
            forward(problem.shape, problem.room, problem.x, problem.y, problem.weights[:0], s.row, count, 0.0)
        add_slopes(
            problem.shape, problem.room, problem.errors, problem.back, problem.x, problem.y, problem.weights, s.row,
            s.row + count, 0, 1
        )  # fmt: skip
        s.row += count
    _end_gradient(problem, search, s)


@part
def _end_gradient(problem: Problem, search: Search, s: np.record) -> None:
    if s.row == problem.weights.size:
        end_slopes(problem.room, search.slopes)
        s.row = 0
        _after_gradient(problem, search, s)


@part
def _choose_direction(problem: Problem, search: Search, s: np.record) -> None:
    """Set the direction of descent and its projection on the slopes; save the starting point."""
    free, n = problem.free, problem.free.size
    if s.last_reset == s.gradients:
        reset_metric(search.metric, n)
    for i in range(n):
        search.before[i] = search.wts[free[i]]
        search.change[i] = search.slopes[free[i]]
    multiply_metric(search.metric, search.change, search.direction)
    s.projection = 0.0
    for i in range(n):
        search.direction[i] = -search.direction[i]
        s.projection += search.direction[i] * search.change[i]


@part
def _put_weights(problem: Problem, search: Search, step: float) -> bool:
    """Put the weights at the end of a step; False when no weight changes."""
    free, unchanged = problem.free, 0
    for i in range(free.size):
        search.wts[free[i]] = search.before[i] + step * search.direction[i]
        if _NO_CHANGE + search.before[i] == _NO_CHANGE + search.wts[free[i]]:
            unchanged += 1
    return unchanged < free.size


@part
def _try_step(problem: Problem, search: Search, s: np.record) -> None:
    """Go to the end of the step, or, where no weight changes, end the search with the value last tried."""
    s.moved = 0
    if _put_weights(problem, search, s.step):
        bound = s.lowest + s.projection * s.step * _ACCEPTED_DECREASE
        s.ceiling = bound + 1e-9 * abs(bound) + problem.slack
        s.tried = s.step
        s.phase = FORWARD
    elif s.cut == 1:
        _put_weights(problem, search, s.tried)
        s.phase = LOOK
    else:
        s.phase = SEARCHED


@part
def _update(problem: Problem, search: Search, s: np.record) -> None:
    """Update the metric from the last step, or reset it if the slopes did not grow along it."""
    free, n = problem.free, problem.free.size
    t, c, x = search.direction, search.change, search.product
    along = 0.0
    for i in range(n):
        t[i] = s.step * t[i]
        c[i] = search.slopes[free[i]] - c[i]
        along += t[i] * c[i]
    if not along > 0.0:
        s.last_reset = s.gradients
        return
    multiply_metric(search.metric, c, x)
    across = 0.0
    for i in range(n):
        across += x[i] * c[i]
    across = 1.0 + across / along
    for i in range(n):
        search.scaled[i] = across * t[i]
    update_metric(search.metric, t, x, search.scaled, along)


@part
def _after_forward(s: np.record) -> None:
    """Judge a point just evaluated: the first of all, or one along the line."""
    s.evaluations += 1
    if s.gradients == 0:
        s.initial = s.value
        s.lowest = s.value
        s.phase = GRADIENT
        if not math.isfinite(s.value):
            s.status = NOT_FINITE
        elif s.maxit <= 0:
            s.status = CONVERGED
    elif math.isfinite(s.value) and s.value <= s.lowest + s.projection * s.step * _ACCEPTED_DECREASE:
        s.moved = 1
        s.phase = SEARCHED
    else:
        s.step *= _STEP_SHRINKS
        s.phase = TRY


@part
def _after_search(s: np.record) -> None:
    """Take the step, or, where nothing is gained, reset once and end the second time."""
    gained = s.value > s.abstol and abs(s.value - s.lowest) > s.reltol * (abs(s.lowest) + s.reltol)
    if not gained:
        s.moved = 0
        s.lowest = s.value
    if s.moved == 1:
        s.lowest = s.value
        s.phase = GRADIENT
    else:
        s.exhausted = s.last_reset == s.gradients
        s.last_reset = s.gradients
        s.phase = PASSED


@part
def _after_gradient(problem: Problem, search: Search, s: np.record) -> None:
    s.gradients += 1
    s.iterations += 1
    if s.gradients == 1:
        s.last_reset = 1
        s.phase = DIRECT
    else:
        _update(problem, search, s)
        s.exhausted = 0
        s.phase = PASSED


@part
def _after_pass(problem: Problem, search: Search, s: np.record) -> None:
    """Record the last value, and stop or continue."""
    search.curve[s.curve_length, 0] = s.iterations
    search.curve[s.curve_length, 1] = s.value
    s.curve_length += 1
    if s.gradients - s.last_reset > 2 * problem.free.size:
        s.last_reset = s.gradients
    if s.iterations >= s.maxit:
        s.status = STOPPED
    elif s.exhausted == 1:
        s.status = CONVERGED
    s.phase = DIRECT


@compiled
def advance(problem: Problem, search: Search, work: int, alone: bool) -> int:
    """Advance the search by about ``work`` multiplications, or to its end, or until the curve is full.

    If not ``alone``, it stops when rows are to be evaluated, which the caller then does. Returns the
    multiplications done. The caller empties the curve by setting ``curve_length`` to 0.
    """
    s = search.state[0]
    n_wts, n_free = search.wts.size, problem.free.size
    done = 0
    while s.status == RUNNING and done < work and s.curve_length < search.curve.shape[0]:
        evaluates = s.phase == FORWARD or s.phase == LOOK or s.phase == GRADIENT
        if evaluates and not alone:
            break
        rows = max(1, (work - done) // n_wts // TILE) * TILE
        if s.phase == FORWARD or s.phase == LOOK:
            done += min(rows, problem.weights.size) * n_wts
            _forward_rows(problem, search, s, rows)
        elif s.phase == GRADIENT:
            done += 2 * min(rows, problem.weights.size) * n_wts + 2 * n_free * n_free
            _gradient_rows(problem, search, s, rows)
        elif s.phase == DIRECT:
            done += n_free * n_free
            _choose_direction(problem, search, s)
            if s.projection < 0.0:
                s.step = 1.0
                s.phase = TRY
            else:
                s.exhausted = s.last_reset == s.gradients
                s.last_reset = s.gradients
                s.phase = PASSED
        elif s.phase == TRY:
            done += n_free
            _try_step(problem, search, s)
        elif s.phase == SEARCHED:
            _after_search(s)
        else:
            _after_pass(problem, search, s)
    return done


@compiled
def begin_evaluation(problem: Problem, search: Search) -> tuple[int, float]:
    """Prepare the next rows; return the first, and the sum of losses above which the point is refused."""
    s = search.state[0]
    if s.row == 0:
        if s.phase == GRADIENT:
            begin_slopes(problem.room, search.wts, problem.decay)
        else:
            _begin_forward(problem, search, s)
    return s.row, _ceiling(s) - s.total


@compiled
def end_evaluation(problem: Problem, search: Search, first: int, last: int, cut: bool) -> None:
    """Take in the evaluated rows, unless they were cut short, and continue after the last ones."""
    s = search.state[0]
    s.row = last
    if s.phase == GRADIENT:
        _end_gradient(problem, search, s)
        return
    if cut:
        s.row = first
        _end_forward(problem, search, s, True)
        return
    k = problem.shape.outputs
    at = first % problem.room.kept * k
    for i in range(at, at + (last - first) * k):
        s.total += problem.room.terms[i]
    _end_forward(problem, search, s, False)

"""A problem and the state of its search, laid out for the compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tidydl.networks.exact.kernels import TILE, Room, Shape, flat, plain, room
from tidydl.networks.exact.lanes import WIDTH, room_for
from tidydl.networks.exact.metric import empty_metric

RUNNING, CONVERGED, STOPPED, NOT_FINITE = range(4)

DIRECT, TRY, FORWARD, LOOK, SEARCHED, GRADIENT, PASSED = range(7)
CURVE_LENGTH = 4096

_STATE = np.dtype(
    [
        ("status", np.int64),
        ("phase", np.int64),
        ("row", np.int64),
        ("moved", np.int64),
        ("exhausted", np.int64),
        ("cut", np.int64),
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
        ("penalty", np.float64),
        ("ceiling", np.float64),
        ("step", np.float64),
        ("tried", np.float64),
        ("projection", np.float64),
        ("abstol", np.float64),
        ("reltol", np.float64),
    ],
    align=True,
)


class Problem(NamedTuple):
    """A problem: the network's shape, the data (flat), and the work space.

    ``slack`` is more than rounding can take from the sum of the losses of any rows, none of which is negative; it is
    infinite where a case weight is negative.
    """

    shape: Shape
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    decay: np.ndarray
    free: np.ndarray
    slack: float
    room: Room
    errors: np.ndarray
    back: np.ndarray


class Search(NamedTuple):
    """The state of a search: weights, slopes, the inverse Hessian, and the last steps.

    ``direction``, ``before``, ``change``, ``product`` and ``scaled`` have one number for each free weight, then zeros.
    """

    state: np.ndarray
    wts: np.ndarray
    slopes: np.ndarray
    metric: np.ndarray
    direction: np.ndarray
    before: np.ndarray
    change: np.ndarray
    product: np.ndarray
    scaled: np.ndarray
    curve: np.ndarray


def start_problem(
    shape: Shape, x: np.ndarray, y: np.ndarray, weights: np.ndarray, decay: np.ndarray, mask: np.ndarray
) -> Problem:
    """Lay out a problem: arrays row-major in float64, ``decay`` and ``mask`` one value per weight."""
    shape, x, y, weights = plain(shape), flat(x), flat(y), flat(weights)
    scratch = room(shape, len(weights), x.nbytes + y.nbytes)
    adds_only = bool((weights >= 0).all())
    return Problem(
        shape,
        x,
        y,
        weights,
        flat(decay),
        np.flatnonzero(mask).astype(np.int64),
        float(1e-13 * shape.outputs * weights.sum()) if adds_only else math.inf,
        scratch,
        *tile_room(scratch),
    )


def tile_room(scratch: Room) -> tuple[np.ndarray, np.ndarray]:
    """Allocate one thread's slopes: a tile's errors of the outputs and of the hidden units."""
    return room_for(TILE * (scratch.out.size // scratch.kept)), room_for(TILE * (scratch.hidden.size // scratch.kept))


def start_search(problem: Problem, wts: np.ndarray, maxit: int, abstol: float, reltol: float) -> Search:
    """Start the search at its initial weights, with nothing evaluated yet."""
    state = np.zeros(1, dtype=_STATE)
    state["maxit"], state["abstol"], state["reltol"] = maxit, abstol, reltol
    state["phase"] = FORWARD
    state["ceiling"] = math.inf
    free = -(-len(problem.free) // WIDTH) * WIDTH
    return Search(
        state,
        np.array(wts, dtype=np.float64),
        np.zeros(len(wts)),
        empty_metric(len(problem.free)),
        room_for(free),
        room_for(free),
        room_for(free),
        room_for(free),
        room_for(free),
        np.zeros((CURVE_LENGTH, 2)),
    )

"""The arithmetic of a network of one hidden layer, compiled, in the order in which R's nnet adds.

Every sum below runs in a fixed order: a unit adds its bias and then its sources; the loss and each weight's slope add
over the rows in row order; nothing is fused or reassociated. What runs side by side are independent sums: eight units
of a layer in the lanes of the vector units, four rows (or, for slopes, four sources) at a time.

Arrays are flat, row-major float64. Those over units (``hidden``, ``out``, weights by source, slopes) have each row
padded to a multiple of eight. ``wts`` is in R's order: each hidden unit's bias and inputs, then each output unit's
bias, hidden units and, with skip, inputs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tidydl.networks.exact.compiling import compiled, part
from tidydl.networks.exact.lanes import (
    WIDTH,
    add_product,
    divide,
    exp,
    exp_is_exact,
    load,
    room_for,
    sigmoid,
    spread,
    store,
    subtract,
)

LEAST_SQUARES, LINEAR, ENTROPY, SOFTMAX, CENSORED = range(5)
TILE = 32
_IMPOSSIBLE = 1000.0
_NEVER_ZERO = 1e-80
_KEPT_BYTES = 32_000_000

Index = int | np.integer


class Shape(NamedTuple):
    """The numbers of units, whether inputs also reach the outputs, and the loss (one of the constants above)."""

    inputs: int
    hidden: int
    outputs: int
    skip: bool
    loss: int


class Room(NamedTuple):
    """Work space of the kernels: weights and slopes laid out for them, and the results of the kept rows.

    ``laid`` and ``slopes`` have the same sections (see ``sections``). A weight lies at ``forth``, by its source, and,
    from a hidden to an output unit, also at ``back``, by its output; its slope is at ``back``. ``kept`` rows are at
    hand for the slopes; where that is not all of them, they are computed again. ``quick`` says whether eight
    exponentials at a time have the C library's bits here.
    """

    kept: int
    quick: bool
    forth: np.ndarray
    back: np.ndarray
    laid: np.ndarray
    slopes: np.ndarray
    hidden: np.ndarray
    out: np.ndarray
    terms: np.ndarray


def _sections(shape: Shape) -> tuple[int, int, int, int, int]:
    """Return the padded numbers of hidden and output units, and where the sections begin after the first.

    First come the weights to the hidden units, each source's in a row, the bias first; then those to the output units
    in the same way; then those from the hidden units to each output unit, and zeros for the hidden units.
    """
    hidden = (shape.hidden + 7) // 8 * 8
    out = (shape.outputs + 7) // 8 * 8
    to_outputs = (1 + shape.inputs) * hidden
    from_hidden = to_outputs + (1 + shape.hidden + (shape.inputs if shape.skip else 0)) * out
    return hidden, out, to_outputs, from_hidden, from_hidden + shape.outputs * hidden


sections = part(_sections)


def room(shape: Shape, rows: int, data_bytes: int = 0) -> Room:
    """Return work space for some rows of data; the results kept per row take no more memory than the data."""
    hidden, out, _, _, zeros = _sections(shape)
    kept = min(rows, max(data_bytes, _KEPT_BYTES) // (8 * (hidden + out + shape.outputs)))
    kept = max(TILE, -(-kept // TILE) * TILE)
    forth, back = _positions(shape)
    return Room(
        kept,
        exp_is_exact(),
        forth,
        back,
        room_for(zeros + hidden),
        room_for(zeros + hidden),
        room_for(kept * hidden),
        room_for(kept * out),
        room_for(kept * shape.outputs),
    )


def _positions(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return where each weight lies by its source, and where its slope does."""
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    hidden, out, to_outputs, from_hidden, _ = _sections(shape)
    to_hidden = np.arange(1 + p) * hidden + np.arange(h)[:, None]
    sources = to_outputs + np.arange(1 + h + (p if shape.skip else 0)) * out + np.arange(k)[:, None]
    slopes = sources.copy()
    slopes[:, 1 : 1 + h] = from_hidden + np.arange(k)[:, None] * hidden + np.arange(h)
    hidden_first = to_hidden.reshape(-1)
    return np.concatenate([hidden_first, sources.reshape(-1)]), np.concatenate([hidden_first, slopes.reshape(-1)])


@part
def set_weights(room: Room, wts: np.ndarray) -> None:
    """Lay the weights out."""
    for w in range(wts.size):
        room.laid[room.forth[w]] = 0.0 + wts[w]
        room.laid[room.back[w]] = 0.0 + wts[w]


@part
def add_products(
    into: np.ndarray,
    rows: tuple[Index, Index],
    start: np.ndarray,
    begin: tuple[Index, Index],
    factors: np.ndarray,
    steps: tuple[Index, Index, Index],
    lanes: np.ndarray,
    terms: tuple[Index, Index],
    size: tuple[Index, Index, Index],
) -> None:
    """For each row, add ``factors[row, term] * lanes[term]`` to ``start[row]``, term after term, and put that ``into``.

    ``rows`` and ``begin`` say where the rows of ``into`` and ``start`` lie: the first index and the step to the next.
    ``steps`` are the first index in ``factors``, the step to the next row's and the step to the next term's; ``terms``
    the first index in ``lanes`` and the step to the next term's. ``size`` is the numbers of rows, of vectors of eight
    in each, and of terms.
    """
    at, step = rows
    f_row, f_term = steps[1], steps[2]
    last = size[0] - 1
    for r in range(0, size[0], 4):
        r1, r2, r3 = min(r + 1, last), min(r + 2, last), min(r + 3, last)
        for v in range(0, size[1] * WIDTH, WIDTH):
            s = begin[0] + v
            total0, total1 = load(start, s + r * begin[1]), load(start, s + r1 * begin[1])
            total2, total3 = load(start, s + r2 * begin[1]), load(start, s + r3 * begin[1])
            f0, f1, f2, f3 = (steps[0] + r * f_row, steps[0] + r1 * f_row, steps[0] + r2 * f_row, steps[0] + r3 * f_row)
            lane = terms[0] + v
            for _ in range(size[2]):
                eight = load(lanes, lane)
                total0 = add_product(total0, eight, factors, f0)
                total1 = add_product(total1, eight, factors, f1)
                total2 = add_product(total2, eight, factors, f2)
                total3 = add_product(total3, eight, factors, f3)
                f0, f1, f2, f3 = f0 + f_term, f1 + f_term, f2 + f_term, f3 + f_term
                lane += terms[1]
            store(into, at + v + r * step, total0)
            store(into, at + v + r1 * step, total1)
            store(into, at + v + r2 * step, total2)
            store(into, at + v + r3 * step, total3)


@part
def _sigmoids(values: np.ndarray, first: int, last: int, quick: bool) -> None:
    if quick:
        for at in range(first, last, WIDTH):
            store(values, at, sigmoid(load(values, at)))
        return
    for at in range(first, last):
        s = values[at]
        if s < -15.0:
            values[at] = 0.0
        elif s > 15.0:
            values[at] = 1.0
        else:
            values[at] = 1.0 / (1.0 + math.exp(-s))


@part
def _softmax(out: np.ndarray, at: int, k: int, quick: bool) -> None:
    """Turn one row's linear outputs into probabilities."""
    largest = out[at]
    smallest = out[at]
    for o in range(at + 1, at + k):
        largest = max(largest, out[o])
        smallest = min(smallest, out[o])
    total = 0.0
    if quick and smallest - largest > -500.0:
        shift = spread(largest)
        for o in range(at, at + k, WIDTH):
            store(out, o, exp(subtract(load(out, o), shift)))
        for o in range(at, at + k):
            total += out[o]
    else:
        for o in range(at, at + k):
            out[o] = math.exp(out[o] - largest)
            total += out[o]
    for o in range(at, at + k, WIDTH):
        store(out, o, divide(load(out, o), spread(total)))


@part
def _cross_entropy(y: float, t: float) -> float:
    total = 0.0
    if t > 0.0:
        total -= t * math.log((y + _NEVER_ZERO) / t)
    if t < 1.0:
        total -= (1.0 - t) * math.log((1.0 - y + _NEVER_ZERO) / (1.0 - t))
    return total


@part
def _add_row_loss(
    total: float,
    shape: Shape,
    out: np.ndarray,
    at: int,
    y: np.ndarray,
    y_at: int,
    weight: float,
    terms: np.ndarray,
    t_at: int,
) -> float:
    """Add one row's loss to the total so far, output after output, and note the terms added."""
    kind, k = shape.loss, shape.outputs
    if kind == CENSORED:
        allowed = 0.0
        for o in range(k):
            terms[t_at + o] = 0.0
            if y[y_at + o] == 1.0:
                allowed += out[at + o]
        terms[t_at] = -(weight * math.log(allowed)) if allowed > 0.0 else weight * _IMPOSSIBLE
        return total + terms[t_at]
    for o in range(k):
        t, output = y[y_at + o], out[at + o]
        if kind == SOFTMAX:
            term = 0.0
            if t > 0.0:
                term = -(weight * t * math.log(output)) if output > 0.0 else weight * _IMPOSSIBLE
        elif kind == ENTROPY:
            term = weight * _cross_entropy(output, t)
        else:
            difference = output - t
            term = weight * (difference * difference)
        terms[t_at + o] = term
        total += term
    return total


@part
def forward(
    shape: Shape, room: Room, x: np.ndarray, y: np.ndarray, weights: np.ndarray, start: int, rows: int, total: float
) -> float:
    """Run at most a tile of rows through the network and add their losses to ``total``; none without weights."""
    p, h, k = shape.inputs, shape.hidden, shape.outputs
    hidden, out, to_outputs, _, _ = sections(shape)
    kept = start % room.kept
    of_hidden, of_out = kept * hidden, kept * out
    none, one = np.int64(0), np.int64(1)
    inputs = (start * p, p, one)
    add_products(
        room.hidden, (of_hidden, hidden), room.laid, (none, none), x, inputs, room.laid, (hidden, hidden),
        (rows, hidden // WIDTH, p),
    )  # fmt: skip
    _sigmoids(room.hidden, of_hidden, of_hidden + rows * hidden, room.quick)
    add_products(
        room.out, (of_out, out), room.laid, (to_outputs, none), room.hidden, (of_hidden, hidden, one),
        room.laid, (to_outputs + out, out), (rows, out // WIDTH, h),
    )  # fmt: skip
    if shape.skip:
        add_products(
            room.out, (of_out, out), room.out, (of_out, out), x, inputs, room.laid, (to_outputs + (1 + h) * out, out),
            (rows, out // WIDTH, p),
        )  # fmt: skip
    if shape.loss == LEAST_SQUARES or shape.loss == ENTROPY:
        _sigmoids(room.out, of_out, of_out + rows * out, room.quick)
    for r in range(rows):
        at = of_out + r * out
        if shape.loss >= SOFTMAX:
            _softmax(room.out, at, k, room.quick)
        if weights.size > 0:
            row = start + r
            total = _add_row_loss(total, shape, room.out, at, y, row * k, weights[row], room.terms, (kept + r) * k)
    return total


@compiled
def _run_through(shape: Shape, room: Room, wts: np.ndarray, x: np.ndarray, predictions: np.ndarray) -> None:
    """Fill ``predictions``, rows by outputs, with the outputs of all rows."""
    set_weights(room, wts)
    nothing = wts[:0]
    out = sections(shape)[1]
    for start in range(0, predictions.shape[0], TILE):
        rows = min(TILE, predictions.shape[0] - start)
        forward(shape, room, x, nothing, nothing, start, rows, 0.0)
        at = start % room.kept * out
        for r in range(rows):
            for o in range(shape.outputs):
                predictions[start + r, o] = room.out[at + r * out + o]


def flat(numbers: np.ndarray) -> np.ndarray:
    """Return an array as the kernels read it: flat, float64 and read-only, so that one compiled version serves all."""
    seen = np.require(numbers, dtype=np.float64, requirements=["C", "A"]).reshape(-1).view()
    seen.flags.writeable = False
    return seen


def plain(shape: Shape) -> Shape:
    """Return a shape in Python's own numbers, so that one compiled version serves all."""
    return Shape(int(shape.inputs), int(shape.hidden), int(shape.outputs), bool(shape.skip), int(shape.loss))


def outputs(shape: Shape, wts: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the outputs of the network, rows by outputs, for the rows of ``x``."""
    predictions = np.empty((len(x), shape.outputs))
    shape = plain(shape)
    _run_through(shape, room(shape, TILE), flat(wts), flat(x), predictions)
    return predictions

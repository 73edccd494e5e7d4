"""The slopes of the loss by the weights: errors go back through the network, each weight adds its own in row order.

Each weight's slope is a sum of its own, so that several threads may each take some of the weights (a ``part`` of
``parts``) through all the rows and the bits are the same.
"""

from __future__ import annotations

import numpy as np

from tidydl.networks.exact.compiling import part as compiled_part
from tidydl.networks.exact.kernels import (
    CENSORED,
    ENTROPY,
    LEAST_SQUARES,
    SOFTMAX,
    TILE,
    Room,
    Shape,
    add_products,
    sections,
)
from tidydl.networks.exact.lanes import WIDTH, add, load, multiply, spread, store, subtract


@compiled_part
def begin_slopes(room: Room, wts: np.ndarray, decay: np.ndarray) -> None:
    """Initialise each slope with that of the penalty."""
    for w in range(wts.size):
        room.slopes[room.back[w]] = 2.0 * decay[w] * wts[w]


@compiled_part
def end_slopes(room: Room, slopes: np.ndarray) -> None:
    """Write the slopes in the order of the weights."""
    for w in range(slopes.size):
        slopes[w] = room.slopes[room.back[w]]


@compiled_part
def _output_errors(
    kind: int, out: np.ndarray, at: int, y: np.ndarray, y_at: int, k: int, errors: np.ndarray, to: int
) -> None:
    """Write the slopes of one row's loss (of weight 1) by the sums that reach its output units."""
    if kind == SOFTMAX:
        total = 0.0
        for o in range(k):
            total += y[y_at + o]
        for o in range(k):
            errors[to + o] = total * out[at + o] - y[y_at + o]
    elif kind == CENSORED:
        allowed = 0.0
        for o in range(k):
            if y[y_at + o] == 1.0:
                allowed += out[at + o]
        for o in range(k):
            errors[to + o] = out[at + o]
            if y[y_at + o] == 1.0:
                errors[to + o] -= out[at + o] / allowed
    elif kind == ENTROPY:
        for o in range(k):
            errors[to + o] = out[at + o] - y[y_at + o]
    else:
        for o in range(k):
            output = out[at + o]
            error = 2.0 * (output - y[y_at + o])
            errors[to + o] = error * (output * (1.0 - output)) if kind == LEAST_SQUARES else error


@compiled_part
def _hidden_errors(
    shape: Shape,
    room: Room,
    errors: np.ndarray,
    back: np.ndarray,
    weights: np.ndarray,
    start: int,
    rows: int,
    first: int,
    vectors: int,
) -> None:
    """Fill the weighted errors of some of the hidden units; the outputs' are added from the last to the first."""
    hidden, out, _, from_hidden, zeros = sections(shape)
    none, last = np.int64(0), shape.outputs - 1
    add_products(
        back, (first, hidden), room.laid, (zeros, none), errors, (last, out, -1), room.laid,
        (from_hidden + last * hidden + first, -hidden), (rows, vectors, shape.outputs),
    )  # fmt: skip
    one = spread(1.0)
    kept = start % room.kept * hidden
    for r in range(rows):
        weight = spread(weights[start + r])
        for at in range(r * hidden + first, r * hidden + first + vectors * WIDTH, WIDTH):
            unit = load(room.hidden, kept + at)
            slope = multiply(unit, subtract(one, unit))
            store(back, at, multiply(weight, multiply(load(back, at), slope)))


@compiled_part
def _add_rows(slopes: np.ndarray, at: int, errors: np.ndarray, first: int, step: int, rows: int) -> None:
    """Add the rows' errors to the slopes of eight biases."""
    total = load(slopes, at)
    for r in range(rows):
        total = add(total, load(errors, first + r * step))
    store(slopes, at, total)


@compiled_part
def _share(count: int, part: int, parts: int) -> tuple[int, int]:
    """Return where one part of ``count`` items begins, and its length."""
    first = count * part // parts
    return first, count * (part + 1) // parts - first


@compiled_part
def _add_tile(
    shape: Shape,
    room: Room,
    errors: np.ndarray,
    back: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    start: int,
    rows: int,
    part: int,
    parts: int,
) -> None:
    p, k = shape.inputs, shape.outputs
    hidden, out, to_outputs, from_hidden, _ = sections(shape)
    slopes, none, one = room.slopes, np.int64(0), np.int64(1)
    kept = start % room.kept
    for r in range(rows):
        _output_errors(shape.loss, room.out, (kept + r) * out, y, (start + r) * k, k, errors, r * out)
    # Parts share out the vectors of hidden units, and, where there are more parts, the inputs that lead to them.
    groups = max(1, min(parts, hidden // WIDTH))
    group, among, of = part % groups, part // groups, parts // groups
    first, vectors = _share(hidden // WIDTH, group, groups)
    first *= WIDTH
    if vectors > 0 and among < of:
        _hidden_errors(shape, room, errors, back, weights, start, rows, first, vectors)
        input_, count = _share(p, among, of)
        position = ((1 + input_) * hidden + first, hidden)
        add_products(
            slopes, position, slopes, position, x, (start * p + input_, one, p), back, (first, hidden),
            (count, vectors, rows),
        )  # fmt: skip
    for r in range(rows):
        for at in range(r * out, r * out + k):
            errors[at] = weights[start + r] * errors[at]
    if vectors > 0 and among == 0:
        for v in range(first, first + vectors * WIDTH, WIDTH):
            _add_rows(slopes, v, back, v, hidden, rows)
        position = (from_hidden + first, hidden)
        add_products(
            slopes, position, slopes, position, errors, (none, one, out), room.hidden, (kept * hidden + first, hidden),
            (k, vectors, rows),
        )  # fmt: skip
    if part == 0:
        for v in range(0, out, WIDTH):
            _add_rows(slopes, to_outputs + v, errors, v, out, rows)
    if shape.skip:
        input_, count = _share(p, part, parts)
        position = (to_outputs + (1 + shape.hidden + input_) * out, out)
        add_products(
            slopes, position, slopes, position, x, (start * p + input_, one, p), errors, (none, out),
            (count, out // WIDTH, rows),
        )  # fmt: skip


@compiled_part
def add_slopes(
    shape: Shape,
    room: Room,
    errors: np.ndarray,
    back: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    first: int,
    last: int,
    part: int,
    parts: int,
) -> None:
    """Add the slopes of the rows from ``first`` to ``last``, after a forward pass that kept them.

    ``errors`` (a tile by outputs) and ``back`` (a tile by hidden units) are room to work in, of this thread alone.
    """
    for start in range(first, last, TILE):
        _add_tile(shape, room, errors, back, x, y, weights, start, min(TILE, last - start), part, parts)

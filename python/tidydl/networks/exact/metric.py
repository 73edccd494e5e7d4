"""The search's metric: a symmetric matrix of which the lower half is kept, in blocks of eight by eight.

The blocks lie row after row of blocks, (0,0) (1,0) (1,1) (2,0) and so on; inside a block the numbers lie column after
column. A block on the diagonal is kept whole. What is beyond the last row or column is zero.
"""

from __future__ import annotations

import numpy as np

from tidydl.networks.exact.compiling import part
from tidydl.networks.exact.lanes import (
    WIDTH,
    add,
    add_block,
    add_turned_block,
    divide,
    load,
    multiply,
    room_for,
    spread,
    store,
    subtract,
)

_BLOCK = WIDTH * WIDTH


def empty_metric(size: int) -> np.ndarray:
    """Allocate a metric of ``size`` rows."""
    blocks = -(-size // WIDTH)
    return room_for(_BLOCK * (blocks * (blocks + 1) // 2))


@part
def reset_metric(metric: np.ndarray, size: int) -> None:
    """Reset it to the identity."""
    metric[:] = 0.0
    for i in range(size):
        row, inside = i // WIDTH, i % WIDTH
        metric[_BLOCK * (row * (row + 1) // 2 + row) + inside * WIDTH + inside] = 1.0


@part
def multiply_metric(metric: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` with the matrix times v, each element summed in index order.

    The blocks are read once. An element takes its part left of the diagonal and on it from its own row of blocks, and
    the rest from the later rows in turn, which is index order.
    """
    at = 0
    for i in range(0, v.size, WIDTH):
        total = spread(0.0)
        for j in range(0, i, WIDTH):
            total = add_block(total, metric, at, v, j)
            store(out, j, add_turned_block(load(out, j), metric, at, v, i))
            at += _BLOCK
        store(out, i, add_block(total, metric, at, v, i))
        at += _BLOCK


@part
def update_metric(metric: np.ndarray, t: np.ndarray, x: np.ndarray, scaled: np.ndarray, along: float) -> None:
    """Add ``(scaled[i] * t[j] - x[i] * t[j] - t[i] * x[j]) / along`` to each element of the lower half."""
    divisor = spread(along)
    at = 0
    for i in range(0, t.size, WIDTH):
        left, middle, right = load(scaled, i), load(x, i), load(t, i)
        for j in range(i):
            tj, xj = spread(t[j]), spread(x[j])
            change = subtract(subtract(multiply(left, tj), multiply(middle, tj)), multiply(right, xj))
            store(metric, at, add(load(metric, at), divide(change, divisor)))
            at += WIDTH
        for column in range(WIDTH):
            j = i + column
            for row in range(column, WIDTH):
                k = i + row
                change = (scaled[k] * t[j] - x[k] * t[j] - t[k] * x[j]) / along
                metric[at + column * WIDTH + row] += change
                metric[at + row * WIDTH + column] = metric[at + column * WIDTH + row]
        at += _BLOCK

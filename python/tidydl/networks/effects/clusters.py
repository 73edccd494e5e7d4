"""Clusters of rows by k-means."""

from __future__ import annotations

import numpy as np

from tidydl.rng import RandomNumbers

STARTS = 10
SEED = 1
MOST_ROUNDS = 300
SAMPLE = 10_000  # rows that centres are looked for in
LAST_ROUNDS = 10  # on all rows, where there are more
_BLOCK = 8192  # rows at a time, which stay in the processor's cache


def cluster(rows: np.ndarray, count: int) -> np.ndarray:
    """Return which of ``count`` clusters each row belongs to, the largest cluster being 0.

    The best of ten starts (k-means++; Arthur & Vassilvitskii 2007), each improved by Lloyd's algorithm until no row
    changes its cluster. The starts are drawn from random numbers of their own, so that the answer is always the same.
    Of more than 10,000 rows the best start is that of 10,000 drawn without replacement, improved by at most ten rounds
    on all rows. At least ``count`` rows have to be different.
    """
    numbers = RandomNumbers(SEED)
    looked_at = rows if len(rows) <= SAMPLE else rows[np.sort(numbers.positions(len(rows), SAMPLE))]
    candidates = [_improved(looked_at, _spread(looked_at, count, numbers)) for _ in range(STARTS)]
    _, best = min(candidates, key=lambda each: each[0])
    if len(looked_at) < len(rows):
        _, best = _improved(rows, _means(looked_at, best, count), LAST_ROUNDS)
    sizes = np.bincount(best, minlength=count)
    first = [np.argmax(best == g) for g in range(count)]
    order = sorted(range(count), key=lambda g: (-sizes[g], first[g]))
    rank = np.empty(count, dtype=int)
    rank[order] = np.arange(count)
    return rank[best]


def has_different(rows: np.ndarray, count: int) -> bool:
    """Return whether there are that many different rows; the first blocks of rows mostly suffice."""
    seen = rows[:0]
    for start in range(0, len(rows), _BLOCK):
        seen = np.unique(np.concatenate([seen, rows[start : start + _BLOCK]]), axis=0)
        if len(seen) >= count:
            return True
    return len(seen) >= count


def _spread(rows: np.ndarray, count: int, numbers: RandomNumbers) -> np.ndarray:
    """Draw distant rows: each with probability proportional to its squared distance from those drawn before."""
    centres = [rows[numbers.index(len(rows))]]
    for _ in range(count - 1):
        reached = np.cumsum(_squares(rows, np.array(centres)).min(axis=1))
        at = np.searchsorted(reached, numbers.uniform(1)[0] * reached[-1])
        centres.append(rows[min(int(at), len(rows) - 1)])
    return np.array(centres)


def _squares(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the squared distances, rows by centres."""
    squares = np.empty((len(rows), len(centres)))
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        columns = np.ascontiguousarray(rows[block].T)
        for g, centre in enumerate(centres):
            squares[block, g] = _sum_of_columns((columns - centre[:, None]) ** 2)
    return squares


def _sum_of_columns(columns: np.ndarray) -> np.ndarray:
    """Add column to column: below eight that is the order in which NumPy adds along a row, only faster."""
    if len(columns) >= 8:
        return np.asarray(np.ascontiguousarray(columns.T).sum(axis=1))
    total = columns[0].copy()
    for column in columns[1:]:
        total += column
    return total


def _means(rows: np.ndarray, member: np.ndarray, count: int) -> np.ndarray:
    return np.array([rows[member == g].mean(axis=0) for g in range(count)])


def _improved(rows: np.ndarray, centres: np.ndarray, rounds: int = MOST_ROUNDS) -> tuple[float, np.ndarray]:
    """Return the sum of squares within the clusters and the cluster of each row."""
    member = np.full(len(rows), -1)
    for _ in range(rounds):
        squares = _squares(rows, centres)
        nearest = np.argmin(squares, axis=1)
        _fill_empty(nearest, squares)
        if (nearest == member).all():
            break
        member = nearest
        centres = _means(rows, member, len(centres))
    return float(_squares(rows, centres)[np.arange(len(rows)), member].sum()), member


def _fill_empty(member: np.ndarray, squares: np.ndarray) -> None:
    """Assign to each empty cluster the most distant row among those that are not alone in theirs."""
    for g in range(squares.shape[1]):
        sizes = np.bincount(member, minlength=squares.shape[1])
        if not sizes[g]:
            off = np.where(sizes[member] > 1, squares[np.arange(len(member)), member], -1.0)
            member[np.argmax(off)] = g

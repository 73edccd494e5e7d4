"""Clusters of rows by k-means."""

from __future__ import annotations

import numpy as np

from tidydl.rng import RandomNumbers

__all__ = ["cluster"]

STARTS = 10
SEED = 1
MOST_ROUNDS = 300


def cluster(rows: np.ndarray, count: int) -> np.ndarray:
    """Say which of so many clusters each row belongs to, the largest cluster being 0.

    The best of ten starts (k-means++; Arthur & Vassilvitskii 2007), each improved by Lloyd's algorithm until no row
    changes its cluster. The starts are drawn from random numbers of their own, so that the answer is always the same.

    Parameters
    ----------
    rows
        Rows by variables, at least ``count`` of them different.
    count
        How many clusters.
    """
    numbers = RandomNumbers(SEED)
    found = [_improved(rows, _spread(rows, count, numbers)) for _ in range(STARTS)]
    _, best = min(found, key=lambda each: each[0])
    sizes = np.bincount(best, minlength=count)
    first = [np.flatnonzero(best == g)[0] for g in range(count)]
    order = sorted(range(count), key=lambda g: (-sizes[g], first[g]))
    place = np.empty(count, dtype=int)
    place[order] = np.arange(count)
    return place[best]


def _spread(rows: np.ndarray, count: int, numbers: RandomNumbers) -> np.ndarray:
    """Draw rows that lie apart: each with a chance by its squared distance from those drawn before."""
    centres = [rows[numbers.index(len(rows))]]
    for _ in range(count - 1):
        reached = np.cumsum(_squares(rows, np.array(centres)).min(axis=1))
        at = np.searchsorted(reached, numbers.uniform(1)[0] * reached[-1])
        centres.append(rows[min(int(at), len(rows) - 1)])
    return np.array(centres)


def _squares(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.stack([((rows - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def _improved(rows: np.ndarray, centres: np.ndarray) -> tuple[float, np.ndarray]:
    """Give the sum of squares within the clusters and the cluster of each row."""
    member = np.full(len(rows), -1)
    for _ in range(MOST_ROUNDS):
        squares = _squares(rows, centres)
        nearest = np.argmin(squares, axis=1)
        _fill_empty(nearest, squares)
        if (nearest == member).all():
            break
        member = nearest
        centres = np.array([rows[member == g].mean(axis=0) for g in range(len(centres))])
    return float(_squares(rows, centres)[np.arange(len(rows)), member].sum()), member


def _fill_empty(member: np.ndarray, squares: np.ndarray) -> None:
    """Give each empty cluster the row that lies farthest off among those that are not alone in theirs."""
    for g in range(squares.shape[1]):
        sizes = np.bincount(member, minlength=squares.shape[1])
        if not sizes[g]:
            off = np.where(sizes[member] > 1, squares[np.arange(len(member)), member], -1.0)
            member[np.argmax(off)] = g

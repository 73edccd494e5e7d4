"""Overlapping boxes: non-maximum suppression.

References
----------
Neubeck, A. and Van Gool, L. (2006). Efficient non-maximum suppression. ICPR.
"""

from __future__ import annotations

import numpy as np


def suppressed(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Return which boxes are left, the best first, when each drops the worse ones that overlap it too much.

    A box is left, top, right, bottom; of equal scores the earlier counts as better. ``threshold`` is the largest
    allowed intersection over union.
    """
    # in single precision, as elsewhere: in double a share of 0.6 would not be above a threshold of 0.6
    boxes = np.asarray(boxes, dtype="float32").reshape(-1, 4)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-np.asarray(scores, dtype="float32"), kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        sides = np.minimum(boxes[left, 2:], boxes[best, 2:]) - np.maximum(boxes[left, :2], boxes[best, :2])
        common = np.maximum(sides, 0).prod(axis=1)
        with np.errstate(invalid="ignore"):  # boxes without an area share nothing of nothing
            shares = common / (areas[best] + areas[left] - common)
        left = left[~(shares.astype("float64") > threshold)]
    return kept


def box_around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the first and last column and row of a mask's pixels: left, top, right, bottom; 0 where it has none."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])

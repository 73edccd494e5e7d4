"""How far what torch computed may lie apart: the promise of the README, and the one place where tests take it from.

Networks and random numbers are compared to the last bit, not with these.
"""

from typing import Any

import numpy as np

SCORES = 2e-6  # between processors, numbers of threads and batches: scores, similarities, normalized embeddings
ZERO_SHOT = 5e-6  # of labels that a model of entailment judges
IN_IMAGES = 1e-5  # the same of objects, segments, masks, depths, keypoints and labels of your own found in images


def assert_near(found: Any, expected: Any, message: str = "", within: float = SCORES) -> None:
    """Compare numbers that torch computed: to 2e-6, where numbers are larger than 1 to 2e-6 of the largest."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    sizes = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=0, atol=within * max(1.0, sizes.max(initial=0)), err_msg=message)

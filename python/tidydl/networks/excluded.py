"""Rows left out of a fit that keep their place in what the fit says of its data, as with R's ``na.exclude``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Excluded:
    """The rows that a fit was asked for: their labels, and which of them were complete."""

    index: Any
    complete: np.ndarray

    def filled(self, values: np.ndarray) -> np.ndarray:
        """Return values of the complete rows for all rows, missing in the others."""
        every = np.full((len(self.complete), values.shape[1]), np.nan)
        every[self.complete] = values
        return every

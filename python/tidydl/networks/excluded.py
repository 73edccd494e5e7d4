"""Rows that a fit excludes but pads in its fitted values, as with R's ``na.exclude``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Excluded:
    """The rows requested for a fit: their labels, and which of them were complete."""

    index: Any
    complete: np.ndarray

    def filled(self, values: np.ndarray) -> np.ndarray:
        """Pad values of the complete rows to all rows, missing in the others."""
        every = np.full((len(self.complete), values.shape[1]), np.nan)
        every[self.complete] = values
        return every

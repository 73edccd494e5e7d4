"""The incomplete rows that a fit left out, as files keep them: by position among all rows, counted from 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tidydl.networks.excluded import Excluded
from tidydl.networks.record import NNet
from tidydl.networks.saved.parts import Part

_MOST = 2**31 - 1  # rows, which R's integers can count


def left_out_content(fit: NNet) -> dict[str, Any] | None:
    """Write the rows that have their place in ``fitted`` and ``residuals``; None where there are none."""
    if fit.excluded is None or fit.excluded.complete.all():
        return None
    lacking = np.flatnonzero(~fit.excluded.complete)
    labels = [str(label) for label in fit.excluded.index[lacking]]
    return {"rows": (lacking + 1).tolist(), "labels": labels, "exclude": True}


def left_out_of(part: Part) -> tuple[list[int], tuple[str, ...], bool] | None:
    """Read which rows the fit left out, their labels, and whether predictions have a place for them."""
    if part.is_null("left_out"):
        return None
    left_out = part.part("left_out")
    rows = left_out.wholes("rows")
    if rows and not 0 < min(rows) <= max(rows) <= _MOST:
        raise left_out.fault(f"'{left_out.place}$rows' are not row numbers")
    return rows, left_out.texts("labels", len(rows)), left_out.flag("exclude")


def excluded_of(part: Part, index: pd.Index) -> Excluded | None:
    """Read the rows that have their place in ``fitted``, where the complete ones have an index."""
    left_out = left_out_of(part)
    if left_out is None or not left_out[0] or not left_out[2]:
        return None
    rows, labels, _ = left_out
    count = len(index) + len(rows)
    if len(set(rows)) < len(rows) or max(rows) > count:
        raise part.fault(f"'{part.part('left_out').place}$rows' does not fit the number of rows")
    complete = np.ones(count, bool)
    complete[np.array(rows) - 1] = False
    if part.is_null("row_names"):
        return Excluded(pd.RangeIndex(count), complete)
    every = np.empty(count, object)
    every[complete] = index.tolist()
    whole = index.dtype.kind == "i" and all(label.removeprefix("-").isdecimal() for label in labels)
    every[np.array(rows) - 1] = [int(label) for label in labels] if whole else list(labels)
    return Excluded(pd.Index(every.tolist()), complete)

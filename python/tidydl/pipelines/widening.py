"""The wide form of a result: one row per input, its ranks side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.predictions import ERROR, OTHER, RANK


@guarded
def widen(x: pd.DataFrame) -> pd.DataFrame:
    """Return one row per input, with the ranks spread into columns.

    Parameters
    ----------
    x
        The result of a pipeline: a frame with ``.row`` and, if inputs have several results, ``rank`` (``sequence`` for
        generated text).

    Returns
    -------
    pandas.DataFrame
        One row per input in the order of ``x``: ``.row`` and the input, then for rank 1 the results under their own
        names and for each further rank the same with ``.1``, ``.2``, …: ``label, score, label.1, score.1``. The index
        is that of the first row of each input.

    Raises
    ------
    ColumnError
        If ``x`` has no ``.row``, several rows for an input without a ``rank``, or duplicate ranks.

    Examples
    --------
    >>> import pandas as pd
    >>> long = pd.DataFrame({".row": [0, 0], "text": ["hi", "hi"], "rank": [1, 2], "label": ["a", "b"]})
    >>> widen(long).columns.tolist()
    ['.row', 'text', 'label', 'label.1']
    """
    if not isinstance(x, pd.DataFrame):
        raise ArgumentError(f"`x` is {described(x)}.", allowed="The data frame that a pipeline returned.")
    if ROW not in x.columns:
        raise ColumnError(
            "`x` has no column `.row`.",
            allowed="The data frame that a pipeline returned, its `.row` included.",
            hint="Call widen() before columns are dropped.",
        )
    first = ~x[ROW].duplicated()
    ranked_by = _ranks(x)
    if ranked_by is None:
        if not first.all():
            raise ColumnError(
                "`x` has several rows per input and no column `rank`.",
                allowed="A data frame with one row per input, or with `rank`.",
                hint="Keep the long form for these results.",
            )
        return x.copy()
    return _spread(x, first, ranked_by)


def _ranks(x: pd.DataFrame) -> str | None:
    """Name the column that tells the results of an input apart: its ranks, or the numbers of generated sequences."""
    if RANK in x.columns:
        return RANK
    return "sequence" if "sequence" in x.columns and pd.api.types.is_integer_dtype(x["sequence"]) else None


def _spread(x: pd.DataFrame, first: pd.Series, ranked_by: str) -> pd.DataFrame:
    """Spread the columns after ``rank``; a missing input counts as rank 1."""
    results = list(x.columns[list(x.columns).index(ranked_by) + 1 :])
    if OTHER in x.columns:  # of similarity(): which rows are alike, and what they hold
        results = [
            name for name in x.columns if name == OTHER or (str(name).endswith("_y") and name[:-2] in x)
        ] + results
    if not pd.api.types.is_numeric_dtype(x[ranked_by].dtype):
        problem = f"`x` has a column `{ranked_by}` that is not numeric."
        raise ColumnError(problem, allowed="The data frame that a pipeline returned.")
    ranks = x[ranked_by].fillna(1).to_numpy(dtype="int64")
    if pd.DataFrame({"row": x[ROW].to_numpy(), "rank": ranks}).duplicated().any():
        raise ColumnError(
            "`x` has duplicate ranks for an input.",
            allowed="Each `rank` once per `.row`.",
            hint="Keep the long form for these results.",
        )
    wide = x.loc[first.to_numpy(), [name for name in x.columns if name not in (*results, ranked_by)]].copy()
    if isinstance(x.index, pd.RangeIndex):  # line numbers rather than names of the inputs
        wide.index = pd.RangeIndex(len(wide))
    lines = pd.Index(wide[ROW])
    width = max(int(ranks.max(initial=1)), int(x.attrs.get("tidydl", {}).get("ranks") or 1))
    for rank in range(1, width + 1):
        chosen = np.flatnonzero(ranks == rank)
        positions = pd.Series(chosen, index=x[ROW].to_numpy()[chosen]).reindex(lines).fillna(-1).to_numpy("int64")
        for name in (each for each in results if each != ERROR):
            values = x[name].array.take(positions, allow_fill=True)
            wide[name if rank == 1 else f"{name}.{rank - 1}"] = pd.Series(values, index=wide.index)
    if ERROR in x.columns:  # of the input, not of a rank
        wide[ERROR] = x.loc[first.to_numpy(), ERROR].array
    wide.attrs = dict(x.attrs)
    return wide


def unranked(name: str) -> str:
    """Return the name of a column without what tells ranks apart: ``start`` of ``start.1``."""
    base, _, rank = name.rpartition(".")
    return base if rank.isdigit() else name

"""The wide form of a result: one row per input, its ranks side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.predictions import ERROR, OTHER, RANK

_SEQUENCE = "sequence"
KEYS = (ROW, RANK, _SEQUENCE)  # the columns with the row and the rank of a result


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
        If ``x`` has no ``.row``, several rows for an input without a ``rank``, ranks that are duplicate or not whole
        numbers from 1, or a column named like one of another rank.

    Examples
    --------
    >>> import pandas as pd
    >>> long = pd.DataFrame({".row": [0, 0], "text": ["hi", "hi"], "rank": [1, 2], "label": ["a", "b"]})
    >>> widen(long).columns.tolist()
    ['.row', 'text', 'label', 'label.1']
    """
    if not isinstance(x, pd.DataFrame):
        raise _no_frame(x)
    names = list(x.columns)
    columns = spread(x[[name for name in KEYS if name in names]], names, x.attrs.get("tidydl", {}).get("ranks"))
    if columns is None:
        return x.copy()
    first = x[ROW].duplicated().to_numpy() == 0
    # the index may be line numbers, rather than names of the inputs
    index = pd.RangeIndex(first.sum()) if isinstance(x.index, pd.RangeIndex) else x.index[first]
    arrays = (x.iloc[:, each.source].array.take(each.rows, allow_fill=True) for each in columns)
    wide = pd.DataFrame(dict(enumerate(arrays)), index=index)
    wide.columns = pd.Index([each.name for each in columns])
    wide.attrs = dict(x.attrs)
    return wide


@dataclass(frozen=True)
class WideColumn:
    """A column of the wide form: its name, and the indices of the source column and of the row of each value.

    A row of -1 is a missing value.
    """

    name: str
    source: int
    rows: np.ndarray


def _no_frame(x: object) -> ArgumentError:
    return ArgumentError(f"`x` is {described(x)}.", allowed="The data frame that a pipeline returned.")


def spread(keys: object, names: list[str], ranks: int | None = None) -> list[WideColumn] | None:
    """Return the columns of the wide form of a result; None where it has that form. A missing input counts as rank 1.

    ``keys`` are those of its columns that are among ``KEYS``, ``ranks`` is the least number of ranks. Several rows for
    an input without ranks, and duplicate ranks, are refused.
    """
    if not isinstance(keys, pd.DataFrame):
        raise _no_frame(keys)
    if ROW not in keys.columns:
        raise ColumnError(
            "`x` has no column `.row`.",
            allowed="The data frame that a pipeline returned, its `.row` included.",
            hint="Call widen() before columns are dropped.",
        )
    inputs = keys[ROW].to_numpy()
    is_first = ~keys[ROW].duplicated().to_numpy()
    ranked_by = _rank_column(keys)
    if ranked_by is None:
        if not is_first.all():
            raise ColumnError(
                "`x` has several rows per input and no column `rank`.",
                allowed="A data frame with one row per input, or with `rank`.",
                hint="Keep the long form for these results.",
            )
        return None
    rank_of = _ranks(keys, ranked_by)
    first = np.flatnonzero(is_first)
    results = _results(names, ranked_by)
    columns = [WideColumn(name, k, first) for k, name in enumerate(names) if name != ranked_by and name not in results]
    for rank in range(1, max(int(rank_of.max(initial=1)), ranks or 1) + 1):
        ranked = np.flatnonzero(rank_of == rank)
        rows = pd.Series(ranked, index=inputs[ranked]).reindex(pd.Index(inputs[first])).fillna(-1).to_numpy("int64")
        for name in (each for each in results if each != ERROR):
            columns.append(WideColumn(name if rank == 1 else f"{name}.{rank - 1}", names.index(name), rows))
    if ERROR in results:  # of the input, not of a rank
        columns.append(WideColumn(ERROR, names.index(ERROR), first))
    _refuse_same_names([column.name for column in columns])
    return columns


def _refuse_same_names(names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ColumnError(
                f"`x` would have two columns `{name}` in the wide form.",
                allowed="Columns whose names do not end like those of other ranks.",
                hint=f"Rename the column of `x` that is called `{name}`.",
            )


def _rank_column(keys: pd.DataFrame) -> str | None:
    """Return the column that distinguishes the results of an input: ranks, or the numbers of generated sequences."""
    if RANK in keys:
        return RANK
    return _SEQUENCE if _SEQUENCE in keys and pd.api.types.is_integer_dtype(keys[_SEQUENCE]) else None


def _ranks(keys: pd.DataFrame, ranked_by: str) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(keys[ranked_by].dtype):
        problem = f"`x` has a column `{ranked_by}` that is not numeric."
        raise ColumnError(problem, allowed="The data frame that a pipeline returned.")
    numbers = keys[ranked_by].fillna(1).to_numpy(dtype="float64")
    if not ((numbers >= 1) & (numbers == np.round(numbers)) & np.isfinite(numbers)).all():
        raise ColumnError(
            f"`x` has values in `{ranked_by}` that are not whole numbers from 1.",
            allowed="The data frame that a pipeline returned, with ranks counted from 1.",
        )
    ranks = numbers.astype("int64")
    if pd.DataFrame({"row": keys[ROW].to_numpy(), "rank": ranks}).duplicated().any():
        raise ColumnError(
            "`x` has duplicate ranks for an input.",
            allowed="Each `rank` once per `.row`.",
            hint="Keep the long form for these results.",
        )
    return ranks


def _results(names: list[str], ranked_by: str) -> list[str]:
    """Return the columns that are spread: those after the ranks; for similarity() also the row of the neighbour."""
    results = names[names.index(ranked_by) + 1 :]
    if OTHER not in names:
        return results
    return [name for name in names if name == OTHER or (str(name).endswith("_y") and name[:-2] in names)] + results


def unranked(name: str) -> str:
    """Return the name of a column without its rank: ``start`` for ``start.1``."""
    base, _, rank = name.rpartition(".")
    return base if rank.isdigit() else name

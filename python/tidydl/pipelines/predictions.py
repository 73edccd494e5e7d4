"""From results to tidy frames: repeating inputs beside their results, provenance, and the wide form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW, Contract
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.batching import Outcome
from tidydl.pipelines.inputs import Inputs, modality_of
from tidydl.pipelines.loading import Loaded

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["input_columns", "lines_frame", "provenance", "repeated_index", "spread", "widen", "without_rank"]

RANK = "rank"


def input_columns(inputs: Inputs, rows: np.ndarray) -> dict[str, Any]:
    """Give the columns ``.row`` and the inputs, each input as often as it has lines."""
    import numpy as np

    columns: dict[str, Any] = {ROW: rows}
    for part in inputs.shown:
        values = inputs.parts[part]
        if part.modality == "image":
            from tidydl.data.images import ImageArray

            columns[part.name] = ImageArray(values).take(rows)
        else:
            held = np.empty(len(values), dtype=object)
            shown = getattr(modality_of(part), "shown", None)
            held[:] = values if shown is None else [None if value is None else shown(value) for value in values]
            columns[part.name] = held[rows]
    return columns


def spread(outcome: Outcome, counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Say which input each line of a frame belongs to, and where its values stand.

    ``counts`` is how many lines each of the different results has. The places count through the lines of all
    results laid end to end; a missing input has one line, in place -1.
    """
    import numpy as np

    which, each = np.array(outcome.which, dtype="int64"), np.array(counts, dtype="int64")
    ends = np.cumsum(each)
    lines = np.ones(len(which), dtype="int64")
    lines[which >= 0] = each[which[which >= 0]]
    rows = np.repeat(np.arange(len(which)), lines)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lines) - lines, lines)
    known = which[rows] >= 0
    source = np.full(len(rows), -1)
    units = which[rows[known]]
    source[known] = ends[units] - each[units] + within[known]
    return rows, source


def lines_frame(
    contract: Contract, inputs: Inputs, outcome: Outcome, *, levels: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """Write the frame of results with several lines each.

    Parameters
    ----------
    contract
        All columns of the frame; those after ``.row`` and the inputs are the fields of a line.
    inputs
        What came in. A missing input has one line of missing values.
    outcome
        The results of the different inputs: a list of lines each, a line being a tuple.
    levels
        The levels of label columns.
    """
    rows, source = spread(outcome, [len(result) for result in outcome.results])
    data = input_columns(inputs, rows)
    own = contract.columns[len(data) :]
    every = [line for result in outcome.results for line in result]
    for k, column in enumerate(own):
        data[column.name] = _taken([line[k] for line in every], source, column.kind)
    return contract.frame(data, levels=levels, index=repeated_index(inputs, rows))


def _taken(values: list[Any], source: np.ndarray, kind: str) -> Any:
    """Take values by their places, missing where the place is -1."""
    import numpy as np
    import pandas as pd

    known = source >= 0
    if kind == "double":
        taken = np.full(len(source), np.nan)
        taken[known] = np.array(values, dtype="float64")[source[known]]
        return taken
    if kind in ("integer", "position"):
        whole = np.ones(len(source), dtype="int64")
        whole[known] = np.array(values, dtype="int64")[source[known]]
        return pd.arrays.IntegerArray(whole, ~known)
    held = np.empty(len(values) + 1, dtype=object)
    for i, value in enumerate(values):  # one by one, since a value may be a list
        held[i] = value
    return held[source]  # the last, None, where it is missing


def repeated_index(inputs: Inputs, rows: np.ndarray) -> pd.Index | None:
    """Give the index of the result: that of the Series or frame that came in, repeated as its rows are."""
    return None if inputs.index is None else inputs.index.take(rows)


def without_rank(contract: Contract) -> Contract:
    """Give the columns of results of which each input has one, the best."""
    return Contract(tuple(column for column in contract.columns if column.name != RANK))


def provenance(task: str, loaded: Loaded, **more: Any) -> dict[str, Any]:
    """Describe a call in a flat dictionary of JSON scalars: what made this frame."""
    import torch
    import transformers

    import tidydl

    return {
        "task": task,
        "model": loaded.source,
        "revision": loaded.revision,
        "dtype": loaded.dtype,
        "device": loaded.device,
        **more,
        "tidydl": tidydl.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
    }


def widen(x: pd.DataFrame) -> pd.DataFrame:
    """Give one row per input, the ranks spread wide.

    Parameters
    ----------
    x
        What a pipeline returned: a frame with ``.row`` and, where inputs have several results, ``rank`` or, of
        generated texts, ``sequence``.

    Returns
    -------
    pandas.DataFrame
        One row per input in the order of ``x``: ``.row`` and the input, then for rank 1 the results under
        their own names and for each further rank the same with ``.1``, ``.2``, …: ``label, score, label.1,
        score.1``. The index is that of the first line of each input.

    Raises
    ------
    ColumnError
        Where ``x`` has no ``.row``, several lines for an input without a ``rank``, or one rank twice.

    Examples
    --------
    >>> import pandas as pd
    >>> long = pd.DataFrame({".row": [0, 0], "text": ["hi", "hi"], "rank": [1, 2], "label": ["a", "b"]})
    >>> widen(long).columns.tolist()
    ['.row', 'text', 'label', 'label.1']
    """
    import pandas as pd

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
                "`x` has several lines for an input and no column `rank` to tell them apart.",
                allowed="A frame with one line per input, or with `rank`.",
                hint="The long form is the tidy one for these results.",
            )
        return x.copy()
    return _spread(x, first, ranked_by)


def _ranks(x: pd.DataFrame) -> str | None:
    """Name the column that tells the results of an input apart: its ranks, or the numbers of generated sequences."""
    import pandas as pd

    if RANK in x.columns:
        return RANK
    return "sequence" if "sequence" in x.columns and pd.api.types.is_integer_dtype(x["sequence"]) else None


def _spread(x: pd.DataFrame, first: pd.Series, ranked_by: str) -> pd.DataFrame:
    """Spread the columns after ``rank``; a missing input counts as rank 1."""
    import numpy as np
    import pandas as pd

    at = list(x.columns).index(ranked_by)
    ranks = x[ranked_by].fillna(1).to_numpy(dtype="int64")
    if pd.DataFrame({"row": x[ROW].to_numpy(), "rank": ranks}).duplicated().any():
        raise ColumnError("`x` has a rank twice for one input.", allowed="Each `rank` once per `.row`.")
    wide = x.loc[first.to_numpy()].iloc[:, :at].copy()
    if isinstance(x.index, pd.RangeIndex):  # line numbers rather than names of the inputs
        wide.index = pd.RangeIndex(len(wide))
    lines = pd.Index(wide[ROW])
    width = max(int(ranks.max(initial=1)), int(x.attrs.get("tidydl", {}).get("ranks") or 1))
    for rank in range(1, width + 1):
        chosen = np.flatnonzero(ranks == rank)
        found = pd.Series(chosen, index=x[ROW].to_numpy()[chosen]).reindex(lines).fillna(-1).to_numpy("int64")
        for name in x.columns[at + 1 :]:
            values = x[name].array.take(found, allow_fill=True)
            wide[name if rank == 1 else f"{name}.{rank - 1}"] = pd.Series(values, index=wide.index)
    wide.attrs = dict(x.attrs)
    return wide

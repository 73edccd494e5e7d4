"""From results to tidy frames: repeating inputs beside their results, provenance, and the wide form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.loading import Loaded

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["input_columns", "provenance", "repeated_index", "widen"]

RANK = "rank"


def input_columns(inputs: Inputs, modalities: dict[str, str], rows: np.ndarray) -> dict[str, Any]:
    """Give the columns ``.row`` and the inputs, each input as often as it has lines."""
    import numpy as np

    columns: dict[str, Any] = {ROW: rows}
    for name, values in inputs.parts.items():
        if modalities[name] == "image":
            from tidydl.data.images import ImageArray

            columns[name] = ImageArray(values).take(rows)
        else:
            held = np.empty(len(values), dtype=object)
            held[:] = values
            columns[name] = held[rows]
    return columns


def repeated_index(inputs: Inputs, rows: np.ndarray) -> pd.Index | None:
    """Give the index of the result: that of the Series or frame that came in, repeated as its rows are."""
    return None if inputs.index is None else inputs.index.take(rows)


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
        What a pipeline returned: a frame with ``.row`` and, where inputs have several results, ``rank``.

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
    if RANK not in x.columns:
        if not first.all():
            raise ColumnError(
                "`x` has several lines for an input and no column `rank` to tell them apart.",
                allowed="A frame with one line per input, or with `rank`.",
                hint="The long form is the tidy one for these results.",
            )
        return x.copy()
    return _spread(x, first)


def _spread(x: pd.DataFrame, first: pd.Series) -> pd.DataFrame:
    """Spread the columns after ``rank``; a missing input counts as rank 1."""
    import numpy as np
    import pandas as pd

    at = list(x.columns).index(RANK)
    ranks = x[RANK].fillna(1).to_numpy(dtype="int64")
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

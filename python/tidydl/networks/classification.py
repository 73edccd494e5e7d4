"""Classes as indicators, and predicted against true classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.checks import described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, no_column
from tidydl.networks.record import NNet
from tidydl.networks.tables import observed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Confusion", "class_ind", "confusion"]

CONFUSABLE = "A network fitted to classes, or a data frame."
COUNTS = Contract.of(response="label", truth="label", n="integer")


def class_ind(cl: Any) -> pd.DataFrame:
    """Turn labels into one column of 0 and 1 for each class, as R's ``class.ind()``.

    Parameters
    ----------
    cl
        Labels: a Series, categorical or sequence.

    Returns
    -------
    pandas.DataFrame
        Rows by classes in order; a missing label gives a row of missing values.

    Examples
    --------
    >>> from tidydl import class_ind
    >>> class_ind(["b", "a"]).values.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    labels = pd.Series(cl).astype("category")
    codes = labels.cat.codes.to_numpy()
    values = np.eye(len(labels.cat.categories))[codes] if len(codes) else np.empty((0, len(labels.cat.categories)))
    values[codes < 0] = np.nan
    return pd.DataFrame(values, index=labels.index, columns=[str(level) for level in labels.cat.categories])


class Confusion(pd.DataFrame):
    """Counts of predicted by true class: columns ``response``, ``truth``, ``n``; prints as a table."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # a part of the counts is no longer the whole table

    @property
    def table(self) -> pd.DataFrame:
        """The counts as a table, response by truth."""
        return pd.DataFrame(self).pivot(index="response", columns="truth", values="n")

    def __repr__(self) -> str:
        return self.table.to_string()

    def _repr_html_(self) -> str:
        return self.table.to_html()


def confusion(data: Any, truth: str | None = None, estimate: str | None = None) -> Confusion:
    """Count predicted against true classes.

    Parameters
    ----------
    data
        A network fitted to classes, for its training rows; or a data frame.
    truth, estimate
        The columns of the data frame with the true and the predicted class.

    Returns
    -------
    Confusion
        A frame with the columns ``response`` (label), ``truth`` (label) and ``n`` (integer), a row for each pair
        of classes; prints as a table, response by truth. Rows where either is missing are not counted. ``glance()``
        gives accuracy, balanced accuracy, kappa and nobs.

    Examples
    --------
    >>> import pandas as pd
    >>> from tidydl import confusion, glance
    >>> answers = pd.DataFrame({"true": ["a", "a", "b"], "said": ["a", "b", "b"]})
    >>> confusion(answers, truth="true", estimate="said").n.tolist()
    [1, 0, 1, 1]
    """
    if isinstance(data, NNet):
        if data.lev is None:
            raise ArgumentError("`data` is a network that was fitted to numbers.", allowed=CONFUSABLE)
        return _count(observed(data), verbs.predict(data, type="class"))
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(f"`data` is {described(data)}.", allowed=CONFUSABLE)
    columns = [_column(data, "truth", truth), _column(data, "estimate", estimate)]
    return _count(*columns)


def _column(data: pd.DataFrame, argument: str, name: str | None) -> pd.Series:
    if name in data.columns:
        return data[name]
    named = f"`{argument}` names the column '{name}', which `data` does not have."
    raise no_column(f"`{argument}` is missing." if name is None else named, name, data.columns)


def _levels(truth: pd.Series, estimate: pd.Series) -> list[str]:
    """Give the classes of both columns: the truth's order first."""
    found = [list(column.astype("category").cat.categories) for column in (truth, estimate)]
    return [str(level) for level in dict.fromkeys([*found[0], *found[1]])]


def _count(truth: pd.Series, estimate: pd.Series) -> Confusion:
    levels = _levels(truth, estimate)
    codes = [pd.Categorical(_text(c), categories=levels).codes for c in (truth, estimate)]
    both = (codes[0] >= 0) & (codes[1] >= 0)
    counts = np.zeros((len(levels), len(levels)), dtype=int)
    np.add.at(counts, (codes[1][both], codes[0][both]), 1)
    return Confusion(
        COUNTS.frame(
            {
                "response": np.repeat(levels, len(levels)),
                "truth": np.tile(levels, len(levels)),
                "n": counts.ravel(),
            },
            levels={"response": levels, "truth": levels},
        )
    )


def _text(column: pd.Series) -> list[Any]:
    return [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


def _ratio(part: Sequence[float] | np.ndarray, whole: Sequence[float] | np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part, dtype=float) / np.asarray(whole, dtype=float)


@verbs.glance.register(Confusion)
def _glance(x: Confusion) -> pd.DataFrame:
    """Give accuracy, balanced accuracy (mean recall of the classes that occur), Cohen's kappa and the rows counted."""
    counts = x.table.to_numpy(dtype=float)
    n, right = counts.sum(), np.trace(counts)
    recall = _ratio(np.diag(counts), counts.sum(axis=0))
    chance = _ratio((counts.sum(axis=0) * counts.sum(axis=1)).sum(), n * n)
    accuracy = _ratio(right, n)
    contract = Contract.of(accuracy="double", balanced_accuracy="double", kappa="double", nobs="integer")
    mean_recall = np.nanmean(recall) if np.isfinite(recall).any() else np.nan
    values = [accuracy, mean_recall, _ratio(accuracy - chance, 1 - chance), int(n)]
    return contract.frame({name: [value] for name, value in zip(contract.names, values, strict=True)})

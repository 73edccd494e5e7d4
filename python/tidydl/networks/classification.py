"""Indicators of classes, and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.boundaries import guarded
from tidydl.checks import described, frame_hint
from tidydl.columns import Contract
from tidydl.errors import ArgumentError
from tidydl.networks.averaging import AveragedNNet
from tidydl.networks.inputs import label_column
from tidydl.networks.model_selection.metrics import agreement
from tidydl.networks.network_hints import best_network, network_hint
from tidydl.networks.network_verbs import classes_of, observed
from tidydl.networks.record import NNet
from tidydl.rprint import level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFUSABLE = "A network fitted to classes, or a data frame."
COUNTS = Contract.of(response="label", truth="label", n="integer")
GLANCE = Contract.of(accuracy="double", balanced_accuracy="double", kappa="double", nobs="integer")
CLASSES = Contract.of(
    {"class": "label"}, n="integer", predicted="integer", recall="double", precision="double", f1="double"
)


@guarded
def class_ind(cl: object) -> pd.DataFrame:
    """Return an indicator matrix of labels, one column of 0 and 1 per class, as R's ``class.ind()``.

    Parameters
    ----------
    cl
        Labels: a Series, categorical or sequence.

    Returns
    -------
    pandas.DataFrame
        Rows by sorted classes; a missing label becomes a row of missing values.

    Raises
    ------
    ArgumentError
        If values of ``cl`` cannot be labels, such as lists.

    Examples
    --------
    >>> from tidydl import class_ind
    >>> class_ind(["b", "a"]).values.tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if isinstance(cl, Mapping | Set) or not isinstance(cl, Iterable) or getattr(cl, "ndim", 1) != 1:
        raise ArgumentError(f"`cl` is {described(cl)}.", allowed="Labels: a Series, a categorical or a list.")
    try:
        labels = pd.Series(cl).astype("category")
    except (TypeError, ValueError) as problem:
        raise ArgumentError(f"`cl` is {described(cl)}.", allowed="A label for each row: text or a number.") from problem
    codes = labels.cat.codes.to_numpy()
    values = (codes[:, None] == np.arange(len(labels.cat.categories))).astype(float)
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


@guarded
def confusion(data: object, truth: str | None = None, estimate: str | None = None) -> Confusion:
    """Compute a confusion matrix: the counts of predicted against true classes.

    Parameters
    ----------
    data
        A network fitted to classes, or a result of :func:`tidydl.tune_nnet`, for its training rows; or a data frame.
    truth, estimate
        The columns of the data frame with the true and the predicted class.

    Returns
    -------
    Confusion
        A frame with the columns ``response`` (label), ``truth`` (label) and ``n`` (integer), one row per pair of
        classes; prints as a table, response by truth. Rows with either missing are not counted. ``tidy()`` returns one
        row per class: ``class`` (label), ``n`` and ``predicted`` (the number of rows of the class, and predicted to be
        of it), ``recall`` (the proportion of its rows that are predicted correctly), ``precision`` (the proportion of
        the rows predicted to be of the class that are) and ``f1`` (twice the number of true positives divided by the
        sum of ``n`` and ``predicted``), missing where the denominator is zero. ``glance()`` returns accuracy, balanced
        accuracy (the mean recall of the classes that occur), Cohen's kappa and nobs. ``autoplot()`` draws a heat map.

    Raises
    ------
    ArgumentError
        If ``data`` is neither a classification network nor a data frame.
    ColumnError
        If a column is missing, or contains values that cannot be labels.

    Examples
    --------
    >>> import pandas as pd
    >>> from tidydl import confusion, glance
    >>> answers = pd.DataFrame({"true": ["a", "a", "b"], "said": ["a", "b", "b"]})
    >>> confusion(answers, truth="true", estimate="said").n.tolist()
    [1, 0, 1, 1]
    """
    data = best_network(data)
    if isinstance(data, (NNet, AveragedNNet)):
        if data.told_apart is None:
            raise ArgumentError(
                "`data` is a network that was fitted to numbers.",
                allowed=CONFUSABLE,
                hint="For classes make the response categorical, such as factor(y).",
            )
        return _count(observed(data, data.index), classes_of(data, data.fitted_values, data.index))
    if not isinstance(data, pd.DataFrame):
        hint = network_hint(data) or frame_hint(data)
        raise ArgumentError(f"`data` is {described(data)}.", allowed=CONFUSABLE, hint=hint)
    columns = [label_column(data, "truth", truth), label_column(data, "estimate", estimate)]
    return _count(*columns)


def _levels(truth: pd.Series, estimate: pd.Series) -> list[str]:
    """Return the classes of both columns: the truth's order first."""
    categories = [list(column.astype("category").cat.categories) for column in (truth, estimate)]
    return list(dict.fromkeys(level_text(level) for level in [*categories[0], *categories[1]]))


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
    return [None if missing else level_text(value) for value, missing in zip(column, column.isna(), strict=True)]


def _ratio(part: Sequence[float] | np.ndarray, whole: Sequence[float] | np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part, dtype=float) / np.asarray(whole, dtype=float)


@verbs.tidy.register(Confusion)
def _tidy(x: Confusion) -> pd.DataFrame:
    """Return for each class its rows, the rows predicted as it, recall, precision and F1."""
    counts = x.table.to_numpy(dtype=float)
    correct, n, predicted = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    levels = list(x.table.columns)
    data = {
        "class": levels,
        "n": n.astype(int),
        "predicted": predicted.astype(int),
        "recall": _ratio(correct, n),
        "precision": _ratio(correct, predicted),
        "f1": _ratio(2 * correct, n + predicted),
    }
    return CLASSES.frame(data, levels={"class": levels})


@verbs.glance.register(Confusion)
def _glance(x: Confusion) -> pd.DataFrame:
    """Return accuracy, balanced accuracy (mean recall of the classes that occur), Cohen's kappa and the rows."""
    counts = x.table.to_numpy(dtype=float)
    data = agreement(counts.T) | {"nobs": int(counts.sum())}
    return GLANCE.frame({name: [value] for name, value in data.items()})

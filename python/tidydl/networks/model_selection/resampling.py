"""Training and assessment rows: one split, and the resamples of a grid search.

All draws are R's ``sample.int()``, in an order that ``R/split-data.R`` and ``R/tune.R`` keep too, so that both
languages draw the same rows after the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl import rng
from tidydl.boundaries import guarded
from tidydl.checks import check_count, check_number, described, frame_hint
from tidydl.data.splits import Splits
from tidydl.errors import ArgumentError, DataError, TidydlError
from tidydl.networks.inputs import label_column

if TYPE_CHECKING:
    # Sets of rows, by name or not; or a number of folds, or how they are drawn.
    Given: TypeAlias = Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike] | np.ndarray | pd.Series
    Resamples: TypeAlias = int | str | Given

KINDS = "A number of folds, 'bootstrap', 'holdout', or a list with the rows that train in each."
_SHOWN = 5


class Split(NamedTuple):
    """The rows of a data frame in two parts: ``train, test = split``, ``split.train`` or ``split["train"]``."""

    train: pd.DataFrame
    test: pd.DataFrame

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if key in self._fields else tuple.__getitem__(self, key)

    def __repr__(self) -> str:
        return repr(Splits(train=self.train, test=self.test))


@guarded
def split_data(data: object, prop: float = 0.75, strata: str | None = None, seed: float | None = None) -> Split:
    """Split the rows of a data frame at random into a training and a test set.

    Parameters
    ----------
    data
        A data frame of at least two rows.
    prop
        The proportion of training rows, above 0 and below 1. Both parts have at least one row.
    strata
        The name of a column: each of its values is split in these proportions. Missing values are treated as an
        additional stratum.
    seed
        The seed, as in :func:`tidydl.set_seed`, which leaves the session's random number stream unchanged. By default
        the rows are drawn from that stream.

    Returns
    -------
    Split
        ``train`` and ``test``, data frames with the row order and index of ``data``. The same rows as ``split_data()``
        returns in R after the same seed.

    Raises
    ------
    ArgumentError, ColumnError
        If ``prop`` or ``seed`` is out of range, or ``strata`` is not a column.
    DataError
        If there are fewer than two rows, or a value of ``strata`` has only one.

    Examples
    --------
    >>> from tidydl import example_data, split_data
    >>> train, test = split_data(example_data("bigfive"), prop=0.8, seed=1)
    >>> len(train), len(test)
    (80, 20)
    """
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(f"`data` is {described(data)}.", allowed="A data frame.", hint=frame_hint(data))
    prop = _share(prop)
    if len(data) < 2:
        raise DataError(
            f"`data` has {len(data)} {'row' if len(data) == 1 else 'rows'}, too few to split.",
            allowed="At least two rows.",
        )
    stream = rng.stream_from(seed)
    groups = [np.arange(len(data))] if strata is None else _strata(data, strata)
    train = _drawn_share(stream, groups, prop)
    return Split(data.iloc[train], data.iloc[_others(len(data), train)])


def _share(prop: object) -> float:
    try:
        share = check_number("prop", prop)
    except ArgumentError:
        share = math.nan
    if not 0 < share < 1:
        raise ArgumentError(f"`prop` is {described(prop)}.", allowed="A number above 0 and below 1.")
    return share


def _strata(data: pd.DataFrame, name: str) -> list[np.ndarray]:
    """Return the positions of each value's rows, values in the order in which they occur."""
    codes, values = pd.factorize(label_column(data, "strata", name), use_na_sentinel=False)
    groups = [np.flatnonzero(codes == code) for code in range(len(values))]
    alone = [_written(value) for value, rows in zip(values, groups, strict=True) if len(rows) < 2]
    if alone:
        listed = ", ".join(alone[:_SHOWN]) + (", …" if len(alone) > _SHOWN else "")
        raise DataError(
            f"`strata` has values in '{name}' with one row only: {listed}.",
            allowed="At least two rows of each value.",
            hint="Leave these rows out, or `strata`.",
        )
    return groups


def _written(value: Any) -> str:
    if pd.isna(value):
        return "missing"
    is_number = isinstance(value, (bool, np.bool_, int, float, np.number))
    return described(value) if is_number else str(value)


def _drawn_share(stream: rng.RandomNumbers, groups: Sequence[np.ndarray], prop: float) -> np.ndarray:
    """Draw this share of each group's rows, at least one, and not all of a group of two or more."""
    drawn = []
    for rows in groups:
        size = max(min(math.floor(len(rows) * prop + 0.5), len(rows) - 1), 1)
        drawn.append(rows[stream.positions(len(rows), size)])
    return np.sort(np.concatenate(drawn))


def _others(n: int, rows: np.ndarray) -> np.ndarray:
    left = np.ones(n, dtype=bool)
    left[rows] = False
    return np.flatnonzero(left)


@dataclass(frozen=True)
class Resample:
    """Positions of the training rows, in order (a row may come several times), and of the assessment rows."""

    label: str
    train: np.ndarray
    assess: np.ndarray


class Asked(NamedTuple):
    """The requested resamples: their kind, how often, the folds of each time, and the training share."""

    kind: str
    times: int
    folds: int = 0
    prop: float = 0.0

    @property
    def labels(self) -> list[str]:
        """The names of the resamples."""
        if self.kind != "folds":
            return _labels(self.kind, self.times)
        folds, repeats = _labels("fold", self.folds), _labels("repeat", self.times)
        return folds if self.times == 1 else [f"{repeat}.{fold}" for repeat in repeats for fold in folds]


def draw_resamples(
    resamples: Resamples, times: int | None, prop: float, groups: Sequence[np.ndarray]
) -> list[Resample]:
    """Draw the resamples of a search: a number of folds, ``"bootstrap"``, ``"holdout"``, or given training rows.

    ``times`` is how often the folds are drawn (by default once), or the number of bootstrap samples (25) or hold-outs
    (1); ``prop`` the proportion of rows used for training in a hold-out. Folds and hold-outs are spread evenly over
    ``groups``, the positions of each class's rows.
    """
    n = sum(map(len, groups))
    if isinstance(resamples, Sequence | Mapping | np.ndarray | pd.Series) and not isinstance(resamples, str):
        return given_resamples(resamples, times, n)
    asked = asked_resamples(resamples, times, prop, n)
    stream = rng.current()
    if asked.kind == "bootstrap":
        train = [_bootstrap(stream, n) for _ in range(asked.times)]
    elif asked.kind == "holdout":
        train = [_drawn_share(stream, groups, asked.prop) for _ in range(asked.times)]
    else:
        train = [rows for _ in range(asked.times) for rows in _folds(stream, groups, asked.folds)]
    return resamples_of(asked.labels, train, n)


def asked_resamples(resamples: Resamples, times: int | None, prop: object, n: int) -> Asked:
    """Check the requested resamples of ``n`` rows, if they are to be drawn."""
    if n < 2:
        raise DataError("`data` has 1 row, too few for resamples.", allowed="At least two rows.")
    kind = resamples if isinstance(resamples, str) and resamples in ("bootstrap", "holdout") else "folds"
    count = (25 if kind == "bootstrap" else 1) if times is None else check_count("times", times, minimum=1)
    if kind == "folds":
        return Asked(kind, count, folds=_number_of_folds(resamples, n))
    return Asked(kind, count, prop=_share(prop) if kind == "holdout" else 0.0)


def resamples_of(labels: Sequence[str], train: Sequence[np.ndarray], n: int) -> list[Resample]:
    """Add the assessment rows to the training rows, which are sorted."""
    resamples = [Resample(label, np.sort(rows), _others(n, rows)) for label, rows in zip(labels, train, strict=True)]
    if not all(len(each.assess) for each in resamples):
        raise DataError("`data` has one row of each class, too few to hold some out.", allowed="At least two rows.")
    return resamples


def _number_of_folds(resamples: object, n: int) -> int:
    try:
        folds = check_count("resamples", resamples, minimum=2)
    except ArgumentError as problem:
        raise ArgumentError(problem.problem, allowed=KINDS) from None
    if folds > n:
        raise ArgumentError(
            f"`resamples` is {folds}, and there are {n} rows.", allowed="At most as many folds as rows."
        )
    return folds


def _labels(name: str, count: int) -> list[str]:
    width = len(str(count))
    return [f"{name}{i + 1:0{width}d}" for i in range(count)]


def _folds(stream: rng.RandomNumbers, groups: Sequence[np.ndarray], folds: int) -> list[np.ndarray]:
    """Deal each class's rows, in random order, to the folds in turn, continuing where the class before ended."""
    n = sum(map(len, groups))
    dealt = np.concatenate([rows[stream.positions(len(rows), len(rows))] for rows in groups])
    fold_of = np.empty(n, dtype=np.int64)
    fold_of[dealt] = np.arange(n) % folds
    return [np.flatnonzero(fold_of != fold) for fold in range(folds)]


def _bootstrap(stream: rng.RandomNumbers, n: int) -> np.ndarray:
    """Draw a bootstrap sample, again if no row is left to assess."""
    while True:
        train = np.asarray(stream.positions(n, n, replace=True))
        if len(np.unique(train)) < n:
            return train


def given_resamples(resamples: Given, times: int | None, n: int) -> list[Resample]:
    """Read the training rows of each resample, by position among ``n``."""
    if times is not None:
        raise ArgumentError("`times` is given, and `resamples` is a list.", allowed="One of them.")
    if isinstance(resamples, Mapping):
        labels, sets = [str(label) for label in resamples], list(resamples.values())
    else:
        sets = list(resamples)
        labels = _labels("resample", len(sets))
    if not sets:
        raise ArgumentError("`resamples` is 0 values.", allowed=KINDS)
    return [_one_given(label, rows, n) for label, rows in zip(labels, sets, strict=True)]


def _one_given(label: str, rows: npt.ArrayLike, n: int) -> Resample:
    try:
        is_mask = np.asarray(rows).dtype.kind == "b"
        train = np.array(np.nan) if is_mask else np.asarray(rows, dtype=float)
    except (TypeError, ValueError):
        train = np.array(np.nan)
    if train.ndim != 1 or not len(train) or not (train == np.round(train)).all():
        raise _not_given(f"`resamples` has in '{label}' no positions of rows.", n)
    if train.min() < 0 or train.max() >= n:
        raise _not_given(f"`resamples` has in '{label}' positions outside of the {n} rows.", n)
    positions = np.sort(train.astype(np.int64))
    assess = _others(n, positions)
    if not len(assess):
        raise _not_given(f"`resamples` has in '{label}' all rows, and leaves none to assess.", n)
    return Resample(label, positions, assess)


def _not_given(problem: str, n: int) -> TidydlError:
    return ArgumentError(
        problem, allowed="A list of the rows that train in each resample, by position among the complete rows."
    )


def describe_resamples(resamples: Resamples, count: int) -> str:
    """Describe the kind and number of resamples in words."""
    if isinstance(resamples, str):
        noun = "hold-out" if resamples == "holdout" else "bootstrap sample"
        return f"{count} {noun}{'' if count == 1 else 's'}"
    if isinstance(resamples, Sequence | Mapping | np.ndarray | pd.Series):
        return f"{count} resample{'' if count == 1 else 's'}"
    folds = int(resamples)
    return f"{folds} folds" if count == folds else f"{folds} folds, {count // folds} times"

"""Values of the expressions in formulas: numbers, logicals or labels, one per row, some of them missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tidydl.checks import numbers_in
from tidydl.rprint import level_text


@dataclass(frozen=True)
class Numbers:
    """Doubles, missing where NaN: one for each row, or rows by columns with the end of each column's name.

    ``whole`` says that they were integers.
    """

    values: np.ndarray
    ends: tuple[str, ...] = ("",)
    whole: bool = False

    @property
    def missing(self) -> np.ndarray:
        """Which rows have no value."""
        unknown = np.isnan(self.values)
        return unknown.any(axis=1) if unknown.ndim == 2 else unknown

    def take(self, rows: np.ndarray) -> Numbers:
        """Return the values of some rows."""
        return Numbers(self.values[rows], self.ends, self.whole)

    @property
    def columns(self) -> np.ndarray:
        """The values, rows by columns."""
        return self.values.reshape(-1, 1) if self.values.ndim == 1 else self.values


@dataclass(frozen=True)
class Logicals:
    """Truth values as doubles: 1, 0, and NaN where missing."""

    values: np.ndarray

    @property
    def missing(self) -> np.ndarray:
        """Which rows have no value."""
        return np.isnan(self.values)

    def take(self, rows: np.ndarray) -> Logicals:
        """Return the values of some rows."""
        return Logicals(self.values[rows])


@dataclass(frozen=True)
class Labels:
    """Codes of levels from 0, -1 where missing.

    ``is_text`` says that the levels are only those that occur.
    """

    codes: np.ndarray
    levels: tuple[str, ...]
    ordered: bool = False
    is_text: bool = False

    @property
    def missing(self) -> np.ndarray:
        """Which rows have no value."""
        return self.codes < 0

    def take(self, rows: np.ndarray) -> Labels:
        """Return the values of some rows; text keeps only the levels that occur there."""
        taken = Labels(self.codes[rows], self.levels, self.ordered, self.is_text)
        return taken.met() if self.is_text else taken

    def met(self) -> Labels:
        """Drop the levels without a row."""
        there = np.zeros(len(self.levels), dtype=bool)
        there[self.codes[self.codes >= 0]] = True
        if there.all():
            return self
        levels = tuple(level for level, met in zip(self.levels, there, strict=True) if met)
        return Labels(np.append(np.cumsum(there) - 1, -1)[self.codes], levels, self.ordered, self.is_text)

    def as_levels(self, levels: tuple[str, ...]) -> Labels:
        """Code by other levels; values that are not among them are missing."""
        at = pd.Index(levels, dtype=object).get_indexer(pd.Index(self.levels, dtype=object))
        return Labels(np.append(at, -1)[self.codes], levels, self.ordered)


Value = Numbers | Logicals | Labels


def value_of(column: pd.Series) -> Value | None:
    """Return a column as R would read it: numbers, logicals or labels; None for other dtypes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _categorical(column)
    if column.dtype == object:
        return _objects(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return Logicals(column.to_numpy(dtype=float, na_value=np.nan))
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        return Numbers(column.to_numpy(dtype=float, na_value=np.nan), whole=pd.api.types.is_integer_dtype(column.dtype))
    if pd.api.types.is_string_dtype(column.dtype):
        return _text(column)
    if str(column.dtype).startswith("dictionary"):  # pyarrow's categories
        return _objects(column.astype(object))
    return None


def kind_held(column: pd.Series) -> str:
    """Describe the contents of a column that formulas cannot use."""
    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else str(column.dtype)
    if kind.startswith(("date", "period", "timestamp")):
        return "dates"
    if kind.startswith(("timedelta", "duration")):
        return "durations"
    return "complex numbers" if kind.startswith("complex") else "values of several kinds"


def _objects(column: pd.Series) -> Value | None:
    """Read a column of Python objects: strings, or numbers or logicals some of which are None."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "string":
        return _text(column)
    if kind in ("boolean", "integer", "floating", "mixed-integer-float", "empty"):
        values = _doubles(column)
        return Logicals(values) if kind == "boolean" else Numbers(values)
    return None


def _doubles(column: pd.Series) -> np.ndarray:
    try:
        return column.where(column.notna(), float("nan")).astype(float).to_numpy()
    except OverflowError:  # whole numbers beyond the largest double, which are infinite
        values = numbers_in(column.to_numpy())
        assert values is not None
        return values


def _categorical(column: pd.Series) -> Labels:
    texts = [level_text(level) for level in column.cat.categories.tolist()]
    levels = tuple(dict.fromkeys(texts))
    codes = column.cat.codes.to_numpy().astype(np.int64)
    if len(levels) < len(texts):
        codes = np.array([*map(levels.index, texts), -1])[codes]
    return Labels(codes, levels, bool(column.cat.ordered))


def _text(column: pd.Series) -> Labels:
    codes, met = pd.factorize(column)
    texts = [str(text) for text in met]
    levels = sorted(texts)
    index = {text: at for at, text in enumerate(levels)}
    return Labels(np.array([*map(index.__getitem__, texts), -1], dtype=np.int64)[codes], tuple(levels), is_text=True)


def labels_of(value: Value) -> Labels:
    """Build labels as R's ``factor()`` does: the levels that occur, sorted, numbers written as in R."""
    if isinstance(value, Labels):
        return value.met()
    kinds, codes = np.unique(value.values, return_inverse=True)
    texts = [_level(value, kind) for kind in kinds[~np.isnan(kinds)].tolist()]
    levels = tuple(dict.fromkeys(texts))
    index = {text: at for at, text in enumerate(levels)}
    return Labels(np.array([*map(index.__getitem__, texts), -1], dtype=np.int64)[codes.reshape(-1)], levels)


def _level(value: Numbers | Logicals, kind: float) -> str:
    if isinstance(value, Logicals):
        return level_text(bool(kind))
    return level_text(int(kind) if value.whole else kind)

"""Which columns and rows of a data set are wanted: by name, the first, or drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from tidydl.checks import check_count, described
from tidydl.data.readers.formats import chosen, indices_of
from tidydl.errors import ArgumentError
from tidydl.rng import current, stream_from

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Wanted:
    """The columns, in order, and how many rows: the first ``n``, or ``sample`` drawn from a ``seed``; None for all."""

    columns: list[str] | None = None
    n: int | None = None
    sample: int | None = None
    seed: int | None = None

    def of_table(self, table: pa.Table) -> pa.Table:
        """Return what is wanted of a table."""
        table = chosen(table, self.columns)
        rows = self._rows(table.num_rows)
        return table.take(rows) if rows else table.slice(0, self.n if rows is None else 0)

    def of_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return what is wanted of a data frame, whose index stays."""
        if self.columns is not None:
            frame = frame.iloc[:, indices_of([str(name) for name in frame.columns], self.columns)]
        rows = self._rows(len(frame))
        return frame.iloc[: self.n] if rows is None else frame.iloc[rows]

    def _rows(self, there: int) -> list[int] | None:
        """Draw the rows as R's ``set.seed(seed); sample(there, sample)`` does."""
        if self.sample is None:
            return None
        if self.sample > there:
            raise ArgumentError(
                f"`sample` is {self.sample}, more than the {there} rows there are.",
                allowed=f"At most {there}.",
                hint="Leave `sample` out for all rows.",
            )
        return stream_from(self.seed).positions(there, self.sample)


def wanted_of(columns: object, n: object, sample: object, seed: Any, drawn: int | None = None) -> Wanted:
    """Read the arguments.

    Parameters
    ----------
    columns, n, sample, seed
        As in ``load_dataset()``.
    drawn
        The seed of a sample that was given none; by default a draw of tidydl's own generator.

    Raises
    ------
    ArgumentError
        They have the wrong type, or do not go together.
    """
    if n is not None and sample is not None:
        raise ArgumentError(
            "`n` and `sample` are both given.", allowed="Either `n` or `sample`.", hint="Leave one of them out."
        )
    if seed is not None and sample is None:
        raise ArgumentError("`seed` is given, but nothing is sampled.", allowed="`seed` together with `sample`.")
    if n is not None:
        n = check_count("n", n)
    if sample is not None:
        sample = check_count("sample", sample)
        stream_from(0 if seed is None else seed)  # says what is wrong with it
        if seed is None:
            seed = current().positions(_LARGEST_SEED, 1)[0] + 1 if drawn is None else drawn
    return Wanted(_column_names(columns), n, sample, None if seed is None else int(seed))


def _column_names(columns: object) -> list[str] | None:
    if columns is None:
        return None
    # a number is refused where the names are known that there are
    alone = isinstance(columns, (str, int, float)) and not isinstance(columns, bool)
    names: list[Any] | None = [columns] if alone else elements_of(columns)
    if not names or not all(isinstance(name, (str, int, float)) for name in names):
        raise ArgumentError(
            f"`columns` is {described(columns)}.", allowed="Names of columns.", hint="features() lists the columns."
        )
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise ArgumentError(f"`columns` names '{twice[0]}' twice.", allowed="Each column once.")
    return names


def elements_of(value: object) -> list[Any] | None:
    """Return what is in a list or an array; None of anything else, such as a text or a single number of numpy."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return None
    is_array = hasattr(value, "tolist") and getattr(value, "ndim", 1) != 0
    return list(value) if is_array or isinstance(value, Sequence) else None

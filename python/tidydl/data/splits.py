"""Named splits of a data set, and how to pick and slice them: ``"train[:10%]"``, ``"train+test"``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sized
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from tidydl.checks import described
from tidydl.data.arrow.concatenation import join
from tidydl.errors import ArgumentError, ColumnError, TidydlError, unknown_name

ALL = "all"
_PART = re.compile(r"^\s*([^\[\]+]+?)\s*(\[.*\])?\s*$")


class Splits(dict[str, Any]):
    """Data frames (or streams of them) by name of their split, in order; prints as a table of the splits.

    Examples
    --------
    >>> import pandas as pd
    >>> Splits(train=pd.DataFrame({"x": [1, 2]}), test=pd.DataFrame({"x": [3]}))
    2 splits
    split  rows columns
    train     2       x
     test     1       x
    """

    def __missing__(self, name: str) -> Any:
        raise unknown_name("split", name, self)

    def __repr__(self) -> str:
        return f"{self._heading()}\n{self._table().to_string(index=False, max_colwidth=80)}" if self else "0 splits"

    def _repr_html_(self) -> str:
        return f"<p>{self._heading()}</p>\n{self._table().to_html(index=False)}" if self else "<p>0 splits</p>"

    def _heading(self) -> str:
        return "1 split" if len(self) == 1 else f"{len(self)} splits"

    def _table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "split": pd.Series(list(self), dtype=object),  # names may be no text that Arrow takes
                "rows": [_rows(each) for each in self.values()],
                "columns": pd.Series([_columns(each) for each in self.values()], dtype=object),
            }
        )


def _rows(part: object) -> int | None:
    return len(part) if isinstance(part, Sized) and hasattr(part, "iloc") else getattr(part, "rows", None)


def _columns(part: object) -> str:
    """Name the columns; of what somebody put among the splits and has none, what it is."""
    names = getattr(part, "columns", None)
    return described(part) if names is None else ", ".join(map(str, names))


@dataclass(frozen=True)
class Cut:
    """Some rows of a split, from ``start`` to before ``stop``."""

    split: str
    start: int
    stop: int


def split_names(split: str) -> list[str] | None:
    """Name the splits that are needed for what a split asks for; None where all are, or it cannot be read."""
    names = []
    for part in split.split("+"):
        matched = _PART.match(part)
        if not matched or matched[1] == ALL:
            return None
        names.append(matched[1])
    return names


def cuts_of(rows: Mapping[str, int], split: str) -> list[Cut]:
    """Return which rows a split names, sliced and joined as it says.

    Parameters
    ----------
    rows
        How many rows each split has.
    split
        A name, a slice such as ``"train[:10%]"`` or ``"train[10:20]"``, several joined by ``+``, or ``"all"``.
    """
    return [cut for part in split.split("+") for cut in _cuts_of_part(rows, part)]


def _cuts_of_part(rows: Mapping[str, int], part: str) -> list[Cut]:
    matched = _PART.match(part)
    if not matched:
        raise _bad_slice(part)
    name, slicing = matched.groups()
    if name != ALL and name not in rows:
        raise unknown_name("split", name, rows, hint="load_dataset() without `split` returns all of them.")
    all_of_them = name == ALL and name not in rows
    total = sum(rows.values()) if all_of_them else rows[name]
    start, stop = (0, total) if slicing is None else _bounds(part, slicing, total)
    if not all_of_them:
        return [Cut(name, start, stop)]
    cuts, first = [], 0
    for each, count in rows.items():
        cuts.append(Cut(each, min(max(start - first, 0), count), min(max(stop - first, 0), count)))
        first += count
    return cuts


def _bounds(part: str, slicing: str, rows: int) -> tuple[int, int]:
    import datasets

    try:
        # datasets knows the slicing; the split gets a plain name because its grammar allows no others
        (cut,) = datasets.ReadInstruction.from_spec(f"rows{slicing}").to_absolute({"rows": rows})
    except (ValueError, AssertionError) as error:
        raise _bad_slice(part) from error
    return cut.from_, max(cut.to, cut.from_)


def _bad_slice(part: str) -> TidydlError:
    return ArgumentError(
        f"`split` '{part}' cannot be read.",
        allowed="The name of a split, or a slice of one, such as 'train[:10%]' or 'train[100:200]'.",
    )


def pick(tables: Mapping[str, pa.Table], split: str) -> pa.Table:
    """Return the rows that a split names; ``"all"`` joins all splits and tells them apart in a column ``split``."""
    if asks_for_all(tables, split):
        tables = mark_all(tables)
    cuts = cuts_of({name: table.num_rows for name, table in tables.items()}, split)
    parts = [tables[cut.split].slice(cut.start, cut.stop - cut.start) for cut in cuts]
    return join([f"split {cut.split}" for cut in cuts], parts)


def asks_for_all(names: Collection[str], split: str) -> bool:
    """Return whether a split joins all splits, which a column ``split`` then tells apart."""
    return ALL not in names and any(_is_all(part) for part in split.split("+"))


def _is_all(part: str) -> bool:
    matched = _PART.match(part)
    return matched is not None and matched[1] == ALL


def refuse_a_column_split(columns: Collection[str]) -> None:
    """Refuse data that have a column ``split`` already.

    Raises
    ------
    ColumnError
        They have.
    """
    if "split" in columns:
        raise ColumnError(
            "`split` 'all' would add a column 'split', but the data already have one.",
            allowed="Data without a column 'split'.",
            hint="Leave `split` out and combine the data frames yourself.",
        )


def mark_all(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Add to each table the column ``split``, whose levels are all splits from the first to the last.

    Raises
    ------
    ColumnError
        The data have such a column already.
    """
    refuse_a_column_split({name for table in tables.values() for name in table.column_names})
    names = pa.array(list(tables), type=pa.string())
    marked = {}
    for code, (name, table) in enumerate(tables.items()):
        codes = pa.repeat(pa.scalar(code, pa.int32()), table.num_rows)
        marked[name] = table.append_column("split", pa.DictionaryArray.from_arrays(codes, names))
    return marked

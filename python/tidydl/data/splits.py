"""Named splits of a data set, and how to pick and slice them: ``"train[:10%]"``, ``"train+test"``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tidydl.errors import ArgumentError, ColumnError, DataError, TidydlError, unknown_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Splits", "pick", "split_names"]

ALL = "all"
_PART = re.compile(r"^\s*([^\[\]+]+?)\s*(\[.*\])?\s*$")


class Splits(dict[str, "pd.DataFrame"]):
    """Data frames by name of their split, in order; prints as a table of the splits.

    Examples
    --------
    >>> import pandas as pd
    >>> Splits(train=pd.DataFrame({"x": [1, 2]}), test=pd.DataFrame({"x": [3]}))
    2 splits
    split  rows columns
    train     2       x
     test     1       x
    """

    def __missing__(self, name: str) -> pd.DataFrame:
        raise unknown_name("split", name, self)

    def __repr__(self) -> str:
        import pandas as pd

        if not self:
            return "0 splits"
        table = pd.DataFrame(
            {
                "split": list(self),
                "rows": [len(frame) for frame in self.values()],
                "columns": [", ".join(map(str, frame.columns)) for frame in self.values()],
            }
        )
        heading = "1 split" if len(self) == 1 else f"{len(self)} splits"
        return f"{heading}\n{table.to_string(index=False, max_colwidth=80)}"


def pick(tables: Mapping[str, pa.Table], split: str) -> pa.Table:
    """Give the rows that a split names, sliced and joined as it says.

    Parameters
    ----------
    tables
        One table per split.
    split
        A name, a slice such as ``"train[:10%]"`` or ``"train[10:20]"``, several joined by ``+``, or
        ``"all"``, which joins all splits and tells them apart in a column ``split``.
    """
    if ALL not in tables and re.match(rf"^\s*{ALL}\s*(\[.*\])?\s*$", split):
        tables = {ALL: _bound(tables)}
    parts = [_part(tables, part) for part in split.split("+")]
    return parts[0] if len(parts) == 1 else join(parts)


def split_names(split: str) -> list[str] | None:
    """Name the splits whose rows a specification takes; None for all of them."""
    matched = [_PART.match(part) for part in split.split("+")]
    names = list(dict.fromkeys(match[1] for match in matched if match))
    return None if ALL in names or not all(matched) else names


def _part(tables: Mapping[str, pa.Table], part: str) -> pa.Table:
    import datasets

    matched = _PART.match(part)
    if not matched:
        raise _bad_slice(part)
    name, slicing = matched.groups()
    if name not in tables:
        raise unknown_name("split", name, tables, hint="load_dataset() without `split` gives them all.")
    table = tables[name]
    if slicing is None:
        return table
    try:
        # datasets knows the slicing; the split gets a plain name because its grammar allows no others
        (cut,) = datasets.ReadInstruction.from_spec(f"rows{slicing}").to_absolute({"rows": table.num_rows})
    except (ValueError, AssertionError) as error:
        raise _bad_slice(part) from error
    return table.slice(cut.from_, max(cut.to - cut.from_, 0))


def _bad_slice(part: str) -> TidydlError:
    return ArgumentError(
        f"`split` '{part}' cannot be read.",
        allowed="A name, or a name and a slice inside its rows, such as 'train[:10%]' or 'train[100:200]'.",
    )


def _bound(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Join all splits, with a first-to-last ordered column ``split``."""
    import pyarrow as pa

    if any("split" in table.column_names for table in tables.values()):
        raise ColumnError(
            "`split` 'all' would add a column 'split', and the data have one already.",
            allowed="Data without a column 'split'.",
            hint="Leave `split` out and join the frames yourself.",
        )
    names = pa.array(list(tables), type=pa.string())
    marked = []
    for code, table in enumerate(tables.values()):
        column = pa.DictionaryArray.from_arrays(pa.array([code] * table.num_rows, pa.int32()), names)
        marked.append(table.append_column("split", column))
    return join(marked)


def join(tables: list[pa.Table]) -> pa.Table:
    """Bind tables by row; numbers of different kinds take the wider, missing columns are filled."""
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(
            f"The files or splits do not fit together: {str(error).splitlines()[0]}.",
            allowed="Columns of one name with one kind of values in all of them.",
            hint="Load them one by one.",
        ) from error

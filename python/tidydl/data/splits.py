"""Named splits of a data set, and how to pick and slice them: ``"train[:10%]"``, ``"train+test"``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.data.arrow.merged_metadata import metadata_of_all
from tidydl.data.arrow.nested import labels_within
from tidydl.data.arrow.to_frame import features_of
from tidydl.errors import ArgumentError, ColumnError, DataError, TidydlError, unknown_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "ALL",
    "Cut",
    "Splits",
    "asks_for_all",
    "cuts_of",
    "join",
    "mark_all",
    "misfit",
    "pick",
    "refuse_a_column_split",
    "refuse_other_labels",
    "split_names",
]

ALL = "all"
_WRITTEN = ("frame ", "rows ")  # what parts of a stream that is written are called
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
        import pandas as pd

        return pd.DataFrame(
            {
                "split": pd.Series(list(self), dtype=object),  # names may be no text that Arrow takes
                "rows": [_rows(each) for each in self.values()],
                "columns": pd.Series([_columns(each) for each in self.values()], dtype=object),
            }
        )


def _rows(part: Any) -> Any:
    return len(part) if hasattr(part, "iloc") else getattr(part, "rows", None)


def _columns(part: Any) -> str:
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
    """Say which rows a split names, sliced and joined as it says.

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
        raise unknown_name("split", name, rows, hint="load_dataset() without `split` gives them all.")
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
        allowed="A name, or a name and a slice inside its rows, such as 'train[:10%]' or 'train[100:200]'.",
    )


def pick(tables: Mapping[str, pa.Table], split: str) -> pa.Table:
    """Give the rows that a split names; ``"all"`` joins all splits and tells them apart in a column ``split``."""
    if asks_for_all(tables, split):
        tables = mark_all(tables)
    cuts = cuts_of({name: table.num_rows for name, table in tables.items()}, split)
    parts = [tables[cut.split].slice(cut.start, cut.stop - cut.start) for cut in cuts]
    return join([f"split {cut.split}" for cut in cuts], parts)


def asks_for_all(names: Collection[str], split: str) -> bool:
    """Say whether a split joins all splits, which a column ``split`` then tells apart."""
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
            "`split` 'all' would add a column 'split', and the data have one already.",
            allowed="Data without a column 'split'.",
            hint="Leave `split` out and join the frames yourself.",
        )


def mark_all(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Add to each table the column ``split``, whose levels are all splits from the first to the last.

    Raises
    ------
    ColumnError
        The data have such a column already.
    """
    import pyarrow as pa

    refuse_a_column_split({name for table in tables.values() for name in table.column_names})
    names = pa.array(list(tables), type=pa.string())
    marked = {}
    for code, (name, table) in enumerate(tables.items()):
        codes = pa.repeat(pa.scalar(code, pa.int32()), table.num_rows)
        marked[name] = table.append_column("split", pa.DictionaryArray.from_arrays(codes, names))
    return marked


def join(names: Sequence[str], tables: Sequence[pa.Table]) -> pa.Table:
    """Bind tables by row; numbers of different kinds take the wider, missing columns are filled.

    Parameters
    ----------
    names
        What the tables are called in a message: their files, or their splits.
    tables
        The tables.

    Raises
    ------
    DataError
        A column has kinds that do not go together, or labels that differ.
    """
    import pyarrow as pa

    if len(tables) == 1:
        return tables[0]
    schemas = {name: table.schema for name, table in zip(names, tables, strict=True)}
    refuse_other_labels(schemas)
    try:
        alike = all(table.schema.equals(tables[0].schema) for table in tables)
        bound = pa.concat_tables(tables, promote_options="none" if alike else "permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise misfit(schemas, error) from error
    return bound.replace_schema_metadata(metadata_of_all([table.schema for table in tables]))


def refuse_other_labels(schemas: Mapping[str, pa.Schema]) -> None:
    """Refuse parts whose labels of one column, or in its cells, differ, for then the codes mean something else."""
    known: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for part, schema in schemas.items():
        for place, names in labels_within(features_of(schema)):
            first, before = known.setdefault(place, (part, names))
            if names != before:
                within = f" has in its cells, in '{'$'.join(place[1:])}'," if len(place) > 1 else " has"
                raise DataError(
                    f"Column '{place[0]}'{within} the labels {', '.join(before)} in {_told(first)},"
                    f" and {', '.join(names)} in {_told(part)}.",
                    allowed="The same labels, in the same order, in all of them.",
                    hint="Load them one by one."
                    if not part.startswith(_WRITTEN)
                    else "Give the column all its labels in every frame.",
                )


def misfit(schemas: Mapping[str, pa.Schema], error: Exception) -> DataError:
    """Say which column of which file has another kind than before."""
    import pyarrow as pa

    hint, allowed = "Load them one by one.", "Columns of one name with one kind of values in all of them."
    seen: dict[str, tuple[str, Any]] = {}
    for part, schema in schemas.items():
        for field in schema:
            first, before = seen.setdefault(field.name, (part, field))
            try:
                merged = pa.unify_schemas([pa.schema([before]), pa.schema([field])], promote_options="permissive")
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                one, other = _kinds(before.type, field.type)
                return DataError(
                    f"The files or splits do not fit together: column '{field.name}' is {one} in {_told(first)},"
                    f" and {other} in {_told(part)}.",
                    allowed=allowed,
                    hint=hint,
                )
            seen[field.name] = (first, merged.field(0))
    problem = f"The files or splits do not fit together: {str(error).splitlines()[0]}."
    return DataError(problem, allowed=allowed, hint=hint)


def _told(part: str) -> str:
    if part.startswith("frame "):
        return part
    return f"the {part}" if part.startswith(("split ", *_WRITTEN)) else f"'{part}'"


def _kinds(one: pa.DataType, other: pa.DataType) -> tuple[str, str]:
    """Say of which kinds the values of two Arrow types are, so that they differ."""
    words = _kind(one), _kind(other)
    if words[0] != words[1]:
        return words
    if words[0] == "moments":
        return _zoned(one), _zoned(other)
    if words[0] == "lists" and _kind(one.value_type) != _kind(other.value_type):
        return f"lists of {_kind(one.value_type)}", f"lists of {_kind(other.value_type)}"
    return (f"{words[0]} ({one})", f"{words[1]} ({other})") if words[0] != str(one) else words


def _zoned(kind: Any) -> str:
    return f"moments with zone {kind.tz}" if kind.tz else "moments without a zone"


def _kind(kind: pa.DataType) -> str:
    """Say of which kind values of an Arrow type are, in the words of the columns."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_integer(kind):
        return "whole numbers"
    if is_.is_floating(kind) or is_.is_decimal(kind):
        return "numbers"
    if is_.is_boolean(kind):
        return "true or false"
    if is_.is_date(kind):
        return "dates"
    if is_.is_timestamp(kind):
        return "moments"
    if str(kind) in ("string", "large_string", "string_view") or is_.is_dictionary(kind):
        return "text"
    return "lists" if is_.is_list(kind) or is_.is_large_list(kind) else str(kind)

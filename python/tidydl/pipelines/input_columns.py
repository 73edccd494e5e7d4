"""The column of a frame that holds a part of the inputs."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from tidydl.checks import described
from tidydl.errors import ColumnError, nearest, one_of
from tidydl.pipelines.declarations import Part
from tidydl.pipelines.positions import is_missing


def choose_column(frame: pd.DataFrame, part: Part, wanted: object, modality: ModuleType, *, alone: bool = True) -> int:
    """Find the position of the column that holds a part.

    ``wanted`` is its name, or None for the column called like the part, else for the only one that fits. A column is
    taken for its type only if inputs have no other part (``alone``).
    """
    names = list(frame.columns)
    if wanted is not None and (is_missing(wanted) or not (pd.api.types.is_scalar(wanted) or isinstance(wanted, tuple))):
        raise ColumnError(
            f"`{part.name}` is {described(wanted)}, and `x` is a data frame.",
            allowed=f"The name of a column: {_quoted(names)}.",
            hint="Put it into the data frame, or leave `x` out.",
        )
    if wanted is not None:
        positions = [i for i, name in enumerate(names) if name == wanted]
        if len(positions) == 1:
            return positions[0]
        raise _no_such(names, part, wanted, len(positions))
    same_name = [i for i in range(len(names)) if names[i] == part.name]
    if len(same_name) == 1:
        return same_name[0]
    # labels are texts too, but seldom those that are meant
    fitting = [
        i for i in range(len(names)) if modality.column_fits(frame.iloc[:, i]) and not _is_label(frame.iloc[:, i])
    ]
    if len(fitting) == 1 and alone:
        return fitting[0]
    several = one_of(names[i] for i in fitting) if fitting else f"`x` has {_quoted(names)}."
    problem = f"{'several columns' if fitting else 'no column'} that could hold the {part.modality}s"
    raise ColumnError(
        f"`x` has {problem if alone else f'no column `{part.name}`'}.",
        allowed=several,
        hint=f'Name the column: `{part.name} = "..."`.',
    )


def refuse_mistyped(frame: pd.DataFrame, part: Part, wanted: object) -> None:
    """Refuse a single text for all inputs that is nearly the name of a column, which the error suggests."""
    close = nearest(wanted, frame.columns) if isinstance(wanted, str) and "," not in wanted else None
    if close is not None:
        raise ColumnError(
            f"`{part.name}` is {wanted!r}, which is not a column of `x`.",
            allowed=one_of(frame.columns),
            hint=f"Did you mean '{close}'? If not, give the text in a list.",
        )


def _is_label(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _no_such(names: list[Any], part: Part, wanted: object, count: int) -> ColumnError:
    problem = f"`{part.name}` is {wanted!r}, " + (
        f"and `x` has {count} columns of that name." if count else "which is not a column of `x`."
    )
    close = nearest(wanted, names)
    suggestion = f"Did you mean '{close}'?" if close else f'Name the column: `{part.name} = "..."`.'
    return ColumnError(problem, allowed=one_of(names), hint="Rename the columns of `x`." if count else suggestion)


def _quoted(names: list[Any]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "no columns"

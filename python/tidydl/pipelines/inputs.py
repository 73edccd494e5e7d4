"""Reading what a pipeline is given: one value, many, or a column of a frame."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.errors import ArgumentError, ColumnError, nearest, one_of
from tidydl.pipelines.positions import is_missing, ordinal
from tidydl.pipelines.registry import Part

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inputs", "modality_of", "read_inputs"]


@dataclass(frozen=True)
class Inputs:
    """The inputs of a call: by part, one value per input, None where missing.

    An input is missing where any of its parts is. ``index`` is that of the Series or frame they came in.
    """

    parts: dict[str, list[Any]]
    index: pd.Index | None = None

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def values(self) -> list[Any]:
        """Give one value per input, or a tuple where inputs have several parts; None where missing."""
        columns = list(self.parts.values())
        if len(columns) == 1:
            return columns[0]
        return [None if any(part is None for part in row) else row for row in zip(*columns, strict=True)]


def read_inputs(x: Any, parts: Sequence[Part], columns: Mapping[str, Any]) -> Inputs:
    """Read the inputs of a call.

    Parameters
    ----------
    x
        One value, a list, Series, array or frame.
    parts
        The parts that each input has.
    columns
        For a frame: the column that holds each part, None to take the only one that fits.

    Raises
    ------
    ArgumentError
        Where a value has the wrong type; says which, counting from the first.
    ColumnError
        Where a frame has no such column, or several that fit.
    """
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        chosen = {part.name: _column(x, part, columns.get(part.name)) for part in parts}
        read = {part.name: _read(x.iloc[:, chosen[part.name]].tolist(), part) for part in parts}
        return Inputs(read, x.index)
    named = [name for name, column in columns.items() if column is not None]
    if named:
        raise ArgumentError(
            f"`{named[0]}` names a column, but `x` is {described(x)}.",
            allowed="A column is named where `x` is a data frame.",
            hint=f"Leave `{named[0]}` out, or give the data frame as `x`.",
        )
    if len(parts) > 1:
        raise ArgumentError(
            f"`x` is {described(x)}, but each input has several parts.",
            allowed="A data frame with the columns " + ", ".join(f"`{part.name}`" for part in parts) + ".",
            hint="Put the parts side by side in a data frame.",
        )
    index = x.index if isinstance(x, pd.Series) else None
    return Inputs({parts[0].name: _read(_many(x, parts[0]), parts[0])}, index)


def modality_of(part: Part) -> Any:
    """Give the module that reads inputs of this kind."""
    return importlib.import_module(f"tidydl.pipelines.{part.modality}s")


def _many(x: Any, part: Part) -> list[Any]:
    """Make a list of what may be one value or many."""
    if is_missing(x) or modality_of(part).is_one(x):
        return [x]
    if isinstance(x, (Mapping, set, frozenset)) or not isinstance(x, Iterable):
        raise ArgumentError(
            f"`x` is {described(x)}.",
            allowed=modality_of(part).ALLOWED,
            hint="A list keeps the order of inputs.",
        )
    return _listed(x)


def _listed(x: Any) -> list[Any]:
    """List the values of an array as plain ones, and of a batch of images as arrays."""
    return x.tolist() if hasattr(x, "tolist") and getattr(x, "ndim", 1) == 1 else list(x)


def _read(values: list[Any], part: Part) -> list[Any]:
    read = modality_of(part).read
    return [
        None if is_missing(value) else read(value, f"The {ordinal(i)} value of `x`") for i, value in enumerate(values)
    ]


def _column(frame: pd.DataFrame, part: Part, wanted: Any) -> int:
    """Find the position of the column that holds a part."""
    names = list(frame.columns)
    if wanted is not None:
        positions = [i for i, name in enumerate(names) if name == wanted]
        if len(positions) == 1:
            return positions[0]
        problem = f"`{part.name}` is {wanted!r}, " + (
            f"and `x` has {len(positions)} columns of that name." if positions else "which is no column of `x`."
        )
        close = nearest(wanted, names)
        hint = f"Did you mean '{close}'?" if close and not positions else "Rename the columns of `x`."
        raise ColumnError(problem, allowed=one_of(names), hint=hint)
    fitting = [i for i in range(len(names)) if modality_of(part).column_fits(frame.iloc[:, i])]
    same_name = [i for i in range(len(names)) if names[i] == part.name]
    if len(same_name) == 1:
        return same_name[0]
    if len(fitting) == 1:
        return fitting[0]
    several = one_of(names[i] for i in fitting) if fitting else f"`x` has {one_of(names)[7:-1] or 'no columns'}."
    raise ColumnError(
        f"`x` has {'several columns' if fitting else 'no column'} that could hold the {part.modality}s.",
        allowed=several,
        hint=f'Name the column: `{part.name} = "..."`.',
    )

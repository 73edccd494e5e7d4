"""The columns of a model: R's ``model.matrix()`` without the intercept."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from tidydl.design.contrasts import Coding
from tidydl.design.expressions import Expression
from tidydl.design.formulas import Formula
from tidydl.design.limits import MOST_CELLS
from tidydl.design.values import Labels, Logicals, Numbers, Value, labels_of
from tidydl.errors import ColumnError, DataError

LOGICAL = ("FALSE", "TRUE")


def model_columns(
    formula: Formula, values: Mapping[str, Value], codings: Mapping[str, Coding], rows: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Build the columns of a formula's terms and their names.

    ``values`` are those of its factors, by how R writes them, without missing ones; ``codings`` say how the categorical
    ones are coded.
    """
    blocks: list[np.ndarray] = []
    names: list[str] = []
    for at, term in enumerate(formula.terms):
        block, labels = None, [""]
        for factor in term:
            coding = codings.get(factor.text)
            full = _is_full(formula, codings, at, factor.text)
            width = coding.width(full) if coding is not None else 1
            if rows * (len(names) + len(labels) * width) > MOST_CELLS:
                raise _too_large(rows, len(names) + len(labels) * width, factor.text)
            try:
                columns, ends = _coded(factor, values[factor.text], coding, full)
                block = columns if block is None else _products(block, columns)
            except MemoryError as problem:
                raise _too_large(rows, len(names) + len(labels) * width, factor.text) from problem
            name = factor.label
            labels = [f"{old}:{name}{end}" if old else name + end for end in ends for old in labels]
        assert block is not None
        blocks.append(block)
        names += labels
    x = np.concatenate(blocks, axis=1) if blocks else np.empty((rows, 0))
    return np.ascontiguousarray(x), tuple(names)


def number_of_columns(formula: Formula, codings: Mapping[str, Coding], widths: Mapping[str, int]) -> int:
    """Count the columns of a formula without building them; ``widths`` are those of factors with several columns."""
    total = 0
    for at, term in enumerate(formula.terms):
        columns = 1
        for factor in term:
            coding = codings.get(factor.text)
            full = _is_full(formula, codings, at, factor.text)
            columns *= widths.get(factor.text, 1) if coding is None else coding.width(full)
        total += columns
    return total


def _is_full(formula: Formula, codings: Mapping[str, Coding], at: int, name: str) -> bool:
    """Return whether a factor has a column for each level: without its margin, or as the first without an intercept."""
    if name not in codings:
        return False
    if not formula.intercept and (at, name) == _first_categorical(formula, codings):
        return True
    return _lacks_margin(formula, at, name)


def _lacks_margin(formula: Formula, at: int, name: str) -> bool:
    """Return whether no term before this one has all its other factors, as R looks for a term's margin."""
    margin = formula.factor_sets[at] - {name}
    if not margin:
        return False
    rarest = min((formula.term_positions[each] for each in margin), key=len)
    before = itertools.takewhile(lambda position: position < at, rarest)
    return not any(margin <= formula.factor_sets[position] for position in before)


def _products(block: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Multiply each column by each, the first changing fastest."""
    width = columns.shape[1] * block.shape[1]
    return (columns[:, :, None] * block[:, None, :]).reshape(len(block), width)


def _too_large(rows: int, columns: int, name: str) -> DataError:
    return DataError(
        f"`formula` makes more than {columns - 1} columns of {rows} rows at '{name}', too many to hold.",
        allowed="Factors of few levels.",
        hint="Is it an identifier? Then leave it out by a minus.",
    )


def _first_categorical(formula: Formula, codings: Mapping[str, Coding]) -> tuple[int, str] | None:
    """Without an intercept R codes the first categorical factor it meets by one column per level."""
    for at, term in enumerate(formula.terms):
        for factor in term:
            if factor.text in codings:
                return at, factor.text
    return None


def _coded(factor: Expression, value: Value, coding: Coding | None, full: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return one factor's columns and the ends of their names."""
    if coding is not None:
        return coding.columns(_codes(factor.text, value, coding.levels), full)
    if isinstance(value, Labels) or (isinstance(value, Logicals) and len(value.values)):
        raise ColumnError(
            f"`newdata` has in '{factor.text}' no numbers, and the network was fitted with numbers.",
            allowed="Numbers in this column.",
            hint="Turn the column into numbers first.",
        )
    return (value.columns, value.ends) if isinstance(value, Numbers) else (value.values.reshape(-1, 1), ("",))


def _codes(name: str, value: Value, levels: tuple[str, ...]) -> np.ndarray:
    labels = as_labels(value).met()
    codes = labels.as_levels(levels).codes
    if (codes < 0).any():
        new = [level for level in labels.levels if level not in levels]
        raise levels_not_seen("newdata", name, new, levels)
    return codes.astype(np.int64)


def levels_not_seen(argument: str, name: str, new: Sequence[str], levels: Sequence[str]) -> DataError:
    """Build the error for data with levels that the fit did not have."""
    return DataError(
        f"`{argument}` has in '{name}' levels that the network has not seen: {', '.join(new)}.",
        allowed=f"The levels {', '.join(levels)}.",
        hint="Leave these rows out, or fit again with data that has them.",
    )


def as_labels(value: Value) -> Labels:
    """Return values that are coded by levels as labels; logicals always have both levels."""
    return labels_of(value).as_levels(LOGICAL) if isinstance(value, Logicals) else labels_of(value)

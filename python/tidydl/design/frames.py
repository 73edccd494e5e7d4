"""From a formula and a data frame to numbers, as R's ``model.frame`` and ``model.matrix`` make them, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tidydl.design.contrasts import Coding, coded_by
from tidydl.design.expressions import Expression, Scope
from tidydl.design.formulas import Formula, parse_formula, several_columns
from tidydl.design.functions import numeric
from tidydl.design.matrices import as_labels, model_columns
from tidydl.design.responses import Response, bound_response, predictable, response_of
from tidydl.design.rows import check_na_action, chosen_rows, column_values, no_rows, refuse_incomplete
from tidydl.design.values import Labels, Numbers, Value
from tidydl.errors import ColumnError, DataError, no_column

if TYPE_CHECKING:
    from tidydl.design.contrasts import Contrasts
    from tidydl.design.rows import Subset


@dataclass(frozen=True)
class Design:
    """How predictors become columns: enough to do the same to new data.

    ``formula`` is None where the predictors were given as numbers. ``codings`` are those of the categorical factors,
    ``widths`` the numbers of columns of factors that have several, and ``memory`` is what calls such as ``poly()`` keep
    of the data of the fit, all by how R writes them.
    """

    columns: tuple[str, ...]
    formula: Formula | None = None
    codings: Mapping[str, Coding] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The levels of the categorical factors, as R's ``xlevels``."""
        return {name: coding.levels for name, coding in self.codings.items()}


@dataclass(frozen=True)
class ModelFrame:
    """The numbers of a formula.

    Attributes
    ----------
    design : Design
        How they were made.
    x : numpy.ndarray
        Rows by columns, without the intercept.
    response : Response
        What is predicted, for the same rows.
    rows : numpy.ndarray
        The positions in the data frame of these rows, in their order.
    chosen : numpy.ndarray
        The positions of the rows of the subset, incomplete ones too.
    complete : numpy.ndarray
        Which of the chosen rows are complete: ``rows`` is ``chosen[complete]``.
    offset : numpy.ndarray or None
        The sum of the formula's offsets, rows by one column or several; None without any.
    """

    design: Design
    x: np.ndarray
    response: Response
    rows: np.ndarray
    chosen: np.ndarray
    complete: np.ndarray
    offset: np.ndarray | None = None


def from_formula(
    text: str,
    data: pd.DataFrame,
    *,
    subset: Subset | None = None,
    na_action: str = "omit",
    contrasts: Contrasts | None = None,
    usable: np.ndarray | None = None,
) -> ModelFrame:
    """Build the numbers of a formula.

    ``subset``, ``na_action`` and ``contrasts`` are those of :func:`tidydl.nnet`; where ``usable`` is False a row counts
    as incomplete. As in R the calls inside the formula are evaluated on all rows, those outside the subset too.
    """
    names = [str(name) for name in data.columns]
    formula = parse_formula(text, names)
    check_na_action(na_action)
    chosen = chosen_rows(subset, data)
    if not len(chosen):
        raise no_rows(len(data), 0)
    for part in formula.response:
        if part.is_column:
            predictable(part.text, data.iloc[:, names.index(part.columns[0])])
    memory: dict[str, Any] = {}
    values, incomplete = _evaluated([*formula.response, *formula.factors, *formula.offset_parts], data, memory)
    incomplete |= _missing([each for each in formula.variables if each.text not in values], data, memory)
    if usable is not None:
        incomplete["case weights"] = ~usable
    incomplete = {name: missing[chosen] for name, missing in incomplete.items()}
    if na_action == "fail":
        refuse_incomplete(incomplete)
    complete = ~_any(incomplete.values(), len(chosen))
    rows = chosen[complete]
    if not len(rows):
        raise no_rows(len(data), len(chosen))
    taken = {name: value.take(rows) for name, value in values.items()}
    response = _response(formula, taken)
    codings = _codings(formula.factors, taken, contrasts)
    x, columns = model_columns(formula, taken, codings, len(rows))
    widths = {
        name: len(value.ends) for name, value in taken.items() if isinstance(value, Numbers) and len(value.ends) > 1
    }
    design = Design(columns, formula, codings, widths, memory)
    return ModelFrame(design, x, response, rows, chosen, complete, _offset(formula, taken))


def _evaluated(
    expressions: Iterable[Expression], data: pd.DataFrame, memory: dict[str, Any], is_new: bool = False
) -> tuple[dict[str, Value], dict[str, np.ndarray]]:
    """Evaluate expressions on all rows, and return for each where it is missing."""
    different = {each.text: each for each in expressions}
    columns = list(dict.fromkeys(name for each in different.values() for name in each.columns))
    scope = Scope(column_values(columns, data), len(data), memory, is_new=is_new)
    values = {text: scope.value(each) for text, each in different.items()}
    return values, {text: value.missing for text, value in values.items()}


def _missing(unused: Iterable[Expression], data: pd.DataFrame, memory: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return where variables are missing that a formula names but does not use: R drops those rows too."""
    names = [str(name) for name in data.columns]
    columns = [each for each in unused if each.is_column]  # of any dtype
    marks = {each.text: data.iloc[:, names.index(each.columns[0])].isna().to_numpy(dtype=bool) for each in columns}
    return marks | _evaluated([each for each in unused if not each.is_column], data, dict(memory), True)[1]


def _response(formula: Formula, values: Mapping[str, Value]) -> Response:
    parts = [response_of(part.text, values[part.text]) for part in formula.response]
    if len(parts) == 1 and formula.response_text == formula.response[0].text:
        return parts[0]
    return bound_response(formula.response_text, parts, formula.response_names)


def _codings(
    factors: Sequence[Expression], values: Mapping[str, Value], contrasts: Contrasts | None
) -> dict[str, Coding]:
    labels = {f.text: values[f.text] for f in factors if not isinstance(values[f.text], Numbers)}
    levels = {name: _levels(name, value) for name, value in labels.items()}
    requested = coded_by(contrasts, levels, [factor.text for factor in factors if factor.text not in labels])
    codings = {}
    for name, value in labels.items():
        ordered = isinstance(value, Labels) and value.ordered
        usual = Coding(levels[name], "contr.poly" if ordered else "contr.treatment")
        codings[name] = replace(requested.get(name, usual), ordered=ordered)
    return codings


def _levels(name: str, value: Value) -> tuple[str, ...]:
    levels = value.levels if isinstance(value, Labels) else as_labels(value).levels
    if len(levels) < 2:
        raise DataError(
            f"`data` has the factor '{name}' with only one level ({', '.join(levels)}).",
            allowed="At least two levels in a predictor.",
            hint=f"Leave '{name}' out of the formula.",
        )
    return levels


def _offset(formula: Formula, values: Mapping[str, Value]) -> np.ndarray | None:
    """Add up the offsets."""
    total: Any = None
    for offset in formula.offsets:
        columns = np.column_stack([numeric(values[part.text], part.text) for part in offset.parts])
        if total is not None and 1 < columns.shape[1] != total.shape[1] > 1:
            raise DataError("`formula` has offsets of different widths.", allowed="As many columns in each.")
        total = columns if total is None else total + columns
    return total


def design_matrix(design: Design, newdata: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Build the numbers of new data: x of the complete rows, and which rows are complete.

    A column that the formula names but does not use, as an offset or behind a minus, may be absent; a row where it is
    there and missing is incomplete, as in R.
    """
    assert design.formula is not None
    values, complete = _read(design, newdata, design.formula.factors, design.formula.offset_parts, "newdata")
    rows = np.flatnonzero(complete)
    taken = {name: value.take(rows) for name, value in values.items()}
    x, _ = model_columns(design.formula, taken, design.codings, len(rows))
    return x, complete


def design_offset(design: Design, newdata: pd.DataFrame) -> np.ndarray | None:
    """Add up the offsets of the complete rows of new data (those of :func:`design_matrix`): one column or several."""
    assert design.formula is not None
    if not design.formula.offsets:
        return None
    required = [*design.formula.factors, *design.formula.offset_parts]
    values, complete = _read(design, newdata, required, (), "newdata")
    return _offset(design.formula, {name: value.take(complete) for name, value in values.items()})


def _read(
    design: Design, data: pd.DataFrame, required: Sequence[Expression], others: Sequence[Expression], argument: str
) -> tuple[dict[str, Value], np.ndarray]:
    """Evaluate the variables as at the fit, and return which rows are complete, unused variables included."""
    assert design.formula is not None
    names = [str(name) for name in data.columns]
    counts = Counter(names)
    for name in dict.fromkeys(name for each in required for name in each.columns):
        if not counts[name]:
            raise column_gone(name, names, argument)
        if counts[name] > 1:
            raise several_columns(name, argument)
    values, missing = _evaluated(required, data, dict(design.memory), True)
    there = [each for each in [*design.formula.variables, *others] if all(counts[name] for name in each.columns)]
    missing |= _missing([each for each in there if each.text not in values], data, design.memory)
    return values, ~_any(missing.values(), len(data))


def _any(marks: Iterable[np.ndarray], rows: int) -> np.ndarray:
    return np.logical_or.reduce([np.zeros(rows, dtype=bool), *marks])


def column_gone(name: str, columns: Sequence[str], argument: str = "newdata") -> ColumnError:
    """Build the error for data without a column of the fit."""
    problem = f"`{argument}` lacks the column '{name}', which the network was fitted with."
    return no_column(problem, name, columns, argument)


def used_rows(design: Design, data: pd.DataFrame, *, with_response: bool) -> tuple[pd.DataFrame, list[pd.Series]]:
    """Return the complete rows of the predictors' and offsets' columns, and the response of those rows.

    Without ``with_response`` the columns of the response may be absent and the second value is empty, but rows whose
    response is missing are still left out.
    """
    formula = design.formula
    assert formula is not None
    required = [*formula.factors, *(formula.response if with_response else ())]
    values, complete = _read(design, data, required, [*formula.response, *formula.offset_parts], "data")
    if not complete.any():
        raise no_rows(len(data), len(data))
    names = [str(name) for name in data.columns]
    offsets = [part for part in formula.offset_parts if set(part.columns) <= set(names)]
    wanted = list(dict.fromkeys(name for each in [*formula.factors, *offsets] for name in each.columns))
    used = data.iloc[np.flatnonzero(complete), [names.index(name) for name in wanted]].set_axis(wanted, axis=1)
    parts = [_series(values[part.text], complete, used.index) for part in formula.response] if with_response else []
    return used, parts


def _series(value: Value, rows: np.ndarray, index: pd.Index) -> pd.Series:
    if not isinstance(value, Labels):
        return pd.Series(value.values[rows], index=index)
    labels = value.take(rows)
    return pd.Series(
        pd.Categorical.from_codes(labels.codes, categories=pd.Index(labels.levels, dtype=object)), index=index
    )

"""From a formula and a data frame to numbers, as R's ``model.frame`` and ``model.matrix`` make them, and back.

Columns have R's names and order: terms by degree, the first factor of an interaction varying fastest; a categorical
column is coded by treatment contrasts (an ordered one by polynomial ones) where its margin is in the model, and by one
column per level where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError, ColumnError, DataError, no_column
from tidydl.formulas import Expression, Formula, parse_formula, quoted

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Design", "Response", "column_gone", "design_matrix", "from_formula", "from_matrix", "response_values"]


MOST_INDICATORS = 100_000_000  # rows times classes: more is an identifier taken for a class


@dataclass(frozen=True)
class Response:
    """What is predicted: ``levels`` for a class, or None for numbers, of which ``values`` has one column each.

    ``values`` is an array of doubles, rows by columns; for a class its one column holds the codes from 0.
    """

    name: str
    values: np.ndarray
    levels: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Design:
    """How predictors become columns: enough to do the same to new data.

    ``formula`` is None where the predictors were given as numbers; ``levels`` are those of categorical factors, by
    how R writes the factor; ``ordered`` says which of them are ordered.
    """

    columns: tuple[str, ...]
    formula: Formula | None = None
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ordered: frozenset[str] = frozenset()


def from_formula(text: str, data: pd.DataFrame) -> tuple[Design, np.ndarray, Response, np.ndarray]:
    """Make the numbers of a formula: the design, x, the response, and which rows are complete.

    Parameters
    ----------
    text
        The formula.
    data
        The data frame.

    Returns
    -------
    tuple
        The :class:`Design`; x, complete rows by columns; the :class:`Response` of the complete rows; a logical array
        with one value for each row of ``data``, True where no column that the formula reads is missing.

    Raises
    ------
    FormulaError, ColumnError
        If the formula cannot be read or names a column that is not there.
    DataError
        If no complete row is left, or a class has fewer than two levels.
    """
    names = [str(name) for name in data.columns]
    formula = parse_formula(text, names)
    used = data[[data.columns[names.index(name)] for name in formula.columns]]
    used.columns = formula.columns
    complete = _complete([*formula.response, *(factor for term in formula.terms for factor in term)], used)
    if not complete.any():
        raise _no_rows(len(data))
    used = used[complete]
    response = _response(formula, used)
    levels: dict[str, tuple[str, ...]] = {}
    ordered = set()
    for factor in {f.text: f for term in formula.terms for f in term}.values():
        found = _levels(factor, used)
        if found is not None:
            levels[factor.text] = _with_contrasts(factor.text, found[0])
            if found[1]:
                ordered.add(factor.text)
    x, columns = _matrix(formula, used, levels, frozenset(ordered))
    return Design(tuple(columns), formula, levels, frozenset(ordered)), x, response, complete


def _complete(expressions: Sequence[Expression], used: pd.DataFrame) -> np.ndarray:
    """Say which rows are complete: no column is missing and, as in R, nothing computed is undefined, as log(-1) is."""
    complete = used.notna().all(axis=1).to_numpy().copy()
    for expression in {each.text: each for each in expressions}.values():
        if not expression.is_factor and complete.any():
            complete[complete] = _values(expression, used[complete]).notna().to_numpy()
    return complete


def _no_rows(given: int) -> DataError:
    if given == 0:
        return DataError("`data` has no rows.", allowed="At least one row.")
    return DataError(
        f"`data` has no rows left after leaving out those with missing values ({given} before).",
        allowed="At least one row in which no column of the formula is missing.",
        hint="Leave the columns that are mostly missing out of the formula.",
    )


def _with_contrasts(name: str, levels: tuple[str, ...]) -> tuple[str, ...]:
    if len(levels) < 2:
        raise DataError(
            f"`data` has the factor '{name}' with only one level ({', '.join(levels)}).",
            allowed="At least two levels in a predictor.",
            hint=f"Leave '{name}' out of the formula.",
        )
    return levels


def _response(formula: Formula, used: pd.DataFrame) -> Response:
    parts = [response_values(part.text, _values(part, used)) for part in formula.response]
    if len(parts) == 1:
        return Response(formula.response_text, parts[0].values, parts[0].levels, parts[0].columns)
    if any(part.levels is not None for part in parts):
        raise DataError("`formula` binds a class into its response.", allowed="Numbers inside cbind().")
    import numpy as np

    values = np.column_stack([part.values for part in parts])
    return Response(formula.response_text, values, None, tuple(part.name for part in parts))


def response_values(name: str, values: Any) -> Response:
    """Make a response of one column's values: a class where they are labels or text, else numbers."""
    import numpy as np
    import pandas as pd

    column = values if isinstance(values, pd.Series) else pd.Series(values)
    if isinstance(column.dtype, pd.CategoricalDtype) or _is_text(column):
        codes, levels = _codes(name, column)
        return Response(name, codes.reshape(-1, 1).astype(float), levels)
    if not _is_real(column.dtype):
        raise ColumnError(
            f"`{name}` is of the kind {column.dtype}, which cannot be predicted.",
            allowed="Numbers, or a categorical or text column for classes.",
        )
    return Response(name, column.to_numpy(dtype=float, na_value=np.nan).reshape(-1, 1), None, (name,))


def _is_real(dtype: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)


def _is_text(column: pd.Series) -> bool:
    import pandas as pd

    if pd.api.types.is_string_dtype(column.dtype) and column.dtype != object:
        return True
    return column.dtype == object and all(isinstance(value, str) for value in column.dropna())


def _codes(name: str, column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    import warnings

    import pandas as pd

    labels = column.astype("category") if not isinstance(column.dtype, pd.CategoricalDtype) else column
    kept = labels.cat.remove_unused_categories()
    gone = [str(level) for level in labels.cat.categories if level not in kept.cat.categories]
    if gone:
        warnings.warn(
            f"`{name}` has levels without a row, which are left out: {', '.join(gone)}.", UserWarning, stacklevel=5
        )
    levels = tuple(str(level) for level in kept.cat.categories)
    if len(levels) < 2:
        raise DataError(
            f"`{name}` has only one level ({', '.join(levels)}): there is nothing to tell apart.",
            allowed="A response with at least two levels.",
            hint="Check which rows were kept, or predict another column.",
        )
    if len(levels) * len(labels) > MOST_INDICATORS:
        raise DataError(
            f"`{name}` has {len(levels)} levels in {len(labels)} rows, too many to tell apart.",
            allowed="A response with few levels.",
            hint="Is it an identifier? Then predict another column.",
        )
    return kept.cat.codes.to_numpy(), levels


def _values(expression: Expression, used: pd.DataFrame) -> Any:
    """Evaluate an expression; a bare column comes back as the Series it is."""
    import numpy as np
    import pandas as pd

    if expression.text == quoted(expression.columns[0]) if expression.columns else False:
        return used[expression.columns[0]]
    if expression.is_factor:
        return _factor(used[expression.columns[0]]) if len(expression.columns) == 1 else None
    arrays = {}
    for name in expression.columns:
        column = used[name]
        if not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
            raise ColumnError(
                f"`formula` computes with '{name}', which is not numeric.",
                allowed="Numeric columns inside I(), log() and their kin.",
            )
        arrays[name] = column.to_numpy(dtype=float)
    computed = expression.evaluate(arrays)
    return pd.Series(np.broadcast_to(np.asarray(computed, dtype=float), len(used)), index=used.index)


def _factor(column: pd.Series) -> pd.Series:
    """Make a factor as R's ``factor()`` does: levels sorted, written as R writes numbers."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    values = sorted(column.dropna().unique())
    written = {value: f"{value:.15g}" if isinstance(value, float) else str(value) for value in values}
    return pd.Series(pd.Categorical(column.map(written), categories=list(dict.fromkeys(written.values()))))


def _levels(factor: Expression, used: pd.DataFrame) -> tuple[tuple[str, ...], bool] | None:
    """Give the levels of a categorical factor and whether they are ordered, or None for a numeric one."""
    import pandas as pd

    column = _values(factor, used)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(str(level) for level in column.cat.categories), bool(column.cat.ordered)
    if pd.api.types.is_bool_dtype(column.dtype):
        return ("FALSE", "TRUE"), False
    if _is_text(column):
        return tuple(sorted(str(value) for value in column.unique())), False
    if not _is_real(column.dtype):
        raise ColumnError(
            f"`formula` uses the column {factor.text} of the kind {column.dtype}.",
            allowed="Numbers, logicals, labels and text.",
            hint="Turn it into one of these first.",
        )
    return None


def _matrix(
    formula: Formula, used: pd.DataFrame, levels: dict[str, tuple[str, ...]], ordered: frozenset[str]
) -> tuple[np.ndarray, list[str]]:
    import numpy as np

    present = {frozenset(f.text for f in term) for term in formula.terms}
    full_first = None if formula.intercept else _first_categorical(formula, levels)
    blocks: list[np.ndarray] = []
    names: list[str] = []
    for at, term in enumerate(formula.terms):
        block, labels = np.ones((len(used), 1)), [""]
        for factor in term:
            margin = frozenset(f.text for f in term) - {factor.text}
            full = (bool(margin) and margin not in present) or (at, factor.text) == full_first
            columns, suffixes = _coded(factor, used, levels.get(factor.text), factor.text in ordered, full)
            block = np.concatenate([block * columns[:, [j]] for j in range(columns.shape[1])], axis=1)
            labels = [f"{old}:{new}" if old else new for new in suffixes for old in labels]
        blocks.append(block)
        names += labels
    x = np.concatenate(blocks, axis=1) if blocks else np.empty((len(used), 0))
    return np.ascontiguousarray(x), names


def _first_categorical(formula: Formula, levels: dict[str, tuple[str, ...]]) -> tuple[int, str] | None:
    """Without an intercept R codes the first categorical factor it meets by one column per level."""
    for at, term in enumerate(formula.terms):
        for factor in term:
            if factor.text in levels:
                return at, factor.text
    return None


def _coded(
    factor: Expression, used: pd.DataFrame, levels: tuple[str, ...] | None, ordered: bool, full: bool
) -> tuple[np.ndarray, list[str]]:
    """Give one factor's columns and their names."""
    import numpy as np
    import pandas as pd

    column = _values(factor, used)
    if levels is None:
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise ColumnError(
                f"`newdata` has in '{factor.text}' no numbers, and the network was fitted with numbers.",
                allowed="Numbers in this column.",
                hint="Turn the column into numbers first.",
            )
        return column.to_numpy(dtype=float).reshape(-1, 1), [factor.text]
    codes = _codes_of(factor.text, column, levels)
    if full:
        return np.eye(len(levels))[codes], [factor.text + level for level in levels]
    if ordered:
        return _polynomial(len(levels))[codes], [factor.text + end for end in _polynomial_names(len(levels))]
    return np.eye(len(levels))[codes][:, 1:], [factor.text + level for level in levels[1:]]


def _codes_of(name: str, column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.int64)
    codes = pd.Index(list(levels)).get_indexer(pd.Index(column.astype(str)))
    if (codes < 0).any():
        new = list(dict.fromkeys(column.astype(str)[codes < 0]))
        raise DataError(
            f"`newdata` has in '{name}' levels that the network has not seen: {', '.join(new)}.",
            allowed=f"The levels {', '.join(levels)}.",
            hint="Leave these rows out, or fit again with data that has them.",
        )
    return codes.astype(np.int64)


def _polynomial(n: int) -> np.ndarray:
    """Give R's ``contr.poly(n)``: orthonormal polynomials over equally spaced levels."""
    import numpy as np

    scores = np.arange(1, n + 1) - (n + 1) / 2
    q, r = np.linalg.qr(np.vander(scores, n, increasing=True))
    return (q * np.sign(np.diag(r)))[:, 1:]


def _polynomial_names(n: int) -> list[str]:
    return [[".L", ".Q", ".C"][degree - 1] if degree <= 3 else f"^{degree}" for degree in range(1, n)]


def from_matrix(x: Any, argument: str = "x") -> tuple[np.ndarray, tuple[str, ...]]:
    """Take predictors given as numbers: a two-way array, a data frame of numbers, or one column.

    Returns
    -------
    tuple
        x as doubles, rows by columns, and the columns' names (none where ``x`` has none).
    """
    import numpy as np
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        names = tuple(str(name) for name in x.columns)
        for name, dtype in zip(names, x.dtypes, strict=True):
            if not (_is_real(dtype) or pd.api.types.is_bool_dtype(dtype)):
                raise ArgumentError(
                    f"`{argument}` has the column '{name}', which is not numeric.",
                    allowed="Numeric columns.",
                    hint="Give a formula and the data frame: a formula codes labels by itself.",
                )
        return np.ascontiguousarray(x.to_numpy(dtype=float, na_value=np.nan)), names
    try:
        values = np.asarray(x, dtype=float)
    except (TypeError, ValueError) as problem:
        raise ArgumentError(f"`{argument}` is not numeric.", allowed="A matrix or data frame of numbers.") from problem
    if values.ndim > 2 or values.ndim == 0:
        raise ArgumentError(f"`{argument}` has {values.ndim} dimensions.", allowed="Rows by columns.")
    return np.ascontiguousarray(values.reshape(len(values), -1) if len(values) else values.reshape(0, 0)), ()


def design_matrix(design: Design, newdata: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Make the numbers of new data: x of the complete rows, and which rows are complete.

    Raises
    ------
    ColumnError
        If a column of the formula is missing.
    DataError
        If a label was not among the levels of the data that the design was made of.
    """
    assert design.formula is not None
    names = [str(name) for name in newdata.columns]
    wanted = list(dict.fromkeys(name for term in design.formula.terms for f in term for name in f.columns))
    for name in wanted:
        if name not in names:
            raise column_gone(name, names)
    used = newdata[[newdata.columns[names.index(name)] for name in wanted]]
    used.columns = wanted
    complete = _complete([factor for term in design.formula.terms for factor in term], used)
    x, _ = _matrix(design.formula, used[complete], design.levels, design.ordered)
    return x, complete


def column_gone(name: str, columns: Sequence[str]) -> ColumnError:
    """Make the error for new data that lack a column of the fit."""
    problem = f"`newdata` lacks the column '{name}', which the network was fitted with."
    return no_column(problem, name, columns, "newdata")

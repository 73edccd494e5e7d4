"""Similarity of embeddings: pairs of them in a tidy frame."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import check_choice, described
from tidydl.columns import ROW, Column, Contract, with_columns
from tidydl.errors import ArgumentError, ColumnError
from tidydl.pipelines.option_table import whole_number
from tidydl.pipelines.predictions import OTHER, RANK

METHODS = ("cosine", "dot", "euclidean")
PAIRS = ("all", "rows")
_DIM = re.compile(r"dim_\d+")
_SHOWN = ("text", "image")
_CELLS = 4_000_000  # numbers of a block of pairs, so that memory stays small
_MORE = 8  # candidates beyond those that are asked for


@guarded
def similarity(
    x: pd.DataFrame, y: pd.DataFrame | None = None, method: str = "cosine", pairs: str = "all", top_k: int | None = None
) -> pd.DataFrame:
    """Return the similarity of embeddings.

    Parameters
    ----------
    x, y
        Results of :func:`tidydl.embed` or of a feature extraction pipeline: data frames with columns ``dim_1`` …
        ``dim_k``. Without ``y`` the rows of ``x`` are compared with each other, each pair once.
    method
        ``"cosine"`` (cosine similarity, from -1 to 1), ``"dot"`` (the dot product) or ``"euclidean"`` (the distance:
        the only one where smaller means more similar).
    pairs
        ``"all"`` compares each row of ``x`` with each of ``y``; ``"rows"`` compares them row by row: the first with the
        first, and so on.
    top_k
        How many of the most similar rows to keep for each row of ``x``, with their ``rank``; None for all.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``.row`` and ``.row_y`` (the indices of the rows, counted from 0), for texts or images also
        ``text`` and ``text_y`` or ``image`` and ``image_y``, ``rank`` if ``top_k`` is given, and ``similarity`` (for
        ``"euclidean"`` ``distance``). With ``pairs="rows"`` there is no ``.row_y``. A missing embedding returns missing
        values.

    Raises
    ------
    ArgumentError
        If an argument is invalid, or the numbers of rows differ.
    ColumnError
        If there are no columns ``dim_1`` … ``dim_k``, or their number differs.

    Examples
    --------
    >>> import pandas as pd
    >>> similarity(pd.DataFrame({"dim_1": [1.0, 0.0, 1.0], "dim_2": [0.0, 1.0, 1.0]})).round(2)
       .row  .row_y  similarity
    0     0       1        0.00
    1     0       2        0.71
    2     1       2        0.71
    """
    check_choice("method", method, METHODS)
    check_choice("pairs", pairs, PAIRS)
    top_k = None if top_k is None else whole_number("top_k", top_k)
    first = _vectors(x, "x", method)
    second = first if y is None else _vectors(y, "y", method)
    if y is not None and first.shape[1] == second.shape[1] and (lacking := _lacking(x, y)):
        raise ColumnError(
            f"`x` has a column `{lacking}`, which `y` does not have.", allowed="Embeddings by the same model."
        )
    if first.shape[1] != second.shape[1]:
        raise ColumnError(
            f"`x` has embeddings of length {first.shape[1]} and `y` of length {second.shape[1]}.",
            allowed="Embeddings by the same model.",
        )
    if pairs == "rows":
        return _row_by_row(x, y, first, second, method, top_k)
    if top_k is not None:
        rows, others, values = _nearest(first, second, method, top_k, alone=y is None)
        ranks = _ranks(rows)
    else:
        rows, others = _every_pair(len(first), len(second), alone=y is None)
        values, ranks = _all_compared(first, second, method, alone=y is None), None
    return _frame(x, x if y is None else y, rows, others, values, method, ranks)


def _dims(frame: pd.DataFrame) -> list[str]:
    """Return the embedding columns in the order of their numbers, whatever their order in the frame."""
    dims = [column for column in frame.columns if isinstance(column, str) and _DIM.fullmatch(column)]
    return sorted(dims, key=lambda column: int(column.removeprefix("dim_")))


def _lacking(x: pd.DataFrame, y: pd.DataFrame) -> str | None:
    others = set(_dims(y))
    return next((name for name in _dims(x) if name not in others), None)


def _vectors(frame: object, name: str, method: str) -> np.ndarray:
    """Read the embeddings, scaled to length 1 for the cosine."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"`{name}` is {described(frame)}.",
            allowed="A data frame with columns dim_1, dim_2 and so on.",
            hint="embed() returns one for texts or images.",
        )
    dims = _dims(frame)
    if not dims:
        raise ColumnError(
            f"`{name}` has no columns `dim_1`, `dim_2` and so on.",
            allowed="A result of embed().",
            hint="Keep its numeric columns.",
        )
    text = next((name for name in dims if not pd.api.types.is_numeric_dtype(frame[name].dtype)), None)
    if text is not None:
        raise ColumnError(f"`{name}` has a column `{text}` that is not numeric.", allowed="A result of embed().")
    numbers = np.ascontiguousarray(frame[dims].to_numpy("float64", na_value=np.nan))
    if method != "cosine":
        return numbers
    with np.errstate(invalid="ignore", divide="ignore"):
        return numbers / np.linalg.norm(numbers, axis=1, keepdims=True)


def _every_pair(n: int, m: int, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    if alone:
        return np.triu_indices(n, 1)
    return np.repeat(np.arange(n), m), np.tile(np.arange(m), n)


def _all_compared(first: np.ndarray, second: np.ndarray, method: str, alone: bool) -> np.ndarray:
    """Compare each row of the first with all rows of the second, or with those after it; nothing is copied."""
    if len(second) < len(first) and not alone:
        return _all_compared(second, first, method, alone).reshape(len(second), len(first)).T.ravel()
    step = max(1, _CELLS // max(1, second.shape[1]))
    with np.errstate(invalid="ignore"):  # missing ones
        values = [
            _each(row, second[start : start + step], method)
            for index, row in enumerate(first)
            for start in range(index + 1 if alone else 0, len(second), step)
        ]
    return np.concatenate([*values, np.empty(0)])


def _compared(first: np.ndarray, second: np.ndarray, rows: np.ndarray, others: np.ndarray, method: str) -> np.ndarray:
    """Compare some pairs, a block after the other."""
    values = np.empty(len(rows))
    step = max(1, _CELLS // max(1, first.shape[1]))
    with np.errstate(invalid="ignore"):  # missing ones
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            values[some] = _each(first[rows[some]], second[others[some]], method)
    return values


def _each(a: np.ndarray, b: np.ndarray, method: str) -> np.ndarray:
    """Compare row by row, with a separate sum each: in a matrix product equal pairs may differ in the last bit."""
    if method == "euclidean":
        a = b = a - b
    products: np.ndarray = np.einsum("...j,...j->...", a, b)
    return np.sqrt(products) if method == "euclidean" else products


def _nearest(
    first: np.ndarray, second: np.ndarray, method: str, top_k: int, alone: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest neighbours of each row, block by block; missing ones come last."""
    rows, others = [], []
    step = max(1, _CELLS // max(1, len(second)))
    for start in range(0, len(first), step):
        block = first[start : start + step]
        likeness = -_squares(block, second) if method == "euclidean" else block @ second.T
        likeness[np.isnan(likeness)] = -np.inf
        if alone:
            likeness[np.arange(len(block)), np.arange(start, start + len(block))] = np.nan  # sorted last
        order = np.argsort(-likeness, axis=1, kind="stable")[:, : len(second) - alone]
        count = min(top_k, order.shape[1])
        best = order[:, :count]
        if method == "euclidean" and count:
            best = _by_distance(block, second, -likeness, order[:, : count + _MORE], count, start if alone else None)
        rows.append(np.repeat(np.arange(start, start + len(block)), best.shape[1]))
        others.append(best.ravel())
    row_indices = np.concatenate([*rows, np.empty(0, "int64")]).astype("int64")
    partners = np.concatenate([*others, np.empty(0, "int64")]).astype("int64")
    return row_indices, partners, _compared(first, second, row_indices, partners, method)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return squared distances by a product of matrices, with an error that grows with the squares of the values."""
    squares: np.ndarray = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return squares


def _by_distance(
    block: np.ndarray, second: np.ndarray, squares: np.ndarray, candidates: np.ndarray, count: int, own: int | None
) -> np.ndarray:
    """Order the candidates by their exact distances; where others may be as near, all are compared exactly.

    ``own`` is the first row of the block among the second ones, where a row is not compared with itself.
    """
    rows = np.repeat(np.arange(len(block)), candidates.shape[1])
    exact = _compared(block, second, rows, candidates.ravel(), "euclidean").reshape(candidates.shape)
    order = np.lexsort((candidates, exact))
    best = np.take_along_axis(candidates, order[:, :count], axis=1)
    farthest = np.take_along_axis(exact, order[:, count - 1 : count], axis=1)[:, 0]
    error = 8 * np.finfo(float).eps * block.shape[1] * ((block**2).sum(1) + np.nanmax((second**2).sum(1), initial=0))
    unsure = squares[np.arange(len(block)), candidates[:, -1]] - error <= farthest**2
    for row in np.flatnonzero(unsure) if candidates.shape[1] < len(second) - (own is not None) else []:
        distances = _each(block[row], second, "euclidean")
        is_own = np.arange(len(second)) == (-1 if own is None else own + row)
        best[row] = np.lexsort((is_own, np.where(is_own, np.nan, distances)))[:count]
    return best


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Count the pairs of each row from 1."""
    counts = np.unique(rows, return_counts=True)[1]
    return np.concatenate([*(np.arange(1, count + 1) for count in counts), np.empty(0, "int64")]).astype("int64")


def _row_by_row(
    x: pd.DataFrame, y: pd.DataFrame | None, first: np.ndarray, second: np.ndarray, method: str, top_k: int | None
) -> pd.DataFrame:
    if y is None or len(first) != len(second):
        count = "is missing" if y is None else f"is of length {len(second)} and `x` of length {len(first)}"
        raise ArgumentError(f"`y` {count}.", allowed="The same number of rows in both, where `pairs` is 'rows'.")
    if top_k is not None:
        raise ArgumentError("`top_k` is given, but `pairs` is 'rows'.", allowed="`top_k` where all pairs are compared.")
    rows = np.arange(len(first))
    frame = _frame(x, y, rows, rows, _compared(first, second, rows, rows, method), method, None)
    frame = frame.drop(columns=OTHER)
    frame.index = x.index
    return frame


def _frame(
    x: pd.DataFrame,
    y: pd.DataFrame,
    rows: np.ndarray,
    others: np.ndarray,
    values: np.ndarray,
    method: str,
    ranks: np.ndarray | None,
) -> pd.DataFrame:
    """Build the frame of pairs, with the embedded inputs."""
    data: dict[str, Any] = {ROW: _numbers(x)[rows], OTHER: _numbers(y)[others]}
    for name in _SHOWN:
        if name in x.columns and name in y.columns:
            data[name] = pd.Series(x[name].array.take(rows))
            data[f"{name}_y"] = pd.Series(y[name].array.take(others))
    columns = [Column(ROW, "index"), Column(OTHER, "index")]
    frame = Contract(tuple(columns)).frame(data)
    frame = with_columns(frame, {name: values for name, values in data.items() if name not in (ROW, OTHER)})
    if ranks is not None:
        frame[RANK] = pd.array(ranks, dtype="Int64")
    frame["distance" if method == "euclidean" else "similarity"] = values
    return frame


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    """Return the row numbers: those of the frame, else in order."""
    return frame[ROW].to_numpy("int64") if ROW in frame.columns else np.arange(len(frame))

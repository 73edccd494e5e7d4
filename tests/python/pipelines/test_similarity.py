"""How alike embeddings are: every pair, in little memory and time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import tidydl
from tidydl.errors import ColumnError

METHODS = ("cosine", "dot", "euclidean")


def vectors(count, length=384, seed=1):
    numbers = np.random.default_rng(seed).normal(size=(count, length))
    return pd.DataFrame(numbers, columns=[f"dim_{place + 1}" for place in range(length)])


def written_out(x, y, method):
    """Compare two rows by the definition."""
    if method == "euclidean":
        return np.sqrt(((x - y) ** 2).sum())
    scale = np.sqrt((x**2).sum() * (y**2).sum()) if method == "cosine" else 1
    return (x * y).sum() / scale


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("rows", "others"), [(3, 5), (5, 3), (4, 4), (1, 2), (0, 2), (2, 0)])
def test_each_pair_is_compared_in_the_order_of_the_rows(method, rows, others):
    x, y = vectors(rows, 7), vectors(others, 7, seed=2)
    found = tidydl.similarity(x, y, method)
    pairs = [(i, j) for i in range(rows) for j in range(others)]
    assert list(zip(found[".row"], found[".row_y"], strict=True)) == pairs
    wanted = [written_out(x.to_numpy()[i], y.to_numpy()[j], method) for i, j in pairs]
    np.testing.assert_allclose(found.iloc[:, -1], wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_equal_pairs_have_equal_values_however_they_are_asked_for(method):
    some = pd.concat([vectors(2).iloc[[0] * 9 + [1] * 8], vectors(3, seed=2)], ignore_index=True)
    every = tidydl.similarity(some, method=method)
    assert every[every[".row_y"] < 17].iloc[:, -1].nunique() <= 3  # of two vectors
    key = [".row", ".row_y"]
    for other in (tidydl.similarity(some, some, method), tidydl.similarity(some, method=method, top_k=3)):
        both = every.merge(other, on=key)
        assert len(both)
        assert both.iloc[:, 2].equals(both.iloc[:, -1].rename(both.columns[2]))


def test_pairs_of_many_rows_are_not_copied_side_by_side():
    some = vectors(600)
    tidydl.similarity(some.head(3))
    tracemalloc.start()
    found = tidydl.similarity(some)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 600 * 599 // 2
    assert peak < 40e6


def test_embeddings_are_compared_by_the_names_of_their_columns():
    x = pd.DataFrame(np.eye(12)[:2], columns=[f"dim_{i + 1}" for i in range(12)])
    assert tidydl.similarity(x, x[sorted(x.columns)])["similarity"].tolist() == [1, 0, 0, 1]
    with pytest.raises(ColumnError, match="dim_3"):
        tidydl.similarity(x, x.rename(columns={"dim_3": "dim_13"}))


@pytest.mark.parametrize("seed", range(20))
def test_the_nearest_are_ranked_by_exact_distances(seed):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(40, 3)) * rng.choice([1, 1e-3]) + rng.choice([0, 1e6])
    numbers = np.round(numbers, 3) if seed % 2 else numbers  # ties
    numbers[rng.integers(40)] = np.nan if seed % 3 == 0 else 0
    x = pd.DataFrame(numbers, columns=["dim_1", "dim_2", "dim_3"])
    found = tidydl.similarity(x, method="euclidean", top_k=4)
    distances = np.sqrt(((numbers[:, None] - numbers[None]) ** 2).sum(2))
    for row in range(40):
        others = np.delete(np.arange(40), row)
        nearest = np.sort(distances[row, others])[:4]
        np.testing.assert_array_equal(distances[row, found.loc[found[".row"] == row, ".row_y"]], nearest)

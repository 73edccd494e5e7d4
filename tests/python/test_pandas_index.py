"""The index of a frame that pandas wrote to parquet: columns that mean something, or none."""

import pandas as pd
import pytest

import tidydl
from tidydl import load_dataset

INDEXED = {"x": [1.5, 2.5, 3.5], "label": ["a", "b", "a"]}


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ([0, 1, 2], {}),
        (["p", "q", "r"], {"index": ["p", "q", "r"]}),
        ([0, 1, 5], {"index": [0, 1, 5]}),
        (pd.MultiIndex.from_tuples([(1, "p"), (1, "q"), (2, "p")]), {"level_0": [1, 1, 2], "level_1": ["p", "q", "p"]}),
        (pd.Index([7, 8, 9], name="person"), {"person": [7, 8, 9]}),
        (pd.CategoricalIndex(["p", "q", "p"]), {"index": ["p", "q", "p"]}),
    ],
)
def test_an_index_that_pandas_wrote_is_columns_unless_it_counts_rows(tmp_path, index, found):
    file = tmp_path / "indexed.parquet"
    pd.DataFrame(INDEXED, index=index).to_parquet(file, index=True)
    frame = load_dataset(file)
    assert frame.to_dict("list") == INDEXED | found
    pd.testing.assert_frame_equal(frame, pd.concat(list(tidydl.stream(file))))
    assert list(load_dataset(file, n=1).columns) == list(frame.columns)
    pd.testing.assert_frame_equal(load_dataset(file, columns=list(frame)[::-1]), frame[list(frame)[::-1]])
    assert load_dataset(file, as_="arrow").column_names == list(frame)


def test_the_name_of_an_index_is_no_name_that_is_there(tmp_path):
    file = tmp_path / "indexed.parquet"
    pd.DataFrame({"index": [1, 2]}, index=["p", "q"]).to_parquet(file)
    assert list(load_dataset(file).columns) == ["index", "level_0"]

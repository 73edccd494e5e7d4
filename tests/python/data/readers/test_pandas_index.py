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


def in_shards(folder, *shards):
    """Write frames, of whose rows each has its own index, as the files of one split."""
    for place, index in enumerate(shards):
        frame = pd.DataFrame({"x": [float(each) for each in index]}, index=pd.Index(list(index), dtype="int64"))
        frame.to_parquet(folder / f"train-{place}.parquet", index=True)
    return folder


@pytest.mark.parametrize(
    ("shards", "counts"),
    [
        (([0, 1, 2], [3, 4, 5]), True),
        (([0, 1, 2], [0, 1, 2]), True),
        (([0, 1, 2], [], [3, 4]), True),
        (([0, 1, 2], [0, 1, 5]), False),
        (([0, 1, 2], [5, 4, 3]), False),
        (([0, 1, 2], [4, 5, 6]), False),
        (([3, 4, 5], [6, 7]), False),
        (([0, 1, 2], [0, 2, 2]), False),
        (([0, 1], [2, 3], [0, 1]), False),
    ],
)
def test_an_index_over_several_files_counts_rows_in_all_of_them_or_stays(tmp_path, shards, counts):
    folder = in_shards(tmp_path, *shards)
    frame = load_dataset(folder)
    rows = [row for shard in shards for row in shard]
    assert frame.to_dict("list") == {"x": rows} | ({} if counts else {"index": rows})
    pd.testing.assert_frame_equal(frame, pd.concat(list(tidydl.stream(folder))))
    first = load_dataset(folder, n=2)
    pd.testing.assert_frame_equal(first, frame.head(2))


def test_an_index_stays_in_all_splits_where_it_counts_the_rows_of_some(tmp_path):
    pd.DataFrame({"x": [1, 2]}, index=[0, 1]).to_parquet(tmp_path / "train.parquet", index=True)
    pd.DataFrame({"x": [3]}, index=[2]).to_parquet(tmp_path / "test.parquet", index=True)
    assert load_dataset(tmp_path, split="train+test")["index"].tolist() == [0, 1, 2]
    assert pd.concat(list(tidydl.stream(tmp_path, split="all")))["index"].tolist() == [0, 1, 2]


def test_a_column_of_a_frame_that_tidydl_wrote_is_none_of_an_index(tmp_path):
    frame = pd.DataFrame({"__index_level_0__": [0, 1, 2], "v": [7, 8, 9]})
    tidydl.write_dataset(frame, tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "a.parquet"), frame)
    pd.testing.assert_frame_equal(pd.concat(list(tidydl.stream(tmp_path / "a.parquet"))), frame)


def test_the_index_of_a_metadata_file_is_named_too(tmp_path):
    from PIL import Image

    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    pd.DataFrame({"file_name": ["a.png"]}, index=["p"]).to_parquet(tmp_path / "metadata.parquet")
    assert load_dataset(tmp_path)["index"].tolist() == ["p"]

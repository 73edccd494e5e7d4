"""write_dataset() keeps every kind, and other libraries read what it writes."""

import datetime as dt
import os

import numpy as np
import pandas as pd
import pytest

from tidydl import as_dataset, example_data, features, load_dataset, split_data, stream, write_dataset
from tidydl.data.media.audio import AudioArray
from tidydl.data.media.image import ImageArray
from tidydl.errors import ArgumentError, DataError, StorageError


@pytest.fixture
def kinds():
    moments = ["2020-01-01 10:00", None, "2021-01-01 00:00"]
    return pd.DataFrame(
        {
            "ordered": pd.Categorical(["lo", None, "hi"], ["lo", "mid", "hi"], ordered=True),
            "coded": pd.Categorical([3, 1, None], [1, 2, 3]),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "whole but none missing": pd.array([1, 2, 3], dtype="Int64"),
            "small": np.array([1, 2, 3], "int8"),
            "truth": pd.array([True, None, False], dtype="boolean"),
            "flag": [True, False, True],
            "date": np.array(["2020-01-01", "NaT", "2021-05-06"], "M8[s]"),
            "moment": pd.to_datetime(moments),
            "zone": pd.to_datetime(moments).tz_localize("Europe/Berlin"),
            "duration": pd.to_timedelta(["1s", None, "2h"]),
            "time": [dt.time(1, 2), None, dt.time(3)],
            "text": ["a", None, "ü"],
            "double": [1.5, np.nan, 2.0],
            "single": np.array([1, 2, 3], "f4"),
            "list": [["a", "b"], [], None],
            "nested": [{"a": 1, "b": "x"}, None, {"a": 2, "b": "y"}],
            "bytes": [b"x", None, b""],
            "nothing": pd.array([None] * 3, dtype="boolean"),
        }
    )


def test_a_frame_comes_back_as_it_was(kinds, tmp_path):
    path = write_dataset(kinds, tmp_path / "k.parquet")
    pd.testing.assert_frame_equal(load_dataset(path), kinds)
    pd.testing.assert_frame_equal(load_dataset(write_dataset(kinds.iloc[:0], tmp_path / "k.parquet")), kinds.iloc[:0])


def test_images_and_sounds_come_back_as_bytes_or_as_paths(tmp_path):
    from PIL import Image as Pillow

    Pillow.new("L", (3, 2)).save(tmp_path / "i.png")
    sound = {"array": np.zeros(800), "sampling_rate": 8000}
    frame = pd.DataFrame(
        {"image": ImageArray([np.zeros((8, 8)), None, tmp_path / "i.png"]), "sound": AudioArray([sound, None, sound])}
    )
    back = load_dataset(write_dataset(frame, tmp_path / "m.parquet"))
    assert (back["image"] == frame["image"].array).tolist() == [True, False, True]
    assert [image.is_file for image in back["image"].dropna()] == [False, True]
    assert (back["sound"] == frame["sound"].array).tolist() == [True, False, True]


def test_datasets_and_pandas_read_it_too(kinds, tmp_path):
    import datasets

    path = write_dataset(kinds, tmp_path / "k.parquet")
    made = datasets.load_dataset("parquet", data_files=path, cache_dir=str(tmp_path / "cache"))["train"]
    assert made.features["ordered"].names == ["lo", "mid", "hi"]
    assert made["text"][:] == ["a", None, "ü"]
    assert pd.read_parquet(path)["whole"].isna().tolist() == [False, True, False]


def test_what_pandas_writes_of_images_comes_back_as_images(tmp_path):
    frame = example_data("digits", split="test[:3]")
    frame.to_parquet(tmp_path / "digits.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "digits.parquet"), frame)
    assert str(load_dataset(tmp_path / "digits.parquet")["image"].dtype) == "image"


def test_a_frame_becomes_a_dataset_and_comes_back(kinds):
    made = as_dataset(kinds)
    assert made._fingerprint != as_dataset(kinds)._fingerprint  # the data are not pickled for one of the contents
    assert made.features["ordered"].names == ["lo", "mid", "hi"]
    assert made.features["list"].feature.dtype == "string"
    pd.testing.assert_frame_equal(load_dataset(made)[["whole", "text", "date"]], kinds[["whole", "text", "date"]])
    assert list(as_dataset({"train": kinds, "test": kinds})) == ["train", "test"]


def test_splits_become_a_folder_that_is_read_as_these_splits(kinds, tmp_path):
    for names in (("train", "test"), ("mine", "yours")):
        path = write_dataset({name: kinds.iloc[: k + 1] for k, name in enumerate(names)}, tmp_path / names[0])
        back = load_dataset(path)
        assert {name: len(frame) for name, frame in back.items()} == {names[0]: 1, names[1]: 2}
        pd.testing.assert_frame_equal(back[names[1]], kinds.iloc[:2])


def test_splits_may_have_labels_of_their_own(tmp_path):
    parts = {name: pd.DataFrame({"y": pd.Categorical([level])}) for name, level in (("train", "a"), ("test", "b"))}
    back = load_dataset(write_dataset(parts, tmp_path / "splits"))
    assert [frame["y"].tolist() for frame in back.values()] == [["a"], ["b"]]


def test_a_stream_is_written_as_it_goes(kinds, tmp_path):
    path = write_dataset(kinds, tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(
        load_dataset(write_dataset(stream(path, batch_size=1), tmp_path / "b.parquet")), kinds
    )
    none = stream(path, n=0)
    pd.testing.assert_frame_equal(load_dataset(write_dataset(none, tmp_path / "c.parquet")), kinds.iloc[:0])


def test_lists_that_begin_late_in_a_stream_are_written(tmp_path):
    late = pd.DataFrame({"many": pd.Series([None] * 70_000 + [[1, 2]], dtype=object)})
    path = write_dataset(late, tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(load_dataset(write_dataset(stream(path), tmp_path / "b.parquet")), late)


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    before = pd.DataFrame({"x": [1]})
    write_dataset(before, tmp_path / "d.parquet")
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * 10)
    broken = stream(tmp_path / "a.csv", batch_size=5)
    (tmp_path / "a.csv").write_text("x\n" + "two\n" * 10)
    with pytest.raises(OSError, match=r"a\.csv"):
        write_dataset(broken, tmp_path / "d.parquet")
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "d.parquet"), before)
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "d.parquet"]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("d.csv", "named '.csv'"), ("d", "without a file extension"), ("", "`path` is ''"), ("here", "a folder")],
)
def test_a_path_that_keeps_no_kinds_is_refused(tmp_path, name, allowed):
    (tmp_path / "here").mkdir()
    with pytest.raises(ArgumentError, match=allowed):
        write_dataset(pd.DataFrame({"x": [1]}), tmp_path / name if name else "")


def test_what_cannot_be_written_is_named(tmp_path):
    frame = pd.DataFrame({"x": [1]})
    with pytest.raises(StorageError, match="does not exist"):
        write_dataset(frame, tmp_path / "nowhere" / "d.parquet")
    with pytest.raises(DataError, match="'mixed'"):
        write_dataset(pd.DataFrame({"mixed": [1, "a"]}), tmp_path / "d.parquet")
    with pytest.raises(DataError, match="two columns 'x'"):
        write_dataset(pd.concat([frame, frame], axis=1), tmp_path / "d.parquet")
    with pytest.raises(ArgumentError, match="`data`"):
        write_dataset([1, 2], tmp_path / "d.parquet")
    with pytest.raises(ArgumentError, match=r"train\[:1\]"):
        write_dataset({"train[:1]": frame}, tmp_path / "splits")
    with pytest.raises(ArgumentError, match="several splits"):
        write_dataset({"train": frame}, tmp_path / "d.parquet")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").write_bytes(b"x")
    with pytest.raises(ArgumentError, match=r"thesis\.docx"):
        write_dataset({"train": frame}, tmp_path / "full")
    assert sorted(os.listdir(tmp_path)) == ["full"]


def test_what_is_no_frame_becomes_no_dataset():
    with pytest.raises(ArgumentError, match="`data`"):
        as_dataset([1])


def test_the_parts_of_split_data_are_splits(tmp_path):
    parts = split_data(pd.DataFrame({"x": range(8)}), seed=1)
    assert parts["train"] is parts.train
    assert parts[1] is parts.test
    with pytest.raises(TypeError):
        parts["other"]
    write_dataset(parts, tmp_path / "d")
    assert {split: len(rows) for split, rows in load_dataset(tmp_path / "d").items()} == {"train": 6, "test": 2}
    assert features(parts)["split"].tolist() == ["train", "test"]
    assert {split: len(rows) for split, rows in as_dataset(parts).items()} == {"train": 6, "test": 2}
    assert load_dataset(parts, split="train[:2]")["x"].tolist() == parts.train["x"].tolist()[:2]

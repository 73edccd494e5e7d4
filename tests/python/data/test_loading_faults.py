"""What load_dataset() and stream() say of what is not as it should be."""

import gzip
import json
import os
import warnings

import numpy as np
import pandas as pd
import pytest

import tidydl
from tidydl.errors import ArgumentError, ColumnError, NotFoundError


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("name,age\na,1\nb,2\n")
    return path


@pytest.mark.parametrize("read", [tidydl.load_dataset, tidydl.stream])
def test_a_separator_that_the_header_lacks_is_warned_of(people, read):
    with pytest.warns(UserWarning, match=r"`sep` is '\\t'.*one column.*did you mean sep = \",\"\\?") as told:
        read(people, sep="\t")
    assert told[0].filename == __file__
    (people.parent / "one.csv").write_text("name\na\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(people.parent / "one.csv", sep="\t")
        read(people, sep=",")


@pytest.mark.parametrize("read", [tidydl.load_dataset, tidydl.stream])
def test_columns_are_chosen_by_name(people, read):
    for columns in ([0, 1], 1, ["name", 1]):
        with pytest.raises(ColumnError, match=r"selected by name.*\n.*'name', 'age'"):
            read(people, columns=columns)


@pytest.mark.parametrize("read", [tidydl.load_dataset, tidydl.stream])
@pytest.mark.parametrize("one", [np.int64(1), np.array("name")])
def test_a_single_value_of_numpy_is_neither_a_path_nor_names_of_columns(people, read, one):
    with pytest.raises(ArgumentError, match=r"`path` is (1|a ndarray)"):
        read(one)
    with pytest.raises(ArgumentError, match=r"`columns` is (1|a ndarray)"):
        read(people, columns=one)


@pytest.mark.parametrize("read", [tidydl.load_dataset, tidydl.stream])
@pytest.mark.parametrize("path", ["people.csv", "csv", "*.csv"])
def test_a_configuration_of_files_is_refused(people, read, path, monkeypatch):
    monkeypatch.chdir(people.parent)
    files = {"data_files": "people.csv"} if path == "csv" else {}
    with pytest.raises(ArgumentError, match=r"`name` is 'wave2'.*no configurations"):
        read(path, "wave2", **files)


def test_several_paths_are_told_of_data_files(people):
    for paths in ([people, people], ("a.parquet", "b.parquet"), pd.Series(["a.json", "b.json"])):
        with pytest.raises(ArgumentError, match=r"data_files=\['.*', '.*'\]"):
            tidydl.load_dataset(paths)
    with pytest.raises(ArgumentError) as caught:
        tidydl.load_dataset([1, 2])
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.sav", "read_spss"),
        ("a.dta", "read_stata"),
        ("a.xpt", "format='xport'"),
        ("a.xlsx", "read_excel"),
        ("a.RDS", r"load_dataset\(\) in R"),
    ],
)
def test_a_file_of_another_program_is_told_how_to_be_read(tmp_path, name, how):
    (tmp_path / name).write_bytes(b"x")
    for path in (tmp_path / name, tmp_path):
        with pytest.raises((ArgumentError, NotFoundError), match=how):
            tidydl.load_dataset(path)


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("read", [tidydl.load_dataset, tidydl.stream])
def test_a_link_to_nowhere_and_a_pipe_are_called_so(people, read):
    link, pipe = people.parent / "link.csv", people.parent / "pipe.csv"
    link.symlink_to(people.parent / "gone.csv")
    for path in (link, people.parent):
        with pytest.raises(NotFoundError, match=r"link\.csv' is a link to '.*gone\.csv', which does not exist"):
            read(path)
    link.unlink()
    os.mkfifo(pipe)
    for path in (pipe, people.parent):
        with pytest.raises(NotFoundError, match=r"pipe\.csv' is neither a file nor a folder"):
            read(path)
    pipe.unlink()
    link.symlink_to(people)  # one that leads somewhere is a file like any other
    assert tidydl.load_dataset(people.parent)["age"].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("argument", "hint"),
    [({"sample": 3}, "load_dataset"), ({"seed": 1}, "leave `seed` out"), ({"as_": "arrow"}, "leave `as_` out")],
)
def test_a_stream_says_what_it_cannot_do(people, argument, hint):
    (name,) = argument
    with pytest.raises(ArgumentError, match=f"`{name}` is given, and .* stream") as caught:
        tidydl.stream(people, **argument)
    assert hint in caught.value.hint


def test_what_to_json_writes_is_read(tmp_path):
    frame = pd.DataFrame({"name": ["a", "b"], "age": [1.5, None]})
    frame.to_json(tmp_path / "a.json")
    for read in (tidydl.load_dataset, lambda path: next(iter(tidydl.stream(path)))):
        found = read(tmp_path / "a.json")
        assert found["name"].tolist() == ["a", "b"]
        assert found["age"].isna().tolist() == [False, True]
    (tmp_path / "b.json").write_text(json.dumps({"a": {"x": 1}, "b": {"y": 2}}))  # one record of two structures
    assert tidydl.load_dataset(tmp_path / "b.json")["a"].tolist() == [{"x": 1}]


@pytest.mark.parametrize("read", [tidydl.load_dataset, lambda path: next(iter(tidydl.stream(path)))])
@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("a.jsonl", {"votes": {"2020": 5, "2021": 7}}),
        ("a.ndjson", {"votes": {"0": 5, "1": 7}}),
        ("a.jsonl.gz", {"votes": [5, 7]}),
        ("a.json", {"votes": {"2020": 5, "2021": 7}}),
        ("a.json", {"votes": {"0": 5, "2": 7}}),
        ("a.json", {"votes": {"1": 5, "0": 7}}),
        ("a.json", {"votes": {"0": 5}, "seats": {"0": 5, "1": 7}}),
    ],
)
def test_a_lone_record_is_one_row_unless_it_is_columns_by_row(tmp_path, read, name, record):
    held = json.dumps(record).encode()
    (tmp_path / name).write_bytes(gzip.compress(held) if name.endswith(".gz") else held)
    (row,) = read(tmp_path / name).to_dict("records")
    assert {name: value if isinstance(value, dict) else list(value) for name, value in row.items()} == record


def test_frames_by_split_are_taken_as_they_are(people):
    frame = pd.DataFrame({"x": [1, 2, 3]})
    found = tidydl.load_dataset({"train": frame, "test": frame[:1]}, n=2)
    assert {split: len(each) for split, each in found.items()} == {"train": 2, "test": 1}
    made = tidydl.as_dataset({"train": frame, "test": frame[:1]})
    assert {split: len(each) for split, each in tidydl.load_dataset(made).items()} == {"train": 3, "test": 1}
    with pytest.raises(ArgumentError, match="`split` is missing, and there are several"):
        tidydl.stream({"train": frame, "test": frame})
    assert [len(batch) for batch in tidydl.stream({"train": frame}, batch_size=2)] == [2, 1]


@pytest.mark.parametrize("split", ["train", "train[1:]", "test+train[:1]", "all", "all[1:4]", ["test", "train[-1:]"]])
def test_frames_by_split_are_cut_and_joined_as_files_are(tmp_path, split):
    frames = {
        "train": pd.DataFrame({"x": [1, 2, 3], "y": pd.Categorical(["b", None, "a"], ["b", "a"])}),
        "test": pd.DataFrame({"x": [4.5, 5.5], "y": pd.Categorical(["a", "b"], ["b", "a"])}),
    }
    tidydl.write_dataset(frames, tmp_path / "written")
    found, other = tidydl.load_dataset(frames, split=split), tidydl.load_dataset(tmp_path / "written", split=split)
    if isinstance(split, list):
        assert list(found) == list(other) == split
        found, other = pd.concat(found.values()), pd.concat(other.values())
    pd.testing.assert_frame_equal(found, other)
    if isinstance(split, str):
        pd.testing.assert_frame_equal(pd.concat(list(tidydl.stream(frames, split=split, batch_size=2))), other)


def test_frames_by_split_that_are_not_there_or_cannot_be_told_apart_are_refused():
    frame = pd.DataFrame({"x": [1]})
    with pytest.raises(NotFoundError, match="`split` 'tran' is not known") as refused:
        tidydl.load_dataset({"train": frame, "test": frame}, split="tran[:5]")
    assert "'train', 'test'" in str(refused.value)
    for take in (tidydl.load_dataset, tidydl.stream, tidydl.as_dataset, tidydl.features):
        with pytest.raises(ArgumentError, match="has two splits with the same name as text: 1, 1"):
            take({1: frame, "1": frame})

"""write_dataset() leaves what others have alone: their files, modes, links and writing at the same time."""

import errno
import os
import subprocess
import sys
import threading

import pandas as pd
import pytest

from tidydl import load_dataset, stream, write_dataset
from tidydl.errors import ArgumentError, DataError, StorageError


@pytest.fixture
def frame():
    return pd.DataFrame({"x": [1, 2]})


def test_a_folder_with_files_of_other_splits_is_refused_and_stays(frame, tmp_path):
    (tmp_path / "waves").mkdir()
    write_dataset(frame, tmp_path / "waves" / "wave1.parquet")
    with pytest.raises(ArgumentError, match=r"wave1\.parquet"):
        write_dataset({"train": frame}, tmp_path / "waves")
    assert os.listdir(tmp_path / "waves") == ["wave1.parquet"]


def test_a_readme_of_somebody_is_not_replaced(frame, tmp_path):
    (tmp_path / "README.md").write_text("my notes")
    with pytest.raises(ArgumentError, match=r"README\.md"):
        write_dataset({"mine": frame}, tmp_path)
    assert (tmp_path / "README.md").read_text() == "my notes"


@pytest.mark.parametrize("names", [("train", "test"), ("mine", "yours")])
def test_files_of_the_same_splits_are_replaced_and_new_ones_join_them(frame, names, tmp_path):
    (tmp_path / ".hidden").write_text("x")
    write_dataset({names[0]: frame}, tmp_path)
    write_dataset(dict.fromkeys(names, frame.iloc[:1]), tmp_path)
    assert {name: len(each) for name, each in load_dataset(tmp_path).items()} == dict.fromkeys(names, 1)
    assert (tmp_path / ".hidden").exists()


def test_splits_that_cannot_all_be_written_replace_none(frame, tmp_path):
    write_dataset({"train": frame}, tmp_path / "d")
    for folder in ("d", "new"):
        with pytest.raises(ValueError, match="mixed"):
            write_dataset({"train": frame.iloc[:1], "test": pd.DataFrame({"mixed": [1, "a"]})}, tmp_path / folder)
    assert len(load_dataset(tmp_path / "d", split="train")) == 2
    assert os.listdir(tmp_path) == ["d"]
    assert os.listdir(tmp_path / "d") == ["train.parquet"]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(frame, mode, tmp_path):
    for data, path, file in (
        (frame, tmp_path / "d.parquet", tmp_path / "d.parquet"),
        ({"train": frame}, tmp_path / "splits", tmp_path / "splits" / "train.parquet"),
    ):
        write_dataset(data, path)
        file.chmod(mode)
        write_dataset(data, path)
        assert file.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_what_a_link_leads_to_is_written(frame, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.parquet").symlink_to(tmp_path / "there" / "d.parquet")
    (tmp_path / "folder").symlink_to(tmp_path / "there" / "splits")
    (tmp_path / "there" / "splits").mkdir()
    write_dataset(frame, tmp_path / "link.parquet")
    write_dataset({"train": frame}, tmp_path / "folder")
    assert (tmp_path / "link.parquet").is_symlink()
    assert (tmp_path / "folder").is_symlink()
    assert len(load_dataset(tmp_path / "there" / "d.parquet")) == 2
    assert os.listdir(tmp_path / "there" / "splits") == ["train.parquet"]


def test_threads_that_write_one_path_leave_a_whole_file_of_one(tmp_path):
    wrong = []

    def write(k):
        try:
            write_dataset(pd.DataFrame({"x": [k] * 20_000}), tmp_path / "d.parquet")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert load_dataset(tmp_path / "d.parquet")["x"].nunique() == 1
    assert os.listdir(tmp_path) == ["d.parquet"]


@pytest.mark.skipif(os.name != "posix", reason="whether a process lives is asked as POSIX does")
def test_what_a_killed_writer_left_goes_with_the_next_writing(frame, tmp_path):
    killed = (
        "import os, sys; from pathlib import Path; from tidydl.whole_files import whole_file\n"
        "file = whole_file(Path(sys.argv[1])); file.__enter__(); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path / "d.parquet")], check=False)
    assert len(os.listdir(tmp_path)) == 1
    write_dataset(frame, tmp_path / "d.parquet")
    assert os.listdir(tmp_path) == ["d.parquet"]


def test_a_home_of_nobody_is_refused(frame):
    with pytest.raises(ArgumentError, match="home folder"):
        write_dataset(frame, "~nobody-of-this-name/d.parquet")


def test_splits_of_one_name_as_text_are_refused(frame, tmp_path):
    with pytest.raises(ArgumentError, match="two splits with the same name"):
        write_dataset({1: frame, "1": frame}, tmp_path / "d")


def test_splits_are_replaced_together_or_not_at_all(frame, tmp_path, monkeypatch):
    write_dataset({"train": frame, "test": frame}, tmp_path / "d")
    sync, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="full"):
        write_dataset({"train": frame + 10, "test": frame + 10}, tmp_path / "d")
    assert [each["x"].tolist() for each in load_dataset(tmp_path / "d").values()] == [[1, 2], [1, 2]]
    assert sorted(os.listdir(tmp_path / "d")) == ["test.parquet", "train.parquet"]


def test_a_stream_is_not_written_among_its_own_files(frame, tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    write_dataset(frame, folder / "a.parquet")
    for path in (folder, folder / "*.parquet"):
        for target in (folder / "out.parquet", folder / "a.parquet"):
            with pytest.raises(ArgumentError, match="among the files of this stream"):
                write_dataset(stream(path), target)
    assert write_dataset(stream(folder / "a.parquet"), folder / "a.parquet")  # a file by itself is replaced
    assert write_dataset(stream(folder), tmp_path / "out.parquet")
    assert load_dataset(folder)["x"].tolist() == [1, 2]


def test_rows_without_columns_are_refused(tmp_path):
    with pytest.raises(DataError, match="3 rows and no columns"):
        write_dataset(pd.DataFrame(index=range(3)), tmp_path / "d.parquet")
    assert os.listdir(tmp_path) == []

"""Files are there whole or not at all, whatever lies at their names, and whoever else writes."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from tidydl import write_dataset
from tidydl.errors import StorageError
from tidydl.whole_files import begun_beside, whole_file, whole_folder, write_whole

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and signals are those of POSIX")
LEAVING = """
import os, sys
from tidydl.whole_files import whole_file
file = whole_file(sys.argv[1])
file.__enter__()
os._exit(1)
"""


def test_a_file_is_replaced_when_all_is_written_and_not_before(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, "before")
    with whole_file(path) as file:
        file.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    with pytest.raises(StorageError, match="cannot be written: ZeroDivisionError"), whole_file(path) as file:
        file.write(b"half%d" % (1 // 0))
    assert path.read_text() == "after"
    assert os.listdir(tmp_path) == ["a.txt"]


@POSIX
def test_nothing_at_the_name_of_the_part_is_written_through(tmp_path, monkeypatch):
    path, secret = tmp_path / "a.txt", tmp_path / "secret"
    secret.write_text("mine")
    begun = begun_beside(path)
    begun.symlink_to(secret)
    monkeypatch.setattr("tidydl.whole_files.begun_beside", lambda path: begun)  # somebody guessed it
    with pytest.raises(StorageError, match="cannot be written"):
        write_whole(path, "other")
    assert secret.read_text() == "mine"
    assert not path.exists()


def test_names_of_parts_differ_and_say_nothing_that_can_be_guessed(tmp_path):
    names = {begun_beside(tmp_path / "a.txt").name for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".a.txt.") for name in names)


@POSIX
def test_the_mode_of_a_replaced_file_stays_and_a_new_one_has_the_usual(tmp_path):
    path, usual = tmp_path / "a.txt", tmp_path / "usual"
    usual.write_text("")
    write_whole(path, "1")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    write_whole(path, "2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@POSIX
def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    link, target = tmp_path / "link", tmp_path / "there" / "a.txt"
    link.symlink_to(target)
    for text in ("new", "newer"):
        write_whole(link, text)
        assert link.is_symlink()
        assert target.read_text() == text
    assert os.listdir(tmp_path / "there") == ["a.txt"]


@POSIX
def test_what_is_no_regular_file_is_left_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        kind = stat.S_IFMT(path.stat().st_mode)
        with pytest.raises(StorageError, match="not a regular file"):
            write_whole(path, "text")
        assert stat.S_IFMT(path.stat().st_mode) == kind


def test_eight_threads_that_write_one_name_all_succeed_and_one_is_there_whole(tmp_path):
    wrong = []

    def write(letter):
        try:
            for _ in range(20):
                write_whole(tmp_path / "a.txt", letter * 50_000)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(set((tmp_path / "a.txt").read_text())) == 1
    assert os.listdir(tmp_path) == ["a.txt"]


@POSIX
def test_what_a_killed_process_left_goes_with_the_next_writing_and_what_a_living_one_writes_stays(tmp_path):
    path = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", LEAVING, path], check=False)
    assert len(os.listdir(tmp_path)) == 1
    with whole_file(path) as file:
        file.write(b"mine")
        write_whole(path, "of somebody who was quicker")
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["a.txt"]


FULL = """
import resource, sys
from tidydl.errors import StorageError
from tidydl.whole_files import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(sys.argv[1], "x" * 100_000, "`file` 'a.txt'")
except StorageError as error:
    print(error.problem)
"""


@POSIX
def test_a_full_disk_is_named_and_leaves_what_was_there(tmp_path):
    write_whole(tmp_path / "a.txt", "before")
    ran = subprocess.run([sys.executable, "-c", FULL, tmp_path / "a.txt"], capture_output=True, text=True, check=True)
    assert ran.stdout == "`file` 'a.txt' cannot be written: the disk is full.\n"
    assert (tmp_path / "a.txt").read_text() == "before"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(StorageError, match="nowhere', which does not exist"):
        write_whole(tmp_path / "nowhere" / "a.txt", "text")


@pytest.mark.parametrize("name", ["é" * 120, "a" * 250, "run:1", "-f", "a b"])
def test_names_that_a_folder_can_hold_can_be_written(name, tmp_path):
    write_whole(tmp_path / name, "text")
    assert os.listdir(tmp_path) == [name]


def test_a_folder_takes_its_name_when_it_is_whole(tmp_path):
    with whole_folder(tmp_path / "d") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "d").exists()
    assert (tmp_path / "d" / "a").read_text() == "1"
    with pytest.raises(StorageError, match="cannot be written"), whole_folder(tmp_path / "d") as folder:
        (folder / "a").write_text("2")
    with pytest.raises(StorageError, match="cannot be written: KeyError"), whole_folder(tmp_path / "e"):
        raise KeyError
    assert (tmp_path / "d" / "a").read_text() == "1"
    assert os.listdir(tmp_path) == ["d"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can make another user's link")
def test_a_link_of_another_user_in_a_shared_folder_is_not_followed(tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("mine")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "fit.json").symlink_to(own)
    os.lchown(shared / "fit.json", 12345, 12345)
    with pytest.raises(StorageError, match="another user"):
        write_whole(shared / "fit.json", "theirs")
    assert own.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can make another user's link")
@pytest.mark.parametrize("mode", [0o1777, 0o777, 0o775])
@pytest.mark.parametrize("named", ["dir/x.parquet", "x.parquet", "out", "mine/x.parquet"])
def test_no_link_of_another_user_in_a_path_is_followed_where_others_may_write(tmp_path, mode, named):
    home, shared = tmp_path / "home", tmp_path / "shared"
    for folder in (home, shared):
        folder.mkdir()
    shared.chmod(mode)
    (home / "notes.txt").write_text("mine")
    links = {"dir": home, "x.parquet": home / "notes.txt", "out": home, "mine": shared / "dir"}
    for name, target in links.items():
        (shared / name).symlink_to(target)
        if name != "mine":  # which leads to theirs
            os.lchown(shared / name, 12345, 12345)
    frame = pd.DataFrame({"i": [1]})
    with pytest.raises(StorageError, match="a link that another user made"):
        write_dataset({"train": frame, "test": frame} if named == "out" else frame, shared / named)
    assert os.listdir(home) == ["notes.txt"]
    assert (home / "notes.txt").read_text() == "mine"


def test_links_of_ones_own_are_followed_wherever_they_lead(tmp_path):
    (tmp_path / "there" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("there/below/../below")
    (tmp_path / "chain").symlink_to(tmp_path / "link")
    write_whole(tmp_path / "chain" / ".." / "a.txt", "text")
    assert (tmp_path / "there" / "a.txt").read_text() == "text"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StorageError):
        write_whole(tmp_path / "loop", "text")

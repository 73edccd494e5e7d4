"""What stays unpacked or half made in the cache folder: whose it is, and who removes it."""

import io
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from support.hostile_files import zipped
from tidydl import cache, load_dataset, stream
from tidydl.data import example_models
from tidydl.data.sources.zips import check_zip
from tidydl.errors import ArgumentError, TidydlError
from tidydl.storage import abandoned, begun_folder
from tiny.inputs import encoded, picture

UNPACKING = """
import sys, time
from pathlib import Path
from tidydl.storage import begun_folder
with begun_folder(Path(sys.argv[1])) as folder:
    (folder / ".unpacked-from").write_text("/data/birds.zip")
    (folder / "1.png").write_bytes(bytes(1_000_000))
    print(folder, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_has_unpacked_is_listed_and_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    place = tmp_path / "unpacked"
    place.mkdir()
    process = subprocess.Popen([sys.executable, "-c", UNPACKING, str(place)], stdout=subprocess.PIPE, text=True)
    folder = Path(process.stdout.readline().strip())
    assert list(abandoned(place)) == []  # somebody is at work on it
    assert not (cache()["kind"] == "unpacked").any()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    listed = cache()
    listed = listed[listed["kind"] == "unpacked"]
    assert listed["id"].tolist() == ["/data/birds.zip"]
    assert listed["size_mb"].tolist() == [pytest.approx(1.0, abs=0.01)]
    cache(remove="/data/birds.zip")
    assert not folder.exists()


def test_what_killed_processes_left_is_cleared_by_the_next_that_unpacks(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    left = tmp_path / "cache" / "unpacked" / ".begun-left"
    left.mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("L", (2, 2)).save(picture, "PNG")
    (tmp_path / "a.zip").write_bytes(zipped(("a/1.png", picture.getvalue())))
    with begun_folder(left.parent) as held:
        load_dataset(tmp_path / "a.zip")
        assert held.exists()
    assert not left.exists()
    assert len(list(left.parent.iterdir())) == 1


@pytest.mark.parametrize("name", [".unpacked-from", ".unpacked-from/x.png", ".Unpacked-From"])
def test_no_zip_file_says_that_it_is_another(tmp_path, monkeypatch, name):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "a.zip").write_bytes(zipped(("1.png", encoded(picture(1, (2, 2)))), (name, "/data/others.zip")))
    for _ in range(2):
        assert load_dataset(tmp_path / "a.zip")["image"][0].width == 2
        assert cache()["id"].tolist() == [str(tmp_path / "a.zip")]
    before = [path.stat().st_ino for path in (tmp_path / "cache" / "unpacked").iterdir()]
    load_dataset(tmp_path / "a.zip")  # which is whole: nothing is unpacked anew
    assert [path.stat().st_ino for path in (tmp_path / "cache" / "unpacked").iterdir()] == before


def test_what_killed_processes_left_of_a_model_is_cleared_by_the_next_that_wants_one(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    models = tmp_path / "models"
    script = UNPACKING.replace("/data/birds.zip", "x")
    models.mkdir()
    process = subprocess.Popen([sys.executable, "-c", script, str(models)], stdout=subprocess.PIPE, text=True)
    folder = Path(process.stdout.readline().strip())
    head = Path(example_models.__file__).parent / "files" / "models" / "emotion"
    made = example_models.assembled(head)
    assert sorted(models.iterdir()) == sorted([made, folder])  # somebody is at work on it
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert example_models.assembled(head) == made
    assert list(models.iterdir()) == [made]


@pytest.mark.parametrize(
    "names", [("x.csv", "X.csv"), ("é.csv", "e\u0301.csv"), ("d/x.csv", "D/x.csv")], ids=["case", "accent", "folder"]
)
def test_names_that_are_one_name_on_some_systems_are_refused_there(tmp_path, monkeypatch, names):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in names:
            packed.writestr(name, "a\n1\n")
    assert load_dataset(tmp_path / "a.zip")["a"].tolist() == [1, 1]
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ArgumentError, match="twice, and only the last"):
        check_zip(tmp_path / "a.zip")


def test_a_folder_that_is_being_filled_is_never_taken_for_an_abandoned_one(tmp_path):
    lost, until = [], time.monotonic() + 2

    def fill_and_clean():
        while time.monotonic() < until:
            try:
                with begun_folder(tmp_path) as folder:
                    (folder / "a").touch()
                    if not (folder / "a").is_file():
                        lost.append(folder)
            except OSError as error:
                lost.append(error)
            for left in abandoned(tmp_path):
                shutil.rmtree(left, ignore_errors=True)

    threads = [threading.Thread(target=fill_and_clean) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []


def spoil(folder):
    """Delete one of the unpacked files, as programs that clean temporary folders do."""
    with suppress(FileNotFoundError):
        for path in folder.glob("unpacked/*/*/*.png"):
            path.unlink()
            return


@pytest.mark.parametrize("delete", [lambda folder: cache(remove=True), spoil], ids=["cache", "one file"])
def test_no_row_is_lost_where_unpacked_files_are_deleted_meanwhile(tmp_path, monkeypatch, delete):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    files = {f"{label}/{k}.png": encoded(picture(k, (4, 4))) for label in "abc" for k in range(5)}
    (tmp_path / "a.zip").write_bytes(zipped(*files.items()))
    until, rows, problems = time.monotonic() + 3, [], []

    def load():
        while time.monotonic() < until:
            try:
                rows.append(len(load_dataset(tmp_path / "a.zip")))
            except TidydlError as error:
                rows.append(f"{type(error).__name__}: {error}")

    def clean():
        while time.monotonic() < until:
            try:
                delete(tmp_path / "cache")
            except Exception as error:
                problems.append(error)
            time.sleep(0.01)

    threads = [threading.Thread(target=each) for each in (load, load, load, clean)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 15 in rows
    assert {each for each in rows if isinstance(each, int)} == {15}
    assert problems == []
    told = {each.partition(":")[0] for each in rows if not isinstance(each, int)}
    assert told <= {"NotFoundError", "DamagedFileError"}


def test_an_unpacked_file_that_was_cut_is_unpacked_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.zip").write_bytes(zipped(("a.csv", "x\n" + "1\n" * 5000)))
    assert stream(tmp_path / "a.zip").rows == 5000
    (unpacked,) = (tmp_path / "cache").rglob("a.csv")
    unpacked.write_bytes(unpacked.read_bytes()[:4096])
    assert stream(tmp_path / "a.zip").rows == 5000

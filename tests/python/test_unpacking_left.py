"""What processes that were killed while they unpacked a file have left behind."""

import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tidydl import cache, load_dataset
from tidydl.storage import abandoned, begun_folder

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
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("a/1.png", picture.getvalue())
    with begun_folder(left.parent) as held:
        load_dataset(tmp_path / "a.zip")
        assert held.exists()
    assert not left.exists()
    assert len(list(left.parent.iterdir())) == 1

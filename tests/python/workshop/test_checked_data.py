"""Data sets of courses name no files elsewhere: what tidydl.load_dataset() refuses is refused."""

import json
import os
import shutil

import datasets as installed
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tidydl.errors import ArgumentError, DataError, TidydlError
from tidydl.workshop import datasets


@pytest.fixture
def outside(tmp_path):
    place = tmp_path / "outside"
    place.mkdir()
    (place / "secret.csv").write_text("key\nhunter2\n")
    Image.new("RGB", (5, 5), "green").save(place / "secret.png")
    return place


def _readme(folder, files):
    text = f"---\nconfigs:\n- config_name: default\n  data_files: {files}\n---\n"
    (folder / "README.md").write_text(text, "utf-8")
    (folder / "a.csv").write_text("x\n1\n")


def _cells(folder, path):
    noted = {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}})}
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": None, "path": path}], struct)
    pq.write_table(pa.table({"image": cells}).replace_schema_metadata(noted), folder / "a.parquet")


def _described(folder, path):
    (folder / "a.jsonl").write_text(json.dumps({"image": path}) + "\n")
    (folder / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n---\n", "utf-8"
    )


HOSTILE = {
    "README, above": lambda folder, there: _readme(folder, "../outside/secret.csv"),
    "README, absolute": lambda folder, there: _readme(folder, there / "secret.csv"),
    "README, an address": lambda folder, there: _readme(folder, "http://127.0.0.1:9/a.csv"),
    "link": lambda folder, there: (folder / "a.csv").symlink_to(there / "secret.csv"),
    "cell, absolute": lambda folder, there: _cells(folder, str(there / "secret.png")),
    "cell, above": lambda folder, there: _cells(folder, "../outside/secret.png"),
    "cell, an address": lambda folder, there: _cells(folder, "http://127.0.0.1:9/a.png"),
    "text that is an image": lambda folder, there: _described(folder, str(there / "secret.png")),
}


@pytest.mark.parametrize("streaming", [False, True], ids=["at once", "streaming"])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_folder_that_names_files_elsewhere_is_refused(tmp_path, outside, case, streaming):
    folder = tmp_path / "data"
    folder.mkdir()
    HOSTILE[case](folder, outside)
    with pytest.raises((ArgumentError, DataError), match=r"outside the folder|leaves the folder|URL|absolute path"):
        datasets.load_dataset(str(folder), streaming=streaming)


def test_trusted_data_may_name_files_elsewhere(tmp_path, outside):
    folder = tmp_path / "data"
    folder.mkdir()
    _cells(folder, str(outside / "secret.png"))
    assert datasets.load_dataset(str(folder), split="train", trusted=True)[0]["image"].size == (5, 5)


def test_a_path_beside_a_file_is_that_of_the_data_set_and_not_of_the_working_folder(tmp_path, outside, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    Image.new("RGB", (3, 3), "red").save(folder / "secret.png")
    _cells(folder, "secret.png")
    monkeypatch.chdir(outside)
    for given in (str(folder), "parquet"):
        more = {} if given != "parquet" else {"data_files": str(folder / "a.parquet")}
        assert datasets.load_dataset(given, split="train", **more)[0]["image"].size == (3, 3)
    assert datasets.Dataset.from_parquet(str(folder / "a.parquet"))[0]["image"].size == (3, 3)


def test_files_of_a_format_name_none_elsewhere(tmp_path, outside):
    folder = tmp_path / "data"
    folder.mkdir()
    _cells(folder, str(outside / "secret.png"))
    file = str(folder / "a.parquet")
    for load in (
        lambda: datasets.load_dataset("parquet", data_files=file),
        lambda: datasets.Dataset.from_parquet(file),
    ):
        with pytest.raises(DataError, match="outside the folder"):
            load()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.csv", "s3://someone/a.csv", "hf://datasets/a/b/c.csv"])
def test_addresses_are_not_visited(address):
    for load in (
        lambda: datasets.load_dataset("csv", data_files=address),
        lambda: datasets.load_dataset("csv", data_files={"train": ["a.csv", address]}),
        lambda: datasets.Dataset.from_csv(address),
        lambda: datasets.load_from_disk(address),
    ):
        with pytest.raises(ArgumentError, match="URL"):
            load()


def test_files_of_a_kind_that_may_be_more_than_values_are_refused(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(ArgumentError, match="hdf5"):
        datasets.load_dataset("hdf5", data_files=str(tmp_path / "a.h5"))


def _saved(folder, rows=("a", "b")):
    installed.Dataset.from_dict({"text": list(rows)}).save_to_disk(str(folder))
    return folder


def _rewritten(file, **entries):
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **entries}), "utf-8")


def test_a_saved_folder_names_no_files_elsewhere(tmp_path):
    _saved(tmp_path / "private", ["hunter2"])
    folder = _saved(tmp_path / "disk")
    assert datasets.load_from_disk(str(folder))["text"] == ["a", "b"]
    _rewritten(folder / "state.json", _data_files=[{"filename": "../private/data-00000-of-00001.arrow"}])
    for load in (datasets.load_from_disk, datasets.Dataset.load_from_disk):
        with pytest.raises(DataError, match="leaves the folder"):
            load(str(folder))
    linked = _saved(tmp_path / "linked")
    (data,) = linked.glob("*.arrow")
    data.unlink()
    os.symlink(tmp_path / "private" / data.name, data)
    with pytest.raises(DataError, match="leaves the folder"):
        datasets.load_from_disk(str(linked))


def test_saved_splits_lie_in_their_folder(tmp_path):
    private = _saved(tmp_path / "private", ["hunter2"])
    both = installed.DatasetDict({"train": installed.load_from_disk(str(private))})
    both.save_to_disk(str(tmp_path / "both"))
    assert datasets.load_from_disk(str(tmp_path / "both"))["train"]["text"] == ["hunter2"]
    _rewritten(tmp_path / "both" / "dataset_dict.json", splits=["../private"])
    with pytest.raises(DataError, match="leaves the folder"):
        datasets.load_from_disk(str(tmp_path / "both"))
    shutil.rmtree(tmp_path / "both")
    with pytest.raises(TidydlError):
        datasets.load_from_disk(str(tmp_path / "both"))


def test_cells_of_saved_data_name_no_files_elsewhere(tmp_path, outside):
    image = installed.Features(image=installed.Image())
    made = installed.Dataset.from_dict(
        {"image": [{"bytes": None, "path": str(outside / "secret.png")}]}, features=image
    )
    table = made.data.table
    named = installed.Dataset(installed.table.InMemoryTable(table))
    with installed.arrow_writer.ArrowWriter(path=str(tmp_path / "x.arrow"), features=named.features) as writer:
        writer.write_table(table)
    folder = _saved(tmp_path / "disk")
    (data,) = folder.glob("*.arrow")
    shutil.copy(tmp_path / "x.arrow", data)
    _rewritten(folder / "dataset_info.json", features=image.to_dict())
    with pytest.raises(DataError, match="outside the folder"):
        datasets.load_from_disk(str(folder))


def test_cells_of_a_stream_of_the_hub_are_its_own_files(outside):
    from tidydl.workshop.checked_data import _each_checked

    own = "hf://datasets/someone/data@main/a.png"
    content = (outside / "secret.png").read_bytes()
    features = installed.Features(image=installed.Image(), n=installed.Value("int64"))

    def stream(*cells):
        rows = pa.table({"image": pa.array(cells, features["image"].pa_type), "n": list(range(len(cells)))})
        made = installed.Dataset(installed.table.InMemoryTable(rows)).cast(features)
        return _each_checked(made.to_iterable_dataset(), "`path` 'someone/data'")

    good = next(iter(stream({"bytes": content, "path": "a.png"})))
    assert (good["image"].size, good["n"]) == ((5, 5), 0)
    for path in (str(outside / "secret.png"), "http://127.0.0.1:9/a.png", f"file:///x::{own}", f"{own}::http://a"):
        with pytest.raises(DataError, match="not on the Hub"):
            next(iter(stream({"bytes": None, "path": path})))

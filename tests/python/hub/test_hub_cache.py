"""What was downloaded: shown as a frame, and removed."""

import io
import zipfile

import pandas as pd
import pytest
from PIL import Image

import tidydl
from hub import Hub
from support.visiting import visit
from tidydl.errors import NotFoundError
from tidydl.hub import cached_files

COLUMNS = ["kind", "id", "revision", "refs", "size_mb", "last_used"]


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Load three data sets, one of them in two versions, look, and remove some."""
    home, served = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")
    for k, name in enumerate(("one", "two", "three", "old")):
        (served / name).mkdir()
        pd.DataFrame({"n": range(1000 + k)}).to_csv(served / name / "train.csv", index=False)
    steps = {
        "empty": {"do": "cache"},
        "two": {"do": "data", "path": "us/two"},
        "three": {"do": "data", "path": "us/three"},
        "old": {"do": "data", "path": "us/one", "revision": "v1"},
        "one": {"do": "data", "path": "us/one"},
        "two again": {"do": "data", "path": "us/two", "split": "train"},
        "all": {"do": "cache"},
        "mistyped": {"do": "cache", "remove": "us/thre"},
        "one gone": {"do": "cache", "remove": "us/three"},
        "no number": {"do": "cache", "remove": 3},
        "left": {"do": "cache"},
    }
    with Hub() as hub:
        hub.add("us/one", served / "one", kind="dataset", branches={"v1": served / "old"})
        hub.add("us/two", served / "two", kind="dataset")
        hub.add("us/three", served / "three", kind="dataset")
        found = visit(home, hub.url, steps)
        old = found["all"]["lines"][[line["refs"] for line in found["all"]["lines"]].index("v1")]["revision"]
        part = next((home / "hf" / "hub").glob("*--us--two/blobs")) / "0a.incomplete"
        part.write_bytes(b"x" * 1000)
        more = {
            "version": {"do": "cache", "remove": old},
            "after": {"do": "cache"},
            "everything": {"do": "cache", "remove": True},
            "nothing": {"do": "cache"},
            "fetched again": {"do": "data", "path": "us/two"},
        }
        found |= visit(home, hub.url, more)
        assert not part.exists()
        both = {
            "ours for the client": {
                "do": "client",
                "repo_id": "us/two",
                "repo_type": "dataset",
                "local_files_only": True,
            },
            "by the client": {"do": "client", "repo_id": "us/three", "repo_type": "dataset"},
        }
        found |= visit(home, hub.url, both, HF_HUB_DISABLE_PROGRESS_BARS="1")  # the client's own
        hub.repos["dataset", "us/two"].misbehave("status", times=None, on=None, headers={"Retry-After": "0"})
        found |= visit(home, hub.url, {"of a broken hub": {"do": "data", "path": "us/two"}})
        found |= visit(home, hub.url, {"the client's for us": {"do": "data", "path": "us/three"}}, HF_HUB_OFFLINE="1")
    return found


def ids(found):
    return [line["id"] for line in found["lines"]]


def test_the_last_used_comes_first_with_all_it_takes(visited):
    lines = visited["all"]["lines"]
    assert ids(visited["all"]) == ["us/two", "us/one", "us/one", "us/three"]
    assert [line["refs"] for line in lines] == ["main", "main", "v1", "main"]
    assert all(line["kind"] == "dataset" and len(line["revision"]) == 40 for line in lines)
    assert all(0.003 < line["size_mb"] < 0.01 for line in lines)
    assert all(list(line) == COLUMNS for line in lines)


def test_the_frame_of_nothing_has_the_same_columns():
    nothing, some = cached_files._frame([]), tidydl.cache()
    assert list(nothing.columns) == list(some.columns) == COLUMNS
    assert nothing.dtypes.to_list() == some.dtypes.to_list()
    assert str(nothing["last_used"].dtype) == "datetime64[us, UTC]"


def test_a_kind_of_frame_does_not_change_with_what_is_in_it(visited):
    assert visited["empty"]["lines"] == visited["nothing"]["lines"] == []
    assert visited["empty"]["dtypes"] == visited["all"]["dtypes"]


def test_an_id_a_version_or_all_is_removed_and_told(visited):
    assert ids(visited["one gone"]) == ["us/three"]
    assert ids(visited["left"]) == ["us/two", "us/one", "us/one"]
    assert ids(visited["version"]) == ["us/one"]
    assert ids(visited["after"]) == ["us/two", "us/one"]
    assert sorted(ids(visited["everything"])) == ["us/one", "us/two"]
    assert visited["fetched again"]["rows"] == {"": 1001}


def test_a_name_that_is_not_stored_suggests_the_nearest(visited):
    assert visited["mistyped"]["kind"] == "not_found"
    assert visited["mistyped"]["hint"] == "Did you mean 'us/three'?"
    assert visited["no number"]["kind"] == "argument"


def test_the_client_of_the_hub_reads_what_we_fetched_and_we_what_it_fetched(visited):
    assert visited["ours for the client"]["files"] == visited["by the client"]["files"] == ["train.csv"]
    assert visited["the client's for us"]["rows"] == {"": 1002}


def test_what_is_kept_does_where_the_hub_is_in_trouble(visited):
    assert visited["of a broken hub"]["rows"] == {"": 1001}


@pytest.fixture
def unpacked(tmp_path, monkeypatch):
    """Load images of a zip file, with empty caches."""
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cached_files, "cache_path", lambda: tmp_path / "hub")
    content = io.BytesIO()
    Image.new("L", (4, 4)).save(content, "PNG")
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("one.png", content.getvalue())
    assert len(tidydl.load_dataset(path)) == 1
    return path


def test_an_unpacked_zip_file_is_listed_by_its_path(unpacked):
    (row,) = tidydl.cache().to_dict("records")
    assert (row["kind"], row["id"]) == ("unpacked", str(unpacked))
    assert 0 < row["size_mb"] < 0.01
    assert list(tidydl.load_dataset(unpacked).columns) == ["image"]  # nothing of ours among the files


def test_an_unpacked_zip_file_is_freed_by_any_spelling_of_its_path(unpacked, monkeypatch):
    with pytest.raises(NotFoundError):
        tidydl.cache(remove="images.zip")
    monkeypatch.chdir(unpacked.parent)
    (unpacked.parent / "beside").mkdir()
    assert tidydl.cache(remove="beside/../images.zip")["id"].tolist() == [str(unpacked)]
    assert tidydl.cache().empty


def test_an_unpacked_zip_file_is_read_where_nothing_can_be_written(unpacked, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tidydl.data.sources.zips.os.utime", refused)
    assert tidydl.load_dataset(unpacked)["image"][0].width == 4


@pytest.mark.parametrize("by", ["id", "revision", None])
def test_an_unpacked_zip_file_is_freed_by_path_hash_or_with_all(unpacked, by, tmp_path):
    (row,) = tidydl.cache().to_dict("records")
    gone = tidydl.cache(remove=True if by is None else row[by])
    assert gone["id"].tolist() == [str(unpacked)]
    assert list((tmp_path / "cache" / "unpacked").iterdir()) == []
    assert tidydl.cache().empty
    assert tidydl.load_dataset(unpacked)["image"][0].width == 4


def test_of_two_repositories_with_one_commit_the_named_one_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cached_files, "cache_path", lambda: tmp_path / "hub")
    names = ("models--old--name", "models--new--name", "datasets--new--name")
    for name in names:
        snapshot = tmp_path / "hub" / name / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        (snapshot / "config.json").write_text("{}")
    assert tidydl.cache(remove="old/name")["id"].tolist() == ["old/name"]
    assert sorted(path.name for path in (tmp_path / "hub").glob("*--*")) == sorted(names[1:])
    assert len(tidydl.cache(remove=True)) == 2
    assert list((tmp_path / "hub").glob("*--*")) == []


def test_folders_beside_the_unpacked_files_are_not_ours_to_remove(unpacked, tmp_path):
    own = tmp_path / "cache" / "unpacked" / "mine"
    own.mkdir()
    (own / "thesis.txt").write_text("mine")
    assert tidydl.cache(remove=True)["id"].tolist() == [str(unpacked)]
    assert (own / "thesis.txt").read_text() == "mine"

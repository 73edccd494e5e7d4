"""Paths of images and sounds inside the folder of a data set: however they are written, and when it is moved."""

import os

import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tidydl import load_dataset, stream, write_dataset
from tidydl.data.media.image import ImageArray, as_image
from tidydl.errors import DataError


@pytest.fixture
def place(tmp_path):
    """Build a folder of three images, and one beside it."""
    for name in ("set/1.png", "set/below/2.png", "out.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (2, 2), 7).save(tmp_path / name)
    return tmp_path / "set"


def sizes(images):
    return [image.width for image in images]


@pytest.mark.parametrize("end", ["csv", "jsonl", "parquet"])
def test_a_metadata_file_may_name_images_inside_by_their_whole_path(place, end):
    named = pd.DataFrame({"file_name": ["1.png", str(place / "1.png"), "below/../1.png"]})
    keep = {"csv": named.to_csv, "jsonl": lambda path, index: named.to_json(path, orient="records", lines=True)}
    keep.get(end, named.to_parquet)(place / f"metadata.{end}", index=False)
    assert {image.path for image in load_dataset(place)["image"]} == {str(place / "1.png")}


def test_a_metadata_file_that_is_trusted_may_name_images_elsewhere(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place.parent))
    named = [str(place.parent / "out.png"), "../out.png", "~/out.png"]
    pd.DataFrame({"file_name": named}).to_csv(place / "metadata.csv", index=False)
    assert sizes(load_dataset(place, trusted=True)["image"]) == [2, 2, 2]
    with pytest.raises(DataError, match="outside") as caught:
        load_dataset(place)
    assert "trusted=True" in caught.value.hint
    (place / "metadata.csv").write_text("file_name\nhttp://127.0.0.1:9/x.png\n")
    with pytest.raises(DataError, match="a URL"):
        load_dataset(place, trusted=True)


def test_the_folder_above_a_link_is_that_of_where_it_leads(place):
    (place.parent / "other").mkdir()
    (place / "link").symlink_to(place.parent / "other")
    for named in ("link/../out.png", str(place / "link" / ".." / "out.png")):
        (place / "metadata.csv").write_text(f"file_name\n{named}\n")
        with pytest.raises(DataError, match=r"outside|leaves"):
            load_dataset(place)


def written(place, images, name="a.parquet"):
    return write_dataset(pd.DataFrame({"i": ImageArray(images), "n": range(len(images))}), place / name)


def test_a_data_set_with_its_images_can_be_moved(place, tmp_path):
    image = (place / "1.png").read_bytes()
    given = [str(place / "1.png"), str(place / "below" / "2.png"), None, image, {"bytes": image, "path": "1.png"}]
    path = written(place, given)
    table = pq.read_table(path)["i"].to_pylist()
    assert [each and each["path"] for each in table] == ["1.png", "below/2.png", None, None, "1.png"]
    assert load_dataset(path)["i"].tolist() == ImageArray(given).tolist()
    place.rename(tmp_path / "moved")
    for read in (load_dataset, lambda path: next(iter(stream(path)))):
        found = read(tmp_path / "moved" / "a.parquet")["i"]
        assert [each and each.width for each in found] == [2, 2, None, 2, 2]
    assert load_dataset(tmp_path / "moved" / "a.parquet")["i"][0].path == str(tmp_path / "moved" / "1.png")


def test_streams_splits_and_cells_can_be_moved_too(place, tmp_path):
    first = written(place, [str(place / "1.png")])
    write_dataset(stream(first), place / "b.parquet")
    cells = pd.DataFrame({"x": [[as_image(str(place / "1.png"))], []]})
    write_dataset(cells, place / "c.parquet")
    (place / "d" / ".pictures").mkdir(parents=True)
    Image.new("L", (2, 2)).save(place / "d" / ".pictures" / "3.png")
    frames = {"train": pd.DataFrame({"i": ImageArray([str(place / "d" / ".pictures" / "3.png")])})}
    write_dataset(frames, place / "d")
    place.rename(tmp_path / "moved")
    assert load_dataset(tmp_path / "moved" / "b.parquet")["i"][0].width == 2
    assert load_dataset(tmp_path / "moved" / "c.parquet")["x"][0][0].width == 2
    assert load_dataset(tmp_path / "moved" / "d")["i"][0].width == 2


def test_a_path_in_a_file_is_seen_from_it_first_and_not_from_the_working_folder(place, monkeypatch):
    path = written(place, [str(place / "1.png")])
    Image.new("L", (9, 9)).save(place / "below" / "1.png")
    monkeypatch.chdir(place / "below")
    assert load_dataset(path)["i"][0].width == 2


def test_images_outside_keep_their_whole_path(place):
    out = str(place.parent / "out.png")
    (place / "link").symlink_to(place.parent)
    table = pq.read_table(written(place, [out, str(place / "link" / "out.png")]))["i"].to_pylist()
    assert [each["path"] for each in table] == [out, str(place / "link" / "out.png")]
    (place / "link").unlink()
    os.symlink(place / "a.parquet", place.parent / "b.parquet")
    written(place.parent, [str(place / "1.png")], "b.parquet")
    assert load_dataset(place / "a.parquet", trusted=True)["i"][0].width == 2


def test_relative_paths_of_images_name_the_same_files_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, value in (("img", 10), ("out/img", 200)):
        (tmp_path / folder).mkdir(parents=True)
        Image.new("L", (2, 2), value).save(tmp_path / folder / "1.png")
    write_dataset(pd.DataFrame({"image": ImageArray(["img/1.png"])}), "out/r.parquet")
    with pytest.raises(DataError, match="outside the folder"):
        load_dataset("out/r.parquet")
    assert load_dataset("out/r.parquet", trusted=True)["image"][0].array()[0, 0] == 10

"""Folders of images and of sounds are listed without opening one: class folders, metadata files, many at once."""

import json
import os

import numpy as np
import pytest
from PIL import Image as Pillow

from tidydl import load_dataset, stream
from tidydl.data.media.audio import as_audio
from tidydl.errors import DataError, NotFoundError


def draw(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.new("L", (8, 8)).save(path)


@pytest.fixture
def sounds(tmp_path):
    for kind in ("bird", "frog"):
        (tmp_path / kind).mkdir()
        as_audio({"array": np.zeros(800), "sampling_rate": 8000}).save(tmp_path / kind / "1.wav")
    return tmp_path


def test_class_folders_of_sounds_are_labels(sounds):
    for how in ({"path": sounds}, {"path": "audiofolder", "data_dir": sounds}):
        frame = load_dataset(**how)
        assert list(frame.columns) == ["audio", "label"]
        assert frame["label"].tolist() == ["bird", "frog"]
        assert [sound.duration for sound in frame["audio"]] == [0.1, 0.1]


def test_images_in_one_folder_or_unequally_deep_have_no_labels(tmp_path):
    draw(tmp_path / "flat" / "1.png", tmp_path / "flat" / "2.png")
    assert list(load_dataset(tmp_path / "flat").columns) == ["image"]
    draw(tmp_path / "deep" / "a" / "1.png", tmp_path / "deep" / "b" / "c" / "2.png")
    assert list(load_dataset(tmp_path / "deep").columns) == ["image"]
    draw(tmp_path / "split" / "train" / "1.png", tmp_path / "split" / "test" / "2.png")
    assert list(load_dataset(tmp_path / "split", split="test").columns) == ["image"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", "file_name,age\na.png,3\nb.png,\n"),
        ("metadata.jsonl", '{"file_name": "a.png", "age": 3}\n{"file_name": "b.png", "age": null}\n'),
    ],
)
def test_a_metadata_file_says_what_is_known_of_each_image(tmp_path, name, content):
    draw(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / name).write_text(content)
    frame = load_dataset(tmp_path)
    assert [str(kind) for kind in frame.dtypes] == ["image", "Int64"]
    assert frame["image"][1].path == str(tmp_path / "b.png")
    assert frame["age"].isna().tolist() == [False, True]


def test_a_metadata_file_that_does_not_fit_is_named(tmp_path):
    draw(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,age\nb.png,3\n")
    with pytest.raises(NotFoundError, match=r"b\.png"):
        load_dataset(tmp_path)
    (tmp_path / "metadata.csv").write_text("file,age\na.png,3\n")
    with pytest.raises(DataError, match="no column 'file_name'"):
        load_dataset(tmp_path)
    (tmp_path / "metadata.csv").write_text("file_name,image\na.png,3\n")
    with pytest.raises(DataError, match="has a column 'image'"):
        load_dataset(tmp_path)


def test_a_metadata_file_names_nothing_outside_of_its_folder(tmp_path):
    draw(tmp_path / "secret.png")
    (tmp_path / "data").mkdir()
    draw(tmp_path / "data" / "a.png")
    for name in ("../secret.png", str(tmp_path / "secret.png")):
        (tmp_path / "data" / "metadata.csv").write_text(f"file_name,age\n{name},3\n")
        with pytest.raises(DataError, match="outside its folder"):
            load_dataset(tmp_path / "data")


def test_a_table_that_is_in_no_split_is_told_of_and_lock_files_are_no_data(tmp_path):
    for name in ("survey.csv", "my_training_notes.csv", "~$survey.csv"):
        (tmp_path / name).write_text("x\n1\n")
    with pytest.warns(UserWarning, match=r"Not loaded, .*'survey\.csv'") as told:
        load_dataset(tmp_path)
    assert told[0].filename == __file__
    (tmp_path / "my_training_notes.csv").unlink()
    assert len(load_dataset(tmp_path)) == 1


def test_ten_thousand_images_load_without_opening_one(tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        for k in range(5000):
            (tmp_path / kind / f"{k:04d}.png").write_bytes(b"no image")
    frame = load_dataset(tmp_path)
    assert frame["label"].value_counts().to_dict() == {"cat": 5000, "dog": 5000}
    assert all(image.is_file for image in frame["image"])


@pytest.mark.skipif(os.name != "posix", reason="links are those of POSIX")
def test_files_that_links_to_folders_lead_to_again_are_read_once(tmp_path):
    for folder in ("v1/a", "v2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.csv").write_text("a\n1\n2\n")
    (tmp_path / "latest").symlink_to("v1")
    (tmp_path / "v2" / "up").symlink_to("..")
    for read in (
        load_dataset(tmp_path),
        load_dataset(tmp_path, data_files="**/*.csv"),
        load_dataset(tmp_path / "**/*.csv"),
    ):
        assert read["a"].tolist() == [1, 2, 1, 2]
    (tmp_path / "v2" / "y.csv").symlink_to("x.csv")  # a link to a file is a file that somebody put there
    assert len(load_dataset(tmp_path, data_files="v2/*.csv")) == 4


def test_cells_of_json_name_no_file_outside(tmp_path):
    (tmp_path / "set").mkdir()
    outside = tmp_path / "secret.png"
    outside.write_bytes(b"x")
    rows = tmp_path / "set" / "a.jsonl"
    for cell in ({"bytes": None, "path": str(outside)}, [{"bytes": None, "path": "../secret.png"}]):
        rows.write_text(json.dumps({"image": cell}) + "\n")
        for read in (load_dataset, lambda path: list(stream(path))):
            with pytest.raises(DataError, match="outside the folder"):
                read(rows)

"""What lies in folders and zip files: names in UTF-8 that do not say so, tables beside images, files that are gone."""

import bz2
import gzip
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from support.pandas_kinds import TEXT
from tidydl import features, load_dataset, stream, write_dataset
from tidydl.errors import ArgumentError, ColumnError, DataError, NotFoundError
from tiny.inputs import wav


def picture(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6), value, "uint8")).save(path)


def zipped(path, files, encoding):
    """Write a zip file whose names are in an encoding without saying so, as Info-ZIP and DOS do."""
    fillers = {name.encode(encoding): bytes([65 + k]) * len(name.encode(encoding)) for k, name in enumerate(files)}
    with zipfile.ZipFile(path, "w") as held:
        for filler, content in zip(fillers.values(), files.values(), strict=True):
            held.writestr(filler.decode(), content)
    raw = path.read_bytes()
    for name, filler in fillers.items():
        raw = raw.replace(filler, name)
    path.write_bytes(raw)


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_names_in_zip_files_are_read_in_the_encoding_they_are_in(tmp_path, encoding):
    picture(tmp_path / "1.png")
    content = (tmp_path / "1.png").read_bytes()
    zipped(tmp_path / "im.zip", {"grün/1.png": content, "blaugrau/1.png": content}, encoding)
    assert load_dataset(tmp_path / "im.zip", split="train")["label"].cat.categories.tolist() == ["blaugrau", "grün"]


def test_tables_that_are_left_out_beside_images_are_named(tmp_path):
    picture(tmp_path / "d" / "1.png")
    (tmp_path / "d" / "1.csv").write_text("x\n1\n")
    with pytest.warns(UserWarning, match=r"contains 1 image file, which is loaded, and tables.*'1\.csv'"):
        assert len(load_dataset(tmp_path / "d")) == 1
    (tmp_path / "d" / "metadata.csv").write_text("file_name,x\n1.png,2\n")
    (tmp_path / "d" / "1.csv").unlink()
    assert load_dataset(tmp_path / "d")["x"].tolist() == [2]


def test_an_image_whose_file_is_gone_spoils_no_other(tmp_path):
    for number in (1, 2):
        picture(tmp_path / "cls" / "a" / f"{number}.png", number)
    path = write_dataset(load_dataset(tmp_path / "cls"), tmp_path / "d.parquet")
    (tmp_path / "cls" / "a" / "1.png").unlink()
    found = load_dataset(path)
    assert [repr(image) for image in found["image"]] == ["<img missing>", "<img 6×4 L>"]
    assert found["image"][1].array().max() == 2
    with pytest.raises(NotFoundError, match=r"1\.png' does not exist"):
        found["image"][0].array()


def test_lists_of_images_are_described(tmp_path):
    picture(tmp_path / "cls" / "a" / "1.png")
    images = load_dataset(tmp_path / "cls")["image"]
    frame = pd.DataFrame({"i": pd.Series([images, images], dtype=object)})
    assert features(frame)["example"].tolist() == ["[<img 6×4 L>]"]


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/datasets/dair-ai/emotion",
        "hf://datasets/dair-ai/emotion",
        "https://hf.co/datasets/dair-ai/emotion/",
    ],
)
def test_the_address_of_a_data_set_of_the_hub_is_answered_with_its_id(address):
    with pytest.raises(ArgumentError, match=r'load_dataset\("dair-ai/emotion"\)'):
        load_dataset(address)


def test_a_lone_picture_is_no_table(tmp_path):
    picture(tmp_path / "1.png")
    with pytest.raises(ArgumentError, match=r"load_dataset\('imagefolder', data_files=path\)"):
        load_dataset(tmp_path / "1.png")
    assert len(load_dataset("imagefolder", data_files=str(tmp_path / "1.png"))) == 1


def test_of_very_many_columns_a_message_lists_some(tmp_path):
    path = write_dataset(pd.DataFrame({f"v{i}": [0] for i in range(3000)}), tmp_path / "wide.parquet")
    with pytest.raises(ColumnError, match="Did you mean 'v299") as raised:
        load_dataset(path, columns="v299x")
    assert len(str(raised.value)) < 1000


def test_a_token_that_is_not_there_is_said_before_the_hub_is_asked(tmp_path, monkeypatch):
    from tidydl.hub.repositories import Repository

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    assert Repository("dataset", "owner/name", token="").token is None
    with pytest.raises(ArgumentError, match="no access token is stored on this machine"):
        load_dataset("owner/name", token=True)


def test_a_file_that_is_not_there_is_named_though_others_are(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    for files in (["a.csv", "zz.csv"], {"train": ["a.csv", "b*.csv"]}):
        with pytest.raises(NotFoundError, match=r"`data_files` '(zz|b\*)\.csv' matches no file"):
            load_dataset(tmp_path, data_files=files)


def test_a_format_is_meant_where_files_are_named_though_a_folder_is_called_so(tmp_path, monkeypatch):
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "a.csv").write_text("x\n9\n")
    (tmp_path / "a.csv").write_text("x\n1\n")
    monkeypatch.chdir(tmp_path)
    assert load_dataset("csv", data_files="a.csv")["x"].tolist() == [1]
    assert load_dataset("csv")["x"].tolist() == [9]


def test_splits_of_any_name_that_is_written_are_read(tmp_path):
    frame = pd.DataFrame({"x": [1]})
    for names in (["2024", "2025"], ["yes", "no"], ["true", "null"], ["1.5", "0x10"]):
        place = write_dataset(dict.fromkeys(names, frame), tmp_path / names[0])
        assert list(load_dataset(place)) == names
    with pytest.raises(ArgumentError, match=r"'pre-test'.*\n.*\n.*'pre_test'"):
        write_dataset({"pre-test": frame, "post": frame}, tmp_path / "s")


def test_what_is_gone_of_an_unpacked_zip_file_is_unpacked_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    with zipfile.ZipFile(tmp_path / "im.zip", "w") as held:
        for name in ("cat/1", "cat/2", "dog/1"):
            picture(tmp_path / "one.png", len(name))
            held.write(tmp_path / "one.png", f"{name}.png")
    first = load_dataset(tmp_path / "im.zip")
    next((tmp_path / "cache").rglob("dog/1.png")).unlink()
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "im.zip"), first)


def test_a_zip_file_that_holds_a_name_twice_is_refused_by_that_name(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    picture(tmp_path / "one.png")
    for twice in ("cat/1.png", "./cat/1.png"):
        with zipfile.ZipFile(tmp_path / "im.zip", "w") as held, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of zipfile's own
            for name in ("cat/1.png", twice, "dog/1.png"):
                held.write(tmp_path / "one.png", name)
        with pytest.raises(ArgumentError, match=r"holds '(\./)?cat/1\.png' twice"):
            load_dataset(tmp_path / "im.zip")


def test_what_a_function_makes_of_images_is_what_it_is(tmp_path):
    picture(tmp_path / "cls" / "a" / "1.png")
    images = load_dataset(tmp_path / "cls")["image"]
    assert images.map(lambda image: image.mode).tolist() == ["L"]
    assert images.map(lambda image: image.path).dtype == TEXT
    assert images.map(lambda image: image.width).dtype == "int64"
    kept = images.map(lambda image: image)
    assert kept.tolist() == images.tolist()
    assert kept.dtype == (images.dtype if TEXT == "str" else "object")  # pandas 2 asks nobody for the kind


@pytest.mark.parametrize("orient", ["records", "columns", "split", "table"])
def test_json_of_pandas_is_read(tmp_path, orient):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.to_json(tmp_path / "a.json", orient=orient)
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "a.json")[["a", "b"]], frame, check_like=False)


def test_quoted_fields_are_missing_numbers_too(tmp_path):
    (tmp_path / "a.csv").write_text('"id","score","text"\n"1","3.5","a"\n"2","","NA"\n')
    found = load_dataset(tmp_path / "a.csv")
    assert found["score"].dtype == "float64"
    assert found.isna().to_numpy().tolist() == [[False] * 3, [False, True, True]]


@pytest.mark.parametrize("read", [load_dataset, lambda *args, **more: pd.concat(list(stream(*args, **more)))])
@pytest.mark.parametrize(
    ("kinds", "joined"),
    [
        (("int64", "float64"), "float64"),
        (("int32", "int64"), "int64"),
        (("float32", "float64"), "float64"),
        (("Int64", "Float64"), "float64"),
        (("int8", "int8"), "int8"),
    ],
)
def test_numbers_of_files_of_several_kinds_have_the_wider_one(tmp_path, read, kinds, joined):
    values = [
        [1, 2],
        [2.25, 2**40 + 0.5] if kinds[1].lower() == "float64" else [3, 2**40] if kinds[1] == "int64" else [3, 4],
    ]
    for name, kind, part in zip("ab", kinds, values, strict=True):
        write_dataset(pd.DataFrame({"x": pd.Series(part, dtype=kind)}), tmp_path / f"{name}.parquet")
    for files in (["a.parquet", "b.parquet"], ["b.parquet", "a.parquet"]):
        found = read(str(tmp_path), data_files=files, split="train")
        assert found["x"].sum() == sum(sum(part) for part in values)
        assert str(found["x"].dtype).lower() == joined


@pytest.mark.parametrize(
    ("files", "listed"),
    [
        (["1.png", "2.png", "1.csv", "2.csv", "3.csv"], r"contains 3 csv files.*other files.*'1\.png'"),
        (["1.png", "2.png", "1.wav"], r"contains 2 image files.*other files.*'1\.wav'"),
        (["train.csv", "extra.csv.bz2", "e2.tsv.gz", "my_metadata.csv"], r"'e2\.tsv\.gz', 'extra\.csv\.bz2', 'my_m"),
        (["data/train-00000-of-00001.csv", "data/test.csv", "x.csv"], r"'data/test\.csv', 'x\.csv'"),
        (["a.csv", "b.xlsx"], r"other formats, which are not loaded \('b\.xlsx'\)\. Read it"),
        (["a.csv", "b.csv.xz"], r"not loaded \('b\.csv\.xz'\)\. Unpack it first"),
        (["data/train-00000-of-00003.csv", "data/train-00002-of-00003.csv"], "3 files.*but 1 is missing"),
    ],
)
def test_files_that_are_not_loaded_or_missing_are_told_of(tmp_path, files, listed):
    for name in files:
        path = tmp_path / "d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            picture(path)
        elif path.suffix == ".wav":
            path.write_bytes(wav())
        else:
            opened = {".bz2": bz2.open, ".gz": gzip.open}.get(path.suffix, open)
            with opened(path, "wt") as file:
                file.write("x\n1\n")
    with pytest.warns(UserWarning, match=listed):
        load_dataset(tmp_path / "d")


def test_named_files_that_are_no_images_are_told_of(tmp_path):
    picture(tmp_path / "1.png")
    (tmp_path / "b.csv").write_text("x\n1\n")
    with pytest.warns(UserWarning, match=r"contains 1 image file, which is loaded, and tables.*b\.csv"):
        assert len(load_dataset(tmp_path, data_files=["1.png", "b.csv"])) == 1


def test_two_metadata_files_of_one_folder_are_refused(tmp_path):
    picture(tmp_path / "1.png")
    (tmp_path / "metadata.csv").write_text("file_name,x\n1.png,2\n")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "1.png", "x": 3}\n')
    with pytest.raises(DataError, match="two metadata files"):
        load_dataset(tmp_path)


def test_a_readme_in_a_zip_file_is_not_passed_over_in_silence(tmp_path):
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.csv\n---\n"
    for start in ("", "folder/"):
        zipped(tmp_path / "a.zip", {f"{start}a.csv": b"x\n1\n", f"{start}README.md": card.encode()}, "utf-8")
        with pytest.warns(UserWarning, match=r"README\.md in .*unpack the file"):
            load_dataset(tmp_path / "a.zip")


def test_a_file_named_in_two_ways_is_read_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s").mkdir()
    (tmp_path / "a.csv").write_text("x\n1\n")
    for named in (["a.csv", "s/../a.csv"], ["a.csv", str(tmp_path / "a.csv")], ["*.csv", str(tmp_path / "*.csv")]):
        assert load_dataset("csv", data_files=named)["x"].tolist() == [1]

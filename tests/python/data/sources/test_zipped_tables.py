"""Tables in zip files are read as those beside them, whether a README describes the folder or not."""

import lzma
import zipfile

import pandas as pd
import pytest

from tidydl import load_dataset, stream
from tidydl.errors import ArgumentError, DataError

TEXT = "zip,id,word\n00700,9007199254740993,null\n00801,,nan\n"
CARD = "---\nconfigs:\n- config_name: default\n  data_files: '{}'\n---\n"


def zipped(path, **files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "."), text)


@pytest.mark.parametrize("card", [True, False])
def test_a_zip_file_is_read_as_what_is_in_it(tmp_path, card):
    (tmp_path / "plain.csv").write_text(TEXT)
    plain = load_dataset(tmp_path / "plain.csv")
    folder = tmp_path / "set"
    folder.mkdir()
    zipped(folder / "x.zip", a__csv=TEXT, notes__md="text")
    if card:
        (folder / "README.md").write_text(CARD.format("x.zip"))
    pd.testing.assert_frame_equal(load_dataset(folder), plain)
    pd.testing.assert_frame_equal(pd.concat(list(stream(folder, batch_size=1)), ignore_index=True), plain)
    assert plain["zip"].tolist() == ["00700", "00801"]
    assert plain["word"].tolist() == ["null", "nan"]


def test_files_that_are_packed_otherwise_beside_a_readme_are_refused(tmp_path):
    (tmp_path / "x.csv").write_text(TEXT)
    (tmp_path / "y.csv.xz").write_bytes(lzma.compress(TEXT.encode()))
    (tmp_path / "README.md").write_text(CARD.format("*.*"))
    with pytest.raises(ArgumentError, match=r"y\.csv\.xz' is not named as a csv file"):
        load_dataset(tmp_path)


def test_no_folder_or_file_is_taken_for_a_pattern(tmp_path):
    for name, value in (("d[ab]", "own"), ("da", "other")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(f"a\n{value}\n")
        (tmp_path / name / "README.md").write_text(CARD.format("x.csv"))
    for trusted in (True, False):
        with pytest.raises(ArgumentError, match="a character of patterns"):
            load_dataset(tmp_path / "d[ab]", trusted=trusted)
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "x[1].csv").write_text("a\nown\n")
    (folder / "x1.csv").write_text("a\nother\n")
    assert load_dataset(folder, data_files="x[1].csv")["a"].tolist() == ["own"]
    (folder / "README.md").write_text(CARD.format("x*.csv"))
    assert load_dataset(folder, data_files="x[1].csv")["a"].tolist() == ["own"]
    assert load_dataset(folder, data_files={"test": ["x[1].csv"]})["a"].tolist() == ["own"]
    (folder / "README.md").write_text(CARD.format("x[1].csv"))
    with pytest.raises(DataError, match="the name of a file, too"):
        load_dataset(folder)


def test_files_of_one_name_in_a_folder_and_in_a_zip_file_called_so_do_not_take_each_others_place(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text("v\n1\n2\n")
    zipped(tmp_path / "a.zip", **{"x.csv": "v\n3\n4\n"})
    for path, files in ((tmp_path, None), ("csv", [str(tmp_path / "a" / "x.csv"), str(tmp_path / "a.zip")])):
        with pytest.raises(DataError, match="with different contents"):
            load_dataset(path, data_files=files)


@pytest.mark.parametrize("folder", ["", "a/"])
def test_a_zip_file_that_lies_beside_what_it_holds_is_loaded_once(tmp_path, folder):
    (tmp_path / "a").mkdir()
    (tmp_path / folder / "x.csv").write_text("v\n1\n2\n")
    zipped(tmp_path / "a.zip", **{"x.csv": "v\n1\n2\n", "y.csv": "v\n3\n"})
    with pytest.warns(UserWarning, match=r"also beside it, unpacked: 'x\.csv'\. They"):
        assert sorted(load_dataset(tmp_path)["v"]) == [1, 2, 3]


def test_equal_files_in_different_zip_files_are_all_loaded_or_refused(tmp_path):
    for name in ("p1.zip", "p2.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(zipfile.ZipInfo("answers.csv"), "v\n1\n")
    assert load_dataset(tmp_path)["v"].tolist() == [1, 1]
    with pytest.raises(DataError, match="same contents"):
        stream(tmp_path)


@pytest.mark.parametrize("other", ["a.csv.gz", "a.parquet"])
def test_a_table_in_two_formats_is_told_of(tmp_path, other):
    frame = pd.DataFrame({"v": [1, 2]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / other) if other.endswith("parquet") else frame.to_csv(tmp_path / other, index=False)
    with pytest.warns(UserWarning, match=r"'a\.csv' and .* differ only in the ending"):
        assert len(load_dataset(tmp_path)) == 4


def test_names_with_dots_are_no_formats_of_one_table(tmp_path, recwarn):
    for name in ("p.1.csv", "p.2.csv", "data.2020.csv.gz", "data.2021.csv.gz"):
        pd.DataFrame({"v": [1]}).to_csv(tmp_path / name, index=False)
    assert len(load_dataset(tmp_path)) == 4
    assert not recwarn.list


def test_shards_of_two_uploads_are_told_of(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("train-00000-of-00001", "train-00000-of-00002", "train-00001-of-00002"):
        (tmp_path / "data" / f"{name}.csv").write_text("v\n1\n")
    with pytest.warns(UserWarning, match="a set of 1 and of a set of 2"):
        assert len(load_dataset(tmp_path)) == 3


def test_a_table_called_state_is_one(tmp_path):
    for name in ("city", "state"):
        (tmp_path / f"{name}.json").write_text('[{"name": "' + name + '"}]')
    assert load_dataset(tmp_path)["name"].tolist() == ["city", "state"]
    (tmp_path / "dataset_info.json").write_text("{}")
    assert load_dataset(tmp_path)["name"].tolist() == ["city"]

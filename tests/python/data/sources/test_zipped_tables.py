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


def test_files_of_one_name_in_a_folder_and_in_a_zip_file_called_so_are_both_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text("v\n1\n2\n")
    for name in ("a.zip", "a.ZIP"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("x.csv", "v\n3\n4\n")
    assert sorted(load_dataset(tmp_path)["v"]) == [1, 2, 3, 3, 4, 4]
    named = load_dataset("csv", data_files=[str(tmp_path / "a" / "x.csv"), str(tmp_path / "a.zip")])
    assert sorted(named["v"]) == [1, 2, 3, 4]


def test_a_table_called_state_is_one(tmp_path):
    for name in ("city", "state"):
        (tmp_path / f"{name}.json").write_text('[{"name": "' + name + '"}]')
    assert load_dataset(tmp_path)["name"].tolist() == ["city", "state"]
    (tmp_path / "dataset_info.json").write_text("{}")
    assert load_dataset(tmp_path)["name"].tolist() == ["city"]

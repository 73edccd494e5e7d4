"""Data files that a folder with a README has, and that are not loaded, are told of; with the same rules on the Hub."""

import warnings
import zipfile

import pytest
from PIL import Image

from tidydl import load_dataset, stream
from tidydl.errors import DataError, NotFoundError

TYPES = "---\ndataset_info:\n  features:\n  - {name: v, dtype: int64}\n---\n"
LINES = {".csv": "v\n1\n2\n", ".CSV": "v\n1\n2\n", ".jsonl": '{"v": 1}\n{"v": 2}\n'}


def write(folder, *names, readme=TYPES):
    (folder / "README.md").write_text(readme)
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".png":
            Image.new("RGB", (2, 2)).save(file)
        else:
            file.write_text(LINES.get(file.suffix, "v\n"))
    return folder


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        result = call()
    return result, [str(each.message) for each in caught if each.category is UserWarning]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a.csv", "b.csv", "c.jsonl"], "not loaded: 'c.jsonl'"),
        (["a.csv", "b.CSV"], "not loaded: 'b.CSV'"),
        (["train.csv", "extra.csv"], "not loaded: 'extra.csv'"),
        (["data/train-00000-of-00001.csv", "more/x.csv"], "not loaded: 'more/x.csv'"),
        (["data/train-00000-of-00003.csv", "data/train-00002-of-00003.csv"], "3 files according to their names, but 1"),
        (["a.csv", "b.xlsx"], "other formats, which are not loaded ('b.xlsx')"),
        (["a.csv", "b.tar"], "Unpack it first"),
        (["cats/1.png", "cats/2.png", "notes.csv"], "not loaded: 'notes.csv'"),
        (["cats/1.png", "dogs/1.heic"], "('1.heic'). Convert such files to .png or .jpg."),
    ],
)
def test_a_readme_of_types_does_not_hide_files(tmp_path, names, told):
    write(tmp_path, *names, readme=TYPES if not names[0].endswith(".png") else "---\ndataset_info: {}\n---\n")
    for call in (load_dataset, lambda path: list(stream(path))):
        messages = warned(lambda call=call: call(str(tmp_path)))[1]
        assert any(told in message for message in messages), messages


def test_nothing_is_told_of_what_all_is_loaded_or_named_in_the_readme(tmp_path):
    (tmp_path / "whole").mkdir()
    whole = write(tmp_path / "whole", "train/a.csv", "train/b.csv", "notes.txt")
    assert warned(lambda: load_dataset(str(whole)))[1] == []
    configs = "---\nconfigs:\n- config_name: default\n  data_files: a.csv\n---\n"
    (tmp_path / "named").mkdir()
    named = write(tmp_path / "named", "a.csv", "b.csv", "c.jsonl", readme=configs)
    assert warned(lambda: load_dataset(str(named)))[1] == []
    assert warned(lambda: load_dataset(str(whole), data_files=["train/a.csv"]))[1] == []


def test_patterns_without_a_match_are_told_of_where_a_readme_names_them_and_refused_where_the_user_does(tmp_path):
    configs = "---\nconfigs:\n- config_name: default\n  data_files:\n  - a.csv\n  - z*.csv\n---\n"
    write(tmp_path, "a.csv", readme=configs)
    with pytest.warns(UserWarning, match=r"names 'z\*\.csv', which matches no file"):
        assert len(load_dataset(tmp_path)) == 2
    with pytest.raises(NotFoundError, match=r"'z\*\.csv' matches no file"):
        load_dataset(tmp_path, data_files=["a.csv", "z*.csv"])


def test_tables_of_another_format_in_a_zip_file_are_told_of(tmp_path):
    write(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.csv", LINES[".csv"])
        packed.writestr("b.jsonl", LINES[".jsonl"])
    with pytest.warns(
        UserWarning, match=r"contains 1 csv file, which is loaded, and tables, which are not \('b\.jsonl'"
    ):
        load_dataset(tmp_path)


@pytest.mark.parametrize("readme", ["", "---\ndataset_info: {}\n---\n"])
def test_an_image_that_two_metadata_files_list_is_refused_and_one_in_none_told_of(tmp_path, readme):
    write(tmp_path, "s/1.png", "2.png", readme=readme)
    (tmp_path / "metadata.csv").write_text("file_name,t\ns/1.png,a\n")
    with pytest.warns(UserWarning, match=r"does not list these files: '.*2\.png'"):
        assert len(load_dataset(tmp_path)) == 1
    (tmp_path / "s" / "metadata.csv").write_text("file_name,t\n1.png,b\n")
    with pytest.raises(DataError, match=r"2 metadata files, in which '.*1\.png' is listed twice"):
        load_dataset(tmp_path)


def test_a_metadata_file_beside_tables_alone_is_a_table(tmp_path):
    for name in ("train.csv", "metadata.csv"):
        (tmp_path / name).write_text(LINES[".csv"])
    with pytest.warns(UserWarning, match=r"Not loaded, .*'metadata\.csv'"):
        load_dataset(tmp_path)


def test_files_that_begin_with_underscores_are_loaded(tmp_path):
    for name in ("a.csv", "__b.csv", "__c/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(LINES[".csv"])
    assert len(load_dataset(tmp_path)) == 4

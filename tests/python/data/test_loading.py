"""Local files and folders become analysis-ready frames; what is wrong with them is said clearly."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow

from support import ROOT
from support.pandas_kinds import TEXT
from tidydl import load_dataset
from tidydl.data.splits import Splits
from tidydl.errors import (
    ArgumentError,
    ColumnError,
    DamagedFileError,
    DataError,
    NotFoundError,
)

TABLE = 'person,day,mood,note\na,2024-01-31,4,fine\nb,2024-02-01,,\nc,2024-02-02,NA,"said ""no"", née"\n'


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "diary.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture
def split_folder(tmp_path):
    folder = tmp_path / "by split"
    for split, rows in (("train", 100), ("test", 10)):
        (folder / split).mkdir(parents=True)
        text = "x,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(rows))
        (folder / split / "data.csv").write_text(text)
    return folder


def draw(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for shade, name in enumerate(names):
        Pillow.new("L", (8, 8), shade).save(folder / name)


@pytest.fixture
def pictures(tmp_path):
    for split in ("train", "test"):
        draw(tmp_path / "pets" / split / "dög", "1.png", "2.png")
        draw(tmp_path / "pets" / split / "Cat", "3.png")
    return tmp_path / "pets"


def test_a_csv_file_becomes_one_frame_with_kinds_that_fit(csv):
    diary = load_dataset(csv)
    assert [str(kind) for kind in diary.dtypes] == [TEXT, "datetime64[s]", "Int64", TEXT]
    assert diary["mood"].isna().tolist() == [False, True, True]
    assert diary["note"].tolist()[2] == 'said "no", née'
    assert diary["note"].isna().tolist() == [False, True, False]
    assert diary["day"][1] == pd.Timestamp("2024-02-01")


def test_where_it_came_from_travels_with_the_frame(csv):
    said = load_dataset(csv).attrs["tidydl"]
    assert said == {"task": "load_dataset", "source": str(csv), "format": "csv", "files": 1}
    assert json.loads(json.dumps(said)) == said


def test_a_column_that_turns_into_text_late_is_text_throughout(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("x\n" + "1\n" * 200_000 + "two\n")
    column = load_dataset(path)["x"]
    assert str(column.dtype) == TEXT
    assert column.iloc[-1] == "two"


def test_a_table_with_a_header_only_has_zero_rows(tmp_path):
    path = tmp_path / "header.csv"
    path.write_text("a,b\n")
    frame = load_dataset(path)
    assert (len(frame), list(frame.columns)) == (0, ["a", "b"])


def test_other_separators_are_read(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n")
    (tmp_path / "s.csv").write_text("a;b\n1;2\n")
    assert load_dataset(tmp_path / "t.tsv").to_numpy().tolist() == [[1, 2]]
    assert load_dataset(tmp_path / "s.csv", sep=";").to_numpy().tolist() == [[1, 2]]


def test_a_text_file_with_a_byte_order_mark_has_clean_names(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert list(load_dataset(tmp_path / "b.csv").columns) == ["a", "b"]


def test_odd_column_names_survive(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text('x,x,"a b","ü,1",\n1,2,3,4,5\n', encoding="utf-8")
    frame = load_dataset(path)
    assert list(frame.columns) == ["x", "x.1", "a b", "ü,1", "X"]
    assert frame.to_numpy().tolist() == [[1, 2, 3, 4, 5]]


def test_parquet_labels_and_images_come_back_as_labels_and_images(tmp_path):
    features = {"label": {"_type": "ClassLabel", "names": ["no", "yes"]}, "image": {"_type": "Image"}}
    draw(tmp_path, "i.png")
    image = {"bytes": (tmp_path / "i.png").read_bytes(), "path": None}
    table = pa.table({"label": [1, 0, None], "image": [image, None, image]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "d.parquet")
    frame = load_dataset(tmp_path / "d.parquet")
    assert frame["label"].cat.categories.tolist() == ["no", "yes"]
    assert frame["label"].tolist()[:2] == ["yes", "no"]
    assert frame["label"].isna().tolist() == [False, False, True]
    assert frame["image"].isna().tolist() == [False, True, False]
    assert repr(frame["image"][0]) == "<img 8×8 L>"


def test_parquet_kinds_keep_their_meaning(tmp_path):
    frame = pd.DataFrame(
        {
            "f": pd.Categorical(["b", "a"], categories=["b", "a", "never"]),
            "t": pd.to_datetime(["2024-01-01 12:00", None]),
            "flag": pd.array([True, None], dtype="boolean"),
            "many": [[1, 2], []],
        }
    )
    frame.to_parquet(tmp_path / "k.parquet")
    back = load_dataset(tmp_path / "k.parquet")
    assert back["f"].cat.categories.tolist() == ["b", "a", "never"]
    assert back["t"].isna().tolist() == [False, True]
    assert str(back["flag"].dtype) == "boolean"
    assert back["many"].tolist() == [[1, 2], []]


RECORDS = [{"a": 1, "b": "x"}, {"a": None, "b": "ÿ"}, {"a": 3}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.json", json.dumps(RECORDS)),
        ("r.json", json.dumps(RECORDS, indent=2)),
        ("r.jsonl", "\n".join(json.dumps(r, ensure_ascii=False) for r in RECORDS)),
        ("c.json", json.dumps({"a": [1, None, 3], "b": ["x", "ÿ", None]})),
    ],
)
def test_json_in_its_usual_forms_gives_one_frame(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    frame = load_dataset(tmp_path / name)
    assert [str(kind) for kind in frame.dtypes] == ["Int64", TEXT]
    assert frame["b"].tolist()[:2] == ["x", "ÿ"]
    assert frame.isna().sum().tolist() == [1, 1]


def test_records_inside_a_json_object_are_named_by_field(tmp_path):
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"data": [{"a": 1}], "version": 2}))
    assert load_dataset(path, field="data")["a"].tolist() == [1]
    with pytest.raises(NotFoundError, match="`field`"):
        load_dataset(path, field="dta")


def test_a_folder_with_train_and_test_gives_named_splits(split_folder):
    splits = load_dataset(split_folder)
    assert isinstance(splits, Splits)
    assert {name: len(frame) for name, frame in splits.items()} == {"train": 100, "test": 10}
    assert repr(splits).splitlines() == [
        "2 splits",
        "split  rows  columns",
        "train   100 x, label",
        " test    10 x, label",
    ]
    with pytest.raises(NotFoundError, match="'tset'"):
        splits["tset"]


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        ("train", 100),
        ("train[:10%]", 10),
        ("train[10:12]", 2),
        ("test[-3:]", 3),
        ("train+test", 110),
        ("test[:2]+train[:1]", 3),
        ("test[:2]+test[5:8]+test[:2]", 7),
    ],
)
def test_splits_are_picked_and_sliced_as_datasets_does(split_folder, split, rows):
    frame = load_dataset(split_folder, split=split)
    assert len(frame) == rows
    assert list(frame.columns) == ["x", "label"]
    assert frame.index.tolist() == list(range(rows))


def test_all_splits_bind_with_a_column_that_says_which(split_folder):
    frame = load_dataset(split_folder, split="all")
    assert frame["split"].value_counts().to_dict() == {"train": 100, "test": 10}
    assert frame["split"].cat.categories.tolist() == ["train", "test"]


def test_all_refuses_to_hide_a_column_called_split(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text("split\n1\n")
    with pytest.raises(ColumnError, match="split"):
        load_dataset(tmp_path, split="all")


def test_several_splits_can_be_asked_for(split_folder):
    assert list(load_dataset(split_folder, split=["test", "train[:1]"])) == ["test", "train[:1]"]


def test_an_unknown_split_lists_the_known(split_folder):
    with pytest.raises(NotFoundError, match="'tran'") as caught:
        load_dataset(split_folder, split="tran")
    assert caught.value.allowed == "One of 'train', 'test'."
    assert "'train'" in caught.value.hint


@pytest.mark.parametrize("split", ["train[:x]", "train[", 3, [], ["train", 3], ""])
def test_a_split_that_cannot_be_read_is_refused(split_folder, split):
    with pytest.raises(ArgumentError, match="`split`"):
        load_dataset(split_folder, split=split)


def test_files_are_named_as_in_the_datasets_library(split_folder):
    one = load_dataset("csv", data_files=str(split_folder / "t*" / "data.csv"))
    assert len(one) == 110
    named = load_dataset("csv", data_files={"mine": str(split_folder / "test" / "data.csv")}, split="mine")
    assert len(named) == 10
    both = load_dataset("csv", data_dir=split_folder)
    assert list(both) == ["train", "test"]


def test_files_that_do_not_fit_together_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("x\ntwo\n")
    with pytest.raises(DataError, match="different schemas"):
        load_dataset("csv", data_files=[str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])


def test_subfolders_of_images_are_labels_in_sorted_order(pictures):
    splits = load_dataset(pictures)
    assert list(splits) == ["train", "test"]
    train = splits["train"]
    assert train["label"].cat.categories.tolist() == ["Cat", "dög"]
    assert train["label"].tolist() == ["Cat", "dög", "dög"]
    assert all(image.is_file for image in train["image"])
    assert train["image"][1].array().max() == 0


def test_class_folders_without_splits_are_one_frame(pictures):
    frame = load_dataset(pictures / "train")
    assert frame["label"].value_counts().to_dict() == {"dög": 2, "Cat": 1}


def test_a_damaged_image_is_found_when_looked_at_and_named(pictures):
    (pictures / "train" / "Cat" / "3.png").write_bytes(b"no")
    frame = load_dataset(pictures, split="train")
    with pytest.raises(DamagedFileError, match=r"3\.png"):
        frame["image"][0].array()


def test_a_folder_without_images_or_tables_is_not_found(tmp_path):
    (tmp_path / "cats").mkdir()
    with pytest.raises(NotFoundError, match="no data files"):
        load_dataset(tmp_path)
    (tmp_path / "cats" / "letter.docx").write_bytes(b"x")
    for how in ({"path": tmp_path}, {"path": "imagefolder", "data_dir": tmp_path}):
        with pytest.raises(NotFoundError, match="no data files") as caught:
            load_dataset(**how)
        assert "cats" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.parquet", b"PAR1 and no more"),
        ("empty.csv", b""),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n"),
        ("latin.csv", "a\nné\n".encode("latin-1")),
        ("cut.json", b'[{"a": 1}, {"a"'),
        ("text.json", b"hello"),
        ("numbers.json", b"[1, 2]"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedFileError, match=name):
        load_dataset(tmp_path / name)


def test_a_damaged_file_in_a_folder_is_named(split_folder):
    (split_folder / "test" / "data.csv").write_bytes(b"a,b\n1\n")
    with pytest.raises(DamagedFileError, match=r"data\.csv"):
        load_dataset(split_folder)


def test_a_path_that_is_not_there_suggests_the_nearest(csv):
    with pytest.raises(NotFoundError, match="dairy") as caught:
        load_dataset(csv.with_name("dairy.csv"))
    assert "diary.csv" in caught.value.hint


def test_an_example_is_pointed_at():
    with pytest.raises(NotFoundError) as caught:
        load_dataset("digits")
    assert "example_data('digits')" in caught.value.hint


@pytest.mark.parametrize(
    ("how", "argument"),
    [
        ({"path": "csv"}, "data_files"),
        ({"path": ""}, "path"),
        ({"path": 3}, "path"),
        ({"path": "https://example.org/a.csv"}, "path"),
        ({"path": "csv", "data_files": "https://example.org/a.csv"}, "data_files"),
        ({"path": "csv", "data_files": [3]}, "data_files"),
        ({"path": "{csv}", "data_files": "x.csv"}, "data_files"),
        ({"path": "{csv}", "revision": "main"}, "revision"),
        ({"path": "{csv}", "field": "data"}, "field"),
        ({"path": "{csv}", "sep": 1}, "sep"),
    ],
)
def test_arguments_that_make_no_sense_are_named(csv, how, argument):
    how["path"] = str(csv) if how["path"] == "{csv}" else how["path"]
    with pytest.raises(ArgumentError, match=f"`{argument}`"):
        load_dataset(**how)


def test_files_that_match_nothing_are_not_found(tmp_path):
    for pattern in ("nothing*.csv", str(tmp_path / "gone.csv"), str(tmp_path / "*.csv")):
        with pytest.raises(NotFoundError, match="data_files"):
            load_dataset("csv", data_files=pattern)


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    (tmp_path / "a.sav").write_bytes(b"x")
    with pytest.raises(ArgumentError, match=r"\.sav"):
        load_dataset(tmp_path / "a.sav")


def test_nothing_is_left_behind_in_the_cache_of_datasets(pictures, tmp_path):
    before = set(os.listdir(tmp_path))
    cache = tmp_path / "hub cache"
    run_apart(f"import tidydl; tidydl.load_dataset({str(pictures)!r})", HF_HOME=str(cache))
    files = [file for file in cache.rglob("*") if file.is_file()] if cache.exists() else []
    assert files == []
    assert set(os.listdir(tmp_path)) - before <= {"hub cache"}


def test_a_hub_that_may_not_be_asked_is_a_hub_error(tmp_path):
    code = (
        "import tidydl\ntry: tidydl.load_dataset('owner/name')\nexcept tidydl.TidydlError as e: print(e.kind, e.hint)"
    )
    said = run_apart(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert said.startswith("hub ")
    assert "HF_HUB_OFFLINE" in said


def run_apart(code, **environment):
    source = str(ROOT / "python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_whole_numbers_stay_whole_in_large_ids(tmp_path):
    (tmp_path / "ids.csv").write_text("id\n9007199254740993\n")
    column = load_dataset(tmp_path / "ids.csv")["id"]
    assert column.dtype == np.int64
    assert column[0] == 9007199254740993


def test_every_format_is_read_whole_and_in_blocks_and_has_a_name():
    from tidydl.data.readers.formats import FORMATS
    from tidydl.data.readers.table_formats import TABLE_FORMATS
    from tidydl.data.sources.dataset_cards import KINDS
    from tidydl.data.sources.local_files import BUILDERS

    assert set(FORMATS.values()) == TABLE_FORMATS.keys()
    assert TABLE_FORMATS.keys() <= BUILDERS.keys() == set(KINDS)

"""Columns, first rows and samples of data sets; other forms than frames; patterns, zip files, older arguments."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidydl
from support.pandas_kinds import TEXT
from tidydl import load_dataset, set_seed, write_dataset
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, DataError, NotFoundError


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers.parquet"
    table = pa.table({"x": range(100), "y": [f"t{i}" for i in range(100)], "z": [i / 2 for i in range(100)]})
    pq.write_table(table, path, row_group_size=10)
    return path


@pytest.fixture
def halves(tmp_path):
    folder = tmp_path / "halves"
    folder.mkdir()
    for split, rows in (("train", 20), ("test", 5)):
        pd.DataFrame({"x": range(rows)}).to_csv(folder / f"{split}.csv", index=False)
    return folder


def test_columns_come_in_the_order_that_is_asked_for(numbers):
    assert list(load_dataset(numbers, columns=["z", "x"]).columns) == ["z", "x"]
    assert list(load_dataset(numbers, columns="y").columns) == ["y"]


def test_columns_that_are_not_wanted_are_not_read(numbers):
    damaged = bytearray(numbers.read_bytes())
    file = pq.ParquetFile(numbers).metadata
    for column in (file.row_group(k).column(0) for k in range(file.num_row_groups)):
        start = column.dictionary_page_offset
        damaged[start : start + column.total_compressed_size] = b"x" * column.total_compressed_size
    numbers.write_bytes(damaged)
    assert load_dataset(numbers, columns=["z"])["z"].tolist() == [i / 2 for i in range(100)]
    with pytest.raises(DamagedFileError):
        load_dataset(numbers)


def test_an_unknown_column_lists_the_known(numbers):
    with pytest.raises(ColumnError, match="'xx'") as caught:
        load_dataset(numbers, columns=["x", "xx"])
    assert caught.value.allowed == "Columns of `data`: 'x', 'y', 'z'."
    assert "'x'" in caught.value.hint


def test_the_first_rows_are_read_out_of_the_row_groups_that_hold_them(numbers):
    damaged = bytearray(numbers.read_bytes())
    start = pq.ParquetFile(numbers).metadata.row_group(5).column(0).dictionary_page_offset
    damaged[start : start + 40] = b"x" * 40
    numbers.write_bytes(damaged)
    assert load_dataset(numbers, n=25)["x"].tolist() == list(range(25))
    with pytest.raises(DamagedFileError, match=r"numbers\.parquet"):
        load_dataset(numbers)


@pytest.mark.parametrize(("n", "rows"), [(0, 0), (7, 7), (7.0, 7), (1000, 100)])
def test_there_are_at_most_n_rows_of_the_same_kinds(numbers, n, rows):
    frame = load_dataset(numbers, n=n)
    assert len(frame) == rows
    assert [str(kind) for kind in frame.dtypes] == ["int64", TEXT, "float64"]


def test_a_sample_has_the_rows_of_r(numbers):
    # set.seed(1); sample(100, 5)
    assert load_dataset(numbers, sample=5, seed=1)["x"].tolist() == [67, 38, 0, 33, 86]


def test_a_sample_is_drawn_after_the_split_is_picked(numbers):
    # set.seed(1); sample(10, 3)
    assert load_dataset(numbers, split="train[50:60]", sample=3, seed=1)["x"].tolist() == [58, 53, 56]


def test_without_a_seed_the_generator_of_tidydl_decides(numbers):
    def drawn():
        return load_dataset(numbers, sample=10)["x"].tolist()

    set_seed(3)
    first, second = drawn(), drawn()
    set_seed(3)
    assert [drawn(), drawn()] == [first, second]
    assert first != second


def test_each_split_is_cut_and_drawn_from_likewise(halves):
    assert {split: len(frame) for split, frame in load_dataset(halves, n=7).items()} == {"train": 7, "test": 5}
    alone = load_dataset(halves, split="test", sample=2, seed=1)
    pd.testing.assert_frame_equal(load_dataset(halves, sample=2, seed=1)["test"], alone)


@pytest.mark.parametrize(
    ("how", "argument"),
    [
        ({"n": 3, "sample": 3}, "sample"),
        ({"n": -1}, "n"),
        ({"n": 1.5}, "n"),
        ({"sample": 101}, "sample"),
        ({"sample": 3, "seed": "x"}, "seed"),
        ({"seed": 1}, "seed"),
        ({"columns": []}, "columns"),
        ({"columns": 3.5j}, "columns"),
        ({"columns": ["x", "x"]}, "columns"),
        ({"as_": "list"}, "as_"),
        ({"token": "hf_x"}, "token"),
        ({"cache_dir": "here"}, "cache_dir"),
        ({"verification_mode": "some"}, "verification_mode"),
        ({"streaming": "yes"}, "streaming"),
        ({"streaming": True, "sample": 3}, "sample"),
        ({"streaming": True, "as_": "arrow"}, "as_"),
        ({"data_file": "x"}, "data_files"),
        ({"trust_remote_code": True}, "trust_remote_code"),
        ({"download_mode": "force_redownload"}, "download_mode"),
        ({"num_proc": "many"}, "num_proc"),
        ({"features": {"x": "int8"}}, "features"),
    ],
)
def test_arguments_that_make_no_sense_are_named(numbers, how, argument):
    with pytest.raises(ArgumentError, match=argument):
        load_dataset(numbers, **how)


def test_what_older_code_says_is_taken_as_meant(numbers, halves):
    older = {"trust_remote_code": False, "keep_in_memory": True, "num_proc": 4, "ignore_verifications": True}
    assert len(load_dataset(numbers, download_mode="reuse_dataset_if_exists", task=None, **older)) == 100
    assert list(load_dataset("csv", data_files=str(halves / "test.csv"), delimiter=";").columns) == ["x"]


def test_more_than_there_are_cannot_be_drawn_and_the_error_says_how_many_there_are(numbers):
    with pytest.raises(ArgumentError, match="more than the 100 rows") as caught:
        load_dataset(numbers, sample=101)
    assert caught.value.allowed == "At most 100."


def test_a_dataset_keeps_its_features(tmp_path):
    write_dataset(pd.DataFrame({"mood": pd.Categorical(["low", "high"], ["low", "high"])}), tmp_path / "m.parquet")
    made = load_dataset(tmp_path / "m.parquet", as_="dataset")
    assert made.features["mood"].names == ["low", "high"]
    assert made["mood"][:] == [0, 1]
    table = load_dataset(tmp_path / "m.parquet", as_="arrow")
    assert isinstance(table, pa.Table)
    assert load_dataset(table)["mood"].tolist() == ["low", "high"]
    assert load_dataset(made)["mood"].tolist() == ["low", "high"]


def test_several_splits_are_a_dictionary_of_tables_or_a_datasetdict(halves):
    import datasets

    made = load_dataset(halves, as_="dataset")
    assert isinstance(made, datasets.DatasetDict)
    assert {split: table.num_rows for split, table in load_dataset(halves, as_="arrow").items()} == made.num_rows


def test_a_data_frame_is_taken_for_its_rows():
    frame = pd.DataFrame({"x": [1, 2, 3], "y": list("abc")}, index=[10, 20, 30])
    pd.testing.assert_frame_equal(load_dataset(frame, n=2, columns=["y"]), frame[["y"]].iloc[:2])
    assert load_dataset(pa.table({"x": [1, None]}))["x"].dtype == "Int64"
    with pytest.raises(ArgumentError, match="`split`"):
        load_dataset(frame, split="train")


def test_a_polars_frame_is_taken_too():
    polars = pytest.importorskip("polars")
    assert load_dataset(polars.DataFrame({"x": [1, 2]}), n=1)["x"].tolist() == [1]


def test_a_pattern_gives_all_files_that_match_below_each_other(halves):
    assert len(load_dataset(str(halves / "*.csv"))) == 25
    with pytest.raises(NotFoundError, match="matches no file"):
        load_dataset(str(halves / "*.json"))


def test_packed_text_is_read(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x,y\n1,a\n"))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"x": 1}\n{"x": 2}\n'))
    assert load_dataset(tmp_path / "a.csv.gz")["y"].tolist() == ["a"]
    assert load_dataset(tmp_path / "b.jsonl.gz")["x"].tolist() == [1, 2]


def test_plain_text_is_a_row_a_line(tmp_path):
    (tmp_path / "t.txt").write_text("one\n\nthree", encoding="utf-8")
    assert load_dataset(tmp_path / "t.txt")["text"].tolist() == ["one", "", "three"]
    assert load_dataset("text", data_files=str(tmp_path / "t.txt"), n=1)["text"].tolist() == ["one"]


def test_files_that_do_not_fit_together_name_file_column_and_both_kinds(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,1\n")
    (tmp_path / "b.csv").write_text("x,y\n2,two\n")
    for load in (load_dataset, tidydl.stream):
        with pytest.raises(DataError) as caught:
            load(tmp_path)
        for part in ("'y'", "integers", "text", "a.csv", "b.csv"):
            assert part in caught.value.problem


def test_labels_that_differ_between_files_are_not_mixed_up(tmp_path):
    for name, levels in (("a", ["no", "yes"]), ("b", ["yes", "no"])):
        write_dataset(pd.DataFrame({"said": pd.Categorical(["no"], levels)}), tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match="'said' has the labels no, yes"):
        load_dataset(tmp_path)


def test_an_empty_parquet_file_has_its_kinds(tmp_path):
    frame = pd.DataFrame(
        {"x": np.array([], "int64"), "mood": pd.Categorical([], ["low"]), "t": pd.Series([], dtype="str")}
    )
    write_dataset(frame, tmp_path / "e.parquet")
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "e.parquet"), frame)


# zip files


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_zip_file_is_read_like_a_folder_and_leaves_nothing_behind(tmp_path, cache):
    path = zipped(tmp_path / "d.zip", {"in/train.csv": "x\n1\n", "in/test.csv": "x\n2\n3\n"})
    assert {split: len(frame) for split, frame in load_dataset(path).items()} == {"train": 1, "test": 2}
    assert load_dataset("csv", data_files=str(path), split="train")["x"].tolist() == [2, 3, 1]
    assert not cache.exists()


def test_zip_files_in_a_folder_are_splits_by_their_names(tmp_path, cache):
    for split, rows in (("train", "1\n2\n"), ("test", "3\n")):
        zipped(tmp_path / f"{split}.zip", {"data.csv": "x\n" + rows})
    assert {split: len(frame) for split, frame in load_dataset(tmp_path).items()} == {"train": 2, "test": 1}


def test_images_of_a_zip_file_stay_in_the_cache_once(tmp_path, cache):
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("L", (4, 4)).save(content, "PNG")
    path = zipped(tmp_path / "i.zip", {f"{kind}/1.png": content.getvalue() for kind in ("cat", "dog")})
    frame = load_dataset(path)
    assert frame["label"].tolist() == ["cat", "dog"]
    assert [image.width for image in frame["image"]] == [4, 4]
    load_dataset(path)
    assert len(list((cache / "unpacked").iterdir())) == 1


@pytest.mark.parametrize("name", ["../out.csv", "/tmp/out.csv", "a/../../out.csv", "C:\\out.csv", "..\\out.csv"])
def test_a_zip_file_does_not_write_outside_of_its_folder(tmp_path, cache, name):
    with pytest.raises(ArgumentError, match="outside its folder"):
        load_dataset(zipped(tmp_path / "bad.zip", {name: "x\n1\n"}))


def test_a_link_in_a_zip_file_is_refused(tmp_path, cache):
    info = zipfile.ZipInfo("link.csv")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as packed:
        packed.writestr(info, "/etc/passwd")
    with pytest.raises(ArgumentError, match="a link"):
        load_dataset(tmp_path / "bad.zip")


def test_a_zip_bomb_is_not_unpacked(tmp_path, cache):
    path = zipped(tmp_path / "bomb.zip", {"x.csv": b"0" * (101 * 2**20)})
    with pytest.raises(ArgumentError, match="claims to hold"):
        load_dataset(path)


def test_an_encrypted_zip_file_is_refused(tmp_path, cache):
    path = zipped(tmp_path / "e.zip", {"x.csv": "x\n1\n"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match="encrypted"):
        load_dataset(path)


def test_a_damaged_zip_file_is_named(tmp_path, cache):
    path = zipped(tmp_path / "cut.zip", {"x.csv": "x\n" + "1\n" * 1000})
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DamagedFileError, match=r"cut\.zip"):
        load_dataset(path)


# the Hub, as far as it is asked for


@pytest.fixture
def asked(monkeypatch):
    """Put a table in the place of the Hub, and give what it was asked for."""
    from tidydl.data import reading_sources
    from tidydl.data.sources.listing import Raw

    seen = {}

    def read_hub(*given, **named):
        seen.update(named, given=given)
        tables = {"train": pa.table({"x": range(10), "y": range(10)}), "test": pa.table({"x": [1], "y": [None]})}
        return Raw(tables, {}, "hub", 2)

    monkeypatch.setattr(reading_sources, "read_hub", read_hub)
    return seen


def test_what_is_said_of_the_hub_reaches_it(asked, tmp_path):
    how = {"token": "hf_x", "cache_dir": str(tmp_path), "verification_mode": "no_checks", "revision": "v1"}
    frame = load_dataset("owner/name", "config", split="train[:3]", columns=["y"], **how)
    assert frame["y"].tolist() == [0, 1, 2]
    assert asked["given"] == ("owner/name", "config", None, None, "v1")
    said = {"splits": ["train"], "token": "hf_x", "cache_dir": str(tmp_path), "verify": False}
    assert {name: asked[name] for name in said} == said
    load_dataset("owner/name", use_auth_token="hf_y", split="all")
    assert (asked["splits"], asked["token"], asked["verify"]) == (None, "hf_y", True)


def test_a_data_set_of_the_hub_is_streamed_and_sampled(asked):
    batches = list(tidydl.stream("owner/name", split="train", batch_size=4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert load_dataset("owner/name", split="train", sample=3, seed=1)["x"].tolist() == [8, 3, 6]
    assert list(load_dataset("owner/name", streaming=True)) == ["train", "test"]


def test_a_token_is_in_no_print_of_what_was_asked_for():
    from tidydl.data.arguments import request_of

    assert "hf_x" not in repr(request_of("owner/name", None, None, None, None, token="hf_x"))


def test_a_readme_says_which_configurations_there_are(tmp_path):
    for language, rows in (("en", "1\n"), ("de", "2\n3\n")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "a.csv").write_text("x\n" + rows)
    configs = "".join(f"- config_name: {name}\n  data_files: {name}/*.csv\n" for name in ("en", "de"))
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    assert load_dataset(tmp_path, "de")["x"].tolist() == [2, 3]
    assert [len(batch) for batch in tidydl.stream(tmp_path, "en")] == [1]
    with pytest.raises(ArgumentError, match="`name` is missing") as caught:
        load_dataset(tmp_path)
    assert caught.value.allowed == "One of 'en', 'de'."
    with pytest.raises(NotFoundError, match="`name` 'fr'"):
        load_dataset(tmp_path, "fr")


def test_a_folder_of_the_files_that_is_not_there_is_named(halves):
    for path in ("csv", halves):
        with pytest.raises(NotFoundError, match="`data_dir` 'nowhere'"):
            load_dataset(path, data_dir="nowhere")


def test_r_is_given_tables_as_arrow_writes_them(numbers):
    from tidydl.data.r_interface import load_arrow

    table = pa.ipc.open_stream(load_arrow(path=str(numbers), columns=["y"], n=2)).read_all()
    assert table.to_pydict() == {"y": ["t0", "t1"]}


def test_r_is_given_the_dataset_itself():
    import datasets

    from tidydl.bridge.encode import encode
    from tidydl.bridge.jobs import start

    given = {"data": pd.DataFrame({"mood": pd.Categorical(["low"], ["low", "high"])})}
    record = start("as_dataset", encode(given))["value"]
    assert isinstance(record["object"], datasets.Dataset)
    assert record["object"].features["mood"].names == ["low", "high"]

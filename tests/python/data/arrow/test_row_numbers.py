"""A column `.row` of a file is data; what tidydl wrote itself counts from 0 in Python and from 1 in R."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidydl
from tidydl import load_dataset, stream, write_dataset
from tidydl.data.r_interface import load_arrow, load_frames, write_frames
from tidydl.data.stream_loading import stream_for_r
from tidydl.errors import DamagedFileError
from tidydl.pipelines import r_stream_interface as r
from tidydl.progress import run


def write_in_r(data, path):
    return run(write_frames(data, str(path)))


def all_of(batches):
    return pd.concat(list(batches), ignore_index=True)


WRITERS = {"python": write_dataset, "r": write_in_r}
READERS = {
    "python": [load_dataset, lambda path: all_of(stream(path, batch_size=2)), lambda path: table_of(path, "arrow")],
    "r": [load_frames, lambda path: all_of(stream_for_r(path, batch_size=2)), lambda path: table_of(path, None)],
}


def table_of(path, form):
    table = load_dataset(path, as_=form) if form else pa.ipc.open_stream(load_arrow(path=path)).read_all()
    return table.to_pandas()


CELLS = [
    *([1, 2, 5], [0, -1, 2**53 - 1], [2**63 - 1, -(2**63), 0]),
    *(pd.array([1, None, 3], "Int64"), pd.array([None, None, None], "Int64"), np.array([255, 0, 1], "uint8")),
    *(np.array([127, -128, 0], "int8"), np.array([2**64 - 1, 2**53, 0], "uint64")),
    *([0.1, 1e-320, -(2.0**53)], [np.nan, np.inf, -0.0], np.array([0.1, 1, 2], "float32")),
    *(["1", "2", "x"], [True, False, True], pd.to_datetime(["2020-01-01"] * 3), pd.Categorical(["1", "2", "1"])),
    *([[1, 2], [3], [4]], [{".row": 1}, {".row": 2}, {".row": 3}]),
]


@pytest.mark.parametrize("language", ["python", "r"])
@pytest.mark.parametrize("cells", CELLS, ids=range(len(CELLS)))
def test_a_column_comes_back_to_its_own_language_bit_for_bit(tmp_path, cells, language):
    frame = pd.DataFrame({".row": cells, ".row_y": cells, "x": range(3)})
    path = WRITERS[language](frame, tmp_path / "f.parquet")
    again = WRITERS[language](stream(path) if language == "python" else stream_for_r(path), tmp_path / "g.parquet")
    for read in READERS[language][:2]:
        for file in (path, again):
            pd.testing.assert_frame_equal(read(file), load_dataset(frame), check_exact=True)
            if frame[".row"].dtype == float:
                assert read(file)[".row"].to_numpy().tobytes() == frame[".row"].to_numpy().tobytes()


@pytest.mark.parametrize(("writer", "reader", "more"), [("python", "r", 1), ("r", "python", -1), ("r", "r", 0)])
@pytest.mark.parametrize("name", [".row", ".row_y"])
def test_what_one_language_wrote_counts_as_the_other_counts(tmp_path, writer, reader, more, name):
    frame = pd.DataFrame({name: [1, 2, 5], "start": [1, 2, 5]})
    path = WRITERS[writer](frame, tmp_path / "f.parquet")
    folder = WRITERS[writer]({"train": frame, "test": frame}, tmp_path / "folder")
    for read in READERS[reader]:
        found = read(path)
        assert found[name].tolist() == [1 + more, 2 + more, 5 + more]
        assert found["start"].tolist() == [1, 2, 5]
    whole = load_frames(folder, split="train+test") if reader == "r" else load_dataset(folder, split="train+test")
    assert whole[name].tolist() == [1 + more, 2 + more, 5 + more] * 2


@pytest.mark.parametrize("values", [[2**53, 0, 1], [0.0, 1.0, 2.0], ["0", "1", "2"], [True, False, True]])
def test_what_is_no_number_of_a_row_crosses_as_it_is(tmp_path, values):
    path = write_dataset(pd.DataFrame({".row": values}), tmp_path / "f.parquet")
    for read in READERS["r"]:
        assert read(path)[".row"].tolist() == values


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl", "f.parquet", "f.arrow.parquet"])
def test_nobody_adds_to_a_file_that_notes_nothing(tmp_path, name):
    frame = pd.DataFrame({".row": [1, 2, 5], "a": ["x", "y", "z"]})
    path = tmp_path / name
    if name.endswith("csv"):
        frame.to_csv(path, index=False)
    elif name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    elif name == "f.parquet":
        frame.to_parquet(path)
    else:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None), path)
    for read in (*READERS["python"], *READERS["r"]):
        assert read(str(path))[".row"].tolist() == [1, 2, 5]


def nested(base):
    deep = pd.DataFrame({".row": [base + 7], "n": [1]})
    inner = [pd.DataFrame({".row": [base, base + 4], "held": pd.Series([deep, None], dtype=object)}), None, deep_none()]
    return pd.DataFrame({"k": [1, 2, 3], "frames": pd.Series(inner, dtype=object)})


def deep_none():
    return pd.DataFrame({".row": pd.Series([], dtype="int64"), "held": pd.Series([], dtype=object)})


@pytest.mark.parametrize("writer", ["python", "r"])
@pytest.mark.parametrize("reader", ["python", "r"])
def test_row_numbers_in_data_frames_in_cells_count_likewise(tmp_path, writer, reader):
    path = WRITERS[writer](nested(int(writer == "r")), tmp_path / "f.parquet")
    wanted = nested(int(reader == "r"))["frames"]
    for read in READERS[reader][:2]:
        found = read(path)["frames"]
        assert found[1] is None
        assert len(found[2]) == 0
        assert found[0][".row"].tolist() == wanted[0][".row"].tolist()
        assert found[0]["held"][0][".row"].tolist() == wanted[0]["held"][0][".row"].tolist()
        assert found[0]["held"][1] is None


def test_each_file_of_a_folder_counts_as_it_says(tmp_path):
    frame = pd.DataFrame({".row": [4, 5]})
    write_dataset(frame, tmp_path / "a.parquet")
    write_in_r(frame, tmp_path / "b.parquet")
    frame.to_parquet(tmp_path / "c.parquet")
    for reader, wanted in (("python", [4, 5, 3, 4, 4, 5]), ("r", [5, 6, 4, 5, 4, 5])):
        for read in READERS[reader]:
            assert read(str(tmp_path))[".row"].tolist() == wanted
    together = write_dataset(stream(tmp_path), tmp_path.parent / "together.parquet")
    assert load_frames(together)[".row"].tolist() == [5, 6, 4, 5, 5, 6]


def test_a_stream_whose_later_numbers_are_no_rows_notes_nothing(tmp_path):
    frame = pd.DataFrame({".row": np.arange(70_000)})
    frame.loc[69_999, ".row"] = 2**60
    frame.to_parquet(tmp_path / "f.parquet")
    path = write_dataset(stream(tmp_path / "f.parquet"), tmp_path / "g.parquet")
    assert load_frames(path)[".row"].tolist() == frame[".row"].tolist()


@pytest.mark.parametrize("noted", [7, -1, 1.5, "1", None, [1], {"a": 1}])
def test_a_note_that_makes_no_sense_says_nothing(tmp_path, noted):
    for index_base in ({".row": noted}, noted):
        metadata = {"tidydl": json.dumps({"index_base": index_base})}
        pq.write_table(pa.table({".row": [1, 2]}).replace_schema_metadata(metadata), tmp_path / "f.parquet")
        for read in (load_dataset, *READERS["r"][:2]):
            assert read(tmp_path / "f.parquet")[".row"].tolist() == [1, 2]


@pytest.mark.parametrize(("values", "noted"), [([2**63 - 1], 0), ([-(2**63)], 1)])
def test_a_number_that_cannot_be_counted_on_is_refused_and_never_turned_round(tmp_path, values, noted):
    metadata = {"tidydl": json.dumps({"index_base": {".row": noted}})}
    pq.write_table(pa.table({".row": values}).replace_schema_metadata(metadata), tmp_path / "f.parquet")
    for read in READERS["r" if noted == 0 else "python"][:2]:
        with pytest.raises(DamagedFileError, match=r"f\.parquet"):
            read(tmp_path / "f.parquet")


# pipelines over streams that R opens


@pytest.fixture
def sayings(tmp_path):
    path = tmp_path / "sayings.csv"
    path.write_text(".row,text\n10,good\n20,bad\n35,so so\n")
    return str(path)


def test_results_of_a_stream_count_from_1_in_r_and_the_data_beside_them_stay(ppl, folder, sayings, tmp_path):
    spec = {"task": "text-classification", "model": str(folder), "device": "cpu"}
    opened = r.stream_open(path=sayings, batch_size=2)
    results = r.stream_run(opened["id"], spec, {"text": "text"})
    assert ".row" in run(r.stream_next(results["id"])).names
    written = run(r.stream_write(results["id"], str(tmp_path / "results.parquet")))
    assert load_frames(written)[".row"].tolist() == [1, 2, 3]
    assert load_dataset(written)[".row"].tolist() == [0, 1, 2]
    joined = r.stream_run(opened["id"], spec, {"text": "text"}, prefix="")
    assert ".row" not in run(r.stream_next(joined["id"])).names
    written = run(r.stream_write(joined["id"], str(tmp_path / "joined.parquet")))
    assert load_frames(written)[".row"].tolist() == [10, 20, 35]
    plain = run(r.stream_write(opened["id"], str(tmp_path / "plain.parquet")))
    assert load_frames(plain)[".row"].tolist() == [10, 20, 35]
    assert tidydl.augment(ppl, load_dataset(sayings), text="text")[".row"].tolist() == [10, 20, 35]

"""Streams give the rows of a data set frame by frame, in the kinds of the whole."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidydl
from tidydl import load_dataset, stream
from tidydl.data.splits import Splits
from tidydl.data.streaming import Stream
from tidydl.errors import ArgumentError, ColumnError, DamagedFileError, DataError, NotFoundError

ROWS = 25_000


def write_all(folder):
    """Write the same rows in every format; in each column what its last rows hold differs from the first."""
    late = ROWS - 2
    frame = pd.DataFrame(
        {
            "whole": pd.array([*range(late), None, 7], dtype="Int64"),
            "half": [1.0] * late + [1.5, 2.0],
            "text": ["1"] * late + ["two", "3"],
            "day": ["2020-01-01"] * late + ["soon", "2021-01-01"],
        }
    )
    frame.to_csv(folder / "t.csv", index=False)
    frame["half"] = frame["half"].map(lambda x: int(x) if x == 1 else x)
    records = json.loads(frame.to_json(orient="records"))
    (folder / "t.jsonl").write_text("\n".join(json.dumps(each) for each in records))
    pq.write_table(pa.Table.from_pandas(load_dataset(folder / "t.csv")), folder / "t.parquet", row_group_size=1000)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_all(folder)
    return folder


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_the_frames_of_a_stream_are_the_rows_of_the_whole_in_its_kinds(tables, name):
    whole = load_dataset(tables / name)
    batches = list(stream(tables / name, batch_size=1000))
    assert [len(batch) for batch in batches] == [1000] * 25
    assert all(batch.dtypes.equals(whole.dtypes) for batch in batches)
    pd.testing.assert_frame_equal(pd.concat(batches), whole)


def test_a_stream_begins_anew_in_each_loop_and_knows_its_length(tables):
    some = stream(tables / "t.csv", batch_size=10_000)
    assert [len(batch) for batch in some] == [len(batch) for batch in some] == [10_000, 10_000, 5000]
    assert (some.rows, len(some), some.columns) == (ROWS, 3, ["whole", "half", "text", "day"])


def test_a_stream_prints_what_it_is(tmp_path):
    (tmp_path / "a.csv").write_text("x,who\n1,a\n2,b\n3,c\n")
    some = stream(tmp_path / "a.csv", batch_size=2)
    assert repr(some).splitlines() == [
        f"<tidydl stream: {tmp_path / 'a.csv'}>",
        "  rows     3, 2 at a time",
        "  columns  x: integer",
        "           who: string",
    ]


@pytest.fixture
def halves(tmp_path):
    for split, rows in (("train", 20), ("test", 5)):
        pd.DataFrame({"x": range(rows)}).to_csv(tmp_path / f"{split}.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    "split", ["train", "train[5:12]", "train[-3:]", "test+train[:10%]", "all", "all[18:22]", "test[:2]+test[3:]"]
)
def test_splits_are_cut_as_in_the_whole(halves, split):
    whole = load_dataset(halves, split=split)
    some = stream(halves, split=split, batch_size=4)
    assert some.rows == len(whole)
    pd.testing.assert_frame_equal(pd.concat(some), whole)


def test_several_splits_need_a_name_and_streaming_gives_them_all(halves):
    with pytest.raises(ArgumentError, match="`split` is missing") as caught:
        stream(halves)
    assert caught.value.allowed == "One of 'train', 'test', 'all'."
    splits = load_dataset(halves, streaming=True)
    assert isinstance(splits, Splits)
    assert isinstance(splits["test"], Stream)
    assert "train    20       x" in repr(splits)
    with pytest.raises(NotFoundError, match="'tset'"):
        stream(halves, split="tset")


def test_columns_and_the_first_rows_of_a_stream(tables):
    some = stream(tables / "t.parquet", columns=["text", "whole"], n=1500)
    assert [len(batch) for batch in some] == [1000, 500]
    assert list(next(iter(some)).columns) == ["text", "whole"]
    for name in ("t.csv", "t.parquet"):
        with pytest.raises(ColumnError, match="'txt'"):
            stream(tables / name, columns=["txt"])


def test_categories_are_those_of_the_whole_in_every_frame(tmp_path):
    frame = pd.DataFrame({"x": pd.Categorical(["a"] * 50 + ["b"] * 50 + ["c"] * 50)})
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "own.parquet", row_group_size=50)
    parts = [pa.table({"x": pa.array([each] * 5).dictionary_encode()}) for each in "ab"]
    for k, part in enumerate(parts):
        pq.write_table(part, tmp_path / f"part{k}.parquet")
    for path, levels in ((tmp_path / "own.parquet", "abc"), (str(tmp_path / "part*.parquet"), "ab")):
        batches = list(stream(path, batch_size=4))
        assert {tuple(batch["x"].cat.categories) for batch in batches} == {tuple(levels)}
        assert pd.concat(batches)["x"].tolist() == load_dataset(path)["x"].tolist()


def test_text_of_many_lines_is_streamed(tmp_path):
    (tmp_path / "t.txt").write_text("\n".join(str(i) for i in range(20_000)))
    whole = pd.concat(stream(tmp_path / "t.txt"))
    assert whole["text"].tolist() == [str(i) for i in range(20_000)]
    (tmp_path / "whole.json").write_text(json.dumps([{"x": 1}, {"x": 2}]))
    assert pd.concat(stream(tmp_path / "whole.json"))["x"].tolist() == [1, 2]


def test_a_data_frame_is_streamed():
    frame = pd.DataFrame({"x": range(5)}, index=list("abcde"))
    pd.testing.assert_frame_equal(pd.concat(stream(frame, batch_size=2)), frame)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.parquet", b"PAR1 and no more"),
        ("empty.csv", b""),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n"),
        ("latin.csv", b"a\n\xe9\n"),
    ],
)
def test_a_damaged_file_is_named_when_the_stream_is_opened(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedFileError, match=name):
        stream(tmp_path / name)


@pytest.mark.parametrize("how", [{"batch_size": 0}, {"batch_size": "x"}, {"sample": 3}, {"streaming": True}])
def test_arguments_that_make_no_sense_are_named(tables, how):
    with pytest.raises(ArgumentError, match=next(iter(how))):
        stream(tables / "t.csv", **how)


def test_memory_stays_flat_however_many_rows_there_are(tmp_path):
    table = pa.table({"x": np.arange(100_000), "t": [f"This is the text of row {i}." for i in range(100_000)]})
    with pq.ParquetWriter(tmp_path / "large.parquet", table.schema) as writer:
        for _ in range(30):
            writer.write_table(table)
    code = (
        "import os, sys, pandas, pyarrow.parquet as pq\nfrom tidydl import stream\n"
        "held = lambda: int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')\n"
        "some, seen = stream(sys.argv[1], batch_size=5000), []\n"
        "rows = sum(len(batch) for batch in some if not seen.append(held()))\n"
        "print(rows, (max(seen) - max(seen[:60])) // 2**20)"
    )
    if not Path("/proc/self/statm").is_file():
        pytest.skip("this system does not tell")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "large.parquet")],
        env={**os.environ, "PYTHONPATH": str(Path(tidydl.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    rows, more = map(int, done.stdout.split())
    assert rows == 3_000_000
    assert more < 40  # MiB; the whole is some 170


def test_columns_that_cannot_be_told_apart_are_refused(tmp_path):
    file = tmp_path / "twice.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), file)
    with pytest.raises(DataError, match="two columns 'x'"):
        stream(file)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system notes no time of change")
def test_a_file_that_is_changed_in_place_is_refused_though_its_size_and_time_are_the_same(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text("x\n1\n2\n")
    opened, before = stream(file), file.stat()
    time.sleep(0.02)  # clocks of file systems are coarse
    file.write_text("x\n3\n4\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedFileError, match="changed since the stream was opened"):
        list(opened)

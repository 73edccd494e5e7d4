"""A stream has the dtypes and the values of the same file read whole, however its blocks fall."""

import itertools
import random

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tidydl import TidydlError, load_dataset, stream, write_dataset
from tidydl.data.readers import csv
from tidydl.data.readers.line_ends import WholeLineEnds
from tidydl.errors import DamagedFileError, DataError

VALUES = [
    *("", "NA", "1", "0", "12", "-3", "007", "1.5", "1e5", "true", "false", "nan", "inf", "x", "é", " 3", "0x10"),
    *("2020-01-01", "2020-01-01 10:00:00", "2020-01-01T10:00:00Z", "2020-01-01 10:00:00+02:00", "10:00", "10:00:00"),
    *("2020-01-01 10:00:00.123", "2020-13-01", '"a\r\nb"', '"a,b"', "18446744073709551615", "99999999999999999999999"),
]


def streamed(path, size=7):
    return pd.concat(list(stream(path, batch_size=size)), ignore_index=True)


def assert_alike(path, size=7):
    try:
        whole = load_dataset(path)
    except TidydlError as error:
        with pytest.raises(type(error)):
            streamed(path, size)
        return
    pd.testing.assert_frame_equal(streamed(path, size), whole)


def test_random_csv_files_of_several_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "_BLOCK", 256)
    rng = random.Random(5)
    path = tmp_path / "a.csv"
    for _ in range(150):
        columns = [rng.sample(VALUES, rng.randint(1, 3)) for _ in range(rng.randint(1, 3))]
        rows = rng.randint(1, 100)
        lines = [
            ",".join(each[i * len(each) // rows] if rng.random() < 0.9 else rng.choice(each) for each in columns)
            for i in range(rows)
        ]
        end = rng.choice(["\n", "\r\n"])
        header = ",".join("abc"[: len(columns)])
        path.write_bytes((end.join([header + ",z", *(line + ",z" for line in lines)]) + end).encode())
        assert_alike(path)


@pytest.mark.parametrize(("first", "last"), [("12", "2020-01-01"), ("10:00:00", "2020-01-01"), ("true", "10:00")])
def test_a_later_block_may_hold_what_no_number_date_or_time_does(tmp_path, monkeypatch, first, last):
    monkeypatch.setattr(csv, "_BLOCK", 256)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + f"{first},x\n" * 100 + f"{last},x\n")
    assert streamed(path)["a"].tolist() == [first] * 100 + [last] == load_dataset(path)["a"].tolist()


@pytest.mark.parametrize("first", [2**63, 2**64])
def test_large_numbers_keep_their_digits_where_a_block_has_none(tmp_path, monkeypatch, first):
    monkeypatch.setattr(csv, "_BLOCK", 256)
    path = tmp_path / "a.csv"
    path.write_text("id,b\n" + "".join(f"{first + k},x\n" for k in range(10)) + "NA,x\n" * 200)
    assert_alike(path)
    assert [str(each) for each in streamed(path)["id"][:10]] == [str(first + k) for k in range(10)]


@pytest.mark.parametrize("shift", range(9))
def test_line_ends_in_quotes_are_whole_at_the_edges_of_blocks(tmp_path, monkeypatch, shift):
    monkeypatch.setattr(csv, "_BLOCK", 128)
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\r\n" + b"z" * shift + b",1\r\n" + b'"x\r\ny",2\r\n' * 200)
    assert set(streamed(path)["a"][1:]) == {"x\r\ny"}


@pytest.mark.parametrize("content", [b"", b"\r", b"\r\n", b"\r\r\n\n\r", b"ab\rcd\r\n" * 5])
@pytest.mark.parametrize("size", [1, 2, 3, 100, -1])
def test_blocks_hold_all_bytes_and_part_no_line_end(tmp_path, content, size):
    path = tmp_path / "a"
    path.write_bytes(content)
    with WholeLineEnds(open(path, "rb")) as file:
        blocks = list(iter(lambda: file.read(size), b""))
    assert b"".join(blocks) == content
    if size > 1:
        assert not any(one[-1:] == b"\r" and other[:1] == b"\n" for one, other in itertools.pairwise(blocks))


def test_rows_without_columns_are_refused_by_a_stream(tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n")
    assert load_dataset(tmp_path / "a.jsonl").shape == (1, 0)
    with pytest.raises(DataError, match="rows without columns"):
        stream(tmp_path / "a.jsonl")


def changed_footer(path, table, old, new, which):
    """Write a table with one number of its footer changed: the nth byte of a value."""
    parquet.write_table(table, path, compression="none", use_dictionary=False, row_group_size=40)
    content = bytearray(path.read_bytes())
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    places = [place for place in range(start, len(content) - 8) if content[place] == old]
    content[places[which]] = new
    path.write_bytes(content)
    return len(places)


def test_rows_that_a_parquet_file_claims_and_lacks_are_no_rows_left_out(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"id": list(range(120)), "y": [float(k) for k in range(120)]})
    for which in range(changed_footer(path, table, 80, 0, 0)):  # 40 in Thrift's notation
        changed_footer(path, table, 80, 0, which)
        for read in (load_dataset, streamed, lambda path: load_dataset(path, n=100)):
            try:
                rows = len(read(path))
            except DamagedFileError:
                continue
            assert rows in (100, 120)


def test_missing_values_that_a_parquet_file_does_not_count_change_no_values(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"x": pa.array([2**53 + 1, None, 3]), "flag": [True, None, False]})
    refused = 0
    for which in range(changed_footer(path, table, 2, 0, 0)):  # 1 in Thrift's notation
        changed_footer(path, table, 2, 0, which)
        try:
            frame = streamed(path)
        except DamagedFileError as error:
            refused += "counts no missing values" in str(error)
            continue
        assert frame["x"].tolist()[::2] == [2**53 + 1, 3]
    assert refused == 2


def test_a_frame_written_as_a_stream_is_the_frame(tmp_path):
    frame = pd.DataFrame({"a": range(50), "b": [f"text {k}" for k in range(50)]})
    write_dataset(frame, tmp_path / "a.parquet")
    write_dataset(stream(tmp_path / "a.parquet", batch_size=7), tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "b.parquet"), frame)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
@pytest.mark.parametrize("rows", [3, 30])
def test_a_file_that_changes_under_a_stream_is_refused(tmp_path, name, rows):
    def write(count):
        frame = pd.DataFrame({"i": range(count)})
        frame.to_csv(tmp_path / name, index=False) if name == "a.csv" else write_dataset(frame, tmp_path / name)

    write(10)
    opened = stream(tmp_path / name, batch_size=4)
    assert sum(map(len, opened)) == 10
    write(rows)
    with pytest.raises(DamagedFileError, match="has changed since the stream was opened"):
        list(opened)
    assert sum(map(len, stream(tmp_path / name))) == rows

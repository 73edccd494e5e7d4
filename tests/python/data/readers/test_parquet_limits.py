"""Parquet files of a few bytes that hold, or claim, any number of values."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.hostile_files import light
from tidydl import load_dataset, stream
from tidydl.data.readers import decompression_limits
from tidydl.errors import DataError

LONG = "x" * 100_000


def test_parquet_that_claims_more_than_the_machine_holds_is_refused_and_its_first_rows_are_read(tmp_path, monkeypatch):
    rows = 2**20
    with pq.ParquetWriter(tmp_path / "a.parquet", pa.schema([("x", pa.int64())])) as writer:
        block = pa.table({"x": pa.array(np.zeros(rows, "int64"))})
        for _ in range(4):
            writer.write_table(block)
    monkeypatch.setattr(decompression_limits, "memory", lambda: 2**24)  # a small machine
    with light(), pytest.raises(DataError, match=r"claims 4,194,304 rows of 1 columns"):
        load_dataset(tmp_path / "a.parquet")
    assert len(load_dataset(tmp_path / "a.parquet", n=3)) == 3


def repeated(rows):
    """Return one long text again and again, of which a parquet file holds one."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array([LONG]))


def in_structures(rows):
    return pa.StructArray.from_arrays([repeated(rows)], ["s"])


def in_lists(rows):
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype="int32")), repeated(rows))


@pytest.mark.parametrize("made", [repeated, in_structures, in_lists])
def test_a_long_text_that_is_repeated_is_counted_as_often_as_it_is_there(tmp_path, monkeypatch, made):
    monkeypatch.setattr(decompression_limits, "memory", lambda: 2**28)
    pq.write_table(pa.table({"x": made(40_000), "n": range(40_000)}), tmp_path / "a.parquet", store_schema=False)
    with light(), pytest.raises(DataError, match="far larger than its file"):
        load_dataset(tmp_path / "a.parquet")
    assert len(load_dataset(tmp_path / "a.parquet", n=3)) == 3
    assert load_dataset(tmp_path / "a.parquet", columns="n")["n"].tolist() == list(range(40_000))
    with light():
        assert len(next(iter(stream(tmp_path / "a.parquet", batch_size=2)))) == 2


def test_a_row_may_not_claim_any_number_of_values(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "memory", lambda: 2**28)
    many = pa.ListArray.from_arrays(pa.array([0, 2**24], pa.int32()), pa.array(np.zeros(2**24)))
    pq.write_table(pa.table({"x": many}), tmp_path / "a.parquet")
    with light(), pytest.raises(DataError, match="claims 1 rows of 1 columns"):
        load_dataset(tmp_path / "a.parquet")


def test_the_files_of_a_load_are_counted_together(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "memory", lambda: 2**25)
    for k in range(3):
        pq.write_table(pa.table({"x": np.zeros(2**19)}), tmp_path / f"{k}.parquet")
        assert len(load_dataset(tmp_path / f"{k}.parquet")) == 2**19
    with pytest.raises(DataError, match=r"1\.parquet' claims"):
        load_dataset(tmp_path)


def test_a_file_that_is_as_large_as_what_it_holds_may_take_all_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "memory", lambda: 2**24)
    pq.write_table(pa.table({"x": np.random.default_rng(1).normal(size=2**20)}), tmp_path / "a.parquet")
    assert len(load_dataset(tmp_path / "a.parquet")) == 2**20

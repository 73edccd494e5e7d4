"""features(), splits and streams do not stumble over what is odd about them."""

import copy
import datetime as dt
import decimal
import pickle
import uuid

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidydl import features, load_dataset, stream, write_dataset
from tidydl.data.column_kinds import kind_of
from tidydl.data.splits import Splits
from tidydl.errors import ArgumentError, DataError

_OF_ARROW = {
    "date": (pa.date32(), dt.date(2020, 1, 2), "2020-01-02"),
    "list": (pa.list_(pa.int64()), [1, 2], "[1, 2]"),
    "double": (pa.decimal128(10, 2), decimal.Decimal("1.5"), "1.5"),
    "integer": (pa.int64(), 3, "3"),
    "logical": (pa.bool_(), True, "true"),
    "string": (pa.string(), "a", "a"),
    "datetime": (pa.timestamp("us"), dt.datetime(2020, 1, 2), "2020-01-02 00:00:00"),
    "time": (pa.time64("us"), dt.time(1, 2), "01:02:00"),
    "duration": (pa.duration("s"), dt.timedelta(seconds=5), "5 s"),
    "binary": (pa.binary(), b"abc", "3 bytes"),
}


@pytest.mark.parametrize("kind", _OF_ARROW)
def test_columns_that_pandas_leaves_to_arrow_are_described(kind):
    held, value, example = _OF_ARROW[kind]
    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([None, value], held)), index=[5, 5])
    assert kind_of(column) == kind
    described = features(pd.DataFrame({"x": column, "y": [1, 2]}))
    assert described.loc[0, ["kind", "missing", "example"]].tolist() == [kind, 1, example]
    assert described["column"].tolist() == ["x", "y"]


def test_dictionaries_of_arrow_are_labels():
    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(["b", "a", "b"]).dictionary_encode()))
    assert kind_of(column) == "label"
    assert features(pd.DataFrame({"x": column}))["levels"].tolist() == [["b", "a"]]


def test_periods_intervals_and_uuids_are_described_as_the_text_that_is_written(tmp_path):
    frame = pd.DataFrame(
        {
            "month": pd.period_range("2020-01", periods=1, freq="M"),
            "range": pd.arrays.IntervalArray.from_breaks([0, 1]),
            "id": [uuid.UUID(int=7)],
        }
    )
    described = features(frame)
    assert described["kind"].tolist() == ["string"] * 3
    assert described["example"].tolist() == ["2020-01", "(0, 1]", str(uuid.UUID(int=7))]
    pd.testing.assert_frame_equal(features(load_dataset(write_dataset(frame, tmp_path / "d.parquet"))), described)


def test_what_is_no_frame_among_splits_is_printed_as_what_it_is():
    splits = Splits(train=pd.DataFrame({"x": [1]}))
    splits["val"] = 3
    assert "val" in repr(splits)
    assert "3" in repr(splits)


def test_a_stream_is_not_pickled_and_says_so(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    made = stream(tmp_path / "a.csv")
    with pytest.raises(ArgumentError, match="pickled"):
        pickle.dumps(made)
    assert copy.deepcopy(made) is made


def test_splits_and_streams_are_tables_in_a_notebook(tmp_path):
    (tmp_path / "a.csv").write_text("<x>,y\n1,a\n")
    assert "1 split" in Splits(train=pd.DataFrame({"x": [1]}))._repr_html_()
    shown = stream(tmp_path / "a.csv")._repr_html_()
    assert "a.csv" in shown
    assert "<td>&lt;x&gt;</td>" in shown
    assert "<td>integer</td>" in shown


def test_columns_of_one_name_become_no_dataset(tmp_path):
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(DataError, match="The data has two columns 'x'"):
        load_dataset(twice, as_="dataset")


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_moments_of_years_that_python_does_not_know_are_described(tmp_path, unit):
    moments = pa.array([2**55 if unit == "ms" else 2**62, None], pa.timestamp(unit))
    pq.write_table(pa.table({"a": moments}), tmp_path / "a.parquet")
    found = features(load_dataset(tmp_path / "a.parquet"))
    assert found["kind"][0] == "datetime"
    assert found["example"][0][:4].isdecimal()

"""Files bound by row: no value of one becomes another because of what a second file says."""

import itertools
import json
from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tidydl import load_dataset, stream, write_dataset
from tidydl.errors import DataError

LABELS = pd.Series(pd.Categorical(["no", "yes"]))
OTHERS = {
    "whole numbers": pd.Series([1, 0]),
    "numbers": pd.Series([0.5, 1.5]),
    "text": pd.Series(["no", "x"]),
    "true or false": pd.Series([True, False]),
    "dates": pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"]).astype("datetime64[s]")),
    "lists of whole numbers": pd.Series([[1], [2]]),
    "bytes": pd.Series([b"no", b"x"]),
}


def folder_of(folder, *columns, by_pandas=()):
    for place, column in enumerate(columns):
        file, frame = folder / f"{place}.parquet", pd.DataFrame({"x": column})
        if place in by_pandas:
            frame.to_parquet(file)
        else:
            write_dataset(frame, file)
    return folder


def read_both_ways(folder):
    whole = load_dataset(folder)["x"]
    parts = [frame["x"] for frame in stream(folder, batch_size=1)]
    assert {str(part.dtype) for part in parts} == {str(whole.dtype)}
    streamed = pd.concat(parts, ignore_index=True)
    pd.testing.assert_series_equal(streamed, whole)
    return whole


@pytest.mark.parametrize("by_pandas", [False, True])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", OTHERS)
def test_labels_fit_to_nothing_else(tmp_path, kind, first, by_pandas):
    columns = [LABELS, OTHERS[kind]] if first else [OTHERS[kind], LABELS]
    folder = folder_of(tmp_path, *columns, by_pandas=[int(first)] if by_pandas else [])
    for read in (load_dataset, stream):
        with pytest.raises(DataError, match=r"different schemas: column 'x' is .*labels in"):
            read(folder)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_file_without_a_value_leaves_labels_what_they_are(tmp_path, order):
    columns = [LABELS, pd.Series([None], dtype=object), LABELS]
    read = read_both_ways(folder_of(tmp_path, *(columns[place] for place in order)))
    assert read.dropna().tolist() == ["no", "yes"] * 2
    assert read.cat.categories.tolist() == ["no", "yes"]


@pytest.mark.parametrize("by_pandas", [[], [0], [1]])
@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(["s", "ms", "us", "ns"], 2)))
@pytest.mark.parametrize("kind", ["datetime64", "timedelta64"])
def test_times_keep_the_finest_unit(tmp_path, kind, one, other, by_pandas):
    moment = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
    columns = [pd.Series(np.array([86_400 * 10**9 // moment[unit] + 1], f"{kind}[{unit}]")) for unit in (one, other)]
    read = read_both_ways(folder_of(tmp_path, *columns, by_pandas=by_pandas))
    expected = [np.array(column)[0].astype(f"{kind}[ns]") for column in columns]
    assert list(read.to_numpy().astype(f"{kind}[ns]")) == expected


@pytest.mark.parametrize("dtype", ["datetime64[s]", "datetime64[ms]", "timedelta64[ms]", "float16", "int8", "UInt16"])
def test_files_of_one_dtype_keep_it(tmp_path, dtype):
    column = pd.Series([1, 2]).astype(dtype)
    assert str(read_both_ways(folder_of(tmp_path, column, column)).dtype) == dtype


def test_half_precision_is_given_up_for_numbers_beyond_it(tmp_path):
    columns = [pd.Series([0.5], dtype="float16"), pd.Series([1e300])]
    assert read_both_ways(folder_of(tmp_path, *columns)).tolist() == [0.5, 1e300]


@pytest.mark.parametrize("columns", [["t", b"b"], [b"b", "t"], [["t"], [b"b"]]])
def test_text_and_bytes_do_not_fit(tmp_path, columns):
    folder = folder_of(tmp_path, *(pd.Series([each]) for each in columns))
    for read in (load_dataset, stream):
        with pytest.raises(DataError, match=r"column 'x' is (text|bytes) in"):
            read(folder)


def test_a_column_that_the_first_file_lacks_has_one_dtype_in_all_frames(tmp_path):
    write_dataset(pd.DataFrame({"y": [1]}), tmp_path / "a.parquet")
    write_dataset(pd.DataFrame({"y": [2], "x": np.array([7], "uint8")}), tmp_path / "b.parquet")
    assert [str(frame["x"].dtype) for frame in stream(tmp_path, batch_size=1)] == ["UInt8", "UInt8"]


def test_what_the_first_split_says_of_a_column_is_not_said_of_the_others(tmp_path):
    write_dataset(pd.DataFrame({"x": LABELS}), tmp_path / "train.parquet")
    pd.DataFrame({"x": [1, 0]}).to_parquet(tmp_path / "test.parquet")
    splits = load_dataset(tmp_path)
    assert splits["train"]["x"].tolist() == ["no", "yes"]
    assert splits["test"]["x"].tolist() == [1, 0]


def test_labels_in_cells_fit_to_the_same_labels_alone(tmp_path):
    folder = folder_of(tmp_path, pd.Series([pd.DataFrame({"l": LABELS})]), pd.Series([pd.DataFrame({"l": [1, 0]})]))
    with pytest.raises(DataError, match=r"column 'x\$l' is labels in"):
        load_dataset(folder)


def test_a_text_that_is_no_label_is_named(tmp_path):
    (tmp_path / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: a\n    dtype:\n      class_label:\n        names:\n"
        "          '0': bad\n          '1': good\n---\n"
    )
    (tmp_path / "d.csv").write_text("a\ngood\n\nGood\n")
    with pytest.raises(DataError, match="Column 'a' holds 'Good', which is not one of its labels"):
        load_dataset(tmp_path)
    (tmp_path / "d.csv").write_text("a,b\ngood,1\n,2\n")
    assert load_dataset(tmp_path)["a"].isna().tolist() == [False, True]


def test_what_a_frame_cannot_hold_is_refused_and_not_altered(tmp_path):
    zoned = [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01", tz="Europe/Berlin")]
    with pytest.raises(DataError, match="some have a time zone and some have none"):
        write_dataset(pd.DataFrame({"t": pd.Series(zoned, dtype=object)}), tmp_path / "a.parquet")
    twice = pa.table({"m": pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64()))})
    parquet.write_table(twice, tmp_path / "m.parquet")
    with pytest.raises(DataError, match="the key 'a' twice"):
        load_dataset(tmp_path / "m.parquet")
    for number in (2**63, 2**64, -(2**63) - 1):
        (tmp_path / "n.jsonl").write_text(f'{{"ids": [{number}], "b": 1}}\n' * 3)
        for read in (load_dataset, stream):
            with pytest.raises(DataError, match="'ids' has integers beyond 64 bits"):
                read(tmp_path / "n.jsonl")


def test_arrays_of_moments_come_back_as_such(tmp_path):
    moments = np.array(["2020-01-01T00:00:00.123456789"], "datetime64[ns]")
    spans = np.array([1, 2], "timedelta64[ms]")
    write_dataset(pd.DataFrame({"a": [moments], "b": [spans]}), tmp_path / "a.parquet")
    read = load_dataset(tmp_path / "a.parquet")
    assert (read["a"][0].dtype, read["a"][0][0]) == (moments.dtype, moments[0])
    assert (read["b"][0].dtype.kind, read["b"][0].tolist()) == ("m", spans.tolist())


@pytest.mark.parametrize(
    ("noted", "values"),
    [
        ("Sparse[int]", [1.5, 2.9]),
        ("datetime64[ns]", [1.5, 2.9]),
        ("half", [2**53 + 1, 70_000]),
        ("float64", [2**53 + 1, 70_000]),
        ("Float64", [2**53 + 1, 70_000]),
        ("binary[pyarrow]", [1.5]),
        ("complex128", [1.5]),
        ("int8", [300]),
        ("bool", ["False", ""]),
        ("period[D]", ["2020-01-01 10:00"]),
        ("period[D]", [pd.Timestamp("2020-01-01 10:00")]),
        ("date32[day][pyarrow]", [pd.Timestamp("2020-01-01 10:00")]),
        ("timedelta64[s]", [pd.Timedelta("1ms")]),
        ("datetime64[ns]", [pd.Timestamp("2020-01-01", tz="Europe/Berlin")]),
        ("string", [b"a"]),
    ],
)
def test_a_noted_dtype_changes_no_value(tmp_path, noted, values):
    table = pa.table({"x": values})
    plain = table["x"].to_pylist()
    parquet.write_table(
        table.replace_schema_metadata({"tidydl": f'{{"dtypes": {{"x": "{noted}"}}}}'}), tmp_path / "a.parquet"
    )
    read = read_both_ways(tmp_path)
    assert [value.to_pydatetime() if hasattr(value, "to_pydatetime") else value for value in read] == plain


def test_the_first_rows_have_the_columns_of_all_files(tmp_path):
    write_dataset(pd.DataFrame({"x": [1, 2]}), tmp_path / "a.parquet")
    write_dataset(pd.DataFrame({"x": [0.5], "y": ["q"]}), tmp_path / "b.parquet")
    for read in (load_dataset(tmp_path, n=1), next(iter(stream(tmp_path, n=1)))):
        pd.testing.assert_frame_equal(read, load_dataset(tmp_path).head(1))
    assert load_dataset(tmp_path, columns="y", n=1)["y"].isna().tolist() == [True]


def test_timestamps_in_cells_keep_their_nanoseconds(tmp_path):
    exact, far = pd.Timestamp("2020-01-01 00:00:00.123456789"), datetime(9000, 1, 1)
    cells = {"l": [[exact], None], "s": [{"t": [exact]}, None], "d": [[pd.Timedelta(-5, "ns")], []], "far": [[far], []]}
    write_dataset(pd.DataFrame(cells), tmp_path / "a.parquet")
    read = load_dataset(tmp_path / "a.parquet")
    assert (read["l"][0], read["s"][0], read["d"][0]) == ([exact], {"t": [exact]}, [pd.Timedelta(-5, "ns")])
    assert read["far"][0] == [far]
    write_dataset(read, tmp_path / "b.parquet")
    assert load_dataset(tmp_path / "b.parquet")["l"][0] == [exact]


@pytest.mark.parametrize("noted", ["category", "U2", "float64", "Int8", "int64", "object", "datetime64[ns]", "bool"])
def test_a_noted_dtype_of_labels_changes_no_label(tmp_path, noted):
    labels = ["no", "maybe", "yes", "300", str(2**53 + 1), "2020-01-01"]
    notes = json.dumps({"dtypes": {"x": "category"}, "levels": {"x": {"dtype": noted}}})
    for table in (pa.table({"x": labels[:3]}), pa.table({"x": labels[3:5]}), pa.table({"x": labels})):
        coded = pa.table({"x": table["x"].dictionary_encode()})
        parquet.write_table(coded.replace_schema_metadata({"tidydl": notes}), tmp_path / "a.parquet")
        read = read_both_ways(tmp_path)
        assert [str(each) for each in read] == table["x"].to_pylist()
        assert [str(each) for each in read.cat.categories] == table["x"].to_pylist()


@pytest.mark.parametrize("first", [True, False])
def test_labels_that_one_file_notes_of_frames_in_cells_are_not_said_of_another(tmp_path, first):
    features = json.dumps({"info": {"features": {"answer": {"names": ["no", "yes"], "_type": "ClassLabel"}}}})
    note = json.dumps({"dtypes": {"x": "frames"}, "levels": {"x": {"huggingface": features}}})
    noted = pa.table({"x": [[{"answer": 1}]]}).replace_schema_metadata({"tidydl": note})
    parquet.write_table(noted, tmp_path / ("a.parquet" if first else "c.parquet"))
    write_dataset(pd.DataFrame({"x": [pd.DataFrame({"answer": [0, 1, 1]})]}), tmp_path / "b.parquet")
    for read in (load_dataset, stream):
        with pytest.raises(DataError, match=r"column 'x\$answer' is (labels|integers)"):
            read(tmp_path)


def test_frames_of_one_kind_in_the_cells_of_several_files_are_bound(tmp_path):
    cells = [pd.DataFrame({"answer": LABELS, "n": [1, 2]})]
    for name in ("a", "b"):
        write_dataset(pd.DataFrame({"x": cells}), tmp_path / f"{name}.parquet")
    for frame in load_dataset(tmp_path)["x"]:
        pd.testing.assert_frame_equal(frame, cells[0])


def test_decimals_stay_doubles_beside_a_file_of_float32(tmp_path):
    values = [Decimal("12345678901234567.89"), Decimal("0.1")]
    parquet.write_table(pa.table({"x": pa.array(values, pa.decimal128(20, 2))}), tmp_path / "1.parquet")
    parquet.write_table(pa.table({"x": pa.array([0.5], pa.float32())}), tmp_path / "2.parquet")
    expected = [float(value) for value in values] + [0.5]
    assert load_dataset(tmp_path)["x"].tolist() == expected
    assert pd.concat(stream(tmp_path))["x"].tolist() == expected


def test_whole_numbers_that_no_double_holds_are_refused_beside_decimals(tmp_path):
    parquet.write_table(pa.table({"x": pa.array([Decimal("0.1")], pa.decimal128(20, 2))}), tmp_path / "1.parquet")
    parquet.write_table(pa.table({"x": pa.array([2**53 + 1])}), tmp_path / "2.parquet")
    with pytest.raises(DataError, match="different schemas"):
        load_dataset(tmp_path)

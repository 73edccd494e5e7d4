"""The wire between Python and R, seen from Python; tests/testthat/test-bridge.R crosses it for real."""

import datetime as dt
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.wire import NA_INTEGER, NA_REAL, back, call, scalar
from tidydl.bridge.decode import decode
from tidydl.bridge.encode import encode
from tidydl.bridge.entries import ENTRIES, resolve
from tidydl.bridge.text import Repairs, text_of
from tidydl.columns import Counted
from tidydl.errors import BridgeError

# --- frames


def test_a_frame_of_every_kind_comes_back_as_it_was():
    frame = pd.DataFrame(
        {
            "double": [1.5, np.nan, -np.inf],
            "whole": [1, 2, -3],
            "maybe whole": pd.array([1, None, 3], "Int64"),
            "flag": [True, False, True],
            "maybe flag": pd.array([True, None, False], "boolean"),
            "text": ["a", None, "ü\"'\n"],
            "label": pd.Categorical(["x", None, "y"], categories=["y", "x", "unused"]),
            "ordered": pd.Categorical(["lo", "hi", None], categories=["lo", "hi"], ordered=True),
            "day": pd.Series(["2024-02-29", None, "1800-01-01"]).astype("datetime64[s]"),
            "moment": pd.to_datetime([1_700_000_000_250_000_000, None, -2 * 10**18]).tz_localize("UTC"),
            "span": pd.to_timedelta([1, None, -3], unit="s").astype("timedelta64[ns]"),
        }
    )
    pd.testing.assert_frame_equal(back(frame), frame)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(),
            st.none() | st.integers(-(2**31) + 1, 2**31 - 1),
            st.none() | st.booleans(),
            st.none() | texts,
        )
    ),
    st.lists(texts, min_size=4, max_size=4),
)
def test_any_frame_comes_back_as_it_was(rows, names):
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    frame = pd.DataFrame(
        {
            0: pd.Series(columns[0], dtype="float64"),
            1: pd.Series(columns[1], dtype="Int64"),
            2: pd.Series(columns[2], dtype="boolean"),
            3: pd.Series(columns[3], dtype="str"),
        }
    )
    frame.columns = pd.Index(names, dtype="str")
    frame = frame if ".row" not in names else frame.head(0)
    pd.testing.assert_frame_equal(back(frame), frame, check_dtype=False)


def test_a_frame_without_rows_keeps_its_columns_and_kinds():
    frame = pd.DataFrame({"a": pd.Series([], dtype="float64"), "b": pd.Categorical([], categories=["x"])})
    frame["c"] = pd.Series([], dtype="str")
    pd.testing.assert_frame_equal(back(frame), frame)


def test_a_frame_without_columns_keeps_its_rows():
    assert back(pd.DataFrame(index=range(3))).shape == (3, 0)
    assert back(pd.DataFrame()).shape == (0, 0)


def test_double_and_odd_column_names_cross():
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=["a", "a", "", "naïve `x`"])
    assert list(back(frame).columns) == ["a", "a", "", "naïve `x`"]
    assert list(back(pd.DataFrame([[1, 2]], columns=[7, ("a", 1)])).columns) == ["7", "a.1"]


def test_the_index_of_a_frame_stays_in_python():
    assert back(pd.DataFrame({"a": [1, 2]}, index=["x", "y"])).index.tolist() == [0, 1]


def test_provenance_travels_with_the_frame():
    frame = pd.DataFrame({"a": [1.0]})
    frame.attrs["tidydl"] = {"task": "text-classification", "truncated": 0}
    provenance = back(frame).attrs["tidydl"]
    assert provenance["task"].item() == "text-classification"
    assert encode(frame)["provenance"]["kind"] == "list"


# --- what R reads: the bytes themselves


def test_missing_doubles_and_integers_are_written_as_rs_own():
    assert bytes(encode(np.array([np.nan]))["data"]) == NA_REAL
    assert bytes(encode(pd.array([None, 1], "Int64"))["data"]) == NA_INTEGER + struct.pack("<i", 1)
    assert bytes(encode(pd.array([None, True], "boolean"))["data"])[:4] == NA_INTEGER


def test_a_nan_of_r_goes_back_as_nan_and_one_made_in_python_as_na():
    record = {"kind": "double", "n": 2, "data": bytearray(struct.pack("<d", np.nan) + NA_REAL)}
    record["nan"] = bytearray(struct.pack("<i", 1))
    came = decode(record)
    assert came.isna().all()
    went = bytes(encode(came)["data"])
    assert went == struct.pack("<Q", 0x7FF8000000000000) + NA_REAL


def test_text_is_nul_ended_utf8():
    record = encode(pd.Series(["a", "ü", None]))
    assert bytes(record["data"]) == "a\0ü\0\0".encode()
    assert bytes(record["missing"]) == struct.pack("<i", 3)
    assert record["ascii"] is False


def test_a_slice_of_a_longer_text_column_crosses_alone():
    column = pd.Series([f"text {i}" for i in range(100)])[40:43]
    assert text_of(encode(column)) == ["text 40", "text 41", "text 42"]


def test_text_that_repeats_crosses_as_codes():
    column = pd.Series(["yes", "no", None, "yes"] * 1000)
    record = encode(column)
    assert record["kind"] == "codes"
    assert text_of(record["levels"]) == ["yes", "no"]
    assert np.frombuffer(record["data"], "int32")[:4].tolist() == [1, 2, -(2**31), 1]


def test_text_that_repeats_only_at_the_start_crosses_as_text():
    column = pd.Series(["same"] * 3000 + [str(i) for i in range(30_000)])
    assert encode(column)["kind"] == "string"


# --- numbers beyond R's integers


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**31 - 1, "integer"),
        (2**31, "double"),
        (-(2**31), "double"),
        (2**53, "double"),
        (2**53 + 1, "string"),
    ],
)
def test_whole_numbers_cross_in_the_smallest_kind_that_holds_them(value, kind):
    assert encode(pd.Series([value, 1]))["kind"] == kind


def test_huge_whole_numbers_become_text_with_one_warning():
    repairs = Repairs()
    frame = pd.DataFrame({"id": pd.array([1234567890123456789, None], "Int64"), "x": [2**60, 1]})
    record = encode(frame, repairs)
    assert text_of(record["columns"][0]) == ["1234567890123456789", None]
    assert repairs.warnings == [
        "Column `id` has integers beyond 2^53, which R's doubles cannot represent: converted to text.",
        "Column `x` has integers beyond 2^53, which R's doubles cannot represent: converted to text.",
    ]
    assert encode(np.array([2**64 - 1], "uint64"))["kind"] == "string"
    assert text_of(encode(pd.Series([10**30], dtype=object))) == [str(10**30)]


# --- text that R cannot hold


def test_nul_and_half_characters_are_replaced_with_a_warning():
    repairs = Repairs()
    assert text_of(encode(pd.Series(["a\0b", "c"]), repairs)) == ["a�b", "c"]
    assert text_of(encode(pd.Series(["x\ud800y", "\U0001f600"], dtype=object), repairs)) == [
        "x�y",
        "\U0001f600",
    ]
    assert text_of(encode("\0\udc00", repairs)) == ["��"]
    assert len(repairs.warnings) == 3


def test_sound_text_gives_no_warning():
    repairs = Repairs()
    encode(pd.DataFrame({"é": ["日本", None, "", "😀"]}), repairs)
    assert repairs.warnings == []


# --- other kinds


def test_days_are_those_in_whole_days_of_seconds():
    assert encode(pd.Series([dt.date(2024, 1, 1), None]))["kind"] == "date"
    assert encode(pd.Series(["2024-01-01"]).astype("datetime64[s]"))["kind"] == "date"
    assert encode(pd.Series(["2024-01-01"]).astype("datetime64[ns]"))["kind"] == "datetime"
    assert encode(pd.Timestamp("2024-01-01 10:00"))["kind"] == "datetime"


@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/New_York"])
def test_the_zone_of_a_moment_crosses(zone):
    moments = pd.Series(pd.to_datetime(["2024-07-01 12:00"]).tz_localize(zone))
    assert encode(moments)["zone"] == zone
    assert back(moments)[0] == moments[0]


def test_a_fixed_offset_is_told_in_utc():
    moments = pd.Series(pd.to_datetime(["2024-07-01T12:00:00+05:30"]))
    assert encode(moments)["zone"] == "UTC"
    assert np.frombuffer(encode(moments)["data"])[0] == 1719815400


@settings(max_examples=60, deadline=None)
@given(st.floats(-9e9, 9e9))
def test_seconds_of_r_come_back_to_the_last_bit(seconds):
    record = {"kind": "datetime", "n": 1, "data": bytearray(struct.pack("<d", seconds)), "zone": "UTC"}
    there = struct.unpack("<d", encode(decode(record))["data"])[0]
    # a nanosecond is Python's grain; R's own grain is coarser from 52 days around 1970 on
    assert there == seconds if abs(seconds) > 2**23 else abs(there - seconds) <= 1e-9


def test_moments_beyond_nanoseconds_cross():
    record = {"kind": "datetime", "n": 1, "data": bytearray(struct.pack("<d", 3e11)), "zone": "UTC"}
    assert struct.unpack("<d", encode(decode(record))["data"])[0] == 3e11


def test_categories_that_are_no_text_become_levels():
    assert text_of(encode(pd.Series(pd.Categorical([1.0, 2.5])))["levels"]) == ["1", "2.5"]
    assert text_of(encode(pd.Series(pd.Categorical([True, False])))["levels"]) == ["FALSE", "TRUE"]
    merged = encode(pd.Series(pd.Categorical([1, "1"], categories=[1, "1"])))
    assert text_of(merged["levels"]) == ["1"]
    assert np.frombuffer(merged["data"], "int32").tolist() == [1, 1]


def test_a_missing_level_of_r_is_missing():
    record = encode(pd.Series(pd.Categorical(["a", "b", "c"])))
    record["levels"]["missing"] = bytearray(struct.pack("<i", 2))
    came = decode(record)
    assert came.isna().tolist() == [False, True, False]
    assert came[2] == "c"


def test_matrices_cross_by_column():
    matrix = np.arange(6.0).reshape(2, 3)
    record = encode(matrix)
    assert record["dim"] == [2, 3]
    assert np.frombuffer(record["data"]).tolist() == [0, 3, 1, 4, 2, 5]
    np.testing.assert_array_equal(decode(record), matrix)
    assert decode(encode(np.zeros((0, 4)))).shape == (0, 4)
    cube = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(decode(encode(cube)), cube)


def test_list_columns_cross_with_vectors_in_their_cells():
    frame = pd.DataFrame({"x": [["a", "b"], None, ["c"], []], "y": [np.arange(2.0), None, np.zeros(0), [1]]})
    came = back(frame)
    assert came["x"].tolist() == [["a", "b"], None, ["c"], []]
    assert came["y"][0].tolist() == [0.0, 1.0]
    assert came["y"][1] is None
    assert came["y"][2].size == 0
    dicts = pd.DataFrame({"box": [{"xmin": 1}, None]})
    assert [r["kind"] for r in encode(dicts)["columns"][0]["items"]] == ["list", "null"]


def test_a_long_list_column_is_laid_end_to_end():
    cells = [[float(i)] * (i % 3) for i in range(50)] + [None]
    record = encode(pd.DataFrame({"x": cells}))["columns"][0]
    assert len(record["runs"]["data"]) == 8 * sum(i % 3 for i in range(50))
    came = back(pd.DataFrame({"x": cells}))["x"].tolist()
    assert [c if c is None else list(c) for c in came] == cells


def test_a_value_without_counterpart_is_named():
    with pytest.raises(BridgeError, match=r"`model` is a builtins\.object, which has no counterpart in R\."):
        encode({"model": object()})


def test_images_cross_as_their_bytes():
    from tidydl.data.media.image import ImageArray

    image = np.zeros((8, 6), "uint8")
    frame = pd.DataFrame({"image": ImageArray([image, None])})
    record = encode(frame)["columns"][0]
    assert np.frombuffer(record["width"], "int32").tolist() == [6, -(2**31)]
    came = back(frame)["image"]
    assert came[0].bytes == frame["image"][0].bytes
    assert came.isna().tolist() == [False, True]


# --- counting


def test_what_is_declared_counts_from_one_in_r_and_no_column_of_data_does_whatever_its_name():
    frame = pd.DataFrame({".row": [0, 1], "mask": [0, 1], "mine": [0, 1]})
    columns = encode(frame, index=["mask"])["columns"]
    counted = [np.frombuffer(c["data"], "int32").tolist() for c in columns]
    assert counted == [[0, 1], [1, 2], [0, 1]]
    assert decode(encode(frame))[".row"].tolist() == [0, 1]


def test_a_counted_frame_leaves_the_data_frames_in_its_cells_as_they_are():
    inner = pd.DataFrame({".row": [0], "start": [4]})
    frame = pd.DataFrame({".row": [0], "start": [4], "held": pd.Series([inner], dtype=object)})
    columns = encode({"result": Counted(frame, (".row", "start"))})["items"][0]["columns"]
    assert [np.frombuffer(c["data"], "int32").tolist() for c in columns[:2]] == [[1], [5]]
    held = columns[2]["items"][0]["columns"]
    assert [np.frombuffer(c["data"], "int32").tolist() for c in held] == [[0], [4]]


def test_declared_arguments_count_from_one_in_r():
    record = call("indices", which=encode(pd.Series([1, 5])))
    frame, seen = record["value"]["items"]
    assert [np.frombuffer(c["data"], "int32").tolist() for c in frame["columns"]] == [[1, 5], [1, 5], [0, 4]]
    assert [np.frombuffer(i["data"], "int32")[0] for i in seen["items"]] == [0, 4]


# --- calls


def test_single_values_of_r_are_single_values_in_python():
    for value, kind in [(1.5, "float"), (3, "int"), (True, "bool"), ("x", "str")]:
        assert text_of(call("describe", value=scalar(value))["value"]) == [kind]
    missing = {**encode(pd.array([None], "boolean")), "scalar": True}
    assert text_of(call("describe", value=missing)["value"]) == ["NAType"]


def test_every_entry_leads_to_a_function():
    for name in ENTRIES:
        entry, function = resolve(name)
        assert callable(function), entry.path

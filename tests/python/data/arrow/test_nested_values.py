"""What lists, structures and data frames in cells hold comes back as it was: zones, kinds, and what is empty."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.wire import back
from tidydl import as_dataset, features, load_dataset, stream, write_dataset
from tidydl.bridge.encode import encode
from tidydl.data.streaming import Stream
from tidydl.errors import DataError

BERLIN = ZoneInfo("Europe/Berlin")


def again(folder, values):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    path = write_dataset(frame, folder / "d.parquet")
    found = load_dataset(path)["x"]
    pd.testing.assert_series_equal(pd.concat([part["x"] for part in stream(path, batch_size=1)]), found)
    return list(found)


def visits():
    return pd.DataFrame(
        {
            "n": [1, 2],
            "who": pd.Categorical(["a", "b"], categories=["a", "b", "c"]),
            "at": pd.to_datetime(["2020-01-01 12:00", "2021-01-01 00:00"]).tz_localize("Europe/Berlin"),
            "tags": [["x"], []],
        }
    )


# --- data frames in cells


def test_data_frames_in_cells_come_back_as_they_were(tmp_path):
    found = again(tmp_path, [visits(), None, visits().iloc[:0], visits().iloc[1:].reset_index(drop=True)])
    assert found[1] is None
    pd.testing.assert_frame_equal(found[0], visits())
    pd.testing.assert_frame_equal(found[2], visits().iloc[:0], check_index_type=False)
    pd.testing.assert_frame_equal(found[3], visits().iloc[1:].reset_index(drop=True))


def test_data_frames_in_cells_are_lists_of_records_for_others(tmp_path):
    path = write_dataset(pd.DataFrame({"x": [visits(), None]}), tmp_path / "d.parquet")
    held = pq.read_table(path)
    assert pa.types.is_struct(held.schema.field("x").type.value_type)
    assert held["x"].to_pylist()[0][0]["n"] == 1
    assert held["x"].to_pylist()[1] is None
    assert as_dataset(pd.DataFrame({"x": [visits()]})).features["x"].feature["who"].names == ["a", "b", "c"]
    assert features(load_dataset(path)).loc[0, ["kind", "missing"]].tolist() == ["list", 1]
    assert features(load_dataset(path))["example"][0].startswith('[{n: 1, who: "a", at: "2020-01-01')


def test_labels_in_data_frames_get_the_levels_of_all(tmp_path):
    parts = [pd.DataFrame({"who": pd.Categorical([each])}) for each in "ab"]
    assert [list(frame["who"].cat.categories) for frame in again(tmp_path, parts)] == [["a", "b"]] * 2
    assert [frame["who"].tolist() for frame in again(tmp_path, parts)] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})],
            "'x' holds data frames with different columns: a, and b",
        ),
        ([pd.DataFrame({"a": [1]}), 3], "'x' holds data frames and values of type int"),
        ([pd.DataFrame(index=[0])], "'x' holds data frames without columns"),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"a": ["b"]})], "In the data frames of column 'x': Column 'a' has"),
    ],
)
def test_data_frames_that_do_not_go_together_are_refused(tmp_path, cells, said):
    with pytest.raises(DataError, match=said):
        again(tmp_path, cells)


# --- lists and structures


def test_empty_arrays_have_the_kind_of_the_others(tmp_path):
    found = again(tmp_path, [np.array([1, 2]), np.array([], int), None])
    assert [str(each.dtype) for each in found[:2]] == ["int64", "int64"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_zones_in_lists_and_structures_of_json_are_kept(tmp_path, name):
    moment, later = dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC), dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    records = [
        {
            "at": {"seen": "2020-01-01T12:00:00+02:00", "day": "2020-01-01"},
            "all": ["2020-01-01T10:00:00Z"],
            "far": None,
        },
        {"at": None, "all": ["2020-01-02T00:00:00Z", None], "far": [{"plain": "2020-01-01 10:00:00.5"}]},
        {"at": {"seen": None, "day": None}, "all": None, "far": []},
    ]
    lines = [json.dumps(each) for each in records]
    file = tmp_path / name
    file.write_text("\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]")
    found = load_dataset(file)
    assert found["at"].tolist() == [{"seen": moment, "day": dt.date(2020, 1, 1)}, None, {"seen": None, "day": None}]
    assert found["all"].tolist() == [[moment], [later, None], None]
    assert found["far"].tolist() == [None, [{"plain": pd.Timestamp("2020-01-01 10:00:00.5")}], []]
    pd.testing.assert_frame_equal(pd.concat(list(stream(file, batch_size=2))), found)


# --- on their way to R


def test_moments_in_lists_and_structures_cross_with_their_zone():
    moment = dt.datetime(2020, 1, 1, 12, tzinfo=BERLIN)
    record = encode(pd.DataFrame({"x": [{"at": moment, "all": [moment, None]}, None]}))["columns"][0]
    at, several = record["items"][0]["items"]
    assert (at["kind"], at["zone"]) == ("datetime", "Europe/Berlin")
    assert (several["kind"], several["zone"], several["n"]) == ("datetime", "Europe/Berlin", 2)


def test_days_in_lists_cross_as_days_and_what_is_missing_as_missing():
    frame = pd.DataFrame({"day": [[dt.date(2020, 1, 1), None], []], "text": [["a"], [None]], "none": [[None], None]})
    day, text, none = encode(frame)["columns"]
    assert (day["runs"]["kind"], text["runs"]["kind"]) == ("date", "string")
    assert none["items"][0]["kind"] == "logical"
    found = back(frame)
    assert found["day"].tolist() == frame["day"].tolist()
    assert found["text"].tolist() == frame["text"].tolist()


def test_what_r_notes_of_columns_travels_with_the_frame(tmp_path):
    notes = {"x": {"units": "hours"}}
    frame = pd.DataFrame({"x": pd.to_timedelta([90], unit="min"), "inner": [pd.DataFrame({"x": [1.5]})]})
    frame.attrs["tidydl_r"] = notes
    frame["inner"][0].attrs["tidydl_r"] = notes
    path = write_dataset(frame, tmp_path / "d.parquet")
    for found in (load_dataset(path), next(iter(stream(path))), load_dataset(path)["inner"][0]):
        assert found.attrs["tidydl_r"] == notes
    assert load_dataset(path)["x"].tolist() == [pd.Timedelta(hours=1.5)]
    crossed = encode(load_dataset(path))
    assert crossed["notes"]["items"][0]["items"][0]["data"] == b"hours\0"


# --- notes and labels of several parts


def noted(frame, **notes):
    """Return a frame with notes of R about its columns."""
    made = frame.copy()
    made.attrs["tidydl_r"] = notes
    return made


def read_together(folder, one, other):
    """Write two frames, and read them as two files of a split and as a stream of it."""
    files = [write_dataset(each, folder / f"{name}.parquet") for name, each in (("one", one), ("two", other))]
    return load_dataset("parquet", data_files=files), next(iter(stream("parquet", data_files=files)))


def in_cells(*labels, levels):
    return pd.DataFrame({"x": [pd.DataFrame({"g": pd.Categorical(labels, levels)})]})


def test_labels_in_cells_that_differ_between_parts_are_refused(tmp_path):
    one, other = in_cells("a", levels=["a", "z"]), in_cells("b", levels=["b", "c"])
    said = "'x' has in its nested field 'g' the labels a, z in .*, but b, c in "
    with pytest.raises(DataError, match=said):
        read_together(tmp_path, one, other)
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    with pytest.raises(DataError, match=said):
        stream("parquet", data_files=files)
    write_dataset({"train": one, "test": other}, tmp_path / "parts")
    with pytest.raises(DataError, match=said):
        load_dataset(tmp_path / "parts", split="all")
    both = read_together(tmp_path, one, in_cells("z", levels=["a", "z"]))
    assert [[cell["g"].tolist() for cell in each["x"]] for each in both] == [[["a"], ["z"]]] * 2


@pytest.mark.parametrize("rows", [1, 70_000])  # in one row group, and in several
def test_labels_that_change_in_a_stream_that_is_written_are_refused(tmp_path, rows):
    def frames():
        for levels in (["a", "z"], ["b", "c"]):
            yield pd.DataFrame({"g": pd.Categorical([levels[0]] * rows, levels)})

    changing = Stream(frames, next(frames()).iloc[:0], source="frames", batch_size=rows)
    with pytest.raises(DataError, match=r"'g' has the labels a, z in .*, but b, c in .*\n.*\n.*every data frame"):
        write_dataset(changing, tmp_path / "d.parquet")


@pytest.mark.parametrize("rows", [1, 70_000])
def test_notes_that_change_in_a_stream_are_left_out(tmp_path, rows):
    def frames():
        for label in ("old", "new", "old"):
            yield noted(pd.DataFrame({"x": range(rows), "y": range(rows)}), x={"units": label}, y={"units": "same"})

    path = write_dataset(
        Stream(frames, next(frames()).iloc[:0], source="frames", batch_size=rows), tmp_path / "d.parquet"
    )
    assert load_dataset(path).attrs["tidydl_r"] == {"y": {"units": "same"}}
    assert datasets.load_dataset("parquet", data_files=path, cache_dir=tmp_path)["train"].num_rows == 3 * rows


def test_notes_on_which_parts_do_not_agree_are_left_out(tmp_path):
    frame = pd.DataFrame({"x": [1.0], "y": [1.0], "z": [1.0], "cells": [[1]], "others": [[1]]})
    one = noted(
        frame, x={"units": "a"}, y={"units": "a"}, z={"units": "a"}, cells={"each": {"kind": "a"}}, others={"each": {}}
    )
    other = noted(frame, x={"units": "a"}, y={"units": "b"}, others={"each": {"kind": "b"}})
    for found in read_together(tmp_path, one, other):
        assert found.attrs["tidydl_r"] == {
            "x": {"units": "a"},
            "cells": {"each": {"kind": "a"}},
            "others": {"each": {}},
        }
    inside = [pd.DataFrame({"x": [each]}) for each in (one, other)]
    for found in read_together(tmp_path, *inside):
        assert found["x"][1].attrs["tidydl_r"].keys() == {"x", "cells", "others"}


def test_labels_of_a_column_that_the_first_part_lacks_have_their_names(tmp_path):
    labelled = pd.DataFrame({"g": pd.Categorical(["b"], ["b", "a"], ordered=True), "x": [2]})
    for found in read_together(tmp_path, pd.DataFrame({"x": [1]}), labelled):
        assert found["g"].tolist()[1] == "b"
        assert found["g"].cat.categories.tolist() == ["b", "a"]
        assert found["g"].cat.ordered


def test_notes_of_somebody_else_are_passed_over(tmp_path):
    frame = pd.DataFrame({"x": [1]})
    for notes in (np.array([1, 2]), {"x": 1.5}, {"x": {"values": np.array([1])}}, ["x"], {1: {"a": 1}}):
        frame.attrs = {"r": notes, "tidydl_r": notes}
        found = load_dataset(write_dataset(frame, tmp_path / "d.parquet"))
        assert not {"r", "tidydl_r"} & found.attrs.keys()
        assert "notes" not in encode(frame)


def test_frames_of_which_a_file_says_nothing_are_lists_of_records(tmp_path):
    table = pa.table({"x": [[{"a": 1}]]}).replace_schema_metadata({"tidydl": '{"dtypes": {"x": "frames"}}'})
    pq.write_table(table, tmp_path / "d.parquet")
    assert load_dataset(tmp_path / "d.parquet")["x"].tolist() == [[{"a": 1}]]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin"), None], "datetime"),
        ([dt.datetime(2020, 1, 1, 12), dt.datetime(2021, 1, 1)], "datetime"),
        ([pd.Timedelta(hours=1), pd.NaT], "timedelta"),
        ([dt.timedelta(hours=1)], "timedelta"),
    ],
)
def test_moments_and_durations_in_cells_cross_in_one_run(values, kind):
    record = encode(pd.DataFrame({"x": [values, [], None, values]}))["columns"][0]
    assert (record["runs"]["kind"], record["runs"]["n"]) == (kind, 2 * len(values))
    if kind == "datetime":
        assert record["runs"]["zone"] == ("Europe/Berlin" if values[0].tzinfo else "UTC")


def test_moments_of_several_zones_keep_theirs_cell_by_cell():
    moments = [pd.Timestamp("2020-01-01", tz=zone) for zone in ("Europe/Berlin", "Asia/Tokyo")]
    record = encode(pd.DataFrame({"x": [[each] for each in moments]}))["columns"][0]
    assert [each["zone"] for each in record["items"]] == ["Europe/Berlin", "Asia/Tokyo"]

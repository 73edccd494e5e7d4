"""write_dataset() gives odd kinds back, or as what is nearest to them, or refuses them in words of its own."""

import datetime as dt
import decimal
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tidydl import as_dataset, load_dataset, stream, write_dataset
from tidydl.errors import DataError


@pytest.fixture
def again(tmp_path):
    def write_and_read(values):
        frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame({"x": values})
        path = write_dataset(frame, tmp_path / "d.parquet")
        back = load_dataset(path)
        pd.testing.assert_frame_equal(pd.concat(list(stream(path)), ignore_index=True), back)
        as_dataset(frame)
        return back if isinstance(values, pd.DataFrame) else back["x"]

    return write_and_read


@pytest.mark.parametrize(
    "levels",
    [
        [False, True],
        pd.array([True, False], dtype="boolean"),
        [False],
        [0.1, 1 / 3],
        pd.to_datetime(["2020-01-01 00:00", "2021-01-01 10:00"]),
        pd.to_datetime(["2020-01-01 00:00", "2021-01-01 10:00"]).tz_localize("Europe/Berlin"),
        pd.to_timedelta(["1s", "2h"]),
        pd.period_range("2020-01", periods=2, freq="M"),
        pd.array([1, 2], dtype="Int64"),
    ],
)
def test_categories_that_are_no_text_come_back_as_they_were(again, levels):
    column = pd.Series(pd.Categorical([levels[0], levels[-1], None], categories=levels), name="x")
    pd.testing.assert_series_equal(again(column), column)


def test_categories_of_intervals_dates_and_mixed_values_come_back_as_their_text(again):
    cut = again(pd.cut([1, 5, 9], [0, 4, 10]))
    assert cut.cat.categories.tolist() == ["(0, 4]", "(4, 10]"]
    assert cut.cat.ordered
    assert again(pd.qcut([1.0, 2.0, 3.0], 2)).cat.codes.tolist() == [0, 0, 1]
    assert again(pd.Categorical([dt.date(2020, 1, 2)])).tolist() == ["2020-01-02"]
    assert again(pd.Categorical([1, "a"])).tolist() == ["1", "a"]


def test_categories_that_are_the_same_as_text_are_refused(again):
    with pytest.raises(DataError, match="'x' has two categories that are '1'"):
        again(pd.Categorical([1, "1"]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([dt.date(2020, 1, 2), pd.NaT], np.array(["2020-01-02", "NaT"], "M8[s]")),
        ([decimal.Decimal("1.5"), None], [1.5, np.nan]),
        ([uuid.UUID(int=7), None], [str(uuid.UUID(int=7)), None]),
        (pd.array([decimal.Decimal("1.5")], dtype=pd.ArrowDtype(pa.decimal128(10, 2))), [1.5]),
        (pd.arrays.IntervalArray.from_breaks([0, 1, 2]), ["(0, 1]", "(1, 2]"]),
        (pd.arrays.SparseArray([0, 0, 1]), [0, 0, 1]),
    ],
)
def test_values_come_back_as_what_is_nearest(again, values, expected):
    pd.testing.assert_series_equal(again(pd.Series(values)), pd.Series(expected, name="x"))


def test_sparse_dummies_are_written_as_dense_ones(again):
    dummies = pd.get_dummies(pd.Series(["a", "b"]), sparse=True)
    pd.testing.assert_frame_equal(again(dummies), dummies.sparse.to_dense())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([{}, {}], "only empty dicts"),
        ([[{}]], "only empty dicts"),
        ([2**70, 1], "beyond 64 bits"),
        ([1 + 2j], "complex"),
        ([np.array([1 + 2j])], "complex"),
        ([dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, 3)], "time of day"),
    ],
)
def test_what_no_file_holds_is_refused(again, values, said):
    with pytest.raises(DataError, match=f"Column 'x' (?:has|holds) .*{said}"):
        again(pd.Series(values))


@pytest.mark.parametrize("columns", [pd.MultiIndex.from_tuples([("a", "x")]), [None], [np.nan], [pd.NA]])
def test_columns_with_no_name_or_several_are_refused(again, columns):
    with pytest.raises(DataError, match="`data` has a column with"):
        again(pd.DataFrame([[1]], columns=columns))


def test_maps_become_no_dataset():
    maps = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))))
    with pytest.raises(DataError, match="map"):
        as_dataset(pd.DataFrame({"x": maps}))


def test_arrays_beside_values_of_another_kind_are_refused_by_name(tmp_path):
    for values in ([np.array([1.0]), "a"], [np.array([1.0]), np.array(["a"])], [np.array([1.0]), ["a"]]):
        with pytest.raises(DataError, match="Column 'x' has values of different types"):
            write_dataset(pd.DataFrame({"x": pd.Series(values, dtype=object)}), tmp_path / "x.parquet")

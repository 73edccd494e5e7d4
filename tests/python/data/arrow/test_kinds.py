"""Every kind of Arrow column becomes one that can be analysed, and features() says which."""

import datetime as dt
import json
import random
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.pandas_kinds import TEXT
from tidydl import features, load_dataset, stream
from tidydl.data.media.image import Image
from tidydl.errors import ArgumentError, DataError


def described(table, **columns):
    info = json.dumps({"info": {"features": columns}})
    return table.replace_schema_metadata({"huggingface": info})


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        (pa.array([1.5, None]), "float64", "double"),
        (pa.array([1, 2], pa.float16()), "float32", "double"),
        (pa.array([Decimal("1.5"), None]), "float64", "double"),
        (pa.array([1, 2]), "int64", "integer"),
        (pa.array([1, None], pa.uint8()), "UInt8", "integer"),
        (pa.array([True, None]), "boolean", "logical"),
        (pa.array([None, None]), "boolean", "logical"),
        (pa.array(["a", None], pa.large_string()), TEXT, "string"),
        (pa.array(["a", None], pa.string_view()), TEXT, "string"),
        (pa.array(["a", None]).dictionary_encode(), "category", "label"),
        (pa.array([dt.date(2020, 1, 1), None]), "datetime64[s]", "date"),
        (pa.array([0, None], pa.timestamp("s")), "datetime64[ms]", "datetime"),
        (pa.array([0, None], pa.timestamp("us", "Europe/Berlin")), "datetime64[us, Europe/Berlin]", "datetime"),
        (pa.array([0, None], pa.duration("s")), "timedelta64[s]", "duration"),
        (pa.array([dt.time(1, 2), None]), "object", "time"),
        (pa.array([b"x", None]), "object", "binary"),
        (pa.array([b"x", None], pa.binary(1)), "object", "binary"),
        (pa.array([[1], None]), "object", "list"),
        (pa.array([{"a": [1]}, None]), "object", "list"),
    ],
)
def test_each_arrow_type_has_its_kind(values, dtype, kind):
    frame = load_dataset(pa.table({"x": values}))
    assert str(frame["x"].dtype) == dtype
    assert features(frame)["kind"].tolist() == [kind]
    assert features(frame)["missing"].tolist() == [values.null_count]


def test_labels_in_lists_and_structures_are_names():
    label = {"names": ["no", "yes"], "_type": "ClassLabel"}
    table = pa.table({"many": [[0, 1], [], None], "one": [{"said": 1, "x": 1}, None, {"said": None, "x": 2}]})
    frame = load_dataset(described(table, many={"feature": label, "_type": "List"}, one={"said": label}))
    assert frame["many"].tolist() == [["no", "yes"], [], None]
    assert frame["one"].tolist() == [{"said": "yes", "x": 1}, None, {"said": None, "x": 2}]


def test_images_in_lists_are_images(tmp_path):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"views": pa.array([[{"bytes": b"x", "path": None}]], pa.list_(kind))})
    (views,) = load_dataset(described(table, views={"feature": {"_type": "Image"}, "_type": "Sequence"}))["views"]
    assert [type(view) for view in views] == [Image]


def test_a_missing_label_may_be_written_as_minus_one():
    table = pa.table({"y": [0, -1, None]})
    frame = load_dataset(described(table, y={"names": ["no", "yes"], "_type": "ClassLabel"}))
    assert frame["y"].isna().tolist() == [False, True, True]
    assert frame["y"].cat.codes.tolist() == [0, -1, -1]


def test_a_label_without_a_name_is_refused():
    table = described(pa.table({"y": [0, 2]}), y={"names": ["no", "yes"], "_type": "ClassLabel"})
    with pytest.raises(DataError, match="'y' holds the label 2"):
        load_dataset(table)


def test_dictionaries_whose_parts_differ_keep_the_levels_of_all():
    parts = pa.chunked_array([pa.array(["b"]).dictionary_encode(), pa.array(["a", "b"]).dictionary_encode()])
    assert load_dataset(pa.table({"x": parts}))["x"].tolist() == ["b", "a", "b"]


def test_text_is_taken_over_without_copying_it():
    texts = pa.chunked_array([pa.array(["some text"] * 100_000, pa.large_string())])
    frame = load_dataset(pa.table({"x": texts}))
    if str(frame["x"].dtype) != "str":
        pytest.skip("pandas 2 holds text as objects")
    held = pa.array(frame["x"].array, from_pandas=True)
    held = held.chunk(0) if isinstance(held, pa.ChunkedArray) else held
    assert held.buffers()[2].address == texts.chunk(0).buffers()[2].address


def test_features_describe_levels_and_an_example():
    frame = pd.DataFrame(
        {
            "mood": pd.Categorical([None, "low"], ["low", "high"]),
            "text": ["a\nb " + "long " * 30, None],
            "flag": [True, False],
        }
    )
    found = features(frame)
    assert list(found.columns) == ["column", "kind", "levels", "missing", "example"]
    assert found["levels"].tolist() == [["low", "high"], None, None]
    assert found["missing"].tolist() == [1, 1, 0]
    assert found["example"].tolist()[::2] == ["low", "true"]
    assert found["example"][1].startswith("a b long")
    assert len(found["example"][1]) == 60


def test_features_have_the_same_kinds_of_no_columns_and_no_rows():
    kinds = features(pd.DataFrame({"x": [1]})).dtypes.tolist()
    assert features(pd.DataFrame()).dtypes.tolist() == kinds
    nothing = features(pd.DataFrame({"x": np.array([], "float64")}))
    assert nothing.dtypes.tolist() == kinds
    assert nothing["example"].isna().tolist() == [True]


def test_features_of_splits_say_of_which_split(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text("x,y\n1,\n")
    assert features(load_dataset(tmp_path))["split"].tolist() == ["train", "train", "test", "test"]


def test_features_of_a_stream_are_those_of_the_frame(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,d\n,a,2020-01-01\n2,,\n3,c,\n")
    whole = features(load_dataset(tmp_path / "a.csv"))
    pd.testing.assert_frame_equal(features(stream(tmp_path / "a.csv", batch_size=1)), whole)


@pytest.mark.parametrize("data", [3, "x", [1, 2], {"x": [1, 2]}])
def test_features_of_what_is_no_data_are_refused(data):
    with pytest.raises(ArgumentError, match="`data`"):
        features(data)


def test_decimals_become_the_nearest_doubles(tmp_path):
    rng = random.Random(3)
    values = [Decimal(rng.randrange(-(10**15), 10**15)).scaleb(-5) for _ in range(2000)]
    pq.write_table(pa.table({"x": pa.array([*values, None], pa.decimal128(20, 5))}), tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "a.parquet")["x"].tolist()[:-1] == [float(value) for value in values]

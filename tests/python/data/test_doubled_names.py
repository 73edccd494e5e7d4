"""Columns of one name, of none, or of names that are only alike as text: none of them is lost."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tidydl import load_dataset, stream
from tidydl.errors import ColumnError, DataError

FORMS = {
    "split": '{"columns": ["a", "a"], "index": [0, 1], "data": [[1, 2], [3, 4]]}',
    "split without index": '{"columns": ["a", "a"], "data": [[1, 2], [3, 4]]}',
    "table": '{"schema": {"fields": []}, "data": [{"a": 1, "a": 2}, {"a": 3, "a": 4}]}',
    "records": '[{"a": 1, "a": 2}, {"a": 3, "a": 4}]',
    "lines": '{"a": 1, "a": 2}\n{"a": 3, "a": 4}\n',
    "lists": '{"a": [1, 3], "a": [2, 4]}',
    "columns": '{"a": {"0": 1, "1": 3}, "a": {"0": 2, "1": 4}}',
}


def read(path, **said):
    """Read a file at once and as a stream, which give the same."""
    frame = load_dataset(path, **said)
    pd.testing.assert_frame_equal(pd.concat(list(stream(path, **said))), frame)
    return frame


@pytest.mark.parametrize("form", FORMS)
def test_a_second_value_of_one_name_in_json_is_kept_as_in_csv(tmp_path, form):
    (tmp_path / "a.json").write_text(FORMS[form])
    frame = read(tmp_path / "a.json")
    assert {name: frame[name].tolist() for name in frame} == {"a": [1, 3], "a.1": [2, 4]}


def test_names_that_are_alike_as_text_are_told_apart(tmp_path):
    (tmp_path / "a.json").write_text('{"columns": [1, "1", null, "a", "a"], "index": [0], "data": [[1, 2, 3, 4, 5]]}')
    assert read(tmp_path / "a.json").iloc[0].to_dict() == {"1": 1, "1.1": 2, "X": 3, "a": 4, "a.1": 5}


@pytest.mark.parametrize(("columns", "name"), [(["a"], "index"), (["index"], "level_0")])
def test_an_index_of_names_is_a_column(tmp_path, columns, name):
    pd.DataFrame({columns[0]: [1, 2]}, index=["x", "y"]).to_json(tmp_path / "a.json", orient="split")
    assert read(tmp_path / "a.json")[name].tolist() == ["x", "y"]
    pd.DataFrame({"a": [1, 2]}).to_json(tmp_path / "b.json", orient="split")
    assert list(read(tmp_path / "b.json")) == ["a"]


def test_a_column_is_not_asked_for_by_the_name_of_several(tmp_path):
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "a.parquet").iloc[0].tolist() == [1, 2]
    for reading in (load_dataset, stream):
        with pytest.raises(ColumnError, match="which is the name of several columns"):
            reading(tmp_path / "a.parquet", columns="a")


def test_two_columns_of_files_of_one_kind_are_told_of(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "1.png")
    record = {"file_name": "1.png", "image_file_name": "1.png", "note": 1}
    (tmp_path / "metadata.jsonl").write_text(json.dumps(record))
    with pytest.raises(DataError, match="column 'image'"):
        load_dataset(tmp_path)
    pq.write_table(pa.table([["1.png"], [1], [2]], names=["file_name", "a", "a"]), tmp_path / "metadata.parquet")
    (tmp_path / "metadata.jsonl").unlink()
    assert list(load_dataset(tmp_path)) == ["image", "a", "a.1"]

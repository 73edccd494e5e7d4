"""Files that are odd or damaged: what is lost in none of them, and what is said of those that cannot be read."""

import gzip
import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.pandas_kinds import TEXT
from tidydl import load_dataset, stream, write_dataset
from tidydl.errors import ArgumentError, DamagedFileError, DataError, NotFoundError


def whole(path, **said):
    return load_dataset(path, **said)


def in_parts(path, **said):
    return pd.concat(list(stream(path, batch_size=2, **said)))


EITHER = pytest.mark.parametrize("read", [whole, in_parts])


def written(folder, name, content):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@EITHER
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"a":"Muller"}\n{"a":"Müller"}\n'),
        ("a.json", '[{"a":"Müller"}]'),
        ("a.csv", "naïve,b\n1,2\n"),
        ("b.csv", "a,b\nMüller,2\n"),
    ],
)
def test_text_in_another_encoding_is_refused_with_its_place(tmp_path, read, name, text):
    file = written(tmp_path, name, text.encode("latin1"))
    with pytest.raises(DamagedFileError, match=r"is not UTF-8 text \((line \d|in its header|column 'a')") as caught:
        read(file)
    assert caught.value.hint.startswith("Save it again as ")


@EITHER
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt"])
def test_utf_16_is_named(tmp_path, read, name):
    file = written(tmp_path, name, '{"a": "x"}\n{"a": "y"}\n'.encode("utf-16"))
    with pytest.raises(DamagedFileError, match="UTF-16"):
        read(file)


@EITHER
@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (["2024-06-01T23:30:00-05:00", "2024-06-01T00:00:00Z"], "datetime64[ms, UTC]"),
        (["2024-06-01T23:30:00", "2024-06-01T00:00:00"], "datetime64[ms]"),
        (["2024-06-01T23:30:00.125Z", "2024-06-01T00:00:00Z"], "datetime64[ns, UTC]"),
        (["2024-06-01", "2024-06-01T23:30:00.125"], "datetime64[ns]"),
        (["2024-06-01T23:30:00.000", "2024-06-01T00:00:00.000"], "datetime64[ns]"),
        (["2024-06-01T23:30:00.125", "soon"], TEXT),
        (["2024-06-01", "2024-06-02"], "datetime64[s]"),
        (["2024-06-01", "2024-06-02T01:00:00"], "datetime64[ms]"),
        (["2024-06-01T23:30:00-05:00", "2024-06-01"], TEXT),
    ],
)
def test_dates_and_moments_of_json_are_those_of_csv(tmp_path, read, texts, dtype):
    lines = "".join(json.dumps({"a": text}) + "\n" for text in [*texts, None])
    of_json = read(written(tmp_path, "a.jsonl", lines))
    of_csv = read(written(tmp_path, "a.csv", "\n".join(["a,b", *(f"{text},1" for text in [*texts, ""])])))
    assert of_json["a"].dtype == dtype
    pd.testing.assert_series_equal(of_json["a"], of_csv["a"])


@pytest.mark.parametrize(
    ("late", "dtype"),
    [("2024-06-01T10:00:00", "datetime64[ms]"), ("2024-06-01T10:00:00Z", TEXT), ("soon", TEXT)],
)
def test_moments_far_below_dates_settle_the_kind_of_a_stream(tmp_path, late, dtype):
    lines = ['{"day":"2024-06-01"}'] * 150_000 + [f'{{"day":"{late}"}}'] * 2
    file = written(tmp_path, "a.jsonl", "\n".join(lines))
    parts = pd.concat(list(stream(file, batch_size=100_000)))
    assert parts["day"].dtype == dtype
    pd.testing.assert_frame_equal(parts, load_dataset(file))


@EITHER
@pytest.mark.parametrize(
    ("numbers", "dtype"),
    [
        ([7, 2**64 - 1], "uint64"),
        ([7, 123456789012345678901234567890], TEXT),
        ([-1, 2**64 - 1], TEXT),
        ([0.5, 2**64 - 1], "float64"),
    ],
)
def test_whole_numbers_beyond_64_bits_keep_their_digits(tmp_path, read, numbers, dtype):
    lines = "".join(json.dumps({"id": number}) + "\n" for number in numbers)
    of_json = read(written(tmp_path, "a.jsonl", lines))
    of_csv = read(written(tmp_path, "a.csv", "\n".join(["id,b", *(f"{number},1" for number in numbers)])))
    for found in (of_json, of_csv):
        assert found["id"].dtype == dtype
        kept = [str(each) for each in found["id"]]
        assert kept == [str(float(each) if dtype == "float64" else each) for each in numbers]


@EITHER
def test_large_numbers_that_are_no_whole_ones_stay_doubles(tmp_path, read):
    assert read(written(tmp_path, "a.csv", "x,b\n1e20,1\n2e20,2\n"))["x"].tolist() == [1e20, 2e20]
    assert read(written(tmp_path, "a.jsonl", '{"x": 1e20}\n{"x": 2e20}\n'))["x"].tolist() == [1e20, 2e20]


@pytest.mark.parametrize("rows", ["1,2\n", ""])
def test_no_rows_can_be_drawn(tmp_path, rows):
    file = written(tmp_path, "a.csv", "a,b\n" + rows)
    assert load_dataset(file, sample=0).shape == (0, 2)


@EITHER
@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.txt.gz"])
def test_packed_files_cut_short_are_damaged(tmp_path, read, name):
    digits = np.random.default_rng(0).integers(0, 10**9, 20_000)
    text = "".join(f'{{"a": {digit}}}\n' for digit in digits)
    with pytest.raises(DamagedFileError, match=name):
        read(written(tmp_path, name, gzip.compress(text.encode())[:20_000]))


@EITHER
def test_zip_files_with_damaged_content_are_damaged(tmp_path, read):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr("a.csv", "a,b\n" + "".join(f"{k},{k * k % 977}\n" for k in range(2000)))
    content = bytearray(file.read_bytes())
    content[200:1200] = bytes(range(250)) * 4
    file.write_bytes(content)
    with pytest.raises(DamagedFileError, match="cannot be read as zip"):
        read(file)


def test_a_stream_reads_a_text_longer_than_its_blocks(tmp_path):
    file = written(tmp_path, "a.csv", "a,b\n1,x\n2," + "y" * 4_500_000 + "\n3,z\n")
    assert [len(text) for text in in_parts(file)["b"]] == [1, 4_500_000, 1]


@EITHER
@pytest.mark.parametrize("sep", ["ab", "\\t", "ü", "", "\n"])
def test_a_separator_is_one_ascii_character(tmp_path, read, sep):
    with pytest.raises(ArgumentError, match="`sep` is"):
        read(written(tmp_path, "a.csv", "a,b\n1,2\n"), sep=sep)


@EITHER
def test_a_column_of_json_that_mixes_kinds_is_named(tmp_path, read):
    with pytest.raises(DataError, match=r"mixes types in column 'a': number and string"):
        read(written(tmp_path, "a.jsonl", '{"a":1}\n{"a":"x"}\n'))


@EITHER
@pytest.mark.parametrize(("row", "fields"), [("1,2,3", 3), ("1", 1)])
def test_a_row_of_csv_with_too_many_or_too_few_fields_is_named(tmp_path, read, row, fields):
    with pytest.raises(DamagedFileError, match=rf"{fields} fields in row 4, but 2 in its header"):
        read(written(tmp_path, "a.csv", f"a,b\n1,2\n1,2\n{row}\n1,2\n"))


@EITHER
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl"])
def test_files_of_no_bytes_are_called_empty(tmp_path, read, name):
    with pytest.raises(DamagedFileError, match="is an empty file"):
        read(written(tmp_path, name, b""))


@EITHER
def test_json_nested_too_deeply_is_damaged(tmp_path, read):
    with pytest.raises(DamagedFileError, match="cannot be read as json"):
        read(written(tmp_path, "a.json", '[{"a":' + "[" * 200_000 + "]" * 200_000 + "}]"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "a.parquet"])
def test_a_file_that_is_gone_before_its_stream_is_read_is_named(tmp_path, name):
    from pyarrow import parquet

    file = written(tmp_path, name, '{"a": 1}\n{"a": 2}\n')
    if name == "a.parquet":
        parquet.write_table(pa.table({"a": [1, 2]}), file)
    opened = stream(file)
    file.unlink()
    with pytest.raises(NotFoundError, match="no longer exists"):
        list(opened)


def test_a_stream_knows_which_of_many_columns_lack_values_in_any_row_group(tmp_path):
    from pyarrow import parquet

    columns = {f"c{k}": [1, 2, None if k % 3 == 0 else 3] for k in range(300)}
    parquet.write_table(pa.table({**columns, "list": [[1], [], None]}), tmp_path / "a.parquet", row_group_size=1)
    found = stream(tmp_path / "a.parquet").empty
    assert [str(found[f"c{k}"].dtype) for k in range(300)] == ["int64" if k % 3 else "Int64" for k in range(300)]


@pytest.mark.parametrize(("name", "text"), [("a.csv", "a,b\n"), ("a.json", "[]"), ("a.txt", "")])
def test_a_stream_of_no_rows_gives_one_frame_of_none(tmp_path, name, text):
    file = written(tmp_path, name, text)
    pd.testing.assert_frame_equal(pd.concat(list(stream(file))), load_dataset(file))


def test_a_stream_of_no_rows_is_written_as_a_file_of_none(tmp_path):
    nothing = stream(written(tmp_path, "a.csv", "a,b\n"))
    write_dataset(nothing, tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(load_dataset(tmp_path / "b.parquet"), nothing.empty)
    assert [len(batch) for batch in stream(nothing.empty)] == [0]


def test_a_stream_of_several_splits_says_how_to_read_them(tmp_path):
    for name in ("train.csv", "test.csv"):
        written(tmp_path, name, "a,b\n1,2\n")
    with pytest.raises(ArgumentError, match="`split` names 2 splits") as caught:
        stream(tmp_path, split=["train", "test"])
    assert "train+test" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a": 1} {"a": 2}]', "Expecting ','"),
        ('[{"a": 1}, 2]', "holds no records"),
        ('[{"a": 1}] 2', "Extra data"),
        ('[{"a": 1}', "Expecting ','"),
        ('[{"a": 1},]', "Expecting value"),
    ],
)
def test_arrays_of_records_that_are_none_are_damaged(tmp_path, text, says):
    with pytest.raises(DamagedFileError, match=says):
        load_dataset(written(tmp_path, "a.json", text))


def test_arrays_of_records_may_be_written_in_any_layout(tmp_path):
    text = ' [ \n{"a" : 1,\n "b": "],[{"} , {"a":2, "b":\n"ü"}\n,{"b": null}\n ] \n'
    frame = load_dataset(written(tmp_path, "a.json", text))
    assert frame["a"].tolist()[:2] == [1, 2]
    assert frame["b"].tolist()[:2] == ["],[{", "ü"]
    assert frame.isna().iloc[2].all()


def test_the_first_rows_of_plain_text_are_read_without_the_rest(tmp_path):
    (tmp_path / "long.txt").write_bytes(b"one\ntwo\nthree\n" * 100_000 + b"\xff\n")
    assert load_dataset(tmp_path / "long.txt", n=4)["text"].tolist() == ["one", "two", "three", "one"]
    with pytest.raises(DamagedFileError):
        load_dataset(tmp_path / "long.txt")


@EITHER
def test_a_disk_is_refused_before_all_of_it_is_looked_through(tmp_path, monkeypatch, read):
    monkeypatch.setattr("tidydl.data.sources.folders._MOST_OTHERS", 3)
    for number in range(3):
        written(tmp_path, f"{number}.log", "")
        written(tmp_path, f"{number}.csv", "x\n1\n2\n")
    assert len(read(tmp_path)) == 6
    for number in range(27):
        written(tmp_path, f"{number}.xml", "")
    assert len(read(tmp_path)) == 6
    written(tmp_path, "more.dat", "")
    with pytest.raises(ArgumentError, match=r"has more than 3 other files besides its 3 data files\."):
        read(tmp_path)


@EITHER
@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (
            (pa.timestamp("us", "UTC"), pa.timestamp("us")),
            r"timestamps with time zone UTC in '.*a.parquet', but timestamps without a time zone in '.*b.parquet'",
        ),
        (
            (pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/Berlin")),
            r"timestamps with time zone UTC in '.*', but timestamps with time zone Europe/Berlin in '",
        ),
        ((pa.int64(), pa.string()), r"integers in '.*', but text in '"),
    ],
)
def test_columns_of_files_that_differ_are_told_apart(tmp_path, read, kinds, said):
    for name, kind in zip("ab", kinds, strict=True):
        pq.write_table(pa.table({"p": pa.array([None], kind)}), tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match=f"column 'p' is {said}"):
        read(tmp_path)


@EITHER
@pytest.mark.parametrize("lacking", [False, True])
def test_values_of_a_frame_can_be_replaced_whatever_their_kind(tmp_path, read, lacking):
    frame = pd.DataFrame({"whole": range(2), "real": 0.5, "small": np.array([1.5, 2.5], "float32"), "agreed": True})
    frame["day"] = pd.Series(pd.to_datetime(["2024-06-01", "2024-06-02"])).astype("datetime64[s]")
    frame["moment"] = pd.to_datetime(["2024-06-01T10:00", "2024-06-02T11:30"], utc=True)
    frame["took"] = pd.to_timedelta([1.5, 2.5], "s")
    frame["label"] = pd.Categorical(["a", "b"])
    frame["text"] = ["a", "b"]
    frame = pd.concat([frame, frame, frame.iloc[:1]], ignore_index=True)
    if lacking:
        frame = frame.astype({"whole": "Int64", "agreed": "boolean"})
        frame.iloc[4] = None
    write_dataset(frame, tmp_path / "own.parquet")
    found = read(tmp_path / "own.parquet")
    part = found.iloc[:2].copy()
    for name in found:
        found.loc[0, name] = found[name].iloc[1]
    assert found.iloc[0].tolist() == frame.iloc[1].tolist()
    pd.testing.assert_frame_equal(found[1:], frame[1:])
    pd.testing.assert_frame_equal(part, frame[:2])


@EITHER
def test_numbers_that_are_not_missing_are_told_from_missing_ones(tmp_path, read):
    pq.write_table(pa.table({"x": pa.array([1.5, float("nan"), None])}), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found["x"].isna().tolist() == [False, True, True]
    path = write_dataset(found, tmp_path / "b.parquet")
    assert pq.read_table(path)["x"].is_null().to_pylist() == [False, False, True]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "id,b\n{0},1\n1,2\n"), ("a.jsonl", '{{"id": {0}}}\n{{"id": 1}}\n')]
)
def test_whole_numbers_beyond_the_largest_double_keep_their_digits(tmp_path, name, content):
    (tmp_path / name).write_text(content.format("9" * 400))
    whole = load_dataset(tmp_path / name)
    assert whole["id"].tolist() == ["9" * 400, "1"]
    assert next(iter(stream(tmp_path / name)))["id"].tolist() == whole["id"].tolist()


def test_infinite_numbers_stay_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("a\ninf\n1\n")
    assert load_dataset(tmp_path / "a.csv")["a"].tolist() == [float("inf"), 1.0]

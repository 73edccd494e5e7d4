"""Columns of csv files: each has a name of its own, and digits that are no numbers stay as they are."""

import io
import warnings

import pandas as pd
import pytest

from support.pandas_kinds import TEXT
from tidydl import load_dataset, stream
from tidydl.data.readers import csv_columns
from tidydl.errors import ArgumentError


def whole(path, **said):
    return load_dataset(path, **said)


def in_parts(path, **said):
    return pd.concat(list(stream(path, batch_size=2, **said)))


EITHER = pytest.mark.parametrize("read", [whole, in_parts])


def written(folder, name, text):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@EITHER
@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('"",a', ["X", "a"]),
        (",a,,X", ["X.1", "a", "X.2", "X"]),
        ("x,x,x.1", ["x", "x.2", "x.1"]),
        ("y,x,x,x", ["y", "x", "x.1", "x.2"]),
        ('"a\nb",x,x', ["a\nb", "x", "x.1"]),
        ("\n\nx,x,y", ["x", "x.1", "y"]),
        ("\ufeffx,x", ["x", "x.1"]),
        ("\ufeff\nx,x", ["x", "x.1"]),
        ("\ufeff\r\n\r\nx,,x", ["x", "X", "x.1"]),
    ],
)
def test_columns_without_a_name_of_their_own_are_named_as_read_csv_of_r_does(tmp_path, read, header, names):
    values = [str(place) for place in range(len(names))]
    frame = read(written(tmp_path, "odd.csv", f"{header}\n{','.join(values)}\n"))
    assert list(frame.columns) == names
    assert frame.to_numpy().tolist() == [list(range(len(names)))]
    assert list(read(tmp_path / "odd.csv", columns=names[::-1])) == names[::-1]


@EITHER
def test_columns_of_one_name_have_kinds_of_their_own(tmp_path, read):
    frame = read(written(tmp_path, "odd.csv", "x,x,x\n1,a,123456789012345678901\n2,,1\n"))
    assert [str(kind) for kind in frame.dtypes] == ["int64", TEXT, TEXT]
    assert frame["x.2"].tolist() == ["123456789012345678901", "1"]


def test_a_header_with_thousands_of_columns_of_one_name_is_named_at_once():
    names = csv_columns.named_apart(["x"] * 5000 + [""] * 5000)
    assert names[4999] == "x.4999"
    assert names[-1] == "X.4999"
    assert len(set(names)) == 10_000


@EITHER
@pytest.mark.parametrize(
    "values",
    [
        ["007", "12", "3"],
        ["12", "3", "007"],
        ["1", "00"],
        ["01.5", "2.5"],
        ['"012"', '"1"'],
        ["1", " 007"],
        ["1", "  007"],
        ["1", "\t 007"],
        ["1", "   007 "],
        ['"1"', '" \t007"'],
        ["01e2", "1"],
        ["00123456789012345678901", "1"],
    ],
)
@pytest.mark.parametrize("other", ["1", "01"])
def test_a_column_with_leading_zeros_stays_text(tmp_path, read, values, other):
    lines = "".join(f"{value},{place},{other}\n" for place, value in enumerate(values))
    frame = read(written(tmp_path, "codes.csv", "code,n,other\n" + lines))
    assert frame["code"].tolist() == [value.strip('"') for value in values]
    assert frame["n"].tolist() == list(range(len(values)))


@EITHER
@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["0", "10"], "int64"),
        (["0.5", "0"], "float64"),
        (["-07", "1"], "int64"),
        (["2020-01-01", "0999-12-31"], "datetime64[s]"),
        (["2020-01-01 00:00:00", "2020-01-01 05:00:00"], "datetime64[ms]"),
    ],
)
def test_zeros_that_lead_no_other_digit_change_no_kind(tmp_path, read, values, dtype):
    frame = read(written(tmp_path, "values.csv", "x,n\n" + "".join(f"{value},05\n" for value in values)))
    assert frame["x"].dtype == dtype


@EITHER
def test_leading_zeros_far_below_count(tmp_path, read):
    rows = ["123,1.5"] * 400_000
    file = written(tmp_path, "far.csv", "\n".join(["id,x", *rows, "007,2.5", *rows[:3]]))
    frame = next(iter(stream(file, batch_size=2))) if read is in_parts else read(file)
    assert frame["id"].dtype == TEXT
    assert frame["x"].dtype == "float64"


@pytest.mark.parametrize("block", range(1, 12))
def test_leading_zeros_are_found_wherever_blocks_end(monkeypatch, block):
    monkeypatch.setattr(csv_columns, "_BLOCK", block)
    assert csv_columns.some_begin_with_zero(io.BytesIO(b"a,b\n1,2\n3,04\n"), ",")
    assert csv_columns.some_begin_with_zero(io.BytesIO(b"a;b\n1; 04\n"), ";")
    assert csv_columns.some_begin_with_zero(io.BytesIO(b"a;b\n1;  \t 04\n"), ";")
    assert csv_columns.some_begin_with_zero(io.BytesIO(b"a\tb\n1\t\t04"), "\t")
    assert csv_columns.some_begin_with_zero(io.BytesIO(b"01"), ",")
    assert not csv_columns.some_begin_with_zero(io.BytesIO(b"a,b\n100,0\n0.05,2 03\n0"), ",")


@pytest.mark.parametrize("block", [2, 3, 5, 2**18])
@pytest.mark.parametrize("other", ["01/02/2020", "09:30", "01-02-2020", "02 03", "05h"])
def test_dates_and_times_do_not_have_all_numbers_read_as_text(monkeypatch, block, other):
    monkeypatch.setattr(csv_columns, "_BLOCK", block)
    found = csv_columns.some_begin_with_zero(io.BytesIO(f"a,b\n1,{other}\n10,{other}".encode()), ",")
    assert found == (other == "02 03")


@EITHER
def test_hexadecimal_numbers_stay_as_they_are_written(tmp_path, read):
    identifiers = {"a": ["0x00FF", "0xFF"], "b": ["0xFFFFFFFFFFFFFFFF", "0x8000000000000000"], "c": ["10", "0X1f"]}
    lines = [",".join(row) for row in zip(*identifiers.values(), strict=True)]
    written(tmp_path, "a.csv", "\n".join(["a,b,c", *lines, ""]))
    assert {name: read(tmp_path / "a.csv")[name].tolist() for name in identifiers} == identifiers


@EITHER
def test_a_column_that_is_text_in_one_file_is_text_in_all(tmp_path, read):
    written(tmp_path, "train.csv", "plz,n\n01067,1\n")
    written(tmp_path, "test.csv", "plz,n\n80331,2\n")
    assert read(tmp_path, split="all")["plz"].tolist() == ["01067", "80331"]
    assert sorted(read(str(tmp_path / "*.csv"))["plz"]) == ["01067", "80331"]
    written(tmp_path, "test.csv", "plz,n\n,2\n")
    assert read(tmp_path, split="train+test")["plz"].isna().tolist() == [False, True]


@EITHER
def test_packed_files_keep_leading_zeros_too(tmp_path, read):
    import gzip

    (tmp_path / "codes.csv.gz").write_bytes(gzip.compress(b"code,code\n007,1\n"))
    assert read(tmp_path / "codes.csv.gz").iloc[0].tolist() == ["007", 1]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_empty_lines_before_a_header_without_a_name_make_no_row_of_it(tmp_path, end, before):
    path = tmp_path / "d.csv"
    path.write_bytes(end * before + end.join([b",x", b"1,2", b"3,4", b""]))
    assert load_dataset(path).to_dict("list") == {"X": [1, 3], "x": [2, 4]}
    assert next(iter(stream(path))).to_dict("list") == {"X": [1, 3], "x": [2, 4]}


@EITHER
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1,5", "2", "-3,25"], True),
        (["1.234,5", "", "12.000,0"], True),
        (["NA", ",5", "+1,0 "], True),
        (["1,5", "2", "three"], False),
        (["1, 5", "2", "3"], False),
        (["007", "012", "3"], False),
        (["05.01.2024", "06.01.2024", ""], False),
        (["12345678901234567890123", "1", ""], False),
    ],
)
def test_numbers_with_decimal_commas_are_told_of(tmp_path, read, values, told):
    file = written(tmp_path, "excel.csv", "id;x\n" + "".join(f"{i};{value}\n" for i, value in enumerate(values)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        frame = read(file, sep=";")
    said = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    assert ["decimal commas, which are read as text: 'x'." in each for each in said] == [True] * told
    if told:
        assert said[0].endswith("For numbers, use pandas.read_csv(path, sep=';', decimal=',').")
    assert frame["id"].tolist() == [0, 1, 2]


@EITHER
def test_files_separated_by_commas_give_no_word_of_decimal_commas(tmp_path, read):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert read(written(tmp_path, "b.csv", 'id,x\n1,"2,5"\n'))["x"].tolist() == ["2,5"]


@pytest.mark.parametrize("open_it", [load_dataset, stream])
def test_the_decimal_comma_of_other_functions_is_answered_with_what_reads_it(tmp_path, open_it):
    file = written(tmp_path, "excel.csv", "id;x\n1;2,5\n")
    with pytest.raises(ArgumentError) as caught:
        open_it(file, sep=";", decimal=",")
    assert caught.value.hint.startswith("Read the file with pandas.read_csv(path, sep=';', decimal=',')")


@EITHER
@pytest.mark.parametrize("other", ["NaN", "+5", "inf"])
@pytest.mark.parametrize("first", [True, False])
def test_identifiers_keep_their_digits_beside_what_is_no_whole_number_for_arrow(tmp_path, read, other, first):
    identifiers = ["1234567890123456789", "1234567890123456788"]
    values = [other, *identifiers] if first else [*identifiers, other]
    written(tmp_path, "a.csv", "\n".join(["id", *values, ""]))
    assert read(tmp_path / "a.csv")["id"].tolist() == values
    written(tmp_path, "b.csv", "\n".join(["id", *values, "1.5", ""]))
    assert read(tmp_path / "b.csv")["id"].dtype == "float64"

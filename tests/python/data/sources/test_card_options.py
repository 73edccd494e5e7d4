"""What a README says of how its files are read is done as `datasets` does it, or refused by its name."""

import json
from dataclasses import fields

import datasets
import pandas as pd
import pytest
from datasets.packaged_modules.json.json import JsonConfig

from tidydl import load_dataset, stream
from tidydl.errors import ArgumentError, DataError


@pytest.fixture(autouse=True)
def _quiet():
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def folder_of(tmp_path, name, text, options=None, features=None):
    head = {"configs": [{"config_name": "default", "data_files": name, **(options or {})}]}
    if features is not None:
        head["dataset_info"] = {"features": features}
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "README.md").write_text(f"---\nconfigs: {json.dumps(head['configs'])}\n" + _info(head) + "---\n")
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(tmp_path)


def _info(head):
    return f"dataset_info: {json.dumps(head['dataset_info'])}\n" if "dataset_info" in head else ""


def by_peer(folder, tmp_path):
    """What `datasets` reads, as plain lists."""
    return datasets.load_dataset(folder, split="train", cache_dir=str(tmp_path / "cache")).to_dict()


def plain(frame):
    """Return the cells of a frame as `datasets` gives them."""
    dates = {name: frame[name].dt.date for name in frame if str(frame[name].dtype) == "datetime64[s]"}
    return json.loads(
        json.dumps(frame.assign(**dates).astype(object).where(frame.notna(), None).to_dict("list"), default=str)
    )


def ways(folder, **given):
    return [
        lambda: load_dataset(folder, **given),
        lambda: pd.concat(list(stream(folder, batch_size=2, **given)), ignore_index=True),
    ]


CSV, JSON, TEXT = "a,b\n1,x\n2,y\n", '{"data": [{"a": 1}, {"a": 2}], "more": [{"b": 3}]}', "a\nb\n\nc\n"
DONE = [
    *((CSV.replace(",", sep), {name: sep}) for sep in ";|\t:" for name in ("sep", "delimiter")),
    *((CSV, {name: ","}) for name in ("sep", "delimiter")),
    ("a,b|c\n1,x|2\n", {"sep": "|"}),
    *(
        (CSV, each)
        for each in ({"header": 0}, {"header": "infer"}, {"names": None}, {"quoting": 0}, {"encoding": "UTF8"})
    ),
    *((CSV, each) for each in ({"chunksize": 1}, {"engine": "python"}, {"memory_map": True}, {"nrows": None})),
    *((CSV, each) for each in ({"encoding_errors": "strict"}, {"decimal": "."}, {"unheard_of": 7})),
]


@pytest.mark.parametrize(("text", "options"), DONE, ids=range(len(DONE)))
def test_csv_options_that_mean_the_same_here_give_the_frame_of_datasets(tmp_path, text, options):
    folder = folder_of(tmp_path / "d", "d.csv", text, options)
    wanted = by_peer(folder, tmp_path)
    assert [plain(way()) for way in ways(folder)] == [wanted, wanted]


@pytest.mark.parametrize("options", [{}, {"sep": ","}, {"sep": "\t"}, {"delimiter": ";"}])
def test_a_tsv_file_is_cut_where_the_readme_says(tmp_path, options):
    folder = folder_of(tmp_path / "d", "d.tsv", "a\tb,c;d\n1\t2,3;4\n", options)
    wanted = by_peer(folder, tmp_path)
    assert [plain(way()) for way in ways(folder)] == [wanted, wanted]


@pytest.mark.parametrize(("name", "text"), [("d.json", JSON), ("d.jsonl", JSON + "\n")])
@pytest.mark.parametrize("options", [{"field": "data"}, {"field": "more", "chunksize": 5, "encoding": "utf-8"}])
def test_the_field_of_json_that_a_readme_names_is_read(tmp_path, name, text, options):
    folder = folder_of(tmp_path / "d", name, text, options)
    wanted = by_peer(folder, tmp_path)
    assert [plain(way()) for way in ways(folder)] == [wanted, wanted]


def test_what_the_caller_says_wins(tmp_path):
    separated = folder_of(tmp_path / "csv", "d.csv", "a;b,c\n1;2,3\n", {"sep": ","})
    fields_ = folder_of(tmp_path / "json", "d.json", JSON, {"field": "data"})
    for way in ways(separated, sep=";"):
        assert way().columns.tolist() == ["a", "b,c"]
    for way in ways(folder_of(tmp_path / "other", "d.csv", "a;b,c\n1;2,3\n", {"sep": ";"}), sep=","):
        assert way().columns.tolist() == ["a;b", "c"]
    for way in ways(folder_of(tmp_path / "odd", "d.csv", "a;b,c\n1;2,3\n", {"sep": "\\s+"}), sep=","):
        assert way().columns.tolist() == ["a;b", "c"]
    for way in ways(fields_, field="more"):
        assert way().columns.tolist() == ["b"]
    for way in ways(separated, field="a"):
        with pytest.raises(ArgumentError, match="`field` does not apply"):
            way()


CHANGED = {  # a value of each option of csv that is not the default
    "sep": "\\s+",
    "delimiter": "||",
    "header": None,
    "names": ["i", "n"],
    "column_names": ["i", "n"],
    "index_col": 0,
    "usecols": ["a"],
    "prefix": "x",
    "mangle_dupe_cols": False,
    "converters": {"a": "int"},
    "true_values": ["x"],
    "false_values": ["y"],
    "skipinitialspace": True,
    "skiprows": 1,
    "nrows": 1,
    "na_values": ["1"],
    "keep_default_na": False,
    "na_filter": False,
    "skip_blank_lines": False,
    "thousands": ".",
    "decimal": ",",
    "lineterminator": "x",
    "quotechar": "'",
    "quoting": 3,
    "escapechar": "\\",
    "comment": "2",
    "encoding": "latin1",
    "dialect": "excel-tab",
    "error_bad_lines": False,
    "warn_bad_lines": False,
    "skipfooter": 1,
    "doublequote": False,
    "float_precision": "high",
    "encoding_errors": "ignore",
    "on_bad_lines": "skip",
    "date_format": "%Y",
}
OF_SPEED = {"engine", "memory_map", "verbose", "chunksize"}


def test_every_option_of_datasets_that_changes_values_is_done_or_refused():
    from datasets.packaged_modules.csv.csv import CsvConfig

    own = {each.name for each in fields(CsvConfig)} - {each.name for each in fields(datasets.BuilderConfig)}
    assert own - {"features"} <= set(CHANGED) | OF_SPEED


@pytest.mark.parametrize("option", sorted(CHANGED))
def test_other_csv_options_are_refused_by_name(tmp_path, option):
    folder = folder_of(tmp_path / "d", "d.csv", CSV, {option: CHANGED[option]})
    for way in ways(folder):
        with pytest.raises(DataError, match=rf"README\.md of .* sets `{option}: ") as caught:
            way()
        assert "data_files=" in caught.value.hint
    assert load_dataset("csv", data_files=f"{folder}/d.csv").columns.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "option", "value"),
    [
        *(("d.txt", TEXT, "sample_by", each) for each in ("paragraph", "document")),
        *(("d.txt", TEXT, "keep_linebreaks", True), ("d.txt", TEXT, "encoding", "latin1")),
        *(("d.txt", TEXT, "encoding_errors", "ignore"), ("d.jsonl", '{"a": 1}\n', "encoding", "utf-16")),
        *(("d.json", JSON, "field", 3), ("d.json", JSON, "on_mixed_types", None)),
        *(("d.csv", CSV, "header", [0, 1]), ("d.csv", CSV, "header", 1), ("d.csv", CSV, "header", False)),
        *(("d.csv", CSV, "sep", None), ("d.csv", CSV, "sep", "ö"), ("d.csv", CSV, "encoding", "no such")),
        ("d.csv", CSV, "na_values", ["x\n\x1b" * 40]),
    ],
)
def test_options_of_text_and_json_are_refused_by_name(tmp_path, name, text, option, value):
    if option == "on_mixed_types" and not hasattr(JsonConfig, option):
        pytest.skip("this version of datasets knows no such option")
    folder = folder_of(tmp_path / "d", name, text, {option: value})
    for way in ways(folder):
        with pytest.raises(DataError, match=rf"README\.md of .* sets `{option}: ") as caught:
            way()
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", '---\n{"configs": [{"config_name": "default", "data_files": "d.csv", "sep": ";"}]}\n---\n'),
        ("README.md", '---\n"configs":\n- {config_name: default, data_files: d.csv, sep: ";"}\n---\n'),
        (".huggingface.yaml", 'configs:\n- {config_name: default, data_files: d.csv, sep: ";"}\n'),
    ],
)
def test_a_readme_is_heard_however_its_yaml_is_written(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    (tmp_path / "d.csv").write_text("a;b\n1;2\n")
    for way in ways(str(tmp_path)):
        assert way().columns.tolist() == ["a", "b"]


def test_a_header_of_names_is_not_the_default(tmp_path):
    folder = folder_of(tmp_path / "d", "d.csv", CSV, {"header": 0, "names": ["i", "n"]})
    with pytest.raises(DataError, match=r"sets `(header|names): "):
        load_dataset(folder)


def test_a_parquet_file_of_some_columns_is_refused(tmp_path):
    folder = folder_of(tmp_path / "d", "d.parquet", b"", {"columns": ["a"]})
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet(tmp_path / "d" / "d.parquet")
    for way in ways(folder):
        with pytest.raises(DataError, match=r"sets `columns: \[\"a\"\]`"):
            way()


# the types that `dataset_info` declares

TYPES = ["string", "int64", "int8", "uint8", "float64", "float32", "bool", "date32", "timestamp[s]", "timestamp[us]"]
TYPES += ["large_string", "time32[s]", "binary"]
CELLS = [
    *(["1", "2"], ["1", "", "3"], ["1.5", "2"], ["1.0", "2.0"], ["true", "false"], ["300", "-1"], ["0", "1"]),
    *(
        ["x", "y"],
        ["2020-01-01", "1969-12-31"],
        ["2020-01-01T10:00:00", "2020-01-01T00:00:00"],
        ["10:00:00", "11:30:01"],
    ),
    *(["9007199254740993", "1"], ["1e300", "1"], ["0.1", "0.2"], ["2020-01-01T10:00:00Z", "2020-01-02T10:00:00Z"]),
]
RECORDS = [
    *(
        [1, 2],
        [1, None],
        [1.5, 2],
        [1.0, 2.0],
        [True, False],
        [300, -1],
        [2, 0],
        ["x", None],
        ["12", "7"],
        ["1.5", "x"],
    ),
    *(["2020-01-01", "2021-01-01"], ["2020-01-01T10:00:00Z"] * 2, [9007199254740993, 1], [1e300, 0.1], [[1], [2]]),
]


def attempt(way):
    """Return the cells that are read; None for an error of ours that names column and README."""
    try:
        return plain(way())
    except DataError as error:
        if "column 'a'" in str(error) and "README.md" in str(error):
            return None
        raise


def agree(folder, tmp_path):
    """Compare with `datasets`: the same cells, or an error of ours that names column and type."""
    try:
        wanted = json.loads(json.dumps(by_peer(folder, tmp_path), default=str))
    except Exception:
        wanted = None
    found = [attempt(way) for way in ways(folder)]
    assert found[0] == found[1]
    if found[0] is not None and wanted is not None:
        assert found[0] == wanted
    return found[0]


@pytest.mark.parametrize("declared", TYPES)
@pytest.mark.parametrize("cells", CELLS, ids=range(len(CELLS)))
def test_a_declared_type_gives_the_values_of_datasets_or_an_error(tmp_path, declared, cells):
    text = "a,b\n" + "".join(f"{each},1\n" for each in cells)
    features = [{"name": "a", "dtype": declared}, {"name": "b", "dtype": "int64"}]
    folder = folder_of(tmp_path / "d", "d.csv", text, features=features)
    if declared in ("string", "large_string"):  # the text of the file, which datasets reads as a number first
        for way in ways(folder):
            assert [None if pd.isna(each) else each for each in way()["a"]] == [each or None for each in cells]
    else:
        agree(folder, tmp_path)


@pytest.mark.parametrize("declared", TYPES)
@pytest.mark.parametrize("values", RECORDS, ids=range(len(RECORDS)))
def test_a_declared_type_of_json_gives_the_values_of_datasets_or_an_error(tmp_path, declared, values):
    text = "".join(json.dumps({"a": each}) + "\n" for each in values)
    agree(folder_of(tmp_path / "d", "d.jsonl", text, features=[{"name": "a", "dtype": declared}]), tmp_path)


@pytest.mark.parametrize(
    ("declared", "values", "wanted"),
    [
        ("string", [[1], [2, 3]], [["1"], ["2", "3"]]),
        ("float64", [[1], []], [[1.0], []]),
        ("float32", [[0.5], None], [[0.5], None]),
        ("int64", [[1.5], []], None),
        ("bool", [[5], []], None),
        ("string", [["2020-01-01T10:00:00Z"]], None),
    ],
)
def test_lists_too_have_the_declared_type(tmp_path, declared, values, wanted):
    text = "".join(json.dumps({"a": each}) + "\n" for each in values)
    features = [{"name": "a", "list": declared}]
    assert agree(folder_of(tmp_path / "d", "d.jsonl", text, features=features), tmp_path) == (wanted and {"a": wanted})


@pytest.mark.parametrize(
    ("declared", "cells", "shown"),
    [
        ("int64", ["1", "2.5", "3"], "2.5"),
        ("int8", ["1", "300"], "300"),
        ("bool", ["0", "7"], "7"),
        ("float64", ["1", "x", "2"], "'x'"),
        ("date32", ["2020-01-01T10:00:00"], "2020-01-01 10:00:00"),
        ("float32", ["1e300", "1"], "1e+300"),
        ("int64", ["x" * 90], "'xxx"),
    ],
)
def test_the_error_names_column_type_and_value(tmp_path, declared, cells, shown):
    text = "a\n" + "".join(f"{each}\n" for each in cells)
    folder = folder_of(tmp_path / "d", "d.csv", text, features=[{"name": "a", "dtype": declared}])
    for way in ways(folder):
        with pytest.raises(DataError, match=rf"has .* in column 'a', .* declared as {declared}") as caught:
            way()
        assert f"has {shown}" in caught.value.problem
        assert len(caught.value.problem) < 250 + len(folder)


def test_moments_declared_as_text_keep_the_text_of_the_file(tmp_path):
    text = "a,b\n2020-01-01T10:00:00Z,1\n2020-01-01 10:00,2\n"
    folder = folder_of(tmp_path / "d", "d.csv", text, features=[{"name": n, "dtype": "string"} for n in "ab"])
    for way in ways(folder):
        assert way().to_dict("list") == {"a": ["2020-01-01T10:00:00Z", "2020-01-01 10:00"], "b": ["1", "2"]}


def test_files_of_different_kinds_are_joined_in_the_declared_one(tmp_path):
    folder = folder_of(tmp_path / "d", "a.csv", "x\n1\n", {"data_files": "*.csv"}, [{"name": "x", "dtype": "string"}])
    (tmp_path / "d" / "b.csv").write_text("x\ntwo\n")
    for way in ways(folder):
        assert way()["x"].tolist() == ["1", "two"]

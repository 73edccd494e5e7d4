"""Names from files and addresses, as messages and objects show them: nothing for a terminal to obey, no passwords."""

import json
import pickle
import shutil
import warnings

import pandas as pd
import pytest

import tidydl
from tidydl import load_dataset, pipeline, stream
from tidydl.errors import ArgumentError, printable

EVIL = "e\x1b[31m\x9b2J\u202evil\u2066"
SHOWN = "e\\x1b[31m\\x9b2J\\u202evil\\u2066"


def test_control_characters_and_those_that_turn_text_around_are_escaped():
    assert printable(EVIL + "\t\n") == SHOWN + "\t\n"
    assert printable("שלום caf\u00e9") == "שלום caf\u00e9"


def test_warnings_show_names_of_files_and_columns_escaped(tmp_path):
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    (tmp_path / f"{EVIL}.csv").write_text("a,b\n1,2\n")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        load_dataset(tmp_path)
        data = {"b": [1.0, 2, 3, 4] * 3, EVIL: [1.0, 2, 3, 4] * 3, "y": [0.0, 1, 1] * 4}
        tidydl.nnet("y ~ .", pd.DataFrame(data), size=1, trace=False)
    said = " ".join(str(each.message) for each in told)
    assert SHOWN in said
    assert SHOWN.replace("\\x1b", "\\033").replace("\\x9b", "\\u009b") in said  # a column, as R writes it
    assert not set(said) & set("\x1b\x9b\u202e")


def test_pipelines_and_streams_show_names_escaped(tmp_path):
    folder = shutil.copytree(tidydl.example_model("digits"), tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    config |= {"id2label": {k: f"{EVIL}{k}" for k in range(10)}, "label2id": {f"{EVIL}{k}": k for k in range(10)}}
    (folder / "config.json").write_text(json.dumps(config))
    assert f"{SHOWN}0, {SHOWN}1" in repr(pipeline(model=folder))
    (tmp_path / "a.csv").write_text(f"{EVIL},b\n1,2\n")
    assert SHOWN in repr(stream(tmp_path / "a.csv"))


@pytest.mark.parametrize("address", ["https://user:hf_secret@host/x.csv", "s3://key:p@hf_secret@bucket/x.csv"])
def test_errors_show_addresses_without_passwords(address):
    with pytest.raises(ArgumentError) as raised:
        load_dataset(address)
    for shown in (str(raised.value), repr(raised.value), str(pickle.loads(pickle.dumps(raised.value)))):
        assert "hf_secret" not in shown
        assert "://…@" in shown


@pytest.mark.parametrize("mark", "?#;")
def test_errors_show_urls_without_the_tokens_of_their_queries(mark):
    with pytest.raises(ArgumentError) as raised:
        load_dataset("csv", data_files=f"https://host/a.csv{mark}token=hf_secret&b=1")
    for shown in (str(raised.value), repr(raised.value)):
        assert f"'https://host/a.csv{mark}…'" in shown
        assert "hf_secret" not in shown

"""Data sets of the Hub: which files make which split, fetched alone, by the true client from a server of our own."""

import json
import zipfile

import pandas as pd
import pytest
from PIL import Image

from hub import Hub
from support.visiting import TOKEN, kept_file, visit

ROWS = pd.DataFrame({"item": ["a", "b", "c", "d"], "n": [1, 2, 3, 4]})


def described(folder, configs, files):
    """Write a data set with a page that names its configurations."""
    folder.mkdir(parents=True)
    head = {"configs": configs}
    (folder / "README.md").write_text(f"---\n{json.dumps(head)}\n---\n# Data\n")
    return filled(folder, files)


def filled(folder, files):
    for name, rows in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            rows.to_parquet(path)
        elif path.suffix == ".csv" and not isinstance(rows, str):
            rows.to_csv(path, index=False)
        elif path.suffix == ".jsonl":
            rows.to_json(path, orient="records", lines=True)
        else:
            path.write_text(rows)
    return folder


def pictures(folder):
    (folder / "train").mkdir(parents=True)
    for name in ("x.png", "y.png"):
        Image.new("RGB", (4, 3), "red").save(folder / "train" / name)
    pd.DataFrame({"file_name": ["x.png", "y.png"], "mood": ["calm", "wild"]}).to_csv(
        folder / "train" / "metadata.csv", index=False
    )
    return folder


def packed(folder):
    folder.mkdir()
    with zipfile.ZipFile(folder / "data.zip", "w") as held:
        held.writestr("data.csv", ROWS.to_csv(index=False))
    return folder


def packed_pictures(folder, of):
    folder.mkdir()
    with zipfile.ZipFile(folder / "train.zip", "w") as held:
        for file in (of / "train").iterdir():
            held.write(file, file.name)
    return folder


STEPS = {
    "parquet": {"path": "us/shards", "split": "train[:2]"},
    "again": {"path": "us/shards", "split": "train+test"},
    "all": {"path": "us/shards"},
    "csv": {"path": "us/csv", "name": "second"},
    "no config": {"path": "us/csv"},
    "other config": {"path": "us/csv", "name": "secnd"},
    "other split": {"path": "us/shards", "split": "tests"},
    "separated": {"path": "us/options", "name": "separated"},
    "separated by us": {"path": "us/options", "name": "separated", "sep": ","},
    "typed": {"path": "us/options", "name": "typed"},
    "headless": {"path": "us/options", "name": "headless"},
    "sep of parquet": {"path": "us/shards", "sep": ";"},
    "json": {"path": "us/json", "split": "test"},
    "named files": {"path": "us/json", "data_files": "test/*.jsonl"},
    "no such files": {"path": "us/json", "data_files": "nothing.csv"},
    "pictures": {"path": "us/pictures"},
    "zip": {"path": "us/zip"},
    "zip of pictures": {"path": "us/zipped"},
    "mixed": {"path": "us/mixed"},
    "mixed, no match": {"path": "us/mixed", "data_files": ["a.csv", "z*.csv"]},
    "part": {"path": "us/part"},
    "script": {"path": "us/script"},
    "script alone": {"path": "us/alone"},
    "converted": {"path": "us/script", "revision": "refs/convert/parquet", "name": "plain", "split": "mine"},
    "converted, no config": {"path": "us/script", "revision": "refs/convert/parquet"},
    "nothing": {"path": "us/nothing"},
    "absent": {"path": "us/absent"},
    "no revision": {"path": "us/json", "revision": "v9"},
    "gated": {"path": "us/gated"},
}


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Serve data sets of many shapes, and load them in one process."""
    home, served = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")
    script = filled(served / "script", {"script.py": "raise SystemExit('it ran')", "raw.csv": ROWS})
    plain = {f"plain/{split}/0000.parquet": ROWS for split in ("train", "mine")}
    converted = filled(served / "converted", {**plain, "other/train/0000.parquet": ROWS})
    shards = {f"data/train-0000{k}-of-00002.parquet": ROWS.assign(n=k) for k in range(2)}
    files = [{"config_name": name, "data_files": f"{name}.csv"} for name in ("first", "second")]
    with Hub() as hub:
        hub.add(
            "us/shards", filled(served / "shards", {**shards, "data/test-00000-of-00001.parquet": ROWS}), kind="dataset"
        )
        hub.add("us/csv", described(served / "csv", files, {"first.csv": ROWS, "second.csv": ROWS[:3]}), kind="dataset")
        read = {"separated": {"sep": ";"}, "headless": {"header": None}}
        read["typed"] = {"features": [{"name": "item", "dtype": "string"}, {"name": "n", "dtype": "string"}]}
        configs = [{"config_name": name, "data_files": f"{name}.csv", **each} for name, each in read.items()]
        options = {"separated.csv": "item;n,m\na;1,2\n".replace("\n", "\r\n"), "headless.csv": ROWS, "typed.csv": ROWS}
        hub.add("us/options", described(served / "options", configs, options), kind="dataset")
        split = {"train/a.jsonl": ROWS, "test/a.jsonl": ROWS[:1], "notes.txt": "nothing"}
        hub.add("us/json", filled(served / "json", split), kind="dataset")
        hub.add("us/pictures", pictures(served / "pictures"), kind="dataset")
        hub.add("us/zip", packed(served / "zip"), kind="dataset")
        hub.add("us/zipped", packed_pictures(served / "zipped", served / "pictures"), kind="dataset")
        hub.add("us/script", script, kind="dataset", branches={"refs/convert/parquet": converted})
        hub.add("us/alone", filled(served / "alone", {"alone.py": "pass"}), kind="dataset")
        mixed = {"a.csv": ROWS, "b.csv": ROWS, "c.jsonl": ROWS, "d.xlsx": "none"}
        hub.add("us/mixed", filled(served / "mixed", mixed), kind="dataset")
        part = {"data/train-00001-of-00002.csv": ROWS, "x/more.csv": ROWS}
        hub.add("us/part", filled(served / "part", part), kind="dataset")
        hub.add("us/nothing", filled(served / "nothing", {"README.md": "# Nothing"}), kind="dataset")
        hub.add("us/gated", script, kind="dataset", token="hf_secret")
        closed = {"do": "read", "path": "us/closed", "splits": ["test"], "cache_dir": str(home / "elsewhere")}
        hub.add("us/closed", served / "json", kind="dataset", token=TOKEN)
        hub.add("us/unchecked", served / "json", kind="dataset").misbehave("wrong", path="train/a.jsonl", times=None)
        steps = {name: {"do": "data", **step} for name, step in STEPS.items()}
        steps |= {"closed": closed, "opened": {**closed, "token": TOKEN}}
        steps["checked"] = {"do": "read", "path": "us/unchecked"}
        steps["unchecked"] = {**steps["checked"], "verify": False}
        found = visit(home, hub.url, steps)
        asked = list(hub.requests)
        hub.requests.clear()
        offline = {
            "fetched": {"do": "data", "path": "us/json", "split": "test"},
            "not fetched": {"do": "data", "path": "us/json", "split": "train"},
            "never asked": {"do": "data", "path": "us/other"},
        }
        left = visit(home, hub.url, offline, HF_HUB_OFFLINE="1")
        assert hub.requests == []
    return home, found, asked, left


def test_only_the_files_of_the_splits_are_fetched(visited):
    home, found, asked, _ = visited
    assert found["parquet"]["rows"] == {"": 2}
    assert found["again"]["rows"] == {"": 12}
    assert found["all"]["rows"] == {"train": 8, "test": 4}
    of_shards = [each for each in asked if "us/shards" in each]
    assert len(of_shards) == 1 + 3  # the listing, and each file once
    assert not [each for each in asked if "us/json" in each and "train/a.jsonl" in each]
    assert kept_file(home, "dataset", "us/shards", "data/test-00000-of-00001.parquet").is_file()


def test_configurations_are_those_of_the_page_and_are_listed(visited):
    _, found, _, _ = visited
    assert found["csv"]["rows"] == {"": 3}
    assert found["no config"]["kind"] == "argument"
    assert found["no config"]["allowed"] == "One of 'first', 'second'."
    assert found["other config"]["kind"] == "not_found"
    assert found["other config"]["hint"] == "Did you mean 'second'?"


def test_what_the_page_says_of_reading_is_done_or_refused_and_the_caller_wins(visited):
    _, found, _, _ = visited
    assert list(found["separated"]["dtypes"]) == ["item", "n,m"]
    assert list(found["separated by us"]["dtypes"]) == ["item;n", "m"]
    assert found["typed"]["dtypes"]["n"] in ("str", "object")
    assert found["headless"]["kind"] == "data"
    assert "README.md of 'us/options' sets `header: null`" in found["headless"]["problem"]
    assert "`sep` does not apply" in found["sep of parquet"]["problem"]


def test_an_unknown_split_is_answered_with_those_there_are(visited):
    _, found, _, _ = visited
    assert found["other split"]["kind"] == "not_found"
    assert "'train', 'test'" in found["other split"]["allowed"]


def test_folders_of_json_pictures_and_zip_files_are_read_as_local_ones_are(visited):
    _, found, _, _ = visited
    assert found["json"]["rows"] == {"": 1}
    assert found["named files"]["rows"] == {"": 1}
    assert found["no such files"]["kind"] == "not_found"
    assert "test/a.jsonl" in found["no such files"]["hint"]
    assert found["pictures"]["rows"] == {"": 2}
    assert found["pictures"]["dtypes"]["image"].startswith("image")
    assert found["pictures"]["first"][1] == "calm"
    assert found["zip"]["rows"] == {"": 4}
    assert found["zip of pictures"]["first"] == found["pictures"]["first"]


def test_a_script_is_explained_and_the_parquet_branch_named_where_there_is_one(visited):
    _, found, _, _ = visited
    for name in ("script", "script alone"):
        assert found[name]["kind"] == "argument"
        assert "a loading script" in found[name]["problem"]
    assert "revision = 'refs/convert/parquet'" in found["script"]["hint"]
    assert "refs/convert/parquet" not in found["script alone"]["hint"]
    assert found["converted"]["rows"] == {"": 4}
    assert found["converted, no config"]["allowed"] == "One of 'other', 'plain'."


def test_what_cannot_be_had_is_named(visited):
    _, found, _, _ = visited
    assert found["nothing"]["kind"] == found["absent"]["kind"] == found["no revision"]["kind"] == "not_found"
    assert "us/nothing" in found["nothing"]["problem"]
    assert "data set" in found["absent"]["problem"]
    assert "`revision` 'v9'" in found["no revision"]["problem"]
    assert found["gated"]["kind"] == "hub"
    assert "gated data set" in found["gated"]["problem"]


def test_offline_what_was_fetched_works_and_what_was_not_says_what_there_is(visited):
    _, _, _, left = visited
    assert left["fetched"]["rows"] == {"": 1}
    assert left["not fetched"]["kind"] == left["never asked"]["kind"] == "hub"
    assert "'train/a.jsonl' was not downloaded" in left["not fetched"]["problem"]
    assert "'test/a.jsonl'" in left["not fetched"]["hint"]
    assert "'us/json'" in left["never asked"]["hint"]


def test_a_token_opens_a_data_set_and_a_folder_of_ones_own_keeps_it(visited):
    home, found, _, _ = visited
    assert found["closed"]["kind"] == "hub"
    assert found["opened"]["rows"] == {"test": 1}
    assert found["opened"]["files"] == 1
    assert [path.name for path in (home / "elsewhere").glob("datasets--*")] == ["datasets--us--closed"]
    assert TOKEN not in json.dumps(found)


def test_content_is_checked_unless_that_is_not_wanted(visited):
    _, found, _, _ = visited
    assert found["checked"]["kind"] == "damaged"
    assert "arrived damaged" in found["checked"]["problem"]
    assert "arrived damaged" not in found["unchecked"].get("problem", "")  # it is read, and is no json


def test_files_that_are_not_loaded_are_told_of_as_those_on_the_disk(visited):
    found = visited[1]
    assert found["csv"]["warned"] == found["parquet"]["warned"] == found["pictures"]["warned"] == []
    assert found["mixed"]["rows"] == {"": 8}
    assert any("not loaded: 'c.jsonl'" in each for each in found["mixed"]["warned"])
    assert any("'d.xlsx'" in each for each in found["mixed"]["warned"])
    assert found["mixed, no match"]["problem"] == "`data_files` 'z*.csv' matches no file."
    assert any("not loaded: 'x/more.csv'" in each for each in found["part"]["warned"])
    assert any("2 files according to their names, but 1 is missing" in each for each in found["part"]["warned"])

"""Data sets of courses: true ones of the library, whose columns are lists."""

from pathlib import Path

import datasets as installed
import pandas as pd
import pytest
import torch

from hub import Hub
from hub.stand_ins import EMOTION, EMOTIONS, emotion_folder
from support.course_code import BEGIN, run_course
from tidydl.errors import ArgumentError
from tidydl.workshop import datasets

TEXTS = ["a", "bb", "ccc", "dddd"]


@pytest.fixture
def table():
    labels = installed.Features(text=installed.Value("string"), label=installed.ClassLabel(names=["no", "yes"]))
    return datasets.Dataset.from_dict({"text": TEXTS, "label": [0, 1, 1, 0]}, features=labels)


def test_a_column_is_a_list(table):
    assert isinstance(table, installed.Dataset)
    assert table["text"] == TEXTS
    assert type(table["text"]) is list
    assert table["label"] == [0, 1, 1, 0]
    assert table["text"][0] == "a"
    assert table.features["label"].names == ["no", "yes"]
    assert table[1] == {"text": "bb", "label": 1}
    assert table[1:3]["text"] == ["bb", "ccc"]


CHANGES = {
    "map": lambda each: each.map(lambda row: {"n": len(row["text"])}),
    "map in batches": lambda each: each.map(lambda rows: {"n": [len(text) for text in rows["text"]]}, batched=True),
    "filter": lambda each: each.filter(lambda row: row["label"] == 1),
    "select": lambda each: each.select([0, 1]),
    "select a slice": lambda each: each.select(range(2)),
    "shuffle": lambda each: each.shuffle(seed=1),
    "sort": lambda each: each.sort("label"),
    "split": lambda each: each.train_test_split(test_size=0.5, seed=1)["test"],
    "split again": lambda each: each.train_test_split(test_size=2)["train"].train_test_split(test_size=1)["train"],
    "shard": lambda each: each.shard(2, 0),
    "rename": lambda each: each.rename_column("label", "code"),
    "remove": lambda each: each.remove_columns("label"),
    "add": lambda each: each.add_column("more", [1, 2, 3, 4]),
    "cast": lambda each: each.cast_column("label", installed.Value("int32")),
    "join": lambda each: datasets.concatenate_datasets([each, each]),
    "from pandas": lambda each: datasets.Dataset.from_pandas(each.to_pandas()),
    "by split": lambda each: datasets.DatasetDict({"train": each}).map(lambda row: {"n": 1})["train"],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_columns_stay_lists_in_every_new_data_set(table, change):
    changed = change(table)
    assert isinstance(changed, installed.Dataset)
    assert {type(changed[name]) for name in changed.column_names} == {list}
    assert type(table["text"]) is list


def test_columns_are_tensors_under_set_format(table):
    table.set_format("torch", columns=["label"])
    assert torch.equal(table["label"], torch.tensor([0, 1, 1, 0]))
    assert table["label"].shape == (4,)
    assert isinstance(table.with_format("numpy").select([0])["label"].tolist(), list)
    table.reset_format()
    assert table["label"] == [0, 1, 1, 0]


def test_doubles_are_whole_numbers_where_those_are_meant(table):
    assert table[0.0] == table[0]
    assert table.select([1.0, 2.0])["text"] == ["bb", "ccc"]
    assert table.shuffle(seed=3.0)["text"] == table.shuffle(seed=3)["text"]
    assert table.train_test_split(test_size=1.0 + 1, seed=1.0)["test"].num_rows == 2
    assert len(table.map(lambda rows: rows, batched=True, batch_size=2.0)) == 4


def test_doubles_that_are_data_stay_doubles(table):
    more = table.add_column("y", [1.0, 2.0, 3.0, 4.0])
    assert more.features["y"] == installed.Value("float64")
    assert str(table.add_column("y", [-0.0, 1e300, 2.0, 3.0])["y"][0]) == "-0.0"
    other = datasets.concatenate_datasets([more, table.add_column("y", [1.5, 2.0, 3.0, 4.0])])
    assert other.features["y"] == installed.Value("float64")
    assert table.skip(1.0)["text"] == TEXTS[1:]
    assert table.train_test_split(2.0, seed=1)["test"].num_rows == 2


def test_data_sets_that_other_code_makes_keep_their_columns(table):
    plain = installed.Dataset.from_dict({"text": TEXTS})
    assert type(datasets.concatenate_datasets([plain])["text"]) is list
    assert type(plain["text"]) is installed.Column
    assert type(plain.select([0])) is installed.Dataset


def test_a_saved_data_set_is_read_with_columns_that_are_lists(table, tmp_path):
    table.save_to_disk(tmp_path / "kept")
    assert type(datasets.load_from_disk(str(tmp_path / "kept"))["text"]) is list
    table.to_csv(tmp_path / "rows.csv")
    loaded = datasets.load_dataset("csv", data_files=str(tmp_path / "rows.csv"))
    assert type(loaded["train"]["text"]) is list
    assert datasets.load_dataset("csv", data_files=str(tmp_path / "rows.csv"), split="train[:2]")["text"] == TEXTS[:2]


def test_the_path_of_an_image_names_a_file(tmp_path):
    from PIL import Image

    Image.new("RGB", (4, 4), "red").save(tmp_path / "red.png")
    content = (tmp_path / "red.png").read_bytes()
    stored = {
        "image": [{"bytes": content, "path": "../../face.png"}, {"bytes": None, "path": str(tmp_path / "red.png")}]
    }
    made = datasets.Dataset.from_dict(stored, features=installed.Features(image=installed.Image()))
    first, second = made.to_pandas()["image"]
    assert second["path"] == str(tmp_path / "red.png")
    assert first["path"].endswith(".png")
    assert "face" not in first["path"]
    assert pd.io.common.file_exists(first["path"])
    assert Image.open(first["path"]).size == (4, 4)


def test_the_path_of_an_image_with_bytes_is_never_another_file(tmp_path):
    from PIL import Image

    Image.new("RGB", (4, 4), "red").save(tmp_path / "red.png")
    Image.new("RGB", (9, 9), "blue").save(tmp_path / "other.png")
    cell = {"bytes": (tmp_path / "red.png").read_bytes(), "path": str(tmp_path / "other.png")}
    stored = installed.table.InMemoryTable.from_pydict({"image": [cell]})
    made = datasets.Dataset(stored).cast_column("image", installed.Image())
    assert made[0]["image"].size == (4, 4)
    assert Image.open(made.to_pandas()["image"][0]["path"]).size == (4, 4)


def test_a_file_that_another_prepared_for_an_image_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    image = installed.Features(image=installed.Image())
    made = datasets.Dataset.from_dict({"image": [{"bytes": b"\x89PNG, as it were", "path": None}]}, features=image)
    path = made.to_pandas()["image"][0]["path"]
    Path(path).write_bytes(b"another")
    assert made.to_pandas()["image"][0]["path"] == path
    assert Path(path).read_bytes() == b"\x89PNG, as it were"


def test_arguments_by_position_are_those_of_the_library(tmp_path):
    (tmp_path / "rows.csv").write_text("code\n007\n")
    given = ("csv", None, None, str(tmp_path / "rows.csv"), "train", None)
    text = installed.Features(code=installed.Value("string"))
    assert datasets.load_dataset(*given, text)["code"] == ["007"]
    with pytest.raises(ArgumentError, match="`name` is given twice"):
        datasets.load_dataset("csv", "x", name="default", data_files=given[3])
    with pytest.raises(ArgumentError, match="by position"):
        datasets.load_dataset(*given, text, None, None, None, True)


def test_scripts_of_data_sets_are_refused():
    with pytest.raises(ArgumentError, match="never run"):
        datasets.load_dataset("someone/data", trust_remote_code=True)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with Hub() as server:
        server.add(EMOTION, emotion_folder(tmp_path_factory.mktemp("served")), kind="dataset")
        server.moved["emotion"] = EMOTION
        yield server


def test_data_sets_of_the_hub_are_found_with_an_owner_or_without_and_again_without_a_network(hub, tmp_path):
    code = BEGIN + (
        "emotion = datasets.load_dataset('emotion', use_auth_token=None)\n"
        "test = datasets.load_dataset('dair-ai/emotion', split='test')\n"
        "result = {'splits': list(emotion), 'first': test['text'][0], 'names': test.features['label'].names,\n"
        "          'split': str(test.split), 'same': emotion['test']['text'] == test['text'],\n"
        "          'pair': [each.num_rows for each in datasets.load_dataset('emotion', split=['train', 'test[:9]'])],\n"
        "          'twice': len(datasets.load_dataset('emotion', split=['test[:2]', 'test[:2]'])),\n"
        "          'one': list(datasets.load_dataset('emotion', 'unsplit')),\n"
        "          'streamed': next(iter(datasets.load_dataset('emotion', split='test', streaming=True)))['text'],\n"
        "          'kinds': str(test.to_pandas().dtypes['label'])}\n"
    )
    found, _ = run_course(tmp_path, hub.url, code)
    assert found["splits"] == ["train", "validation", "test"]
    assert found["names"] == EMOTIONS
    assert (found["pair"], found["twice"], found["one"]) == ([160, 9], 2, ["train"])
    assert found["first"].startswith("i feel")
    assert (found["split"], found["same"], found["kinds"]) == ("test", True, "int64")
    assert found["streamed"] == found["first"]
    code = code.replace("next(iter(datasets.load_dataset('emotion', split='test', streaming=True)))", "test[0]")
    assert run_course(tmp_path, hub.url, code, HF_HUB_OFFLINE="1")[0] == found


def test_the_hub_of_the_tests_serves_the_plain_libraries_too(hub, tmp_path):
    code = (
        "import datasets\n"
        "result = [datasets.load_dataset('dair-ai/emotion', 'unsplit')['train'].num_rows,\n"
        "          next(iter(datasets.load_dataset('dair-ai/emotion', split='test', streaming=True)))['label']]\n"
    )
    rows, code = run_course(tmp_path, hub.url, code)[0]
    assert rows == 400
    assert code in range(len(EMOTIONS))

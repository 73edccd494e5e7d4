"""Models of the Hub: what is fetched of them, what is not, and what happens to a damaged copy."""

import json

import pandas as pd
import pytest

import tiny
from hub import Hub
from support.visiting import kept_file, visit


def sharded(folder):
    """Save a model whose weights are in parts, with the parts for other libraries that repositories hold beside."""
    import transformers

    tiny.text_folder(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    for name in (
        "pytorch_model.bin",
        "tf_model.h5",
        "flax_model.msgpack",
        "onnx/model.onnx",
        "original/a.pth",
        "own.py",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not for us")
    return folder


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Load models of many shapes in one process, then damage what was kept and load them anew."""
    home, served = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")
    whole = tiny.text_folder(served / "bert")
    pickled = tiny.text_folder(served / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    bare = tiny.text_folder(served / "bare")
    vocabularies = [*bare.glob("tokenizer*"), *bare.glob("vocab*")]
    assert vocabularies
    for vocabulary in vocabularies:
        vocabulary.unlink()
    sentences = tiny.text_folder(served / "sentences", head="")
    (sentences / "sentence_bert_config.json").write_text('{"max_seq_length": 6}')
    rows = served / "table"
    rows.mkdir()
    pd.DataFrame({"n": range(1000)}).to_parquet(rows / "train.parquet")
    with Hub() as hub:
        hub.add("us/whole", whole)
        hub.add("us/sentences", sentences)
        hub.add("us/parts", sharded(served / "parts"))
        hub.add("us/pickled", pickled)
        hub.add("us/bare", bare)
        hub.add("us/table", rows, kind="dataset")
        hub.add("us/renamed", whole)
        hub.moved["old-name"] = "us/renamed"
        task = {"task": "text-classification"}
        steps = {
            "whole": {"model": "us/whole"},
            "sentences": {"do": "embed", "model": "us/sentences"},
            "parts": {"model": "us/parts"},
            "pickled": {"model": "us/pickled"},
            "bare": {"model": "us/bare", **task},
            "tokenizer": {"model": "us/bare", "tokenizer": "us/whole", **task},
            "moved": {"model": "old-name"},
            "data": {"do": "data", "path": "us/table"},
        }
        found = visit(home, hub.url, steps)
        asked = list(hub.requests)
        damaged = damage(home)
        mended = visit(home, hub.url, steps)
        again = {name: path.stat().st_size for name, path in damaged.items()}
        damaged = damage(home)
        damaged["rows"].write_bytes(damaged["rows"].read_bytes()[:100])  # and cut short
        left = {name: steps[name] for name in ("whole", "data")}
        left |= {"config": {"model": "us/parts"}}
        offline = visit(home, hub.url, left, HF_HUB_OFFLINE="1")
    return found, asked, mended, again, offline


def damage(home):
    """Spoil some of what is kept: a part that is cut short, and bytes that turned over."""
    cut = kept_file(home, "model", "us/whole", "model.safetensors")
    config = kept_file(home, "model", "us/parts", "config.json")
    rows = kept_file(home, "dataset", "us/table", "train.parquet")
    sizes = {}
    for name, path in {"cut": cut, "config": config, "rows": rows}.items():
        content = bytearray(path.read_bytes())
        content[:40] = content[-40:] = b"#" * 40
        path.write_bytes(content)
        sizes[name] = path
    return sizes


def test_models_load_whole_in_parts_and_by_an_old_name(visited):
    found, _, _, _, _ = visited
    for name in ("whole", "parts", "moved", "tokenizer"):
        assert found[name].get("label") in tiny.LABELS, found[name]
    assert found["moved"]["record"]["model"] == "old-name"


def test_no_file_is_fetched_that_is_not_needed_and_each_once(visited):
    _, asked, _, _, _ = visited
    of_parts = [each.rpartition("/")[2] for each in asked if "us/parts" in each and "resolve" in each]
    assert not {"pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "model.onnx", "a.pth", "own.py"} & set(
        of_parts
    )
    assert len(of_parts) == len(set(of_parts))
    of_whole = [each for each in asked if "us/whole" in each]
    print(f"{len(of_whole)} requests for a model: {of_whole}")
    assert len([each for each in of_whole if "/api/" in each]) == 1
    assert not [each for each in asked if each.startswith("HEAD")]


def test_what_a_model_lacks_is_named_with_what_it_holds(visited):
    found, _, _, _, _ = visited
    assert found["pickled"]["kind"] == found["bare"]["kind"] == "not_found"
    assert "'us/pickled'" in found["pickled"]["problem"]
    assert "only 'pytorch_model.bin'" in found["pickled"]["problem"]
    assert "no tokenizer" in found["bare"]["problem"]


def test_a_damaged_copy_is_found_and_fetched_again(visited):
    _, _, mended, again, _ = visited
    assert mended["whole"].get("label") in tiny.LABELS, mended["whole"]
    assert mended["parts"].get("label") in tiny.LABELS, mended["parts"]
    assert mended["data"].get("rows") == {"": 1000}, mended["data"]
    assert all(again.values())


def test_a_sentence_encoder_reads_as_much_as_it_says_beside_its_weights(visited):
    assert visited[0]["sentences"]["record"]["truncated"] == 1


@pytest.mark.parametrize(
    ("name", "of", "file"),
    [
        ("whole", "the model 'us/whole'", "'model.safetensors'"),
        ("config", "the model 'us/parts'", "'config.json'"),
        ("data", "the data set 'us/table'", "'train.parquet'"),
    ],
)
def test_a_damaged_copy_is_named_where_the_hub_cannot_be_asked(visited, name, of, file):
    _, _, _, _, offline = visited
    assert offline[name]["kind"] == "damaged", offline[name]
    assert of in offline[name]["problem"]
    assert file in offline[name]["problem"]
    assert "network" in offline[name]["hint"]
    assert "token" not in json.dumps(offline)

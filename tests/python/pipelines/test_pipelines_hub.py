"""Models of the Hub, by the true client from a true server on this machine: found, refused, remembered, not leaked."""

import json
import socket

import pytest

import tiny
from hub import Hub
from support.visiting import TOKEN, visit


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Serve a classifier under several names, one of them gated."""
    folder = tiny.text_folder(tmp_path_factory.mktemp("served") / "bert")
    with Hub() as server:
        server.add("someone/sentiment", folder, names=("main", "v1.0"))
        server.add("someone/gated", folder, token=TOKEN)
        server.add("someone/broken", folder).misbehave("status", times=None, on=None)
        server.add("someone/untold", untold(folder, tmp_path_factory.mktemp("untold")), tag="text-classification")
        yield server


def untold(folder, copy):
    """Copy a model whose config does not say what it does."""
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    config = json.loads((copy / "config.json").read_text())
    del config["architectures"]
    (copy / "config.json").write_text(json.dumps(config))
    return copy


@pytest.fixture(scope="module")
def visited(hub, tmp_path_factory):
    """Do in one process what the claims below are about."""
    home = tmp_path_factory.mktemp("home")
    steps = {
        "found": {"model": "someone/sentiment"},
        "again": {"model": "someone/sentiment"},
        "named": {"model": "someone/sentiment", "revision": "v1.0"},
        "tagged": {"model": "someone/untold"},
        "absent": {"model": "someone/nobody"},
        "revision": {"model": "someone/sentiment", "revision": "v9"},
        "gated": {"model": "someone/gated"},
        "wrong token": {"model": "someone/gated", "token": TOKEN[::-1].replace("_fh", "") + "x" * 9},
        "right token": {"model": "someone/gated", "token": TOKEN},
        "code": {"model": "someone/sentiment", "trust_remote_code": True},
        "code of a branch": {"model": "someone/sentiment", "trust_remote_code": True, "revision": "main"},
    }
    return home, visit(home, hub.url, steps)


def test_a_model_is_loaded_by_its_id_and_named_with_its_commit(hub, visited):
    _, found = visited
    assert found["found"]["label"] in tiny.LABELS
    assert found["found"]["record"]["model"] == "someone/sentiment"
    assert found["found"]["record"]["revision"] == hub.repos["model", "someone/sentiment"].commit
    assert found["named"]["record"]["revision"] == found["found"]["record"]["revision"]


def test_a_model_is_loaded_once_a_session(visited):
    _, found = visited
    assert found["again"]["seconds"] < found["found"]["seconds"] / 2


def test_the_task_is_read_from_the_tag_where_the_config_does_not_say(visited):
    assert visited[1]["tagged"]["task"] == "text-classification"


def test_what_is_not_there_is_named(visited):
    _, found = visited
    assert found["absent"]["kind"] == "not_found"
    assert "someone/nobody" in found["absent"]["problem"]
    assert found["revision"]["kind"] == "not_found"
    assert "`revision`" in found["revision"]["problem"]


def test_a_gated_model_needs_a_token_which_no_message_or_result_shows(visited):
    _, found = visited
    assert found["gated"]["kind"] == found["wrong token"]["kind"] == "hub"
    assert "grants access" in found["gated"]["problem"]
    assert found["right token"]["label"] in tiny.LABELS
    assert TOKEN not in json.dumps(found)


def test_code_of_a_model_needs_the_full_hash_of_a_commit(visited):
    _, found = visited
    assert found["code"]["kind"] == found["code of a branch"]["kind"] == "argument"
    assert "The hash" in found["code"]["allowed"]


def test_offline_what_was_downloaded_works_and_what_was_not_says_what_there_is(hub, visited):
    home, _ = visited
    steps = {"found": {"model": "someone/sentiment"}, "absent": {"model": "someone/other"}}
    found, absent = visit(home, hub.url, steps, HF_HUB_OFFLINE="1").values()
    assert found["label"] in tiny.LABELS
    assert absent["kind"] == "hub"
    assert "'someone/sentiment'" in absent["hint"]


def test_without_a_network_the_same_takes_no_longer(visited):
    home, _ = visited
    with socket.socket() as taken:  # an address where nobody answers
        taken.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{taken.getsockname()[1]}"
    steps = {"found": {"model": "someone/sentiment"}, "absent": {"model": "someone/other"}}
    found, absent = visit(home, silent, steps).values()
    assert found["label"] in tiny.LABELS
    assert absent["kind"] == "hub"
    assert absent["seconds"] < 10


def test_code_of_a_model_runs_only_where_its_commit_is_named(tmp_path):
    folder = tiny.text_folder(tmp_path / "custom")
    marker = tmp_path / "it ran"
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "ours_alone", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(
        f"open({str(marker)!r}, 'w').close()\nfrom transformers import BertConfig\n"
        "class OwnConfig(BertConfig):\n    model_type = 'ours_alone'\n"
    )
    with Hub() as hub:
        repo = hub.add("someone/custom", folder)
        given = {"task": "text-classification", "model": "someone/custom"}
        (refused,) = visit(tmp_path, hub.url, {"": given}).values()
        assert refused["kind"] == "argument"
        assert not marker.exists()
        visit(tmp_path, hub.url, {"": {**given, "trust_remote_code": True, "revision": repo.commit}})
        assert marker.exists()

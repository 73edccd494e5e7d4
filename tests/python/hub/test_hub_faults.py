"""A Hub that misbehaves: the right result after trying again, or an error that names the repository and what to do."""

import json
import socket

import pandas as pd
import pytest

import tiny
from hub import Hub
from hub.repositories import git_hash, sha256
from support.visiting import TOKEN, begin, blobs_of, end, kept_file, visit

HEAVY = {"model": "model.safetensors", "dataset": "train.parquet"}

# What goes wrong for a while, by name.
PASSING = {
    "slow-down": [{"what": "status", "status": 429, "headers": {"Retry-After": "1"}, "on": "info"}],
    "trouble": [{"what": "status", "status": 500, "on": "info"}, {"what": "status", "status": 503}],
    "cut": [{"what": "cut", "path": "{heavy}"}],
    "wrong": [{"what": "wrong", "path": "{heavy}"}],
    "slow": [{"what": "slow", "seconds": 1.5, "path": "{heavy}"}],
    "gone": [{"what": "gone", "on": "info"}, {"what": "gone", "path": "{heavy}"}],
}
SOON = {"Retry-After": "0"}
# What goes wrong for good, with the kind of the error and some of its words.
LASTING = {
    "unknown-token": ({"status": 401}, "hub", "does not accept the access token"),
    "forbidden": ({"status": 403}, "hub", "refuses access"),
    "absent-file": ({"status": 404, "on": "resolve", "path": "{heavy}"}, "hub", "does not find"),
    "busy": ({"status": 429, "headers": SOON}, "hub", "limits requests"),
    "busy-for-long": ({"status": 429, "headers": {"Retry-After": "3600"}}, "hub", "limits requests"),
    "broken": ({"status": 500, "headers": SOON}, "hub", "an error (500)"),
    "wrong-always": ({"what": "wrong", "on": "resolve", "path": "{heavy}"}, "damaged", "'{heavy}'"),
    "slow-always": ({"what": "slow", "seconds": 1.5, "on": "info"}, "hub", "did not respond in time"),
    "gone-always": ({"what": "gone", "on": "info"}, "hub", "does not respond"),
}


def told(fault, kind):
    return json.loads(json.dumps(fault).replace("{heavy}", HEAVY[kind]))


def table(folder, rows=20_000):
    """Write a table that is large enough for a redirect."""
    folder.mkdir(parents=True)
    pd.DataFrame({"n": range(rows), "x": [k * 0.1 for k in range(rows)]}).to_parquet(folder / "train.parquet")
    return folder


def step(kind, name, **how):
    return {"do": "data", "path": name, **how} if kind == "dataset" else {"model": name, **how}


def well(found):
    """Return whether a visit gave the right result."""
    return found.get("rows") == {"": 20_000} or found.get("label") in tiny.LABELS


def add_misbehaving(hub, kind, folder):
    for name, faults in PASSING.items():
        repo = hub.add(f"us/{name}", folder, kind=kind)
        for fault in faults:
            repo.misbehave(**told(fault, kind))
    for name, (fault, _, _) in LASTING.items():
        hub.add(f"us/{name}", folder, kind=kind).misbehave(
            **{"what": "status", "on": None, "times": None, **told(fault, kind)}
        )


@pytest.fixture(scope="module", params=["model", "dataset"])
def visited(request, tmp_path_factory):
    """Load one thing under many names, each with a fault of its own, in one process."""
    kind = request.param
    home, served = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")
    folder = table(served / "table") if kind == "dataset" else tiny.text_folder(served / "bert")
    with Hub() as hub:
        add_misbehaving(hub, kind, folder)
        steps = {name: step(kind, f"us/{name}") for name in PASSING}
        steps["lasting"] = {"do": "together", "steps": [step(kind, f"us/{name}") for name in LASTING]}
        steps["absent"] = step(kind, "us/nobody")
        for name, token in {"gated": TOKEN, "gated for others": TOKEN[::-1]}.items():
            hub.add(f"us/{name.replace(' ', '-')}", folder, kind=kind, token=token)
            steps[name] = step(kind, f"us/{name.replace(' ', '-')}")
        found = visit(home, hub.url, steps, HF_TOKEN=TOKEN)
        found |= dict(zip(LASTING, found.pop("lasting")["found"], strict=True))
    return kind, home, folder, hub, found


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_gives_the_right_result(visited, name):
    kind, home, folder, _, found = visited
    assert well(found[name]), found[name]
    hashed = sha256 if (folder / HEAVY[kind]).stat().st_size >= 100_000 else git_hash
    kept = kept_file(home, kind, f"us/{name}", HEAVY[kind])
    assert kept.name == hashed(kept) == hashed(folder / HEAVY[kind])


def test_the_hub_is_given_the_time_it_asks_for(visited):
    _, _, _, _, found = visited
    assert found["slow-down"]["seconds"] >= 1
    assert found["busy-for-long"]["seconds"] < 5


def test_a_download_that_was_cut_off_goes_on_where_it_was(visited):
    kind, _, folder, hub, _ = visited
    size = (folder / HEAVY[kind]).stat().st_size
    assert (HEAVY[kind], f"bytes={size // 2}-") in hub.ranges


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_an_error_that_names_the_repository_and_the_next_step(visited, name):
    kind, home, _, _, found = visited
    _, error, words = LASTING[name]
    assert found[name]["kind"] == error, found[name]
    assert f"us/{name}" in found[name]["problem"]
    assert words.replace("{heavy}", HEAVY[kind]) in found[name]["problem"]
    assert {"model": "model", "dataset": "data set"}[kind] in found[name]["problem"] + found[name]["allowed"]
    assert found[name]["hint"]
    assert found[name]["seconds"] < 12
    assert not [path for path in blobs_of(home, kind, f"us/{name}") if path.suffix == ".incomplete"]


def test_a_token_of_the_environment_opens_what_is_gated(visited):
    assert well(visited[-1]["gated"]), visited[-1]["gated"]
    refused = visited[-1]["gated for others"]
    assert refused["kind"] == "hub"
    assert "'us/gated-for-others', a gated" in refused["problem"]


def test_no_message_holds_the_token(visited):
    assert TOKEN not in json.dumps(visited[-1])
    assert visited[-1]["absent"]["kind"] == "not_found"


def test_two_processes_that_fetch_the_same_at_once_both_succeed(tmp_path):
    with Hub() as hub:
        repo = hub.add("us/shared", tiny.text_folder(tmp_path / "bert"))
        repo.misbehave("slow", times=None, seconds=0.7, path="model.safetensors")
        steps = {"": {"do": "fetch", "name": "us/shared"}}
        both = [begin(tmp_path, hub.url, steps) for _ in range(2)]
        found = [end(process, steps)[""] for process in both]
        assert all("model.safetensors" in each["files"] for each in found), found
        fetched = [each for each in hub.requests if "model.safetensors" in each]
        assert len(fetched) == 1  # the second waited for the first
    assert not list(tmp_path.rglob("*.incomplete"))


def test_a_full_disk_leaves_no_half_file_and_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with Hub() as hub:
        hub.add("us/table", table(tmp_path / "table"), kind="dataset")
        steps = {"full": {"do": "data", "path": "us/table"}}
        full = visit(tmp_path, hub.url, {"": {"do": "limit", "size": 50_000}, **steps})["full"]
        taken = visit(tmp_path, hub.url, steps, HF_HUB_CACHE=str(tmp_path / "taken"))["full"]
        assert full["kind"] == taken["kind"] == "storage"
        assert "'us/table'" in full["problem"]
        assert "disk is full" in full["problem"]
        assert "cache()" in full["hint"]
        assert "HF_HOME" in taken["hint"]
        assert blobs_of(tmp_path, "dataset", "us/table") == []
        assert well(visit(tmp_path, hub.url, steps)["full"])  # once there is room


def test_a_process_goes_on_with_what_another_began(tmp_path):
    folder = table(tmp_path / "table")
    with Hub() as hub:
        repo = hub.add("us/table", folder, kind="dataset")
        repo.misbehave("cut")
        repo.misbehave("gone", skip=2, times=None)  # a redirect and half a file come before
        broken = visit(tmp_path, hub.url, {"": step("dataset", "us/table")})[""]
        assert broken["kind"] == "hub"
        (part,) = [path for path in blobs_of(tmp_path, "dataset", "us/table") if path.suffix == ".incomplete"]
        began = part.stat().st_size
        assert 0 < began < (folder / "train.parquet").stat().st_size
        hub.ranges.clear()
        repo.faults.clear()
        assert well(visit(tmp_path, hub.url, {"": step("dataset", "us/table")})[""])
        assert hub.ranges == [("train.parquet", f"bytes={began}-")]


def silent_address(full):
    """Take an address where nobody answers: connections are refused, or come to nothing at all."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    waiting = [taken]
    if full:
        taken.listen(0)
        for _ in range(8):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(taken.getsockname())
            waiting.append(each)
    return f"http://127.0.0.1:{taken.getsockname()[1]}", waiting


def test_without_a_network_what_is_cached_takes_no_longer(tmp_path):
    folder = table(tmp_path / "table")
    warm = {"warm": step("dataset", str(folder))}  # what is imported takes most of the time
    steps = {**warm, "found": step("dataset", "us/kept"), "absent": step("dataset", "us/other")}
    with Hub() as hub:
        hub.add("us/kept", folder, kind="dataset")
        first = {**warm, "fetched": step("dataset", "us/kept"), "found": step("dataset", "us/kept")}
        usual = visit(tmp_path, hub.url, first)["found"]["seconds"]
        ways = [visit(tmp_path, hub.url, steps, HF_HUB_OFFLINE="1")]
    for full in (False, True):
        address, taken = silent_address(full)
        ways.append(visit(tmp_path, address, steps))
        del taken
    for how in ways:
        print(f"usual {usual:.2f} s, without a network {how['found']['seconds']:.2f} s")
        assert well(how["found"]), how["found"]
        assert how["found"]["seconds"] < usual + 3  # less than one on a quiet machine; the client alone takes 20
        assert how["absent"]["kind"] == "hub"
        assert "'us/other'" in how["absent"]["problem"]
        assert "'us/kept'" in how["absent"]["hint"]
        assert how["absent"]["seconds"] < 5

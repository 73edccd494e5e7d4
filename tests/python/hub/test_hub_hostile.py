"""A Hub that lies, as HF_ENDPOINT may name one: nothing is written beside the cache, and no token goes elsewhere."""

import gzip
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import tiny
from hub import Hub
from support.visiting import TOKEN, visit

FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
AWAY = "../../../../../../evil"


def of_files(**more):
    """Say something else of each file."""
    return lambda info: {**info, "siblings": [{**each, **more, "lfs": None} for each in info["siblings"]]}


def with_files(*names):
    """Say that there are more files."""
    more = [{"rfilename": name, "size": 4, "blobId": "0" * 40} for name in names]
    return lambda info: {**info, "siblings": [*info["siblings"], *more]}


def without_sizes(info):
    return {**info, "siblings": [{"rfilename": each["rfilename"]} for each in info["siblings"]]}


# What a Hub says of a repository, and the kind of the error that comes of it; None where all is well nevertheless.
LIES = {
    "hashes-that-are-paths": (of_files(blobId=AWAY), None),
    "hashes-as-long-as-hashes": (of_files(blobId=(AWAY + "x" * 40)[:40]), None),
    "hashes-that-are-numbers": (of_files(blobId=12), None),
    "large-hashes-that-are-paths": (
        lambda info: {**info, "siblings": [{**each, "lfs": {"sha256": AWAY}} for each in info["siblings"]]},
        None,
    ),
    "a-commit-that-is-a-path": (lambda info: {**info, "sha": AWAY}, "hub"),
    "a-commit-that-is-no-text": (lambda info: {**info, "sha": 3}, "hub"),
    "no-commit": (lambda info: {**info, "sha": None}, "hub"),
    "names-that-lead-away": (
        with_files(
            f"{AWAY}.json", "/tmp/evil.json", "C:\\evil.json", "C:evil.json", "a\\b.json", "a\0b.json", "..", "."
        ),
        None,
    ),
    "names-in-disguise": (with_files("a/../../evil.json", "./evil.json", "a//evil.json", "a\n.json", "x" * 2000), None),
    "names-that-are-numbers": (lambda info: {**info, "siblings": [*info["siblings"], {"rfilename": 3}, 4]}, None),
    "sizes-below-zero": (of_files(size=-5), None),
    "sizes-beyond-all-disks": (of_files(size=2**70), None),
    "sizes-beyond-this-disk": (of_files(size=2**49), "storage"),
    "sizes-that-are-texts": (of_files(size="12"), None),
    "files-that-are-a-number": (lambda info: {**info, "siblings": 3}, "nothing"),
    "a-list": (lambda info: [info], "hub"),
    "a-tag-that-is-a-list": (lambda info: {**info, "pipeline_tag": [["x"]]}, None),
}
HTML = b"<html><body>Please log in to this network.</body></html>"
# How answers go wrong, and the kind of the error; None where all is well nevertheless.
ANSWERS = {
    "deep": ({"what": "said", "on": "info", "body": b"[" * 200_000}, "hub"),
    "many-values": ({"what": "said", "on": "info", "body": b'{"a":[' + b"[]," * 3_000_000 + b"0]}"}, "hub"),
    "no-json": ({"what": "said", "on": "info", "body": HTML, "headers": {"Content-Type": "text/html"}}, "hub"),
    "bytes": ({"what": "said", "on": "info", "body": b"\xff\xfe\x00"}, "hub"),
    "bomb": (
        {
            "what": "said",
            "on": "info",
            "body": gzip.compress(bytes(300 << 20), 9),
            "headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"},
        },
        "hub",
    ),
    "longer": ({"what": "longer", "path": "config.json"}, None),
    "longer-large": ({"what": "longer", "path": "model.safetensors"}, None),
    "hash-in-the-header": ({"what": "etag", "body": f'"{AWAY}"'.encode(), "unsized": True}, None),
    "endless": ({"what": "endless", "path": "config.json", "unsized": True}, "storage"),
    "to-a-file": ({"what": "status", "status": 302, "headers": {"Location": "file:///etc/passwd"}}, "hub"),
    "in-circles": ({"what": "status", "status": 302, "headers": {"Location": "{own}"}}, "hub"),
    "to-nowhere": ({"what": "status", "status": 302, "headers": {"Location": "http://127.0.0.1:9/x"}}, "hub"),
    "wait-for-ever": ({"what": "status", "status": 429, "on": "info", "headers": {"Retry-After": "nan"}}, "hub"),
    "wait-till-never": (
        {"what": "status", "status": 429, "on": "info", "headers": {"Retry-After": "Mon, 99 Foo 99999 00:00:00"}},
        None,
    ),
    "echo": ({"what": "status", "status": 403, "on": "info", "headers": {"X-Error-Message": f"no {TOKEN}"}}, "hub"),
    "echo-of-a-fault": ({"what": "status", "status": 418, "headers": {"X-Error-Message": f"no {TOKEN}"}}, "hub"),
}


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Load one model under many names, each with a lie of its own, in one process, a few levels below a folder."""
    top, served = tmp_path_factory.mktemp("top"), tmp_path_factory.mktemp("served")
    home = top / "a" / "b"
    home.mkdir(parents=True)
    folder = tiny.text_folder(served / "bert")
    with Hub() as hub, Hub() as other:
        steps = {"reserve": {"do": "reserve", "left": 5_000_000}}
        for name, (lies, _) in LIES.items():
            hub.add(f"us/{name}", folder).lies = lies
        for name, (fault, _) in ANSWERS.items():
            fault = dict(fault)
            repo = hub.add(f"us/{name}", folder)
            repo.lies = without_sizes if fault.pop("unsized", False) else None
            own = f"{hub.url}/us/{name}/resolve/{repo.commit}/config.json"
            headers = {key: value.replace("{own}", own) for key, value in fault.get("headers", {}).items()}
            times = 1 if name in ("wait-till-never",) else None
            repo.misbehave(**{**fault, "times": times, "headers": headers})
        steps |= {name: {"do": "fetch", "name": f"us/{name}"} for name in LIES}
        steps["answers"] = {"do": "together", "steps": [{"do": "fetch", "name": f"us/{name}"} for name in ANSWERS]}
        other.add("us/elsewhere", folder)
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            where = f"{other.url}/us/elsewhere/resolve/main/{name}"
            headers = {"Location": where}
            repo = hub.repos.get(("model", "us/elsewhere")) or hub.add("us/elsewhere", folder)
            repo.misbehave("status", status=302, headers=headers, path=name, times=None)
        steps["elsewhere"] = {"do": "fetch", "name": "us/elsewhere"}
        before = set(top.rglob("*"))
        found = visit(home, hub.url, steps, HF_TOKEN=TOKEN)
        found |= dict(zip(ANSWERS, found.pop("answers")["found"], strict=True))
        assert any(token == f"Bearer {TOKEN}" for token in hub.tokens)
        return home, top, before, found, other.tokens


@pytest.mark.parametrize("name", [*LIES, *ANSWERS])
def test_a_lie_is_an_error_of_ours_or_does_no_harm(visited, name):
    found, kind = visited[3][name], {**LIES, **ANSWERS}[name][1]
    if kind is None:
        assert set(FILES) <= set(found.get("files", ())), found
    elif kind == "nothing":
        assert found["files"] == []
    else:
        assert found.get("kind") == kind, found
        assert f"us/{name}" in found["problem"]
    assert found["seconds"] < 25


def test_nothing_is_written_beside_the_cache(visited):
    home, top, before, _, _ = visited
    new = set(top.rglob("*")) - before
    assert not [path for path in new if "evil" in path.name]
    assert all(path.is_relative_to(home / "hf") or path.parent == home for path in new), new
    assert not [path for path in new if path.is_symlink() and not path.resolve().is_relative_to(home / "hf")]
    assert not os.path.lexists("/tmp/evil.json")


def test_no_more_is_written_than_was_promised(visited):
    home = visited[0]
    for name in ("longer", "longer-large"):
        blobs = home / "hf" / "hub" / f"models--us--{name}" / "blobs"
        kept = {path.name: path.stat().st_size for path in blobs.iterdir()}
        assert not any(key.endswith(".incomplete") for key in kept)
        well = home / "hf" / "hub" / "models--us--hashes-that-are-paths"
        assert sum(kept.values()) == sum(path.stat().st_size for path in (well / "blobs").iterdir())
    endless = home / "hf" / "hub" / "models--us--endless" / "blobs"
    assert sum(path.stat().st_size for path in endless.iterdir()) < 5_000_000


def test_a_token_follows_no_redirect_to_another_host(visited):
    *_, found, tokens = visited
    assert set(FILES) <= set(found["elsewhere"]["files"])
    assert len(tokens) >= 3
    assert set(tokens) == {None}


def test_no_message_holds_a_token_that_the_hub_says(visited):
    assert TOKEN not in json.dumps(visited[3])


class _Endless(BaseHTTPRequestHandler):
    """Answer with blanks for as long as anybody reads, up to 300 MB."""

    sent: dict[int, int]  # megabytes that were read, by the status they came with

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        status = {"refused": 418, "moved": 302}.get(self.path.split("?")[0].split("/")[-3], 200)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 302:
            self.send_header("Location", self.path)
        self.end_headers()
        try:
            for _ in range(300):
                self.wfile.write(b" " * 2**20)
                self.sent[status] = self.sent.get(status, 0) + 1
        except OSError:
            return


def test_no_answer_is_read_without_end_whatever_its_status_is(tmp_path):
    sent = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (_Endless,), {"sent": sent}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        names = ("us/answered", "us/refused", "us/moved")
        steps = {name: {"do": "fetch", "name": name} for name in names}
        address = f"http://127.0.0.1:{server.server_address[1]}"
        found = visit(tmp_path, address, steps, HF_HUB_DISABLE_TELEMETRY="0")
    finally:
        server.shutdown()
        server.server_close()
    assert {each["kind"] for each in found.values()} == {"hub"}
    assert "more than 64 MB" in found["us/answered"]["problem"]
    assert "more than 20 redirects" in found["us/moved"]["problem"]
    assert sent[200] < 100  # nothing else, such as lists of programs to report, is asked for
    assert sent.get(418, 0) < 20
    assert sent.get(302, 0) < 20 * 20

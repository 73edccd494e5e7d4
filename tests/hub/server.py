"""The server: what `huggingface_hub` asks for of models, from folders on this machine.

It speaks of a repository's info and tree, and gives files with etags, ranges and the redirect of large ones. Each
repository has one commit, under ``main``, further names and its own hash. A repository can be gated, private or told to
answer with a status.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Hub", "Repo"]

_LARGE = 100_000  # bytes from which on a file is given by a redirect, as those in LFS are


@dataclass
class Repo:
    """A repository: where its files lie, and how it answers."""

    folder: Path
    kind: str = "model"
    tag: str | None = None
    names: tuple[str, ...] = ("main",)
    token: str | None = None  # without which it answers as a gated one
    status: int | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The files by their path in the repository."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in found}

    @property
    def commit(self) -> str:
        """The hash of the one commit: that of all files."""
        made = hashlib.sha1()
        for name, path in self.files.items():
            made.update(name.encode() + path.read_bytes())
        return made.hexdigest()


@dataclass
class Hub:
    """A running server; ``with Hub() as hub: hub.add("owner/name", folder)``, then give ``hub.url`` as HF_ENDPOINT."""

    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def add(self, name: str, folder: Path, **how) -> Repo:
        """Serve a folder under a name."""
        repo = Repo(Path(folder), **how)
        self.repos[repo.kind, name] = repo
        return repo

    @property
    def url(self) -> str:
        """The address to be given as HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (_Asked,), {"hub": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()


_KIND = r"(?P<kind>models|datasets)"
_NAME = r"(?P<name>[\w.-]+/[\w.-]+?|[\w.-]+?)"
_PATHS = (
    ("info", re.compile(rf"/api/{_KIND}/{_NAME}(?:/revision/(?P<revision>.+))?")),
    ("tree", re.compile(rf"/api/{_KIND}/{_NAME}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?")),
    ("resolve", re.compile(rf"/(?:(?P<kind>models|datasets)/)?{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")),
    ("large", re.compile(rf"/large/{_KIND}/{_NAME}/(?P<path>.+)")),
)


class _Asked(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        """Say nothing; `Hub.requests` keeps what was asked."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        for what, pattern in reversed(_PATHS):
            if found := pattern.fullmatch(path):
                return self._found(what, found.groupdict(), with_body)
        return self._refuse(404, "EntryNotFound", with_body)

    def _found(self, what: str, asked: dict, with_body: bool) -> None:
        repo = self.hub.repos.get(((asked["kind"] or "models")[:-1], asked["name"]))
        if repo is None:
            return self._refuse(401, "RepoNotFound", with_body)
        if repo.status is not None:
            return self._refuse(repo.status, None, with_body)
        if repo.token is not None and self.headers.get("Authorization") != f"Bearer {repo.token}":
            return self._refuse(401 if self.headers.get("Authorization") is None else 403, "GatedRepo", with_body)
        revision = asked.get("revision")
        if revision is not None and revision not in (*repo.names, repo.commit):
            return self._refuse(404, "RevisionNotFound", with_body)
        return getattr(self, f"_{what}")(repo, asked, with_body)

    def _info(self, repo: Repo, asked: dict, with_body: bool) -> None:
        info = {
            "_id": "0" * 24,
            "id": asked["name"],
            "sha": repo.commit,
            "private": False,
            "gated": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": name} for name in repo.files],
        }
        if repo.tag is not None:
            info |= {"pipeline_tag": repo.tag, "library_name": "transformers"}
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, with_body)

    def _tree(self, repo: Repo, asked: dict, with_body: bool) -> None:
        below = f"{asked['path']}/" if asked["path"] else ""
        files = [
            {"type": "file", "path": name, "size": path.stat().st_size, "oid": _git_hash(path)}
            for name, path in repo.files.items()
            if name.startswith(below)
        ]
        if below and not files:
            return self._refuse(404, "EntryNotFound", with_body)
        return self._send(200, json.dumps(files).encode(), {"Content-Type": "application/json"}, with_body)

    def _resolve(self, repo: Repo, asked: dict, with_body: bool) -> None:
        path = repo.files.get(asked["path"])
        if path is None:
            return self._refuse(404, "EntryNotFound", with_body, {"X-Repo-Commit": repo.commit})
        headers = {"X-Repo-Commit": repo.commit, "Accept-Ranges": "bytes"}
        if path.stat().st_size < _LARGE:
            return self._file(path, {**headers, "ETag": f'"{_git_hash(path)}"'}, with_body)
        kind = f"{repo.kind}s"
        headers |= {
            "Location": f"{self.hub.url}/large/{kind}/{asked['name']}/{asked['path']}",
            "X-Linked-Etag": f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"',
            "X-Linked-Size": str(path.stat().st_size),
        }
        return self._send(302, b"", headers, with_body)

    def _large(self, repo: Repo, asked: dict, with_body: bool) -> None:
        path = repo.files[asked["path"]]
        self._file(path, {"ETag": f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"'}, with_body)

    def _file(self, path: Path, headers: dict[str, str], with_body: bool) -> None:
        content, status = path.read_bytes(), 200
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            start, end = int(found[1]), int(found[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            content, status = content[start : end + 1], 206
        self._send(status, content, headers, with_body)

    def _refuse(self, status: int, code: str | None, with_body: bool, headers: dict[str, str] | None = None) -> None:
        named = {} if code is None else {"X-Error-Code": code, "X-Error-Message": code}
        self._send(status, b"", {**(headers or {}), **named}, with_body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            self.wfile.write(content)


def _git_hash(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

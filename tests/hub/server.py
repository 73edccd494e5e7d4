"""The server: what `huggingface_hub` asks for of models and data sets, from folders on this machine.

It speaks of a repository's info, with sizes and hashes of files, its tree and its branches, and gives files with etags,
ranges and the redirect of large ones; old ids are redirected to new ones. The plain libraries find what they ask for,
files by their paths and folders. A repository can be gated, private or told to misbehave.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .repositories import LARGE, Repo, Version, git_hash, sha256

__all__ = ["Hub"]


@dataclass
class Hub:
    """A running server; ``with Hub() as hub: hub.add("owner/name", folder)``, then give ``hub.url`` as HF_ENDPOINT."""

    port: int = 0
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # old ids and the new ones
    requests: list[str] = field(default_factory=list)
    ranges: list[tuple[str, str]] = field(default_factory=list)  # files and which bytes of them were asked for
    tokens: list[str | None] = field(default_factory=list)  # what came as authorization, with each request

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
        self._server = _Server(("127.0.0.1", self.port), type("Asked", (_Asked,), {"hub": self}))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_) -> None:
        """Say nothing of clients that hang up."""


_KIND = r"(?P<kind>models|datasets)"
_NAME = r"(?P<name>[^/]+/[^/]+?|[^/]+?)"
# Paths as they come, where the slashes of a revision are written %2F.
_PATHS = (
    ("info", re.compile(rf"/api/{_KIND}/{_NAME}(?:/revision/(?P<revision>.+))?")),
    ("refs", re.compile(rf"/api/{_KIND}/{_NAME}/refs")),
    ("paths", re.compile(rf"/api/{_KIND}/{_NAME}/paths-info/(?P<revision>[^/]+)")),
    ("tree", re.compile(rf"/api/{_KIND}/{_NAME}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?")),
    ("resolve", re.compile(rf"/(?:(?P<kind>models|datasets)/)?{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")),
    ("large", re.compile(rf"/large/{_KIND}/{_NAME}/(?P<revision>[^/]+)/(?P<path>.+)")),
)


class _Asked(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        """Say nothing; `Hub.requests` keeps what was asked."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append(f"{self.command} {unquote(path)}")
        self.hub.tokens.append(self.headers.get("Authorization"))
        for what, pattern in reversed(_PATHS):
            if found := pattern.fullmatch(path):
                asked = {name: value and unquote(value) for name, value in found.groupdict().items()}
                return self._found(what, asked)
        return self._refuse(404, "EntryNotFound")

    def _found(self, what: str, asked: dict) -> None:
        kind, name = asked["kind"] or "models", asked["name"]
        if name in self.hub.moved:
            return self._send(307, b"", {"Location": self.path.replace(name, self.hub.moved[name], 1)})
        repo = self.hub.repos.get((kind[:-1], name))
        if repo is None:
            return self._refuse(401, "RepoNotFound")
        request = "resolve" if what == "large" else what
        if fault := repo.fault(request, asked.get("path"), "slow"):
            time.sleep(fault.seconds)
        if repo.fault(request, asked.get("path"), "gone"):
            self.close_connection = True
            return None
        if fault := repo.fault(request, asked.get("path"), "status"):
            return self._refuse(fault.status, None, fault.headers)
        if fault := repo.fault(request, asked.get("path"), "said"):
            return self._send(200, fault.body, fault.headers)
        if what != "large" and repo.token is not None and self.headers.get("Authorization") != f"Bearer {repo.token}":
            return self._refuse(401 if self.headers.get("Authorization") is None else 403, "GatedRepo")
        version = repo.version(asked.get("revision"))
        if version is None:
            return self._refuse(404, "RevisionNotFound")
        return getattr(self, f"_{what}")(repo, version, asked)

    def _info(self, repo: Repo, version: Version, asked: dict) -> None:
        with_files = parse_qs(urlsplit(self.path).query).get("blobs", [""])[0].lower() in ("true", "1")
        info = {
            "_id": "0" * 24,
            "id": asked["name"],
            "sha": version.commit,
            "private": False,
            "gated": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [_sibling(name, path, with_files) for name, path in version.files.items()],
        }
        if repo.tag is not None:
            info |= {"pipeline_tag": repo.tag, "library_name": "transformers"}
        self._send_json(info if repo.lies is None else repo.lies(info))

    def _refs(self, repo: Repo, version: Version, asked: dict) -> None:
        converts = [
            {"name": name.rpartition("/")[2], "ref": name, "targetCommit": Version(folder).commit}
            for name, folder in repo.branches.items()
            if name.startswith("refs/convert/")
        ]
        names = [each for each in (*repo.names, *repo.branches) if not each.startswith("refs/")]
        heads = [{"name": name, "ref": f"refs/heads/{name}", "targetCommit": version.commit} for name in names]
        self._send_json({"branches": heads, "converts": converts, "tags": []})

    def _tree(self, repo: Repo, version: Version, asked: dict) -> None:
        below = f"{asked['path']}/" if asked["path"] else ""
        deep = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() in ("true", "1")
        files = {name: path for name, path in version.files.items() if name.startswith(below)}
        if below and not files:
            return self._refuse(404, "EntryNotFound")
        folders = sorted({name.removeprefix(below).split("/")[0] for name in files if "/" in name.removeprefix(below)})
        here = [_folder(f"{below}{name}") for name in folders]
        shown = {name: path for name, path in files.items() if deep or "/" not in name.removeprefix(below)}
        return self._send_json([*here, *(_file_entry(name, path) for name, path in shown.items())])

    def _paths(self, repo: Repo, version: Version, asked: dict) -> None:
        """Describe the files and folders that a client asks for by their paths."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode()).get("paths", [])
        files = version.files
        entries = [_file_entry(name, files[name]) for name in wanted if name in files]
        entries += [_folder(name) for name in wanted if any(each.startswith(f"{name}/") for each in files)]
        self._send_json(entries)

    def _resolve(self, repo: Repo, version: Version, asked: dict) -> None:
        path = version.files.get(asked["path"])
        if path is None:
            return self._refuse(404, "EntryNotFound", {"X-Repo-Commit": version.commit})
        headers = {"X-Repo-Commit": version.commit, "Accept-Ranges": "bytes"}
        if path.stat().st_size < LARGE:
            return self._file(repo, path, asked, {**headers, "ETag": f'"{git_hash(path)}"'})
        where = f"{repo.kind}s/{asked['name']}/{version.commit}/{quote(asked['path'])}"
        headers |= {
            "Location": f"{self.hub.url}/large/{where}",
            "X-Linked-Etag": f'"{sha256(path)}"',
            "X-Linked-Size": str(path.stat().st_size),
        }
        return self._send(302, b"", headers)

    def _large(self, repo: Repo, version: Version, asked: dict) -> None:
        path = version.files[asked["path"]]
        self._file(repo, path, asked, {"X-Repo-Commit": version.commit, "ETag": f'"{sha256(path)}"'})

    def _file(self, repo: Repo, path: Path, asked: dict, headers: dict[str, str]) -> None:
        content, status = path.read_bytes(), 200
        body = self.command == "GET"
        if fault := repo.fault("resolve", asked["path"], "etag"):
            headers["ETag"] = fault.body.decode()
        if repo.fault("resolve", asked["path"], "endless"):
            self._send_for_ever(headers)
            return
        if body and repo.fault("resolve", asked["path"], "longer"):
            content += bytes(100_000)
        if body and repo.fault("resolve", asked["path"], "wrong"):
            content = bytes(byte ^ 1 for byte in content)
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            self.hub.ranges.append((asked["path"], self.headers["Range"]))
            start, end = int(found[1]), int(found[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            content, status = content[start : end + 1], 206
        cut = len(content) // 2 if body and repo.fault("resolve", asked["path"], "cut") else None
        self._send(status, content, headers, cut)

    def _send_for_ever(self, headers: dict[str, str]) -> None:
        """Send zeros until the client hangs up, or the test has gone wrong."""
        self.close_connection = True
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for _ in range(300 if self.command == "GET" else 0):
            self.wfile.write(bytes(1 << 20))

    def _refuse(self, status: int, code: str | None, headers: dict[str, str] | None = None) -> None:
        named = {} if code is None else {"X-Error-Code": code, "X-Error-Message": code}
        self._send(status, b"", {**(headers or {}), **named})

    def _send_json(self, what: object) -> None:
        self._send(200, json.dumps(what).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        """Send an answer, or only its first bytes before the connection breaks."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:cut])
        self.close_connection = self.close_connection or cut is not None


def _folder(name: str) -> dict:
    """Describe a folder as the tree of a repository does."""
    return {"type": "directory", "path": name, "size": 0, "oid": hashlib.sha1(name.encode()).hexdigest()}


def _file_entry(name: str, path: Path) -> dict:
    """Describe a file as the tree of a repository does."""
    size = path.stat().st_size
    large = {} if size < LARGE else {"lfs": {"oid": sha256(path), "size": size, "pointerSize": 130}}
    return {"type": "file", "path": name, "size": size, "oid": git_hash(path), **large}


def _sibling(name: str, path: Path, with_files: bool) -> dict:
    """Describe a file as the info of a repository does."""
    told: dict = {"rfilename": name}
    if with_files:
        size = path.stat().st_size
        told |= {"size": size, "blobId": git_hash(path)}
        told |= {} if size < LARGE else {"lfs": {"sha256": sha256(path), "size": size, "pointerSize": 130}}
    return told

"""Repositories of the Hub as folders of this machine, and how they are told to misbehave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LARGE", "Fault", "Repo", "Version", "git_hash", "sha256"]

LARGE = 100_000  # bytes from which on a file is given by a redirect, as those in LFS are


@dataclass
class Fault:
    """What goes wrong in a number of answers.

    Parameters
    ----------
    what
        "status" answers with a status; "cut" breaks the connection in the middle of a file; "wrong" sends other bytes
        of the same length; "slow" waits before it answers; "gone" closes the connection without an answer; "longer"
        goes on after the end of a file, "endless" for as long as anybody reads, without saying how long it is; "said"
        answers with ``body``; "etag" gives ``body`` as the hash of a file.
    times
        In how many answers; None is for all.
    on
        In answers to which requests: "info", "resolve" (files, large ones included), "refs", "tree", or None for all.
    path
        For which file alone.
    skip
        How many answers go well before.
    status, headers, seconds
        The details.
    """

    what: str
    times: int | None = 1
    on: str | None = "resolve"
    path: str | None = None
    skip: int = 0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    body: bytes = b""

    def takes(self, request: str, path: str | None, whats: tuple[str, ...]) -> bool:
        """Return whether it happens in this answer, and count it."""
        meant = (
            self.what in whats
            and self.times != 0
            and self.on in (None, request)
            and (self.path is None or self.path == path)
        )
        if meant and self.skip > 0:
            self.skip -= 1
            return False
        if meant and self.times is not None:
            self.times -= 1
        return meant


@dataclass(frozen=True)
class Version:
    """One commit: the files of a folder."""

    folder: Path

    @property
    def files(self) -> dict[str, Path]:
        """The files by their path in the repository."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in found}

    @property
    def commit(self) -> str:
        """The hash of the commit: that of all files."""
        made = hashlib.sha1()
        for name, path in self.files.items():
            made.update(name.encode() + path.read_bytes())
        return made.hexdigest()


@dataclass
class Repo:
    """A repository: where its files lie, and how it answers."""

    folder: Path
    kind: str = "model"
    tag: str | None = None
    names: tuple[str, ...] = ("main",)
    branches: dict[str, Path] = field(default_factory=dict)  # with files of their own, such as refs/convert/parquet
    token: str | None = None  # without which it answers as a gated one
    faults: list[Fault] = field(default_factory=list)
    lies: Callable[[dict], object] | None = None  # what is said of it instead of its description

    @property
    def commit(self) -> str:
        """The hash of the newest commit."""
        return Version(self.folder).commit

    def version(self, revision: str | None) -> Version | None:
        """Find a commit by a name or its hash; None where it is not known."""
        if revision is None or revision in self.names:
            return Version(self.folder)
        if revision in self.branches:
            return Version(self.branches[revision])
        versions = [Version(folder) for folder in (self.folder, *self.branches.values())]
        return next((each for each in versions if each.commit == revision), None)

    def misbehave(self, what: str, **how) -> None:
        """Let answers go wrong from now on; see `Fault`."""
        self.faults.append(Fault(what, **how))

    def fault(self, request: str, path: str | None, *whats: str) -> Fault | None:
        """Return what goes wrong in an answer, of certain kinds."""
        return next((each for each in self.faults if each.takes(request, path, whats)), None)


def git_hash(path: Path) -> str:
    """Hash a file as git does."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(path: Path) -> str:
    """Hash a file as LFS does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

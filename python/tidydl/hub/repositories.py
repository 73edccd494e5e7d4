"""Repositories of the Hub, and their paths in the client's cache."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from tidydl import rendering
from tidydl.errors import ArgumentError

Kind = Literal["model", "dataset"]
COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # git's sha1, or sha256
_ODD = re.compile(r"[\\:\x00-\x1f\x7f]")  # drives, other separators, and what no name of a file holds
_LONGEST_PATH = 1024


@dataclass(frozen=True)
class Repository:
    """A model or data set of the Hub in one version; ``token`` gives access and is never shown."""

    kind: Kind
    id: str
    revision: str = "main"
    token: str | bool | None = field(default=None, repr=False)
    cache_dir: str | None = None

    def __post_init__(self) -> None:
        from huggingface_hub import get_token
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id

        try:
            validate_repo_id(self.id)
        except HFValidationError as problem:
            raise ArgumentError(
                f"'{self.id}' is not a valid id of a {self.what}.",
                allowed="An id of the Hugging Face Hub, such as 'owner/name'.",
            ) from problem
        if not is_inside(self.revision):
            raise ArgumentError(
                f"`revision` is '{self.revision}'.", allowed="A branch, a tag or a commit, such as 'main'."
            )

        if self.token == "":  # which a variable of the environment that is not set gives
            object.__setattr__(self, "token", None)
        if self.token is True and get_token() is None:
            raise ArgumentError(
                f"`token` is {rendering.value(True)}, and no access token is stored on this machine.",
                allowed=f"An access token of the Hub, as a string, or {rendering.value(True)} after a login.",
                hint="Log in with `hf auth login`, or leave `token` out for public repositories.",
            )

    @property
    def what(self) -> str:
        """Its kind in messages: model or data set."""
        return "data set" if self.kind == "dataset" else "model"

    @property
    def storage(self) -> Path:
        """Its folder in the client's cache, which may not exist."""
        from huggingface_hub.file_download import repo_folder_name

        return cache_path(self.cache_dir) / repo_folder_name(repo_id=self.id, repo_type=self.kind)

    def snapshot(self, commit: str) -> Path:
        """Return the folder of the files of one commit, which may not exist."""
        return self.storage / "snapshots" / commit

    def blob(self, digest: str) -> Path:
        """Return the path of the content with a hash."""
        return self.storage / "blobs" / digest

    def lock(self, digest: str) -> Path:
        """Return the lock file of some content, which the client uses as well."""
        return self.storage.parent / ".locks" / self.storage.name / f"{digest}.lock"

    def at(self, commit: str) -> Repository:
        """Return the same repository at a commit."""
        return replace(self, revision=commit)


def cache_path(cache_dir: str | None = None) -> Path:
    """Return the client's cache folder."""
    from huggingface_hub import constants

    return Path(cache_dir or constants.HF_HUB_CACHE).expanduser()


def is_inside(path: object) -> bool:
    """Return whether a path from the Hub stays inside the target folder, on any system."""
    if not isinstance(path, str) or not path or len(path) > _LONGEST_PATH or _ODD.search(path):
        return False
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.as_posix() == path and path != "."

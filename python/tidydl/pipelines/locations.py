"""Where a model lies: a folder or an id of the Hugging Face Hub, and whether the Hub can be reached."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.checks import described
from tidydl.errors import ArgumentError, NotFoundError

__all__ = [
    "ALLOWED",
    "Location",
    "downloaded",
    "hub_is_out_of_reach",
    "locate",
    "require_component_files",
    "require_files",
]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")
_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "*.model")
_COMPONENT_FILES = {
    "tokenizer": _TOKENIZER_FILES,
    "image_processor": (*_PROCESSOR_FILES, "video_preprocessor_config.json"),
    "feature_extractor": _PROCESSOR_FILES,
    "processor": (*_PROCESSOR_FILES, *_TOKENIZER_FILES),
}
ALLOWED = "The folder of a model on this machine, or an id of the Hugging Face Hub such as 'owner/name'."
_PROBE_SECONDS = 3.0
_probe: dict[str, float] = {}


@dataclass(frozen=True)
class Location:
    """Where a model or a part of it lies: ``folder`` is None for an id of the Hub."""

    source: str
    folder: Path | None

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """Give what tells a changed folder from an unchanged one: names, sizes and times of its files."""
        if self.folder is None:
            return ()
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


def locate(model: Any, argument: str = "model") -> Location:
    """Tell a local folder from an id of the Hub.

    Raises
    ------
    ArgumentError
        Where it is neither a string nor a path, or a URL, or a file.
    NotFoundError
        Where it can only be a path and is not there.
    """
    if not isinstance(model, (str, os.PathLike)) or not str(model).strip():
        raise ArgumentError(f"`{argument}` is {described(model)}.", allowed=ALLOWED, hint="Give it as a string.")
    source = str(model)
    if "://" in source:
        raise ArgumentError(
            f"`{argument}` is a URL.",
            allowed=ALLOWED,
            hint="Write the id alone, or download the model first.",
        )
    path = Path(source).expanduser()
    if path.is_dir():
        return Location(str(path), path)
    if path.is_file():
        raise ArgumentError(
            f"`{argument}` is the file '{source}'.",
            allowed=ALLOWED,
            hint=f"Give the folder: '{path.parent}'.",
        )
    if isinstance(model, os.PathLike) or _HUB_ID.fullmatch(source) is None:
        raise NotFoundError(
            f"`{argument}` is '{source}', and there is no such folder.",
            allowed=ALLOWED,
            hint=f"Relative paths start from '{Path.cwd()}'.",
        )
    return Location(source, None)


def require_files(location: Location, *, pickled: bool = False) -> None:
    """Check that a local folder holds what a model needs: its config and its weights.

    Parameters
    ----------
    location
        Where the model lies; of the Hub nothing is checked.
    pickled
        Whether weights that are no safetensors will do.

    Raises
    ------
    NotFoundError
        Names the file that is not there and what is there instead.
    """
    folder = location.folder
    if folder is None:
        return
    if not (folder / "config.json").is_file():
        raise _lacks(folder, "model", "no config.json", "A model folder holds config.json and *.safetensors.")
    other = sorted(path.name for kind in ("*.bin", "*.h5", "*.pt", "*.pth") for path in folder.glob(kind))
    if any(folder.glob("*.safetensors")) or (pickled and any(name.endswith(".bin") for name in other)):
        return
    what = "no safetensors weights" + (f", only '{other[0]}'" if other else "")
    allowed = "Weights are read from safetensors files: other kinds can run code."
    advice = "`use_safetensors` set to false reads *.bin files that you trust. " if other else ""
    raise _lacks(folder, "model", what, allowed, advice)


def require_component_files(location: Location, name: str, argument: str) -> None:
    """Check that a local folder holds a tokenizer, an image processor, or what else reads inputs.

    Raises
    ------
    NotFoundError
        Says what is not there, and what is there instead.
    """
    folder = location.folder
    if folder is not None and not any(any(folder.glob(pattern)) for pattern in _COMPONENT_FILES[name]):
        raise _lacks(folder, argument, f"no {name.replace('_', ' ')}", f"Give one by `{name} =`.")


def _lacks(folder: Path, argument: str, what: str, allowed: str, advice: str = "") -> NotFoundError:
    there = sorted(path.name for path in folder.iterdir())[:6]
    listing = ", ".join(f"'{name}'" for name in there) if there else "nothing"
    return NotFoundError(
        f"`{argument}` is the folder '{folder}', which has {what}.",
        allowed=allowed,
        hint=f"{advice}The folder holds {listing}.",
    )


def hub_is_out_of_reach() -> bool:
    """Say whether to read the local cache only: set so by the environment, or the Hub does not answer.

    Asked once a minute: without this the Hub's client would try again for half a minute, even for files it
    has.
    """
    if any(os.environ.get(name, "").upper() in ("1", "TRUE", "YES", "ON") for name in _OFFLINE_SWITCHES):
        return True
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return False
    from huggingface_hub import constants

    now = time.monotonic()
    if now - _probe.get("silent", -1e9) < 60:
        return True
    if "answers" not in _probe and not _answers(constants.ENDPOINT):
        _probe["silent"] = now
        return True
    _probe["answers"] = now
    return False


_OFFLINE_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def _answers(endpoint: str) -> bool:
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(endpoint)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_PROBE_SECONDS).close()
    except OSError:
        return False
    return True


def downloaded(kind: str = "model") -> list[str]:
    """List the ids of what was downloaded from the Hub before, the last used first."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = [repo for repo in scan_cache_dir().repos if repo.repo_type == kind and repo.size_on_disk > 0]
    except CacheNotFound:
        return []
    return [repo.repo_id for repo in sorted(repos, key=lambda repo: repo.last_accessed, reverse=True)]

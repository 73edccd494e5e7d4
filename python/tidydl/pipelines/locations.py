"""Where a model lies: a folder or an id of the Hugging Face Hub, and what is wrong with it."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.checks import described
from tidydl.errors import (
    ArgumentError,
    DamagedFileError,
    DependencyError,
    HubError,
    NotFoundError,
    TidydlError,
)

__all__ = ["Location", "explain_failure", "hub_is_out_of_reach", "locate", "require_files"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "*.model",
)
_ALLOWED = "The folder of a model on this machine, or an id of the Hugging Face Hub such as 'owner/name'."
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
        raise ArgumentError(f"`{argument}` is {described(model)}.", allowed=_ALLOWED, hint="Give it as a string.")
    source = str(model)
    if "://" in source:
        raise ArgumentError(
            f"`{argument}` is a URL.",
            allowed=_ALLOWED,
            hint="Write the id alone, or download the model first.",
        )
    path = Path(source).expanduser()
    if path.is_dir():
        return Location(str(path), path)
    if path.is_file():
        raise ArgumentError(
            f"`{argument}` is the file '{source}'.",
            allowed=_ALLOWED,
            hint=f"Give the folder: '{path.parent}'.",
        )
    if isinstance(model, os.PathLike) or _HUB_ID.fullmatch(source) is None:
        raise NotFoundError(
            f"`{argument}` is '{source}', and there is no such folder.",
            allowed=_ALLOWED,
            hint=f"Relative paths start from '{Path.cwd()}'.",
        )
    return Location(source, None)


def require_files(location: Location, modality: str | None = None, argument: str = "model") -> None:
    """Check that a local folder holds what a model needs: its config, safetensors weights and a tokenizer.

    Raises
    ------
    NotFoundError
        Names the file that is not there and what is there instead.
    """
    folder = location.folder
    if folder is None:
        return
    if not (folder / "config.json").is_file():
        raise _lacks(folder, argument, "no config.json", "A model folder holds config.json and *.safetensors.")
    if not any(folder.glob("*.safetensors")):
        other = sorted(path.name for kind in ("*.bin", "*.h5", "*.pt", "*.pth") for path in folder.glob(kind))
        what = "no safetensors weights" + (f", only '{other[0]}'" if other else "")
        raise _lacks(folder, argument, what, "Weights are read from safetensors files only: other kinds can run code.")
    if modality is not None:
        require_processor_files(location, modality, argument)


def require_processor_files(location: Location, modality: str, argument: str) -> None:
    """Check that a local folder holds a tokenizer or an image processor."""
    folder = location.folder
    if folder is None:
        return
    if modality == "text" and not any(any(folder.glob(name)) for name in _TOKENIZER_FILES):
        raise _lacks(folder, argument, "no tokenizer", "Give one by `tokenizer =`.")
    if modality == "image" and not any(
        (folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json")
    ):
        raise _lacks(folder, argument, "no image processor", "Give one by `image_processor =`.")


def _lacks(folder: Path, argument: str, what: str, allowed: str) -> NotFoundError:
    there = sorted(path.name for path in folder.iterdir())[:6]
    listing = ", ".join(f"'{name}'" for name in there) if there else "nothing"
    return NotFoundError(
        f"`{argument}` is the folder '{folder}', which has {what}.",
        allowed=allowed,
        hint=f"The folder holds {listing}.",
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


def explain_failure(problem: Exception, location: Location, argument: str = "model") -> TidydlError:
    """Turn what transformers raised while loading into one of our errors."""
    damaged = damaged_file(location)
    if damaged is not None:
        return damaged
    if type(problem).__name__ == "SafetensorError":
        return DamagedFileError(
            f"The weights of '{location.source}' cannot be read: {problem}.",
            allowed="Safetensors files as they were downloaded or saved.",
            hint="Delete the downloaded copy and load the model again.",
        )
    if location.folder is None:
        return _hub_failure(problem, location, argument)
    return _folder_failure(problem, location, argument)


def damaged_file(location: Location) -> DamagedFileError | None:
    """Look for the first file of a local folder that cannot be read as what it should be."""
    if location.folder is None:
        return None
    for path in sorted(location.folder.glob("*.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError as problem:  # bad JSON or bad UTF-8
            return _damage(path, "JSON", problem)
    from safetensors import SafetensorError, safe_open

    for path in sorted(location.folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="np"):
                pass
        except (SafetensorError, OSError) as problem:
            return _damage(path, "safetensors weights", problem)
    return None


def _damage(path: Path, what: str, problem: Exception) -> DamagedFileError:
    return DamagedFileError(
        f"The file '{path}' is damaged: it cannot be read as {what} ({problem}).",
        allowed="The file as it was downloaded or saved, whole.",
        hint="Copy or download the model again.",
    )


def _folder_failure(problem: Exception, location: Location, argument: str) -> TidydlError:
    text = str(problem)
    first = text.strip().splitlines()[0] if text.strip() else type(problem).__name__
    if "does not recognize this architecture" in text:
        import transformers

        return DependencyError(
            f"`{argument}` is '{location.source}', a kind of model that transformers "
            f"{transformers.__version__} does not know.",
            allowed="A kind of model that the installed transformers knows.",
            hint="`pip install --upgrade transformers` may help.",
        )
    if "mismatch" in text and ("size" in text or "shape" in text):
        return DamagedFileError(
            f"The weights in '{location.source}' do not have the shapes that its config.json says.",
            allowed="A config.json and weights that were saved together.",
            hint="Save or copy the model again.",
        )
    return ArgumentError(
        f"`{argument}` is '{location.source}', and transformers cannot load it: {first}",
        allowed=_ALLOWED,
        hint="A folder that save_pretrained() wrote can be loaded.",
    )


def _hub_failure(problem: Exception, location: Location, argument: str) -> TidydlError:
    """Tell the ways apart in which the Hub says no, by the errors behind the one that transformers raises."""
    name = location.source
    kinds = _kinds(problem)
    if "GatedRepoError" in kinds:
        return HubError(
            f"`{argument}` is '{name}', a gated model: its owner grants access one by one.",
            allowed="A model that is open, or one your account has access to.",
            hint="Ask for access on its page, then `hf auth login`.",
        )
    if "RevisionNotFoundError" in kinds:
        return NotFoundError(
            f"`revision` is not known to the model '{name}'.",
            allowed="A branch, a tag or a commit of that model.",
            hint="Leave `revision` out to take the newest.",
        )
    if "RepositoryNotFoundError" in kinds:
        return NotFoundError(
            f"`{argument}` is '{name}', which is neither a folder here nor a model of the Hugging Face Hub.",
            allowed=_ALLOWED,
            hint="Check the spelling; private models need `hf auth login`.",
        )
    if kinds & {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError", "ConnectionError"}:
        return HubError(
            f"`{argument}` is '{name}', which is no folder here and not among the downloaded models, and the "
            "Hugging Face Hub does not answer.",
            allowed="Without a network: the folder of a model, or a model that was downloaded before.",
            hint="example_model() gives models that work without a network.",
        )
    return _folder_failure(problem, location, argument)


def _kinds(problem: BaseException | None) -> set[str]:
    """Collect the class names of an error and of all behind it."""
    found: set[str] = set()
    while problem is not None:
        found.update(kind.__name__ for kind in type(problem).__mro__)
        problem = problem.__cause__ or problem.__context__
    return found

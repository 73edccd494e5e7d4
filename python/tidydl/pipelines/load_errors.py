"""Errors in loading a model from its files, as our own."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tidydl.boundaries import first_line
from tidydl.errors import ArgumentError, DamagedFileError, DependencyError, TidydlError
from tidydl.pipelines.model_location import ALLOWED, Location


def explain_failure(problem: BaseException, location: Location, argument: str = "model") -> TidydlError | None:
    """Turn an error of transformers while loading into one of our own; None if it does not concern the model."""
    if isinstance(problem, (MemoryError, PermissionError)):
        return None
    error = _explained(problem, location, argument)
    return type(error)(_TOKEN.sub("…", error.problem), allowed=error.allowed, hint=error.hint)


_TOKEN = re.compile(r"hf_[A-Za-z0-9]{8,}")  # an access token of the Hub


def _explained(problem: BaseException, location: Location, argument: str) -> TidydlError:
    damaged = damaged_file(location)
    if damaged is not None:
        return damaged
    if not isinstance(problem, Exception):  # a panic of Rust code
        return DamagedFileError(
            f"The tokenizer of '{location.source}' cannot be read: {first_line(problem)}.",
            allowed="A tokenizer.json as it was downloaded or saved.",
            hint="Copy or download the model again.",
        )
    if type(problem).__name__ == "SafetensorError":
        return DamagedFileError(
            f"The weights of '{location.source}' cannot be read: {problem}.",
            allowed="Safetensors files as they were downloaded or saved.",
            hint="Delete the downloaded copy and load the model again.",
        )
    return _folder_failure(problem, location, argument)


def damaged_file(location: Location) -> DamagedFileError | None:
    """Find the first file of a local folder that cannot be read in its format."""
    if location.folder is None:
        return None
    for path in sorted(location.folder.glob("*.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError, OSError) as problem:  # bad JSON or bad UTF-8, too deep, or a folder
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
        allowed="The file as it was downloaded or saved.",
        hint="Copy or download the model again.",
    )


_CODE = ("trust_remote_code", "custom code", "remote code")


def _folder_failure(problem: BaseException, location: Location, argument: str) -> TidydlError:
    text = str(problem)
    first = text.strip().splitlines()[0] if text.strip() else type(problem).__name__
    if any(words in text for words in _CODE):
        return ArgumentError(
            f"`{argument}` is '{location.source}', which needs custom code that is not part of transformers.",
            allowed="Models that transformers supports: custom code is not run by default.",
            hint="`trust_remote_code` runs it; it needs, as `revision`, the full commit hash of code you have read.",
        )
    if "does not recognize this architecture" in text:
        import transformers

        return DependencyError(
            f"`{argument}` is '{location.source}', a kind of model that transformers "
            f"{transformers.__version__} does not know.",
            allowed="A model type that the installed transformers supports.",
            hint="`pip install --upgrade transformers` may help.",
        )
    if isinstance(problem, ImportError) or "torchvision" in text:
        return _library_missing(text, location, argument)
    if "mismatch" in text and ("size" in text or "shape" in text):
        return DamagedFileError(
            f"The weights in '{location.source}' do not have the shapes that its config.json gives.",
            allowed="A config.json and weights that were saved together.",
            hint="Save or copy the model again.",
        )
    return ArgumentError(
        f"`{argument}` is '{location.source}', and transformers cannot load it: {first}",
        allowed=ALLOWED,
        hint="A folder that save_pretrained() wrote can be loaded.",
    )


_LIBRARY = re.compile(r"pip install `?([\w-]+)|requires the ([\w-]+) library|requires `([\w-]+)`")


def _library_missing(text: str, location: Location, argument: str) -> DependencyError:
    """Build the error for a missing library, naming it if transformers does."""
    named = _LIBRARY.search(text)
    library = next((each for each in named.groups() if each), "").lower() if named else ""
    problem = f"`{argument}` is '{location.source}', which needs a library that is missing or cannot be imported"
    if library == "torchvision":
        hint = "Install the torchvision version for your torch, see pytorch.org."
    else:
        hint = f"`pip install {library}`, then restart the session." if library else "The message names it."
    return DependencyError(
        f"{problem}: {library or ' '.join(text.split())[:200]}.",
        allowed="A model whose libraries are installed.",
        hint=hint,
    )

"""The files of a model folder that may be opened: those in it, and of the weights safetensors alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tidydl.boundaries import MODEL_LOADING
from tidydl.errors import ArgumentError, DamagedFileError
from tidydl.pipelines.vetting.settings import SETTINGS, complaint
from tidydl.pipelines.vetting.sizes import large_input, long_list

_INDEX = ".safetensors.index.json"
_DEPTH = 3  # levels of folders that are searched; files named by an index are checked anywhere
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ALLOWED = "A model whose files refer to nothing outside its folder, and whose weights are safetensors files."
_HINT = "Untrusted files can be harmful: load this model only from a source you trust, and without that file or entry."


def vet_folder(folder: Path, source: str, argument: str = "model", *, pickled: bool = False) -> None:
    """Refuse a model folder that would make transformers open, fetch or run more than the files in it.

    The error names the file, what it names, and why that is refused. With ``pickled`` the user has allowed weights
    other than safetensors.
    """
    with MODEL_LOADING.guard(f"`{argument}` is '{source}', which"):
        root = folder.resolve()
        paths = list(_below(folder, _DEPTH))
        for path in paths:
            if path.is_symlink() and not is_within(path, root):
                raise _refusal(source, argument, f"whose '{path.name}' is a link that leaves the folder")
            if not path.is_dir() and not path.is_file() and path.exists():
                raise _refusal(source, argument, f"whose '{path.name}' is a pipe or a device, not a file")
        for path in paths:
            if path.is_file() and (path.name in SETTINGS or _is_versioned(path)):
                settings = settings_of(path)
                why = long_list(settings) or complaint(path, settings, root, pickled=pickled)
                if why is None and "processor_config" in path.name:
                    why = large_input(settings)
                if why is not None:
                    raise _refusal(source, argument, f"whose '{path.name}' {why}")
        for path in paths:
            if path.parent == folder and path.is_file() and _is_read_index(path.name, pickled):
                named_parts(path, source, argument, root, pickled=pickled)


def _is_versioned(path: Path) -> bool:
    """Return whether a file is a config for certain versions of transformers, such as config.4.0.0.json."""
    return path.name.startswith("config.") and path.suffix == ".json"


def _is_read_index(name: str, pickled: bool) -> bool:
    return name.endswith(_INDEX) or (pickled and name == "pytorch_model.bin.index.json")


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """List the paths below a folder; links to folders are listed, not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            yield Path(entry.path)
            if depth > 0 and entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path), depth - 1)


def is_within(path: Path, root: Path) -> bool:
    """Return whether a path, links followed, is in a folder, or in the Hub cache's content for it.

    In the cache a snapshot's files are links to ``blobs``, two folders up, where content is named by its hash.
    """
    end = path.resolve()
    if end.is_relative_to(root):
        return True
    kept = root.parent.parent / "blobs"
    return root.parent.name == "snapshots" and end.parent == kept and _HASH.fullmatch(end.name) is not None


def named_parts(index: Path, source: str, argument: str, root: Path | None = None, *, pickled: bool) -> list[str]:
    """Return the files that an index of weights names, each a plain path of a file that may be opened.

    ``root`` is the folder that has to hold them, links followed; None if they are not there yet.
    """
    weights = settings_of(index).get("weight_map")
    if not isinstance(weights, dict) or not weights:
        raise _damaged(index, "it has no `weight_map`")
    parts = sorted({part if isinstance(part, str) else repr(part) for part in weights.values()})
    for part in parts:
        _refuse_unsafe(part, f"'{index.name}'", source, argument, pickled=pickled)
        if root is not None and not is_within(index.parent / part, root):
            raise _refusal(source, argument, f"whose '{index.name}' names '{part}', a link that leaves the folder")
    return parts


def _refuse_unsafe(part: str, by: str, source: str, argument: str, *, pickled: bool) -> None:
    """Refuse the name of a weight file that is elsewhere, or not safetensors."""
    ends = (".safetensors", ".bin") if pickled else (".safetensors",)
    if not _is_plain(part) or not part.endswith(ends):
        raise _refusal(source, argument, f"where {by} names {part!r:.200} as a file of weights")


def _is_plain(name: str) -> bool:
    """Return whether a name is a plain relative path inside the folder."""
    path = PurePosixPath(name)
    odd = "\\" in name or "\0" in name or ":" in name
    return bool(name) and not odd and not path.is_absolute() and ".." not in path.parts and not name.startswith("~")


def settings_of(path: Path) -> dict[str, Any]:
    """Read a file of settings, which has to hold a JSON object."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise _damaged(path, str(problem) or "it is nested too deep") from problem
    if not isinstance(settings, dict):
        raise _damaged(path, f"it contains a {type(settings).__name__} instead of an object")
    return settings


def _damaged(path: Path, problem: str) -> DamagedFileError:
    return DamagedFileError(
        f"The file '{path}' is damaged: it cannot be read as JSON settings of a model ({problem}).",
        allowed="The file as it was downloaded or saved.",
        hint="Copy or download the model again.",
    )


def _refusal(source: str, argument: str, what: str) -> ArgumentError:
    return ArgumentError(f"`{argument}` is '{source}', {what}.", allowed=_ALLOWED, hint=_HINT)

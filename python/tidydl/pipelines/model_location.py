"""The location of a model: a folder or an id of the Hugging Face Hub."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tidydl.boundaries import DATA_FILES
from tidydl.checks import check_path_name, described
from tidydl.errors import ArgumentError, NotFoundError

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


@dataclass(frozen=True)
class Location:
    """The location of a model or a component: ``folder`` is None for an id of the Hub."""

    source: str
    folder: Path | None

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """Return what changes with a folder: names, sizes and times of its files."""
        if self.folder is None:
            return ()
        with DATA_FILES.guard(f"The folder '{self.folder}'"):
            files = sorted(path for path in self.folder.iterdir() if path.is_file())
            return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


def locate(model: object, argument: str = "model") -> Location:
    """Tell a local folder from an id of the Hub; a known location is returned as it is."""
    if isinstance(model, Location):
        return model
    if not isinstance(model, (str, os.PathLike)) or not str(model).strip():
        raise ArgumentError(f"`{argument}` is {described(model)}.", allowed=ALLOWED, hint="Give it as a string.")
    source = str(model)
    if "://" in source:
        raise ArgumentError(
            f"`{argument}` is a URL.",
            allowed=ALLOWED,
            hint="Write the id alone, or download the model first.",
        )
    check_path_name(argument, source)
    path = Path(source).expanduser()
    is_folder, is_file = _kind_of(path)
    if is_folder:
        return Location(str(path), path)
    if is_file:
        raise ArgumentError(
            f"`{argument}` is the file '{source}'.",
            allowed=ALLOWED,
            hint=f"Give the folder: '{path.parent}'.",
        )
    if isinstance(model, os.PathLike) or _HUB_ID.fullmatch(source) is None:
        raise NotFoundError(
            f"`{argument}` is '{source if len(source) <= 300 else source[:300] + '…'}', and there is no such folder.",
            allowed=ALLOWED,
            hint=f"Relative paths start from '{Path.cwd()}'.",
        )
    return Location(source, None)


def _kind_of(path: Path) -> tuple[bool, bool]:
    """Return whether a path is a folder, and whether it is a file; an invalid path is neither."""
    with DATA_FILES.guard(f"The folder '{path}'"):
        try:
            return path.is_dir(), path.is_file()
        except PermissionError:
            raise
        except (OSError, ValueError):  # too long, or with a zero byte
            return False, False


def require_files(location: Location, names: Sequence[str], *, pickled: bool = False) -> None:
    """Check that a model's files include its config and its weights; pickled weights count only if ``pickled``."""
    if "adapter_config.json" in names:
        raise ArgumentError(
            f"`model` is '{location.source}', whose weights are in an adapter: it has an adapter_config.json.",
            allowed="A model with merged weights.",
            hint="Merge the adapter into the model it was made for, and save that: peft's merge_and_unload().",
        )
    if "config.json" not in names:
        raise _lacks(location, names, "model", "no config.json", "A model folder holds config.json and *.safetensors.")
    other = [name for name in names if name.endswith((".bin", ".h5", ".pt", ".pth")) and "/" not in name]
    if any(fnmatch(name, "*.safetensors") and "/" not in name for name in names):
        return
    if pickled and any(name.endswith(".bin") for name in other):
        return
    what = "no safetensors weights" + (f", only '{other[0]}'" if other else "")
    allowed = "Weights are read from safetensors files: other formats can run code."
    advice = "`use_safetensors` set to false reads *.bin files that you trust. " if other else ""
    raise _lacks(location, names, "model", what, allowed, advice)


def require_component_files(location: Location, names: Sequence[str], name: str, argument: str) -> None:
    """Check that the files include those of a tokenizer, an image processor or another component."""
    if not any(fnmatch(each, pattern) for each in names for pattern in _COMPONENT_FILES[name]):
        raise _lacks(location, names, argument, f"no {name.replace('_', ' ')}", f"Give one by `{name} =`.")


def _lacks(
    location: Location, names: Sequence[str], argument: str, what: str, allowed: str, advice: str = ""
) -> NotFoundError:
    listing = ", ".join(f"'{name}'" for name in sorted(names)[:6]) if names else "nothing"
    of_hub = location.folder is None
    where = f"'{location.source}' of the Hugging Face Hub" if of_hub else f"the folder '{location.folder}'"
    return NotFoundError(
        f"`{argument}` is {where}, which has {what}.",
        allowed=allowed,
        hint=f"{advice}{'It' if of_hub else 'The folder'} holds {listing}.",
    )

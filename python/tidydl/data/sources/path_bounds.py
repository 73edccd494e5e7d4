"""Files that are named by others, by links or by text in files, may not lie outside of the folder they came in."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tidydl import rendering
from tidydl.errors import DataError

_REPOSITORY = re.compile(r"(?:models|datasets|spaces)--.+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_UP = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Bounds:
    """The folder that files came in, out of which neither their links nor the paths in them may lead.

    Parameters
    ----------
    folder
        The folder.
    trusted
        Whether the caller trusts what the files say, so that all may lead anywhere.
    """

    folder: Path
    trusted: bool = False
    _real: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def hold(self, path: str | os.PathLike[str]) -> bool:
        """Return whether a path, links followed, is inside the folder."""
        root, real = self._root(), self._followed(path)
        return real == root or real.startswith(root.rstrip(os.sep) + os.sep)

    def check(self, path: str | os.PathLike[str]) -> None:
        """Refuse a file that was found in the folder and is not inside it.

        Raises
        ------
        DataError
            It is a link, or behind one, that leaves the folder.
        """
        if not self.trusted and not self.hold(path):
            raise DataError(
                f"'{path}' is a link that leaves the folder '{self.folder}'.",
                allowed="Files in the folder of the data set, or below.",
                hint="Copy the file into the folder, or add "
                f"{rendering.argument('trusted', rendering.value(True))} if you trust the data.",
            )

    def check_named(self, path: str | os.PathLike[str]) -> None:
        """Refuse a path that by its name lies in the folder and, links followed, does not.

        Raises
        ------
        DataError
            As :meth:`check`; a path of elsewhere is the caller's own.
        """
        if Path(os.path.abspath(path)).is_relative_to(os.path.abspath(self.folder)):
            self.check(path)

    def _root(self) -> str:
        if "" not in self._real:
            self._real[""] = _repository_of(os.path.realpath(self.folder))
        return self._real[""]

    def _followed(self, path: str | os.PathLike[str]) -> str:
        """Follow links; folders, in which many files lie, once."""
        if _UP.search(os.fspath(path)):  # of a link it is the folder above where that leads
            return os.path.realpath(path)
        path = os.path.abspath(path)
        folder, name = os.path.split(path)
        if not name or os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return os.path.normpath(os.path.join(self._real[folder], name))


def _repository_of(folder: str) -> str:
    """Return the folder that the Hub's client keeps a whole repository in, where this is a version of one.

    The files of a version are links to contents beside it.
    """
    for parent in Path(folder, "_").parents:
        if parent.parent.name == "snapshots" and _REPOSITORY.fullmatch(parent.parent.parent.name):
            return str(parent.parent.parent)
    return folder


def leads_out(text: str) -> str | None:
    """Return why a path or pattern in a file may not be followed: what it is; None where it stays in the folder."""
    if "://" in text or "::" in text or (_SCHEME.match(text) and not _DRIVE.fullmatch(text[:2])):
        return "a URL"
    if text.startswith(("/", "\\")) or _DRIVE.match(text):
        return "an absolute path"
    if text.startswith("~"):
        return "a path in a home folder"
    if ".." in re.split(r"[\\/]", text):
        return "a path that leaves the folder"
    return "no path" if "\0" in text else None


def fixed_part(pattern: str, base: Path) -> Path:
    """Return the folder that all files that a pattern matches are in: what comes before its first wildcard."""
    before = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return base / os.path.dirname(before)

"""Zip files as the tables in them."""

from __future__ import annotations

import os
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path

from tidydl.data.readers.decompression_limits import allowance
from tidydl.data.readers.formats import FORMATS, MEDIA, suffix_of
from tidydl.data.sources.dataset_cards import describes_itself
from tidydl.data.sources.folders import data_files_of
from tidydl.data.sources.unloaded_files import warn_of_other_formats
from tidydl.data.sources.zips import is_whole, unpacked, unpacked_for_good
from tidydl.errors import ArgumentError, DamagedFileError, DataError, NotFoundError
from tidydl.user_warnings import warn_user

_TRIES = 5


def _listed(file: Path, room: ExitStack, keep: bool) -> dict[str, Path]:
    """Unpack a zip file and list it, again where another process deletes it meanwhile.

    Raises
    ------
    DamagedFileError
        Its unpacked files are deleted repeatedly.
    """
    for _ in range(_TRIES):
        folder = _open_zip(file, room, keep)
        try:
            before = folder.stat()
            inside = data_files_of(folder)
            if is_whole(folder, file) and os.path.samestat(before, folder.stat()):
                _warn_of_card(file, folder)
                return inside
        except (FileNotFoundError, NotFoundError):
            continue
    raise DamagedFileError(
        f"`path` '{file}' cannot be read: other processes keep deleting its unpacked files from the cache folder.",
        allowed="A cache folder whose files are not deleted while they are read.",
        hint="Try again after cache(remove = ...) and other cleanup processes have finished.",
    )


def _warn_of_card(file: Path, folder: Path) -> None:
    """Warn of a README in a zip file, or in its only folder, that configures how the data are read."""
    folders = [Path(entry) for entry in os.scandir(folder) if entry.is_dir()]
    if describes_itself(folder) or (len(folders) == 1 and describes_itself(folders[0])):
        warn_user(
            f"The README.md in '{file}' configures how the data are read, but is ignored in a zip file. "
            "To apply it, unpack the file and pass the folder."
        )


def _open_zip(file: Path, room: ExitStack, keep: bool) -> Path:
    """Unpack a zip file into a folder: for good where its files are read later, else until all is read."""
    lasting = tuple(suffix for suffixes in MEDIA.values() for suffix in suffixes)
    try:
        with zipfile.ZipFile(file) as archive:
            keep = keep or any(name.lower().endswith(lasting) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        keep = False  # unpacking says what is wrong
    if keep:
        folder = unpacked_for_good(file)
    else:
        folder = unpacked(file, Path(room.enter_context(tempfile.TemporaryDirectory(prefix="tidydl-"))))
    allowance().put_into(folder)
    return folder


def files_in_zip(file: Path, room: ExitStack, keep: bool) -> dict[str, Path]:
    """Return the data files in a zip file by their paths in it.

    Raises
    ------
    DataError
        One of them is a zip file, whose rows would be lost.
    """
    inside = _listed(file, room, keep)
    packed = next((name for name in inside if name.lower().endswith(".zip")), None)
    if packed is not None:
        raise DataError(
            f"The zip file '{file}' contains another, '{packed}', which is not unpacked.",
            allowed="Zip files of data files.",
            hint="Unpack it first, and give the folder.",
        )
    return inside


def files_of_kind(file: Path, kind: str, room: ExitStack, keep: bool) -> list[Path]:
    """Return a file of a format, or those of that format in a zip file.

    Raises
    ------
    ArgumentError
        The file is packed, or named, in another way.
    NotFoundError
        The zip file holds none.
    """
    if file.suffix.lower() != ".zip":
        if suffix_of(file) not in FORMATS:
            raise ArgumentError(
                f"`data_files` '{file}' is not named as a {kind} file.",
                allowed=f"Files named {', '.join(each for each, of in FORMATS.items() if of == kind)}, also with .gz, "
                ".bz2 or .zst behind it, or in a .zip file.",
                hint="Unpack it first, or rename it.",
            )
        return [file]
    inside = files_in_zip(file, room, keep)
    kinds = {name: FORMATS.get(suffix_of(each), "text") for name, each in inside.items()}
    of_kind = [inside[name] for name in kinds if kinds[name] == kind]
    if not of_kind:
        raise NotFoundError(f"`data_files` '{file}' holds no {kind} files.", allowed=f"A zip file with {kind} files.")
    warn_of_other_formats(f"`data_files` '{file}'", kinds, kind, list(kinds))
    return of_kind

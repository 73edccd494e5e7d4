"""Unpacking zip files that come from anywhere: looked through before a byte is written."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidydl.boundaries import DATA_FILES
from tidydl.data.readers.decompression_limits import RATIO, SMALL, allowance
from tidydl.errors import ArgumentError, DamagedFileError, StorageError, TidydlError
from tidydl.storage import UNPACKED_FROM, abandoned, begun_folder, cache_folder, discard, unpacked_folder

_MOST = 50 * 2**30  # bytes unpacked
_FILES = 1_000_000  # and folders
_LEVELS = 100
FOLDER = 4096  # bytes that a folder takes on the disk, though a name of two bytes makes it
_SAYS_UTF8 = 0x800
_DRIVE = re.compile(r"^[A-Za-z]:")


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack a zip file into a folder.

    Raises
    ------
    ArgumentError
        It would write outside of the folder, is encrypted, or is far larger unpacked than it seems.
    DamagedFileError
        It is no whole zip file.
    StorageError
        There is no room, or the folder cannot be written.
    """
    with _reading(path, folder), zipfile.ZipFile(path, metadata_encoding=_encoding_of_names(path)) as archive:
        _look_through(archive, path)
        archive.extractall(folder)
    return folder


def check_zip(path: Path) -> None:
    """Refuse a zip file that is not safe to unpack, whoever does it.

    Raises
    ------
    ArgumentError, DamagedFileError
        As :func:`unpacked`.
    """
    with _reading(path), zipfile.ZipFile(path) as archive:
        _look_through(archive, path)


@contextmanager
def _reading(path: Path, folder: Path | None = None) -> Iterator[None]:
    """Raise what comes of reading a zip file as our errors; ``folder`` is where it is unpacked."""

    def explain(error: BaseException) -> TidydlError | None:
        if isinstance(error, OSError) and not isinstance(error, (FileNotFoundError, PermissionError)) and folder:
            return StorageError(
                f"`path` '{path}' cannot be unpacked: {error.strerror or error}.",
                allowed="A disk with enough free space.",
                hint=f"It is unpacked in '{folder}'.",
            )
        if isinstance(error, (OSError, MemoryError)):
            return None
        return DamagedFileError(
            f"`path` '{path}' cannot be read as zip: {str(error).rstrip('.') or 'it is truncated'}.",
            allowed="A complete zip file.",
            hint="Open it with the program that wrote it; the download or copy may be incomplete.",
        )

    with DATA_FILES.guard(f"`path` '{path}'", explain):
        yield


def unpacked_for_good(path: Path) -> Path:
    """Unpack a zip file into the cache folder, once: it is found again by what is in it.

    For files that are read later, such as images, which are held as paths.
    """
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:24]
        location = unpacked_folder()
        target = location / digest
        if target.is_dir() and not is_whole(target, path):
            discard(target, lambda: target.is_dir() and not is_whole(target, path))
        if target.is_dir():
            check_zip(path)
            with suppress(OSError):  # of a folder that only others can write to
                os.utime(target)  # when it was used last
            return target
        location.mkdir(parents=True, exist_ok=True)
        for left in abandoned(location):
            shutil.rmtree(left, ignore_errors=True)
        begun = begun_folder(location)
    except OSError as error:
        raise StorageError(
            f"'{cache_folder()}' cannot be written: {error.strerror or error}.",
            allowed="A writable cache folder.",
            hint="Set TIDYDL_CACHE to one, or unpack the zip file yourself.",
        ) from error
    with begun as scratch:
        unpacked(path, scratch)
        _note_source(scratch / UNPACKED_FROM, path)
        try:
            os.replace(scratch, target)
        except OSError:
            if not target.is_dir():  # else another process was there first
                raise
    return target


def _note_source(note: Path, path: Path) -> None:
    """Note the zip file that was unpacked, in the place of what in it is called so."""
    if note.is_dir():
        shutil.rmtree(note)
    note.write_text(os.fspath(path.absolute()), "utf-8", "surrogateescape")


def is_whole(folder: Path, path: Path) -> bool:
    """Return whether all files that were unpacked of a zip file are there still, of the size that they had."""
    with zipfile.ZipFile(path, metadata_encoding=_encoding_of_names(path)) as archive:
        return all(
            _has_size(folder / info.filename, info.file_size) for info in archive.infolist() if not _is_ours(info)
        )


def _has_size(path: Path, size: int) -> bool:
    try:
        status = path.stat()
    except OSError:  # it is gone
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size


def _is_ours(info: zipfile.ZipInfo) -> bool:
    return info.is_dir() or info.filename.partition("/")[0].lower() == UNPACKED_FROM


def _encoding_of_names(path: Path) -> str | None:
    """Return the encoding of names that do not say theirs: UTF-8 where they can be, as R's ``zip()`` writes them."""
    with zipfile.ZipFile(path) as archive:
        silent = [info.orig_filename for info in archive.infolist() if not info.flag_bits & _SAYS_UTF8]
    try:
        for name in silent:
            name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return None
    return "utf-8"


def _look_through(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse a zip file that is not what a data set is packed as."""
    infos = archive.infolist()
    written: set[tuple[str, ...]] = set()
    for info in infos:
        name = info.orig_filename
        location = tuple(_as_stored(part) for part in info.filename.split("/") if part not in ("", "."))
        if len(location) > _LEVELS:
            raise _unsafe(path, f"holds '{name:.60}…', a path with {len(location):,} levels")
        if not info.is_dir() and location in written:
            raise _unsafe(path, f"holds '{name}' twice, and only the last of them would be read")
        written.add(location)
        parts = re.split(r"[\\/]", name)
        if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts:
            raise _unsafe(path, f"holds '{name}', which would be written outside its folder")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _unsafe(path, f"holds '{name}', a link to elsewhere")
        if info.flag_bits & 0x1:
            raise ArgumentError(
                f"`path` '{path}' is encrypted.",
                allowed="A zip file without a password.",
                hint="Unpack it yourself and give the folder.",
            )
    folders = folders_in(info.filename for info in infos)
    total = sum(info.file_size for info in infos) + FOLDER * folders
    packed, shared = path.stat().st_size, allowance()
    left = shared.left(path)
    if total > _MOST or len(infos) + folders > _FILES or total > left:
        what = f"claims to hold {total / 2**30:.1f} GiB in {len(infos)} files"
        raise _unsafe(path, f"{what} and {folders} folders, compressed to {packed} bytes")
    shared.add(path, total)


def folders_in(names: Iterable[str]) -> int:
    """Count the folders that the names of files imply, listed or not; beyond a million they are not counted."""
    folders: dict[tuple[int, str], int] = {}  # a folder by the number of that above it, and its name
    for name in names:
        above = 0
        for part in name.split("/")[:-1]:
            above = folders.setdefault((above, part), len(folders) + 1)
        if len(folders) > _FILES:
            break
    return len(folders)


def _as_stored(name: str) -> str:
    """Return what tells a name of a file from others here: not its case everywhere, nor the form of its accents."""
    if os.name == "nt":  # where zipfile renames some, too
        name = re.sub(r'[:<>|"?*]', "_", name).rstrip(" .")
    return unicodedata.normalize("NFC", name).casefold() if os.name == "nt" or sys.platform == "darwin" else name


def _unsafe(path: Path, what: str) -> ArgumentError:
    return ArgumentError(
        f"`path` '{path}' {what}.",
        allowed=f"Zip files that unpack to at most {_MOST // 2**30} GiB each, together to {RATIO} times their size or "
        f"{SMALL // 2**20} MiB, to at most {_FILES:,} files and folders and {_LEVELS} levels of folders.",
        hint="If you trust its source, unpack it yourself and give the folder.",
    )

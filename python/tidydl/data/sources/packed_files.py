"""Packed files that ``datasets`` unpacks by itself: looked through before, and what is packed in them once more."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from tidydl.data.readers.decompression_limits import allowance, one_allowance
from tidydl.data.readers.formats import MEDIA, Unpacked, too_much
from tidydl.data.readers.read_errors import reading
from tidydl.data.sources.zips import FOLDER, check_zip, folders_in

_CHUNK = 2**20
_NOT_PACKED = tuple(suffix for suffixes in MEDIA.values() for suffix in suffixes)  # which nobody unpacks
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tgz")  # by the names of which pandas unpacks, too


def check_packed(path: Path) -> None:
    """Refuse a packed file, told by what is in it, that is far larger unpacked than on the disk.

    Raises
    ------
    DamagedFileError, ArgumentError
        It is, by itself or with those that were read before it; or it cannot be unpacked.
    """
    if path.suffix.lower() in _NOT_PACKED:
        return
    if zipfile.is_zipfile(path):
        check_zip(path)
    with reading(str(path), "packed"), one_allowance():
        allowance().put_into(path)
        with open(path, "rb") as file:
            _count(file, str(path))
        for name, member in _members(path):
            _count(member, f"{path}/{name}")


def _count(file: IO[bytes], path: str) -> None:
    """Read what is in a packed file, which is refused where it is too much."""
    head = file.read(6)
    file.seek(0)
    opener = next((each for start, each in _OPENERS.items() if head.startswith(start)), None)
    if head.startswith(b"PK") and zipfile.is_zipfile(file):
        infos, most = zipfile.ZipFile(file).infolist(), allowance().left(path)
        claimed = sum(info.file_size for info in infos) + FOLDER * folders_in(info.filename for info in infos)
        if claimed > most:
            raise too_much(path)
        allowance().add(path, claimed)
    elif opener is not None:
        with Unpacked(opener(file), path) as stream:
            while stream.read(_CHUNK):
                pass


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the packed files in a zip or tar file, which must not be too large; holes in a tar file take no room."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.lower().endswith(_PACKED):
                    yield info.filename, archive.open(info)
    elif tarfile.is_tarfile(path):
        most, total, names = allowance().left(path), 0, []
        with tarfile.open(path) as packed:
            for member in packed:
                total += member.size
                names.append(member.name)
                if total > most:
                    raise too_much(str(path))
                opened = packed.extractfile(member) if member.name.lower().endswith(_PACKED) else None
                if opened is not None:
                    yield member.name, opened
        total += FOLDER * folders_in(names)
        if total > most:
            raise too_much(str(path))
        allowance().add(path, total)


def _of_zstd(file: IO[bytes]) -> Any:
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x5d\0\0": lzma.open,
    b"\x28\xb5\x2f\xfd": _of_zstd,
}

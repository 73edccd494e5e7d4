"""Atomic writes of files and folders, also with concurrent readers and writers."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import stat
import sys
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from tidydl import rendering
from tidydl.boundaries import FULL_DISK, PASSING, WRITTEN_FILES
from tidydl.errors import StorageError, TidydlError

_MOST_LINKS = 40  # one after the other, as on Linux


def write_whole(path: str | os.PathLike[str], text: str | bytes, subject: str | None = None) -> None:
    """Write a text or bytes to a file atomically: see :func:`whole_file`."""
    with whole_file(path, subject) as file:
        file.write(text.encode("utf-8", errors="replace") if isinstance(text, str) else text)


@contextmanager
def whole_file(path: str | os.PathLike[str], subject: str | None = None) -> Iterator[IO[bytes]]:
    """Write a file atomically: it takes its name when all of it is on the disk.

    Until then it has a hidden random name in the same folder, which is created exclusively: nothing that is there, a
    link included, is ever written through. A file that is replaced passes on its mode. If ``path`` is a link, it stays
    one, and its target is replaced; links of other users in folders that others may write to are refused, anywhere in
    the path. Of several writers at once, the last one wins. What a killed process left behind is removed by the next
    writer of the same path.

    If the file cannot be written (its folder is missing or protected, the disk is full, ``path`` is a folder, a device
    or a pipe, or what writes it fails otherwise) a StorageError calls it ``subject``.
    """
    subject = subject or f"'{os.fspath(path)}'"
    try:
        target = real_path(path, subject)
        refuse_missing_folder(target, subject)
        mode = _mode_of(target, subject)
        begun = begun_beside(target)
        try:
            with open(begun, "xb", opener=_private if mode is not None else None) as file:
                if mode is not None:
                    _set_mode(file, begun, mode)
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(begun, target)
        except BaseException:
            with suppress(OSError):
                begun.unlink(missing_ok=True)
            raise
    except (*PASSING, TidydlError):
        raise
    except BaseException as problem:
        raise unwritable(subject, problem) from problem


@contextmanager
def whole_folder(path: str | os.PathLike[str], subject: str | None = None) -> Iterator[Path]:
    """Build a folder atomically: the folder that is yielded takes the name when the block ends."""
    subject = subject or f"'{os.fspath(path)}'"
    begun = None
    try:
        refuse_missing_folder(Path(path), subject)
        begun = begun_beside(Path(path))
        begun.mkdir()
        yield begun
        os.rename(begun, path)
    except (*PASSING, TidydlError):
        raise
    except BaseException as problem:
        raise unwritable(subject, problem) from problem
    finally:
        if begun is not None:
            shutil.rmtree(begun, ignore_errors=True)


def refuse_missing_folder(path: Path, subject: str) -> None:
    """Refuse a path in a folder that does not exist, saying how to make it."""
    folder = path.absolute().parent
    if not folder.exists():
        created = rendering.by_language(f"os.makedirs('{folder}')", f"dir.create('{folder}', recursive = TRUE)")
        raise StorageError(
            f"{subject} is in the folder '{folder}', which does not exist.",
            allowed="A folder that exists.",
            hint=f"Create it first: {created}.",
        )


def unwritable(subject: str, problem: BaseException) -> TidydlError:
    """Build the error for a path that cannot be written; that of a full disk says so."""
    if not isinstance(problem, OSError) or problem.errno in FULL_DISK:
        return WRITTEN_FILES.error_for(problem, subject)
    return StorageError(
        f"{subject} cannot be written: {problem.strerror or problem}.",
        allowed="A path in a writable folder, on a disk with free space.",
    )


def _mode_of(target: Path, subject: str) -> int | None:
    """Return the mode of the file that is replaced, None if there is none; refuse anything but a file."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(f"{subject} cannot be written: it is not a regular file.", allowed="The path of a file.")
    return stat.S_IMODE(status.st_mode) & 0o777  # without setuid and setgid


def real_path(path: str | os.PathLike[str], subject: str) -> Path:
    """Return where a path leads once all links in it are followed.

    A link that another user left where others may put links, as in the folder for temporary files, is refused.
    """
    if not hasattr(os, "getuid"):
        return Path(os.path.realpath(path))
    whole = Path(os.getcwd(), path)
    here, left = Path(whole.anchor), [*reversed(whole.parts[1:])]
    links = 0
    while left:
        part = left.pop()
        entry = here.parent if part == os.pardir else here / part
        if not entry.is_symlink():
            here = entry
            continue
        _refuse_planted(entry, subject)
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = Path(os.readlink(entry))
        here = Path(target.anchor) if target.is_absolute() else here
        left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return here


def _refuse_planted(link: Path, subject: str) -> None:
    """Refuse a link of another user in a folder that others may write to, as the system does in ``/tmp``."""
    folder = link.parent.stat()
    is_trusted = link.lstat().st_uid in (0, os.getuid(), folder.st_uid)
    if not is_trusted and folder.st_mode & (stat.S_ISVTX | stat.S_IWOTH | stat.S_IWGRP):
        raise StorageError(
            f"{subject} cannot be written: '{link}' is a link that another user made in a shared folder.",
            allowed="A path without links of other users.",
        )


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _set_mode(file: IO[bytes], begun: Path, mode: int) -> None:
    with suppress(OSError):  # a file system without modes
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), mode)
        else:
            begun.chmod(mode)


def begun_beside(path: Path) -> Path:
    """Return a hidden random name beside a path, and delete such files of processes that have ended.

    The name has the machine and the process, so that others see whether its owner is alive. Create what gets the
    name exclusively.
    """
    start = f".{path.name[:40]}."
    here = f"{start}{_machine()}-"
    for left in _names_in(path.parent):
        who, _, rest = left[len(here) :].partition("-")
        if left.startswith(here) and who.isdecimal() and rest and _has_ended(int(who)):
            _delete(path.parent / left)
    return path.with_name(f"{here}{os.getpid()}-{uuid.uuid4().hex[:16]}")


@cache
def _machine() -> str:
    """Return the scope of process numbers: the machine, or its container."""
    identifiers = [platform.node()]
    if sys.platform == "linux":
        with suppress(OSError):
            identifiers.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        with suppress(OSError):
            identifiers.append(os.readlink("/proc/self/ns/pid"))
    return f"{zlib.crc32('|'.join(identifiers).encode()):08x}"


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # one that can be written without being read
        return []


def _delete(left: Path) -> None:
    with suppress(OSError):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _has_ended(process: int) -> bool:
    if os.name != "posix":  # where asking would end it
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    return False

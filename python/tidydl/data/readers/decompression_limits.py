"""How much comes out of the files of one load: in proportion to what was read of the disk, over all of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

RATIO = 200  # unpacked to packed, far above what tables and images reach
SMALL = 100 * 2**20  # bytes that do no harm, however much they were packed


class Allowance:
    """Which files were opened, what they take on the disk, and what came out of them.

    A file that is opened again counts once, with the most that was read of it.

    Parameters
    ----------
    small
        How many bytes do no harm, however small the files are.
    most
        How many bytes are too much, however large the files are.
    """

    def __init__(self, small: float, most: float) -> None:
        self._small, self._most = small, most
        self._unpacked: dict[str, int] = {}
        self._seen: set[tuple[int, int]] = set()
        self._folders: list[str] = []
        self._on_disk = self._total = 0

    def left(self, path: str | os.PathLike[str]) -> float:
        """Count a file as read of the disk, and return how many bytes may come out of it."""
        name = os.path.abspath(path)
        if name not in self._unpacked:
            self._unpacked[name] = 0
            if not name.startswith(tuple(self._folders)):  # else it came out of what is counted already
                self._count(os.stat(path))
        allowed = min(self._most, max(self._small, RATIO * self._on_disk))
        return allowed - self._total + self._unpacked[name]

    def _count(self, there: os.stat_result) -> None:
        file = (there.st_dev, there.st_ino)  # one on the disk, whatever links lead to it
        if file not in self._seen:
            self._seen.add(file)
            self._on_disk += there.st_size

    def add(self, path: str | os.PathLike[str], unpacked: int) -> None:
        """Note how many bytes have come out of a file."""
        name = os.path.abspath(path)
        more = unpacked - self._unpacked[name]
        if more > 0:
            self._unpacked[name] = unpacked
            self._total += more

    def put_into(self, folder: Path) -> None:
        """Note where a packed file was unpacked, or itself: packed files in there take no more room on the disk."""
        self._folders.append(os.path.join(os.path.abspath(folder), ""))


_packed: ContextVar[Allowance | None] = ContextVar("_packed", default=None)
_in_memory: ContextVar[Allowance | None] = ContextVar("_in_memory", default=None)


def allowance() -> Allowance:
    """Return what packed files may unpack to in the load at work, or in a new one where nothing is loaded."""
    return _packed.get() or Allowance(SMALL, math.inf)


def allowance_of_memory() -> Allowance:
    """Return what tables may take in memory in the load at work: a part of it, or more where the files are large."""
    return _in_memory.get() or Allowance(memory() / 4, memory())


def memory() -> float:
    """Return how many bytes of memory this machine has, or infinity where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


@contextmanager
def one_allowance() -> Iterator[None]:
    """Let all files that are opened meanwhile share one allowance."""
    packed, in_memory = _packed.set(allowance()), _in_memory.set(allowance_of_memory())
    try:
        yield
    finally:
        _packed.reset(packed)
        _in_memory.reset(in_memory)

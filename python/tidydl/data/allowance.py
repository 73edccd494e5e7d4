"""How much packed files may unpack to: in proportion to what was read of the disk, over all files of one load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

__all__ = ["RATIO", "SMALL", "Allowance", "allowance", "one_allowance"]

RATIO = 200  # unpacked to packed, far above what tables and images reach
SMALL = 100 * 2**20  # bytes that do no harm, however much they were packed


class Allowance:
    """What packed files were opened, what they take on the disk, and what came out of them.

    A file that is opened again counts once, with the most that was read of it.
    """

    def __init__(self) -> None:
        self._unpacked: dict[str, int] = {}
        self._seen: set[tuple[int, int]] = set()
        self._folders: list[str] = []
        self._on_disk = self._total = 0

    def left(self, path: str | os.PathLike[str]) -> int:
        """Count a packed file as read of the disk, and return how many bytes may come out of it."""
        name = os.path.abspath(path)
        if name not in self._unpacked:
            self._unpacked[name] = 0
            if not name.startswith(tuple(self._folders)):  # else it came out of what is counted already
                self._count(os.stat(path))
        return max(SMALL, RATIO * self._on_disk) - self._total + self._unpacked[name]

    def _count(self, there: os.stat_result) -> None:
        file = (there.st_dev, there.st_ino)  # one on the disk, whatever links lead to it
        if file not in self._seen:
            self._seen.add(file)
            self._on_disk += there.st_size

    def add(self, path: str | os.PathLike[str], unpacked: int) -> None:
        """Note how many bytes have come out of a packed file."""
        name = os.path.abspath(path)
        more = unpacked - self._unpacked[name]
        if more > 0:
            self._unpacked[name] = unpacked
            self._total += more

    def put_into(self, folder: Path) -> None:
        """Note where a packed file was unpacked, or itself: packed files in there take no more room on the disk."""
        self._folders.append(os.path.join(os.path.abspath(folder), ""))


_allowance: ContextVar[Allowance | None] = ContextVar("_allowance", default=None)


def allowance() -> Allowance:
    """Return the allowance of the load at work, or a new one where nothing is loaded."""
    return _allowance.get() or Allowance()


@contextmanager
def one_allowance() -> Iterator[None]:
    """Let all packed files that are opened meanwhile share one allowance."""
    before = _allowance.set(allowance())
    try:
        yield
    finally:
        _allowance.reset(before)

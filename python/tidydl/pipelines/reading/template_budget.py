"""The budget of one run of a chat template: steps, seconds, and bytes of all values, alive or not."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import GeneratorType, MappingProxyType
from typing import Any

CHARACTERS = 10_000_000  # of what a template makes, and of each text on the way
SECONDS = 10.0
_STEPS = 1_000_000
_BYTES = 400_000_000  # of everything that is made in a run
_ENTRY = 100  # bytes of an entry of a list, and of a short text in it
_KEPT = 400  # bytes of what is known of a list, and of a filter that waits
_WRITTEN = 12  # bytes at most that a character takes while it is written by repr(), as JSON or in capitals
_BITS = 10_000  # of a whole number
_DEEPEST = 200  # lists in lists
_VIEWS: Any = (type({}.keys()), type({}.values()), type({}.items()))
HOLDING: Any = (list, tuple, dict, set, frozenset, MappingProxyType, *_VIEWS)
_local = threading.local()


class TemplateLimitError(Exception):
    """A template exceeds its budget; the message is the end of a sentence about it."""


class Budget:
    """The remaining budget of a run of a template."""

    def __init__(self) -> None:
        self._steps, self._bytes, self._until = 0, 0, time.monotonic() + SECONDS
        self._measured: dict[int, tuple[int, int, Any]] = {}  # by id: size, depth, and what it is, so no id comes again

    def spend(self, steps: int = 1) -> None:
        """Count steps, and check the time."""
        self._steps += steps
        if self._steps > _STEPS:
            raise TemplateLimitError(f"it takes more than {_STEPS:,} steps")
        if time.monotonic() > self._until:
            raise TemplateLimitError(f"it takes longer than {SECONDS:.0f} seconds")

    def one_by_one(self, values: Iterable[Any]) -> Iterator[Any]:
        """Count the values of an iterator; lists among them are new."""
        for value in values:
            self.spend()
            yield self.charge(value, _ENTRY) if isinstance(value, (list, tuple)) else value

    def lazy(self, values: Iterable[Any], source: object) -> Iterator[Any]:
        """Count values as one_by_one() does, and the depth of nested iterators."""
        iterator = self.one_by_one(values)
        self._keep(iterator, 0, self._measure(source)[1])
        return iterator

    def charge_bytes(self, size: int) -> None:
        """Count allocated bytes."""
        self._bytes += size
        self.room(0)

    def room(self, size: float) -> None:
        """Refuse bytes beyond the budget, before they are allocated."""
        if self._bytes + size > _BYTES:
            raise TemplateLimitError(f"it makes texts and lists of more than {_BYTES // 1_000_000} MB in all")

    def room_to_write(self, size: float) -> None:
        """Refuse to write a value with too many characters, as str(), repr() and JSON would."""
        self.room(_WRITTEN * size)

    def room_for_entries(self, count: int) -> None:
        """Refuse a list of too many new entries."""
        self.room(_ENTRY * count)

    def charge(self, value: Any, entry: int = 0) -> Any:
        """Count a new value, with a number of bytes for each new entry, and return it."""
        if isinstance(value, str):
            room_for(len(value))
        elif isinstance(value, HOLDING):
            self._measure(value)
            self.charge_bytes(entry * len(value))
        elif isinstance(value, int):
            refuse_bits(value.bit_length())
        self.charge_bytes(sys.getsizeof(value))
        return value

    def charge_new(self, value: object) -> Any:
        """Count a new value and its entries."""
        return self.charge(value, _ENTRY)

    def size(self, value: object) -> int:
        """Return the approximate length of a value as text; repeated entries count each time."""
        if isinstance(value, (str, bytes)):
            return len(value)
        if isinstance(value, HOLDING):
            return self._measure(value)[0]
        return _ENTRY + value.bit_length() // 3 if isinstance(value, int) else _ENTRY

    def depth(self, value: object) -> int:
        """Return the depth of nested lists."""
        return self._measure(value)[1]

    def _measure(self, value: object) -> tuple[int, int]:
        """Return size and depth; each list is measured once, as no template can change it."""
        measured = self._measured.get(id(value))
        if measured is not None:
            return measured[:2]
        if not isinstance(value, HOLDING):
            return 0, 0
        size, depth = _ENTRY * len(value), 0
        for each in _parts(value):
            if isinstance(each, (str, bytes)):
                size += len(each)
            elif isinstance(each, (GeneratorType, *HOLDING)):
                inner, below = self._measure(each)
                size, depth = size + inner, max(depth, below)
            elif isinstance(each, int):
                size += each.bit_length() // 3
            room_for(size)
        self._keep(value, size, depth)
        return size, depth + 1

    def _keep(self, value: object, size: int, depth: int) -> None:
        if depth >= _DEEPEST:
            raise TemplateLimitError(f"it nests lists more than {_DEEPEST} deep")
        self._measured[id(value)] = size, depth + 1, value
        self.charge_bytes(_KEPT)


def _parts(value: Any) -> Iterable[Any]:
    value = value.mapping if isinstance(value, _VIEWS) else value
    return (*value, *value.values()) if isinstance(value, (dict, MappingProxyType)) else value


def room_for(characters: float) -> None:
    """Refuse a string that is too long, before it is built."""
    if characters > CHARACTERS:
        raise TemplateLimitError(f"it makes more than {CHARACTERS:,} characters")


def refuse_bits(bits: int) -> None:
    """Refuse a whole number that is too large, before it is computed."""
    if bits > _BITS:
        raise TemplateLimitError(f"it makes numbers of more than {_BITS:,} bits")


@contextmanager
def spending() -> Iterator[None]:
    """Make the templates that run in this block, in this thread, share one budget."""
    _local.budget = Budget()
    try:
        yield
    finally:
        _local.budget = None


def budget() -> Budget:
    """Return the budget of this thread, a new one outside of :func:`spending`."""
    return getattr(_local, "budget", None) or Budget()

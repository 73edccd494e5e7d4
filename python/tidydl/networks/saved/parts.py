"""The parts of a saved network: numbers are written without loss, and read with every length checked."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from tidydl.data.arrow.nan_and_null import NOT_MISSING
from tidydl.errors import DamagedFileError

_LOW_WORD = 0xFFFFFFFF
_OF_R = 1954  # the low word of R's NA, whatever has made it quiet
MISSING: float = struct.unpack("<d", struct.pack("<Q", 0x7FF80000000007A2))[0]
_NAN: float = struct.unpack("<d", struct.pack("<Q", NOT_MISSING))[0]  # which the bridge takes to R as NaN
_NOT_FINITE = {"NaN": _NAN, "Inf": math.inf, "-Inf": -math.inf}
_LARGEST = 2**53


def numbers_text(values: npt.ArrayLike) -> list[Any]:
    """Write doubles for JSON, whose numbers are finite.

    What is not finite is ``"NaN"``, ``"Inf"`` or ``"-Inf"``; R's missing number is null.
    """
    doubles = np.asarray(values, dtype=float).ravel()
    return [value if math.isfinite(value) else number_text(value) for value in doubles.tolist()]


def number_text(value: float) -> Any:
    """Write one double as :func:`numbers_text` writes several."""
    if math.isfinite(value):
        return value
    if not math.isnan(value):
        return "Inf" if value > 0 else "-Inf"
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return None if bits & _LOW_WORD == _OF_R else "NaN"


class Part:
    """An object of a saved network's JSON, whose values are checked when they are read.

    Messages name the ``file`` and the ``place`` in it.
    """

    def __init__(self, values: object, file: str, place: str = ""):
        self.file = file
        self.place = place
        if not isinstance(values, dict):
            raise self.fault(f"'{place}' is not an object" if place else "it is not an object")
        self._values = values

    def fault(self, what: str) -> DamagedFileError:
        """Build the error for a file with invalid contents."""
        return DamagedFileError(
            f"`file` '{self.file}' is damaged: {what}.",
            allowed="The file as save_model() wrote it.",
            hint="Save the network again.",
        )

    def _name(self, name: str) -> str:
        return f"{self.place}${name}" if self.place else name

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise self.fault(f"'{self._name(name)}' is missing")
        return self._values[name]

    def _wrong(self, name: str, allowed: str) -> DamagedFileError:
        return self.fault(f"'{self._name(name)}' is not {allowed}")

    @property
    def names(self) -> list[str]:
        """The names of the values."""
        return list(self._values)

    def is_null(self, name: str) -> bool:
        """Return whether a value is null or absent."""
        return self._values.get(name) is None

    def part(self, name: str) -> Part:
        """Return an object."""
        return Part(self._value(name), self.file, self._name(name))

    def parts(self, name: str) -> list[Part]:
        """Return a list of objects."""
        return [Part(each, self.file, f"{self._name(name)}[{i}]") for i, each in enumerate(self._list(name), start=1)]

    def _list(self, name: str) -> list[Any]:
        value = self._value(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def _of_length(self, name: str, length: int | None) -> list[Any]:
        values = self._list(name)
        if length is not None and len(values) != length:
            raise self.fault(f"'{self._name(name)}' has {len(values)} values for {length}")
        return values

    def numbers(self, name: str, length: int | None = None) -> np.ndarray:
        """Return doubles, of the given length, if any; null is missing."""
        try:
            return np.array([_double(value) for value in self._of_length(name, length)], dtype=float)
        except (TypeError, OverflowError):
            raise self._wrong(name, "numbers") from None

    def matrix(self, name: str, rows: int, columns: int) -> np.ndarray:
        """Return doubles, rows by columns, written row by row."""
        return self.numbers(name, rows * columns).reshape(rows, columns)

    def number(self, name: str) -> float:
        """Return one double."""
        try:
            return _double(self._value(name))
        except (TypeError, OverflowError):
            raise self._wrong(name, "one number") from None

    def whole(self, name: str, most: int = _LARGEST) -> int:
        """Return a whole number of at least 0."""
        value = self._value(name)
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not right or not 0 <= value <= most or value % 1 != 0:
            raise self._wrong(name, "a whole number of the right size")
        return int(value)

    def wholes(self, name: str, length: int | None = None) -> list[int]:
        """Return whole numbers."""
        values = self.numbers(name, length)
        if not (np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) <= _LARGEST)).all():
            raise self._wrong(name, "whole numbers")
        return [int(value) for value in values]

    def optional_whole(self, name: str, most: int = _LARGEST) -> int | None:
        """Return a whole number, or None where it is null."""
        return None if self.is_null(name) else self.whole(name, most)

    def flag(self, name: str) -> bool:
        """Return a logical."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def length(self, name: str) -> int:
        """Return the length of a list."""
        return len(self._list(name))

    def flags(self, name: str, length: int) -> np.ndarray:
        """Return logicals."""
        values = self._of_length(name, length)
        if not all(isinstance(value, bool) for value in values):
            raise self._wrong(name, "true or false for each")
        return np.array(values, dtype=bool)

    def text(self, name: str) -> str:
        """Return one text."""
        value = self._value(name)
        if not _is_text(value):
            raise self._wrong(name, "a text")
        return value

    def texts(self, name: str, length: int | None = None, *, distinct: bool = False) -> tuple[str, ...]:
        """Return texts."""
        values = self._of_length(name, length)
        if not all(_is_text(value) for value in values) or (distinct and len(set(values)) < len(values)):
            raise self._wrong(name, "different texts" if distinct else "texts")
        return tuple(values)

    def choice(self, name: str, choices: Iterable[str]) -> str:
        """Return one of some texts."""
        value = self.text(name)
        if value not in choices:
            raise self._wrong(name, "known")
        return value

    def raw(self, name: str) -> Any:
        """Return a value as JSON has it."""
        return self._value(name)


def _double(value: object) -> float:
    if value is None:
        return MISSING
    if isinstance(value, str):
        if value not in _NOT_FINITE:
            raise TypeError
        return _NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return float(value)


def _is_text(value: object) -> bool:
    """Return whether a value is text that can be shown: JSON can hold lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

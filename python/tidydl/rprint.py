"""Numbers and named vectors written as R prints them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_WIDTH = 80  # characters of a line


def format_numbers(values: Sequence[float], digits: int = 7) -> list[str]:
    """Write numbers as R's ``format()``: alike in decimals and width, at least ``digits`` significant ones shown.

    Source: R's help pages ``?format`` and ``?print.default``.
    """
    finite = [_parts(value, digits) for value in values if math.isfinite(value)]
    decimals = max((max(0, signif - exponent - 1) for _, exponent, signif in finite), default=0)
    left = max((negative + max(exponent, 0) + 1 for negative, exponent, _ in finite), default=0)
    signif = max((signif for _, _, signif in finite), default=1)
    widest = max((abs(exponent) for _, exponent, _ in finite), default=0)
    negative = any(negative for negative, _, _ in finite)
    scientific = negative + signif + (signif > 1) + (5 if widest >= 100 else 4)
    if left + decimals + (decimals > 0) <= scientific:
        texts, width = [_special(value) or f"{value + 0.0:.{decimals}f}" for value in values], 0
    else:
        texts, width = [_special(value) or f"{value + 0.0:.{signif - 1}e}" for value in values], scientific
    width = max(width, *map(len, texts)) if texts else 0
    return [text.rjust(width) for text in texts]


def _parts(value: float, digits: int) -> tuple[bool, int, int]:
    """Return the sign, the decimal exponent and the significant digits needed, at most ``digits``."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    shown = mantissa.lstrip("-").replace(".", "").rstrip("0")
    return value < 0, int(exponent), max(len(shown), 1)


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    return None if math.isfinite(value) else ("Inf" if value > 0 else "-Inf")


def named_vector(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Lay out a named vector in lines as R's ``print()`` does: names above values, right-aligned."""
    cell = max(map(len, [*names, *texts]))
    per_line = max(_WIDTH // (cell + 1), 1)
    lines = []
    for at in range(0, len(names), per_line):
        for row in (names, texts):
            lines.append("".join(text.rjust(cell) + " " for text in row[at : at + per_line]))
    return lines


def number_matrix(values: np.ndarray, row_names: Sequence[str], column_names: Sequence[str]) -> list[str]:
    """Lay out a matrix of numbers as R's ``print()`` does: each column formatted by itself, right-aligned."""
    columns = [format_numbers([float(row[j]) for row in values]) for j in range(len(column_names))]
    return _columns(columns, row_names, column_names, str.rjust)


def text_matrix(values: np.ndarray, row_names: Sequence[str], column_names: Sequence[str]) -> list[str]:
    """Lay out a matrix of texts as R's ``print(quote = FALSE)`` does, left-aligned."""
    columns = [[str(row[j]) for row in values] for j in range(len(column_names))]
    return _columns(columns, row_names, column_names, str.ljust)


def _columns(
    columns: Sequence[Sequence[str]],
    row_names: Sequence[str],
    column_names: Sequence[str],
    align: Callable[[str, int], str],
) -> list[str]:
    """Print columns side by side under their names, as many as fit the width, then the next below."""
    left = max(map(len, row_names), default=0)
    widths = [max(map(len, [name, *texts])) for name, texts in zip(column_names, columns, strict=True)]
    lines, at = [], 0
    while at < len(columns):
        end, used = at + 1, left + 1 + widths[at]
        while end < len(columns) and used + 1 + widths[end] < _WIDTH:
            used, end = used + 1 + widths[end], end + 1
        for i, name in enumerate(["", *row_names]):
            cells = [column_names[j] if i == 0 else columns[j][i - 1] for j in range(at, end)]
            aligned = [align(cell, widths[j]) for cell, j in zip(cells, range(at, end), strict=True)]
            lines.append(" ".join([name.ljust(left), *aligned]))
        at = end
    return lines


def level_text(value: object) -> str:
    """Write a value as R's ``as.character()`` does, and so as ``factor()`` names its level."""
    if type(value).__name__ in ("bool", "bool_"):
        return "TRUE" if value else "FALSE"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return _double_text(float(value))
    return str(value)


def _double_text(value: float) -> str:
    """Write a double to 15 significant digits, with an exponent only where that is shorter."""
    special = _special(value)
    if special is not None:
        return special
    negative, exponent, digits = _parts(value, 15)
    decimals = max(0, digits - exponent - 1)
    left = negative + max(exponent, 0) + 1
    scientific = negative + digits + (digits > 1) + (5 if abs(exponent) >= 100 else 4)
    if left + decimals + (decimals > 0) <= scientific:
        return f"{value + 0.0:.{decimals}f}"
    return f"{value:.{digits - 1}e}"

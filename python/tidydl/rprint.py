"""Numbers and named vectors written as R prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["format_numbers", "named_vector"]


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
        texts = [_special(value) or f"{value + 0.0:.{decimals}f}" for value in values]
    else:
        texts = [_special(value) or f"{value:.{signif - 1}e}" for value in values]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _parts(value: float, digits: int) -> tuple[bool, int, int]:
    """Give the sign, the decimal exponent and the significant digits needed, at most ``digits``."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    shown = mantissa.lstrip("-").replace(".", "").rstrip("0")
    return value < 0, int(exponent), max(len(shown), 1)


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    return None if math.isfinite(value) else ("Inf" if value > 0 else "-Inf")


def named_vector(names: Sequence[str], texts: Sequence[str], width: int = 80) -> list[str]:
    """Lay out a named vector in lines as R's ``print()`` does: names above values, right-aligned."""
    cell = max(map(len, [*names, *texts]))
    per_line = max(width // (cell + 1), 1)
    lines = []
    for at in range(0, len(names), per_line):
        for row in (names, texts):
            lines.append("".join(text.rjust(cell) + " " for text in row[at : at + per_line]))
    return lines

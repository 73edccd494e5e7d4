"""Limits on the size of formulas and of what they expand to, checked before memory is allocated.

They hold for formulas of users and of files alike. A few lines of text can ask for more than any machine has, as
``(a + b + … + x)^24`` does.
"""

from __future__ import annotations

from tidydl.errors import FormulaError

MOST_LETTERS = 1_000_000  # of a formula
MOST_WORDS = 50_000  # names, numbers, signs and texts of a formula
MOST_DEPTH = 100  # of parentheses, arguments, signs and right-hand operands inside one another
MOST_TERMS = 10_000  # after the expansion of `*`, `^` and so on
MOST_DEGREE = 100  # of poly(); doubles carry no more
MOST_PRODUCTS = 10_000  # of the powers of several variables inside one poly()
MOST_ORDERED_LEVELS = 95  # of contr.poly(), as in R: beyond, doubles cannot represent the polynomials
MOST_CELLS = 1_000_000_000  # of a design: 8 GB of doubles


def too_many(problem: str, most: int, unit: str, hint: str | None = None) -> FormulaError:
    """Build the error for a formula beyond a limit, which it names."""
    return FormulaError(f"`formula` {problem}.", allowed=f"At most {most:,} {unit}.", hint=hint)

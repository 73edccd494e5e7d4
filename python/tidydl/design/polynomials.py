"""Polynomials: R's ``poly()`` with the coefficients that give new data the same basis, and ``contr.poly()``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidydl.design.arithmetic import power
from tidydl.design.limits import MOST_ORDERED_LEVELS, too_many


@dataclass(frozen=True)
class Basis:
    """Orthonormal polynomials over the values that a fit had.

    ``centres`` and ``squares`` are those of the three-term recursion (Kennedy & Gentle 1980, Statistical Computing,
    pp. 342-347): polynomial k + 1 is (x - centres[k]) times polynomial k less squares[k] / squares[k - 1] times
    polynomial k - 1, each divided in the end by the root of its own square. R calls them alpha and norm2.
    """

    centres: tuple[float, ...]
    squares: tuple[float, ...]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Return the polynomials of values, rows by degrees from 1."""
        below, here = np.zeros(len(x)), np.ones(len(x))
        columns = []
        for k, centre in enumerate(self.centres):
            ratio = self.squares[k] / self.squares[k - 1] if k else 0.0
            below, here = here, (x - centre) * here - ratio * below
            columns.append(here / np.sqrt(self.squares[k + 1]))
        return np.column_stack(columns)


def orthogonal_basis(x: np.ndarray, degree: int) -> Basis:
    """Find the polynomials that are orthonormal over some values, as R's ``poly()`` does.

    Each is found from the power series of the one before by a QR decomposition; the recursion's coefficients follow.
    """
    middle = float(x.mean(dtype=np.longdouble))
    centred = x - middle
    q, r = np.linalg.qr(np.vander(centred, degree + 1, increasing=True))
    raw = q * np.diag(r)
    squares = (raw * raw).sum(axis=0)
    centres = (centred[:, None] * raw * raw).sum(axis=0) / squares + middle
    return Basis(tuple(centres[:degree].tolist()), tuple(squares.tolist()))


def raw_powers(x: np.ndarray, degree: int) -> np.ndarray:
    """Return the powers of values from 1 to the degree."""
    return np.column_stack([power(x, k) for k in range(1, degree + 1)])


def products(parts: Sequence[np.ndarray], degree: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Multiply the polynomials of several variables, as far as their degrees add up to no more than the degree.

    The names that come with them end as in R with the degree in each variable, as in ``"1.0"``.
    """
    columns, ends = [], []
    for backwards in itertools.product(range(degree + 1), repeat=len(parts)):
        degrees = backwards[::-1]  # the first variable's degree changes fastest
        if 1 <= sum(degrees) <= degree:
            column = np.ones(len(parts[0]))
            for part, own in zip(parts, degrees, strict=True):
                column = column * part[:, own - 1] if own else column
            columns.append(column)
            ends.append(".".join(map(str, degrees)))
    return np.column_stack(columns), tuple(ends)


def polynomial_contrasts(n: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return R's ``contr.poly(n)``: orthonormal polynomials over equally spaced levels, and the ends of their names."""
    if n > MOST_ORDERED_LEVELS:
        raise too_many(
            f"codes a factor of {n} levels by contr.poly",
            MOST_ORDERED_LEVELS,
            "levels",
            "Give `contrasts` another name, such as 'contr.treatment', or make the column a number.",
        )
    scores = np.arange(1, n + 1) - (n + 1) / 2
    q, r = np.linalg.qr(np.vander(scores, n, increasing=True))
    ends = [[".L", ".Q", ".C"][degree - 1] if degree <= 3 else f"^{degree}" for degree in range(1, n)]
    return (q * np.sign(np.diag(r)))[:, 1:], tuple(ends)

"""The session's stream of random numbers, and the functions that draw from it."""

from __future__ import annotations

import numbers
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.boundaries import guarded
from tidydl.checks import check_count, check_flag, check_number, check_numbers, described
from tidydl.errors import ArgumentError
from tidydl.rng.generator import RandomNumbers
from tidydl.rng.locks import LOCK

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_NUMBER = (int, numbers.Real)  # a whole number is real too, unknown to type checkers
_current: RandomNumbers | None = None
_pid = os.getpid()
_forks = 0  # of this process since its stream was started


def current() -> RandomNumbers:
    """Return the session's stream, seeded by the operating system unless :func:`set_seed` was called."""
    global _current
    with LOCK:
        if _pid != os.getpid():  # a fork by a library, which Python does not see
            _begin_as_child(None)
        if _current is None:
            _current = RandomNumbers()
        return _current


def _begin_as_child(number: int | None) -> None:
    global _current, _pid, _forks
    _pid, _forks = os.getpid(), 0
    if _current is not None:
        _current = _current.child(number)


def _count_fork() -> None:
    """Count the forked children, each of which draws on its own; no thread may be in the middle of a draw."""
    global _forks
    LOCK.__enter__()
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_count_fork, after_in_parent=LOCK.__exit__, after_in_child=lambda: _begin_as_child(_forks)
    )


def stream_from(seed: object) -> RandomNumbers:
    """Return a stream of its own that starts at a seed, or the session's if there is none."""
    if seed is None:
        return current()
    try:
        return RandomNumbers(check_number("seed", seed))
    except ArgumentError:
        raise ArgumentError(
            f"`seed` is {described(seed)}.", allowed="A whole number from -2147483647 to 2147483647."
        ) from None


@guarded
def set_seed(seed: float | None) -> None:
    """Seed the random number generator, as R's ``set.seed(seed)``.

    Parameters
    ----------
    seed
        An integer from -2147483647 to 2147483647; fractions are truncated, as in R. None uses a random seed.

    Notes
    -----
    There is one stream per session: calls without a ``seed`` argument draw from it in sequence, including those from
    several threads. Forked processes have their own streams, reproducible after the same seed in the order in which
    they were forked; spawned processes (as on Windows and macOS) start with a random seed, unless they call
    ``set_seed()`` themselves.

    Returns
    -------
    None
        Nothing is returned.

    Raises
    ------
    ArgumentError
        If the seed is missing, not a number or out of range.

    Examples
    --------
    >>> from tidydl import runif, set_seed
    >>> set_seed(1)
    >>> runif(2).round(7).tolist()
    [0.2655087, 0.3721239]
    """
    global _forks
    with LOCK:
        current().seed(seed)
        _forks = 0


@guarded
def runif(n: int, min: npt.ArrayLike = 0.0, max: npt.ArrayLike = 1.0) -> np.ndarray:
    """Draw uniform random numbers, equal to R's ``runif(n, min, max)``.

    Parameters
    ----------
    n
        How many.
    min, max
        The ends of the interval; sequences are recycled over the draws.

    Returns
    -------
    numpy.ndarray
        ``n`` doubles. If an interval is empty or not finite, the value is NaN; if its ends are equal, the value is that
        end. Neither consumes a random number, as in R.

    Raises
    ------
    ArgumentError
        If ``n`` is not an integer of at least 0, or an end is not a number.

    Examples
    --------
    >>> from tidydl import runif, set_seed
    >>> set_seed(1)
    >>> runif(1, -1, 1).round(7).tolist()
    [-0.4689827]
    """
    import numpy as np

    n = check_count("n", n)
    low, high = (
        np.resize(each if len(each) else np.nan, n) for each in (check_numbers("min", min), check_numbers("max", max))
    )
    values = np.where(low == high, low, np.nan)
    drawn = np.isfinite(low) & np.isfinite(high) & (low < high)
    width = high[drawn] - low[drawn]
    values[drawn] = low[drawn] + width * current().uniform(int(drawn.sum()))
    return values


@guarded
def sample(
    x: int | pd.DataFrame | pd.Series | np.ndarray | Sequence[Any],
    size: int | None = None,
    replace: bool = False,
    prob: Sequence[float] | None = None,
) -> Any:
    """Draw a random sample, the one that R's ``sample()`` or dplyr's ``sample_n()`` draws after the same seed.

    Parameters
    ----------
    x
        An integer n, for the positions 0 to n - 1; a data frame, for its rows; or a Series, array or sequence, for its
        elements.
    size
        How many; by default all, in random order.
    replace
        Whether to sample with replacement.
    prob
        Probability weights, one per item.

    Returns
    -------
    numpy.ndarray, pandas.DataFrame, pandas.Series or list
        Positions counted from 0 for an integer; otherwise the type of ``x``, in the order drawn, with its index.

    Raises
    ------
    ArgumentError
        If ``size`` exceeds the number of items and ``replace`` is False, or ``prob`` is invalid.

    Examples
    --------
    >>> from tidydl import sample, set_seed
    >>> set_seed(1)
    >>> sample(10, 3).tolist()  # R: sample(10, 3) - 1
    [8, 3, 6]
    """
    import numpy as np

    if not isinstance(x, _NUMBER) and not hasattr(x, "iloc") and not _is_indexed(x):
        raise ArgumentError(
            f"`x` is {described(x)}.", allowed="A whole number, a data frame, or a Series, array or sequence."
        )
    n = check_count("x", x) if isinstance(x, _NUMBER) else len(x)
    size, replace = n if size is None else check_count("size", size), check_flag("replace", replace)
    prob = None if prob is None else check_numbers("prob", prob).tolist()
    if size > n and (not replace or n == 0):
        raise ArgumentError(
            f"`size` is {size}, more than the {n} items there are.",
            allowed=f"At most {n}, or {rendering.argument('replace', rendering.value(True))}." if n else "0.",
        )
    positions = current().positions(n, size, replace, prob)
    if isinstance(x, _NUMBER):
        return np.array(positions, dtype=np.int64)
    if hasattr(x, "iloc"):
        return x.iloc[positions]
    return x[positions] if isinstance(x, np.ndarray) else [x[i] for i in positions]


def _is_indexed(x: object) -> bool:
    """Return whether its elements are indexed from 0."""
    return isinstance(x, Sequence) or getattr(x, "ndim", 0) == 1

"""``set_seed()`` of transformers, which also governs what our pipelines draw."""

from __future__ import annotations

from tidydl import rng
from tidydl.boundaries import guarded
from tidydl.checks import check_count


@guarded
def set_seed(seed: float, deterministic: bool = False) -> None:
    """Seed all random numbers: of Python, numpy, torch and tidydl.

    Parameters
    ----------
    seed
        A whole number; 42.0, as R writes 42, is one.
    deterministic
        Whether torch uses deterministic algorithms only.

    Raises
    ------
    ArgumentError
        If the seed is no whole number.

    Examples
    --------
    >>> set_seed(1)
    """
    import transformers

    number = check_count("seed", seed)
    transformers.set_seed(number, deterministic)
    rng.set_seed(number)

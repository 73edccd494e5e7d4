"""R's random numbers: the same seed gives the same draws, to the last bit.

The generator is R's default, ``RNGkind("Mersenne-Twister", "Inversion", "Rejection")``, as R has used it since 3.6.
Sources: Matsumoto & Nishimura (1998), ACM TOMACS 8, 3-30, for the generator; Walker (1977), ACM TOMS 3, 253-256, for
the alias method; R's help page ``?RNG`` for the rest.
"""

from __future__ import annotations

import hashlib
import math
import numbers
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.rng.locks import in_one_piece

if TYPE_CHECKING:
    import numpy as np

_LARGEST = 2**31 - 1
_SMALLEST_UNIFORM = 0.5 * 2.328306437080797e-10
_BLOCK = 4096


class RandomNumbers:
    """A stream of R's random numbers; ``seed`` is that of ``set.seed()``, or None for one from the operating system."""

    def __init__(self, seed: float | None = None):
        self._words: list[int] = []
        self._next = 0
        self.seed(seed)

    @in_one_piece
    def seed(self, seed: float | None) -> None:
        """Start the stream again as ``set.seed(seed)`` does."""
        self._start(int.from_bytes(os.urandom(4), "little") if seed is None else _valid_seed(seed) % 2**32)

    def _start(self, x: int) -> None:
        from numpy.random import MT19937

        for _ in range(50):
            x = (69069 * x + 1) % 2**32
        key = []
        for _ in range(625):
            x = (69069 * x + 1) % 2**32
            key.append(x)
        self._bits = MT19937()
        state: Any = self._bits.state
        state["state"]["key"][:] = key[1:]
        state["state"]["pos"] = 624
        self._bits.state = state
        self._words, self._next = [], 0

    def _word(self) -> int:
        if self._next == len(self._words):
            self._words, self._next = self._bits.random_raw(_BLOCK).tolist(), 0
        self._next += 1
        return self._words[self._next - 1]

    def child(self, number: int | None) -> RandomNumbers:
        """Return the stream of a forked process, by its number among them; None if they were not counted."""
        state: Any = self._bits.state
        hasher = hashlib.sha256(state["state"]["key"].tobytes())
        hasher.update(repr((int(state["state"]["pos"]), len(self._words) - self._next, number)).encode())
        if number is None:
            hasher.update(os.urandom(16))
        stream = RandomNumbers(0)
        stream._start(int.from_bytes(hasher.digest()[:4], "little"))
        return stream

    @in_one_piece
    def uniform(self, n: int) -> np.ndarray:
        """Draw ``n`` numbers between 0 and 1, both excluded, as ``unif_rand()`` does."""
        return self._uniforms(n)

    def _uniforms(self, n: int) -> np.ndarray:
        import numpy as np

        buffered = self._words[self._next : self._next + n]
        self._next += len(buffered)
        words = np.concatenate([np.array(buffered, dtype=np.uint64), self._bits.random_raw(n - len(buffered))])
        return np.maximum(words * 2.0**-32, _SMALLEST_UNIFORM)

    def _uniform(self) -> float:
        return max(self._word() * 2.0**-32, _SMALLEST_UNIFORM)

    @in_one_piece
    def index(self, n: int) -> int:
        """Draw a whole number from 0 to n - 1 by rejection, 16 random bits at a time."""
        return self._index(n)

    def _index(self, n: int) -> int:
        bits = (n - 1).bit_length()
        while True:
            value = 0
            for _ in range(0, bits + 1, 16):
                value = (value << 16) | (self._word() >> 16)
            value &= (1 << bits) - 1
            if value < n:
                return value

    @in_one_piece
    def positions(self, n: int, size: int, replace: bool = False, prob: Sequence[float] | None = None) -> list[int]:
        """Draw ``size`` positions from 0 to n - 1, as ``sample.int(n, size, replace, prob) - 1``."""
        if prob is not None:
            return self._weighted(n, size, replace, prob)
        if replace or size < 2:
            return [self._index(n) for _ in range(size)]
        if n > 10_000_000 and size <= n / 2:
            return self._distinct(n, size)
        urn = list(range(n))
        drawn = []
        for left in range(n, n - size, -1):
            j = self._index(left)
            drawn.append(urn[j])
            urn[j] = urn[left - 1]
        return drawn

    def _distinct(self, n: int, size: int) -> list[int]:
        seen: dict[int, None] = {}
        while len(seen) < size:
            seen.setdefault(self._index(n))
        return list(seen)

    def _weighted(self, n: int, size: int, replace: bool, prob: Sequence[float]) -> list[int]:
        p = _normalised(prob, n, size, replace)
        if replace and sum(n * each > 0.1 for each in p) > 200:
            return self._alias(p, size)
        p, order = _sorted_decreasing(p)
        return self._by_cumulating(p, order, size) if replace else self._by_removing(p, order, size)

    def _by_cumulating(self, p: list[float], order: list[int], size: int) -> list[int]:
        import numpy as np

        # numpy adds a running sum from left to right, as R's loop does.
        reached = np.searchsorted(np.cumsum(p)[:-1], self._uniforms(size), side="left")
        return [order[j] for j in reached]

    def _by_removing(self, p: list[float], order: list[int], size: int) -> list[int]:
        mass_left, drawn = 1.0, []
        for _ in range(size):
            target = mass_left * self._uniform()
            mass, j = 0.0, 0
            while j < len(p) - 1:
                mass += p[j]
                if target <= mass:
                    break
                j += 1
            drawn.append(order.pop(j))
            mass_left -= p.pop(j)
        return drawn

    def _alias(self, p: list[float], size: int) -> list[int]:
        n = len(p)
        q = [each * n for each in p]
        alias = [0] * n
        small = [i for i in range(n) if q[i] < 1.0]
        large = [i for i in range(n) if q[i] >= 1.0]
        # R fills one table, the small from the left and the large from the right; a large one whose rest falls
        # below 1 is read as a small one when the walk reaches it.
        table, at_large = small + large[::-1], len(small)
        if small and large:
            for k in range(n - 1):
                i, j = table[k], table[at_large]
                alias[i] = j
                q[j] += q[i] - 1.0
                if q[j] < 1.0:
                    at_large += 1
                if at_large >= n:
                    break
        drawn = []
        for _ in range(size):
            k = self._index(n)
            # The comparison is made after k is added to both sides, and so rounded, as in R.
            drawn.append(k if k + self._uniform() < q[k] + k else alias[k])
        return drawn


def _valid_seed(seed: float) -> int:
    try:  # numpy's own numbers cannot be cut off, but are numbers
        whole = math.trunc(seed if hasattr(type(seed), "__trunc__") else _number(seed))
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or abs(whole) > _LARGEST:
        raise ArgumentError(
            f"`seed` is {described(seed)}.",
            allowed="A whole number from -2147483647 to 2147483647.",
            hint=f"For example {rendering.call('set_seed', '1')}.",
        )
    return whole


def _number(x: object) -> float:
    if not isinstance(x, numbers.Real):
        raise TypeError("not a number")
    return float(x)


def _normalised(prob: Sequence[float], n: int, size: int, replace: bool) -> list[float]:
    p = [float(each) for each in prob]
    if len(p) != n:
        raise ArgumentError(f"`prob` has {len(p)} values for {n} items.", allowed="One probability for each item.")
    if any(not math.isfinite(each) or each < 0 for each in p):
        raise ArgumentError("`prob` has negative, missing or infinite values.", allowed="Finite numbers of at least 0.")
    positive = sum(each > 0 for each in p)
    if positive == 0 or (not replace and size > positive):
        raise ArgumentError(
            f"`prob` has {positive} values above 0, too few to draw {size} items.",
            allowed="At least as many values above 0 as items are drawn, or "
            f"{rendering.argument('replace', rendering.value(True))}.",
        )
    total = 0.0
    for each in p:
        total += each
    return [each / total for each in p]


def _sorted_decreasing(p: list[float]) -> tuple[list[float], list[int]]:
    """Sort by heap sort, whose order among equal values R's draws depend on."""
    heap = [(each, i) for i, each in enumerate(p)]
    n = len(heap)
    for root in range(n // 2 - 1, -1, -1):
        _sift_down(heap, root, n)
    for end in range(n - 1, 0, -1):
        last = heap[end]
        heap[end], heap[0] = heap[0], last
        _sift_down(heap, 0, end)
    return [each for each, _ in heap], [i for _, i in heap]


def _sift_down(heap: list[tuple[float, int]], root: int, end: int) -> None:
    item = heap[root]
    child = 2 * root + 1
    while child < end:
        if child + 1 < end and heap[child][0] > heap[child + 1][0]:
            child += 1
        if item[0] <= heap[child][0]:
            break
        heap[root] = heap[child]
        root, child = child, 2 * child + 1
    heap[root] = item

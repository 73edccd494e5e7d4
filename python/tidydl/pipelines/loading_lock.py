"""A lock: one model is loaded at a time, and none whose loading would affect running computations.

While transformers makes a model it swaps functions of torch for others and sets torch's default dtype, for the whole
process. Two threads that load at once would leave the functions swapped; a batch that is computed while another thread
loads a model in half precision would compute in half precision.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_loading = threading.RLock()
_changed = threading.Condition()
_at_work: dict[int, int] = {}  # how many batches each thread is at
_alone: list[int] = []  # the thread that loads alone, as often as it does


@contextmanager
def one_at_a_time(*, alone: bool = False) -> Iterator[None]:
    """Load something; with ``alone`` while no other thread computes."""
    own = threading.get_ident()
    with _loading:
        if not alone:
            yield
            return
        with _changed:
            _changed.wait_for(lambda: not any(thread != own for thread in _at_work))
            _alone.append(own)
        try:
            yield
        finally:
            with _changed:
                _alone.pop()
                _changed.notify_all()


@contextmanager
def at_work() -> Iterator[None]:
    """Compute something, while no other thread loads alone."""
    own = threading.get_ident()
    with _changed:
        _changed.wait_for(lambda: own in _at_work or all(thread == own for thread in _alone))
        _at_work[own] = _at_work.get(own, 0) + 1
    try:
        yield
    finally:
        with _changed:
            _at_work[own] -= 1
            if not _at_work[own]:
                del _at_work[own]
            _changed.notify_all()

"""Several batches at once on a CPU: a thread each, instead of many threads on one batch after the other.

The matrices of small models are too small to be shared out well: two threads at one batch wait for each other at each
of its many steps. Two batches side by side, each computed by one thread, do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tidydl.rendering import in_this_language

_MOST = 8  # each holds a batch in memory


def worker_count(device: str) -> int:
    """Return how many batches to compute at once: on a CPU as many as torch may use threads."""
    import torch

    return min(torch.get_num_threads(), _MOST) if device == "cpu" else 1


@contextmanager
def side_by_side(workers: int) -> Iterator[Callable[..., Future[Any]]]:
    """Start threads, each with its share of the processors, and yield what submits calls to them.

    At the end, or when the caller stops early, pending calls are dropped, and torch gets its threads back.
    """
    import torch

    threads = torch.get_num_threads()
    share = max(1, threads // workers)
    pool = ThreadPoolExecutor(workers, "tidydl", initializer=torch.set_num_threads, initargs=(share,))
    try:
        yield lambda function, *args: pool.submit(in_this_language(function), *args)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)

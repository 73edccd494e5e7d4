"""Locks: draws of threads are kept apart, and a forked process does not wait for threads of its parent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Lock:
    """A lock that keeps the draws of two threads apart; a forked process has its own, which is free."""

    def __init__(self) -> None:
        self.own, self.pid = threading.RLock(), os.getpid()

    def __enter__(self) -> None:
        if self.pid != os.getpid():
            self.__init__()  # type: ignore[misc]
        self.own.acquire()

    def __exit__(self, *_: object) -> None:
        self.own.release()


LOCK = Lock()


def in_one_piece(method: Callable[Given, Result]) -> Callable[Given, Result]:
    """Keep other threads from drawing between the draws of a call."""

    @wraps(method)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with LOCK:
            return method(*args, **kwargs)

    return alone

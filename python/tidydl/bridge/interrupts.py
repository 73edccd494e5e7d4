"""Ctrl-C while R has called Python.

R owns the signal, and reticulate lets both languages race for it. For the time of one call from R the signal
is Python's alone: it stops the work with KeyboardInterrupt, which goes back to R as data, and R raises its
own interrupt.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Watch"]

_ROOM = 512  # bytes, more than any platform's `struct sigaction`


class Watch:
    """Holds Ctrl-C for the time of a call: ``with Watch() as watch: watch.work(function)``."""

    def __init__(self) -> None:
        self.seen = False
        self._armed = False
        self._before: Any = None
        self._action: Any = None

    def __enter__(self) -> Watch:
        if threading.current_thread() is threading.main_thread():
            self._action = _save_action()
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            before = signal.default_int_handler if self._before is None else self._before
            signal.signal(signal.SIGINT, before)
            _restore_action(self._action)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.seen = True
        if self._armed:
            raise KeyboardInterrupt

    def work(self, function: Any, *args: Any) -> Any:
        """Run a function that Ctrl-C stops, here or where a library swallowed it."""
        try:
            self._armed = True
            result = function(*args)
        finally:
            self._armed = False
        if self.seen:
            raise KeyboardInterrupt
        return result


def _library() -> Any:
    return None if sys.platform == "win32" else ctypes.CDLL(None)


def _save_action() -> Any:
    """Keep the handler that R has at the level of the system, which Python cannot name."""
    library = _library()
    if library is None:
        return None
    room = ctypes.create_string_buffer(_ROOM)
    return room if library.sigaction(int(signal.SIGINT), None, room) == 0 else None


def _restore_action(action: Any) -> None:
    if action is not None:
        _library().sigaction(int(signal.SIGINT), action, None)

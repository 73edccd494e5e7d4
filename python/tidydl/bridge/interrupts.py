"""Ctrl-C while R has called Python.

R owns the signal, and reticulate lets both languages race for it. For the time of one call from R the signal
is Python's alone: it stops the work with KeyboardInterrupt, which goes back to R as data, and R raises its
own interrupt.

No Ctrl-C may fall between the two. So Python's handler is set once and stays, and only the handler of the
system changes hands, in one step: whatever came before that step is noted by the watch, whatever comes after
is R's.
"""

from __future__ import annotations

import ctypes
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, TypeVar

Result = TypeVar("Result")

_ROOM = 512  # bytes, more than any platform's `struct sigaction`


class Watch:
    """Holds Ctrl-C for the time of a call: ``with Watch() as watch: watch.work(function)``.

    ``seen`` says afterwards whether there was one, even where nothing was running that it could stop.
    """

    def __init__(self) -> None:
        self.seen = False
        self._armed = False
        self._action: Any = None

    def __enter__(self) -> Watch:
        # on Windows R is notified in other ways, through reticulate
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            action = _desk.open()
            _desk.watches.append(self)
            self._action = _swap_action(action)
            self._ask_r()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._action is not None:
            _swap_action(self._action)
            _let_python_look()
            if self.seen:
                self._ask_r()
            _desk.watches.remove(self)

    def _ask_r(self) -> None:
        """Take over a Ctrl-C that is pending in R because signals are held back during the call."""
        noted = _noted_by_r()
        if noted is not None and noted.value:
            noted.value = 0
            self.seen = True

    def note(self) -> None:
        """Handle a Ctrl-C: stop the running work, if any."""
        self.seen = True
        if self._armed:
            raise KeyboardInterrupt

    def work(self, function: Callable[..., Result], *args: object) -> Result:
        """Run a function that Ctrl-C stops, even if a library has swallowed the interrupt."""
        try:
            self._armed = True
            if self.seen:
                raise KeyboardInterrupt
            result = function(*args)
        finally:
            self._armed = False
        if self.seen:
            raise KeyboardInterrupt
        return result


@contextmanager
def held_back() -> Iterator[None]:
    """Hold Ctrl-C back while a function of R runs, through which an exception of Python's must not pass."""
    watch = _desk.watches[-1] if _desk.watches else None
    if watch is None or not watch._armed:
        yield
        return
    watch._armed = False
    try:
        yield
    finally:
        watch._armed = True
    if watch.seen:
        raise KeyboardInterrupt


class _Desk:
    """Where Python's Ctrl-C arrive: with the watch of the running call, else with who had them before."""

    def __init__(self) -> None:
        self.watches: list[Watch] = []
        self._before: Any = None
        self._action: Any = None
        self._handing_on = False

    def open(self) -> Any:
        """Install the desk as Python's handler, and return the system's side of it."""
        if signal.getsignal(signal.SIGINT) != self.receive:
            others = _swap_action(None)
            self._before = signal.signal(signal.SIGINT, self.receive)
            self._action = _swap_action(others)
        return self._action

    def receive(self, signum: int, frame: FrameType | None) -> None:
        if self.watches:
            self.watches[-1].note()
        elif callable(self._before) and not self._handing_on:
            # reticulate's own calls itself again and again while R holds interrupts back: once is enough
            self._handing_on = True
            try:
                self._before(signum, frame)
            finally:
                self._handing_on = False


_desk = _Desk()


@functools.cache
def _library() -> Any:
    return ctypes.CDLL(None)


def _swap_action(action: ctypes.Array[ctypes.c_char] | None) -> ctypes.Array[ctypes.c_char]:
    """Set the system's handler, which may be R's and has no name in Python, and return the previous one."""
    room = ctypes.create_string_buffer(_ROOM)
    _library().sigaction(int(signal.SIGINT), action, room)
    return room


@functools.cache
def _noted_by_r() -> Any:
    """Find R's own flag of a pending Ctrl-C; None outside R."""
    try:
        return ctypes.c_int.in_dll(_library(), "R_interrupts_pending")
    except ValueError:
        return None


def _let_python_look() -> None:
    """Run a few instructions, so that the interpreter calls the handlers of pending signals."""
    for _ in range(2):
        pass

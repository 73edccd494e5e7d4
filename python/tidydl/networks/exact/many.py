"""Many independent fits side by side in threads, each bit-equal to the same fit alone."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tidydl.errors import TidydlError
from tidydl.networks.exact.engine import Settings, Solution, fit_work, notes
from tidydl.networks.exact.kernels import Shape
from tidydl.networks.exact.shares import cores
from tidydl.progress import Pause, Progress, Work
from tidydl.rendering import in_this_language

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Fit:
    """One fit: the arguments of ``fit_work``."""

    shape: Shape
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    wts: np.ndarray
    mask: np.ndarray
    decay: np.ndarray
    settings: Settings


def fit_many(fits: Sequence[Fit], threads: int | None = None) -> Work[list[Solution | TidydlError]]:
    """Run whole fits side by side, without trace, yielding how many are done; return a solution for each, in order.

    A fit that cannot be made (its value at the initial weights is not finite) has its error in its place, not raised,
    and does not stop the others. If there are fewer fits than ``threads``, by default the cores of this process, large
    fits share out their own work.
    """
    yield from notes(max((int(np.count_nonzero(fit.mask)) for fit in fits), default=0), 1)
    running = _Running(fits, threads or cores())
    try:
        while running.done < len(fits):
            yield Progress(running.done, len(fits), "fit") if running.wait() else Pause()
        return running.results()
    finally:
        running.stop()


class _Running:
    """Threads that take fits from a queue until all are done or they are stopped."""

    def __init__(self, fits: Sequence[Fit], threads: int):
        self.done = 0
        self._results: list[Solution | BaseException | None] = [None] * len(fits)
        self._waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._finished: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._stopped = threading.Event()
        for i in range(len(fits)):
            self._waiting.put(i)
        self._threads_each = threads // max(1, len(fits)) or 1
        count = min(threads, len(fits))
        self._threads = [
            threading.Thread(target=in_this_language(self._work), args=(fits,), name="tidydl fits", daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, fits: Sequence[Fit]) -> None:
        while not self._stopped.is_set():
            try:
                i = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._results[i] = self._fit(fits[i])
            except BaseException as problem:  # raised in the caller's thread, or given in the fit's place
                self._results[i] = problem
            self._finished.put(i)

    def _fit(self, fit: Fit) -> Solution | None:
        settings = replace(fit.settings, trace=False)
        work = fit_work(
            fit.shape, fit.x, fit.y, fit.weights, fit.wts, fit.mask, fit.decay, settings, self._threads_each
        )
        while not self._stopped.is_set():
            try:
                next(work)
            except StopIteration as end:
                return end.value
        work.close()
        return None

    def wait(self) -> bool:
        """Wait some 50 ms for fits to end; return whether any has."""
        before = self.done
        with contextlib.suppress(queue.Empty):
            self._finished.get(timeout=_LOOK_SECONDS)
            self.done += 1
            while True:
                self._finished.get_nowait()
                self.done += 1
        return self.done > before

    def results(self) -> list[Solution | TidydlError]:
        solutions: list[Solution | TidydlError] = []
        for one in self._results:
            if not isinstance(one, (Solution, TidydlError)):
                assert one is not None
                raise one
            solutions.append(one)
        return solutions

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

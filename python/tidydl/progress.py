"""Long work as a generator of events, shown in interactive use.

Long work is written as a generator that yields events between slices of some
50 ms and returns its result. Python runs it here with :func:`run`; R runs the same generator slice by slice through
the bridge and writes the lines itself. Either side can stop between two slices.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from tidydl.checks import check_flag

Result = TypeVar("Result")


@dataclass(frozen=True)
class Trace:
    """Text that belongs to the output of the call, such as the trace of a fit."""

    text: str


@dataclass(frozen=True)
class Progress:
    """The progress of a long run: ``done`` of ``total`` units."""

    done: int
    total: int
    unit: str = "input"


@dataclass(frozen=True)
class Note:
    """A note to show at once in interactive use: on stderr, in R as a message."""

    text: str


@dataclass(frozen=True)
class Pause:
    """Nothing to show, but a point at which to stop."""


Event = Trace | Progress | Note | Pause
Work = Generator[Event, None, Result]


def somebody_looks() -> bool:
    """Return whether a person watches: a terminal or a notebook, never a pipe or a rendered document."""
    if sys.stderr is not None and hasattr(sys.stderr, "isatty") and sys.stderr.isatty():
        return True
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    kernel = shell.get_ipython()
    return kernel is not None and type(kernel).__name__ == "ZMQInteractiveShell" and not _is_batch_kernel()


def _is_batch_kernel() -> bool:
    """Return whether a notebook is run by nbconvert, nbclient or papermill, not interactively."""
    return any(name in sys.modules for name in ("nbclient", "papermill"))


def _write(text: str) -> None:
    print(text)


def run(work: Work[Result], *, progress: bool | None = None, write: Callable[[str], None] | None = None) -> Result:
    """Run long work to its end, printing its trace and showing a progress bar on stderr.

    ``progress`` forces the bar or suppresses it; None shows it in interactive use. ``write`` prints a line of trace.
    """
    show = somebody_looks() if progress is None else check_flag("progress", progress)
    bar = None
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return end.value
            if isinstance(event, Trace):
                (write or _write)(event.text)
            elif isinstance(event, Note) and show:
                print(event.text, file=sys.stderr)
            elif isinstance(event, Progress) and show:
                bar = bar or _bar(event)
                bar.update(event.done - bar.n)
    finally:
        work.close()
        if bar is not None:
            bar.close()


def _bar(event: Progress) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=event.total, unit=event.unit, file=sys.stderr, leave=False)

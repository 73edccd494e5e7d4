"""Calls from R: one record in, one record out, errors and interrupts as data.

A plain function answers in one call. A generator is a job: each call advances it for some 80 ms and returns
the events since, so that R can write its trace, show progress and stop it between two calls.
"""

from __future__ import annotations

import itertools
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

from tidydl import rendering
from tidydl.bridge.decode import decode
from tidydl.bridge.encode import encode
from tidydl.bridge.entries import Entry, resolve
from tidydl.bridge.interrupts import Watch
from tidydl.bridge.text import Repairs, short_text
from tidydl.errors import TidydlError
from tidydl.progress import Note, Progress, Trace

_SLICE = 0.08  # seconds

Record = dict[str, Any]


@dataclass
class _Job:
    entry: Entry
    work: Generator[Any, None, Any]


_jobs: dict[str, _Job] = {}
_numbers = itertools.count(1)


def start(name: str, args: Record) -> Record:
    """Call an entry with the arguments that R wrote.

    Returns
    -------
    dict
        ``state`` is ``"done"`` with a ``value``, ``"running"`` with a ``job``, ``"error"`` with an ``error``,
        or ``"interrupted"``; ``events`` are the trace, progress and warnings since the last call.
    """
    return _answer(lambda call: _start(call, name, args))


def resume(job: str) -> Record:
    """Advance a running job by a slice."""
    return _answer(lambda call: _advance(call, job))


def cancel(job: str) -> Record:
    """Stop a running job. A job that has ended or does not exist is not an error."""
    return _answer(lambda call: _close(job))


def settle() -> None:
    """Discard a Ctrl-C that is still pending after the one that stopped a call."""
    with Watch():
        time.sleep(0.001)


class _Call:
    """The state of a call from R."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.repairs = Repairs()
        self.events: list[Record] = []

    def warned(self, message: Warning | str, category: type[Warning], *rest: object) -> None:
        """Collect a warning that Python would have printed; those for programmers are dropped."""
        if issubclass(category, UserWarning | RuntimeWarning):
            self.event("warning", str(message))

    def event(self, what: str, text: str) -> None:
        self.events.append({"event": what, "text": short_text([text], "A message", self.repairs)})

    def happened(self, event: object) -> None:
        if isinstance(event, Trace):
            self.event("trace", event.text)
        elif isinstance(event, Note):
            self.event("note", event.text)
        elif isinstance(event, Progress):
            done = {"event": "progress", "done": float(event.done), "total": float(event.total)}
            if self.events and self.events[-1]["event"] == "progress":
                self.events.pop()
            self.events.append({**done, "unit": short_text([event.unit], "A unit", self.repairs)})


def _answer(step: Callable[[_Call], Record]) -> Record:
    call = _Call()
    with call.watch, rendering.for_r(), _quiet(call), away_from_working_folder():
        try:
            record = step(call)
        except (KeyboardInterrupt, GeneratorExit):
            record = {"state": "interrupted"}
        except BaseException as error:
            record = {"state": "error", "error": error_record(error, call.repairs)}
    if call.watch.seen:  # in any case the user wants it stopped
        if "job" in record:
            _close(record["job"])
        record = {"state": "interrupted"}
    if record["state"] == "done":  # how far it had come does not matter any more
        call.events = [event for event in call.events if event["event"] != "progress"]
    for text in call.repairs.warnings:
        call.event("warning", text)
    return {**record, "events": call.events}


@contextmanager
def _quiet(call: _Call) -> Iterator[None]:
    """Collect warnings for R, and send what libraries print to stderr."""
    show = warnings.showwarning
    warnings.showwarning = call.warned  # type: ignore[assignment]
    # Python shows a warning once a place; each call of R shall have its own
    warnings.filterwarnings("always", category=UserWarning, module=r"tidydl(\.|$)")
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        warnings.showwarning = show


@contextmanager
def away_from_working_folder() -> Iterator[None]:
    """Import nothing from R's working directory, which reticulate puts first: its files may be anyone's."""
    positions = [index for index, entry in enumerate(sys.path) if entry == ""]
    sys.path[:] = [entry for entry in sys.path if entry != ""]
    try:
        yield
    finally:
        for index in positions:
            sys.path.insert(index, "")


def _start(call: _Call, name: str, args: Record) -> Record:
    for left in list(_jobs):  # R works at one thing at a time: this one was interrupted on its way back
        _close(left)
    entry, function = call.watch.work(resolve, name)
    arguments = call.watch.work(lambda: decode(args, index=entry.arguments))
    value = call.watch.work(lambda: function(**arguments) if arguments else function())
    if not isinstance(value, GeneratorType):
        return _done(call, entry, value)
    job = f"job-{next(_numbers)}"
    _jobs[job] = _Job(entry, value)
    return _advance(call, job)


def _advance(call: _Call, name: str) -> Record:
    job = _jobs[name]
    end = time.monotonic() + _SLICE
    try:
        while time.monotonic() < end:
            event = call.watch.work(next, job.work)
            call.happened(event)
            if isinstance(event, Note):  # to be reported before what follows
                break
    except StopIteration as stop:
        del _jobs[name]
        return _done(call, job.entry, stop.value)
    except BaseException:
        _close(name)
        raise
    return {"state": "running", "job": name}


def _done(call: _Call, entry: Entry, value: object) -> Record:
    if entry.as_object:
        return {"state": "done", "value": {"kind": "object", "object": value}}
    record = call.watch.work(
        lambda: encode(value, call.repairs, index=entry.index, lists=entry.lists, name="The result")
    )
    return {"state": "done", "value": record}


def _close(name: str) -> Record:
    job = _jobs.pop(name, None)
    if job is not None:
        job.work.close()
    return {"state": "done", "value": {"kind": "null"}}


def error_record(error: BaseException, repairs: Repairs) -> Record:
    """Return an error as data: one of ours in its three parts, any other as kind ``internal``."""
    if isinstance(error, TidydlError):
        parts = {"kind": error.kind, "problem": error.problem, "allowed": error.allowed, "hint": error.hint}
    else:
        parts = {"kind": "internal", "problem": f"{type(error).__name__}: {error}".rstrip(": ")}
    parts["traceback"] = "".join(traceback.format_exception(error))
    return {name: short_text([part], "A message", repairs) for name, part in parts.items()}

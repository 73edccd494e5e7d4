"""Work that R starts over the wire: errors and interrupts as data, slices of long work, warnings and prints."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from support.wire import call, scalar
from tidydl.bridge import cancel, resume
from tidydl.bridge.text import text_of


def test_an_error_is_data_in_three_parts():
    given = {"kind": "column", "problem": "no `x`", "allowed": "a", "hint": "h"}
    record = call("fail", **{name: scalar(part) for name, part in given.items()})
    assert record["state"] == "error"
    parts = {name: text_of(part)[0] for name, part in record["error"].items()}
    assert "ColumnError" in parts.pop("traceback")
    assert parts == given


def test_an_unforeseen_error_is_internal():
    record = call("fail", kind=scalar("internal"), problem=scalar("oh"))
    assert text_of(record["error"]["kind"]) == ["internal"]
    assert text_of(record["error"]["problem"]) == ["ZeroDivisionError: oh"]


def test_an_unknown_entry_is_an_error_that_suggests():
    record = call("ecko")
    assert text_of(record["error"]["kind"]) == ["bridge"]
    assert text_of(record["error"]["hint"]) == ["Did you mean 'echo'?"]


def test_an_interrupt_is_data():
    assert call("fail", kind=scalar("interrupt"), problem=scalar(""))["state"] == "interrupted"


def test_long_work_runs_in_slices_and_tells_what_happened():
    record = call("countdown", steps=scalar(20), seconds=scalar(0.01))
    assert record["state"] == "running"
    events = list(record["events"])
    while record["state"] == "running":
        record = resume(record["job"])
        events += record["events"]
    traced = [text_of(e["text"])[0] for e in events if e["event"] == "trace"]
    assert traced == [f"step {i + 1}" for i in range(20)]
    progress = [e["done"] for e in events if e["event"] == "progress"]
    assert progress == sorted(set(progress))
    assert len(progress) > 0
    assert "progress" not in [e["event"] for e in record["events"]]  # how far it had come matters no more
    assert np.frombuffer(record["value"]["data"], "int32").tolist() == [20]


def test_a_cancelled_job_is_closed_and_forgotten():
    job = call("countdown", steps=scalar(1000))["job"]
    assert cancel(job)["state"] == "done"
    assert text_of(resume(job)["error"]["kind"]) == ["internal"]
    assert cancel(job)["state"] == "done"


def test_warnings_cross_each_time_and_prints_go_to_stderr(capsys):
    for _ in range(2):
        record = call("warn", text=scalar("mind"), printed=scalar("chatter"))
        assert [(e["event"], text_of(e["text"])) for e in record["events"]] == [("warning", ["mind"])]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "chatter" in captured.err


@pytest.fixture
def listening():
    """Give Ctrl-C to Python, as where the tests were started at a terminal: in the background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_stops_a_call_and_belongs_to_others_after_it(listening):
    from tidydl.bridge import interrupts

    begun = []

    def stop_the_call():
        while not (interrupts._desk.watches and interrupts._desk.watches[-1]._armed):
            time.sleep(0.005)
        begun.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop_the_call, daemon=True).start()
    assert call("wait", seconds=scalar(20))["state"] == "interrupted"
    assert time.monotonic() - begun[0] < 10
    assert call("echo", value=scalar(1))["state"] == "done"
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_was_ignored_before_a_call_is_ignored_after_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert call("echo", value=scalar(1))["state"] == "done"
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_that_a_library_swallows_stops_the_call_all_the_same(listening):
    from tidydl.bridge.interrupts import Watch

    def swallows():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return "went on"

    with Watch() as watch, pytest.raises(KeyboardInterrupt):
        watch.work(swallows)


def test_a_ctrl_c_that_stops_nothing_is_noted(listening):
    from tidydl.bridge.interrupts import Watch

    with Watch() as watch:
        signal.raise_signal(signal.SIGINT)
    assert watch.seen

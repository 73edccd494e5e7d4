"""Owners of checkpoints: processes that wait, die, stop or come back."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

import tidydl
import tiny
from support.broken_off import run
from support.checkpointed import lay, started, to_its_end
from tidydl.errors import ArgumentError, DamagedFileError, StorageError
from tidydl.pipelines.checkpoints import owners


def test_a_second_process_waits_and_reads_what_the_first_computed(folder, tmp_path):
    texts, place = tiny.sentences(150), tmp_path / "run"
    first = started(folder, texts, place, tmp_path)
    assert first.poll() is None
    frame, computed = run(str(folder), texts, str(place), pause=0.0)
    assert first.wait() == 0
    assert computed == 0
    expected = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=2)
    pd.testing.assert_frame_equal(frame, expected, atol=1e-6, rtol=0)
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "result.json", "result.parquet"]


def test_a_stopped_owner_is_named_and_a_killed_one_followed(folder, tmp_path):
    texts, place = tiny.sentences(200), tmp_path / "run"
    first = started(folder, texts, place, tmp_path)
    try:
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(ArgumentError, match=f"the process {first.pid} on .* that process is stopped"):
            run(str(folder), texts, str(place), pause=0.0)
        os.kill(first.pid, signal.SIGKILL)
        frame, computed = run(str(folder), texts, str(place), pause=0.0)  # a zombie until it is waited for
    finally:
        first.kill()
        first.wait()
    assert 0 < computed < 200
    expected = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=2)
    pd.testing.assert_frame_equal(frame, expected, atol=1e-6, rtol=0)


def left_by(place, **changes):
    """Leave the file of an owner that no longer exists."""
    place.mkdir(exist_ok=True)
    path = place / "owner-000004.json"
    path.write_text(json.dumps({**owners._this_process(), **changes}))
    return path


def test_the_same_number_of_another_container_or_boot_is_another_process(ppl, tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "SILENCE", 1.0)
    for name in ("boot", "pid_namespace"):
        path = left_by(tmp_path / name, **{name: "other"})
        began = time.monotonic()
        assert len(ppl(["sun"], checkpoint=tmp_path / name)) == 1
        assert 0.8 < time.monotonic() - began < 20  # it waits for a sign of life, and takes over where there is none
        assert not path.exists()


def test_a_process_that_got_the_number_of_the_owner_is_not_the_owner(ppl, tmp_path):
    left_by(tmp_path / "pid", pid=os.getppid(), started="1")
    left_by(tmp_path / "own", token="0" * 32)  # this very process, which holds nothing of that name
    left_by(tmp_path / "gone", pid=2**22 + 1)
    for name in ("pid", "own", "gone"):
        assert len(ppl(["sun"], checkpoint=tmp_path / name)) == 1


def test_a_living_owner_elsewhere_is_waited_for(ppl, tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "SILENCE", 1.0)
    path = left_by(tmp_path / "run", boot="other")
    work = ppl.steps(["sun"], checkpoint=tmp_path / "run")
    until = time.monotonic() + 2.5
    events = []
    while time.monotonic() < until:
        os.utime(path)
        events.append(next(work))
    assert f"Waiting for the process {os.getpid()} on" in events[0].text
    path.unlink()
    assert len(to_its_end(work)) == 1


def test_another_run_of_this_session_says_so_rather_than_wait_for_itself(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    with pytest.raises(ArgumentError, match="another run of this session"):
        ppl(["sun", "rain"], checkpoint=tmp_path / "run")
    work.close()
    assert not list((tmp_path / "run").glob("owner-*"))
    assert len(ppl(["sun", "rain"], checkpoint=tmp_path / "run")) == 2


def test_an_owner_that_was_replaced_writes_nothing_more(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    left_by(tmp_path / "run", host="elsewhere", boot="other")
    with pytest.raises(StorageError, match="on 'elsewhere' has taken over"):
        to_its_end(work)
    assert not list((tmp_path / "run").glob("part-*"))


def test_a_copy_of_the_owner_made_by_fork_leaves_the_folder_to_it(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    pid = os.fork()
    if pid == 0:
        work.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert list((tmp_path / "run").glob("owner-*"))
    work.close()


def test_of_many_processes_one_owns_and_a_dead_one_is_replaced_once(tmp_path):
    left_by(tmp_path, pid=2**22 + 1)
    script = (
        "import sys, time; from pathlib import Path; from tidydl.pipelines.checkpoints import owners\n"
        "place = Path(sys.argv[1])\n"
        "while not (place / 'go').exists(): time.sleep(0.001)\n"
        "print(isinstance(owners._claim(place), owners.Ownership), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stdin": subprocess.PIPE, "text": True}
    many = [subprocess.Popen(command, **pipes) for _ in range(4)]
    time.sleep(2)
    (tmp_path / "go").touch()
    told = [each.stdout.readline().strip() for each in many]
    for each in many:
        each.communicate()
    assert sorted(told) == ["False", "False", "False", "True"]


def test_a_finished_run_is_read_where_nothing_can_be_written(ppl, tmp_path):
    first = ppl(["sun"], checkpoint=tmp_path / "run")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    state = (tmp_path / "run").stat().st_mtime_ns
    pd.testing.assert_frame_equal(ppl(["sun"], checkpoint=tmp_path / "run"), first)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == before
    assert (tmp_path / "run").stat().st_mtime_ns == state


def test_a_lost_result_is_told_and_not_computed_again(ppl, tmp_path):
    ppl(["sun"], checkpoint=tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    with pytest.raises(DamagedFileError, match=r"result\.json' is damaged: it is missing"):
        ppl(["sun"], checkpoint=tmp_path / "run")


RECORDS = [
    "",
    "null",
    "[]",
    "5",
    '{"token": 5}',
    '{"token": "x"}',
    '{"token": "x", "pid": 1e999}',
    "[" * 100_000,
    "\0\xff",
]


@pytest.mark.parametrize("number", ["000001", "000000", "999999", "1" * 12, "9" * 60])
@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing", "/dev/zero", "huge", *RECORDS])
def test_whatever_lies_in_the_place_of_an_owner_is_followed(tmp_path, monkeypatch, number, kind):
    monkeypatch.setattr(owners, "SILENCE", 0.2)
    lay(tmp_path / f"owner-{number}.json", kind, kind)
    owner = to_its_end(owners.hold(tmp_path, lambda: False))
    owner.check()
    owner.release()


@pytest.mark.parametrize("ahead", [10**6, 10**9])
def test_an_owner_that_was_touched_in_the_future_is_not_waited_for(tmp_path, ahead):
    path = left_by(tmp_path, boot="other")
    os.utime(path, (time.time() + ahead, time.time() + ahead))
    to_its_end(owners.hold(tmp_path, lambda: False)).release()


def test_a_number_that_cannot_be_topped_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "SILENCE", 0.0)
    (tmp_path / f"owner-{'9' * 244}.json").touch()  # whose successor has a name too long for a file
    with pytest.raises(StorageError):
        to_its_end(owners.hold(tmp_path, lambda: False))


def test_who_never_becomes_the_owner_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "_claim", lambda place: None)
    monkeypatch.setattr(owners, "_POLL", 0.0)
    with pytest.raises(StorageError, match="no newer owner-<number>"):
        to_its_end(owners.hold(tmp_path, lambda: False))

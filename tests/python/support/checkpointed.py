"""Runs of checkpoints that are broken off, go on in another process, or are taken to their end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tidydl.pipelines.checkpoints import resumable_run

SCRIPT = Path(__file__).with_name("broken_off.py")


def started(folder, texts, place, where):
    """Start a run of a process of its own, and wait until it has kept two parts."""
    (where / "texts").write_text("\n".join(texts), "utf-8")
    command = [sys.executable, str(SCRIPT), str(folder), str(where / "texts"), str(place)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    waited = time.monotonic() + 120
    while len(list(place.glob("part-*"))) < 2 and time.monotonic() < waited and process.poll() is None:
        time.sleep(0.01)
    return process


def broken_off(ppl, texts, place, parts, monkeypatch):
    """Leave the folder of a run that an interrupt ended after some parts."""
    monkeypatch.setattr(resumable_run, "_SECONDS", 1e-6)

    def interrupt(*_):
        if len(list(place.glob("part-*"))) >= parts:
            raise KeyboardInterrupt

    hook = ppl.model.register_forward_pre_hook(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            ppl(texts, checkpoint=place)
    finally:
        hook.remove()


def to_its_end(work):
    """Run the steps of a pipeline, and return its frame."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def lay(path, kind, content=""):
    """Lay something in the place of a file."""
    if kind == "folder":
        path.mkdir()
        (path / "x").touch()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind in ("nothing", "/dev/zero"):
        path.symlink_to(kind)
    else:
        path.write_text(content, "latin1")
        os.truncate(path, 2**40 if kind == "huge" else len(content))

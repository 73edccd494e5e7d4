"""The owner of a checkpoint: at most one process, distinguished from those of other containers and machines.

The protocol, which ``docs/checkpoints.md`` describes: the owner is who made the ``owner-<number>.json`` with the
highest number, by a call that fails where the file is there. It touches the file every few seconds. Who finds
that an owner has ended makes the file with the next number, which only one can. Nobody deletes another's file before
owning a higher one.
"""

from __future__ import annotations

import json
import os
import platform
import re
import stat
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.boundaries import DATA_FILES, WRITTEN_FILES
from tidydl.errors import ArgumentError, StorageError
from tidydl.progress import Note, Pause, Work

OWNER = re.compile(r"owner-(\d{6,})\.json", re.ASCII)
BEAT = 5.0  # seconds between two touches
SILENCE = 120.0  # seconds without one, after which an owner that cannot be looked at counts as ended
_POLL = 0.1
_TRIES = 100  # to become the owner, each time overtaken by another
_LARGEST = 2**24  # bytes of a file of JSON
_SCRATCH = re.compile(r"\.(?:claim|clock|file)-[0-9a-f]{32}")
_own_tokens: set[str] = set()  # the tokens of what this process owns


def scratch_name(kind: str) -> str:
    """Return a unique name for a hidden file: ``"claim"``, ``"clock"`` or ``"file"``."""
    return f".{kind}-{uuid.uuid4().hex}"


def is_scratch(name: str) -> bool:
    """Return whether a file is a temporary one of a write."""
    return _SCRATCH.fullmatch(name) is not None


def remove_scratch(location: Path) -> None:
    """Remove hidden files of killed processes; only the owner may."""
    for name in _names(location):
        if is_scratch(name):
            path = location / name
            with suppress(OSError):
                if name.startswith(".file-") or time.time() - path.stat().st_mtime > SILENCE:
                    path.unlink(missing_ok=True)


def _names(location: Path) -> list[str]:
    with DATA_FILES.guard(f"`checkpoint` is the folder '{location}', which"):
        return os.listdir(location)


@dataclass(frozen=True)
class _Holder:
    """An owner: its number and its record (empty if that cannot be read)."""

    number: int
    path: Path
    record: dict[str, Any]

    def __str__(self) -> str:
        if not self.record:
            return "another process"
        return f"the process {self.record.get('pid')} on '{self.record.get('host')}'"


class Ownership:
    """Ownership of a folder until :meth:`release`. A thread touches its file meanwhile."""

    def __init__(self, path: Path, token: str):
        self._path, self._token, self._pid = path, token, os.getpid()
        self._ended = threading.Event()
        _own_tokens.add(token)
        threading.Thread(target=self._beat, name="tidydl checkpoint", daemon=True).start()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with suppress(OSError):
                os.utime(self._path)

    def check(self) -> None:
        """Refuse to continue if another process has taken over, as it may after a long silence; the error names it."""
        holder = _newest(self._path.parent)
        if holder is None or holder.path != self._path or holder.record.get("token") != self._token:
            raise StorageError(
                f"`checkpoint` is '{self._path.parent}', which {holder or 'another process'} has taken over.",
                allowed="One run per folder at a time.",
                hint="Earlier results are kept. Run this again when the other run is done.",
            )

    def release(self) -> None:
        """Release the folder. A fork of this process has nothing to release."""
        self._ended.set()
        if os.getpid() == self._pid:
            _own_tokens.discard(self._token)
            if _record(self._path).get("token") == self._token:
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)


def hold(location: Path, is_done: Callable[[], bool]) -> Work[Ownership | None]:
    """Wait until this process owns a folder, or until the run there is done (None).

    If the owner is a run of this very process, or one that was stopped, that is an error: waiting might never end.
    """
    announced, overtaken = False, 0
    while not is_done():
        owner = _claim(location)
        if isinstance(owner, Ownership):
            return owner
        if owner is not None:
            _refuse_endless(location, owner)
            yield Pause() if announced else Note(f"Waiting for {owner}, which is using '{location}'.")
            announced = True
        overtaken = 0 if owner is not None else overtaken + 1
        if overtaken > _TRIES:
            raise StorageError(
                f"`checkpoint` is '{location}', in which no newer owner-<number>.json can be created.",
                allowed="The folder of a run, with the files that the run made.",
                hint="Delete the files named owner-… in it, unless another process is using it.",
            )
        if owner is not None or overtaken > 1:
            time.sleep(_POLL)
    return None


def _claim(location: Path) -> Ownership | _Holder | None:
    """Claim a folder; return its owner if it has one, and None if another process was quicker."""
    holder = _newest(location)
    if holder is not None and not _has_ended(holder):
        return holder
    number = 1 if holder is None else holder.number + 1
    path, me = location / f"owner-{number:06d}.json", _this_process()
    with WRITTEN_FILES.guard(f"`checkpoint` is '{location}', where '{path.name}'"):
        if not _created_whole(path, json.dumps(me) + "\n"):
            return None
    newest = _newest(location)
    if newest is None or newest.path != path or newest.record.get("token") != me["token"]:
        with suppress(OSError):  # somebody with a higher number was there all along
            path.unlink(missing_ok=True)
        return None
    for below in _owners(location):
        if below[0] < number:
            with suppress(OSError):
                below[1].unlink(missing_ok=True)
    return Ownership(path, me["token"])


def _created_whole(path: Path, text: str) -> bool:
    """Create a file with its content at once, unless it exists; without hard links it is empty at first."""
    begun = path.with_name(scratch_name("claim"))
    try:
        begun.write_text(text, "utf-8")
        try:
            os.link(begun, path)
        except (FileExistsError, FileNotFoundError):
            return False
        except (OSError, AttributeError):
            return _created(path, text)
        return True
    finally:
        begun.unlink(missing_ok=True)


def _created(path: Path, text: str) -> bool:
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _owners(location: Path) -> list[tuple[int, Path]]:
    owners = [(int(match[1]), location / name) for name in _names(location) if (match := OWNER.fullmatch(name))]
    return sorted(owners)


def _newest(location: Path) -> _Holder | None:
    owners = _owners(location)
    return _Holder(*owners[-1], _record(owners[-1][1])) if owners else None


def _record(path: Path) -> dict[str, Any]:
    """Read the record of an owner; empty if it cannot be read."""
    try:
        record = json_in(path)
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("token"), str) else {}


def json_in(path: Path) -> Any:
    """Read a JSON file; anything but a regular file, such as a pipe without a writer, is an ``OSError``."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
        raise OSError(f"{path} is not a small file")
    return json.loads(path.read_text("utf-8"))


def _this_process() -> dict[str, Any]:
    """Identify this process uniquely, also among those of other containers with the same numbers."""
    return {
        "token": uuid.uuid4().hex,
        "host": platform.node(),
        **_namespace(),
        "pid": os.getpid(),
        "started": _state_of(os.getpid())[1],
    }


def _namespace() -> dict[str, str | None]:
    """Return the scope of process numbers: one boot of a machine, one container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return {"boot": boot, "pid_namespace": os.readlink("/proc/self/ns/pid")}
    except (OSError, ValueError):
        return {"boot": None, "pid_namespace": None}


def _state_of(pid: int) -> tuple[str | None, str | None]:
    """Return the state of a process and its start, in ticks since boot; None if unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, ValueError, IndexError):
        return None, None


def _can_be_seen(record: dict[str, Any]) -> bool:
    mine = _namespace()
    identified = mine["boot"] is not None and isinstance(record.get("pid"), int) and record["pid"] > 0
    return identified and all(record.get(name) == mine[name] for name in mine)


def _is_ours(record: dict[str, Any]) -> bool:
    """Return whether this process is the owner; a forked one knows the tokens of its parent too."""
    return record.get("token") in _own_tokens and record.get("pid") == os.getpid()


def _has_ended(holder: _Holder) -> bool:
    """Return whether an owner has ended: by its process if visible, else by its silence."""
    record = holder.record
    if _is_ours(record):
        return False
    if not _can_be_seen(record):
        return _silent_for(holder.path) > SILENCE
    if record["pid"] == os.getpid():
        return True
    try:
        os.kill(record["pid"], 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    state, started = _state_of(record["pid"])
    return state in ("Z", "X") or (started is not None and started != record.get("started"))


def _refuse_endless(location: Path, holder: _Holder) -> None:
    """Refuse to wait for a run that may never end."""
    if _is_ours(holder.record):
        raise ArgumentError(
            f"`checkpoint` is '{location}', in which another run of this session is active.",
            allowed="One run per folder at a time.",
            hint="Wait until the other run has finished, or use another folder.",
        )
    pid = holder.record.get("pid")
    if _can_be_seen(holder.record) and _state_of(holder.record["pid"])[0] in ("T", "t"):
        raise ArgumentError(
            f"`checkpoint` is '{location}', which {holder} is using, and that process is stopped.",
            allowed="One run per folder at a time.",
            hint=f"Resume it (kill -CONT {pid}) or end it (kill -9 {pid}), then run this again: nothing is lost.",
        )


def _silent_for(path: Path) -> float:
    """Return the seconds since an owner touched its file, both by the clock of the disk that holds it.

    One that is at work touches it now: not long ago, and not in the future either.
    """
    probe = path.with_name(scratch_name("clock"))
    touched = time.time()
    try:
        touched = path.lstat().st_mtime
        try:
            probe.touch()
            return abs(probe.stat().st_mtime - touched)
        finally:
            probe.unlink(missing_ok=True)
    except FileNotFoundError:  # it was released
        return 0.0
    except OSError:  # a folder that cannot be written
        return abs(time.time() - touched)

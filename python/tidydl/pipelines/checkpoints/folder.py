"""The files of a checkpoint: each is complete, and has a checksum.

``docs/checkpoints.md`` describes them. What a file holds is believed only where its checksum is right and it belongs
to the run at hand.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow.parquet as pq

from tidydl.boundaries import DATA_FILES, FULL_DISK, WRITTEN_FILES
from tidydl.checks import check_path_name, described
from tidydl.errors import ArgumentError, DamagedFileError, StorageError, TidydlError
from tidydl.pipelines.checkpoints.identity import difference
from tidydl.pipelines.checkpoints.owners import OWNER, is_scratch, json_in, remove_scratch, scratch_name

FORMAT = 2
_MANIFEST, _RESULT, _DONE = "manifest.json", "result.parquet", "result.json"
_PART = re.compile(r"part-(\d{9})-(\d{9})-([0-9a-f]{32})\.parquet")
_OLD_PART = re.compile(r"part-\d{9}-\d{9}\.parquet|\.manifest\.json\.\d+")

Part = tuple[int, int, Path]  # the first input, the first that no longer belongs, and the file


class Folder:
    """The folder of a run: what the user gave as ``checkpoint``, ``about`` being that of its ``identity()``.

    A path that is not a folder, and a folder with other files or the run of something else, are refused.
    """

    def __init__(self, folder: object, about: Mapping[str, Any]):
        self.path = _folder(folder)
        self.about = dict(about)
        self._refuse_others()
        self._run(None)

    def _names(self) -> list[str]:
        with DATA_FILES.guard(f"`checkpoint` is the folder '{self.path}', which"):
            return sorted(os.listdir(self.path))

    def _refuse_others(self) -> None:
        names = self._names()
        if _MANIFEST not in names and not all(_is_ours(name) for name in names):
            raise ArgumentError(
                f"`checkpoint` is the folder '{self.path}', which contains other files.",
                allowed="A new or empty folder, or that of an interrupted run.",
            )

    def is_done(self) -> bool:
        """Return whether the run is finished, so that there is a result to read."""
        return self._noted(_DONE) is not None

    def begin(self, seed: int | None) -> int | None:
        """Record what is run, unless it is recorded already, and return the seed with which it began.

        A damaged record is restored from the parts. Without parts the run starts again.
        """
        remove_scratch(self.path)
        run = self._run(seed)
        if self._noted(_MANIFEST) is None:
            self._write(_MANIFEST, lambda file: file.write(_with_checksum(run)))
        begun: int | None = run["seed"]
        return begun

    def _run(self, seed: int | None) -> dict[str, Any]:
        """Return the run of this folder and its seed, as recorded in it, else ours."""
        run = self._noted(_MANIFEST) or self._noted(_DONE) or next(self._told_by_parts(), None)
        if run is None:
            self._refuse_old()
            return {"format": FORMAT, "about": self.about, "seed": seed}
        differs = difference(run["about"], self.about)
        if differs is not None:
            raise ArgumentError(
                f"`checkpoint` is the folder '{self.path}', whose run had {differs}.",
                allowed="The folder of a run with the same model, inputs and options.",
                hint="Use another folder, or delete this one to start over.",
            )
        return {"format": FORMAT, "about": run["about"], "seed": run["seed"]}

    def _told_by_parts(self) -> Any:
        for _, _, path in self._named_parts():
            facts = self._facts(path)
            if facts is not None:
                yield facts["run"]

    def _refuse_old(self) -> None:
        """Refuse folders of earlier versions, which recorded too little to tell whether they fit."""
        manifest = _json_in(self.path / _MANIFEST)
        old = isinstance(manifest, dict) and {"about", "seed"} <= set(manifest) and "format" not in manifest
        newer = isinstance(manifest, dict) and isinstance(manifest.get("format"), int) and manifest["format"] > FORMAT
        if old or newer or any(_OLD_PART.fullmatch(name) for name in self._names() if name[0] != "."):
            raise ArgumentError(
                f"`checkpoint` is the folder '{self.path}' of {'a newer' if newer else 'an earlier'} version of "
                "tidydl, whose format differs.",
                allowed="The folder of a run that this version began.",
                hint="Use another folder. The parquet files in this one can be read by load_dataset().",
            )

    def _noted(self, name: str) -> dict[str, Any] | None:
        """Return the contents of a record; None if it does not exist or has changed."""
        note = _json_in(self.path / name)
        if not isinstance(note, dict) or note.get("format") != FORMAT:
            return None
        try:
            whole = note.get("checksum") == _checksum(note)
        except RecursionError:
            return None
        seed = note.get("seed", "")
        return note if whole and isinstance(note.get("about"), dict) and isinstance(seed, (int, type(None))) else None

    # Parts -----------------------------------------------------------------------------------------------------------

    def _named_parts(self) -> list[Part]:
        matches = [(match, self.path / name) for name in self._names() if (match := _PART.fullmatch(name))]
        return sorted((int(match[1]), int(match[2]), path) for match, path in matches)

    def parts(self, seed: int | None, failures: bool) -> list[Part]:
        """List the complete parts of this run; ``failures`` says whether inputs may have failed."""
        return [each for each in self._named_parts() if self._belongs(each, seed, failures)]

    def _belongs(self, part: Part, seed: int | None, failures: bool) -> bool:
        facts = self._facts(part[2])
        if facts is None or (facts["failures"] and not failures):
            return False
        recorded = (facts["run"]["about"], facts["run"]["seed"], facts["start"], facts["stop"])
        return recorded == (self.about, seed, part[0], part[1])

    def _facts(self, path: Path) -> dict[str, Any] | None:
        """Return the metadata of a part; None if its content has changed."""
        try:
            return self._read(path)[1]
        except TidydlError:  # too large for the memory, too: no part of ours is
            return None

    def read_part(self, path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Read a part; one whose content has changed is an error."""
        from tidydl.data.arrow.to_frame import decode

        table, facts = self._read(path)
        return decode(table), facts

    def _read(self, path: Path) -> tuple[Any, dict[str, Any]]:
        match = _PART.fullmatch(path.name)
        with DATA_FILES.guard(f"The file '{path}'"):
            content = path.read_bytes() if path.is_file() else b""
            if match is None or hashlib.sha256(content).hexdigest()[:32] != match[3]:
                raise DamagedFileError(
                    f"The file '{path}' is damaged: its content has changed.",
                    hint="Run this again: the part is computed again.",
                )
            return _table_in(io.BytesIO(content))

    def write_part(
        self, frame: pd.DataFrame, start: int, stop: int, facts: Mapping[str, Any], seed: int | None
    ) -> Part:
        """Write the frame of some inputs, under a name with their positions and the hash of the content."""
        whole = {**facts, "run": {"about": self.about, "seed": seed}, "start": start, "stop": stop}
        path = self._write_table(frame, whole, lambda digest: f"part-{start:09d}-{stop:09d}-{digest[:32]}.parquet")[0]
        return start, stop, path

    # The result ------------------------------------------------------------------------------------------------------

    def finish(self, frame: pd.DataFrame, facts: Mapping[str, Any], seed: int | None) -> None:
        """Write the whole result and its checksum, and only then delete the parts."""
        path, digest = self._write_table(frame, facts, lambda _: _RESULT)
        summary = {"rows": len(frame), "bytes": path.stat().st_size, "sha256": digest}
        run = {"format": FORMAT, "about": self.about, "seed": seed, **summary}
        self._write(_DONE, lambda file: file.write(_with_checksum(run)))
        for _, _, part in self._named_parts():
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def refuse_lost(self, parts: list[Part]) -> None:
        """Refuse to compute all again unasked if there is a damaged result."""
        if parts or not (self.path / _RESULT).exists():
            return
        raise self._lost(_DONE, "its content has changed" if (self.path / _DONE).exists() else "it is missing")

    def result(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Read the whole result; if its content has changed, the error names the file."""
        from tidydl.data.arrow.to_frame import decode

        note, path = self._noted(_DONE), self.path / _RESULT
        if note is None:
            raise self._lost(_DONE, "its content has changed")
        with DATA_FILES.guard(f"The file '{path}'"):
            try:
                size = path.stat().st_size if path.is_file() or not path.exists() else -1
                if size < 0 or note.get("bytes", size) != size:
                    raise self._lost(_RESULT, "its content has changed")
                with open(path, "rb") as file:
                    whole = hashlib.file_digest(file, "sha256").hexdigest() == note["sha256"]
                    file.seek(0)
                    table, facts = _table_in(file) if whole else (None, {})
            except FileNotFoundError:
                raise self._lost(_RESULT, "it is missing") from None
            if not whole:
                raise self._lost(_RESULT, "its content has changed")
            return decode(table), facts

    def _lost(self, name: str, why: str) -> DamagedFileError:
        return DamagedFileError(
            f"The file '{self.path / name}' is damaged: {why}.",
            allowed="The files of a finished run as they were written.",
            hint=f"To start over, delete the folder '{self.path}'.",
        )

    # Writing ---------------------------------------------------------------------------------------------------------

    def _write_table(self, frame: pd.DataFrame, facts: Mapping[str, Any], name: Callable[[str], str]) -> Any:
        from tidydl.data.arrow.from_frame import encode

        table = encode(frame, facts)
        return self._write(name, lambda file: pq.write_table(table, file))

    def _write(self, name: str | Callable[[str], str], fill: Callable[[Any], Any]) -> tuple[Path, str]:
        """Write a file atomically; its name may depend on the hash of its content."""
        begun = self.path / scratch_name("file")
        shown = name if isinstance(name, str) else "a part of the result"
        with WRITTEN_FILES.guard(f"`checkpoint` is the folder '{self.path}', where {shown}"):
            try:
                with open(begun, "xb") as opened:
                    file = _Hashing(opened)
                    fill(file)
                    opened.flush()
                    os.fsync(opened.fileno())
                digest = file.hash.hexdigest()
                path = self.path / (name if isinstance(name, str) else name(digest))
                os.replace(begun, path)
            finally:
                with suppress(OSError):
                    begun.unlink(missing_ok=True)
        return path, digest


class _Hashing:
    """A file that hashes what is written to it."""

    closed = False

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, content: bytes | memoryview) -> int:
        """Write and hash some bytes."""
        self.hash.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        """Flush the underlying file."""
        self._file.flush()

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._file.tell()

    def close(self) -> None:
        """Do nothing: whoever opened the file closes it."""


def _table_in(file: IO[bytes]) -> tuple[Any, dict[str, Any]]:
    from tidydl.data.arrow.to_frame import notes_of

    table = pq.read_table(file)
    return table, notes_of(table.schema)["facts"]


def _json_in(path: Path) -> Any:
    """Read a small JSON file; None if it does not exist or is invalid."""
    try:
        return json_in(path)
    except (OSError, ValueError, RecursionError):
        return None


def _checksum(note: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in note.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _with_checksum(note: Mapping[str, Any]) -> bytes:
    whole = {**note, "checksum": _checksum(note)}
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def _is_ours(name: str) -> bool:
    patterns = (_PART, _OLD_PART, OWNER)
    return name in (_MANIFEST, _RESULT, _DONE) or is_scratch(name) or any(each.fullmatch(name) for each in patterns)


def _folder(folder: object) -> Path:
    """Build the folder of a checkpoint."""
    if not isinstance(folder, (str, os.PathLike)) or not str(folder):
        raise ArgumentError(f"`checkpoint` is {described(folder)}.", allowed="The path of a folder.")
    check_path_name("checkpoint", folder)

    def explain(problem: BaseException) -> StorageError | None:
        reason = getattr(problem, "strerror", None)
        if reason is None or problem.errno in FULL_DISK:  # type: ignore[attr-defined]
            return None
        return StorageError(
            f"`checkpoint` is '{folder}', which cannot be created: {reason}.", allowed="A writable folder."
        )

    with WRITTEN_FILES.guard(f"`checkpoint` is '{folder}', which", explain):
        path = Path(os.path.abspath(os.path.expanduser(folder)))
        if path.is_file():
            raise ArgumentError(f"`checkpoint` is the file '{path}'.", allowed="The path of a folder.")
        path.mkdir(parents=True, exist_ok=True)
    return path

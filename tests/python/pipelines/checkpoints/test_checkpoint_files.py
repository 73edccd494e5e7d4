"""Files of checkpoints that are damaged, exchanged or strange, and disks that are full."""

import json
import random
import resource
import shutil
import time

import pandas as pd
import pytest

import tiny
from support.checkpointed import broken_off, lay
from tidydl.errors import TidydlError
from tidydl.pipelines.checkpoints import folder as folder_
from tidydl.pipelines.checkpoints import owners
from tidydl.pipelines.checkpoints.folder import Folder


@pytest.fixture
def texts():
    return tiny.sentences(60)


def mutate(place, numbers):
    """Change one file of a folder, or several, in one of the ways in which files change."""
    files = sorted(path for path in place.iterdir() if path.is_file())
    path = numbers.choice(files)
    content = bytearray(path.read_bytes())
    kind = numbers.randrange(8)
    if kind == 0 and content:
        content[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)
    elif kind == 1:
        content = content[: numbers.randrange(len(content) + 1)]
    elif kind == 2:
        content = bytearray()
    elif kind == 3:
        content += content[: numbers.randrange(1, 50)]
    elif kind == 4:
        path.unlink()
        return
    elif kind == 5:
        content = bytearray(numbers.choice(files).read_bytes())
    elif kind == 6:
        at = numbers.randrange(len(content) + 1)
        content[at : at + 4] = bytes(numbers.randrange(256) for _ in range(4))
    else:
        named = path.name.replace(numbers.choice("0123456789"), numbers.choice("0123456789"))
        path.rename(place / named)
        return
    path.write_bytes(bytes(content))


def outcome(ppl, texts, place):
    """Return the frame of a run, or what our error says; any other error is one."""
    try:
        return ppl(texts, checkpoint=place), ""
    except TidydlError as problem:
        return None, problem.problem


@pytest.mark.parametrize("parts", [2, 0])
def test_any_change_of_any_file_gives_the_right_rows_or_one_of_our_errors(ppl, texts, tmp_path, monkeypatch, parts):
    whole, place = ppl(texts, top_k=1), tmp_path / "run"
    if parts:
        broken_off(ppl, texts, place, parts, monkeypatch)
        for kind in ("file", "claim"):
            (place / owners.scratch_name(kind)).write_bytes(b"half")
    else:
        ppl(texts, checkpoint=place)
    right, numbers = 0, random.Random(parts)
    monkeypatch.setattr(owners, "SILENCE", -1e9)
    for attempt in range(40):
        shutil.copytree(place, tmp_path / str(attempt))
        for _ in range(numbers.randrange(1, 4)):
            mutate(tmp_path / str(attempt), numbers)
        frame, problem = outcome(ppl, texts, tmp_path / str(attempt))
        if frame is None:
            assert str(tmp_path / str(attempt)) in problem
        else:
            pd.testing.assert_frame_equal(frame, whole, atol=1e-6, rtol=0)
            right += 1
        shutil.rmtree(tmp_path / str(attempt))
    assert right > (30 if parts else 3)


def test_a_part_with_fewer_rows_than_its_name_says_is_computed_again(ppl, texts, tmp_path, monkeypatch):
    place = tmp_path / "run"
    broken_off(ppl, texts, place, 2, monkeypatch)
    first, second = sorted(place.glob("part-*"))
    second.write_bytes(first.read_bytes())
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=place), ppl(texts), atol=1e-6, rtol=0)


def test_parts_of_another_run_are_never_taken(ppl, texts, tmp_path, monkeypatch):
    broken_off(ppl, texts, tmp_path / "one", 2, monkeypatch)
    broken_off(ppl, texts[::-1], tmp_path / "two", 2, monkeypatch)
    for path in (tmp_path / "two").glob("part-*"):
        shutil.copy(path, tmp_path / "one")
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=tmp_path / "one"), ppl(texts), atol=1e-6, rtol=0)


def full_disk(work, most):
    """Do some work while no file can be larger than so many bytes, as on a full disk; tell its error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        work()
    except TidydlError as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return "nothing"


@pytest.mark.parametrize("most", [0, 100, 400, 2500])
def test_a_full_disk_is_called_so_and_the_run_goes_on_when_there_is_room(ppl, texts, tmp_path, most):
    whole, place = ppl(texts), tmp_path / "run"
    told = full_disk(lambda: ppl(texts, checkpoint=place, batch_size=60), most)
    assert told.startswith("StorageError"), told
    assert "the disk is full" in told
    assert not [path.name for path in place.iterdir() if owners.is_scratch(path.name)]
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=place), whole, atol=1e-6, rtol=0)


def checksummed(note):
    return folder_._with_checksum(note).decode()


NOTES = [
    "5",
    "[]",
    '{"format": 2}',
    "[" * 100_000,
    *(checksummed({"format": 2, "about": about, "seed": seed}) for about, seed in ((None, 1), ([], 1), ({}, "x"))),
]


@pytest.mark.parametrize("parts", [2, 0])
@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing", "/dev/zero", "huge", *NOTES])
def test_whatever_lies_in_the_place_of_a_file_neither_holds_up_nor_spoils_a_run(
    ppl, texts, tmp_path, monkeypatch, parts, kind
):
    whole, place = ppl(texts, top_k=1), tmp_path / "run"
    broken_off(ppl, texts, place, parts, monkeypatch) if parts else ppl(texts, checkpoint=place)
    for path in list(place.iterdir()):
        shutil.copytree(place, tmp_path / path.name)
        (tmp_path / path.name / path.name).unlink()
        lay(tmp_path / path.name / path.name, kind, kind)
        began = time.monotonic()
        frame, problem = outcome(ppl, texts, tmp_path / path.name)
        assert time.monotonic() - began < 20
        if frame is None:
            assert str(tmp_path / path.name) in problem
        else:
            pd.testing.assert_frame_equal(frame, whole, atol=1e-6, rtol=0)


def test_a_part_of_nothing_does_not_hold_up_a_run(ppl, texts, tmp_path, monkeypatch):
    place = tmp_path / "run"
    broken_off(ppl, texts, place, 2, monkeypatch)
    for path in place.glob("part-*"):
        path.unlink()
    about = json.loads((place / "manifest.json").read_text())["about"]
    Folder(place, about).write_part(pd.DataFrame(), 0, 0, {"failures": {}, "provenance": {}}, None)
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=place), ppl(texts), atol=1e-6, rtol=0)

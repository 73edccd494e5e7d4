"""Hostile arguments, files and models drawn at random: no call ends in an error that is not ours.

``TIDYDL_FUZZ_TRIES`` is how many calls are drawn, ``TIDYDL_FUZZ_SEED`` which.
"""

import os

import pytest

import tidydl
from fuzzing import calls
from fuzzing.subjects import SUBJECTS, public_names_of
from tidydl.boundaries import Boundary

TRIES = int(os.environ.get("TIDYDL_FUZZ_TRIES", "250"))
SEED = int(os.environ.get("TIDYDL_FUZZ_SEED", "1"))


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    for name in ("HF_HOME", "TIDYDL_CACHE", "HF_HUB_OFFLINE", "NUMBA_CACHE_DIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # and put back afterwards
    monkeypatch.chdir(tmp_path)
    calls.prepare(tmp_path)
    yield tmp_path
    tidydl.forget()


def test_every_error_is_ours(prepared):
    found = [
        f"{words}: {calls.place_of(error)} (PYTHONPATH=tests/python python -m fuzzing.calls ={number} {SEED})"
        for number, words, error in calls.faults(TRIES, SEED, prepared)
    ]
    assert found == []


def test_what_is_drawn_reaches_every_public_function():
    drawn = {each.name for each in SUBJECTS}
    assert {"NNetClassifier", "NNetRegressor"} <= drawn  # which the package lists only beside scikit-learn
    assert set(public_names_of(tidydl)) - {"TidydlError", "examples"} - drawn == set()


def test_a_foreign_error_is_found(prepared, monkeypatch):
    def foreign(*args, **given):
        return ZeroDivisionError()

    monkeypatch.setattr(Boundary, "error_for", foreign)
    assert list(calls.faults(60, SEED, prepared))

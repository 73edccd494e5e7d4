"""Tests of checkpoints leave the user's own cache alone."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep hashes of files in a folder of the test's own."""
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))

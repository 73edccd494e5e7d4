"""A test that does not run is named, and fails the run on the machine that judges changes."""

import os
import subprocess
import sys

import pytest

from support import ROOT

TESTS = ROOT / "tests" / "python"


def run(folder, text, **environment):
    """Run one test file with our skips, and return the status, what was printed and what was noted."""
    (folder / "test_it.py").write_text(text, "utf-8")
    (folder / "conftest.py").write_text(
        "from support.skips import Skips\npytest_configure = lambda config: config.pluginmanager.register(Skips())\n"
    )
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(TESTS),
        "TIDYDL_SKIPS": str(folder / "noted"),
        "CI": "",
        **environment,
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        folder,
        folder,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, env=surroundings, cwd=folder)
    return ran.returncode, ran.stdout, (folder / "noted").read_text("utf-8").splitlines()


ABSENT = (
    "import pytest\npytest.importorskip('no_such_library')\ndef test_it(): assert True\ndef test_two(): assert True\n"
)
SKIPPED = (
    "import pytest\n@pytest.mark.skipif(True, reason={reason!r})\ndef test_it(): ...\ndef test_other(): assert True\n"
)


def test_a_library_that_is_absent_is_named_and_fails_where_changes_are_judged(tmp_path):
    text = ABSENT + "\n"
    (tmp_path / "test_other.py").write_text("def test_that_runs(): assert True\n")
    status, said, noted = run(tmp_path, text)
    assert status == 0
    assert "not run: UNEXPECTED: could not import 'no_such_library'" in said
    assert noted == ["UNEXPECTED: could not import 'no_such_library': No module named 'no_such_library' (1)"]
    assert run(tmp_path, text, CI="true")[0] == 1


@pytest.mark.parametrize(("reason", "status"), [("there is no CUDA device", 0), ("R is not installed", 1)])
def test_only_what_is_expected_may_be_absent_there(tmp_path, reason, status):
    found, said, noted = run(tmp_path, SKIPPED.format(reason=reason), CI="true")
    assert found == status
    assert f"{reason} (1)" in said
    assert [line.removeprefix("UNEXPECTED: ") for line in noted] == [f"{reason} (1)"]

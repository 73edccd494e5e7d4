"""Tests that did not run, by their reasons: listed at the end, and on the machine that judges changes an error.

``tests/expected_skips.json`` holds the reasons that are expected. Where ``CI`` is true, any other fails the run. Where
``TIDYDL_SKIPS`` names a file, the list goes there too, for the end of ``make test``.
"""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support import ROOT

EXPECTED = json.loads((ROOT / "tests" / "expected_skips.json").read_text("utf-8"))["python"]


def is_expected(reason: str) -> bool:
    return any(re.match(pattern, reason) for pattern in EXPECTED)


class Skips:
    """Count skipped tests and modules by their reasons."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def note(self, report: Any) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1

    pytest_runtest_logreport = pytest_collectreport = note

    def lines(self) -> list[str]:
        marks = {reason: "" if is_expected(reason) else "UNEXPECTED: " for reason in self.reasons}
        return [f"{marks[reason]}{reason} ({times})" for reason, times in sorted(self.reasons.items())]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        unexpected = not all(map(is_expected, self.reasons))
        if unexpected and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if place := os.environ.get("TIDYDL_SKIPS"):
            Path(place).write_text("".join(f"{line}\n" for line in self.lines()), "utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self.lines():
            terminalreporter.write_line(f"not run: {line}")

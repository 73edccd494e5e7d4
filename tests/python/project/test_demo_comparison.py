"""What the demo calls equal: networks to the last digit, scores to 2e-6, and no page with a digit on an edge."""

import subprocess
import sys

import pytest

from support import ROOT
from support.precision import SCORES

TOOL = ROOT / "tools" / "compare_demo.py"
NOTES = {
    ("net", "weights"): "0.10000000000000001|-2.5",
    ("emotion", "label"): "joy|fear",
    ("emotion", "score"): "0.61|0.2",
}


def compared(folder, **changed):
    """Compare notes with a copy of them in which some items differ; return the status and what was printed."""
    for name, changes in (("r", {}), ("python", changed)):
        lines = [f"{step}\t{item}\t{changes.get(item, values)}" for (step, item), values in NOTES.items()]
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    ran = subprocess.run([sys.executable, TOOL, folder / "r", folder / "python"], capture_output=True, text=True)
    return ran.returncode, ran.stdout


def test_equal_notes_are_equal(tmp_path):
    status, said = compared(tmp_path)
    assert (status, said.count("equal")) == (0, 3)


def test_scores_may_differ_by_what_is_promised_and_no_more(tmp_path):
    assert compared(tmp_path, score=f"0.61|{0.2 + 0.9 * SCORES}")[0] == 0
    assert compared(tmp_path, score=f"0.61|{0.2 + 1.1 * SCORES}")[0] == 1


@pytest.mark.parametrize("changed", [{"weights": "0.10000000000000002|-2.5"}, {"label": "joy|joy"}, {"score": "0.61"}])
def test_all_else_must_be_equal_to_the_last_digit(tmp_path, changed):
    status, said = compared(tmp_path, **changed)
    assert (status, said.count("DIFFERENT")) == (1, 1)


@pytest.mark.parametrize("score", ["0.4975001", "0.0012349999"])
def test_a_score_whose_shown_digits_another_processor_changes_is_noticed(tmp_path, score):
    status, said = compared(tmp_path, score=f"{score}|0.2")
    assert status == 1
    assert "near a rounding edge" in said

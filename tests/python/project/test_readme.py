"""The README's code is run, and what it prints is what the README shows."""

import ast
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from support import ROOT
from support.precision import SCORES

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def words(text):
    return text.split()


FROM_TORCH = ("score", "similarity")  # the columns that differ from processor to processor


def without_rounding(expression):
    """Return an expression without a last ``.round(digits)``, and the digits."""
    match expression:
        case ast.Call(func=ast.Attribute(value=inner, attr="round"), args=[ast.Constant(value=digits)]):
            return inner, digits
    return expression, None


def shown(value, digits, by=0.0):
    """Return what is printed of a value whose numbers from torch are moved by so much."""
    if isinstance(value, pd.DataFrame) and (columns := [name for name in FROM_TORCH if name in value.columns]):
        value = value.assign(**{name: value[name] + by for name in columns})
    return repr(value if digits is None else value.round(digits))


def on_every_processor(value, digits=None):
    """Return what is printed of a value, having made sure that another processor prints the same."""
    for by in (-SCORES, SCORES):
        assert shown(value, digits, by) == shown(value, digits)
    return shown(value, digits)


def printed(statements, names):
    """Run lines and return what a prompt would print of them, pictures left out."""
    found = []
    for statement in statements:
        if not isinstance(statement, ast.Expr):
            exec(ast.unparse(statement), names)
        elif "plotnet" not in ast.unparse(statement):
            inner, digits = without_rounding(statement.value)
            value = eval(ast.unparse(inner), names)
            if value is not None:
                found.append(on_every_processor(value, digits))
    return "\n".join(found)


# The same in R: each line is run and printed, and numbers from torch may move without another digit appearing.
PRINT_IN_R = """
suppressMessages(library(tidydl))
for (line in parse(text = readLines(commandArgs(TRUE)[[1]], encoding = "UTF-8"))) {
  value <- withVisible(eval(line, globalenv()))
  if (!value$visible) next
  shown <- capture.output(print(value$value))
  for (name in intersect(c(FROM_TORCH), names(value$value))) {
    for (by in c(-SCORES, SCORES)) {
      moved <- value$value
      moved[[name]] <- moved[[name]] + by
      if (!identical(capture.output(print(moved)), shown)) stop("another processor prints other digits of ", name)
    }
  }
  writeLines(shown)
}
"""


def in_r(lines, folder):
    """Run lines in R and return the finished process; its output is what a prompt would print."""
    library = ROOT / ".setup" / "r-library"
    if shutil.which("Rscript") is None or not library.exists():
        pytest.skip("R is not ready: make setup")
    code = PRINT_IN_R.replace("FROM_TORCH", ", ".join(f'"{name}"' for name in FROM_TORCH)).replace(
        "SCORES", str(SCORES)
    )
    (folder / "print.R").write_text(code, "utf-8")
    (folder / "lines.R").write_text("\n".join(lines), "utf-8")
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable, "R_LIBS": library.read_text().strip()}
    command = ["Rscript", "print.R", "lines.R"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)


def test_the_python_lines_print_what_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for at in range(4):
        found = printed(ast.parse(blocks("python")[at]).body, names)
        print(found)
        assert words(found) == words(blocks("text")[2 * at + 1])


@pytest.mark.parametrize("at", range(4))
def test_the_r_lines_print_what_is_shown(at, tmp_path):
    ran = in_r([line for line in blocks("r")[at].splitlines() if "plotnet" not in line], tmp_path)
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    assert words(ran.stdout) == words(blocks("text")[2 * at])


def test_a_digit_that_another_processor_changes_is_noticed(tmp_path):
    frame = pd.DataFrame({".row": [0], "score": [0.4972185]})
    with pytest.raises(AssertionError):
        on_every_processor(frame)
    assert "0.497" in on_every_processor(frame, 3)
    with pytest.raises(AssertionError):
        on_every_processor(frame.assign(score=0.4975001), 3)
    assert "other digits of score" in in_r(["data.frame(score = 0.4972185)"], tmp_path).stderr
    assert in_r(["tibble::tibble(score = 0.4972185)"], tmp_path).returncode == 0


def test_the_commands_of_the_readme_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)|^make ([\w-]+)", README, flags=re.MULTILINE))
    assert {"demo", "test", "test-processors"} <= {first or second for first, second in named} <= targets
    assert (ROOT / re.search(r'src="([^"]+\.png)"', README).group(1)).is_file()

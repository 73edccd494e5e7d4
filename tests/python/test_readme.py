"""The README's code is run, and what it prints is what the README shows."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def words(text):
    return text.split()


def printed(statements, names):
    """Run lines and give what a prompt would print of them, pictures left out."""
    shown = []
    for statement in statements:
        code = ast.unparse(statement)
        if isinstance(statement, ast.Expr):
            value = eval(code, names)
            if value is not None and "plotnet" not in code:
                shown.append(repr(value))
        else:
            exec(code, names)
    return "\n".join(shown)


def test_the_python_lines_print_what_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for at in range(4):
        found = printed(ast.parse(blocks("python")[at]).body, names)
        print(found)
        assert words(found) == words(blocks("text")[2 * at + 1])


@pytest.mark.parametrize("at", range(4))
def test_the_r_lines_print_what_is_shown(at, tmp_path):
    library = ROOT / ".setup" / "r-library"
    if shutil.which("Rscript") is None or not library.exists():
        pytest.skip("R is not ready: make setup")
    lines = ["suppressMessages(library(tidydl))", *blocks("r")[at].splitlines()]
    code = "\n".join(line for line in lines if "plotnet" not in line)
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable, "R_LIBS": library.read_text().strip()}
    ran = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    assert words(ran.stdout) == words(blocks("text")[2 * at])


def test_the_commands_of_the_readme_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"make (\w+)", README)) <= targets
    assert (ROOT / re.search(r'src="([^"]+\.png)"', README).group(1)).is_file()

"""Public functions are guarded, and what lies outside is called only where docs/boundaries.md says."""

import ast
import re
from pathlib import Path

import tidydl
from support import ROOT
from tidydl import verbs
from tidydl.boundaries import BOUNDARIES

SOURCE = Path(tidydl.__file__).parent


def test_every_public_function_is_guarded_or_guards_what_reads_its_arguments():
    takes_nothing = {"TidydlError", "examples"}
    guards_inside = {"nnet", "tune_nnet", "multinom", "NNetClassifier", "NNetRegressor", "embed", "write_dataset"}
    for name in set(public_names()) - takes_nothing - guards_inside - set(verbs.__all__):
        assert getattr(tidydl, name).__code__.co_filename.endswith("boundaries.py"), name


def public_names():
    tree = ast.parse((SOURCE / "__init__.pyi").read_text("utf-8"))
    return [alias.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]


# Where what lies outside may be called: docs/boundaries.md says it.

DOCS = ROOT / "docs" / "boundaries.md"


def rows_of_the_list():
    """Read the table: boundary, functions outside, and the modules that may call them."""
    lines = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    for line in lines:
        name, _, _, functions, modules = (cell.strip() for cell in line.strip("|").split("|"))
        yield name, re.findall(r"`([^`]+)`", functions), re.findall(r"`([^`]+)`", modules)


def calls(function, text):
    before = "" if function.startswith(".") else r"(?<!\w)"
    return function in text and re.search(before + re.escape(function) + r"\b", text) is not None


def test_the_list_names_every_boundary():
    assert set(BOUNDARIES) <= {name for name, _, _ in rows_of_the_list()}


def test_what_lies_outside_is_called_only_where_the_list_says():
    allowed = {}
    for _, functions, modules in rows_of_the_list():
        for function in functions:
            allowed.setdefault(function, []).extend(modules)
    code = {file.relative_to(SOURCE).as_posix(): file.read_text("utf-8") for file in SOURCE.rglob("*.py")}
    astray = [
        f"{function} in {file}"
        for function, modules in allowed.items()
        for file, text in code.items()
        if calls(function, text) and not file.startswith(tuple(modules))
    ]
    assert astray == []


def test_the_list_has_no_function_that_nobody_calls():
    code = "\n".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py"))
    for _, functions, _ in rows_of_the_list():
        for function in functions:
            assert function in code, function

"""No check passes whatever it meets: tolerances, patterns and assertions of both suites are looked at."""

import ast
import re
from pathlib import Path

import pytest

from support import ROOT

TESTS = ROOT / "tests"
TOLERANCES = {"rel", "abs", "rtol", "atol", "tolerance"}
LARGEST = 0.2  # of half precision; a tolerance of 1 lets any number pass
EXPECTED_TEXT = re.compile(r'\s*(?:\w+ <- )?expect_(?:error|warning|message|match)\(.*, "([^"]*)"(?:, class = .*)?\)$')
ASSERTING = re.compile(r"assert|raises|warns|fail|check|same|compare|expect|near|refuse|parametrize")


def number(node: ast.AST) -> float:
    try:
        return abs(float(ast.literal_eval(node)))
    except (ValueError, TypeError, SyntaxError):
        return 0.0


def says_little(pattern: str) -> bool:
    """Return whether a pattern is found in nearly every message."""
    return len(re.sub(r"[\s.*+?^$]", "", pattern)) < 3


def functions_that_assert(tree: ast.Module) -> set[str]:
    """Return the functions of a module in which something can fail, through others that they call too."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    calls = {
        name: {ast.unparse(each.func).rpartition(".")[2] for each in ast.walk(node) if isinstance(each, ast.Call)}
        for name, node in functions.items()
    }
    found = {
        name
        for name, node in functions.items()
        if any(isinstance(each, (ast.Assert, ast.Raise)) for each in ast.walk(node))
        or any(ASSERTING.search(called) for called in calls[name])
    }
    while more := {name for name in set(functions) - found if calls[name] & found}:
        found |= more
    return found


def faults_in_python(text: str) -> list[str]:
    """List what cannot fail in a test file."""
    tree = ast.parse(text)
    asserting = functions_that_assert(tree)
    found = []
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and node.name not in asserting:
            found.append(f"{line}: {node.name} asserts nothing")
        if isinstance(node, ast.Assert) and isinstance(node.test, (ast.Constant, ast.Tuple)):
            found.append(f"{line}: always true: {ast.unparse(node)}")
        if isinstance(node, ast.keyword) and node.arg in TOLERANCES and number(node.value) > LARGEST:
            found.append(f"{line}: any number passes: {ast.unparse(node)}")
        if isinstance(node, ast.keyword) and node.arg == "match" and says_little(ast.unparse(node.value).strip("'")):
            found.append(f"{line}: any text passes: {ast.unparse(node)}")
    return found


def faults_in_r(text: str) -> list[str]:
    """List the same in a test file of R."""
    found = []
    for line, code in enumerate(text.splitlines(), start=1):
        for tolerance in re.findall(r"tolerance = ([0-9.e-]+)", code):
            if float(tolerance) > LARGEST:
                found.append(f"{line}: any number passes: {code.strip()}")
        if re.search(r"expect_(true\(TRUE|false\(FALSE)\)", code):
            found.append(f"{line}: always true: {code.strip()}")
        pattern = re.match(
            r'\s*(?:\w+ <- )?expect_(?:error|warning|message|match)\(.*, "([^"]*)"(, class = .*)?\)$', code
        )
        if pattern and says_little(pattern.group(1)):
            found.append(f"{line}: any text passes: {code.strip()}")
    return found


PYTHON = sorted((TESTS / "python").rglob("test_*.py"))
R = sorted((TESTS / "testthat").glob("test-*.R"))


def test_there_are_tests_of_both_languages():
    assert len(PYTHON) > 50
    assert len(R) > 20


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.stem)
def test_checks_in_python_can_fail(path):
    if path.name != Path(__file__).name:
        assert faults_in_python(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", R, ids=lambda path: path.stem)
def test_checks_in_r_can_fail(path):
    assert faults_in_r(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "def test_it():\n    print(1)",
        "def test_it():\n    assert True",
        "def test_it():\n    assert x, y == pytest.approx(z, rel=1)",
        "def test_it():\n    with pytest.raises(ValueError, match='x'): f()",
    ],
)
def test_a_check_that_cannot_fail_is_noticed_in_python(text):
    assert len(faults_in_python(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "expect_equal(a, b, tolerance = 1)",
        "expect_true(TRUE)",
        'expect_error(load_dataset(x), "x", class = "our_error")',
    ],
)
def test_a_check_that_cannot_fail_is_noticed_in_r(text):
    assert len(faults_in_r(text)) == 1

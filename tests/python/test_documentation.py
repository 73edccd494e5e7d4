"""What is public is documented: in both languages each page says arguments, value and errors, and its examples run."""

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tidydl

ROOT = Path(__file__).parents[2]
PUBLIC = [name for name in dir(tidydl) if not name.startswith("_")]
PAGES = sorted((ROOT / "man").glob("*.Rd"))
# Shown only: it installs packages. The other page lists what generics exports.
SHOWN_ONLY, OTHERS = "install_tidydl.Rd", "reexports.Rd"


def sections(name):
    text = inspect.getdoc(getattr(tidydl, name)) or ""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_say_arguments_value_and_errors_and_hold_an_example(name):
    found, thing = sections(name), getattr(tidydl, name)
    wanted = {"Examples"}
    if not inspect.isclass(thing):
        wanted |= {"Returns", "Raises"}
    if inspect.signature(thing).parameters:
        wanted |= {"Parameters"}
    assert wanted <= found.keys()
    assert ">>>" in found["Examples"]


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_name_every_argument_and_no_other(name):
    arguments = inspect.signature(getattr(tidydl, name)).parameters.values()
    named = [each.name for each in arguments if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    heads = re.findall(r"^(\S[^:\n]*)", sections(name).get("Parameters", ""), flags=re.MULTILINE)
    told = [each.strip().lstrip("*") for head in heads for each in head.split(",")]
    assert set(named) <= set(told)
    if all(each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in arguments):
        assert set(told) == set(named)


def test_no_example_of_a_docstring_is_skipped():
    texts = {path: path.read_text("utf-8") for path in (ROOT / "python" / "tidydl").rglob("*.py")}
    assert [str(path) for path, text in texts.items() if re.search(r"doctest:\s*\+SKIP", text)] == []
    assert sum(">>>" in text for text in texts.values()) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_help_pages_say_arguments_value_and_errors_and_hold_an_example(page):
    text = page.read_text("utf-8")
    if page.name != OTHERS:
        assert all(f"\n\\{part}{{" in text for part in ("arguments", "value", "section{Errors}", "examples"))
    assert ("\\dontrun" in text) == (page.name == SHOWN_ONLY)
    assert "\\donttest" not in text


MODULE = '''"""A module.

>>> 1 + 1
2
"""
class A:
    def f(self):
        """Add.

        >>> 1 + 1
        3
        """
'''


def test_the_check_of_doctests_finds_those_of_modules_and_methods(tmp_path):
    (tmp_path / "some.py").write_text(MODULE)
    assert [name for name, _, _ in load_tool("check_doctests").docstrings(tmp_path / "some.py")] == ["", "A.f"]


@pytest.mark.parametrize(
    ("example", "answer"),
    [
        (">>> 1 + 1\n2", "1 lines run, 0 failed, 0 other"),
        (">>> 1 + 1\n3", "1 failed"),
        (">>> 1 + 1  # doctest: +SKIP\n2", "1 other faults"),
        (">>> open('left', 'w').close()", "1 other faults"),
        ("None.", "0 lines run"),
    ],
)
def test_the_check_of_doctests_fails_where_one_fails_is_skipped_or_leaves_files(tmp_path, example, answer):
    package = tmp_path / "tidydl"
    package.mkdir()
    (package / "storage.py").write_text(f'"""Some.\n\n{example}\n"""\ndef compiled_code_folder(): pass\n')
    script = (
        f"import pathlib, runpy, sys; main = runpy.run_path({str(ROOT / 'tools/check_doctests.py')!r})['main']; "
        f"main.__globals__['PACKAGE'] = pathlib.Path({str(package)!r}); sys.exit(main([]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={})
    assert answer in ran.stdout, ran.stdout + ran.stderr
    assert (ran.returncode == 0) == ("1 lines run, 0 failed, 0 other" in answer)


def test_the_check_of_examples_sees_those_of_r_that_were_not_run():
    page = (
        "> ### Name: cache\n> ## Don't show: \n> if (tidydl:::python_ready()) force({ # examplesIf\n+ cache()\n+ })\n"
    )
    plain = "> ### Name: split_data\n> split_data(iris)\n$train\n"
    faults = load_tool("check_examples").faults
    assert faults(page + "> cache()\n# A tibble: 0\n" + plain) == []
    assert faults(page + "> ## End(Don't show)\n" + plain) == ["cache: the condition of the examples does not hold"]
    assert faults(plain + "> ## Not run: \n> ##D more()\n") == ["split_data: examples are marked not to be run"]
    assert faults("> ### Name: install_tidydl\n> ## Not run: \n") == []
    assert faults("R version 4.2.2\n") == ["there are no examples"]

"""What is public is documented: in both languages each page says arguments, value and errors, and its examples run.

What the pages for contributors name is there: files, modules, functions, targets of make.
"""

import ast
import builtins
import functools
import importlib.util
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tidydl
from support import ROOT

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
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "python")}
    )
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


GUIDES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "NEWS.md", "README.md", "SECURITY.md", "tests/shared/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
CODE = (".py", ".pyi", ".R", ".sh", ".Rmd")
MADE = {".venv", ".setup", "dist", "demo", "build", "bin", "run"}  # folders that are no part of the tree
# What other libraries and R define.
FOREIGN = {
    *("add1", "anova", "conditionMessage", "drop1", "import", "install.packages", "load", "match.call", "missing"),
    *(
        "I",
        "bs",
        "ns",
        "model.frame",
        "traceback",
        "parent.frame",
        "poly",
        "plot",
        "readRDS",
        "runif",
        "saveRDS",
        "set.seed",
        "step",
    ),
    *("update", "use_condaenv", "use_virtualenv", "DataFrame", "to_json"),
}


@functools.cache
def files_of_the_tree():
    """Return the paths of all files and folders that belong to the project, seen from its root."""
    found = set()
    for top in ("R", "man", "inst", "python", "tests", "tools", "docs", "vignettes", ".github", ".ci"):
        paths = (path for path in (ROOT / top).rglob("*") if "__pycache__" not in path.parts)
        found |= {top, *(path.relative_to(ROOT).as_posix() for path in paths)}
    return found | {path.name for path in ROOT.iterdir() if path.is_file()}


@functools.cache
def names_of_the_tree():
    """Return the names that code defines: functions, classes and constants in Python, what R assigns or exports."""
    found = set(dir(builtins)) | FOREIGN
    for path in files_of_the_tree():
        if path.endswith((".py", ".pyi")):
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            nodes = list(ast.walk(tree))
            found |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            found |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        elif path.endswith(".R"):
            text = (ROOT / path).read_text("utf-8")
            found |= set(re.findall(r"^`?([\w.]+)`? <- ", text, flags=re.MULTILINE))
    imported = re.findall(
        r"^(?:export|importFrom)\((?:\w+,)?\"?([\w.]+)", (ROOT / "NAMESPACE").read_text("utf-8"), re.M
    )
    return found | set(imported)


@functools.cache
def words_of_the_code():
    """Return all words in code, for names that are read there rather than defined, such as environment variables."""
    paths = [path for path in files_of_the_tree() if path.endswith(CODE) and not path.endswith(Path(__file__).name)]
    texts = [(ROOT / path).read_text("utf-8") for path in paths]
    return set(re.findall(r"\w+", " ".join(texts)))


def is_there(path, page):
    """Return whether a path is one of the tree: from its root, the Python package or from the page's own folder."""
    folder = page.parent.relative_to(ROOT).as_posix()
    bases = ("", "python/", "python/tidydl/", "python/tidydl/pipelines/", f"{folder}/")
    places = {f"{base}{path}".rstrip("/") for base in bases}
    if "/" not in path and path.endswith(CODE):
        return any(file.rpartition("/")[2] == path for file in files_of_the_tree())
    return any(place + ending in files_of_the_tree() for place in places for ending in ("", ".py"))


def stale_in(text, page=ROOT / "README.md"):
    """Return what a page names that is not there."""
    stale = [target for target in re.findall(r"]\(([^)#:]+)\)", text) if not (page.parent / target).exists()]
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    shown = "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    spans = re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for made in re.findall(
        r"(?:^|`)make\s+([\w-]+)", "\n".join([shown, *(f"`{span}`" for span in spans)]), re.MULTILINE
    ):
        stale += [] if made in targets else [f"make {made}"]
    for span in [*spans, *shown.split("\n")]:
        for word in re.split(r"[\s,=]+", span):
            stale += [] if names_something(word, page) else [word]
    return stale


def names_something(word, page):
    """Return whether a word is the name of something that is there, or no such name at all (a value in quotes)."""
    called = re.match(r"@?([A-Za-z_][\w.]*)\(", word)
    if called:
        return not {called[1], called[1].rpartition(".")[2]}.isdisjoint(names_of_the_tree())
    if re.fullmatch(r"tidydl(\.\w+)+", word):
        return is_there(f"python/{word.replace('.', '/')}", page)
    if re.fullmatch(r"[\w.-]+(/[\w.-]*)+|[\w-]+(\.pyi?|\.R|\.sh)", word):
        own = word.split("/")[0] not in MADE and (word.endswith(CODE) or looks_like_ours(word, page))
        return not own or is_there(word, page)
    if re.fullmatch(r"_?[A-Z][A-Z_]{3,}|[a-z]+(_[a-z]+)+", word):
        return word in words_of_the_code() | names_of_the_tree() or (ROOT / word).is_file()
    if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", word):
        return word in names_of_the_tree()
    return True


def looks_like_ours(path, page):
    """Return whether the first part of a path is a folder of ours, so that the rest should be there too."""
    return is_there(path.split("/")[0], page)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_the_guides_name_is_there(page):
    assert stale_in(page.read_text("utf-8"), page) == []


@pytest.mark.parametrize(
    "text",
    [
        "`tests/python/test_nothing.py`",
        "`pipelines/nowhere.py`",
        "`pipelines/nowhere/`",
        "`nowhere.R`",
        "`tidydl.nowhere`",
        "`no_such_function()`",
        "`tidydl.no_such_function(x)`",
        "`NO_SUCH_TABLE`",
        "`TIDYDL_NOTHING=3`",
        "`NoSuchError`",
        "`no_such_argument`",
        "`make nothing`",
        "```sh\nmake nothing\n```",
        "[a page](nowhere.md)",
    ],
)
def test_a_name_in_a_guide_that_is_not_there_is_noticed(text):
    assert stale_in(text) != []


def test_both_halves_and_the_pages_name_one_version():
    version = tidydl.__version__
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == version
    assert f"\nVersion: {version}\n" in (ROOT / "DESCRIPTION").read_text("utf-8")
    assert (ROOT / "NEWS.md").read_text("utf-8").startswith(f"# tidydl {version}\n")
    assert set(re.findall(r"tidydl_([\d.]+)\.tar", (ROOT / "README.md").read_text("utf-8"))) == {version}

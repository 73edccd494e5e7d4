"""Imports go downwards only, heavy libraries enter late, and reticulate has its two files in R."""

import ast
import importlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import ROOT

SOURCE = ROOT / "python"

# From the ground up. Names in one row may import each other, as long as no circle comes of it.
LAYERS = (
    ("rendering",),
    ("errors",),
    (
        "boundaries",
        "checks",
        "rng",
        "columns",
        "storage",
        "private_folders",
        "progress",
        "whole_files",
        "user_warnings",
    ),
    ("verbs", "device", "rprint", "hub"),
    ("design",),
    ("networks", "data"),
    ("pipelines",),
    ("plots",),
    ("environment",),
    ("bridge",),
    ("workshop",),
)
BELOW_TABLES = ("tidydl", *(f"tidydl.{name}" for row in LAYERS[:4] for name in row), "tidydl.environment")
PIPELINES = "tidydl.pipelines"
# What reads inputs knows of no task, and what several families share knows of none of them.
FORBIDDEN = {"reading": ("families", "running"), "running": ("families",)}
# The folders of data/, from the ground up: none knows of those after it, nor of the modules beside them.
DATA = ("media", "arrow", "readers", "sources")
# Libraries that modules import on top from the layer of design/ on, and those that only functions do, when they run.
OF_TABLES = ("pandas", "numpy", "pyarrow")
LATE = ("torch", "transformers", "datasets", "numba", "matplotlib", "PIL")
HEAVY = (*LATE, *OF_TABLES)


def modules_of(source: Path) -> dict[str, ast.Module]:
    """Parse every module below a folder, by its dotted name."""
    found = {}
    for file in sorted(source.glob("tidydl/**/*.py")):
        parts = file.relative_to(source).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text(encoding="utf-8"), str(file))
    return found


def imports_of(name: str, tree: ast.Module, modules: dict[str, ast.Module]) -> Iterator[str]:
    """Name the modules of tidydl that a module imports, in functions and for types too."""
    is_package = any(other.startswith(f"{name}.") for other in modules)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "tidydl")
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[: len(name.split(".")) + is_package - node.level] if node.level else []
            target = ".".join([*base, *([node.module] if node.module else [])])
            if target.split(".")[0] == "tidydl":
                names = [f"{target}.{alias.name}" for alias in node.names]
                yield from (full if full in modules else target for full in names)


def layer_of(name: str) -> tuple[int, int] | None:
    """Return the layer of a module, and within data/ that of its folder; the package, a table of contents, has none."""
    parts = name.split(".")
    if len(parts) == 1:
        return None
    rows = [row for row, names in enumerate(LAYERS) if parts[1] in names]
    if not rows:
        raise AssertionError(f"{name} belongs to no layer: give it one in LAYERS")
    in_folder = parts[1] == "data" and parts[2:3] and parts[2] in DATA
    return rows[0], DATA.index(parts[2]) if in_folder else len(DATA)


def graph_of(source: Path) -> dict[str, set[str]]:
    """Return the modules of tidydl that each of them imports."""
    modules = modules_of(source)
    return {name: set(imports_of(name, tree, modules)) - {name} for name, tree in modules.items()}


def faults_of(source: Path) -> list[str]:
    """List upward imports and circles."""
    graph = graph_of(source)
    found = []
    for name, targets in graph.items():
        for target in sorted(targets):
            here, there = layer_of(name), layer_of(target)
            if here is not None and there is not None and there > here:
                found.append(f"{name} imports {target}, which lies above it")
    return found + [f"a circle: {' -> '.join(circle)}" for circle in circles_of(graph)]


def faults_of_families(source: Path, families: set[str]) -> list[str]:
    """List where the modules that do tasks lean on each other, or what they share leans on them.

    ``families`` are named from ``tidydl.pipelines.families`` on. What lies beside them belongs to one of them alone.
    """
    graph, found = graph_of(source), []
    users: dict[str, list[str]] = {}
    for name, targets in graph.items():
        part = name.removeprefix(f"{PIPELINES}.").partition(".")[0]
        for target in sorted(targets):
            there, _, module = target.removeprefix(f"{PIPELINES}.").partition(".")
            if there in FORBIDDEN.get(part, ()) or (part == there == "families" and module in families):
                found.append(f"{name} imports {target}")
    for family in sorted(families):
        for name in sorted(reached(f"{PIPELINES}.families.{family}", graph)):
            users.setdefault(name, []).append(family)
    return found + [f"{name} belongs to {' and '.join(each)}" for name, each in users.items() if len(each) > 1]


def reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    """Return the modules beside the families that one of them needs, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {each for each in graph[waiting.pop()] if each.startswith(f"{PIPELINES}.families.")} - found
        found |= new
        waiting += new
    return found


def circles_of(graph: dict[str, set[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                # The package itself only loads its names late, so it closes no circle.
                if target != "tidydl":
                    visit(target, [*path, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def write(folder: Path, **texts: str) -> Path:
    (folder / "tidydl").mkdir()
    for name, text in {"__init__": "", **texts}.items():
        path = folder / "tidydl" / (name.replace("__in__", "/") + ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def test_every_import_goes_downwards_and_none_in_circles():
    assert faults_of(SOURCE) == []


def test_families_and_what_they_share_keep_apart():
    from tidydl.pipelines.catalogue import TASKS

    assert faults_of_families(SOURCE, {task.family for task in TASKS}) == []


def test_a_family_that_leans_on_another_is_noticed(tmp_path):
    folder = tmp_path / "tidydl" / "pipelines"
    for path, text in {
        "families/a": "from tidydl.pipelines.families.b import run\nfrom tidydl.pipelines.families.own import f\n",
        "families/b": "from tidydl.pipelines.families import own\n",
        "families/own": "",
        "reading/texts": "from tidydl.pipelines.running import draws\n",
        "running/draws": "import tidydl.pipelines.families.b\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{path}.py").write_text(text)
    assert faults_of_families(tmp_path, {"a", "b"}) == [
        "tidydl.pipelines.families.a imports tidydl.pipelines.families.b",
        "tidydl.pipelines.reading.texts imports tidydl.pipelines.running.draws",
        "tidydl.pipelines.running.draws imports tidydl.pipelines.families.b",
        "tidydl.pipelines.families.own belongs to a and b",
    ]


def test_every_module_that_is_found_by_its_name_has_what_is_asked_of_it():
    from tidydl.pipelines.catalogue import TASKS
    from tidydl.pipelines.inputs import modality_of
    from tidydl.pipelines.protocols import Family, Modality, Prepared, Shared

    for task in TASKS:
        assert isinstance(importlib.import_module(f"{PIPELINES}.families.{task.family}"), Family), task.family
        for part in task.parts:
            assert isinstance(modality_of(part), Shared if part.shared else Modality), part
    for kind in ("text", "image", "audio", "video"):
        assert isinstance(importlib.import_module(f"{PIPELINES}.reading.{kind}s"), Prepared), kind


def test_an_upward_import_is_noticed(tmp_path):
    source = write(tmp_path, errors="from .rng import runif\n", rng="")
    assert faults_of(source) == ["tidydl.errors imports tidydl.rng, which lies above it"]


def test_an_upward_import_is_noticed_inside_a_function_and_under_its_full_name(tmp_path):
    source = write(tmp_path, errors="def f():\n    import tidydl.rng\n", rng="")
    assert faults_of(source) == ["tidydl.errors imports tidydl.rng, which lies above it"]


def test_an_upward_import_out_of_a_package_is_noticed(tmp_path):
    source = write(tmp_path, data__in__loading="from ..bridge import jobs\n", bridge__in__jobs="")
    assert faults_of(source) == ["tidydl.data.loading imports tidydl.bridge.jobs, which lies above it"]


def test_a_circle_is_noticed(tmp_path):
    source = write(tmp_path, rng="from .columns import ROW\n", columns="from tidydl import rng\n")
    assert faults_of(source) == ["a circle: tidydl.columns -> tidydl.rng -> tidydl.columns"]


def test_an_upward_import_for_types_alone_is_noticed(tmp_path):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .rng import runif\n"
    assert faults_of(write(tmp_path, errors=text, rng="")) == ["tidydl.errors imports tidydl.rng, which lies above it"]


@pytest.mark.parametrize(
    ("here", "there"),
    [("media.image", "arrow.nested"), ("arrow.nested", "readers.csv"), ("readers.csv", "sources.zips")]
    + [(f"{folder}.one", "loading") for folder in DATA],
)
def test_an_upward_import_between_the_folders_of_data_is_noticed(tmp_path, here, there):
    for name in ("media.image", "arrow.nested", "readers.csv", "sources.zips", "loading", here):
        path = tmp_path / "tidydl" / "data" / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from tidydl.data.{there} import f\n" if name == here else "")
    assert faults_of(tmp_path) == [f"tidydl.data.{here} imports tidydl.data.{there}, which lies above it"]


def test_the_folders_of_data_are_those_that_are_there():
    assert {path.parent.name for path in (SOURCE / "tidydl" / "data").glob("*/__init__.py")} == set(DATA)


def test_a_module_without_a_layer_is_noticed(tmp_path):
    with pytest.raises(AssertionError, match="belongs to no layer"):
        faults_of(write(tmp_path, helpers="from . import errors\n", errors=""))


def loaded_by(module: str, heavy: tuple[str, ...] = HEAVY) -> tuple[list[str], float]:
    """Import a module in a Python of its own: which heavy libraries came along, and the seconds it took."""
    code = (
        "import sys, time; began = time.perf_counter(); "
        f"sys.path.insert(0, {str(SOURCE)!r}); import {module}; "
        "print(time.perf_counter() - began, *sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *names = answer.stdout.split()
    return [name for name in heavy if name in names], float(seconds)


def modules_below_tables() -> list[str]:
    known = modules_of(SOURCE)
    return [name for name in BELOW_TABLES if name == "tidydl" or name in known]


@pytest.mark.parametrize("module", modules_below_tables())
def test_importing_is_light(module):
    heavy, seconds = loaded_by(module)
    print(f"import {module}: {seconds:.3f} s")
    assert heavy == []


@pytest.mark.parametrize("package", ["design", "data", "pipelines"])
def test_importing_every_module_of_a_package_loads_no_library_that_takes_seconds(package):
    names = [name for name in modules_of(SOURCE) if name.startswith(f"tidydl.{package}.")]
    assert len(names) > 10
    assert loaded_by(", ".join(names), LATE)[0] == []


def test_a_heavy_import_is_noticed():
    heavy, _ = loaded_by("tidydl, pandas")
    assert "pandas" in heavy


def test_the_public_names_are_there():
    import tidydl

    began = time.perf_counter()
    missing = [name for name in tidydl.__all__ if not hasattr(tidydl, name)]
    print(f"all public names: {time.perf_counter() - began:.3f} s")
    assert missing == []


RETICULATE_FILES = {"python.R", "convert.R", "python-install.R"}


def uses_of_reticulate(folder: Path) -> dict[str, int]:
    uses = {}
    for file in sorted(folder.glob("*.R")):
        code = [line.split("#")[0] for line in file.read_text(encoding="utf-8").splitlines()]
        count = sum(len(re.findall(r"\breticulate::", re.sub(r'"[^"]*"', "", line))) for line in code)
        if count:
            uses[file.name] = count
    return uses


def test_reticulate_is_called_in_its_own_files_only():
    assert set(uses_of_reticulate(ROOT / "R")) == RETICULATE_FILES


def test_a_call_of_reticulate_elsewhere_is_noticed(tmp_path):
    (tmp_path / "nnet.R").write_text('x <- reticulate::import("os")  # reticulate::py_run_string\n')
    assert uses_of_reticulate(tmp_path) == {"nnet.R": 1}


def test_no_name_is_defined_twice_in_r():
    defined: dict[str, list[str]] = {}
    for file in sorted((ROOT / "R").glob("*.R")):
        for name in re.findall(r"^([\w.]+) <- ", file.read_text(encoding="utf-8"), re.MULTILINE):
            defined.setdefault(name, []).append(file.name)
    assert len(defined) > 500
    assert {name: files for name, files in defined.items() if len(files) > 1} == {}


def test_tests_stand_in_folders_named_as_those_of_what_they_test():
    tests = ROOT / "tests" / "python"
    files = list(tests.rglob("test_*.py"))
    folders = {file.parent.relative_to(tests).as_posix() for file in files} - {"project", "fuzzing"}
    assert len(folders) > 10
    assert {folder for folder in folders if not (SOURCE / "tidydl" / folder).is_dir()} == set()
    assert len({file.name for file in files}) == len(files)

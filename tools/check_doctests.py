"""Run the examples of every docstring of the package, and say which module's were slow.

python tools/check_doctests.py [part of a module's name …]

They run in an empty folder, which has to be empty afterwards too, and without a network: what they keep goes into
temporary folders. An example that is marked to be skipped is a fault here.
"""

import ast
import doctest
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "python" / "tidydl"
SLOW = 5.0


def docstrings(path: Path) -> Iterator[tuple[str, str, int]]:
    """Find the docstrings with examples in a file: name of the object, docstring, line. None of the file is run."""

    def inside(node: ast.AST, name: str) -> Iterator[tuple[str, str, int]]:
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            name = ".".join(filter(None, (name, getattr(node, "name", ""))))
            text = ast.get_docstring(node)
            if text and ">>>" in text:
                yield name, text, node.body[0].lineno
        for child in ast.iter_child_nodes(node):
            yield from inside(child, name)

    yield from inside(ast.parse(path.read_text("utf-8")), "")


def check(path: Path, runner: doctest.DocTestRunner) -> list[str]:
    """Run the examples of one file; give the faults that are not failures."""
    faults = []
    found = list(docstrings(path))
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for name, text, line in found:
        test = doctest.DocTestParser().get_doctest(
            text, dict(vars(importlib.import_module(module))), f"{module}.{name}", str(path), line - 1
        )
        runner.run(test)
        if any(example.options.get(doctest.SKIP) for example in test.examples):
            faults.append(f"{module}.{name}: an example is skipped")
    return faults


def main(wanted: list[str]) -> int:
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch))
        for path in sorted(PACKAGE.rglob("*.py")):
            if wanted and not any(each in str(path) for each in wanted):
                continue
            began = time.perf_counter()
            faults += check(path, runner)
            if (seconds := time.perf_counter() - began) > SLOW:
                print(f"{path.relative_to(PACKAGE)}: {seconds:.0f} s")
        faults += [f"an example leaves '{left}' behind" for left in os.listdir()]
        os.chdir(PACKAGE)
    print(*faults, sep="\n", end="\n" if faults else "")
    results = runner.summarize(verbose=False)
    print(f"doctests: {results.attempted} lines run, {results.failed} failed, {len(faults)} other faults")
    return int(bool(results.failed or faults or not results.attempted))


def prepare(scratch: Path) -> None:
    """Go to an empty folder; compiled code alone is kept where it always is."""
    sys.path.insert(0, str(PACKAGE.parent))
    from tidydl.private_folders import compiled_code_folder

    os.environ.update(
        NUMBA_CACHE_DIR=str(compiled_code_folder() or scratch / "compiled"),
        TIDYDL_CACHE=str(scratch / "cache"),
        HF_HOME=str(scratch / "hub"),
        HF_HUB_OFFLINE="1",
        CUDA_VISIBLE_DEVICES="",
    )
    (scratch / "here").mkdir()
    os.chdir(scratch / "here")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

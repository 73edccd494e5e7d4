"""Mutate lines of the product at random and see whether a test falls: what survives is untested, or dead code.

python tools/mutate.py py 25 --seed 1 --log mutants.md        Python, in a copy of the tree
python tools/mutate.py r 15 --seed 1 --log mutants.md         R, installed anew for each mutant

Each mutant changes one line by one operator: it negates a condition, changes a comparison, is off by one, swaps a
constant, drops a statement or returns early. The tests that are run are those of TESTS below, whose left side begins
the path of the file; they must pass before.
"""

import argparse
import ast
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Where wrong code means wrong results, and the tests that should tell.
TESTS = {
    "python/tidydl/design/r_": "saved_for_r",
    "python/tidydl/design/": "design grammar model_frame random_formulas bad_input",
    "python/tidydl/networks/network_verbs": "verbs nnet",
    "python/tidydl/networks/averaging": "averaging",
    "python/tidydl/networks/inference": "verbs hessian",
    "python/tidydl/networks/classification": "confusion nnet",
    "python/tidydl/networks/effects/": "importance",
    "python/tidydl/networks/saved/": "saved_for_r saved_designs_for_r saving fuzz_saved",
    "python/tidydl/networks/model_selection/": "tuning resampling",
    "python/tidydl/networks/multinomial/": "multinom multinom_verbs",
    "python/tidydl/data/readers/csv": "csv_columns loading",
    "python/tidydl/data/readers/json": "loading reading_odd_files",
    "python/tidydl/data/arrow/to_frame": "kinds loading nested_values",
    "python/tidydl/data/arrow/from_frame": "kinds writing_datasets writing_odd_kinds",
    "python/tidydl/data/selecting": "loading loading_parts",
    "python/tidydl/data/splits": "loading loading_parts",
    "python/tidydl/data/arrow/concatenation": "loading loading_parts writing_datasets",
    "python/tidydl/bridge/": "bridge bridge_jobs",
    "python/tidydl/pipelines/widening": "frames",
    "python/tidydl/pipelines/similarity": "embedding",
    "python/tidydl/pipelines/batching": "batches running",
    "python/tidydl/pipelines/task_runs": "task_runs",
    "python/tidydl/pipelines/reading/windows": "text answers",
    "python/tidydl/rng": "rng",
    "python/tidydl/workshop/": "as_in_version_4 course_pipeline course_tasks course_datasets course_tokenizers",
    "R/nnet": "nnet nnet-engine nnet-repeats methods",
    "R/model-frame": "model-frame nnet bad-input",
    "R/network-data": "importance",
    "R/convert": "bridge dataset round-trip",
    "R/multinom": "multinom",
    "R/split-data": "split-data",
    "R/confusion": "confusion",
    "R/hessian": "hessian",
    "R/column-notes": "round-trip dataset",
    "R/importance": "importance",
    "R/tune": "tune",
}
OF_PYTHON = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip
OF_R = [
    (r" == ", " != "), (r" != ", " == "), (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" && ", " || "), (r" \|\| ", " && "), (r" \+ ", " - "), (r" - ", " + "), (r"\bTRUE\b", "FALSE"),
    (r"\bFALSE\b", "TRUE"), (r"if \((?!\!)", "if (!"), (r"!(?=[a-z])", ""), (r"\b1L?\b", "2"), (r"\b2L?\b", "1"),
]  # fmt: skip


def python_mutants(text):
    """Return (line, what, new text) for each thing that can be changed."""
    tree = ast.parse(text)
    lines = text.split("\n")

    def replaced(node, new):
        if node.lineno != node.end_lineno:
            return None
        line = lines[node.lineno - 1].encode()
        new_line = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
        return node.lineno, new_line.strip(), "\n".join([*lines[: node.lineno - 1], new_line, *lines[node.lineno :]])

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in OF_PYTHON:
            changed = ast.Compare(node.left, [OF_PYTHON[type(node.ops[0])](), *node.ops[1:]], node.comparators)
            yield replaced(node, ast.unparse(changed))
        elif isinstance(node, ast.BoolOp):
            yield replaced(node, f"({ast.unparse(ast.BoolOp(OF_PYTHON[type(node.op)](), node.values))})")
        elif isinstance(node, ast.BinOp) and type(node.op) in OF_PYTHON:
            yield replaced(node, f"({ast.unparse(ast.BinOp(node.left, OF_PYTHON[type(node.op)](), node.right))})")
        elif isinstance(node, (ast.If, ast.IfExp)):
            yield replaced(node.test, f"(not ({ast.unparse(node.test)}))")
        elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int)):
            yield replaced(node, repr(not node.value if isinstance(node.value, bool) else node.value + 1))
        elif isinstance(node, (ast.Expr, ast.AugAssign)) and not isinstance(getattr(node, "value", None), ast.Constant):
            yield replaced(node, "pass")
        elif isinstance(node, ast.Return) and node.value is not None:
            yield replaced(node, "return None")


def r_mutants(text):
    """Give (line, what, new text) for each operator of R that stands in a line of code."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            continue
        code = line.split(" # ")[0]
        for old, new in OF_R:
            for found in re.finditer(old, code):
                changed = line[: found.start()] + new + line[found.end() :]
                yield at + 1, changed.strip(), "\n".join([*lines[:at], changed, *lines[at + 1 :]])


def tests_of(path):
    return next((tests.split() for start, tests in TESTS.items() if path.startswith(start)), None)


def falls(tree, path, seconds):
    """Return how the tests of a file fail in a tree, or None where they pass."""
    names = tests_of(path)
    environment = {**os.environ, "PYTHONPATH": str(tree / "python"), "TIDYDL_CACHE": str(tree / ".cache")}
    if path.startswith("R/"):
        library = tree / ".library"
        library.mkdir(exist_ok=True)
        made = subprocess.run(["R", "CMD", "INSTALL", "--no-docs", f"--library={library}", tree], capture_output=True)
        if made.returncode:
            return "killed (not installed)"
        del environment["PYTHONPATH"]
        environment |= {"R_LIBS": str(library), "RETICULATE_PYTHON": sys.executable, "NOT_CRAN": "true"}
        command = ["Rscript", "tools/test_r.R", f"^({'|'.join(names)})$"]
    else:
        files = [next((tree / "tests" / "python").rglob(f"test_{name}.py")) for name in names]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]
    try:
        ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "TIMED OUT"
    return "killed" if ran.returncode else None


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("language", choices=["py", "r"])
    asked.add_argument("count", type=int)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--log", type=Path, default=Path("mutants.md"))
    asked.add_argument("--seconds", type=int, default=600, help="how long the tests may take; noted as timed out")
    given = asked.parse_args()
    draws = random.Random(given.seed)
    folder, suffix, mutants = ("python", "py", python_mutants) if given.language == "py" else ("R", "R", r_mutants)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        subprocess.run([sys.executable, str(ROOT / "tools" / "export_tree.py"), str(tree)], check=True)
        paths = sorted(str(each.relative_to(tree)) for each in (tree / folder).rglob(f"*.{suffix}"))
        paths = [path for path in paths if tests_of(path)]
        sizes = [len((tree / path).read_text("utf-8").split("\n")) for path in paths]
        survived, sound = 0, set()
        for _ in range(given.count):
            path = draws.choices(paths, sizes)[0]
            text = (tree / path).read_text("utf-8")
            if tuple(tests_of(path)) not in sound:
                if before := falls(tree, path, given.seconds):
                    sys.exit(f"the tests of {path} do not pass before anything is changed: {before}")
                sound.add(tuple(tests_of(path)))
            line, what, changed = draws.choice([each for each in mutants(text) if each and each[2] != text])
            (tree / path).write_text(changed, "utf-8")
            fallen = falls(tree, path, given.seconds)
            survived += not fallen
            (tree / path).write_text(text, "utf-8")
            was = text.split("\n")[line - 1].strip()
            with given.log.open("a", encoding="utf-8") as log:
                log.write(f"- {fallen or 'SURVIVED'} {path}:{line} `{was}` → `{what}`\n")
    print(f"{given.count} mutants, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())

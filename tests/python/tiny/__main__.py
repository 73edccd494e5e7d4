"""Write the tiny models that the tests in R name: ``python -m tiny FOLDER``, in ``tests/python``."""

import re
import shutil
import sys
from pathlib import Path

import tiny


def named_in(tests: Path) -> set[str]:
    """Find the models that the cases and the tests in R name."""
    files = [*tests.glob("shared/*.json"), *tests.glob("testthat/*.R")]
    return {name for file in files for name in re.findall(r"tiny_model[\"(: ]+([\w.]+)\"", file.read_text("utf-8"))}


for each in sorted(named_in(Path(__file__).resolve().parents[2])):
    shutil.move(tiny.kept(each), Path(sys.argv[1]) / each)

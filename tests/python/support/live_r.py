"""A real R beside the tests: numbers go over as doubles in files, so that not a bit is lost."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")

_PRELUDE = """
.read <- function(name) {
  dim <- readBin(paste0(name, ".dim"), "integer", 8)
  x <- readBin(name, "double", prod(dim))
  if (length(dim) > 1) matrix(x, dim[1], dim[2], byrow = TRUE) else x
}
.write <- function(x, name) {
  if (is.character(x)) return(writeLines(x, paste0(name, ".txt")))
  dim <- if (is.matrix(x)) dim(x) else length(x)
  writeBin(as.integer(dim), paste0(name, ".out.dim"))
  writeBin(as.double(if (is.matrix(x)) t(x) else x), paste0(name, ".out"))
}
"""


def run_r(code, arrays=None):
    """Run R code that sees the arrays by their names and leaves what it wants read in a named list ``out``."""
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (arrays or {}).items():
            value = np.asarray(value, dtype=np.float64)
            value.tofile(Path(folder, name))
            np.array(value.shape, dtype=np.int32).tofile(Path(folder, name + ".dim"))
        loads = "\n".join(f'{name} <- .read("{name}")' for name in arrays or {})
        script = Path(folder, "script.R")
        script.write_text(f"{_PRELUDE}\n{loads}\n{code}\nfor (i in names(out)) .write(out[[i]], i)\n", "utf-8")
        ran = subprocess.run(["Rscript", str(script)], cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        found = {}
        for path in Path(folder).glob("*.out"):
            shape = np.fromfile(f"{path}.dim", dtype=np.int32)
            found[path.stem] = np.fromfile(path).reshape(shape)
        for path in Path(folder).glob("*.txt"):
            found[path.stem] = path.read_text("utf-8")
        return found


def as_r(data):
    """Return numeric columns and codes, and the R code that puts the frame together again."""
    arrays, made = {}, []
    for i, name in enumerate(data.columns):
        column = data[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            arrays[f"c{i}"] = column.cat.codes.replace(-1, np.nan) + 1
            levels = ", ".join(f'"{level}"' for level in column.cat.categories)
            ordered = "TRUE" if column.cat.ordered else "FALSE"
            made.append(f"factor(c({levels})[c{i}], c({levels}), ordered = {ordered})")
        elif column.dtype == bool:
            arrays[f"c{i}"] = column.astype(float)
            made.append(f"c{i} != 0")
        elif pd.api.types.is_numeric_dtype(column.dtype):
            arrays[f"c{i}"] = column
            made.append(f"c{i}")
        else:
            arrays[f"c{i}"] = column.astype("category").cat.codes.replace(-1, np.nan) + 1
            levels = ", ".join(f'"{level}"' for level in sorted(column.dropna().unique()))
            made.append(f"c({levels})[c{i}]")
    columns = ", ".join(f"`{name}` = {code}" for name, code in zip(data.columns, made, strict=True))
    return f"d <- data.frame({columns}, check.names = FALSE)\n", arrays


def in_r(calls, data, asked, function="multinom"):
    """Fit every call in R, each to its own rows of the data, with its trace; ask each fit, and give all by number."""
    code, arrays = as_r(data)
    code = "library(nnet); options(width = 80); out <- list()\n" + code
    for i, (rows, call) in enumerate(calls):
        code += f"data <- d[{rows.start + 1}:{rows.stop}, ]\n"
        code += f"out$trace{i} <- capture.output(f <- {function}({call}))\n"
        code += "".join(f"out${name}{i} <- {question}\n" for name, question in asked.items())
    return run_r(code, arrays)


def in_r_words(formula, options):
    """Write a call's arguments as R does."""
    given = {"formula": formula, "data": "data", **options}
    return ", ".join(f"{name} = {str(value).upper() if value is True else value}" for name, value in given.items())

"""A real R beside the tests: numbers go over as doubles in files, so that not a bit is lost."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
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

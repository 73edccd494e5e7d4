import os
import subprocess
import sys

import pytest

CHILD = """
import importlib.util, os, sys
from tidydl.bridge.libraries import keep_own_symbols
assert keep_own_symbols()
importlib.util.find_spec("torch")  # asking whether it is there must not use the hook up
flags = sys.getdlopenflags()
seen = []
real = sys.setdlopenflags
sys.setdlopenflags = lambda value: (seen.append(value), real(value))
import torch
assert seen[0] & os.RTLD_DEEPBIND, seen
assert sys.getdlopenflags() == flags
assert type(torch.__spec__.loader).__module__ != "tidydl.bridge.libraries"
assert not keep_own_symbols()  # too late now
print(float(torch.ones(2) @ torch.ones(2)))
"""

INSIDE_R = """
reticulate::py_run_string('import sys; sys.path.insert(0, \\"{folder}\\"); import tidydl.bridge')
reticulate::py_run_string('
import torch
torch.manual_seed(1)
product = (torch.rand(64, 300) @ torch.rand(300, 64)).numpy().tobytes().hex()
')
cat(reticulate::py$product)
"""


@pytest.mark.skipif(not hasattr(os, "RTLD_DEEPBIND"), reason="only Linux binds a library to another's symbols")
def test_torch_is_loaded_bound_to_its_own_symbols_and_nothing_else_is():
    ran = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert ran.stdout.split() == ["2.0"], ran.stderr


def test_torch_computes_the_same_inside_r_as_outside():
    import shutil
    from pathlib import Path

    import tidydl

    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    code = INSIDE_R.format(folder=Path(tidydl.__file__).parent.parent)
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable}
    inside = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, env=environment)
    assert inside.returncode == 0, inside.stderr
    import torch

    torch.manual_seed(1)
    assert inside.stdout == (torch.rand(64, 300) @ torch.rand(300, 64)).numpy().tobytes().hex()

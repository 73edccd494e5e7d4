import os
import subprocess
import sys

import pytest

CHILD = """
import importlib.util, os, sys
from tidydl.bridge.libraries import borrowed_algebra, keep_own_symbols
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
assert keep_own_symbols() and borrowed_algebra() is None
print(float(torch.ones(2) @ torch.ones(2)))
"""

TOO_LATE = """
import sys, types
from tidydl.bridge.libraries import keep_own_symbols
sys.modules["torch"] = types.ModuleType("torch")
print(keep_own_symbols(), [type(finder).__name__ for finder in sys.meta_path].count("_Finder"))
"""

TWICE = """
import importlib.util, sys
from pathlib import Path
import tidydl
place = Path(tidydl.__file__).parent / "bridge" / "libraries.py"
spec = importlib.util.spec_from_file_location("tidydl_libraries", place)
alone = importlib.util.module_from_spec(spec)
spec.loader.exec_module(alone)
assert not [name for name in sys.modules if name.startswith("tidydl.")]
alone.prepare_process()
from tidydl.bridge.libraries import prepare_process
prepare_process()
print([type(finder).__name__ for finder in sys.meta_path].count("_Finder"), "torch" in sys.modules)
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


@pytest.mark.skipif(not hasattr(os, "RTLD_DEEPBIND"), reason="only Linux binds a library to another's symbols")
@pytest.mark.parametrize(("child", "answer"), [(TOO_LATE, "False 0"), (TWICE, "1 False")], ids=["too late", "twice"])
def test_the_hook_is_there_once_and_only_before_torch(child, answer):
    ran = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True)
    assert ran.stdout.strip() == answer, ran.stderr


def test_the_file_that_any_python_runs_asks_for_the_standard_library_only():
    import ast
    from pathlib import Path

    import tidydl

    tree = ast.parse((Path(tidydl.__file__).parent / "bridge" / "libraries.py").read_text(), feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [node.module for node in imports if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names]
    assert {str(name).split(".")[0] for name in names} <= sys.stdlib_module_names


def test_torch_computes_the_same_inside_r_as_outside():
    import shutil
    from pathlib import Path

    import tidydl

    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    version = "cat(as.character(utils::packageVersion('reticulate') < '1.34'))"
    is_old = subprocess.run(["Rscript", "-e", version], capture_output=True, text=True).stdout == "TRUE"
    if is_old and sys.version_info >= (3, 12):
        pytest.skip("this reticulate starts no Python 3.12 or newer")
    code = INSIDE_R.format(folder=Path(tidydl.__file__).parent.parent)
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable}
    inside = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, env=environment)
    assert inside.returncode == 0, inside.stderr
    import torch

    torch.manual_seed(1)
    assert inside.stdout == (torch.rand(64, 300) @ torch.rand(300, 64)).numpy().tobytes().hex()

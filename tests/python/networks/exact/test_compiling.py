"""Machine code is kept where that is possible, is never stale, and survives forks."""

import multiprocessing
import os
import pickle
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from support.drawn_problems import fit, large, problem, solve
from tidydl.networks.exact import compiling, kernels, metric, shares
from tidydl.networks.exact.many import fit_many
from tidydl.private_folders import compiled_code_folder, is_private
from tidydl.progress import run

NETWORKS = Path(compiling.__file__).parent
PACKAGE = NETWORKS.parents[1]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def test_machine_code_is_named_after_every_module_it_is_made_from():
    sources = {(NETWORKS / f"{name}.py").resolve() for name in compiling.SOURCES}
    used = {
        (NETWORKS / f"{module}.py").resolve()
        for path in sources
        for module in re.findall(r"from tidydl\.networks\.exact\.(\w+) import", path.read_text("utf-8"))
    }
    assert len(used) > 5
    assert used <= sources
    modules = [path.resolve() for path in PACKAGE.rglob("*.py")]
    decorated = {path for path in modules if re.search(r"^@(compiled|part)\b", path.read_text("utf-8"), re.MULTILINE)}
    assert len(decorated) > 4
    assert decorated <= sources


@pytest.mark.parametrize("name", compiling.SOURCES)
def test_a_change_in_any_source_gives_the_machine_code_another_name(name, tmp_path):
    for source in compiling.SOURCES:
        (tmp_path / f"{source}.py").write_bytes((NETWORKS / f"{source}.py").read_bytes())
    before = compiling.made_from(tmp_path)
    assert before == compiling.made_from(NETWORKS)
    with open(tmp_path / f"{name}.py", "a", encoding="utf-8") as file:
        file.write("# another comment\n")
    assert compiling.made_from(tmp_path) != before


def test_sums_of_products_are_made_in_vector_registers_and_not_fused():
    size, room = 16, np.ones(1000)
    metric.multiply_metric(metric.empty_metric(size), room[:size], room[size : 2 * size])
    metric.update_metric(metric.empty_metric(size), *(room[:size] for _ in range(3)), 2.0)
    kernels.add_products(room, (0, 8), room, (0, 8), room, (0, 1, 1), room, (0, 8), (4, 1, 4))
    for kernel in (metric.multiply_metric, metric.update_metric, kernels.add_products):
        code = next(iter(kernel.inspect_asm().values()))
        assert re.search(r"\bv?mulpd\b|\bfmul\b", code)
        assert not re.search(r"\bvfn?m(?:add|sub)\w*|\bfmla\b|\bfn?m(?:add|sub)\b", code)


def test_without_a_home_that_can_be_written_to_the_temporary_files_serve(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert compiled_code_folder().parent == tmp_path
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    assert compiled_code_folder() is None


@forks
def test_a_folder_of_somebody_else_among_the_temporary_files_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"tidydl-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert compiled_code_folder() is None


@forks
def test_machine_code_is_kept_where_nobody_else_can_put_any(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    (tmp_path / "none").touch()
    shared = tmp_path / "shared"
    monkeypatch.setenv("TIDYDL_CACHE", str(shared / "cache"))
    for mode, kept in ((0o755, True), (0o1777, True), (0o777, False), (0o757, False)):
        shared.mkdir(exist_ok=True)
        shared.chmod(mode)
        assert (compiled_code_folder() is not None) is kept, oct(mode)
    shared.chmod(0o1777)  # anybody may make a folder there, but only once
    compiled = shared / "cache" / "compiled"
    compiled.mkdir(parents=True)
    for mode, kept in ((0o700, True), (0o777, False), (0o1777, False)):
        compiled.chmod(mode)
        assert (compiled_code_folder() is not None) is kept, oct(mode)
    compiled.chmod(0o700)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (compiled / "engine-1").symlink_to(tmp_path / "open" / "engine")
    assert not is_private(compiled / "engine-1")  # where it leads counts


@forks
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders away")
def test_machine_code_in_a_folder_that_somebody_else_made_is_not_loaded(tmp_path):
    settings = {"TIDYDL_CACHE": tmp_path, "NUMBA_CACHE_DIR": "", "TMPDIR": tmp_path / "temporary"}
    (tmp_path / "temporary").mkdir()
    assert answer(start_tiny(tmp_path, **settings)) == ["False", "42.0", "True"]
    (engine,) = (tmp_path / "compiled").iterdir()
    for index in engine.glob("*.nbi"):
        index.write_bytes(pickle.dumps(Intruder(tmp_path / "intruded")))
    for folder in (engine, engine.parent):
        os.chown(folder, 65534, 65534)
    assert answer(start_tiny(tmp_path, **settings)) == ["False", "42.0", "True"]
    assert not (tmp_path / "intruded").exists()


class Intruder:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


TINY = """
import sys
sys.path[:0] = [{networks!r}, {here!r}]
from tidydl.networks.exact.compiling import compiled, is_compiled
import tiny_kernel
kernel = compiled(tiny_kernel.twice)
before = is_compiled(kernel)
print(before, kernel(21.0), is_compiled(kernel))
"""


def start_tiny(folder, **settings):
    (folder / "tiny_kernel.py").write_text("def twice(x):\n    return 2.0 * x\n", "utf-8")
    code = TINY.format(networks=str(NETWORKS.parents[1]), here=str(folder))
    surroundings = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def answer(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.split()


def test_processes_that_compile_at_once_agree_and_the_next_one_loads(tmp_path):
    both = [start_tiny(tmp_path, NUMBA_CACHE_DIR=tmp_path / "kept") for _ in range(2)]
    for process in both:
        assert answer(process)[1:] == ["42.0", "True"]
    assert answer(start_tiny(tmp_path, NUMBA_CACHE_DIR=tmp_path / "kept")) == ["True", "42.0", "True"]


def test_damaged_machine_code_is_compiled_anew(tmp_path):
    answer(start_tiny(tmp_path, NUMBA_CACHE_DIR=tmp_path / "kept"))
    kept = list((tmp_path / "kept").glob("*/*"))
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:40])
    assert answer(start_tiny(tmp_path, NUMBA_CACHE_DIR=tmp_path / "kept"))[1] == "42.0"
    assert all(path.stat().st_size > 40 for path in kept)


def test_without_any_folder_it_compiles_and_says_when(tmp_path):
    (tmp_path / "file").touch()
    assert answer(start_tiny(tmp_path, NUMBA_CACHE_DIR=tmp_path / "file" / "kept")) == ["False", "42.0", "True"]


def weights_of_a_child(result):
    one = problem(1)
    alone, _ = solve(one)
    together = run(fit_many([fit(one), fit(large(1))], 2))
    result.send([alone.wts, together[0].wts, together[1].wts, solve(large(1), 2)[0].wts])


@forks
def test_fits_in_a_forked_child_equal_those_of_its_parent(monkeypatch):
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    expected = [solve(problem(1))[0].wts] * 2 + [solve(large(1))[0].wts] * 2
    run(fit_many([fit(large(1)), fit(problem(1))], 2))
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=weights_of_a_child, args=(there,))
    child.start()
    assert here.poll(60)
    for found, wanted in zip(here.recv(), expected, strict=True):
        assert np.array_equal(found, wanted)
    child.join()


@forks
def test_a_fit_under_way_goes_on_in_a_forked_child(monkeypatch):
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    monkeypatch.setattr("tidydl.networks.exact.engine._FIRST_WORK", 100_000)
    one = large(1)
    expected, _ = solve(one)
    work = shares_work(one)
    next(work)
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(there, run(work).wts.tobytes())
        os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        found = np.frombuffer(pipe.read())
    os.waitpid(child, 0)
    assert np.array_equal(found, expected.wts)
    assert np.array_equal(run(work).wts, expected.wts)


def shares_work(one):
    from tidydl.networks.exact.engine import fit_work

    return fit_work(*vars(fit(one, trace=False)).values(), 2)

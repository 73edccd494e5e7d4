"""Draws of threads and of processes made by fork: none is had twice, and a seed gives the same ones everywhere."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

import tidydl
import tiny
from tidydl import nnet, rng, runif, sample, set_seed
from tidydl.pipelines.checkpoints import resumable_run

DATA = pd.DataFrame({"x": np.linspace(-1, 1, 20), "y": np.linspace(0, 1, 20) ** 2})


def fitted(_=None):
    return nnet("y ~ x", DATA, size=2, maxit=3, trace=False).wts.tolist()


def searched():
    set_seed(3)
    return tidydl.tune_nnet("y ~ x", DATA, size=1, resamples=2, repeats=2, maxit=2).fits["value"].tolist()


def drawn(_=None):
    return runif(3).tolist()


def seeded(seed):
    set_seed(seed)
    return drawn()


def forked(work, count=4):
    """Do some work in so many children made by fork, one after the other."""
    found = []
    for _ in range(count):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.write(write, repr(work()).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as told:
            found.append(eval(told.read()))
        os.waitpid(pid, 0)
    return found


def different(found):
    return len({repr(each) for each in found})


def test_children_made_by_fork_fit_other_networks_than_each_other_and_their_parent():
    set_seed(1)
    fits = [*forked(fitted), fitted()]
    assert different(fits) == 5


def test_the_children_of_a_seeded_parent_draw_the_same_again_in_their_order():
    set_seed(1)
    first = forked(drawn)
    set_seed(1)
    assert forked(drawn) == first
    set_seed(2)
    assert not {repr(each) for each in forked(drawn)} & {repr(each) for each in first}


def test_forks_use_up_no_draw_of_the_parent():
    set_seed(1)
    whole = [drawn(), drawn()]
    set_seed(1)
    before = drawn()
    forked(drawn, 2)
    assert [before, drawn()] == whole


def test_grandchildren_differ_too():
    set_seed(1)
    assert different(forked(lambda: [drawn(), *forked(drawn, 2)], 2)) == 2
    assert different([each for some in forked(lambda: [drawn(), *forked(drawn, 2)], 2) for each in some]) == 6


def test_a_seed_in_the_child_or_in_the_call_gives_what_it_gives_anywhere():
    expected = seeded(7)
    assert forked(lambda: seeded(7), 2) == [expected, expected]
    assert forked(searched, 2) == [searched()] * 2
    assert forked(lambda: rng.stream_from(3).uniform(2).tolist(), 1) == [rng.stream_from(3).uniform(2).tolist()]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_draw_otherwise_and_seeds_give_the_same(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(drawn, range(6), chunksize=1)
        again = pool.map(seeded, [4, 4])
    assert different([*found, drawn()]) == 7
    assert again == [seeded(4)] * 2


def test_a_library_that_forks_without_pythons_knowing_gets_other_draws_too():
    code = (
        "import ctypes, os\n"
        "from tidydl import runif, set_seed\n"
        "set_seed(1)\n"
        "fork = ctypes.PyDLL(None).fork\n"
        "for _ in range(3):\n"
        "    if fork() == 0:\n"
        "        print(runif(1)[0], flush=True); os._exit(0)\n"
        "    os.wait()\n"
        "print(runif(1)[0])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(set(told)) == 4
    assert float(told[-1]) == pytest.approx(0.2655087, abs=1e-7)


def test_a_child_waits_for_no_thread_that_was_in_the_middle_of_a_draw():
    ended = threading.Event()

    def draw():
        while not ended.is_set():
            sample(2000)

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for each in threads:
        each.start()
    try:
        began = time.monotonic()
        assert different(forked(drawn, 5)) == 5
        assert time.monotonic() - began < 60
    finally:
        ended.set()
        for each in threads:
            each.join()


def test_threads_share_the_stream_and_no_draw_is_torn_lost_or_had_twice():
    def many(found):
        for _ in range(200):
            found.append(rng.current().uniform(7).tolist())

    set_seed(1)
    whole = runif(7 * 200 * 4).reshape(-1, 7).tolist()
    set_seed(1)
    found: list[list[list[float]]] = [[] for _ in range(4)]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=many, args=(each,)) for each in found]
    try:
        for each in threads:
            each.start()
    finally:
        for each in threads:
            each.join()
        sys.setswitchinterval(switching)
    assert sorted(piece for each in found for piece in each) == sorted(whole)
    set_seed(1)
    runif(7 * 200 * 4)
    assert drawn() != whole[0][:3]


def test_networks_fitted_by_threads_are_those_of_the_stream_one_after_the_other():
    set_seed(1)
    expected = sorted(fitted() for _ in range(4))
    set_seed(1)
    found: list[list[float]] = []
    threads = [threading.Thread(target=lambda: found.append(fitted())) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == expected


def test_texts_written_in_parts_by_a_run_that_was_broken_off_are_those_of_a_run_in_one(tmp_path, monkeypatch):
    monkeypatch.setattr(resumable_run, "_SECONDS", 1e-6)
    write = tidydl.pipeline("text-generation", model=tiny.kept("causal"), do_sample=True, max_new_tokens=2)
    prompts = tiny.sentences(24, longest=4)
    set_seed(5)
    whole = write(prompts)

    def interrupt(*_):
        if len(list((tmp_path / "run").glob("part-*"))) == 1:
            raise KeyboardInterrupt

    hook = write.model.register_forward_pre_hook(interrupt)
    set_seed(5)
    with pytest.raises(KeyboardInterrupt):
        write(prompts, checkpoint=tmp_path / "run")
    hook.remove()
    set_seed(99)
    pd.testing.assert_frame_equal(write(prompts, checkpoint=tmp_path / "run"), whole)
    seeds = json_of(tmp_path / "run" / "manifest.json")
    (tmp_path / "run" / "manifest.json").unlink()
    pd.testing.assert_frame_equal(write(prompts, checkpoint=tmp_path / "run"), whole)
    assert json_of(tmp_path / "run" / "result.json")["seed"] == seeds["seed"]


def json_of(path):
    return json.loads(path.read_text())

"""Models loaded by several threads at once, also while others compute."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import tidydl
import tiny

TEXTS = ["the sun was happy", "a sad night", "the dog came home"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    top = tmp_path_factory.mktemp("models")
    made = [tiny.text_folder(top / act, hidden_act=act) for act in ("gelu", "relu", "silu")]
    return [*made, tiny.byte_folder(top / "roberta")]


def answers(folder, **more):
    return tidydl.pipeline("text-classification", folder, device="cpu", **more)(TEXTS, top_k=None)


def test_eight_threads_that_load_give_what_one_gives(folders):
    tidydl.forget()
    expected = [answers(folder) for folder in folders]
    for _ in range(3):
        tidydl.forget()
        ready = threading.Barrier(8)

        def load(k, ready=ready):
            ready.wait()
            return answers(folders[k % len(folders)])

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(load, range(8)))
        for k, frame in enumerate(found):
            pd.testing.assert_frame_equal(frame, expected[k % len(folders)])
    assert len(tidydl.forget()) == len(folders)  # each was loaded once


def test_what_computes_meanwhile_computes_in_its_own_precision(folders):
    tidydl.forget()
    ppl = tidydl.pipeline("text-classification", folders[0], device="cpu")
    expected = ppl(TEXTS, top_k=None)
    done = threading.Event()

    def load():
        try:
            for dtype in ("float16", "bfloat16", "float64") * 3:
                for folder in folders[1:]:
                    tidydl.pipeline("text-classification", folder, device="cpu", dtype=dtype)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as threads:
        loading = threads.submit(load)
        times = 0
        while not done.is_set():
            pd.testing.assert_frame_equal(ppl(TEXTS, top_k=None), expected)
            times += 1
        loading.result()
    assert times > 1


def test_transformers_speaks_as_before_once_all_have_loaded(folders):
    from transformers.utils import logging

    from tidydl.pipelines.transformers_loaders import quiet_loading

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    first, second = quiet_loading(), quiet_loading()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # the one that began first ends first
    assert logging.get_verbosity() == logging.ERROR
    second.__exit__(None, None, None)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_a_process_whose_first_loads_come_at_once_works(folders):
    code = (
        "import sys, threading, tidydl\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "folders = sys.argv[1:]\n"
        "load = lambda f: tidydl.pipeline('text-classification', f, device='cpu')('the sun')['score'][0]\n"
        "with ThreadPoolExecutor(len(folders)) as threads:\n"
        "    first = list(threads.map(load, folders))\n"
        "assert first == [load(folder) for folder in folders], first\n"
        "print('well')\n"
    )
    given = [str(folder) for folder in folders] * 2
    told = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    assert told.stdout.strip() == "well", told.stderr[-3000:]

"""R's own nnet from Python. All is asked of a Python beside the tests, because R, once in a process, stays there."""

import importlib.util
import json
import shutil
import subprocess
import sys

import pytest

import tidydl

PRELUDE = """
import contextlib, io, json, os, signal, sys, threading, time, warnings
import numpy as np
import tidydl
from tidydl import example_data, nnet, set_seed
warnings.simplefilter("ignore")
answers = {}
people = example_data("bigfive")

def told(**options):
    try:
        nnet("education ~ age", people, **{"size": 1, **options})
    except tidydl.TidydlError as problem:
        return [type(problem).__name__, problem.problem, problem.allowed, problem.hint]

def fitted(*args, **options):
    said = io.StringIO()
    set_seed(1)
    with contextlib.redirect_stdout(said):
        fit = nnet(*args, **options)
    return fit, said.getvalue()
"""

FIRST = """
import tempfile
from pathlib import Path
os.chdir(tempfile.mkdtemp())  # where somebody has put what R runs when it starts in a folder
Path(".Rprofile").write_text("writeLines('', 'ran')")
os.environ["R_SHARE_DIR"] = os.environ["LD_LIBRARY_PATH"] = "/elsewhere"  # which R sets by itself
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    fitted(people[["openness"]], people["openness"] / 10, size=1, maxit=5, engine="r")
answers["files beside"] = os.listdir()
answers["heard"] = [str(each.message) for each in heard]
"""

SAME = """
inputs = people[["agreeableness", "neuroticism"]]
score, both = people["openness"] / 10, people[["openness", "extraversion"]]
shares = np.column_stack([people["openness"] < 3, people["openness"] >= 3, np.ones(len(people))]).astype(float)
calls = [
    (("education ~ . - CASE", people), dict(size=2, decay=0.01, maxit=40)),
    (("gender ~ age + openness", people.assign(gender=people["gender"].astype(str))), dict(size=1)),
    ((inputs, score), dict(size=2, linout=True, skip=True, maxit=30, weights=np.arange(len(people)) / 50)),
    ((inputs, both), dict(size=1, maxit=5, mask=[1, 0, 1, 1, 1, 1, 1], Wts=np.arange(7) / 7)),
    ((inputs, shares[:, :2]), dict(size=1, softmax=True, decay=np.arange(7) / 100, maxit=30)),
    ((inputs, shares), dict(size=1, censored=True, maxit=30)),
    ((inputs, np.clip(score, 0, 1)), dict(size=0, skip=True, entropy=True, rang=0, maxit=30)),
    ((inputs, score), dict(size=2, maxit=0)),
    ((inputs, score), dict(size=2, maxit=5, trace=False)),
]
def alike(a, b):
    pairs = [(a.wts, b.wts), (a.fitted_values, b.fitted_values), (a.residuals, b.residuals)]
    bits = all(one.tobytes() == other.tobytes() for one, other in pairs)
    return bits and (a.value, a.convergence, repr(a)) == (b.value, b.convergence, repr(b))
answers["same"] = []
for args, options in calls:
    (ours, said), (theirs, r_said) = fitted(*args, **options), fitted(*args, engine="r", **options)
    answers["same"].append([alike(ours, theirs), said == r_said, theirs.engine == "r"])
"""

NOT_TOLD = """
done, _ = fitted(inputs, score, size=1, maxit=1000, engine="r")
stopped, _ = fitted("education ~ age + openness", people, size=3, maxit=7, engine="r")
answers["iterations"] = [done.iterations, stopped.iterations]
answers["evaluations"] = [done.evaluations, stopped.evaluations]
answers["convergence"] = [done.convergence, stopped.convergence]
answers["missing"] = bool(tidydl.glance(done)["iterations"].isna()[0])
answers["curve"] = list(done.curve.shape)
"""

REPEATS = """
ours, _ = fitted("education ~ age", people, size=1, repeats=3, trace=False)
theirs, said = fitted("education ~ age", people, size=1, repeats=3, engine="r")
answers["repeats"] = [a.wts.tobytes() == b.wts.tobytes() for a, b in zip(ours.fits, theirs.fits, strict=True)]
answers["repeats said"] = said
"""

REFUSALS = """
def not_finite(engine):
    values = dict(formula=None, data=None, x=np.full((4, 1), 1e300), y=np.array([1e300, 2, 3, -1e300]))
    try:
        nnet(**values, size=1, linout=True, Wts=[1, 1e308, 1e308, 1e308], trace=False, engine=engine)
    except tidydl.TidydlError as problem:
        return [type(problem).__name__, str(problem)]
answers["not finite"] = [not_finite("exact"), not_finite("r")]
thread = threading.Thread(target=lambda: answers.update(thread=told(engine="r")))
thread.start()
thread.join()
"""

INTERRUPT = """
def stop_r(ended):
    while signal.getsignal(signal.SIGINT) is handler and not ended.is_set():
        time.sleep(0.001)  # until R works
    os.kill(os.getpid(), signal.SIGINT)

def fit_stopped():
    ended = threading.Event()
    threading.Thread(target=stop_r, args=[ended]).start()
    nnet(x, x[:, 0] ** 2, size=10, MaxNWts=2000, linout=True, maxit=100, abstol=0, reltol=0, trace=False, engine="r")
    ended.set()

signal.signal(signal.SIGINT, signal.default_int_handler)  # which is not there in the background
handler = signal.getsignal(signal.SIGINT)
x = np.random.default_rng(1).normal(size=(4000, 10))
try:
    fit_stopped()
    answers["ended"] = "by itself"
except KeyboardInterrupt:
    answers["ended"] = "by the interrupt"
answers["handler kept"] = signal.getsignal(signal.SIGINT) is handler
handler = signal.SIG_IGN
signal.signal(signal.SIGINT, handler)
fit_stopped()
answers["ignored"] = signal.getsignal(signal.SIGINT) is handler
"""

ABSENT = """
from tidydl.networks import r_engine
answers["version"] = r_engine._r_version()
sys.modules["rpy2"] = None  # as where it is not installed
answers["no rpy2"] = told(engine="r")
os.environ["PATH"] = os.environ["R_HOME"] = ""
answers["no R"] = told(engine="r")
"""


def answers_of(*codes):
    """Run code in a Python of its own and give what it put into ``answers``, and what stood on stderr."""
    code = "\n".join([PRELUDE, *codes, "print('\\n' + json.dumps(answers))"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1]) | {"stderr": ran.stderr}


@pytest.fixture(scope="module")
def found():
    """Return what a Python with rpy2 found."""
    if importlib.util.find_spec("rpy2") is None or shutil.which("R") is None:
        pytest.skip("rpy2 or R is not installed")
    return answers_of(FIRST, SAME, NOT_TOLD, REPEATS, REFUSALS, INTERRUPT)


@pytest.fixture(scope="module")
def absent():
    """Return what is said where rpy2, then R too, is missing."""
    return answers_of(ABSENT)


def test_the_start_of_r_runs_nothing_of_the_working_directory(found):
    assert found["files beside"] == [".Rprofile"]


def test_r_fits_the_same_network_to_the_last_bit_and_prints_the_same_trace(found):
    assert len(found["same"]) == 9
    assert all(all(each) for each in found["same"]), found["same"]


def test_what_r_does_not_tell_is_missing(found):
    assert found["convergence"] == [0, 1]
    assert found["iterations"] == [None, 7]
    assert found["evaluations"] == [None, None]
    assert found["missing"]
    assert found["curve"] == [0, 2]


def test_several_networks_are_fitted_from_the_same_draws_without_trace(found):
    assert found["repeats"] == [True] * 3
    assert found["repeats said"] == ""


def test_a_value_that_is_not_finite_is_refused_in_the_words_of_the_exact_engine(found):
    exact, r = found["not finite"]
    assert r == exact
    assert r[0] == "DataError"


def test_another_thread_is_refused(found):
    assert found["thread"][:2] == ["ArgumentError", "`engine` is 'r', and R works in Python's main thread only."]


def test_an_interrupt_waits_for_r_and_is_raised_then(found):
    assert found["ended"] == "by the interrupt"
    assert found["handler kept"]
    assert found["ignored"]


def test_the_start_of_r_warns_of_nothing_that_r_sets_for_itself(found):
    assert found["heard"] == []


def test_r_and_rpy2_write_nothing_on_stderr(found):
    assert found["stderr"] == ""


@pytest.mark.skipif(shutil.which("R") is None, reason="R is not installed")
def test_a_missing_rpy2_names_what_to_install_for_this_r(absent):
    kind, problem, allowed, hint = absent["no rpy2"]
    assert (kind, problem) == ("DependencyError", "`engine` is 'r', which needs rpy2, which is not installed.")
    assert allowed == "rpy2==3.5.17 where R is older than 4.5, rpy2 3.6.7 or newer else."
    assert hint == 'pip install "tidydl[r]"' + (' "rpy2==3.5.17"' if absent["version"] < [4, 5] else "")


def test_a_missing_r_is_named(absent):
    assert absent["no R"][:2] == ["DependencyError", "`engine` is 'r', and no R was found."]


def test_an_unknown_engine_is_refused():
    with pytest.raises(tidydl.TidydlError, match="Did you mean 'r'"):
        tidydl.nnet("education ~ age", tidydl.example_data("bigfive"), size=1, engine="R")

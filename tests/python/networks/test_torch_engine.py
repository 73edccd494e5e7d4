import os
import subprocess
import sys

import numpy as np
import pytest

import tidydl
from support.seeded_frames import flowers
from tidydl import nnet, set_seed, tune_nnet
from tidydl.errors import ArgumentError, DataError, DeviceError
from tidydl.networks.arguments import number_of_weights
from tidydl.networks.batched import engine as torch_engine
from tidydl.networks.engines import Engine, choose_engine, solve_many
from tidydl.networks.exact.engine import Settings
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.exact.many import Fit
from tidydl.progress import run

LOSSES = {"least squares": LEAST_SQUARES, "linear": LINEAR, "entropy": ENTROPY, "softmax": SOFTMAX}
LOSSES["censored"] = CENSORED
TORCH, EXACT = Engine("torch"), Engine("exact", threads=2)


def targets(loss, sums):
    if loss in ("least squares", "entropy"):
        shares = 1 / (1 + np.exp(-sums))
        return shares if loss == "least squares" else (shares > 0.4) * 0.9
    if loss == "softmax":
        return np.eye(sums.shape[1])[sums.argmax(axis=1)]
    if loss == "censored":
        return np.maximum(sums > 0, np.eye(sums.shape[1])[sums.argmax(axis=1)]).astype(float)
    return sums


def problems(loss, count=12, size=3, skip=False, rows=60, maxit=500, seed=0):
    """Make fits of one shape to the same rows, with masks, penalties and case weights of their own."""
    rng = np.random.default_rng(seed)
    shape = Shape(4, size, 3 if loss in ("softmax", "censored") else 2, skip, LOSSES[loss])
    n = number_of_weights(shape)
    x = rng.normal(size=(rows, 4))
    y = targets(loss, x @ rng.normal(size=(4, shape.outputs)) + rng.normal(size=(rows, shape.outputs)))
    return [
        Fit(
            shape,
            x,
            y,
            rng.integers(0, 3, rows).astype(float) if i % 2 else np.ones(rows),
            rng.uniform(-0.7, 0.7, n),
            rng.random(n) > (0.15 if i % 3 == 0 else 0.0),
            np.full(n, 0.02 * (1 + i % 3)),
            Settings(maxit, trace=False),
        )
        for i in range(count)
    ]


def solutions(engine, fits):
    return run(solve_many(engine, fits), progress=False)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_optima_are_those_of_the_exact_engine(loss, skip):
    fits = problems(loss, skip=skip)
    exact, torch = solutions(EXACT, fits), solutions(TORCH, fits)
    ended = [i for i, each in enumerate(exact) if each.convergence == 0]
    values = np.array([(exact[i].value, torch[i].value) for i in ended])
    near = np.abs(values[:, 0] - values[:, 1]) <= 1e-6 * np.abs(values[:, 0])
    print(f"{loss}, skip {skip}: {near.mean():.0%} of {len(ended)} that converge end at the same value")
    assert len(ended) >= 8
    assert near.mean() >= 0.75  # the others took another way at some step, to an optimum of their own
    for i in np.array(ended)[near]:
        assert np.allclose(torch[i].fitted_values, exact[i].fitted_values, atol=1e-3)
        assert np.array_equal(torch[i].wts[~fits[i].mask], fits[i].wts[~fits[i].mask])


@pytest.mark.parametrize("loss", LOSSES)
def test_the_first_steps_are_those_of_the_exact_engine(loss):
    fits = problems(loss, maxit=8)
    for one, other in zip(solutions(EXACT, fits), solutions(TORCH, fits), strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-9)
        assert np.allclose(other.wts, one.wts, rtol=1e-7, atol=1e-9)
        assert np.allclose(other.curve, one.curve, rtol=1e-9)
        assert (other.iterations, other.evaluations, other.convergence) == (
            (one.iterations, one.evaluations, one.convergence)
        )


def test_without_hidden_units_there_is_one_optimum_and_both_engines_find_it():
    fits = problems("softmax", size=0, skip=True)
    for one, other in zip(solutions(EXACT, fits), solutions(TORCH, fits), strict=True):
        assert one.convergence == other.convergence == 0
        assert other.value == pytest.approx(one.value, rel=1e-6)


def test_networks_of_several_shapes_and_rows_come_back_in_their_order():
    fits = [*problems("linear", 3, size=1), *problems("entropy", 2, size=2, rows=30)]
    fits = [fits[i] for i in (3, 0, 4, 1, 2)]
    for one, other in zip(solutions(EXACT, fits), solutions(TORCH, fits), strict=True):
        assert len(one.wts) == len(other.wts)
        assert other.curve[0] == pytest.approx(one.curve[0], rel=1e-9)


def test_batches_that_the_memory_holds_give_the_same_as_one(monkeypatch):
    fits = problems("softmax", maxit=20)
    whole = solutions(TORCH, fits)
    monkeypatch.setattr(torch_engine, "_BYTES_ON_CPU", 5 * 60_000)
    assert 1 < len(torch_engine._batches(list(range(12)), fits, "cpu")) < 12
    for one, other in zip(whole, solutions(TORCH, fits), strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-9)


def test_a_fit_that_is_not_finite_has_its_error_in_its_place():
    fits = problems("linear", 4)
    far = Fit(*(np.full_like(fits[0].wts, 1e200) if name == "wts" else getattr(fits[0], name) for name in FIELDS))
    found = solutions(TORCH, [fits[1], far, fits[2]])
    assert isinstance(found[1], DataError)
    assert "not finite" in found[1].problem
    assert found[0].value > 0
    assert found[2].value > 0


FIELDS = ("shape", "x", "y", "weights", "wts", "mask", "decay", "settings")


def test_no_iterations_only_evaluate():
    fits = problems("entropy", 2, maxit=0)
    for one, other in zip(solutions(EXACT, fits), solutions(TORCH, fits), strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-12)
        assert (other.convergence, other.iterations, len(other.curve)) == (0, one.iterations, 0)


def test_the_engine_and_the_device_are_told_and_the_trace_is_rs(capsys):
    set_seed(1)
    exact = nnet("kind ~ length", flowers(), size=1, decay=0.1, maxit=30)
    said = capsys.readouterr().out
    set_seed(1)
    fit = nnet("kind ~ length", flowers(), size=1, decay=0.1, maxit=30, engine="torch")
    assert capsys.readouterr().out == said
    assert tidydl.glance(fit)[["engine", "device"]].iloc[0].tolist() == ["torch", "cpu"]
    assert fit.value == pytest.approx(exact.value, rel=1e-6)


def test_repeats_and_searches_use_it():
    options = dict(size=2, decay=0.1, engine="torch")
    set_seed(2)
    together = nnet("kind ~ length + width", flowers(), repeats=5, **options)
    set_seed(2)
    exact = nnet("kind ~ length + width", flowers(), size=2, decay=0.1, repeats=5)
    pairs = zip(together.fits, exact.fits, strict=True)
    assert sum(one.value == pytest.approx(other.value, rel=1e-6) for one, other in pairs) >= 3
    assert tidydl.glance(together)["engine"][0] == "torch"


@pytest.mark.parametrize("resamples", [4, "bootstrap"])
def test_held_out_rows_weigh_nothing_and_rows_drawn_twice_weigh_double(resamples):
    call = dict(size=[1, 2], decay=0.1, resamples=resamples, times=None if resamples == 4 else 4, maxit=10)
    set_seed(3)
    exact = tune_nnet("kind ~ length + width", flowers(), **call)
    set_seed(3)
    found = tune_nnet("kind ~ length + width", flowers(), engine="torch", **call)
    np.testing.assert_allclose(found.fits["value"], exact.fits["value"], rtol=1e-6)
    np.testing.assert_allclose(found.fits["log_loss"], exact.fits["log_loss"], rtol=1e-5)
    assert tidydl.glance(found)["engine"][0] == "torch"


def test_a_device_needs_an_engine_that_works_there():
    import torch

    assert choose_engine(None, "cpu", None).name == "exact"
    assert choose_engine("torch", "cpu", None).device == "cpu"
    if torch.cuda.is_available():
        assert choose_engine(None, "auto", None) == choose_engine("torch", "cuda", None)
        with pytest.raises(ArgumentError, match="works on the CPU alone"):
            choose_engine("exact", "cuda", None)
    else:
        assert choose_engine(None, "auto", None).name == "exact"
        with pytest.raises(DeviceError, match="`device` is 'cuda'"):
            choose_engine(None, "cuda", None)


def test_torch_is_not_loaded_unless_it_is_asked_for():
    import subprocess
    import sys

    code = (
        "import sys, numpy, tidydl; tidydl.nnet(numpy.ones((3, 1)), numpy.ones(3), size=1, maxit=0, trace=False);"
        "print('torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.cuda
@pytest.mark.parametrize("loss", LOSSES)
def test_a_cuda_device_gives_the_optima_of_the_exact_engine(loss):
    fits = problems(loss, 40, skip=True)
    exact, torch = solutions(EXACT, fits), solutions(Engine("torch", "cuda:0"), fits)
    values = np.array([(a.value, b.value) for a, b in zip(exact, torch, strict=True) if a.convergence == 0])
    near = np.abs(values[:, 0] - values[:, 1]) <= 1e-6 * np.abs(values[:, 0])
    print(f"{loss}: {near.mean():.0%} of {len(values)} that converge end at the same value")
    assert near.mean() >= 0.75


@pytest.mark.cuda
def test_a_cuda_device_is_told():
    fit = nnet("kind ~ length", flowers(), size=1, trace=False, device="cuda", repeats=3)
    assert tidydl.glance(fit)[["engine", "device"]].iloc[0].tolist() == ["torch", "cuda:0"]


FORKED = """
import os, sys, time, warnings
import numpy as np, pandas as pd, tidydl
warnings.simplefilter("ignore")
data = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3)), columns=["a", "b", "y"])
folder = sys.argv[1]
steps = {
    "fit": lambda: tidydl.nnet("y ~ .", data, size=2, trace=False, linout=True, engine="torch", maxit=3).value,
    "pipeline": lambda: len(tidydl.pipeline(model=folder, device="cpu")(["a text", "another"] * 40)),
}
steps[sys.argv[2]]()
child = os.fork()
if child == 0:
    try:
        steps[sys.argv[3]]()
    except tidydl.TidydlError as error:
        os._exit(7 if "deadlock" in str(error) else 8)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(("first", "second"), [("fit", "fit"), ("fit", "pipeline"), ("pipeline", "fit")])
def test_a_fork_of_a_process_in_which_torch_computed_is_refused(folder, first, second):
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", FORKED, str(folder), first, second]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert ran.stdout.strip() == "7", ran.stderr

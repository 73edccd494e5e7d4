"""Networks against R's own nnet, on problems drawn at random. TIDYDL_CONFORMANCE=500 draws that many."""

import os

import numpy as np
import pytest
from live_r import needs_r, run_r

from tidydl.errors import DataError
from tidydl.networks.bfgs import RUNNING, STOPPED, advance, start_problem, start_search
from tidydl.networks.engine import Settings, fit_work
from tidydl.networks.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape, outputs
from tidydl.progress import Trace

PROBLEMS = int(os.environ.get("TIDYDL_CONFORMANCE", "60"))
OPTIONS = {
    LEAST_SQUARES: "",
    LINEAR: "linout = TRUE,",
    ENTROPY: "entropy = TRUE,",
    SOFTMAX: "softmax = TRUE,",
    CENSORED: "censored = TRUE,",
}


def targets(rng, kind, n, k):
    if kind == LINEAR:
        return rng.normal(size=(n, k))
    if kind in (LEAST_SQUARES, ENTROPY):
        return rng.uniform(size=(n, k)) if rng.random() < 0.3 else rng.integers(0, 2, (n, k)).astype(float)
    classes = np.eye(k)[rng.integers(0, k, n)]
    if kind == SOFTMAX:
        return classes
    return np.maximum(classes, (rng.random((n, k)) < 0.2).astype(float))


def problem(seed):
    rng = np.random.default_rng(seed)
    n, p, h, kind = rng.integers(2, 201), rng.integers(1, 13), rng.integers(0, 9), rng.integers(0, 5)
    k = int(rng.integers(2, 6)) if kind >= SOFTMAX else int(rng.integers(1, 4))
    shape = Shape(int(p), int(h), k, bool(h == 0 or rng.random() < 0.4), int(kind))
    width = 1 + shape.hidden + (shape.inputs if shape.skip else 0)
    n_wts = shape.hidden * (1 + shape.inputs) + k * width
    return {
        "shape": shape,
        "x": rng.normal(size=(n, p)) * rng.choice([0.1, 1, 5]),
        "y": targets(rng, kind, n, k),
        "w": rng.choice([0.0, 1.0, 2.0, 0.5], n) if rng.random() < 0.4 else np.ones(n),
        "start": rng.uniform(-0.7, 0.7, n_wts),
        "mask": np.ones(n_wts) if rng.random() < 0.7 else rng.integers(0, 2, n_wts).astype(float),
        "decay": np.full(n_wts, rng.choice([0, 0.01, 0.5])) if rng.random() < 0.7 else rng.uniform(0, 0.1, n_wts),
        "maxit": int(rng.choice([0, 5, 100, 300])),
        "slice": int(rng.integers(200, 1_000_000)),
    }


def r_call(i, one):
    shape = one["shape"]
    flags = OPTIONS[shape.loss] + ("skip = TRUE," if shape.skip else "")
    return (
        f"text <- capture.output(f <- nnet(x{i}, y{i}, w{i}, size = {shape.hidden}, Wts = start{i}, {flags}"
        f" mask = mask{i} != 0, decay = decay{i}, maxit = {one['maxit']}, MaxNWts = 1e5))\n"
        f"out$wts{i} <- f$wts; out$about{i} <- c(f$value, f$convergence); out$fitted{i} <- f$fitted.values\n"
        f"out$trace{i} <- text"
    )


def solve(one):
    settings = Settings(one["maxit"])
    work = fit_work(
        one["shape"], one["x"], one["y"], one["w"], one["start"], one["mask"].astype(bool), one["decay"], settings
    )
    lines = []
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value, "\n".join(lines)
        if isinstance(event, Trace):
            lines.append(event.text)


@needs_r
def test_fits_equal_r_to_the_last_bit_weights_values_trace_and_all():
    first = int(os.environ.get("TIDYDL_CONFORMANCE_SEED", "0"))
    seeds = range(first, first + PROBLEMS)
    problems = [problem(seed) for seed in seeds]
    arrays = {
        f"{name}{i}": one[name] for i, one in enumerate(problems) for name in ("x", "y", "w", "start", "mask", "decay")
    }
    code = "library(nnet); out <- list()\n" + "\n".join(r_call(i, one) for i, one in enumerate(problems))
    found = run_r(code, arrays)
    for i, (seed, one) in enumerate(zip(seeds, problems, strict=True)):
        solution, trace = solve(one)
        told = f"seed {seed}, {one['shape']}"
        assert np.array_equal(solution.wts, found[f"wts{i}"]), told
        assert [solution.value, solution.convergence] == found[f"about{i}"].tolist(), told
        r_fitted = found[f"fitted{i}"].reshape(solution.fitted_values.shape)
        assert np.array_equal(solution.fitted_values, r_fitted), told
        assert trace.splitlines() == found[f"trace{i}"].splitlines(), told


@pytest.mark.parametrize("seed", range(6))
def test_a_fit_in_small_slices_is_the_fit_in_one(seed):
    one = problem(seed)

    def run(work):
        made = start_problem(one["shape"], one["x"], one["y"], one["w"], one["decay"], one["mask"])
        search = start_search(made, one["start"], one["maxit"], 1e-4, 1e-8)
        while search.state[0]["status"] == RUNNING:
            search.state[0]["curve_length"] = 0
            advance(made, search, work)
        return search.wts

    assert np.array_equal(run(one["slice"]), run(10**12))


def test_a_search_that_reaches_maxit_says_so():
    one = problem(3)
    made = start_problem(one["shape"], one["x"], one["y"], one["w"], one["decay"], np.ones_like(one["mask"]))
    search = start_search(made, one["start"], 2, 0.0, 0.0)
    while search.state[0]["status"] == RUNNING:
        advance(made, search, 10**9)
    assert search.state[0]["status"] == STOPPED
    assert search.state[0]["iterations"] == 2


def test_an_infinite_start_is_refused():
    shape = Shape(1, 1, 1, False, LINEAR)
    ones = np.ones(4)
    work = fit_work(shape, np.ones((2, 1)), np.full((2, 1), 1e300), np.ones(2), ones, ones > 0, ones * 0, Settings())
    with pytest.raises(DataError, match="not finite"):
        list(work)


def test_outputs_of_no_rows_are_no_rows():
    shape = Shape(2, 3, 4, True, SOFTMAX)
    assert outputs(shape, np.ones(9 + 4 * 6), np.empty((0, 2))).shape == (0, 4)


def test_softmax_of_huge_sums_is_finite():
    shape = Shape(1, 0, 3, True, SOFTMAX)
    found = outputs(shape, np.array([0, 1e3, 0, -1e3, 0, 0.0]), np.array([[1.0], [-1.0]]))
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx([1, 1])

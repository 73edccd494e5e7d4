"""Networks against R's own nnet, on problems drawn at random. TIDYDL_CONFORMANCE=500 draws that many."""

import os
import threading

import numpy as np
import pytest

from support.drawn_problems import OPTIONS, fit, large, problem, solve
from support.live_r import needs_r, run_r
from tidydl.errors import DataError
from tidydl.networks.exact import kernels, shares
from tidydl.networks.exact.bfgs import advance
from tidydl.networks.exact.engine import Settings, fit_work
from tidydl.networks.exact.kernels import LINEAR, SOFTMAX, Shape, outputs
from tidydl.networks.exact.many import fit_many
from tidydl.networks.exact.problems import RUNNING, STOPPED, start_problem, start_search
from tidydl.progress import Note, Pause, Progress, run

PROBLEMS = int(os.environ.get("TIDYDL_CONFORMANCE", "60"))


def r_call(i, one):
    shape = one["shape"]
    flags = OPTIONS[shape.loss] + ("skip = TRUE," if shape.skip else "")
    return (
        f"text <- capture.output(f <- nnet(x{i}, y{i}, w{i}, size = {shape.hidden}, Wts = start{i}, {flags}"
        f" mask = mask{i} != 0, decay = decay{i}, maxit = {one['maxit']}, MaxNWts = 1e5))\n"
        f"out$wts{i} <- f$wts; out$about{i} <- c(f$value, f$convergence); out$fitted{i} <- f$fitted.values\n"
        f"out$trace{i} <- text"
    )


def assert_same(found, expected, told=""):
    assert np.array_equal(found.wts, expected.wts), told
    assert np.array_equal(found.fitted_values, expected.fitted_values), told
    assert np.array_equal(found.curve, expected.curve), told
    assert (found.value, found.convergence, found.iterations, found.evaluations) == (
        expected.value,
        expected.convergence,
        expected.iterations,
        expected.evaluations,
    ), told


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
            advance(made, search, work, True)
        return search.wts

    assert np.array_equal(run(one["slice"]), run(10**12))


@pytest.mark.parametrize("seed", range(8))
def test_any_number_of_threads_gives_the_same_bits(seed, monkeypatch):
    one = large(seed)
    alone, trace = solve(one, 1)
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    for threads in (2, 3, 5):
        found, told = solve(one, threads)
        assert_same(found, alone, f"{threads} threads")
        assert told == trace


@pytest.mark.parametrize("seed", range(4))
def test_rows_that_are_not_kept_are_computed_again_to_the_same_bits(seed, monkeypatch):
    one = large(seed)
    one["shape"] = Shape(1, 24, *one["shape"][2:])
    one["x"] = one["x"][:, :1]
    n_wts = 48 + one["shape"].outputs * (25 + one["shape"].skip)
    rng = np.random.default_rng(seed)
    one |= {"start": rng.uniform(-0.7, 0.7, n_wts), "mask": np.ones(n_wts), "decay": np.zeros(n_wts)}
    expected, _ = solve(one)
    monkeypatch.setattr(kernels, "_KEPT_BYTES", 0)
    made = start_problem(*(one[name] for name in ("shape", "x", "y", "w", "decay", "mask")))
    assert made.room.kept < len(one["x"])
    assert_same(solve(one, 1)[0], expected)
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    assert_same(solve(one, 2)[0], expected)


@pytest.mark.parametrize("seed", range(6))
def test_the_c_librarys_exp_gives_the_bits_of_eight_at_a_time(seed, monkeypatch):
    expected, _ = solve(problem(seed))
    monkeypatch.setattr(kernels, "exp_is_exact", lambda: False)
    assert_same(solve(problem(seed))[0], expected)


@pytest.mark.parametrize("seed", [*range(6), 7])
def test_leaving_a_refused_point_early_changes_nothing(seed):
    expected, _ = solve(problem(seed))
    whole = start_problem(*(problem(seed)[name] for name in ("shape", "x", "y", "w", "decay", "mask")))
    search = start_search(whole._replace(slack=np.inf), problem(seed)["start"], problem(seed)["maxit"], 1e-4, 1e-8)
    while search.state[0]["status"] == RUNNING:
        search.state[0]["curve_length"] = 0
        advance(whole._replace(slack=np.inf), search, 10**9, True)
    assert np.array_equal(search.wts, expected.wts)
    assert search.state[0]["evaluations"] == expected.evaluations


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_fits_give_each_the_bits_it_has_alone(threads):
    ones = [problem(seed) for seed in range(24)]
    for found, one in zip(run(fit_many([fit(one) for one in ones], threads)), ones, strict=True):
        assert_same(found, solve(one)[0])


def test_one_of_many_fits_with_spare_threads_has_the_same_bits(monkeypatch):
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    (found,) = run(fit_many([fit(large(1))], 3))
    assert_same(found, solve(large(1))[0])


def test_a_fit_that_cannot_start_gives_its_error_and_the_others_their_solutions():
    good, bad = problem(1), problem(2)
    bad["y"] = np.full_like(bad["y"], np.nan)
    first, second, third = run(fit_many([fit(good), fit(bad), fit(good)], 2))
    assert isinstance(second, DataError)
    assert "not finite" in str(second)
    assert_same(first, third)


def test_no_fits_are_no_solutions():
    assert run(fit_many([])) == []


def test_many_fits_tell_how_far_they_are_and_stop_when_told():
    one = large(1, 20_000) | {"maxit": 10_000}
    work = fit_many([fit(one), fit(problem(1)), fit(problem(2)), fit(problem(3))], 2)
    events = [next(work)]
    while not isinstance(events[-1], Progress):
        events.append(next(work))
    assert {type(event) for event in events} <= {Pause, Progress}
    assert events[-1].total == 4
    work.close()
    assert not any(thread.name.startswith("tidydl") for thread in threading.enumerate())


def test_a_fit_in_threads_can_be_stopped(monkeypatch):
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    work = fit_work(*vars(fit(large(1, 20_000) | {"maxit": 10_000}, trace=False)).values(), 3)
    next(work)
    assert any(thread.name.startswith("tidydl") for thread in threading.enumerate())
    work.close()
    assert not any(thread.name.startswith("tidydl") for thread in threading.enumerate())


def test_many_weights_are_announced_with_what_they_cost():
    rng = np.random.default_rng(1)
    shape = Shape(100, 30, 1, False, LINEAR)
    start = rng.uniform(-0.1, 0.1, 30 * 101 + 31)
    work = fit_work(
        shape, rng.normal(size=(5, 100)), np.ones((5, 1)), np.ones(5), start, start < 9, 0 * start, Settings(1)
    )
    notes = [event.text for event in work if isinstance(event, Note) and "BFGS" in event.text]
    assert notes == ["BFGS with 3061 weights takes 37 MB and some 33 million multiplications an iteration."]


def test_arrays_of_any_kind_are_read_by_the_same_machine_code():
    one = problem(1)
    expected, _ = solve(one)
    versions = len(advance.signatures)
    one["x"] = np.asfortranarray(one["x"]).astype(">f8")
    one["y"].flags.writeable = False
    one["decay"] = list(one["decay"])
    one["shape"] = Shape(*(np.int64(number) for number in one["shape"]))
    assert_same(solve(one)[0], expected)
    assert len(advance.signatures) == versions


def test_a_search_that_reaches_maxit_says_so():
    one = problem(3)
    made = start_problem(one["shape"], one["x"], one["y"], one["w"], one["decay"], np.ones_like(one["mask"]))
    search = start_search(made, one["start"], 2, 0.0, 0.0)
    while search.state[0]["status"] == RUNNING:
        advance(made, search, 10**9, True)
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

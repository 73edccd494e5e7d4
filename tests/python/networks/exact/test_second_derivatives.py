"""Second derivatives against R's nnetHess, and against differences of the value."""

import numpy as np
import pytest

from support.drawn_problems import OPTIONS, problem, solve
from support.live_r import needs_r, run_r
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape, outputs
from tidydl.networks.hessian import hessian

SEEDS = [*range(22), 47]


def counts(one):
    """Return a softmax problem responses that are counts, as multinom has them."""
    if one["shape"].loss == SOFTMAX:
        one["y"] = one["y"] * 3.0 + np.roll(one["y"], 1, axis=0)
    return one


def hessian_of(one, wts):
    return hessian(one["shape"], one["x"], one["y"], one["w"], wts, one["decay"])


@needs_r
def test_second_derivatives_equal_those_of_r_for_every_loss_weights_skip_and_mask():
    ones = [counts(problem(seed)) for seed in SEEDS]
    names = ("x", "y", "w", "start", "mask", "decay")
    code = "library(nnet); out <- list()\n"
    for i, one in enumerate(ones):
        flags = OPTIONS[one["shape"].loss] + ("skip = TRUE," if one["shape"].skip else "")
        code += (
            f"f <- nnet(x{i}, y{i}, w{i}, size = {one['shape'].hidden}, Wts = start{i}, {flags} mask = mask{i} != 0,"
            f" decay = decay{i}, maxit = {one['maxit']}, MaxNWts = 1e5, trace = FALSE)\n"
            f"out$hessian{i} <- nnetHess(f, x{i}, y{i}, w{i})\n"
        )
    found = run_r(code, {f"{name}{i}": one[name] for i, one in enumerate(ones) for name in names})
    assert {one["shape"].loss for one in ones} == {LEAST_SQUARES, LINEAR, ENTROPY, SOFTMAX, CENSORED}
    for i, one in enumerate(ones):
        expected = found[f"hessian{i}"]
        ours = hessian_of(one, solve(one)[0].wts)
        assert np.abs(ours - expected).max() <= 1e-12 * np.abs(expected).max(), f"seed {SEEDS[i]}, {one['shape']}"


def loss_of(shape, out, y, weights):
    if shape.loss == SOFTMAX:
        rows = -(y * np.log(out)).sum(axis=1)
    elif shape.loss == ENTROPY:
        rows = -(y * np.log(out) + (1 - y) * np.log(1 - out)).sum(axis=1)
    else:
        rows = ((out - y) ** 2).sum(axis=1)
    return (weights * rows).sum()


@pytest.mark.parametrize("loss", [LEAST_SQUARES, LINEAR, ENTROPY, SOFTMAX])
def test_second_derivatives_are_differences_of_the_value(loss):
    rng = np.random.default_rng(loss)
    shape = Shape(2, 2, 2, True, loss)
    x, y, weights = rng.normal(size=(20, 2)), rng.uniform(0.2, 0.8, (20, 2)), rng.uniform(0.5, 2, 20)
    wts, decay = rng.uniform(-0.5, 0.5, 16), rng.uniform(0, 0.1, 16)

    def value(at):
        return loss_of(shape, outputs(shape, at, x), y, weights) + (decay * at * at).sum()

    step, unit = 1e-4, np.eye(16)
    differences = np.array(
        [
            [
                value(wts + step * (a + b)) - value(wts + step * (a - b)) - value(wts - step * (a - b))
                + value(wts - step * (a + b))
                for b in unit
            ]
            for a in unit
        ]
    ) / (4 * step * step)  # fmt: skip
    ours = hessian(shape, x, y, weights, wts, decay)
    assert np.abs(ours - differences).max() < 1e-5 * np.abs(ours).max()
    assert np.array_equal(ours, ours.T)


def test_rows_taken_in_portions_give_the_same_matrix(monkeypatch):
    one = problem(3)
    whole = hessian_of(one, one["start"])
    monkeypatch.setattr("tidydl.networks.hessian._ROOM", 40)
    assert hessian_of(one, one["start"]) == pytest.approx(whole, rel=1e-12, abs=1e-12)


def test_no_rows_leave_the_penalty():
    shape = Shape(2, 1, 1, False, LINEAR)
    found = hessian(shape, np.empty((0, 2)), np.empty((0, 1)), np.empty(0), np.ones(5), np.full(5, 0.5))
    assert np.array_equal(found, np.eye(5))

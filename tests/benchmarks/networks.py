"""Fits of networks: R's nnet and ours in turn, on the same data from the same weights; medians and ratios.

    python tests/benchmarks/networks.py [--repeats 5] [--large]

R's own clock times R's fit and Python's times ours, each inside its process, so that neither start nor crossing
counts. ``--large`` adds the fit that takes R some ten seconds.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from live_r import run_r

from tidydl.networks.engine import Settings, fit_work
from tidydl.networks.kernels import LINEAR, SOFTMAX, Shape

WORK = {
    "100 x 7, size 5, 5 classes, to the end": (100, Shape(7, 5, 5, False, SOFTMAX), 1000),
    "2236 x 7, size 10, 5 classes, 100 iterations": (2236, Shape(7, 10, 5, False, SOFTMAX), 100),
    "2236 x 25, size 20, 5 classes, 100 iterations": (2236, Shape(25, 20, 5, False, SOFTMAX), 100),
}
LARGE = {"20000 x 20, size 30, linear, 100 iterations": (20000, Shape(20, 30, 1, False, LINEAR), 100)}

R_CODE = """
library(nnet)
seconds <- numeric(inner)
for (i in seq_len(inner)) {{
  seconds[i] <- system.time(
    f <- nnet(x, y, size = {hidden}, Wts = start, {option} maxit = {maxit}, MaxNWts = 1e5, trace = FALSE)
  )[["elapsed"]]
}}
out <- list(seconds = mean(seconds), value = f$value)
"""


def problem(rows, shape):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, shape.inputs))
    if shape.loss == LINEAR:
        y = np.sin(x @ rng.normal(size=(shape.inputs, shape.outputs))) + rng.normal(size=(rows, shape.outputs)) / 5
    else:
        y = np.eye(shape.outputs)[rng.integers(0, shape.outputs, rows)]
    weights = shape.hidden * (1 + shape.inputs) + shape.outputs * (1 + shape.hidden)
    return x, y, rng.uniform(-0.7, 0.7, weights)


def ours(shape, x, y, start, maxit, inner):
    rows, every = np.ones(len(x)), np.ones(len(start), dtype=bool)
    began = time.perf_counter()
    for _ in range(inner):
        work = fit_work(shape, x, y, rows, start, every, 0.0 * start, Settings(maxit, trace=False))
        while True:
            try:
                next(work)
            except StopIteration as end:
                solution = end.value
                break
    return (time.perf_counter() - began) / inner, solution.value


def measure(rows, shape, maxit, repeats):
    x, y, start = problem(rows, shape)
    inner = 20 if rows == 100 else 1
    option = "linout = TRUE," if shape.loss == LINEAR else "softmax = TRUE,"
    code = R_CODE.format(hidden=shape.hidden, option=option, maxit=maxit)
    ours(shape, x, y, start, 2, 1)  # compiled before the clock runs
    pairs = []
    for _ in range(repeats):
        r = run_r(code, {"x": x, "y": y, "start": start, "inner": [inner]})
        seconds, value = ours(shape, x, y, start, maxit, inner)
        assert value == r["value"][0], "the two did not do the same work"
        pairs.append((float(r["seconds"][0]), seconds))
    return pairs


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--large", action="store_true")
    given = options.parse_args()
    print("| work | R, s | ours, s | R / ours |\n|---|---|---|---|")
    for name, (rows, shape, maxit) in {**WORK, **(LARGE if given.large else {})}.items():
        pairs = measure(rows, shape, maxit, given.repeats)
        r, mine = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"| {name} | {r:.4f} | {mine:.4f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()

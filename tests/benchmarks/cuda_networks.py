"""Thousands of networks: the torch engine against R's nnet and the exact engine, in networks a second.

    python tests/benchmarks/cuda_networks.py [--networks 4096] [--device cuda] [--few 8] [--repeats 3]

Networks 25-10-5 with softmax outputs and a decay of 0.01 on 2000 rows, 200 iterations, each from initial weights of its
own. R and the exact engine fit the first ``--few`` of them, R one after the other and the exact engine in as many
threads as there are cores; the torch engine fits all ``--networks`` together (by default few, for a machine without a
card). The share printed is that of the few whose values agree to 1e-6 of the value.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from live_r import run_r

from tidydl.networks.arguments import number_of_weights
from tidydl.networks.engines import Engine, all_made, choose_engine, solve_many
from tidydl.networks.exact.engine import Settings
from tidydl.networks.exact.kernels import SOFTMAX, Shape
from tidydl.networks.exact.many import Fit
from tidydl.progress import run

ROWS, SHAPE, DECAY, ITERATIONS = 2000, Shape(25, 10, 5, False, SOFTMAX), 0.01, 200

R_CODE = """
library(nnet)
values <- numeric(nrow(starts))
seconds <- system.time(for (i in seq_len(nrow(starts))) {{
  values[i] <- nnet(x, y, size = {0}, Wts = starts[i, ], softmax = TRUE, decay = {1}, maxit = {2}, trace = FALSE)$value
}})[["elapsed"]]
out <- list(values = values, seconds = seconds)
"""


def problem(networks):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, SHAPE.inputs))
    sums = np.tanh(x @ rng.normal(size=(SHAPE.inputs, 4))) @ rng.normal(size=(4, SHAPE.outputs))
    y = np.eye(SHAPE.outputs)[(sums + rng.gumbel(size=sums.shape)).argmax(axis=1)]
    return x, y, rng.uniform(-0.7, 0.7, (networks, number_of_weights(SHAPE)))


def fits_of(x, y, starts):
    n = starts.shape[1]
    case, every, decay = np.ones(len(x)), np.ones(n, dtype=bool), np.full(n, DECAY)
    settings = Settings(ITERATIONS, trace=False)
    return [Fit(SHAPE, x, y, case, start, every, decay, settings) for start in starts]


def measure(engine, fits):
    began = time.perf_counter()
    made = all_made(run(solve_many(engine, fits), progress=False))
    return time.perf_counter() - began, np.array([each.value for each in made])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", type=int, default=32)
    options.add_argument("--few", type=int, default=4)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--device", default="auto")
    given = options.parse_args()
    torch = choose_engine("torch", given.device, None)
    exact = Engine("exact", "cpu", os.cpu_count() or 1)
    x, y, starts = problem(max(given.networks, given.few))
    fits = fits_of(x, y, starts)
    for engine in (exact, torch):
        measure(engine, fits_of(x[:200], y[:200], starts[:2]))  # compiled and loaded before the clock runs
    rates: dict[str, list[float]] = {"R's nnet": [], "exact engine": [], f"torch engine, {torch.device}": []}
    code = R_CODE.format(SHAPE.hidden, DECAY, ITERATIONS)
    for _ in range(given.repeats):
        r = run_r(code, {"x": x, "y": y, "starts": starts[: given.few]})
        seconds, values = measure(exact, fits[: given.few])
        assert np.array_equal(values, r["values"]), "R and the exact engine did not do the same work"
        together, found = measure(torch, fits[: given.networks])
        times = (float(r["seconds"][0]), seconds, together)
        counts = (given.few, given.few, given.networks)
        for name, count, each in zip(rates, counts, times, strict=True):
            rates[name].append(count / each)
    near = np.abs(found[: given.few] - values) <= 1e-6 * values
    print(
        f"{given.networks} networks 25-10-5, {ROWS} rows, {ITERATIONS} iterations; {near.mean():.0%} of the few agree"
    )
    print("| engine | networks a second | time of 4096 networks, s | times R |\n|---|---|---|---|")
    base = statistics.median(rates["R's nnet"])
    for name, each in rates.items():
        rate = statistics.median(each)
        print(f"| {name} | {rate:.2f} | {4096 / rate:.0f} | {rate / base:.1f} |")


if __name__ == "__main__":
    main()

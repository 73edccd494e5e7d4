"""Thousands of networks: the torch engine against R's nnet and the exact engine, in networks a second.

    python tests/benchmarks/cuda_networks.py [--networks 4096] [--device cuda] [--few 8] [--repeats 3]

Networks 25-10-5 with softmax outputs and a decay of 0.01 on 2000 rows, 200 iterations, each from initial weights of its
own. R and the exact engine fit the first ``--few`` of them, R one after the other and the exact engine in as many
threads as there are cores; the torch engine fits all ``--networks`` together (by default few, for a machine without a
card). The share printed is that of the few whose values agree to 1e-6 of the value. Where there is no R, the exact
engine in one thread stands in its row: it does the same work to the last bit.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from support.live_r import run_r
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


def measure_r(x, y, starts):
    r = run_r(R_CODE.format(SHAPE.hidden, DECAY, ITERATIONS), {"x": x, "y": y, "starts": starts})
    return float(r["seconds"][0]), r["values"]


def ways_to_fit(x, y, starts, given):
    """Return what is compared, the peer first: a name, how many networks it fits, and what gives seconds and values."""
    fits, few = fits_of(x, y, starts), given.few
    torch = choose_engine("torch", given.device, None)
    alone, exact = Engine("exact", "cpu", 1), Engine("exact", "cpu", os.cpu_count() or 1)
    for engine in (exact, torch):
        measure(engine, fits_of(x[:200], y[:200], starts[:2]))  # compiled and loaded before the clock runs
    if shutil.which("Rscript"):
        peer = ("R's nnet", few, lambda: measure_r(x, y, starts[:few]))
    else:
        peer = ("exact engine, one thread (no R here)", few, lambda: measure(alone, fits[:few]))
    return [
        peer,
        (f"exact engine, {exact.threads} threads", few, lambda: measure(exact, fits[:few])),
        (f"torch engine, {torch.device}", given.networks, lambda: measure(torch, fits[: given.networks])),
    ]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", type=int, default=32)
    options.add_argument("--few", type=int, default=4)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--device", default="auto")
    given = options.parse_args()
    ways = ways_to_fit(*problem(max(given.networks, given.few)), given)
    rates = {name: [] for name, _, _ in ways}
    for _ in range(given.repeats):
        found = []
        for name, count, fit in ways:
            seconds, values = fit()
            rates[name].append(count / seconds)
            found.append(values[: given.few])
        assert np.array_equal(found[0], found[1]), "the peer and the exact engine did not do the same work"
    near = np.abs(found[2] - found[1][: len(found[2])]) <= 1e-6 * found[1][: len(found[2])]
    print(
        f"{given.networks} networks 25-10-5, {ROWS} rows, {ITERATIONS} iterations; {near.mean():.0%} of the few agree"
    )
    base = statistics.median(rates[ways[0][0]])
    print(f"| engine | networks a second | time of 4096 networks, s | times {ways[0][0]} |\n|---|---|---|---|")
    for name, each in rates.items():
        rate = statistics.median(each)
        print(f"| {name} | {rate:.2f} | {4096 / rate:.0f} | {rate / base:.1f} |")


if __name__ == "__main__":
    main()

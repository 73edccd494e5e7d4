"""Fits of networks: R's nnet and ours in turn, on the same data from the same weights; medians and ratios.

    python tests/benchmarks/networks.py [--repeats 5] [--large]

R's own clock times R's fit and Python's times ours, each inside its process, so that neither start nor crossing
counts; both count the processor's time, which other work on the machine does not change. The two must end at the same
value to the last bit. Threads are timed by the clock on the wall, on a machine that should be quiet then. ``--large``
adds the fit that takes R some ten seconds.
"""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from support.live_r import run_r
from tidydl.networks.exact import shares
from tidydl.networks.exact.engine import Settings, fit_work
from tidydl.networks.exact.kernels import LINEAR, SOFTMAX, Shape
from tidydl.networks.exact.many import Fit, fit_many
from tidydl.progress import run

WORK = {
    "100 x 7, size 5, 5 classes, to the end": (100, Shape(7, 5, 5, False, SOFTMAX), 1000),
    "2236 x 7, size 10, 5 classes, 100 iterations": (2236, Shape(7, 10, 5, False, SOFTMAX), 100),
    "2236 x 25, size 20, 5 classes, 100 iterations": (2236, Shape(25, 20, 5, False, SOFTMAX), 100),
}
LARGE = {"20000 x 20, size 30, linear, 100 iterations": (20000, Shape(20, 30, 1, False, LINEAR), 100)}

R_CODE = """
library(nnet)
used <- system.time(for (i in seq_len(inner)) {{
  f <- nnet(x, y, size = {hidden}, Wts = start, {option} maxit = {maxit}, MaxNWts = 1e5, trace = FALSE)
}})
out <- list(seconds = sum(used[1:2]) / inner, value = f$value)
"""

FIRST_FIT = """
import time, sys
began = time.perf_counter()
import tidydl
import numpy as np
rng = np.random.default_rng(1)
x, y = rng.normal(size=(100, 7)), np.eye(5)[rng.integers(0, 5, 100)]
imported = time.perf_counter()
tidydl.nnet(x, y, size=5, softmax=True, trace=False)
print(time.perf_counter() - began, time.process_time())
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


def job(shape, x, y, start, maxit):
    rows, every = np.ones(len(x)), np.ones(len(start), dtype=bool)
    return Fit(shape, x, y, rows, start, every, 0.0 * start, Settings(maxit, trace=False))


def timed(work, clock=time.process_time):
    began = clock()
    result = work()
    return clock() - began, result


def ours(fit, inner=1, threads=1, clock=time.process_time):
    shares._WORTHWHILE = 1  # as many threads as are asked for

    def fits():
        for _ in range(inner):
            solution = run(fit_work(*vars(fit).values(), threads))
        return solution

    seconds, solution = timed(fits, clock)
    return seconds / inner, solution.value


def against_r(rows, shape, maxit, repeats):
    """Give pairs of seconds, R's and ours, one fit after the other."""
    x, y, start = problem(rows, shape)
    inner = 40 if rows == 100 else 4 if rows < 10_000 else 1
    option = "linout = TRUE," if shape.loss == LINEAR else "softmax = TRUE,"
    code = R_CODE.format(hidden=shape.hidden, option=option, maxit=maxit)
    ours(job(shape, x, y, start, 2))  # compiled before the clock runs
    for _ in range(repeats):
        r = run_r(code, {"x": x, "y": y, "start": start, "inner": [inner]})
        seconds, value = ours(job(shape, x, y, start, maxit), inner)
        assert value == r["value"][0], "the two did not do the same work"
        yield float(r["seconds"][0]), seconds


def alone_and_shared(work, repeats):
    """Give pairs of seconds on the wall, with one thread and with two, one after the other."""
    work(2)
    for _ in range(repeats):
        alone, first = work(1)
        shared, second = work(2)
        assert first == second, "threads changed the bits"
        yield alone, shared


def large_fit(threads):
    ((rows, shape, maxit),) = LARGE.values()
    return ours(job(shape, *problem(rows, shape), maxit), 1, threads, time.perf_counter)


def many_fits(threads):
    x, y, start = problem(500, Shape(7, 5, 3, False, SOFTMAX))
    rng = np.random.default_rng(2)
    shape = Shape(7, 5, 3, False, SOFTMAX)
    fits = [job(shape, *(a[rng.permutation(500)[:450]] for a in (x, y)), start, 100) for _ in range(120)]
    seconds, solutions = timed(lambda: run(fit_many(fits, threads)), time.perf_counter)
    return seconds, [solution.value for solution in solutions]


def first_fits(repeats):
    """Give the seconds of fresh processes from the import of tidydl to the end of the first fit."""
    for _ in range(repeats):
        answer = subprocess.run([sys.executable, "-c", FIRST_FIT], capture_output=True, text=True, check=True)
        yield [float(number) for number in answer.stdout.split()]


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def memory(rows, shape):
    """Return the megabytes of the data, and by how much a fit makes the process grow."""
    x, y, start = problem(rows, shape)
    fit = job(shape, x, y, start, 3)
    ours(job(shape, x[:100], y[:100], start, 1))
    before, peak, done = resident(), [0.0], threading.Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], resident())

    watching = threading.Thread(target=watch)
    watching.start()
    ours(fit)
    done.set()
    watching.join()
    return (x.nbytes + y.nbytes + fit.weights.nbytes) / 1e6, peak[0] - before


def row(name, pairs, digits=4):
    pairs = list(pairs)
    left, right = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"| {name} | {left:.{digits}f} | {right:.{digits}f} | {ratio:.2f} |", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--large", action="store_true")
    given = options.parse_args()
    print("| work, one thread | R, s | ours, s | R / ours |\n|---|---|---|---|")
    for name, (rows, shape, maxit) in {**WORK, **(LARGE if given.large else {})}.items():
        row(name, against_r(rows, shape, maxit, given.repeats))
    print("\n| work | one thread, s | two threads, s | one / two |\n|---|---|---|---|")
    if given.large:
        row(next(iter(LARGE)), alone_and_shared(large_fit, given.repeats), 3)
    row("120 fits of 450 x 7, size 5, 3 classes", alone_and_shared(many_fits, given.repeats), 3)
    wall, used = (statistics.median(side) for side in zip(*first_fits(given.repeats), strict=True))
    print(f"\nImport and first fit in a fresh process: {wall:.2f} s ({used:.2f} s of processor time).")
    data, growth = memory(1_000_000, Shape(20, 5, 1, False, LINEAR))
    print(f"1000000 x 20, size 5: {data:.0f} MB of data, the fit takes {growth:.0f} MB ({growth / data:.2f} x).")


if __name__ == "__main__":
    main()

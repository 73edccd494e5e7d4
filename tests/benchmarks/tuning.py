"""A search over a grid: caret's and ours in turn, 12 grid points by 10 folds on 500 rows of 7; medians and ratios.

    python tests/benchmarks/tuning.py [--repeats 5]

Sizes 1, 3, 5, 7 by decays 0, 0.01, 0.1, 100 iterations, a factor of three classes: 120 fits and the final one. R's own
clock times caret::train() and tune_nnet() called from R, Python's times tune_nnet() here, each inside its process and
after a first small call, so that neither start nor compilation counts. Both see the same data. caret works in one
thread, tune_nnet() in one a core. Processor seconds are those of all threads, which neighbours on the machine disturb
less than the elapsed ones.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from support.live_r import run_r
from tidydl import set_seed, tune_nnet

R_CODE = """
d <- as.data.frame(x)
d$y <- factor(c("a", "b", "c")[y + 1])
grid <- expand.grid(size = c(1, 3, 5, 7), decay = c(0, 0.01, 0.1))
ours <- function() tidydl::tune_nnet(y ~ ., d, size = c(1, 3, 5, 7), decay = c(0, 0.01, 0.1))
caret_s <- function() caret::train(
  y ~ ., d, method = "nnet", trControl = caret::trainControl("cv", 10), tuneGrid = grid, trace = FALSE, maxit = 100
)
suppressMessages(library(caret))
has_ours <- requireNamespace("tidydl", quietly = TRUE)
clock <- function(work) {
  took <- system.time(work)
  c(took[["elapsed"]], sum(took[1:2]))
}
if (has_ours) invisible(tidydl::tune_nnet(y ~ ., d, size = 1, resamples = 2))
set.seed(1)
out <- list(caret = clock(found <- caret_s()), accuracy = max(found$results$Accuracy))
set.seed(1)
out$ours <- if (has_ours) clock(ours()) else c(NA, NA)
"""


def problem():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 7))
    return x, np.digitize(x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=500), [-0.5, 0.5])


def ours(x, y):
    data = pd.DataFrame(x, columns=[f"V{i + 1}" for i in range(7)]).assign(y=pd.Categorical(np.array(list("abc"))[y]))
    tune_nnet("y ~ .", data, size=1, resamples=2)  # compiled before the clock runs
    set_seed(1)
    began, worked = time.perf_counter(), time.process_time()
    found = tune_nnet("y ~ .", data, size=[1, 3, 5, 7], decay=[0, 0.01, 0.1])
    return (time.perf_counter() - began, time.process_time() - worked), found.summary["mean"].max()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    given = options.parse_args()
    os.environ.setdefault("RETICULATE_PYTHON", sys.executable)
    if subprocess.run(["Rscript", "-e", "stopifnot(nzchar(system.file(package = 'caret')))"], stderr=-3).returncode:
        print("caret is not installed: NOT RUN")
        return
    x, y = problem()
    runs = []
    for _ in range(given.repeats):
        r = run_r(R_CODE, {"x": x, "y": y})
        seconds, accuracy = ours(x, y)
        runs.append((r["caret"], seconds, r["ours"]))
    print(f"best accuracy: caret {r['accuracy'][0]:.3f}, ours {accuracy:.3f} (folds and weights of their own)")
    times = np.array(runs)  # runs by programs by elapsed and processor seconds
    ratios = np.median(times[:, :1] / times, axis=0)
    print("| 120 fits on 450 x 7 | elapsed, s | caret / this | processor, s | caret / this |\n|---|---|---|---|---|")
    for at, name in enumerate(("caret::train()", "tune_nnet() in Python", "tune_nnet() from R")):
        elapsed, processor = np.median(times[:, at], axis=0)
        print(f"| {name} | {elapsed:.2f} | {ratios[at, 0]:.1f} | {processor:.2f} | {ratios[at, 1]:.1f} |")


if __name__ == "__main__":
    main()

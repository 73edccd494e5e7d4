"""Problems of the exact engine drawn at random, and what it makes of them."""

import numpy as np

from tidydl.networks.exact.engine import Settings, fit_work
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.exact.many import Fit
from tidydl.progress import Trace

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
    wide = seed % 8 == 7  # beyond one vector of units, and with every remainder
    n, p, h, kind = rng.integers(2, 201), rng.integers(1, 13), rng.integers(0, 9), rng.integers(0, 5)
    k = int(rng.integers(2, 6)) if kind >= SOFTMAX else int(rng.integers(1, 4))
    if wide:
        n, p, h, k = n // 2 + 2, rng.integers(1, 41), rng.integers(8, 41), int(rng.integers(2, 12))
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
        "maxit": 40 if wide else int(rng.choice([0, 5, 100, 300])),
        "slice": int(rng.integers(200, 1_000_000)),
    }


def fit(one, trace=True):
    settings = Settings(one["maxit"], trace=trace)
    return Fit(one["shape"], one["x"], one["y"], one["w"], one["start"], one["mask"] != 0, one["decay"], settings)


def solve(one, threads=None):
    work = fit_work(*vars(fit(one)).values(), threads)
    lines = []
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value, "\n".join(lines)
        if isinstance(event, Trace):
            lines.append(event.text)


def large(seed, rows=1500):
    """Draw a problem with several blocks of rows for each thread."""
    rng = np.random.default_rng(seed)
    one = problem(8 * seed + (7 if seed % 2 else 0))
    shape = one["shape"]
    one |= {
        "x": rng.normal(size=(rows, shape.inputs)),
        "y": targets(rng, shape.loss, rows, shape.outputs),
        "w": rng.choice([0.0, 1.0, 0.3], rows),
        "maxit": 15,
    }
    return one

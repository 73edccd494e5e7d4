"""The engine ``r``: R's own ``nnet``, asked through rpy2."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tidydl.errors import ArgumentError, DataError, DependencyError, TidydlError
from tidydl.networks.exact.engine import Solution, _not_finite
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LINEAR, SOFTMAX
from tidydl.networks.exact.many import Fit
from tidydl.progress import Pause, Progress, Work

RPY2_FOR_OLDER_R = "rpy2==3.5.17"  # later ones need R 4.5
_LOSSES = {LINEAR: "linout", ENTROPY: "entropy", SOFTMAX: "softmax", CENSORED: "censored"}


def fit_with_r(fit: Fit) -> Work[Solution]:
    """Fit a network with R's ``nnet`` from the same initial weights.

    R prints its own trace while it fits. It reports the iterations only if ``maxit`` was reached, and neither the
    evaluations nor the curve, so these are missing. It cannot be stopped: an interrupt is raised once it has ended.
    """
    nnet = _nnet_of_r()
    yield Pause()
    began = time.perf_counter()
    with _interrupts_held(), _console():
        components = _fit(nnet, fit, fit.settings.maxit, fit.settings.trace)
    rows, outputs = fit.y.shape
    stopped = int(components["convergence"][0])
    return Solution(
        np.array(components["wts"].memoryview()),
        float(components["value"][0]),
        stopped,
        fit.settings.maxit if stopped or fit.settings.maxit == 0 else None,
        None,
        np.ascontiguousarray(np.array(components["fitted.values"].memoryview()).reshape(rows, outputs, order="F")),
        np.empty((0, 2)),
        time.perf_counter() - began,
    )


def fit_many_with_r(fits: Sequence[Fit]) -> Work[list[Solution | TidydlError]]:
    """Fit many networks one after the other, without trace; a failed one has its error in its place."""
    solutions: list[Solution | TidydlError] = []
    for fit in fits:
        try:
            solutions.append((yield from fit_with_r(replace(fit, settings=replace(fit.settings, trace=False)))))
        except DataError as problem:
            solutions.append(problem)
        yield Progress(len(solutions), len(fits), "fit")
    return solutions


def _fit(nnet: Callable[..., Any], fit: Fit, maxit: int, trace: bool) -> dict[str, Any]:
    from rpy2.rinterface_lib.embedded import RRuntimeError

    try:
        r_fit = nnet(**_arguments(fit, maxit, trace))
    except RRuntimeError as problem:
        value = float(_fit(nnet, fit, 0, False)["value"][0]) if maxit > 0 else 0.0
        if not np.isfinite(value):
            raise _not_finite(value) from None
        raise DataError(f"R's nnet() failed: {str(problem).strip()}") from problem
    return dict(zip(r_fit.names, r_fit, strict=True))


def _arguments(fit: Fit, maxit: int, trace: bool) -> dict[str, Any]:
    """Return the arguments of ``nnet.default()`` as R's vectors."""
    from rpy2.rinterface import BoolSexpVector, FloatSexpVector

    numbers = {"weights": fit.weights, "Wts": fit.wts, "decay": fit.decay, "size": fit.shape.hidden, "maxit": maxit}
    numbers |= {"MaxNWts": len(fit.wts), "abstol": fit.settings.abstol, "reltol": fit.settings.reltol}
    flags: dict[str, Any] = {"mask": fit.mask, "skip": fit.shape.skip, "trace": trace}
    if fit.shape.loss in _LOSSES:
        flags[_LOSSES[fit.shape.loss]] = True
    return {
        "x": _matrix(fit.x),
        "y": _matrix(fit.y),
        **{name: FloatSexpVector(np.atleast_1d(np.asarray(value, dtype=float))) for name, value in numbers.items()},
        **{name: BoolSexpVector(np.atleast_1d(value).astype(bool).tolist()) for name, value in flags.items()},
    }


def _matrix(values: np.ndarray) -> Any:
    from rpy2.rinterface import FloatSexpVector, IntSexpVector, baseenv

    rows, columns = values.shape
    laid_out = FloatSexpVector(np.asarray(values, dtype=float).ravel(order="F"))
    return baseenv["matrix"](laid_out, nrow=IntSexpVector([rows]), ncol=IntSexpVector([columns]))


def _nnet_of_r() -> Any:
    """Start R if necessary, and return its function ``nnet()``."""
    if "rpycall" in sys.modules:  # made by reticulate; a second R in the process would end it
        raise ArgumentError(
            "`engine` is 'r', and this Python runs inside R.",
            allowed='In R itself: nnet(..., engine = "r").',
        )
    if threading.current_thread() is not threading.main_thread():
        raise ArgumentError(
            "`engine` is 'r', and R works in Python's main thread only.",
            allowed="'exact', which gives the same numbers, in other threads.",
        )
    rinterface = _started()
    from rpy2.rinterface_lib.embedded import RRuntimeError

    try:
        with _console():
            package = rinterface.baseenv["getNamespace"](rinterface.StrSexpVector(["nnet"]))
    except RRuntimeError as problem:
        raise DependencyError(
            "`engine` is 'r', and R lacks its package nnet.", hint='In R: install.packages("nnet")'
        ) from problem
    return package.find("nnet.default")


def _started() -> Any:
    if shutil.which("R") is None and not os.environ.get("R_HOME"):
        raise DependencyError(
            "`engine` is 'r', and no R was found.",
            allowed="R on the PATH, with its package nnet.",
            hint="Install R, or leave `engine` out: 'exact' gives the same numbers without it.",
        )
    handler = signal.getsignal(signal.SIGINT) or signal.SIG_DFL
    try:
        with warnings.catch_warnings():
            # what R's start script sets, such as LD_LIBRARY_PATH, is R's own affair
            warnings.filterwarnings("ignore", "Environment variable .* redefined by R", UserWarning)
            with _in_empty_folder():
                from rpy2 import rinterface
                from rpy2.rinterface_lib import embedded

                if not embedded.isinitialized():  # else interrupts would be R's for a moment
                    rinterface.initr()
    except ImportError as problem:
        raise _no_rpy2("which is not installed") from problem
    except Exception as problem:  # an incompatible library may raise anything
        raise _no_rpy2(f"which cannot start R: {problem}") from problem
    finally:
        signal.signal(signal.SIGINT, handler)  # R takes interrupts over
    return rinterface


@contextmanager
def _in_empty_folder() -> Iterator[None]:
    """Change to an empty folder while R starts, which runs the .Rprofile and loads the .RData of where it starts."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="tidydl-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _no_rpy2(problem: str) -> DependencyError:
    older = _r_version() < (4, 5)
    return DependencyError(
        f"`engine` is 'r', which needs rpy2, {problem}.",
        allowed=f"{RPY2_FOR_OLDER_R} where R is older than 4.5, rpy2 3.6.7 or newer else.",
        hint='pip install "tidydl[r]"' + (f' "{RPY2_FOR_OLDER_R}"' if older else ""),
    )


def _r_version() -> tuple[int, ...]:
    program = shutil.which("R")
    if program is None:
        return ()
    process = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"R version (\d+)\.(\d+)", process.stdout + process.stderr)
    return tuple(int(part) for part in version.groups()) if version else ()


@contextmanager
def _console() -> Iterator[None]:
    """Have R print where Python prints; its error messages are not printed, because they are raised."""
    from rpy2.rinterface_lib import callbacks

    with (
        callbacks.obj_in_module(callbacks, "consolewrite_print", _write),
        callbacks.obj_in_module(callbacks, "consolewrite_warnerror", lambda text: None),
    ):
        yield


def _write(text: str) -> None:
    print(text, end="", flush=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Defer interrupts while R works, which they would reach in the middle of its printing."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
    if noted:
        signal.raise_signal(signal.SIGINT)  # to the previous handler, which may ignore them

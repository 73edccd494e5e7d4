"""The options of ``nnet()``, checked against its inputs, and what follows from them."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tidydl import rendering, rng
from tidydl.checks import check_count, check_flag, check_number, described, numbers_in
from tidydl.errors import ArgumentError, no_argument, printable
from tidydl.networks.exact.engine import Settings
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.exact.many import Fit
from tidydl.networks.inputs import Inputs

# The names by which R and files call the losses.
LOSSES = {
    "least squares": LEAST_SQUARES,
    "linear": LINEAR,
    "entropy": ENTROPY,
    "softmax": SOFTMAX,
    "censored": CENSORED,
}


@dataclass(frozen=True)
class Options:
    """The options of a fit, as :func:`tidydl.nnet` describes them, not yet checked."""

    size: int | None = None
    Wts: npt.ArrayLike | None = None
    mask: npt.ArrayLike | None = None
    linout: bool = False
    entropy: bool = False
    softmax: bool = False
    censored: bool = False
    skip: bool = False
    rang: float = 0.7
    decay: npt.ArrayLike = 0.0
    maxit: int = 100
    trace: bool = True
    MaxNWts: int = 1000
    abstol: float = 1e-4
    reltol: float = 1e-8


PYTHONS_OWN = ("x", "y", "progress")  # the others have the same names in R
MOST_WEIGHTS = 100_000


def refuse_more(function: Callable[..., Any], more: dict[str, Any]) -> None:
    """Refuse arguments that a function does not have, naming the nearest that it has."""
    arguments = inspect.signature(function).parameters.items()
    keywords = [name for name, each in arguments if each.kind is each.KEYWORD_ONLY and name not in PYTHONS_OWN]
    for name in more:
        raise no_argument(function.__name__, name, keywords)


def refuse_values(function: Callable[..., Any], values: tuple[Any, ...], first: str) -> None:
    """Refuse positional arguments beyond those allowed, naming the first argument that must be given by name."""
    if values:
        raise ArgumentError(
            f"`{function.__name__}()` takes `{first}` and the arguments after it by name only.",
            allowed="A formula and a data frame by position.",
            hint=f"Give the others by name, such as {first}=...",
        )


@dataclass(frozen=True)
class Plan:
    """A checked fit, ready but for its initial weights: ``mask`` and ``decay`` have one value per weight."""

    shape: Shape
    mask: np.ndarray
    decay: np.ndarray
    settings: Settings
    rang: float
    Wts: np.ndarray | None

    def initial_weights(self, numbers: rng.RandomNumbers | None = None) -> np.ndarray:
        """Return the initial weights: those given, else drawn, by default with the session's random numbers."""
        if self.Wts is not None:
            return self.Wts
        if self.rang == 0:
            return np.zeros(len(self.mask))
        drawn = (numbers or rng.current()).uniform(len(self.mask))
        return -self.rang + (self.rang + self.rang) * drawn

    def fit(self, inputs: Inputs, wts: np.ndarray) -> Fit:
        """Return the fit that starts from these weights."""
        return Fit(self.shape, inputs.x, inputs.targets, inputs.weights, wts, self.mask, self.decay, self.settings)


def plan(inputs: Inputs, options: Options) -> Plan:
    """Check the options of a fit to these inputs."""
    loss = _loss(inputs, options)
    size = check_count("size", options.size, minimum=0)
    shape = Shape(inputs.x.shape[1], size, inputs.targets.shape[1], check_flag("skip", options.skip), loss)
    n_weights = _checked_number(shape, check_count("MaxNWts", options.MaxNWts, minimum=1))
    settings = Settings(
        check_count("maxit", options.maxit, minimum=0),
        check_number("abstol", options.abstol),
        check_number("reltol", options.reltol),
        check_flag("trace", options.trace),
    )
    planned = Plan(
        shape,
        _mask(options.mask, n_weights),
        _decay(options.decay, n_weights),
        settings,
        check_number("rang", options.rang, minimum=0),
        None if options.Wts is None else _start(options.Wts, n_weights),
    )
    if options.linout and inputs.response.levels is not None:
        text = "`linout` is ignored: for a response of classes the outputs are probabilities."
        warnings.warn(printable(text), UserWarning, stacklevel=3)
    return planned


def _loss(inputs: Inputs, options: Options) -> int:
    for name in ("linout", "entropy", "softmax", "censored"):
        check_flag(name, getattr(options, name))
    entropy, softmax, levels = options.entropy, options.softmax, inputs.response.levels
    if levels is not None:
        entropy, softmax = len(levels) == 2, len(levels) > 2 and not options.censored
    if options.linout and entropy:
        raise ArgumentError(
            "`linout` and `entropy` exclude each other: the entropy is for logistic outputs.",
            allowed="`linout` for numbers, `entropy` for shares, neither for a response of two classes.",
        )
    if options.censored or softmax:
        if inputs.targets.shape[1] < 2:
            raise ArgumentError(
                f"`{'censored' if options.censored else 'softmax'}` needs a response of at least two columns.",
                allowed="A class with three or more levels, or one column for each class.",
            )
        return CENSORED if options.censored else SOFTMAX
    if entropy:
        return ENTROPY
    return LINEAR if options.linout else LEAST_SQUARES


def number_of_weights(shape: Shape) -> int:
    """Count the weights of a network, biases included."""
    width = 1 + shape.hidden + (shape.inputs if shape.skip else 0)
    return shape.hidden * (1 + shape.inputs) + shape.outputs * width


def _checked_number(shape: Shape, largest: int) -> int:
    if shape.hidden == 0 and not shape.skip:
        raise ArgumentError(
            f"`size` is 0 and `skip` is {rendering.value(False)}: there is nothing to fit.",
            allowed="A `size` of at least 1, or inputs that reach the outputs directly by `skip`.",
        )
    n_weights = number_of_weights(shape)
    if n_weights > MOST_WEIGHTS:
        raise ArgumentError(
            f"`size` and the inputs give a network of {n_weights} weights, too many for the optimiser.",
            allowed=f"At most {MOST_WEIGHTS} weights: the optimiser keeps half of a square matrix of them.",
            hint="Use fewer hidden units or inputs.",
        )
    if n_weights > largest:
        raise ArgumentError(
            f"`MaxNWts` allows {largest} weights, and this network has {n_weights}.",
            allowed="A network of at most `MaxNWts` weights.",
            hint=f"Write {n_weights} for `MaxNWts`, or use fewer hidden units or inputs.",
        )
    return n_weights


def _decay(decay: object, n_weights: int) -> np.ndarray:
    values = numbers_in(decay)
    if values is None or values.size not in (1, n_weights) or not (np.isfinite(values) & (values >= 0)).all():
        raise ArgumentError(
            _decay_problem(decay),
            allowed=f"One number of at least 0, or one for each of the {n_weights} weights.",
        )
    return np.broadcast_to(values.ravel(), (n_weights,)) if values.size == 1 else values.ravel()


def _decay_problem(decay: object) -> str:
    """Describe a single value, also one in a list, as R has no other."""
    if hasattr(decay, "to_numpy"):
        decay = decay.to_numpy(dtype=object)
    if isinstance(decay, np.ndarray) and decay.size == 1:
        decay = decay.item()
    elif isinstance(decay, (list, tuple)) and len(decay) == 1:
        decay = decay[0]
    is_single = decay is not None and (isinstance(decay, str) or not hasattr(decay, "__len__"))
    return f"`decay` is {described(decay)}." if is_single else "`decay` is not valid."


def _mask(mask: object, n_weights: int) -> np.ndarray:
    if mask is None:
        return np.ones(n_weights, dtype=bool)
    values = _one_each("mask", mask, n_weights, "logical")
    if np.isnan(values).any():
        raise ArgumentError("`mask` has missing values.", allowed="One logical for each weight.")
    return values != 0


def _start(Wts: object, n_weights: int) -> np.ndarray:
    values = _one_each("Wts", Wts, n_weights, "number")
    if not np.isfinite(values).all():
        raise ArgumentError("`Wts` has values that are missing or infinite.", allowed="Finite numbers.")
    return values


def _one_each(argument: str, value: object, n_weights: int, kind: str) -> np.ndarray:
    values = numbers_in(value)
    if values is None:
        raise ArgumentError(f"`{argument}` is not numeric.", allowed=f"One {kind} for each weight.")
    if values.size != n_weights:
        raise ArgumentError(
            f"`{argument}` has {values.size} values for {n_weights} weights.", allowed=f"One {kind} for each weight."
        )
    return values.ravel()

"""The record of a fitted network: R's components under R's names, and what the verbs read."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from tidydl import verbs
from tidydl.design import Design, design_matrix
from tidydl.networks.exact.kernels import CENSORED, ENTROPY, LEAST_SQUARES, LINEAR, SOFTMAX, Shape
from tidydl.networks.excluded import Excluded
from tidydl.rprint import format_numbers, named_vector

if TYPE_CHECKING:
    from tidydl.design.numbers import Data


def connection_names(shape: Shape) -> list[str]:
    """Name the weights in R's order as R does: ``b->h1``, ``i1->h1``, …, ``h1->o`` (``o1`` of several outputs)."""
    hidden = [f"h{j + 1}" for j in range(shape.hidden)]
    inputs = [f"i{i + 1}" for i in range(shape.inputs)]
    outputs = [f"o{o + 1}" for o in range(shape.outputs)] if shape.outputs > 1 else ["o"]
    to_output = ["b", *hidden, *(inputs if shape.skip else [])]
    return [
        *(f"{source}->{unit}" for unit in hidden for source in ["b", *inputs]),
        *(f"{source}->{unit}" for unit in outputs for source in to_output),
    ]


def _names_classes(lev: tuple[str, ...] | None, targets: np.ndarray) -> bool:
    """Return whether levels are the classes of the targets, which indicate one of them in each row."""
    outputs = targets.shape[1]
    if lev is None or len(set(lev)) != max(2, outputs):
        return False
    marks = np.round(targets)
    whole = np.abs(targets - marks).max(initial=0) < 1e-8 and np.isin(marks, (0, 1)).all()
    return bool(whole and (outputs == 1 or (marks.sum(axis=1) == 1).all()))


class FittedNetwork(Protocol):
    """The interface of a network, of the mean of several, and of one of R's."""

    @property
    def n(self) -> Sequence[int]:
        """Numbers of inputs, hidden units and outputs."""

    @property
    def coefnames(self) -> Sequence[str]:
        """The names of the inputs."""

    @property
    def output_names(self) -> Sequence[str]:
        """The names of the outputs."""

    @property
    def design(self) -> Design:
        """How predictors are converted to inputs."""

    @property
    def response(self) -> str:
        """The name of the response."""

    @property
    def lev(self) -> Sequence[str] | None:
        """The levels of the response."""

    @property
    def told_apart(self) -> Sequence[str] | None:
        """The classes; None for a regression."""

    @property
    def fitted_values(self) -> np.ndarray:
        """The outputs for the training rows."""

    @property
    def residuals(self) -> np.ndarray | float:
        """Targets minus outputs."""


@dataclass(eq=False, repr=False)
class NNet:
    """A fitted network of one hidden layer.

    The components have the names they have in R, with underscores for dots.

    Attributes
    ----------
    n : tuple of int
        Numbers of inputs, hidden units and outputs.
    wts : numpy.ndarray
        The weights in R's order.
    value : float
        Final loss plus penalty.
    convergence : int
        0 if the optimisation converged, 1 if ``maxit`` was reached.
    fitted_values, residuals : numpy.ndarray
        Rows by outputs, for the complete rows of the training data.
    lev : tuple of str or None
        The classes, in order; as in R also ``("0", "1")`` with ``entropy``, and the names of a response's columns
        with ``softmax``.
    coefnames : tuple of str
        The names of the inputs.
    decay : numpy.ndarray
        The penalty: one value, or one per weight.
    entropy, softmax, censored, skip : bool
        The options of the fit.
    iterations, evaluations : int
        Numbers of gradient and value evaluations; None if the engine does not report them.
    curve : numpy.ndarray
        One row per iteration: iteration and value.
    excluded : Excluded or None
        The rows that were asked for, where incomplete ones keep their place in ``fitted``, ``residuals`` and
        ``predict`` without new data.
    Hessian : pandas.DataFrame or None
        The second derivatives of the value with respect to the weights, if ``Hess`` was requested.
    given : dict
        The arguments that the call shows.
    """

    shape: Shape
    wts: np.ndarray
    value: float
    convergence: int
    fitted_values: np.ndarray
    residuals: np.ndarray
    decay: np.ndarray
    design: Design
    response: str
    output_names: tuple[str, ...]
    lev: tuple[str, ...] | None
    iterations: int | None
    evaluations: int | None
    curve: np.ndarray
    seconds: float
    mask: np.ndarray
    weights: np.ndarray
    index: pd.Index | None = None
    call: dict[str, Any] = field(default_factory=dict)
    engine: str = "exact"
    device: str = "cpu"
    Hessian: pd.DataFrame | None = None
    excluded: Excluded | None = None
    given: dict[str, Any] = field(default_factory=dict)

    _verbs: ClassVar[str] = "tidydl.networks.network_verbs"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the pickled state; in a new process the verbs of networks are not registered yet."""
        importlib.import_module(self._verbs)
        self.__dict__.update(state)

    @property
    def n(self) -> tuple[int, int, int]:
        """Numbers of inputs, hidden units and outputs."""
        return self.shape.inputs, self.shape.hidden, self.shape.outputs

    @property
    def coefnames(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return self.design.columns

    @property
    def entropy(self) -> bool:
        """Whether the loss is the cross-entropy of sigmoid outputs."""
        return self.shape.loss == ENTROPY

    @property
    def softmax(self) -> bool:
        """Whether the outputs are probabilities of classes that sum to 1."""
        return self.shape.loss in (SOFTMAX, CENSORED)

    @property
    def censored(self) -> bool:
        """Whether a row's targets are the set of classes it may have."""
        return self.shape.loss == CENSORED

    @property
    def linout(self) -> bool:
        """Whether the outputs are linear."""
        return self.shape.loss == LINEAR

    @property
    def skip(self) -> bool:
        """Whether to add skip-layer connections from the inputs to the outputs."""
        return bool(self.shape.skip)

    @property
    def told_apart(self) -> tuple[str, ...] | None:
        """The classes; None for a regression, for which R may also name levels."""
        return self.lev if _names_classes(self.lev, self.fitted_values + self.residuals) else None

    @property
    def is_likelihood(self) -> bool:
        """Whether the value is minus a log-likelihood: an entropy or softmax loss without a penalty."""
        return self.shape.loss not in (LEAST_SQUARES, LINEAR) and not self.decay.any()

    @property
    def connections(self) -> list[str]:
        """The names of the weights, as in R."""
        return connection_names(self.shape)

    def model_matrix(self, newdata: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the model matrix of the complete rows of new data, and which rows these are."""
        return design_matrix(self.design, newdata)

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *self._variables(), self._options()])

    def _headline(self) -> str:
        return f"a {'-'.join(map(str, self.n))} network with {len(self.wts)} weights"

    def _variables(self) -> list[str]:
        if self.design.formula is None:
            return []
        inputs = "".join(f"{name} " for name in self.coefnames)
        return [f"inputs: {inputs}", f"output(s): {self.response} "]

    def _options(self) -> str:
        options = [
            (self.skip, " skip-layer connections "),
            (self.linout, " linear output units "),
            (self.entropy, " entropy fitting "),
            (self.softmax, " softmax modelling "),
            (bool(self.decay[0] > 0), f" decay={format_numbers([float(self.decay[0])])[0]}"),
        ]
        return "options were -" + "".join(text for holds, text in options if holds)

    def predict(self, newdata: Data | None = None, type: str = "raw") -> Any:
        """Predict; see :func:`tidydl.predict`."""
        return verbs.predict(self, newdata, type=type)

    def summary(self) -> NNetSummary:
        """Return the weights unit by unit, printing as R's ``summary()``."""
        return NNetSummary(self)

    def coef(self) -> pd.Series:
        """Return the weights by name."""
        return verbs.coef(self)


class NNetSummary:
    """The weights of a network unit by unit; prints as R's ``summary(fit)``."""

    def __init__(self, fit: NNet):
        self.fit = fit

    def __repr__(self) -> str:
        fit = self.fit
        texts = format_numbers([round(float(w), 2) for w in fit.wts])
        names = fit.connections
        width = 1 + fit.shape.hidden + (fit.shape.inputs if fit.skip else 0)
        ends = [(1 + fit.shape.inputs) * (j + 1) for j in range(fit.shape.hidden)]
        ends += [(ends[-1] if ends else 0) + width * (o + 1) for o in range(fit.shape.outputs)]
        lines = [fit._headline(), fit._options()]
        for start, end in zip([0, *ends], ends, strict=False):
            lines += named_vector(names[start:end], texts[start:end])
        return "\n".join(lines)


@verbs.summary.register(NNet)
def _summary(x: NNet) -> NNetSummary:
    return x.summary()


@verbs.coef.register(NNet)
def _coef(x: NNet) -> pd.Series:
    """Return the weights, named as in R."""
    return pd.Series(x.wts, index=x.connections, name="estimate")

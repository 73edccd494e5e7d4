"""``NNetClassifier`` and ``NNetRegressor``: the networks of ``nnet()`` as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tidydl.boundaries import PASSING, REPORT, USER_OBJECTS
from tidydl.design import Design, Response
from tidydl.errors import ArgumentError, DataError, DependencyError, TidydlError
from tidydl.networks.advice import advise
from tidydl.networks.arguments import Options, plan
from tidydl.networks.engines import choose_engine, solve
from tidydl.networks.fit import record
from tidydl.networks.inputs import Inputs
from tidydl.networks.network_verbs import class_shares
from tidydl.progress import run
from tidydl.rng import RandomNumbers
from tidydl.verbs import predict

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as problem:
    raise DependencyError(
        "NNetClassifier and NNetRegressor need scikit-learn 1.6 or later, which is not installed in this Python.",
        allowed="The rest of tidydl works without it; nnet() fits the same networks.",
        hint='Install it with `pip install "tidydl[sklearn]"`.',
    ) from problem

if TYPE_CHECKING:
    from tidydl.design.numbers import Data

_SEEDS = 2**31 - 1  # what R's set.seed() takes


class _NotFittedError(ArgumentError, NotFittedError):
    """scikit-learn's own error for unfitted estimators, as one of ours."""


class _WrongTypeError(ArgumentError, TypeError):
    """scikit-learn's own error for values of another type, as one of ours."""


class _WrongAttributeError(ArgumentError, AttributeError):
    """scikit-learn's own error for missing attributes, as one of ours."""


_THEIRS: tuple[tuple[type[Exception], type[TidydlError]], ...] = (
    (NotFittedError, _NotFittedError),
    (TypeError, _WrongTypeError),
    (AttributeError, _WrongAttributeError),
    (ValueError, DataError),
)


_CLASSES = (
    "X of numbers without missing values, y with a class for each row; NNetRegressor predicts numbers.",
    "Leave rows out where y is missing, and fill what X lacks by SimpleImputer; OneHotEncoder codes text, and nnet() "
    "with a formula does both by itself.",
)
_NUMBERS = ("X of numbers without missing values, y with a number for each row.", _CLASSES[1])
_ROWS = ("X of numbers, none missing, with the columns of fit() in their order.", "A pipeline keeps it all together.")
_UNFITTED = ("A network that was fitted.", "Call fit(X, y) first.")


@contextmanager
def _arguments_of(function: str, wanted: tuple[str, str] | None = None) -> Iterator[None]:
    """Guard the checks of X, y and the parameters; an error of scikit-learn keeps its class too.

    ``wanted`` is the rest of the message for what scikit-learn refuses here.
    """
    try:
        yield
    except (*PASSING, TidydlError):
        raise
    except BaseException as problem:
        kind = next((ours for theirs, ours in _THEIRS if isinstance(problem, theirs)), None)
        allowed, hint = (kind and wanted) or (None, REPORT)
        error = USER_OBJECTS.error_for(problem, f"An argument of `{function}()`", allowed, hint)
        message = str(problem).strip() or error.problem
        raise (kind(message, allowed=allowed, hint=hint) if kind else error) from problem


class _NetworkEstimator(BaseEstimator):
    """Base class of both estimators: parameters, the fit to numbers, and predictions as an array."""

    _linout = False

    def __init__(
        self,
        size: int = 5,
        *,
        skip: bool = False,
        decay: npt.ArrayLike = 0.0,
        maxit: int = 100,
        rang: float = 0.7,
        MaxNWts: int = 1000,
        abstol: float = 1e-4,
        reltol: float = 1e-8,
        random_state: int | np.random.RandomState | None = None,
        threads: int | None = None,
    ):
        self.size = size
        self.skip = skip
        self.decay = decay
        self.maxit = maxit
        self.rang = rang
        self.MaxNWts = MaxNWts
        self.abstol = abstol
        self.reltol = reltol
        self.random_state = random_state
        self.threads = threads

    def _fit(self, X: np.ndarray, data: Data, response: Response, sample_weight: npt.ArrayLike | None) -> None:
        """Fit to the checked inputs X; ``data`` is what the caller gave, for its index and names."""
        with _arguments_of(
            "fit", ("A weight for each row, none negative.", "Leave `sample_weight` out for equal ones.")
        ):
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        names = tuple(getattr(self, "feature_names_in_", ()))
        index = data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(len(X))
        inputs = Inputs(np.require(X, requirements=["C", "W"]), response, Design(names), weights, index, None)
        options = Options(
            size=self.size,
            linout=self._linout,
            skip=self.skip,
            rang=self.rang,
            decay=self.decay,
            maxit=self.maxit,
            trace=False,
            MaxNWts=self.MaxNWts,
            abstol=self.abstol,
            reltol=self.reltol,
        )
        with _arguments_of("fit"):
            planned = plan(inputs, options)
            engine = choose_engine(None, "cpu", self.threads)
            seed = _seed(self.random_state)
        advise(inputs, planned, "X", stacklevel=3)
        start = planned.initial_weights(RandomNumbers(seed))
        solution = run(solve(engine, planned.fit(inputs, start)), progress=False)
        call = {"size": self.size, "skip": self.skip, "rang": self.rang, "maxit": self.maxit, "formula": None}
        self.network_ = record(inputs, planned, solution, engine, call)
        self.loss_ = self.network_.value
        self.n_iter_ = self.network_.iterations

    def _outputs(self, X: Data) -> np.ndarray:
        with _arguments_of("predict", _UNFITTED):
            check_is_fitted(self)
        with _arguments_of("predict", _ROWS):
            X = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        return predict(self.network_, X).to_numpy()


class NNetClassifier(ClassifierMixin, _NetworkEstimator):
    """A neural network classifier with one hidden layer, as a scikit-learn estimator.

    Two classes are fitted with one sigmoid output and cross-entropy, more with a softmax: the same network as
    :func:`tidydl.nnet` fits to a response of labels, with the same weights from the same initial weights.

    Parameters
    ----------
    size
        Number of hidden units; 0 only with ``skip=True``.
    skip
        Whether to add skip-layer connections from the inputs to the outputs.
    decay
        Penalty on the squared weights: one number, or one per weight. At 0 a small data set is easily overfitted; with
        inputs on a common scale, 0.001 to 0.1 is usual.
    maxit
        Maximum number of iterations.
    rang
        Initial weights lie between -rang and rang.
    MaxNWts
        Maximum number of weights allowed.
    abstol, reltol
        The optimisation stops when the value falls below ``abstol`` or its relative change below ``reltol``.
    random_state
        An integer seeds R's generator, so that the initial weights are those after ``set_seed(random_state)``; None or
        a ``RandomState`` draws such a seed from NumPy's generator, as elsewhere in scikit-learn. The stream of
        :func:`tidydl.runif` is unchanged.
    threads
        Number of threads for a large fit; by default the number of cores.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The sorted classes.
    network_ : NNet
        The fitted network, for ``tidy``, ``glance``, ``summary`` and ``plotnet``.
    loss_ : float
        Final loss plus penalty.
    n_iter_ : int
        Number of iterations.
    n_features_in_ : int
        Number of inputs.
    feature_names_in_ : numpy.ndarray
        Names of the inputs, if X was a data frame with column names that are all strings.

    Raises
    ------
    DependencyError
        On access, if scikit-learn (the extra ``sklearn``) is not installed.

    Notes
    -----
    Inputs should be on a common scale: put a ``StandardScaler`` before the network in a pipeline. Source: Venables &
    Ripley (2002), Modern Applied Statistics with S, and R's package nnet.

    Examples
    --------
    >>> from tidydl import NNetClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), NNetClassifier(size=2, decay=0.01, random_state=1))
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True
    """

    classes_: np.ndarray

    def fit(self, X: Data, y: Data, sample_weight: npt.ArrayLike | None = None) -> NNetClassifier:
        """Fit the network.

        Parameters
        ----------
        X
            Inputs: rows by columns, numbers without missing values.
        y
            One class per row.
        sample_weight
            Case weights, one per row, non-negative.

        Returns
        -------
        NNetClassifier
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter is invalid, or the network has too many weights.
        DataError
            If there is only one class.
        DataError, ArgumentError
            If scikit-learn rejects X, y or the weights; also an instance of the class that scikit-learn raises.
        """
        with _arguments_of("fit", _CLASSES):
            inputs, labels = validate_data(self, X, y, dtype=np.float64, order="C")
            check_classification_targets(labels)
            self.classes_, codes = np.unique(labels, return_inverse=True)
        levels = tuple(str(label) for label in self.classes_)
        if len(levels) < 2:
            raise DataError(
                f"`y` has only one class ({levels[0]}): there is nothing to tell apart.",
                allowed="A response with at least two classes.",
                hint="Check which rows were kept, or predict another column.",
            )
        self._fit(inputs, X, Response("y", codes.reshape(-1, 1).astype(float), levels), sample_weight)
        return self

    def predict_proba(self, X: Data) -> np.ndarray:
        """Return the probability of each class: rows by classes, in the order of ``classes_``."""
        return class_shares(self._outputs(X))

    def predict(self, X: Data) -> np.ndarray:
        """Return the most probable class of each row; ties are resolved in favour of the first class."""
        shares = self.predict_proba(X)
        return self.classes_[np.argmax(shares, axis=1)]


class NNetRegressor(RegressorMixin, _NetworkEstimator):
    """A neural network regressor with one hidden layer and linear outputs, as a scikit-learn estimator.

    The network that ``nnet(X, y, size=..., linout=True)`` fits, with the same weights from the same initial weights;
    see :func:`tidydl.nnet`.

    Parameters
    ----------
    size
        Number of hidden units; 0 only with ``skip=True``.
    skip
        Whether to add skip-layer connections from the inputs to the outputs.
    decay
        Penalty on the squared weights: one number, or one per weight.
    maxit
        Maximum number of iterations.
    rang
        Initial weights lie between -rang and rang.
    MaxNWts
        Maximum number of weights allowed.
    abstol, reltol
        The optimisation stops when the value falls below ``abstol`` or its relative change below ``reltol``.
    random_state
        An integer seeds R's generator, so that the initial weights are those after ``set_seed(random_state)``; None or
        a ``RandomState`` draws such a seed from NumPy's generator, as elsewhere in scikit-learn. The stream of
        :func:`tidydl.runif` is unchanged.
    threads
        Number of threads for a large fit; by default the number of cores.

    Attributes
    ----------
    network_ : NNet
        The fitted network, for ``tidy``, ``glance``, ``summary`` and ``plotnet``.
    loss_ : float
        Final sum of squared errors plus penalty.
    n_iter_ : int
        Number of iterations.
    n_features_in_ : int
        Number of inputs.
    feature_names_in_ : numpy.ndarray
        Names of the inputs, if X was a data frame with column names that are all strings.

    Raises
    ------
    DependencyError
        On access, if scikit-learn (the extra ``sklearn``) is not installed.

    Notes
    -----
    Inputs should be on a common scale: put a ``StandardScaler`` before the network in a pipeline. Source: Venables &
    Ripley (2002), Modern Applied Statistics with S, and R's package nnet.

    Examples
    --------
    >>> from tidydl import NNetRegressor
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> model = NNetRegressor(size=3, random_state=1).fit(X, X[:, 0] ** 2)
    >>> bool(model.score(X, X[:, 0] ** 2) > 0.99)
    True
    """

    _linout = True

    def fit(self, X: Data, y: Data, sample_weight: npt.ArrayLike | None = None) -> NNetRegressor:
        """Fit the network.

        Parameters
        ----------
        X
            Inputs: rows by columns, numbers without missing values.
        y
            Numbers: one for each row, or rows by outputs.
        sample_weight
            Case weights, one per row, non-negative.

        Returns
        -------
        NNetRegressor
            Itself.

        Raises
        ------
        ArgumentError
            If a parameter is invalid, or the network has too many weights.
        DataError, ArgumentError
            If scikit-learn rejects X, y or the weights; also an instance of the class that scikit-learn raises.
        """
        with _arguments_of("fit", _NUMBERS):
            inputs, targets = validate_data(self, X, y, dtype=np.float64, order="C", multi_output=True, y_numeric=True)
            self._one_output = targets.ndim == 1
            values = np.require(targets.reshape(len(inputs), -1), dtype=np.float64, requirements=["C", "W"])
        columns = ("y",) if values.shape[1] == 1 else tuple(f"y{o + 1}" for o in range(values.shape[1]))
        self._fit(inputs, X, Response("y", values, None, columns), sample_weight)
        return self

    def predict(self, X: Data) -> np.ndarray:
        """Return the predicted number of each row, or rows by outputs if y had several."""
        values = self._outputs(X)
        return values[:, 0] if self._one_output else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _seed(random_state: int | np.random.RandomState | None) -> int:
    """Return a seed for R's generator: a whole number as it is, any other state by drawing one from it."""
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        seed = int(random_state)
        return seed - 2**32 if _SEEDS < seed < 2**32 else seed  # the same 32 bits, as R writes them
    return int(check_random_state(random_state).randint(_SEEDS))

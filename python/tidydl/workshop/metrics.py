"""The metrics of ``datasets.load_metric()`` and ``evaluate.load()`` that courses use, computed by scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tidydl.boundaries import guarded
from tidydl.checks import check_text, described
from tidydl.errors import ArgumentError, DependencyError, bring_extra, unknown_name
from tidydl.workshop.arguments import whole, with_whole_numbers

# The name of a metric, and the functions of scikit-learn for what it gives.
_FUNCTIONS: dict[str, dict[str, str]] = {
    "accuracy": {"accuracy": "accuracy_score"},
    "precision": {"precision": "precision_score"},
    "recall": {"recall": "recall_score"},
    "f1": {"f1": "f1_score"},
}
_OF_GLUE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sst2", "mnli", "mnli_matched", "mnli_mismatched", "qnli", "rte", "wnli"), ("accuracy",)),
    **dict.fromkeys(("mrpc", "qqp"), ("accuracy", "f1")),
}


class CourseMetric:
    """A metric of predictions: ``compute(predictions=…, references=…)``, or batch by batch."""

    def __init__(self, name: str, parts: Iterable[str]):
        self.name = name
        self._functions = {key: value for part in parts for key, value in _FUNCTIONS[part].items()}
        self._predictions: list[Any] = []
        self._references: list[Any] = []

    def __repr__(self) -> str:
        return f"<metric {self.name}: {', '.join(self._functions)}>"

    def add_batch(self, *, predictions: Any, references: Any) -> None:
        """Note some predictions and what was true, for a later ``compute()``.

        Raises
        ------
        ArgumentError
            There are not as many of both.
        """
        predicted, true = _values("predictions", predictions), _values("references", references)
        if len(predicted) != len(true):
            raise _unequal(predicted, true)
        self._predictions += predicted
        self._references += true

    def add(self, *, prediction: Any = None, reference: Any = None, **older: Any) -> None:
        """Note one prediction and what was true, for a later ``compute()``."""
        prediction, reference = older.get("predictions", prediction), older.get("references", reference)
        if prediction is None or reference is None:
            raise _unequal([prediction] if prediction is not None else [], [reference] if reference is not None else [])
        self.add_batch(predictions=[prediction], references=[reference])

    def compute(self, *, predictions: Any = None, references: Any = None, **options: Any) -> dict[str, float]:
        """Compute the metric of all that was noted, and of these.

        Parameters
        ----------
        predictions, references
            What was predicted and what is true.
        **options
            ``average`` ("binary", "macro", "micro", "weighted" or None), ``labels``, ``pos_label``, ``normalize``,
            ``sample_weight`` and ``zero_division``, as scikit-learn has them.

        Returns
        -------
        dict
            By the name of the metric its value, an array of values where ``average`` is None.
        """
        if predictions is not None or references is not None:
            self.add_batch(predictions=predictions, references=references)
        true, predicted = self._references, self._predictions
        self._predictions, self._references = [], []
        if not true:
            raise _unequal(predicted, true)
        return {key: _scored(name, true, predicted, options) for key, name in self._functions.items()}


@guarded
def load_metric(path: str, config_name: str | None = None, **older: Any) -> CourseMetric:
    """Return a metric by its name, as ``datasets.load_metric()`` of version 2 did.

    Parameters
    ----------
    path
        "accuracy", "precision", "recall", "f1", or "glue" with the name of a task.
    config_name
        The task of "glue", such as "mrpc".
    **older
        Arguments about how metrics are downloaded, which mean nothing here.

    Returns
    -------
    CourseMetric
        Its ``compute(predictions=…, references=…)`` gives a dictionary.

    Raises
    ------
    NotFoundError
        If the metric is another one.

    Examples
    --------
    >>> load_metric("accuracy").compute(predictions=[1, 0, 1], references=[1, 1, 1])["accuracy"].__round__(3)
    0.667
    """
    name = check_text("path", path)
    if name == "glue" and config_name in _OF_GLUE:
        return CourseMetric(f"glue, {config_name}", _OF_GLUE[config_name])
    if name not in _FUNCTIONS:
        raise unknown_name(
            "path",
            name,
            [*_FUNCTIONS, "glue"],
            hint="Compute others with `sklearn.metrics`, or with the package evaluate (`pip install evaluate`).",
        )
    return CourseMetric(name, [name])


def _unequal(predicted: list[Any], true: list[Any]) -> ArgumentError:
    return ArgumentError(
        f"`predictions` has {len(predicted)} values and `references` has {len(true)}.",
        allowed="As many predictions as references, and at least one.",
    )


def _values(argument: str, values: Any) -> list[Any]:
    if values is None:
        return []
    if isinstance(values, (str, bytes, Mapping)) or not (hasattr(values, "tolist") or isinstance(values, Iterable)):
        raise ArgumentError(f"`{argument}` is {described(values)}.", allowed="A list or an array, one value a row.")
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return [whole(each) for each in listed]


def _scored(function: str, true: list[Any], predicted: list[Any], options: Mapping[str, Any]) -> Any:
    try:
        import sklearn.metrics
    except ImportError as problem:
        raise DependencyError(
            "scikit-learn, which computes metrics, is not installed.", hint=bring_extra("sklearn")
        ) from problem
    named = {name: whole(value) for name, value in with_whole_numbers(options).items()}
    value = getattr(sklearn.metrics, function)(true, predicted, **named)
    return value if getattr(value, "ndim", 0) else float(value)

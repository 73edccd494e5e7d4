"""The metrics of courses: the values of scikit-learn, under the names of evaluate."""

import numpy as np
import pytest

from tidydl.errors import ArgumentError, NotFoundError
from tidydl.workshop import datasets, evaluate

TRUE, PREDICTED = [0, 1, 1, 0, 1], [0, 1, 0, 0, 0]


@pytest.mark.parametrize(("name", "value"), [("accuracy", 0.6), ("precision", 1), ("recall", 1 / 3), ("f1", 0.5)])
def test_metrics_have_their_values(name, value):
    metric = datasets.load_metric(name)
    assert metric.compute(predictions=PREDICTED, references=TRUE) == {name: pytest.approx(value)}
    assert metric.compute(predictions=np.array(PREDICTED, float), references=np.array(TRUE)) == {
        name: pytest.approx(value)
    }


def test_batches_are_noted_until_the_metric_is_computed():
    metric = datasets.load_metric("accuracy")
    metric.add_batch(predictions=PREDICTED[:3], references=TRUE[:3])
    metric.add(prediction=0, reference=0)
    assert metric.compute() == {"accuracy": pytest.approx(3 / 4)}
    with pytest.raises(ArgumentError, match="0 values"):
        metric.compute()


def test_batches_of_unequal_length_are_refused_at_once():
    metric = datasets.load_metric("accuracy")
    with pytest.raises(ArgumentError, match="`predictions` has 3 values and `references` has 2"):
        metric.add_batch(predictions=[1, 1, 1], references=[1, 1])
    with pytest.raises(ArgumentError, match="`references` has 0"):
        metric.add(prediction=1)
    for no_list in ({"a": 1, "b": 0}, "ab", 5):
        with pytest.raises(ArgumentError, match="`predictions` is"):
            metric.compute(predictions=no_list, references=[1, 0])
    assert metric.compute(predictions=[0], references=[0]) == {"accuracy": 1}


def test_averages_are_those_of_scikit_learn():
    f1 = datasets.load_metric("f1")
    assert f1.compute(predictions=[0, 1, 2], references=[0, 2, 2], average="macro")["f1"] == pytest.approx(5 / 9)
    assert f1.compute(predictions=[0, 1, 2], references=[0, 2, 2], average=None)["f1"].shape == (3,)


def test_evaluate_and_glue_have_the_same_metrics():
    assert evaluate.load("accuracy").compute(predictions=[1], references=[1]) == {"accuracy": 1}
    both = evaluate.combine(["accuracy", "f1"])
    assert set(both.compute(predictions=PREDICTED, references=TRUE)) == {"accuracy", "f1"}
    assert set(datasets.load_metric("glue", "mrpc").compute(predictions=PREDICTED, references=TRUE)) == {
        "accuracy",
        "f1",
    }


def test_another_metric_is_an_error_that_names_those_there_are():
    with pytest.raises(NotFoundError, match="accuracy"):
        datasets.load_metric("bleu")

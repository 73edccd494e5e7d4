"""Python's own objects in R: what crosses as a value, what as a record, and what R does with the rest."""

import collections
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tidydl.bridge.object_values import crossing
from tidydl.bridge.objects import Answer, perform
from tidydl.bridge.r_functions import FAILED, RFunction
from tidydl.bridge.text import Repairs
from tidydl.bridge.whole_numbers import with_integers


def crossed(value):
    return crossing(value, Repairs())


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        (2**40, float(2**40)),
        ([1, 2.5], [1.0, 2.5]),
        ({1: [True]}, {"1": [True]}),
        ((1, "a"), (1, "a")),
        (np.float32(0.5), 0.5),
        ([{"label": "joy", "score": 0.5}], [{"label": "joy", "score": 0.5}]),
    ],
)
def test_plain_values_cross_as_reticulate_converts_them(value, plain):
    assert crossed(value) == ("value", plain)
    assert type(crossed(value)[1]) is type(plain)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.zeros((2, 3)), "double"),
        (np.arange(3), "double"),  # reticulate makes doubles of them
        (np.arange(3, dtype="int32"), "integer"),
        (pd.Series(["a", None]), "string"),
        (["a", None], "string"),
        ([1, None], "integer"),
        (dt.date(2024, 1, 2), "date"),
        (b"ab", "raw"),
        (pd.DataFrame({"x": [1]}), "data.frame"),
        ([np.zeros(2), "a"], "list"),
    ],
)
def test_what_r_has_a_type_for_is_a_record(value, kind):
    state, record = crossed(value)
    assert (state, record["kind"]) == ("record", kind)


def test_all_else_is_the_object_itself():
    thing = object()
    assert crossed(thing) == ("object", thing)
    assert crossed(np.array([[object()]], dtype=object))[0] == "object"


def test_tuples_with_names_are_named_lists():
    pair = collections.namedtuple("Pair", "x y")(np.zeros(2), "a")
    record = crossed(pair)[1]
    assert record["names"] == ["x", "y"]
    assert record["items"][1] == {"kind": "plain", "value": "a"}


def test_whole_numbers_are_integers_where_those_are_meant():
    def function(n: int, share: float, size=1, rest=0.5, **options): ...

    positional, named = with_integers(
        function, [2.0, 1.0], {"size": 3.0, "rest": 1.0, "top_k": 2.0, "temperature": 1.0}
    )
    kinds = [type(value).__name__ for value in (*positional, *named.values())]
    assert kinds == ["int", "float", "int", "float", "int", "float"]
    assert with_integers(function, [2.5], {}) == ([2.5], {})


def test_signatures_of_methods_begin_after_the_object():
    class Thing:
        def method(self, n: int, share: float): ...

        def __call__(self, share: float, n: int): ...

    assert [type(value) for value in with_integers(Thing().method, [1.0, 1.0], {})[0]] == [int, float]
    assert [type(value) for value in with_integers(Thing(), [1.0, 1.0], {})[0]] == [float, int]


def content(answer):
    assert isinstance(answer, Answer)
    return answer.content


def test_errors_come_back_as_data_with_what_is_near():
    state, record, *_ = content(perform("attribute", collections, ["OrderdDict"]))
    assert state == "error"
    assert bytes(record["kind"]["data"]) == b"python\0"
    assert b"OrderedDict" in bytes(record["hint"]["data"])
    assert content(perform("next", iter([])))[0] == "end"


def test_what_is_printed_is_told_where_r_writes_a_page():
    assert content(perform("run", "print('told')", [True], capture=True))[2] == "told\n"


def test_calls_that_draw_ask_r_for_a_seed_until_python_is_seeded():
    class Drawing:
        may_draw = True

        def __call__(self, text, seed=None):
            return [text, seed]

    def set_seed(seed): ...

    assert content(perform("call", Drawing(), ["a"]))[:2] == ("draws", False)
    assert content(perform("call", Drawing(), ["a"], {"seed": 3}))[1] == ["a", 3]
    perform("call", set_seed, [42])
    assert content(perform("call", Drawing(), ["a"]))[:2] == ("draws", True)
    perform("draw by R", None)
    assert content(perform("call", Drawing(), ["a"]))[:2] == ("draws", False)


def test_a_failing_function_of_r_is_an_error_of_its_own_kind():
    failing = RFunction(lambda told: FAILED)
    state, record, *_ = content(perform("call", failing, [1]))
    assert state == "error"
    assert bytes(record["kind"]["data"]) == b"function\0"


def test_a_function_of_r_is_called_once_per_batch_of_rows():
    import datasets

    calls = []

    def by_rows(told):
        calls.append(told["rows"])
        (columns,) = told["value"]
        return [{"length": len(text)} for text in columns["text"]]

    data = datasets.Dataset.from_dict({"text": ["a", "bc", "def"]})
    mapped = perform("call", data.map, [RFunction(by_rows)])
    assert list(mapped["length"]) == [1, 2, 3]
    assert calls == [3]
    kept = perform("call", data.filter, [RFunction(lambda told: [len(text) > 1 for text in told["value"][0]["text"]])])
    assert list(kept["text"]) == ["bc", "def"]

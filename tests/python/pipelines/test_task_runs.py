"""What a family says by its plan, and what is done for all of them."""

from dataclasses import replace

import pandas as pd
import pytest

from tidydl.columns import Contract
from tidydl.pipelines.batching import only_line
from tidydl.pipelines.catalogue import TASKS
from tidydl.pipelines.declarations import Part
from tidydl.pipelines.inputs import Inputs, read_inputs
from tidydl.pipelines.reading import texts
from tidydl.pipelines.task_runs import Call, TaskPlan, run_plan
from tidydl.progress import run as run_work

LETTERS = replace(TASKS[0], name="letters", columns=Contract.of(rank="integer", label="label", times="integer"))
TEXTS = ["sun", None, "rain", "sun", "my"]


@pytest.fixture
def done(ppl):
    """Return what runs a plan that counts letters, and notes how many texts each batch has."""

    def run(options, values=TEXTS, **more):
        batches = []

        def forward(tensors):
            batches.append(len(tensors["input_ids"]))
            return tensors["input_ids"]

        def finish(encoded, lines, found):
            return [(1, "n", len(lines)), (2, "s", len(found))]

        inputs = Inputs({Part("text", "text"): values})
        plan = TaskPlan(
            lambda values, places: texts.encode(ppl._loaded, values, places),
            forward,
            **{"finish": finish, "levels": ["s", "n"], **more},
        )
        return run_work(run_plan(Call(LETTERS, ppl._loaded, inputs, options), plan, {"note": "said"})), batches

    return run


def test_lines_become_the_columns_of_the_task_and_what_is_noted_its_provenance(done):
    frame, _ = done({}, noted={"ranks": 2})
    assert frame.columns.tolist() == [".row", "text", "rank", "label", "times"]
    assert frame[".row"].tolist() == [0, 0, 1, 2, 2, 3, 3, 4, 4]
    assert frame["rank"].dropna().tolist() == [1, 2] * 4
    assert frame["label"].cat.categories.tolist() == ["s", "n"]
    told = list(frame.attrs["tidydl"].items())
    assert told[0] == ("task", "letters")
    assert told[5:8] == [("ranks", 2), ("truncated", 0), ("note", "said")]


def test_what_is_noted_may_depend_on_the_frame(done):
    frame, _ = done({}, noted=lambda frame: {"rows": len(frame)})
    assert frame.attrs["tidydl"]["rows"] == 9


def test_the_only_answer_has_no_rank_though_its_line_has(done):
    frame, _ = done({"top_k": 1})
    assert frame.columns.tolist() == [".row", "text", "label", "times"]
    assert frame["times"].dropna().tolist() == [1, 1] * 4


def test_other_columns_may_take_the_place_of_those_of_the_task(done):
    frame, _ = done({}, columns=Contract.of(rank="integer", label="string", times="double"))
    text = str(pd.Series([], dtype="str").dtype)  # "object" in pandas 2
    assert frame.dtypes.astype(str).tolist()[2:] == ["Int64", text, "float64"]


def test_results_that_are_no_lines_are_written_by_the_plan(done):
    frame, _ = done({}, finish=only_line, write=lambda outcome: pd.DataFrame({"which": outcome.which}))
    assert frame["which"].tolist() == [0, -1, 1, 0, 2]
    assert frame.attrs["tidydl"]["task"] == "letters"


@pytest.mark.parametrize(
    ("options", "most", "batches"),
    [({}, None, [3]), ({}, 2, [2, 1]), ({"batch_size": 1}, 2, [1, 1, 1]), ({"batch_size": None}, 2, [2, 1])],
)
def test_the_call_says_how_many_share_a_batch_else_the_plan(done, options, most, batches):
    assert done(options, most=most)[1] == batches


def test_inputs_are_equal_where_all_their_parts_are():
    first, second = pd.DataFrame({"a": ["1"]}), pd.DataFrame({"a": ["1"]})
    parts = [Part("query", "text"), Part("table", "table", shared=True)]
    inputs = read_inputs(["who", "who", "what"], parts, {"table": [first, second, first]})
    who, same_table_of_another, _ = (inputs.key(value) for value in inputs.values())
    assert who != same_table_of_another
    shared = read_inputs(["who", "who", "what"], parts, {"table": first})
    who, again, what = (shared.key(value) for value in shared.values())
    assert who == again != what

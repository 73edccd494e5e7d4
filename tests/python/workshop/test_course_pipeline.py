"""Pipelines of courses: the lists of transformers, of one text, of several, and of what is missing."""

import copy
import json
import math
import pickle

import pandas as pd
import pytest
import torch
import transformers as installed

import tidydl
import tiny
from support.nested import assert_same
from tidydl.errors import ArgumentError, DataError, NotFoundError
from tidydl.workshop import CourseRecord, CourseResult, datasets, transformers

TEXTS = ["the sun was happy", "rain again , not good", "you and i"]


@pytest.fixture(scope="module")
def course(folder):
    return transformers.pipeline("sentiment-analysis", model=str(folder), device=-1)


@pytest.fixture(scope="module")
def own(folder):
    return installed.pipeline("sentiment-analysis", model=str(folder), device="cpu")


@pytest.mark.parametrize("x", [TEXTS[0], TEXTS, TEXTS[:1], {"text": "a day", "text_pair": "rain"}], ids=repr)
@pytest.mark.parametrize("options", [{}, {"top_k": 2}, {"top_k": None}, {"top_k": 1}], ids=str)
def test_results_are_nested_as_transformers_nests_them(course, own, x, options):
    found = course(x, **options)
    assert_same(found, own(x, **options))
    assert isinstance(found, (CourseResult, CourseRecord))


@pytest.mark.parametrize("x", [TEXTS[0], TEXTS], ids=["one", "several"])
def test_options_of_the_pipeline_nest_as_transformers_does(folder, x):
    given = {"model": str(folder), "device": "cpu", "top_k": 2}
    assert_same(
        transformers.pipeline("sentiment-analysis", **given)(x), installed.pipeline("sentiment-analysis", **given)(x)
    )


def test_all_scores_are_in_the_order_of_the_labels_and_nested_once_more(folder, course):
    every = course(TEXTS[0], return_all_scores=True)
    assert [[line["label"] for line in lines] for lines in every] == [tiny.LABELS]
    assert [[line["label"] for line in lines] for lines in course(TEXTS, return_all_scores=True)] == [tiny.LABELS] * 3
    made = transformers.pipeline("text-classification", model=str(folder), return_all_scores=True)
    assert_same(made(TEXTS[0]), every)
    two = transformers.pipeline("text-classification", model=str(folder), top_k=2)
    assert_same(two(TEXTS, return_all_scores=True), course(TEXTS, return_all_scores=True))
    assert_same(course(TEXTS[0], return_all_scores=False), course(TEXTS[0]))


def test_a_double_where_an_integer_is_meant_is_one(course):
    assert_same(course(TEXTS[0], top_k=2.0), course(TEXTS[0], top_k=2))
    assert_same(course(TEXTS, top_k=2.0, batch_size=2.0), course(TEXTS, top_k=2))
    for x in (TEXTS[0], TEXTS, None):
        with pytest.raises(ArgumentError, match=r"`top_k` is 2\.5"):
            course(x, top_k=2.5)


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA], ids=repr)
def test_a_missing_text_has_a_missing_result_in_its_place(course, missing):
    alone, among = course(missing), course([TEXTS[0], missing, TEXTS[1]])
    assert alone[0]["label"] is None
    assert math.isnan(alone[0]["score"])
    assert [line["label"] is None for line in among] == [False, True, False]
    assert_same([among[0], among[2]], course(TEXTS[:2]))


def test_an_empty_text_is_classified_as_transformers_does(course, own):
    assert_same(course(["", TEXTS[0]]), own(["", TEXTS[0]]))


def test_a_text_beyond_the_longest_is_truncated_alone_as_among_others(course):
    long = "the sun was happy and " * 40
    with pytest.warns(UserWarning, match="1 text was longer") as warned:
        assert_same(course(long), course([long, TEXTS[0]])[:1])
    assert [each.filename for each in warned] == [__file__] * 2  # alone, and among others
    with pytest.warns(UserWarning, match="1 text was longer") as warned:
        course([long, ""])
    assert [each.filename for each in warned] == [__file__]


def test_series_arrays_and_tuples_are_several_texts(course):
    expected = course(TEXTS)
    for several in (pd.Series(TEXTS), pd.Series(TEXTS).to_numpy(), tuple(TEXTS)):
        assert_same(course(several), expected)


def test_the_wide_form_has_a_row_for_each_text(course):
    wide = course([*TEXTS, None], top_k=2).wide()
    assert list(wide.columns) == ["label", "score", "label.1", "score.1"]
    assert len(wide) == 4
    assert wide.isna().all(axis=1).tolist() == [False, False, False, True]
    assert list(course(TEXTS[0]).wide().columns) == ["label", "score"]
    assert len(course(TEXTS[0], top_k=None).wide()) == 1


@pytest.mark.parametrize("options", [{}, {"top_k": 2}], ids=str)
def test_the_tidy_form_is_that_of_our_pipelines(folder, course, options):
    ours = tidydl.pipeline("text-classification", model=folder, device="cpu")
    for x in (TEXTS[0], TEXTS, [TEXTS[0], None]):
        found, expected = course(x, **options).tidy(), ours(x, **options)
        pd.testing.assert_frame_equal(found, expected, atol=2e-6)
        assert found.attrs["tidydl"]["model"] == str(folder)


def test_results_are_lists_for_all_that_takes_lists(course):
    result = course(TEXTS)
    assert json.loads(json.dumps(result)) == list(result)
    assert list(pd.DataFrame(result).columns) == ["label", "score"]
    assert [line["label"] for line in result] == result.wide()["label"].tolist()
    assert result == [*result]


CHANGES = {
    "+=": lambda result, more: result.__iadd__(more),
    "extend": lambda result, more: result.extend(more),
    "reverse": lambda result, more: result.reverse(),
    "pop": lambda result, more: result.pop(),
    "assign": lambda result, more: result.__setitem__(0, more[0]),
    "assign within": lambda result, more: result[0].update(label="another"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_results_that_are_changed_are_wide_as_they_are_and_no_longer_tidy(course, change):
    result = course(TEXTS)
    CHANGES[change](result, course(["rain", "home"]))
    pd.testing.assert_frame_equal(result.wide(), pd.DataFrame(list(result)))
    for other in (result, pickle.loads(pickle.dumps(result))):
        with pytest.raises(ArgumentError, match="were changed"):
            other.tidy()


def test_a_changed_dictionary_of_results_is_no_longer_tidy():
    record = transformers.pipeline("zero-shot-classification", model=str(tiny.kept("inference")))(TEXTS[0], ["a", "b"])
    assert len(record.tidy()) == len(copy.deepcopy(record).tidy()) == 2
    record["labels"].reverse()
    with pytest.raises(ArgumentError, match="were changed"):
        record.tidy()


def test_ranks_are_by_score_also_where_results_are_in_the_order_of_the_labels(folder, course):
    ours = tidydl.pipeline("text-classification", model=folder, device="cpu", top_k=None)
    for x in (TEXTS[0], [TEXTS[0], ""], TEXTS):
        found = course(x, return_all_scores=True).tidy()
        if "" not in list(x):
            pd.testing.assert_frame_equal(found, ours(x), atol=2e-6)
        assert found["score"][found["rank"] == 1].min() >= found["score"][found["rank"] == 3].max()


def test_results_know_their_task_and_inputs_and_can_be_copied(course):
    result = course(TEXTS, top_k=2)
    assert (result.task, result.inputs) == ("text-classification", TEXTS)
    for other in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert other == result
        pd.testing.assert_frame_equal(other.wide(), result.wide())


def test_a_pipeline_prints_its_task_model_and_device_and_has_transformers_attributes(folder, course):
    assert "text-classification" in repr(course)
    assert str(folder) in repr(course)
    assert "cpu" in repr(course)
    assert course.model.config.id2label[0] == "joy"
    assert course.tokenizer("a").input_ids
    assert course.task == "text-classification"


def test_a_loaded_model_and_tokenizer_are_taken(folder, course):
    model = installed.AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = installed.AutoTokenizer.from_pretrained(folder)
    made = transformers.pipeline("text-classification", model, tokenizer=tokenizer, torch_dtype=None, framework="pt")
    assert_same(made(TEXTS), course(TEXTS))


def test_tensorflow_and_unknown_tasks_are_errors_that_say_what_to_write(folder):
    with pytest.raises(ArgumentError, match='framework = "pt"'):
        transformers.pipeline("text-classification", model=str(folder), framework="tf")
    with pytest.raises(NotFoundError, match="text-classification"):
        transformers.pipeline("text-clasification", model=str(folder))


@pytest.mark.parametrize("x", [3.5, ["a", 3.5], {"words": "a"}, [["a"]]], ids=repr)
def test_what_is_no_text_is_an_error_that_says_so(course, x):
    with pytest.raises((ArgumentError, DataError)) as problem:
        course(x)
    assert "Traceback" not in str(problem.value)
    assert "3.5" in str(problem.value) or x not in (3.5, ["a", 3.5])


def test_a_model_for_another_task_is_an_error_that_names_its_own(folder):
    with pytest.raises(ArgumentError, match="This one is for 'text-classification'"):
        transformers.pipeline("ner", model=str(folder))


def test_a_stream_of_texts_gives_a_stream_of_results(course):
    from transformers.pipelines.pt_utils import KeyDataset

    table = datasets.Dataset.from_dict({"text": TEXTS})
    expected = [course(text)[0] for text in TEXTS]
    assert_same(list(course(KeyDataset(table, "text"))), expected)
    assert_same(list(course(text for text in TEXTS)), expected)
    assert_same(course(table["text"]), expected)
    every = list(course(KeyDataset(table, "text"), return_all_scores=True))
    assert [len(lines) for lines in every] == [3, 3, 3]


def test_a_pipeline_is_copied_and_sent_to_other_processes(course):
    course(TEXTS[0])
    for other in (copy.copy(course), pickle.loads(pickle.dumps(course))):
        assert_same(other(TEXTS[0]), course(TEXTS[0]))
        assert repr(other) == repr(course)


def _change(ppl):
    ppl.model.config.id2label = {0: "A", 1: "B", 2: "C"}
    with torch.no_grad():
        ppl.model.classifier.weight.mul_(-3)
    ppl.tokenizer.model_max_length = 5


@pytest.mark.filterwarnings("ignore:.* longer than the model:UserWarning")
def test_what_is_done_to_the_model_of_a_pipeline_is_done_to_that_alone(folder):
    def make():
        return transformers.pipeline("text-classification", model=str(folder), device="cpu")

    changed, other, before = make(), make(), make()(TEXTS)
    ours = tidydl.pipeline("text-classification", model=folder, device="cpu")
    expected, kept = ours(TEXTS), copy.deepcopy(changed)
    _change(changed)
    for same in (other, make(), kept):
        assert_same(same(TEXTS), before)
        assert same.tokenizer.model_max_length != 5
    pd.testing.assert_frame_equal(ours(TEXTS), expected)
    after = changed(TEXTS)
    assert {line["label"] for line in after} <= {"A", "B", "C"}
    assert {changed(text)[0]["label"] for text in TEXTS} <= {"A", "B", "C"}
    assert set(changed(TEXTS).tidy()["label"].cat.categories) == {"A", "B", "C"}
    for copied in (copy.deepcopy(changed), pickle.loads(pickle.dumps(changed))):
        assert_same(copied(TEXTS), after)
    assert copy.deepcopy(changed).model is not changed.model
    assert changed.plain.model is changed.model


def test_a_loaded_model_that_is_given_is_the_one_that_is_used(folder):
    model = installed.AutoModelForSequenceClassification.from_pretrained(folder)
    assert transformers.pipeline("text-classification", model=model).model is model


def test_the_installed_library_is_not_changed(course):
    course(TEXTS)
    assert installed.pipeline.__module__ == "transformers.pipelines"
    assert type(installed.pipeline("text-classification", model=course.model, tokenizer=course.tokenizer)("a")) is list

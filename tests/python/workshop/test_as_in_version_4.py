"""Pipelines of courses give what transformers 4.46 gave: the same nesting, keys in order, texts and numbers.

The results were written by transformers 4.46.3 itself, on the same tiny models: see ``support/course_cases.py``.
"""

import json
from pathlib import Path

import pytest

from support.course_cases import CASES, build, rounded, run_cases
from support.nested import assert_same
from support.precision import IN_IMAGES
from tidydl.workshop import transformers

THEN = json.loads((Path(__file__).parent / "references" / "transformers_4_46.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    build(folder)
    return rounded(run_cases(transformers.pipeline, folder))


@pytest.mark.parametrize("case", CASES)
def test_a_pipeline_gives_what_it_gave(found, case):
    assert len(THEN[case]) == len(CASES[case]) - 3
    assert_same(found[case], THEN[case], within=IN_IMAGES)


def test_every_dropped_task_of_texts_and_questions_is_among_the_cases():
    from tidydl.workshop.course_pipeline import DROPPED

    # images made larger are cut to the size that was asked for, which version 4 did not
    tried = {task.partition("_")[0] for task, *_ in CASES.values()}
    assert set(DROPPED) - tried == {"image-to-image"}

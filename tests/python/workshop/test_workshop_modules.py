"""The modules that code of courses imports: light to import, the installed ones but for what has changed."""

import subprocess
import sys

import pytest
import transformers as installed

import tidydl.workshop
from support import ROOT
from tidydl.errors import DependencyError
from tidydl.workshop import course_module

HEAVY = ("torch", "transformers", "datasets", "pandas", "numpy", "pyarrow")


def test_importing_the_modules_loads_no_library():
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'python')!r}); from tidydl.workshop import transformers, datasets;"
        "import tidydl.workshop.evaluate; print(*sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in HEAVY if name in answer.stdout.split()] == []


def test_the_public_names_are_there():
    assert set(tidydl.workshop.__all__) == {
        *("CoursePipeline", "CourseRecord", "CourseResult"),
        *("course_module", "datasets", "evaluate", "transformers"),
    }
    assert all(hasattr(tidydl.workshop, name) for name in tidydl.workshop.__all__)


def test_names_that_have_not_changed_are_those_of_the_library():
    from tidydl.workshop.transformers import BertConfig, logging

    assert BertConfig is installed.BertConfig
    assert logging is installed.logging
    assert tidydl.workshop.transformers.__version__ == installed.__version__
    assert {"pipeline", "BertConfig"} <= set(dir(tidydl.workshop.transformers))
    assert {"load_metric", "ClassLabel"} <= set(dir(tidydl.workshop.datasets))


def test_courses_get_mended_modules_and_all_others_as_they_are():
    import json

    import torch.nn

    assert course_module("transformers") is tidydl.workshop.transformers
    assert course_module("datasets") is tidydl.workshop.datasets
    assert course_module("transformers.pipelines") is installed.pipelines
    assert course_module("json") is json
    assert course_module("torch.nn") is torch.nn


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not_there_at_all", "pip install not_there_at_all"),
        ("cv2", "pip install opencv-python"),
        ("json.not_there", "no such part"),
    ],
)
def test_a_library_that_is_missing_is_an_error_that_says_how_to_install_it(name, message):
    with pytest.raises(DependencyError, match=message):
        course_module(name)

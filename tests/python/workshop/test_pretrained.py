"""Loading as version 4 did: whole numbers, single precision, ids of the Hub and what is said of wrong ones."""

import pytest
import torch
import transformers as installed

import tiny
from hub import Hub
from hub.stand_ins import SENTIMENT, sentiment_folder
from support.course_code import BEGIN, run_course
from tidydl.errors import ArgumentError, NotFoundError
from tidydl.workshop import transformers


def test_a_model_computes_in_single_precision_unless_told_otherwise(folder, tmp_path):
    installed.AutoModelForSequenceClassification.from_pretrained(folder).half().save_pretrained(tmp_path)
    load = transformers.AutoModelForSequenceClassification.from_pretrained
    assert load(str(tmp_path)).dtype is torch.float32
    assert load(str(tmp_path), torch_dtype=torch.float16).dtype is torch.float16
    assert load(str(tmp_path), dtype="auto").dtype is torch.float16


def test_a_double_is_a_whole_number_of_labels(folder):
    load = transformers.AutoModelForSequenceClassification.from_pretrained
    model = load(str(folder), num_labels=2.0, ignore_mismatched_sizes=True, use_auth_token=None)
    assert model.config.num_labels == 2
    assert model.classifier.out_features == 2


def test_images_are_read_by_pillow_as_in_version_4(tmp_path):
    reader = transformers.AutoImageProcessor.from_pretrained(str(tiny.image_folder(tmp_path / "faces")))
    assert type(reader).__name__.endswith("Pil")


def test_code_of_a_model_runs_only_from_a_commit_that_was_read(folder):
    with pytest.raises(ArgumentError, match="full commit hash"):
        transformers.AutoModel.from_pretrained("someone/model", trust_remote_code=True)


def test_a_folder_that_is_not_there_is_an_error_that_says_so():
    with pytest.raises(NotFoundError, match="there is no such folder"):
        transformers.AutoTokenizer.from_pretrained("./not/there")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with Hub() as server:
        served = server.add(f"distilbert/{SENTIMENT}", sentiment_folder(tmp_path_factory.mktemp("served")))
        served.tag = "text-classification"
        server.moved[SENTIMENT] = f"distilbert/{SENTIMENT}"
        yield server


CODE = (
    BEGIN
    + """
tokenizer = transformers.AutoTokenizer.from_pretrained('distilbert-base-uncased-finetuned-sst-2-english')
load = transformers.AutoModelForSequenceClassification.from_pretrained
model = load('distilbert-base-uncased-finetuned-sst-2-english')
ppl = transformers.pipeline(model='distilbert-base-uncased-finetuned-sst-2-english', tokenizer=tokenizer)
mood = transformers.pipeline('sentiment-analysis')
result = {
    'names': [tokenizer.name_or_path, model.config.name_or_path],
    'label': ppl('I like you!')[0]['label'],
    'same': ppl(['I like you!'])[0]['label'] == mood('I like you!')[0]['label'],
    'shown': repr(ppl),
}
"""
)


def test_models_of_the_hub_are_found_by_old_ids_and_again_without_a_network(hub, tmp_path):
    found, _ = run_course(tmp_path, hub.url, CODE)
    assert found["names"] == [SENTIMENT, SENTIMENT]
    assert found["label"] in ("NEGATIVE", "POSITIVE")
    assert found["same"]
    assert "text-classification" in found["shown"]
    assert run_course(tmp_path, hub.url, CODE, HF_HUB_OFFLINE="1")[0] == found


def test_an_id_that_lacks_its_end_is_an_error_that_names_the_right_one(hub, tmp_path):
    code = BEGIN + (
        "from tidydl import TidydlError\n"
        "try:\n    transformers.AutoTokenizer.from_pretrained('distilbert-base-uncased-finetuned-sst-2')\n"
        "except TidydlError as problem:\n    result = [problem.kind, problem.hint]\n"
    )
    assert run_course(tmp_path, hub.url, code)[0] == ["not_found", f"Did you mean '{SENTIMENT}'?"]

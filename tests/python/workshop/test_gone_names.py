"""Names of transformers 4: those that have another name today, and the lines that replace those that are gone."""

import pytest
import torch
import transformers as installed

import tiny
from tidydl.errors import NotFoundError
from tidydl.workshop import datasets, transformers

LINES = {
    "TFAutoModelForSequenceClassification": "Write `AutoModelForSequenceClassification`",
    "FlaxBertModel": "Write `BertModel`",
    "TFTrainer": "Trainer",
    "Conversation": 'pipeline("text-generation")',
    "QuestionAnsweringPipeline": 'pipeline("question-answering")',
    "Text2TextGenerationPipeline": 'pipeline("text2text-generation")',
    "create_optimizer": "TrainingArguments",
    "KerasMetricCallback": "TrainingArguments",
    "InputExample": "from_dict",
    "LineByLineTextDataset": 'load_dataset("text"',
    "glue_convert_examples_to_features": 'load_metric("glue"',
    "cached_path": "hf_hub_download",
    "CodeAgent": "smolagents",
}


@pytest.mark.parametrize("name", LINES)
def test_a_name_that_is_gone_answers_with_the_line_that_replaces_it(name):
    assert not hasattr(installed, name)
    with pytest.raises(NotFoundError) as problem:
        getattr(transformers, name)
    assert LINES[name] in problem.value.hint
    assert f"`{name}`" in problem.value.problem


def test_an_import_of_a_name_that_is_gone_says_the_same():
    with pytest.raises(NotFoundError, match="AutoModel"):
        from tidydl.workshop.transformers import TFAutoModel  # noqa: F401


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("list_datasets", "huggingface_hub.list_datasets"),
        ("inspect_dataset", "features"),
        ("list_metrics", "load_metric"),
    ],
)
def test_functions_of_datasets_that_are_gone_answer_too(name, line):
    with pytest.raises(NotFoundError) as problem:
        getattr(datasets, name)
    assert line in problem.value.hint


def test_caching_is_switched_by_its_older_name():
    datasets.set_caching_enabled(False)
    assert not datasets.is_caching_enabled()
    datasets.set_caching_enabled(True)
    assert datasets.is_caching_enabled()


def test_a_name_that_never_was_is_missing():
    assert not hasattr(transformers, "never_there")
    assert not hasattr(datasets, "never_there")


def test_names_that_have_changed_are_those_of_today():
    assert issubclass(transformers.AutoModelForVision2Seq, installed.AutoModelForImageTextToText)
    assert issubclass(transformers.MT5Tokenizer, installed.T5Tokenizer)
    assert hasattr(transformers.MT5Tokenizer, "encode_plus")
    assert issubclass(transformers.ViTFeatureExtractor, installed.ViTImageProcessorPil)
    assert issubclass(transformers.CLIPFeatureExtractor, installed.CLIPImageProcessorPil)
    assert transformers.is_tf_available() is False


def test_adamw_is_that_of_torch_with_the_defaults_of_then():
    weights = torch.nn.Linear(2, 1).parameters()
    optimizer = transformers.AdamW(weights, lr=5e-5, correct_bias=False, no_deprecation_warning=True)
    assert isinstance(optimizer, torch.optim.AdamW)
    assert {name: optimizer.defaults[name] for name in ("lr", "eps", "weight_decay")} == {
        "lr": 5e-5,
        "eps": 1e-6,
        "weight_decay": 0.0,
    }
    assert transformers.AdamW(torch.nn.Linear(2, 1).parameters(), weight_decay=0.01).defaults["weight_decay"] == 0.01


@pytest.mark.parametrize(
    ("kind", "head"),
    [("causal", "GPT2LMHeadModel"), ("masked", "BertForMaskedLM"), ("seq2seq", "BartForConditionalGeneration")],
)
def test_a_model_with_a_language_head_is_the_one_that_its_config_names(kind, head):
    model = transformers.AutoModelWithLMHead.from_pretrained(str(tiny.kept(kind)))
    assert type(model).__name__ == head

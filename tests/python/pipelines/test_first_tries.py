"""What people try first, and what goes wrong silently elsewhere: it works, or an error says what to write."""

import copy
import io
import multiprocessing
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from PIL import Image

import tidydl
import tiny
import tiny.media
from support.precision import assert_near
from tidydl.errors import ArgumentError, ColumnError, DeviceError, NotFoundError, TidydlError


@pytest.fixture(scope="module")
def chat():
    return tidydl.pipeline("text-generation", model=tiny.kept("causal"), device="cpu", max_new_tokens=4)


def messages(rows):
    return pd.DataFrame({".row": rows, "role": "user", "content": ["the sun", "the rain", "my friend"][: len(rows)]})


def test_chats_keep_the_numbers_they_came_with(chat):
    whole, rest = chat(messages([0, 1, 2])), chat(messages([0, 1, 2]).iloc[1:])
    assert rest[".row"].tolist() == [1, 2]
    assert rest["generated_text"].tolist() == whole["generated_text"].tolist()[1:]
    with pytest.raises(ColumnError, match=r"whose `\.row` is missing"):
        chat(messages([0, None, 1]))


def test_no_chat_gives_no_row(chat):
    frame = chat(messages([]))
    assert len(frame) == 0
    assert frame.columns.tolist() == chat("sun").columns.tolist()


def test_chats_are_not_joined_to_their_messages(chat):
    with pytest.raises(ArgumentError, match="a chat has several rows"):
        tidydl.augment(chat, messages([0, 0, 1]))
    named = tidydl.augment(chat, messages([0, 0, 1]).drop(columns=".row"), text="content")
    assert named["generated_text"].tolist() == chat(["the sun", "the rain", "my friend"])["generated_text"].tolist()


def test_the_warning_says_which_end_of_a_long_prompt_is_kept(chat):
    long = "the sun " * 100
    with pytest.warns(UserWarning, match="the beginning was cut off"):
        assert chat(long)["generated_text"].item().endswith(chat(long[8:])["generated_text"].item()[-4:])


def test_a_mistyped_column_of_labels_is_no_label(zero):
    data = pd.DataFrame({"text": ["cat", "dog"], "labs": [["a", "b"], ["c", "d"]]})
    with pytest.raises(ColumnError, match="`candidate_labels` is 'lab', which is not a column"):
        zero(data, candidate_labels="lab")
    assert zero(data, candidate_labels=["lab"])["label"].tolist() == ["lab", "lab"]
    with pytest.raises(ArgumentError, match="`candidate_labels` is a data frame"):
        zero("sun", candidate_labels=data)


def test_values_by_position_are_asked_for_by_name(zero, ppl):
    with pytest.raises(ArgumentError, match="`candidate_labels =`"):
        zero(["I love the cat"], ["animals", "politics"])
    with pytest.raises(ArgumentError, match="`text_pair =`"):
        ppl("sun", "rain")


def test_one_label_or_question_that_is_too_long_fails_alone(zero):
    data = pd.DataFrame({"text": ["cat", "dog"], "candidate_labels": [["a"], ["w " * 200]]})
    with pytest.raises(ArgumentError, match="The 2nd value of `candidate_labels` is too long"):
        zero(data)
    assert zero(data, on_error="row")["score"].isna().tolist() == [False, True]
    answers = tidydl.pipeline(model=tiny.kept("answers"), device="cpu")
    frame = answers(question=["where", "w " * 200], context="the cat", on_error="row")
    assert frame["answer"].isna().tolist() == [False, True]


def test_labels_are_not_taken_for_texts_unless_they_are_named(ppl):
    data = pd.DataFrame({"condition": pd.Categorical(["control", "treated"]), "rating": [3, 4]})
    with pytest.raises(ColumnError, match="no column that could hold the texts"):
        ppl(data)
    assert ppl(data, text="condition")["text"].tolist() == ["control", "treated"]
    with pytest.raises(ColumnError, match="no column that could hold the texts"):
        tidydl.embed(tidydl.example_data("digits", split="test[:3]"), tiny.kept("encoder"))


def test_augment_takes_newdata_and_frames_of_other_libraries(ppl):
    import pyarrow

    data = pd.DataFrame({"tweet": ["sun", "rain"]})
    expected = tidydl.augment(ppl, data)
    pd.testing.assert_frame_equal(tidydl.augment(ppl, newdata=data), expected)
    pd.testing.assert_frame_equal(tidydl.augment(ppl, pyarrow.Table.from_pandas(data)), expected)
    with pytest.raises(ArgumentError, match="`data` is None"):
        tidydl.augment(ppl)
    with pytest.raises(ArgumentError, match="`prefix` is 5"):
        tidydl.augment(ppl, data, prefix=5)


def test_pipelines_and_errors_can_be_copied_and_sent_to_other_processes(ppl):
    expected = ppl("the sun")
    sent = pickle.dumps(ppl)
    assert len(sent) < 10_000  # where it is, not what it weighs
    for made in (copy.deepcopy(ppl), pickle.loads(sent)):
        pd.testing.assert_frame_equal(made("the sun"), expected)
    adopted = tidydl.pipeline(
        model=transformers.AutoModelForSequenceClassification.from_pretrained(ppl.facts()["model"])
    )
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(adopted))("the sun"), expected, check_exact=False)
    with pytest.raises(TidydlError) as caught:
        tidydl.pipeline("nope")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def computed_in_a_fork(ppl, answers):
    try:
        ppl("the sun")
        answers.put("computed")
    except DeviceError as problem:
        answers.put(problem.allowed)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.skipif(torch.get_num_threads() == 1, reason="one thread does not wait")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_is_told_to_be_none_instead_of_waiting_for_ever(ppl):
    ppl("the sun")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=computed_in_a_fork, args=(ppl, answers))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert "makeCluster" in answers.get()


def test_models_of_texts_and_images_embed_both_into_one_space():
    folder, picture = tiny.media.kept("clip"), Image.new("RGB", (30, 30), "red")
    texts, images = tidydl.embed(["cat", None], folder), tidydl.embed([picture, None], folder)
    assert texts.filter(like="dim_").shape == images.filter(like="dim_").shape
    assert texts.columns[1] == "text"
    assert images.columns[1] == "image"
    ppl = tidydl.pipeline("zero-shot-image-classification", model=folder, device="cpu")
    labels = ["a cat", "a dog"]
    scores = ppl(picture, candidate_labels=labels, hypothesis_template="{}").set_index("label")["score"]
    cosines = tidydl.similarity(tidydl.embed(picture, folder), tidydl.embed(labels, folder))["similarity"].to_numpy()
    logits = cosines * ppl.model.logit_scale.exp().item()
    assert_near(scores[labels], np.exp(logits) / np.exp(logits).sum())
    assert len(tidydl.embed([], folder)) == 0
    with pytest.raises(ArgumentError, match="`pooling`"):
        tidydl.embed(["cat"], folder, pooling="cls")
    with pytest.raises(ArgumentError, match="in one space"):
        tidydl.pipeline("feature-extraction", model=folder)


def test_a_model_that_needs_sounds_too_embeds_no_texts():
    with pytest.raises(ArgumentError, match="does not embed texts alone"):
        tidydl.embed("cat", tiny.media.kept("clap"))


def test_embed_takes_its_inputs_by_name_and_knows_no_other_arguments():
    encoder = tiny.kept("encoder")
    pd.testing.assert_frame_equal(tidydl.embed(text=["sun"], model=encoder), tidydl.embed(["sun"], encoder))
    with pytest.raises(ArgumentError, match="no argument 'normalise'"):
        tidydl.embed("sun", encoder, normalise=False)
    frame = tidydl.embed(["sun", ""], encoder, on_error="row")
    assert frame["dim_1"].isna().tolist() == [False, True]
    assert "is empty" in frame[".error"][1]


def test_the_nearest_of_a_missing_embedding_are_missing_and_spread_with_their_rows():
    found = tidydl.embed(["sun", None, "rain"], tiny.kept("encoder"))
    near = tidydl.similarity(found, found, top_k=2)
    assert near[".row"].tolist() == [0, 0, 1, 1, 2, 2]
    assert near["similarity"].isna().tolist() == [False, False, True, True, False, False]
    wide = tidydl.widen(near)
    assert {".row_y", "text_y", "similarity", ".row_y.1", "text_y.1", "similarity.1"} <= set(wide.columns)
    assert len(wide) == 3
    with pytest.raises(ColumnError, match="not numeric"):
        tidydl.similarity(found.assign(dim_2="x"))


def test_open_files_and_tensors_are_images(tmp_path):
    digits = tidydl.pipeline(model=tidydl.example_model("digits"), device="cpu", top_k=1)
    image = tidydl.example_data("digits", split="test[:1]")["image"][0]
    expected = digits(image)
    path = tmp_path / "digit.png"
    path.write_bytes(image.bytes)
    channels_first = torch.from_numpy(np.stack([image.array()] * 3))
    with path.open("rb") as file:
        for given in (io.BytesIO(image.bytes), file, [channels_first], channels_first):
            frame = digits(given)
            assert frame["label"].tolist() == expected["label"].tolist()


def test_what_was_given_is_not_repeated_at_length(ppl):
    digits = tidydl.pipeline(model=tidydl.example_model("digits"), device="cpu")
    with pytest.raises(NotFoundError) as caught:
        digits("A" * 100_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"device": "cpu"}, "argument of pipeline"),
        ({"top_k": 0}, "for all"),
        ({"nonsense": 1}, r'tasks\("text-classification"\)'),
        ({"progress": "yes"}, "`progress`"),
    ],
    ids=str,
)
def test_what_is_in_the_wrong_place_is_told_where_it_belongs(ppl, given, hint):
    with pytest.raises(ArgumentError, match=hint):
        ppl("sun", **given)


def test_what_there_is_no_verb_for_is_not_said_to_be_taken(ppl):
    with pytest.raises(ArgumentError) as caught:
        tidydl.predict(ppl, pd.DataFrame())
    assert "pipeline()" not in caught.value.allowed


def test_a_task_that_is_no_more_names_the_one_that_does_it():
    with pytest.raises(NotFoundError, match="text-generation"):
        tidydl.pipeline("conversational")

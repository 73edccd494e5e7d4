"""Tokenizers of courses: the methods of version 4, with what transformers' own give today."""

import copy
import pickle

import pytest
import transformers as installed

import tiny
from tidydl.errors import ArgumentError
from tidydl.workshop import transformers

TEXT = "the sun was very happy today"


@pytest.fixture(scope="module", params=["bert", "gpt"])
def kept(request, folder):
    return folder if request.param == "bert" else tiny.kept("causal")


@pytest.fixture
def course(kept):
    return transformers.AutoTokenizer.from_pretrained(str(kept))


@pytest.fixture
def own(kept):
    return installed.AutoTokenizer.from_pretrained(str(kept))


def test_a_tokenizer_is_one_of_transformers_and_that_of_the_library_stays_as_it_is(course, own):
    assert isinstance(course, type(own))
    assert type(course).__name__ == type(own).__name__
    assert not hasattr(own, "encode_plus")
    assert course(TEXT) == own(TEXT)


def test_one_text_and_a_pair_are_encoded(course, own):
    assert course.encode_plus(TEXT) == own(TEXT)
    assert course.encode_plus(TEXT, "rain", return_offsets_mapping=True) == own(
        TEXT, "rain", return_offsets_mapping=True
    )
    tensors = course.encode_plus(TEXT, max_length=4.0, truncation=True, return_tensors="pt")
    assert tensors["input_ids"].shape == (1, 4)


def test_several_texts_and_pairs_are_encoded(course, own):
    assert course.batch_encode_plus([TEXT, "rain"]) == own([TEXT, "rain"])
    assert course.batch_encode_plus([(TEXT, "rain"), ("sun", "dog")]) == own([TEXT, "sun"], ["rain", "dog"])


def test_doubles_are_whole_numbers(course, own):
    assert course(TEXT, truncation=True, max_length=3.0) == own(TEXT, truncation=True, max_length=3)
    ids = own(TEXT)["input_ids"]
    assert course.decode([float(each) for each in ids]) == own.decode(ids)
    assert course.convert_ids_to_tokens([float(each) for each in ids]) == own.convert_ids_to_tokens(ids)
    assert course.encode(TEXT, truncation=True, max_length=4.0) == own.encode(TEXT, truncation=True, max_length=4)


@pytest.mark.parametrize("pair", [None, "rain again"])
@pytest.mark.parametrize("options", [{}, {"truncation": "only_first", "max_length": 6.0}], ids=str)
def test_numbers_of_tokens_are_prepared_for_the_model(course, own, pair, options):
    ids = own(TEXT, add_special_tokens=False)["input_ids"]
    others = None if pair is None else own(pair, add_special_tokens=False)["input_ids"]
    whole = {name: int(value) if value == 6 else value for name, value in options.items()}
    assert course.prepare_for_model(ids, others, **options) == own(TEXT, pair, **whole)
    if not options:
        assert course.build_inputs_with_special_tokens(ids, others) == own(TEXT, pair)["input_ids"]


def test_older_arguments_mean_what_they_meant(folder):
    course = transformers.AutoTokenizer.from_pretrained(str(folder), use_fast=True)
    padded = course(TEXT, pad_to_max_length=True, max_length=12)["input_ids"]
    assert len(padded) == 12
    assert len(course.encode(TEXT, truncation_strategy="longest_first", max_length=4)) == 4
    assert course.max_len == course.model_max_length == tiny.POSITIONS
    assert course.additional_special_tokens == []
    course.add_special_tokens({"additional_special_tokens": ["[X]"]})
    assert course.additional_special_tokens == ["[X]"]
    assert course.additional_special_tokens_ids == [course.convert_tokens_to_ids("[X]")]


def test_texts_to_be_written_become_labels(folder):
    course = transformers.AutoTokenizer.from_pretrained(str(folder))
    batch = course.prepare_seq2seq_batch(
        [TEXT, "sun"], tgt_texts=["rain", "dog"], max_target_length=8, return_tensors="pt"
    )
    with course.as_target_tokenizer():
        expected = course(["rain", "dog"], padding="longest", return_tensors="pt")["input_ids"]
    assert batch["labels"].tolist() == expected.tolist()


def test_tensors_of_tensorflow_are_an_error_that_says_what_to_write(course):
    with pytest.raises(ArgumentError, match='return_tensors = "pt"'):
        course(TEXT, return_tensors="tf")


def test_tokenizers_are_copied_saved_and_read_again(course, own, tmp_path):
    for other in (copy.deepcopy(course), pickle.loads(pickle.dumps(course))):
        assert other.encode_plus(TEXT) == own(TEXT)
    course.save_pretrained(tmp_path)
    assert type(installed.AutoTokenizer.from_pretrained(tmp_path)) is type(own)


def test_classes_of_tokenizers_load_and_are_told_apart(folder):
    tokenizer = transformers.BertTokenizerFast.from_pretrained(str(folder))
    assert tokenizer.encode_plus(TEXT)["input_ids"]
    assert isinstance(transformers.AutoTokenizer.from_pretrained(str(folder)), transformers.BertTokenizer)
    assert isinstance(tokenizer, transformers.PreTrainedTokenizerBase)


def test_a_pipeline_takes_a_mended_tokenizer(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    made = transformers.pipeline("text-classification", model=str(folder), tokenizer=tokenizer)
    assert made([TEXT, "rain"])[0]["label"] == made(TEXT)[0]["label"]

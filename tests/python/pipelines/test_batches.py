"""Batches of texts: equal ones once, within a budget, and what happens where memory runs out."""

import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.precision import SCORES, assert_near
from tidydl.errors import DeviceError
from tidydl.pipelines import batching


def assert_same_scores(ours, theirs):
    assert ours["label"].astype(object).tolist() == theirs["label"].tolist()
    assert_near(ours["score"], theirs["score"])


def test_equal_texts_are_computed_once(ppl):
    ppl("sun")  # what the model looks at is tried out once
    seen = []
    hook = ppl.model.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(len(output.logits)), with_kwargs=True
    )
    try:
        ppl(["sun"] * 50 + ["rain", None])
    finally:
        hook.remove()
    assert sum(seen) == 2


def test_batches_stay_within_the_budget(ppl, monkeypatch):
    cells = []
    monkeypatch.setitem(batching.BUDGETS, "cpu", 64)
    monkeypatch.setattr(ppl._loaded.weights, "budget", None)
    hook = ppl.model.register_forward_pre_hook(
        lambda module, args, kwargs: cells.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    try:
        ppl(tiny.sentences(40))
    finally:
        hook.remove()
    assert len(cells) > 5
    assert max(cells) <= 64


def test_out_of_memory_halves_the_batch_remembers_and_loses_nothing(folder):
    ppl = tidydl.pipeline(model=transformers.AutoModelForSequenceClassification.from_pretrained(folder))
    texts = tiny.sentences(40)
    expected = ppl(texts)
    failures = []

    def too_much(module, args, kwargs):
        if len(kwargs["input_ids"]) > 3:
            failures.append(len(kwargs["input_ids"]))
            raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = ppl.model.register_forward_pre_hook(too_much, with_kwargs=True)
    try:
        frame = ppl(texts)
        first = len(failures)
        ppl(texts)
    finally:
        hook.remove()
    pd.testing.assert_frame_equal(frame, expected, atol=SCORES, rtol=0)
    assert first > 0
    assert len(failures) < 2 * first


def test_one_text_that_does_not_fit_in_memory_is_a_device_error(folder):
    ppl = tidydl.pipeline(model=transformers.AutoModelForSequenceClassification.from_pretrained(folder))

    def too_much(module, args):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    ppl.model.bert.encoder.register_forward_pre_hook(too_much)
    with pytest.raises(DeviceError, match="memory"):
        ppl(["sun", "rain"])


def test_a_model_without_a_padding_token_takes_texts_one_by_one(folder):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    model.config.pad_token_id = None
    ppl = tidydl.pipeline("text-classification", model=model)
    ppl("sun")  # what the model looks at is tried out once
    sizes = []
    model.register_forward_pre_hook(lambda m, a, k: sizes.append(len(k["input_ids"])), with_kwargs=True)
    ppl(tiny.sentences(5))
    assert sizes == [1] * 5


def test_left_padding_never_mixes_lengths(folder, plain):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
    texts = tiny.sentences(30)
    assert_same_scores(tidydl.pipeline(model=folder, tokenizer=tokenizer)(texts, top_k=None), plain(texts))

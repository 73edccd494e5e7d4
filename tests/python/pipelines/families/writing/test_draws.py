"""Random draws: with the model's probabilities, each input from a stream of its own, whatever shares its batch."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from tidydl.pipelines.running.drawing import Draws, warpers

PROMPTS = tiny.sentences(12, longest=5)


@pytest.fixture(scope="module")
def write():
    """Return a pipeline that draws few tokens."""
    return tidydl.pipeline("text-generation", model=tiny.kept("causal"), do_sample=True, max_new_tokens=5, seed=1)


@pytest.mark.parametrize("more", [{}, {"num_return_sequences": 3}, {"num_beams": 2}, {"max_length": 14}], ids=str)
def test_draws_of_an_input_do_not_depend_on_its_batch(write, more):
    more = {"max_new_tokens": None, **more} if "max_length" in more else more
    together = write(PROMPTS, **more)
    pd.testing.assert_frame_equal(write(PROMPTS, batch_size=1, **more), together)
    pd.testing.assert_frame_equal(write(PROMPTS, batch_size=5, **more), together)


def test_draws_depend_on_the_place_and_the_seed_and_not_on_other_inputs(write):
    frame = write(["the sun"] * 6)
    assert frame["generated_text"].nunique() > 1
    mixed = write(["the sun", "my friend", "the sun", None, "rain", "the sun"])
    assert mixed["generated_text"].iloc[[0, 2, 5]].tolist() == frame["generated_text"].iloc[[0, 2, 5]].tolist()
    assert write(["the sun"] * 6, seed=2)["generated_text"].tolist() != frame["generated_text"].tolist()


def test_memory_that_runs_out_changes_no_draw(write):
    expected = write(PROMPTS)
    failed = []

    def too_much(module, args, kwargs):
        if len(kwargs["input_ids"]) > 4:
            failed.append(1)
            raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = write.model.register_forward_pre_hook(too_much, with_kwargs=True)
    try:
        pd.testing.assert_frame_equal(write(PROMPTS), expected)
    finally:
        hook.remove()
    assert failed


@pytest.mark.parametrize("options", [{}, {"temperature": 2.5}, {"top_k": 5}, {"top_p": 0.5}], ids=str)
def test_first_tokens_are_drawn_with_the_probabilities_of_the_model(write, options):
    tokenizer, n = write._loaded.tokenizer, 3000
    with torch.no_grad():
        logits = write.model(**tokenizer("the sun", return_tensors="pt")).logits[:, -1]
    config = transformers.GenerationConfig(**options)
    for change in warpers(config):
        logits = change(None, logits)
    expected = logits[0].softmax(-1).numpy()
    drawn = write("the sun", max_new_tokens=1, num_return_sequences=n, return_full_text=False, **options)
    counts = Counter(drawn["generated_text"])
    words = Counter()
    for code, share in enumerate(expected):
        words[tokenizer.decode([code], skip_special_tokens=True)] += share
    likely = [word for word, share in words.items() if share > 0.02]
    assert likely
    for word in likely:
        deviation = np.sqrt(words[word] * (1 - words[word]) / n)
        assert abs(counts[word] / n - words[word]) < 4.5 * deviation, word


def test_a_token_without_a_chance_is_never_drawn():
    scores = torch.full((1, 6), float("-inf"))
    scores[0, [2, 4]] = 0.0
    for k in range(200):
        chosen = Draws([], [f"{k}"])(None, scores)
        assert int(chosen.argmax()) in (2, 4)
        assert torch.isinf(chosen).sum() == 5

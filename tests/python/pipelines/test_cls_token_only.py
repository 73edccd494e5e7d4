"""The last layer is computed for the first token alone where the head looks at no other, and nowhere else."""

import numpy as np
import pytest
import torch
import transformers

import tidydl
import tiny
from tidydl.pipelines.cls_token_only import first_token_alone


def rows_of_the_last_layer(ppl, texts, **options):
    """Run a pipeline and say how many tokens the last feed-forward network got per batch."""
    seen = []
    ppl("sun", **options)  # what the model looks at is tried out once
    layer = ppl.model.base_model.encoder.layer[-1]
    hook = layer.intermediate.register_forward_hook(lambda module, args, made: seen.append(made.shape[1]))
    try:
        return ppl(texts, **options), seen
    finally:
        hook.remove()


@pytest.mark.parametrize("make", [tiny.text_folder, tiny.byte_folder], ids=["BERT", "RoBERTa"])
def test_classifiers_compute_no_token_that_nobody_looks_at_and_give_the_same(make, tmp_path):
    folder = make(tmp_path / "model")
    ppl = tidydl.pipeline(model=folder)
    texts = tiny.sentences(30)
    frame, seen = rows_of_the_last_layer(ppl, texts, top_k=None, function_to_apply="none")
    assert set(seen) == {1}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    for row, text in enumerate(texts):
        with torch.no_grad():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0].sort(descending=True).values
        np.testing.assert_allclose(frame.loc[frame[".row"] == row, "score"], logits, atol=1e-5)


def test_the_model_is_left_as_it_was(ppl):
    layer = ppl.model.base_model.encoder.layer[-1]
    ppl(["sun", "rain"])
    assert not layer.attention._forward_hooks
    work = ppl.steps(["sun", "rain"])
    next(work)
    work.close()
    assert not layer.attention._forward_hooks


def test_a_head_that_looks_at_all_tokens_gets_all(folder):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    whole = tidydl.pipeline(model=model)(["the sun was happy"])["score"][0]
    model.bert.pooler.forward = lambda states: states.mean(1)
    ppl = tidydl.pipeline(model=model)
    frame, seen = rows_of_the_last_layer(ppl, ["the sun was happy"])
    assert seen[-1] > 1
    assert abs(frame["score"][0] - whole) > 1e-4


def test_tasks_that_need_every_token_get_every_token():
    ner = tidydl.pipeline("ner", model=tiny.kept("entities"))
    _, seen = rows_of_the_last_layer(ner, ["the sun was happy"])
    assert min(seen) > 1
    way = object()
    with first_token_alone(ner._loaded, way) as unchanged:
        assert unchanged is way


def test_a_forward_pass_of_the_users_own_sees_all_tokens_while_a_run_is_under_way(ppl):
    given = transformers.AutoTokenizer.from_pretrained(ppl.facts()["model"])("the sun was happy", return_tensors="pt")
    work = ppl.steps(["sun", "rain"])
    next(work)
    with torch.inference_mode():
        states = ppl.model(**given, output_hidden_states=True).hidden_states[-1]
    work.close()
    assert states.shape[1] == given["input_ids"].shape[1] > 1

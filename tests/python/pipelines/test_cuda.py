"""On a graphics card: the numbers of the processor, larger batches, memory that runs out and loses nothing."""

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
import tiny.inputs
import tiny.vision

pytestmark = pytest.mark.cuda


def test_a_card_is_taken_by_itself_and_named(folder):
    assert tidydl.pipeline(model=folder).device == "cuda:0"
    assert tidydl.pipeline(model=folder)("sun").attrs["tidydl"]["device"] == "cuda:0"


@pytest.mark.parametrize("task", ["zero-shot-classification", "token-classification", "question-answering"])
def test_tasks_give_the_numbers_of_the_processor(task):
    models = {"zero-shot-classification": "inference", "token-classification": "entities"}
    model = tiny.kept(models.get(task, "answers"))
    texts = tiny.sentences(20)
    given = {"zero-shot-classification": {"candidate_labels": ["joy", "sadness"]}}.get(task, {})
    x = pd.DataFrame({"question": ["the dog ?"] * 20, "context": texts}) if task == "question-answering" else texts
    there, here = (tidydl.pipeline(task, model=model, device=device)(x, **given) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there["score"], here["score"], atol=1e-4)
    assert there.columns.tolist() == here.columns.tolist()


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_features_of_images_are_those_of_the_processor_to_single_precision(name):
    model = tiny.vision.kept(name)
    there, here = (tidydl.pipeline(model=model, device=device)(tiny.inputs.pictures()) for device in ("cuda", "cpu"))
    wide = [frame.filter(like="dim_").to_numpy() for frame in (there, here)]
    np.testing.assert_allclose(*wide, atol=2e-5 * np.abs(wide[1]).max(), rtol=0)


def test_drawn_texts_are_those_of_the_processor():
    prompts = tiny.sentences(12, longest=4)
    there, here = (
        tidydl.pipeline("text-generation", model=tiny.kept("causal"), device=device)(
            prompts, do_sample=True, seed=5, max_new_tokens=6
        )
        for device in ("cuda", "cpu")
    )
    assert (there["generated_text"] == here["generated_text"]).mean() > 0.9  # a draw may fall between two roundings


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_near(folder, dtype):
    texts = tiny.sentences(20)
    half = tidydl.pipeline(model=folder, dtype=dtype, device="cuda")(texts, top_k=None)
    whole = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=None)
    keys = [".row", "label"]
    both = half.astype({"label": "str"}).merge(whole.astype({"label": "str"}), on=keys, suffixes=("_half", ""))
    np.testing.assert_allclose(both["score_half"], both["score"], atol=0.05)


def test_memory_that_really_runs_out_halves_the_batch_and_loses_nothing(folder):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).to("cuda")
    ppl = tidydl.pipeline(model=model)
    texts = tiny.sentences(64)
    expected = ppl(texts)
    free, _ = torch.cuda.mem_get_info()

    def too_much(module, args, kwargs):
        if len(kwargs["input_ids"]) > 8:
            torch.empty(free * 2, dtype=torch.uint8, device="cuda")

    hook = model.register_forward_pre_hook(too_much, with_kwargs=True)
    try:
        frame = ppl(texts)
        budget = ppl._loaded.weights.budget
        ppl(texts)
    finally:
        hook.remove()
    pd.testing.assert_frame_equal(frame, expected, atol=1e-5, rtol=0)
    assert ppl._loaded.weights.budget == budget < 32768


def test_forgetting_a_model_gives_its_memory_back(folder):
    before = torch.cuda.memory_allocated()
    ppl = tidydl.pipeline(model=folder, device="cuda", dtype="float64")
    assert torch.cuda.memory_allocated() > before
    del ppl
    assert "cuda:0" in tidydl.forget(str(folder))["device"].tolist()
    assert torch.cuda.memory_allocated() <= before

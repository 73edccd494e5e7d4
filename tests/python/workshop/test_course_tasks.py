"""Tasks of courses beyond classes of texts: what is missing, frames of results, seeds, chats and images."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tidydl
import tiny
from support.nested import assert_same
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError
from tidydl.workshop import transformers

SUN, RAIN = "the sun was happy", "rain again , not good"
ASKED = {"question": "who ?", "context": SUN}


def course(task, name, **options):
    return transformers.pipeline(task, model=str(tiny.kept(name)), device="cpu", **options)


def image_file(folder, seed=1):
    path = folder / f"{seed}.png"
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(path)
    return str(path)


MISSING = {
    "ner": ("entities", {}, {}, None),
    "zero-shot-classification": ("inference", {}, {"candidate_labels": ["work", "home"]}, None),
    "question-answering": ("answers", {}, {}, {**ASKED, "context": None}),
    "text-generation": ("causal", {}, {}, None),
    "summarization": ("seq2seq", {}, {}, None),
    "fill-mask": ("masked", {}, {}, None),
}


@pytest.mark.parametrize("task", MISSING)
def test_a_missing_input_has_a_missing_result_alone_and_among_others(task):
    model, options, given, missing = MISSING[task]
    ppl = course(task, model, **options)
    here = {"question-answering": ASKED, "fill-mask": "the [MASK] was"}.get(task, SUN)
    alone, among = ppl(missing, **given), ppl([here, missing], **given)
    assert_same(among[1], alone if not isinstance(among[1], dict) or isinstance(alone, dict) else alone[0])
    values = alone.wide().iloc[0]
    assert values.isna().all()
    assert list(among.wide().iloc[1].dropna()) == []
    assert not ppl(here, **given).wide().iloc[0].isna().all()


FRAMES = {
    "zero-shot-classification": ("inference", SUN, {"candidate_labels": ["work", "home"]}),
    "question-answering": ("answers", ASKED, {}),
    "fill-mask": ("masked", "the [MASK] was happy", {}),
    "text-generation": ("causal", SUN, {"max_new_tokens": 4}),
    "summarization": ("seq2seq", SUN, {"max_length": 8}),
}


@pytest.mark.parametrize("task", FRAMES)
def test_the_tidy_form_of_one_input_has_the_columns_of_our_pipelines(task):
    model, x, options = FRAMES[task]
    found = course(task, model)(x, **options).tidy()
    expected = tidydl.pipeline(task, model=tiny.kept(model), device="cpu")(x, **options)
    pd.testing.assert_frame_equal(found, expected, atol=5e-6)


def test_the_wide_form_of_labels_and_answers_has_a_row_for_each_input():
    labels = course("zero-shot-classification", "inference")([SUN, RAIN], ["work", "home"])
    assert list(labels.wide().columns) == ["sequence", "labels", "scores", "labels.1", "scores.1"]
    assert labels.wide()["sequence"].tolist() == [SUN, RAIN]
    answer = course("question-answering", "answers")(ASKED)
    assert list(answer.wide().columns) == ["score", "start", "end", "answer"]
    assert (answer.task, answer.inputs) == ("question-answering", ASKED)


def test_options_have_their_older_names():
    zero = course("zero-shot-classification", "inference", multi_class=True)
    assert_same(zero(SUN, ["work", "home"]), zero(SUN, ["work", "home"], multi_label=True))
    assert_same(zero([SUN], ["work", "home"])[0], zero(SUN, ["work", "home"]))
    assert len(course("fill-mask", "masked")("the [MASK] was", topk=2.0)) == 2
    assert len(course("question-answering", "answers")(ASKED, topk=2)) == 2


def test_results_of_other_tasks_are_those_of_transformers_and_have_frames_too(tmp_path):
    path = image_file(tmp_path)
    found = course("object-detection", "vision.yolos", threshold=0.1)(path)
    assert {"score", "label", "box"} == set(found[0])
    assert {"score", "label", "box.xmin", "box.ymax"} <= set(found.wide().columns)
    assert {"xmin", "ymax", "label"} <= set(found.tidy().columns)
    assert pickle.loads(pickle.dumps(found)) == found


def test_sampling_follows_the_seed_of_a_call_of_transformers_and_of_tidydl():
    ppl = course("text-generation", "causal")
    drawn = lambda **more: ppl(SUN, do_sample=True, max_new_tokens=12, **more)[0]["generated_text"]  # noqa: E731
    assert drawn(seed=1.0) == drawn(seed=1) != drawn(seed=2)
    transformers.set_seed(42.0)
    first = [drawn(), drawn()]
    transformers.set_seed(42)
    assert [drawn(), drawn()] == first
    tidydl.set_seed(42)
    assert [drawn(), drawn()] == first
    assert first[0] != first[1]
    assert ppl.may_draw
    assert not course("ner", "entities").may_draw


def test_settings_of_draws_are_idle_where_nothing_is_drawn():
    ppl = course("text-generation", "causal")
    assert_same(ppl(SUN, temperature=0.7, top_k=50.0, top_p=0.9), ppl(SUN))


def test_options_that_only_generate_knows_go_through_transformers_own_pipeline():
    ppl = course("text-generation", "causal")
    plain = ppl(SUN, max_new_tokens=5)
    assert_same(ppl(SUN, max_new_tokens=5, eos_token_id=0.0), plain)
    assert_same(ppl([SUN, RAIN], max_new_tokens=5, eos_token_id=0), [plain, ppl(RAIN, max_new_tokens=5)])
    drawn = [ppl(SUN, max_new_tokens=8, eos_token_id=0, do_sample=True, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_chats_come_back_with_the_answer():
    ppl = course("text-generation", "causal", max_new_tokens=4)
    chat = [{"role": "user", "content": "hi"}]
    one, several = ppl(chat), ppl([chat, chat])
    assert one[0]["generated_text"][:1] == chat
    assert one[0]["generated_text"][1]["role"] == "assistant"
    assert_same(several, [one, one])
    assert ppl(chat, return_full_text=False)[0]["generated_text"] == one[0]["generated_text"][1]["content"]


def test_an_image_made_larger_is_one_of_pillow(tmp_path):
    ppl = course("image-to-image", "vision.swin2sr")
    path = image_file(tmp_path)
    assert ppl(path).size == (48, 40)
    assert [each.size for each in ppl([path, path])] == [(48, 40)] * 2


def test_images_are_paths_pictures_or_cells_of_a_frame_and_never_addresses(tmp_path):
    ppl = transformers.pipeline("image-classification", model=str(tiny.image_folder(tmp_path / "vit")), device="cpu")
    path = image_file(tmp_path)
    expected = ppl(path)
    content = (tmp_path / "1.png").read_bytes()
    for same in (Image.open(path), {"bytes": content, "path": None}, {"path": path, "bytes": None}):
        assert_same(ppl(same), expected, within=IN_IMAGES)
    assert_same(ppl([path, Image.open(path)]), [expected, expected], within=IN_IMAGES)
    for several in ("https://example.org/a.png", ["https://example.org/a.png"]):
        with pytest.raises(ArgumentError, match="URL"):
            ppl(several)


def test_a_missing_image_has_a_missing_result(tmp_path):
    ppl = transformers.pipeline("image-classification", model=str(tiny.image_folder(tmp_path / "vit")), device="cpu")
    found = ppl([image_file(tmp_path), None], top_k=2.0)
    assert [len(each) for each in found] == [2, 1]
    assert math.isnan(found[1][0]["score"])

"""Text from images: the text of each image alone, prompts as each kind of model reads them, draws of an image's own."""

import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
import tiny.captions
from tidydl.errors import ArgumentError, HubError
from tiny.inputs import picture
from tiny.multimodal import kept

KINDS = ["git", "blip", "writer", "pix2struct", "blip2"]
PICTURES = [picture(i, (20 + i, 30 - i)) for i in range(6)]


@pytest.fixture(scope="module")
def captions():
    return {kind: tidydl.pipeline(model=kept(kind), device="cpu", max_new_tokens=6) for kind in KINDS}


def decoded(kind, made):
    return transformers.AutoTokenizer.from_pretrained(kept(kind)).decode(made[0], skip_special_tokens=True).strip()


def pixels(kind, image):
    return transformers.AutoImageProcessor.from_pretrained(kept(kind), backend="pil")(image, return_tensors="pt")


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_those_of_generate_one_image_at_a_time(captions, kind):
    frame = captions[kind]([*PICTURES, None], batch_size=4)
    for image, found in zip(PICTURES, frame["generated_text"], strict=False):
        made = captions[kind].model.generate(**pixels(kind, image), max_new_tokens=6, do_sample=False)
        assert found == decoded(kind, made)
    assert frame["generated_text"].nunique() > 3
    assert frame["generated_text"].isna().tolist() == [False] * len(PICTURES) + [True]
    assert frame.columns.tolist() == [".row", "image", "sequence", "generated_text"]
    pd.testing.assert_frame_equal(captions[kind]([*PICTURES, None], batch_size=1), frame)


def test_texts_equal_the_plain_pipeline(captions):
    plain = transformers.pipeline("image-text-to-text", model=str(kept("blip")), device="cpu")
    for image in PICTURES[:3]:
        settings = {"do_sample": False, "max_new_tokens": 6}
        theirs = plain(image, text="the cat", generate_kwargs=settings, return_full_text=False)[0]["generated_text"]
        assert theirs.strip()
        assert captions["blip"](image, prompt="the cat")["generated_text"].item() == ("the cat" + theirs).strip()


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_is_gone_on_with(captions, kind):
    tokenizer = transformers.AutoTokenizer.from_pretrained(kept(kind))
    bare = tokenizer("the cat", add_special_tokens=False)["input_ids"]
    whole = tokenizer("the cat")["input_ids"]
    seen = tokenizer.convert_tokens_to_ids("<image>")
    begun = {
        "git": {"input_ids": [tokenizer.cls_token_id, *bare]},
        "blip": {"input_ids": whole},
        "blip2": {"input_ids": [seen] * 3 + whole},
        "writer": {"decoder_input_ids": bare},
        "pix2struct": {"decoder_input_ids": bare},
    }[kind]
    given = {name: torch.tensor([ids]) for name, ids in begun.items()}
    found = captions[kind](PICTURES, prompt="the cat")["generated_text"].tolist()
    for image, text in zip(PICTURES, found, strict=True):
        tensors = {**pixels(kind, image), **{name: ids.clone() for name, ids in given.items()}}
        made = captions[kind].model.generate(**tensors, max_new_tokens=6, do_sample=False)
        assert text == decoded(kind, made)
        assert text.startswith("the cat")
    assert len(set(found)) > 2


@pytest.mark.parametrize("kind", ["git", "blip", "writer"])
def test_draws_follow_the_seed_and_the_place_not_the_batch(captions, kind):
    before = torch.get_rng_state()
    draws = {"do_sample": True, "temperature": 2.0, "seed": 5, "num_return_sequences": 2}
    together = captions[kind]([PICTURES[0]] * 4, **draws)
    pd.testing.assert_frame_equal(captions[kind]([PICTURES[0]] * 4, **draws, batch_size=1), together)
    assert together["generated_text"].nunique() > 3
    assert together["sequence"].tolist() == [1, 2] * 4
    assert together.attrs["tidydl"]["seed"] == 5
    assert torch.equal(torch.get_rng_state(), before)


def test_beams_are_those_of_generate(captions):
    beams = captions["blip"](PICTURES[:3], num_beams=3, num_return_sequences=2)
    settings = {"num_beams": 3, "num_return_sequences": 2, "max_new_tokens": 6, "do_sample": False}
    expected = []
    for image in PICTURES[:3]:
        made = captions["blip"].model.generate(**pixels("blip", image), **settings)
        expected += [decoded("blip", line[None]) for line in made]
    assert beams["generated_text"].tolist() == expected


def test_columns_and_kinds_are_the_same_for_none_one_and_many(captions):
    frames = [captions["git"](x) for x in ([], PICTURES[0], PICTURES, [None])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 6, 1]


def test_a_frame_of_pictures_keeps_its_index_and_augment_spreads_sequences(captions):
    data = pd.DataFrame({"scan": [PICTURES[0], PICTURES[1]], "note": ["a", "b"]}, index=["x", "y"])
    assert captions["git"](data, image="scan").index.tolist() == ["x", "y"]
    joined = tidydl.augment(captions["git"], data, image="scan", num_beams=2, num_return_sequences=2)
    assert joined.columns.tolist() == ["scan", "note", "generated_text", "generated_text.1"]
    assert joined.index.tolist() == ["x", "y"]


def test_a_broken_image_becomes_a_row_with_its_error(captions, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    frame = captions["blip"]([PICTURES[0], str(broken), PICTURES[1]], on_error="row")
    assert frame["generated_text"].isna().tolist() == [False, True, False]
    assert frame[".error"].notna().tolist() == [False, True, False]
    assert "2nd value" in frame[".error"].iloc[1]
    with pytest.raises(ArgumentError, match="URL"):
        captions["blip"]("https://example.org/cat.png")


def test_the_task_is_read_from_the_model_and_others_are_refused(captions, tmp_path):
    assert {each.task for each in captions.values()} == {"image-to-text"}
    assert captions["git"].facts()["do_sample"] is False
    with pytest.raises(ArgumentError, match="does not fit the task 'image-to-text'"):
        tidydl.pipeline("image-to-text", model=tiny.text_folder(tmp_path / "bert"))


def test_a_question_that_is_drawn_above_the_image_is_asked_for(tmp_path, monkeypatch):
    folder = tiny.captions.pix2struct_folder(tmp_path / "asked")
    images = transformers.Pix2StructImageProcessorPil(max_patches=20, patch_size={"height": 4, "width": 4}, is_vqa=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    transformers.Pix2StructProcessor(images, tokenizer).save_pretrained(folder)
    asked = tidydl.pipeline(model=folder, device="cpu", max_new_tokens=4)
    with pytest.raises(ArgumentError, match="`prompt` is missing"):
        asked(PICTURES[0])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubError, match="font from the Hub"):
        asked(PICTURES[0], prompt="what is it ?")


@pytest.mark.parametrize("options", [{"temperature": 0.5}, {"seed": 1}, {"num_return_sequences": 2}], ids=str)
def test_options_that_would_do_nothing_are_refused(captions, options):
    with pytest.raises(ArgumentError, match="nothing is sampled"):
        captions["git"](PICTURES[0], **options)

"""Text from texts, images, sounds and videos: the new text of each input alone, however what it carries is given."""

import base64
import json
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
import tiny.multimodal
from tidydl.errors import ArgumentError, DamagedFileError, DependencyError
from tidydl.pipelines.families.mixed import multimodal
from tiny.inputs import encoded, picture
from tiny.multimodal import kept

TEXTS = ["is the cat good ?", "dog ?", "the sun today is good", "is my friend happy ?", "we lost a dog", "the rain"]
PICTURES = [picture(i, (20 + 20 * (i % 3), 30)) for i in range(6)]
GREEDY = {"do_sample": False, "max_new_tokens": 6}


@pytest.fixture(scope="module")
def write():
    return {kind: tidydl.pipeline(model=kept(kind), device="cpu", max_new_tokens=6) for kind in ("llava", "idefics3")}


@pytest.fixture(scope="module")
def plain():
    own = {
        kind: transformers.pipeline("image-text-to-text", model=str(kept(kind)), device="cpu")
        for kind in ("llava", "idefics3")
    }

    def answer(kind, chat):
        return own[kind](text=chat, return_full_text=False, generate_kwargs=GREEDY)[0]["generated_text"]

    return answer


def said(text, *images):
    return {
        "role": "user",
        "content": [*({"type": "image", "image": each} for each in images), {"type": "text", "text": text}],
    }


@contextmanager
def counted(model):
    """Note how many lines each call of the model has."""
    sizes = []
    note = lambda _, args, given: sizes.append(len(given["input_ids"]))  # noqa: E731
    hook = model.register_forward_pre_hook(note, with_kwargs=True)
    yield sizes
    hook.remove()


def sound(seed, count=9000):
    heard = np.random.default_rng(seed).normal(0, 0.2, count).clip(-1, 1)
    return {"array": heard.astype("float32"), "sampling_rate": 16000}


@pytest.mark.parametrize("kind", ["llava", "idefics3"])
def test_texts_about_images_equal_the_plain_pipeline_one_at_a_time(write, plain, kind):
    frame = write[kind](TEXTS, image=PICTURES)
    expected = [plain(kind, [said(text, image)]).strip() for text, image in zip(TEXTS, PICTURES, strict=True)]
    assert frame["generated_text"].tolist() == expected
    assert frame["generated_text"].nunique() == 6
    assert frame.columns.tolist() == [".row", "text", "image", "sequence", "generated_text"]
    alone = write[kind](TEXTS)
    assert alone["generated_text"].tolist() == [plain(kind, [said(text)]).strip() for text in TEXTS]
    assert alone.columns.tolist() == [".row", "text", "sequence", "generated_text"]


@pytest.mark.parametrize("kind", ["llava", "idefics3"])
def test_batches_change_nothing_nor_does_it_when_images_are_read_twice(write, kind, monkeypatch):
    with counted(write[kind].model) as sizes:
        together = write[kind](TEXTS, image=PICTURES)
    assert max(sizes) > 1
    for size in (1, 3):
        pd.testing.assert_frame_equal(write[kind](TEXTS, image=PICTURES, batch_size=size), together)
    monkeypatch.setattr(multimodal, "_HELD", 0)
    pd.testing.assert_frame_equal(write[kind](TEXTS, image=PICTURES), together)


def test_a_text_that_places_its_image_itself_is_taken_as_it_is(write):
    plain = transformers.pipeline("image-text-to-text", model=str(kept("llava")), device="cpu")
    ours = write["llava"]("<image>the cat", image=PICTURES[0])["generated_text"].item()
    theirs = plain(PICTURES[0], text="<image>the cat", generate_kwargs=GREEDY, return_full_text=False)
    assert ours == theirs[0]["generated_text"]
    bare = tidydl.pipeline(model=kept("plain_llava"), device="cpu", max_new_tokens=6)
    assert bare("<image>the cat", image=PICTURES[0])["generated_text"].item() == ours
    whole = bare("<image>the cat", image=PICTURES[0], return_full_text=True)["generated_text"].item()
    assert whole == "<image>the cat" + ours
    with pytest.raises(ArgumentError, match="no chat template"):
        bare([said("the cat", PICTURES[0])])
    with pytest.raises(ArgumentError, match="cannot be read by the processor"):
        bare(["<image>the cat", "<image><image>the dog"], image=[PICTURES[0], PICTURES[1]])


@pytest.mark.parametrize("form", ["image", "path", "url", "bytes", "base64", "image_url", "array", "no type"])
def test_blocks_carry_images_under_any_of_the_usual_names(write, plain, tmp_path, form):
    path = tmp_path / "seen.png"
    PICTURES[0].save(path)
    block = {
        "image": {"type": "image", "image": PICTURES[0]},
        "path": {"type": "image", "path": str(path)},
        "url": {"type": "image", "url": str(path)},
        "bytes": {"type": "image", "bytes": encoded(PICTURES[0])},
        "base64": {"type": "image", "base64": base64.b64encode(encoded(PICTURES[0])).decode()},
        "image_url": {"type": "image_url", "image_url": {"url": str(path)}},
        "array": {"type": "image", "array": np.asarray(PICTURES[0])},
        "no type": {"image": path},
    }[form]
    chat = [{"role": "user", "content": [block, {"type": "text", "text": "the cat"}]}]
    frame = write["llava"](chat)
    assert frame["generated_text"].tolist() == [plain("llava", [said("the cat", PICTURES[0])]).strip()]
    assert frame["text"].tolist() == ["the cat"]


@pytest.mark.parametrize(
    ("block", "error", "what"),
    [
        ({"type": "image", "url": "https://example.org/cat.png"}, ArgumentError, "1st value of `x`.*URL"),
        ({"type": "tool_call"}, ArgumentError, "type is 'tool_call'"),
        ({"type": "image", "base64": "not base64!"}, ArgumentError, "not base64"),
        ({"type": "image"}, ArgumentError, "is empty"),
        ({"type": "text"}, ArgumentError, "None, not a text"),
        ({"type": "image", "bytes": b"no image"}, DamagedFileError, "1st value of `x`"),
        ({"type": "audio", "audio": sound(1)}, ArgumentError, "does not read audio"),
    ],
    ids=str,
)
def test_what_a_block_cannot_carry_is_refused(write, block, error, what):
    with pytest.raises(error, match=what):
        write["llava"]([{"role": "user", "content": [block, {"type": "text", "text": "the cat"}]}])


def test_chats_come_as_frames_told_apart_by_row_and_carry_images_in_a_column(write, plain):
    frame = pd.DataFrame(
        {
            ".row": [0, 0, 1, 1, 1],
            "role": ["system", "user", "user", "assistant", "user"],
            "content": ["be calm", "the cat", "the dog", "a dog", "and the sun ?"],
            "image": [None, PICTURES[0], [PICTURES[1], PICTURES[2]], None, None],
        }
    )
    first = [{"role": "system", "content": [{"type": "text", "text": "be calm"}]}, said("the cat", PICTURES[0])]
    answered = {"role": "assistant", "content": [{"type": "text", "text": "a dog"}]}
    second = [said("the dog", PICTURES[1], PICTURES[2]), answered, said("and the sun ?")]
    expected = [plain("idefics3", chat).strip() for chat in (first, second)]
    found = write["idefics3"](frame)
    assert found["generated_text"].tolist() == expected
    assert found["text"].tolist() == ["the cat", "and the sun ?"]
    assert found[".row"].tolist() == [0, 1]
    for form in ([first, second], pd.DataFrame({"text": [first, second]}), [frame.iloc[:2], frame.iloc[2:]]):
        assert write["idefics3"](form)["generated_text"].tolist() == expected
    assert write["idefics3"](tuple(first))["generated_text"].tolist() == expected[:1]


def test_images_beside_a_chat_fill_its_open_blocks_or_go_to_the_last_message(write):
    expected = write["llava"]([said("the cat", PICTURES[0])])["generated_text"].tolist()
    still_open = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "the cat"}]}]
    assert write["llava"](still_open, image=PICTURES[0])["generated_text"].tolist() == expected
    plain_text = [{"role": "user", "content": "the cat"}]
    assert write["llava"](plain_text, image=PICTURES[0])["generated_text"].tolist() == expected
    with pytest.raises(ArgumentError, match="without a user message to attach"):
        write["llava"]([{"role": "system", "content": "the cat"}], image=PICTURES[0])


def test_an_answer_that_is_begun_is_gone_on_with(write, plain):
    chat = [said("the cat", PICTURES[0]), {"role": "assistant", "content": [{"type": "text", "text": "it is"}]}]
    assert write["llava"](chat)["generated_text"].item() == plain("llava", chat).strip()
    assert write["llava"](chat)["generated_text"].item() != write["llava"](chat[:1])["generated_text"].item()


def test_columns_and_kinds_are_the_same_for_none_one_and_many(write):
    given = [([], []), ("the cat", PICTURES[0]), (TEXTS, PICTURES), (["the cat", None], PICTURES[:2])]
    frames = [write["llava"](text, image=image) for text, image in given]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 6, 2]
    assert frames[3]["generated_text"].isna().tolist() == [False, True]
    assert len({tuple(map(str, write["llava"](x).dtypes)) for x in ([], "the cat", TEXTS, [None])}) == 1


def test_frames_keep_their_index_and_augment_spreads_sequences(write):
    data = pd.DataFrame({"text": TEXTS[:2], "image": PICTURES[:2]}, index=["x", "y"])
    assert write["llava"](data).index.tolist() == ["x", "y"]
    joined = tidydl.augment(write["llava"], data, num_beams=2, num_return_sequences=2)
    assert joined.columns.tolist() == ["text", "image", "generated_text", "generated_text.1"]
    dicts = write["llava"](data.to_dict("records"))
    assert dicts["generated_text"].tolist() == write["llava"](data)["generated_text"].tolist()


@pytest.mark.parametrize("sequences", [1, 3])
def test_draws_follow_the_seed_and_the_place_not_the_batch(write, sequences):
    before = torch.get_rng_state()
    draws = {"do_sample": True, "temperature": 2.0, "num_return_sequences": sequences}
    together = write["idefics3"]([TEXTS[0]] * 4, image=[PICTURES[0]] * 4, seed=5, **draws)
    for size in (1, 3):
        again = write["idefics3"]([TEXTS[0]] * 4, image=[PICTURES[0]] * 4, seed=5, **draws, batch_size=size)
        pd.testing.assert_frame_equal(again, together)
    assert together["generated_text"].nunique() > 3
    other = write["idefics3"]([TEXTS[0]] * 4, image=[PICTURES[0]] * 4, seed=6, **draws)
    assert other["generated_text"].tolist() != together["generated_text"].tolist()
    assert torch.equal(torch.get_rng_state(), before)


def test_beams_and_total_lengths_are_those_of_generate(write):
    processor = transformers.AutoProcessor.from_pretrained(kept("llava"))
    bare = tidydl.pipeline(model=kept("llava"), device="cpu")
    for ours, theirs in (
        ({"num_beams": 3, "max_new_tokens": 5}, {"num_beams": 3, "max_new_tokens": 5}),
        ({"max_length": 40}, {"max_length": 40}),
    ):
        found = bare(TEXTS, image=PICTURES, **ours)["generated_text"].tolist()
        for text, image, each in zip(TEXTS, PICTURES, found, strict=True):
            prompt = f"user: <image>{text}\nanswer: "
            tensors = processor(text=prompt, images=image, return_tensors="pt")
            made = bare.model.generate(**tensors, do_sample=False, **theirs)
            new = made[0, tensors["input_ids"].shape[1] :]
            assert each == processor.tokenizer.decode(new, skip_special_tokens=True).strip()


def test_equal_inputs_are_computed_once(write):
    with counted(write["llava"].model) as sizes:
        write["llava"](["the cat"] * 3 + [None], image=[PICTURES[0]] * 4, max_new_tokens=1)
    assert sum(sizes) == 1


def test_a_broken_image_becomes_a_row_with_its_error(write, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    frame = write["llava"](TEXTS[:3], image=[PICTURES[0], str(broken), PICTURES[1]], on_error="row")
    assert frame["generated_text"].isna().tolist() == [False, True, False]
    assert "2nd value" in frame[".error"].iloc[1]


def test_sounds_are_heard_as_by_the_plain_pipeline():
    ppl = tidydl.pipeline(model=kept("qwen2_audio"), device="cpu", max_new_tokens=6)
    assert ppl.task == "any-to-any"
    plain = transformers.pipeline("any-to-any", model=str(kept("qwen2_audio")), device="cpu")
    sounds = [sound(i, 6000 + 1500 * i) for i in range(4)]
    frame = ppl(TEXTS[:4], audio=sounds)
    for text, heard, found in zip(TEXTS, sounds, frame["generated_text"], strict=False):
        samples = tidydl.data.media.audio.as_audio(heard).array(16000)
        prompt = f"user: <audio>{text}\nanswer: "
        theirs = plain(text=prompt, audio=samples, return_full_text=False, generate_kwargs=GREEDY)
        assert found == theirs[0]["generated_text"].strip()
    assert frame["generated_text"].nunique() == 4
    pd.testing.assert_frame_equal(ppl(TEXTS[:4], audio=sounds, batch_size=1), frame)
    blocks = [
        {"type": "audio", "audio": sounds[0]["array"], "sampling_rate": 16000},
        {"type": "text", "text": TEXTS[0]},
    ]
    assert ppl([{"role": "user", "content": blocks}])["generated_text"].item() == frame["generated_text"].iloc[0]
    with pytest.raises(ArgumentError, match="does not read videos"):
        ppl("the cat", video=PICTURES[:1])


def test_a_model_that_reads_images_sees_some_frames_of_a_video(write):
    ppl = tidydl.pipeline("any-to-any", model=kept("llava"), device="cpu", max_new_tokens=6)
    video = [picture(i, (16, 16)) for i in range(9)]
    found = ppl("the cat", video=video, num_frames=3)
    shown = write["llava"]([said("the cat", video[0], video[4], video[8])])
    assert found["generated_text"].tolist() == shown["generated_text"].tolist()
    assert found.columns.tolist() == [".row", "text", "video", "sequence", "generated_text"]
    assert found["video"].tolist() == ["<video 9 frames>"]
    assert ppl("the cat", video=video)["generated_text"].item() != found["generated_text"].item()
    tiling = tidydl.pipeline("any-to-any", model=kept("idefics3"), device="cpu", max_new_tokens=6)
    processor = transformers.AutoProcessor.from_pretrained(kept("idefics3"))
    prompt, images = "user: <image><image>the cat\nanswer: ", [[video[0], video[8]]]
    whole = processor(text=[prompt], images=images, do_image_splitting=False, return_tensors="pt")
    made = tiling.model.generate(**whole, **GREEDY)[0, whole["input_ids"].shape[1] :]
    found = tiling("the cat", video=video, num_frames=2)["generated_text"].item()  # frames are not cut into tiles
    assert found == processor.tokenizer.decode(made, skip_special_tokens=True).strip()


def test_images_are_scaled_by_pillow_and_words_read_as_ever(write):
    for ppl in write.values():
        processor = ppl._loaded.processor
        assert type(processor.image_processor).__name__.endswith("Pil")
        assert processor.tokenizer.backend == "tokenizers"


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is there")
def test_a_model_whose_videos_need_torchvision_names_it(tmp_path):
    folder = tiny.multimodal.idefics3_folder(tmp_path / "videos")
    settings = json.loads((folder / "processor_config.json").read_text())
    videos = {"video_processor_type": "SmolVLMVideoProcessor"}
    settings |= {"processor_class": "SmolVLMProcessor", "video_processor": videos}
    (folder / "processor_config.json").write_text(json.dumps(settings))
    with pytest.raises(DependencyError, match="a library that is missing or cannot be imported: torchvision"):
        tidydl.pipeline("image-text-to-text", model=folder, device="cpu")


def test_the_task_is_read_from_the_model_and_others_are_refused(write, tmp_path):
    assert {ppl.task for ppl in write.values()} == {"image-text-to-text"}
    assert write["llava"].facts()["do_sample"] is False
    with pytest.raises(ArgumentError, match="does not fit the task 'image-text-to-text'"):
        tidydl.pipeline("image-text-to-text", model=tiny.text_folder(tmp_path / "bert"))
    with pytest.raises(ArgumentError, match="nothing is sampled"):
        write["llava"]("the cat", seed=1)
    with pytest.raises(ArgumentError, match="content is missing"):
        write["llava"]([{"role": "user", "content": None}])

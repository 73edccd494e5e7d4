"""Model folders of strangers and broken ones: nothing outside is opened, fetched or run, and every error is ours."""

import base64
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import tidydl
import tiny
from support import ROOT, hostile_models
from support.hostile_models import rewrite
from tidydl.errors import ArgumentError, DamagedFileError, DataError, NotFoundError, StorageError, TidydlError
from tidydl.pipelines.vetting.sizes import large_input

HOSTILE = {**hostile_models.TEXT, **hostile_models.IMAGE}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Load every hostile folder in a process that tells what it opened."""
    top = tmp_path_factory.mktemp("hostile")
    text, image = tiny.text_folder(top / "text"), tiny.image_folder(top / "image")
    Image.new("RGB", (16, 16)).save(image / "x.png")
    steps = []
    for k, (name, change) in enumerate(HOSTILE.items()):
        kind = "text" if name in hostile_models.TEXT else "image"
        folder, outside = top / str(k) / "model", top / str(k) / "outside"
        shutil.copytree(text if kind == "text" else image, folder)
        outside.mkdir()
        change(folder, outside)
        steps.append({"task": f"{kind}-classification", "folder": str(folder)})
        steps[-1] |= {"x": str(folder / "x.png")} if kind == "image" else {}
    well = [
        {"task": "text-classification", "folder": str(text)},
        {"task": "image-classification", "folder": str(image), "x": str(image / "x.png")},
    ]
    steps = [{**step, "warm": True} for step in well] + well + steps
    (top / "steps.json").write_text(json.dumps(steps), "utf-8")
    env = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(top / "home")}
    script = [sys.executable, str(ROOT / "tests" / "python" / "support" / "watched.py"), str(top / "steps.json")]
    told = subprocess.run(script, check=True, capture_output=True, text=True, env=env).stdout.splitlines()[-1]
    assert not list(top.rglob("*.ran"))
    return dict(zip(("warm text", "warm image", "well", "well too", *HOSTILE), json.loads(told), strict=True))


def test_what_is_loaded_of_a_good_folder_lies_in_it(watched):
    for name in ("well", "well too"):
        assert "label" in watched[name], watched[name]
        assert watched[name]["events"] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_by_name_and_opens_nothing_else(watched, name):
    found = watched[name]
    assert found["events"] == []
    assert found.get("kind") == "argument", found
    assert "model" in found["error"]
    assert ("custom code" in found["error"]) == (name == "code of its own")


@pytest.fixture
def copied(folder, tmp_path):
    """Copy the tiny text classifier to where it may be changed."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def pipeline(folder, task="text-classification", **more):
    return tidydl.pipeline(task, folder, device="cpu", **more)


def test_links_within_a_folder_and_those_of_the_hubs_cache_are_followed(copied, tmp_path):
    (copied / "weights").mkdir()
    (copied / "model.safetensors").rename(copied / "weights" / "model.safetensors")
    (copied / "model.safetensors").symlink_to("weights/model.safetensors")
    (tmp_path / "link").symlink_to(copied)
    assert pipeline(tmp_path / "link")("the sun").shape[0] == 1
    snapshot = tmp_path / "models--us--x" / "snapshots" / ("0" * 40)
    blobs = tmp_path / "models--us--x" / "blobs"
    shutil.copytree(copied, snapshot)
    blobs.mkdir()
    (snapshot / "config.json").rename(blobs / ("a" * 40))
    (snapshot / "config.json").symlink_to(f"../../blobs/{'a' * 40}")
    assert pipeline(snapshot)("the sun").shape[0] == 1
    tidydl.forget()
    (blobs / ("a" * 40)).rename(blobs / "secret")
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to("../../blobs/secret")
    with pytest.raises(ArgumentError, match=r"'config\.json' is a link that leaves"):
        pipeline(snapshot)


# What config.json may claim, and some words of the error.
CLAIMS = {
    "vocabulary": ({"vocab_size": 10**12}, "claims"),
    "layers": ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
    "some layers": ({"num_hidden_layers": 50_000}, "num_hidden_layers"),
    "positions": ({"max_position_embeddings": 10**12}, "claims"),
    "width": ({"hidden_size": 10**6, "intermediate_size": 10**6}, "claims"),
    "inner width": ({"intermediate_size": 10**9}, "claims"),
    "beyond torch": ({"vocab_size": 10**30}, ""),
    "below zero": ({"vocab_size": -5}, ""),
    "a text": ({"num_hidden_layers": "2"}, ""),
    "a list": ({"hidden_size": [16]}, ""),
    "nothing": ({"hidden_size": None}, ""),
    "labels": ({"id2label": {"0": ["a"], "x": 3}}, ""),
    "labels as a number": ({"id2label": 3}, ""),
    "kinds": ({"architectures": 3}, ""),
    "kind": ({"model_type": ["bert"]}, ""),
    "dtype": ({"dtype": "load"}, ""),
    "activation": ({"hidden_act": "system"}, ""),
    "problem": ({"problem_type": {"a": 1}}, None),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_config_that_claims_what_cannot_be_is_an_error_before_memory_is_taken(copied, name):
    change, words = CLAIMS[name]
    rewrite(copied / "config.json", **change)
    if words is None:
        pipeline(copied)("the sun")
        return
    with pytest.raises(TidydlError, match=words or None):
        pipeline(copied)("the sun")


# What a file of settings may say that transformers makes a long list of, and some words of the error.
LONG = {
    "labels": ("config.json", {"num_labels": 2**31}, r"sets `num_labels` to 2147483648, but at most 100,000"),
    "classes": ("config.json", {"num_classes": 10**7}, r"sets `num_classes` to 10000000, but at most 100,000"),
    "layers": (
        "config.json",
        {"model_type": "qwen2", "num_hidden_layers": 10**7},
        r"sets `num_hidden_layers` to 10000000, but at most 10,000",
    ),
    "layers inside": ("config.json", {"text_config": {"num_layers": 10**7}}, "sets `num_layers`"),
    "beyond doubles": ("config.json", {"num_labels": 10**400}, "sets `num_labels`"),
    "architectures": ("config.json", {"architectures": ["x"] * 101}, "has 101 entries in `architectures`"),
    "names of labels": (
        "config.json",
        {"id2label": dict.fromkeys(map(str, range(100_001)), "x")},
        "has 100,001 entries in `id2label`",
    ),
    "generation": ("generation_config.json", {"suppress_tokens": [1] * 1_000_001}, "1,000,001 entries in `suppress_t"),
    "tokens": ("special_tokens_map.json", {"additional": ["x"] * 1_000_001}, "1,000,001 entries in `additional`"),
}


@pytest.mark.parametrize("name", LONG)
def test_settings_that_become_long_lists_are_refused_before_transformers_reads_them(copied, monkeypatch, name):
    import transformers

    file, change, words = LONG[name]
    rewrite(copied / file, **change)
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", None)
    with pytest.raises(ArgumentError, match=rf"whose '{file}' {words}" if words.startswith("sets") else words):
        pipeline(copied)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"3", b'"x"', b"{", b"\xff", b"{}", b"[" * 100_000, None])
def test_a_file_that_holds_something_else_is_an_error_of_ours(copied, file, content):
    (copied / file).unlink()
    if content is None:
        (copied / file).mkdir()
    else:
        (copied / file).write_bytes(content)
    without = file.startswith("tokenizer") and content is None  # other files of the tokenizer do
    if without or (file == "tokenizer_config.json" and content == b"{}"):
        assert len(pipeline(copied)("the sun")) == 1
        return
    with pytest.raises(TidydlError):
        pipeline(copied)("the sun")


def test_a_tokenizer_that_gives_up_in_rust_is_a_damaged_file(copied):
    held = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    for change in ({"model": {}}, {"model": {"type": "WordPiece", "vocab": {}}}, {"normalizer": {"type": "x"}}):
        (copied / "tokenizer.json").write_text(json.dumps({**held, **change}), "utf-8")
        with pytest.raises(TidydlError):
            pipeline(copied)("the sun")


def test_a_tokenizer_with_more_tokens_than_the_model_is_named(copied):
    held = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    held["model"]["vocab"]["wolf"] = 5000
    (copied / "tokenizer.json").write_text(json.dumps(held), "utf-8")
    ppl = pipeline(copied)
    assert len(ppl(["the sun"])) == 1
    with pytest.raises(DataError, match=r"tokenizer has \d+ tokens but whose model has only \d+.*token id 5000"):
        ppl(["the sun", "a wolf"])
    found = ppl(["the sun", "a wolf", "the dog"], on_error="row", top_k=1)
    assert found[".error"].notna().tolist() == [False, True, False]


def charsmap(letters):
    """Map "a" to a text, as sentencepiece does: a trie, and the texts."""
    trie = [0] * 1024
    trie[0], trie[256 ^ ord("a")] = 256 << 10, ord("a") | 1 << 8 | 512 << 10
    held = struct.pack("<1024I", *trie)
    return base64.b64encode(struct.pack("<I", len(held)) + held + b"b" * letters + b"\0").decode()


def test_a_tokenizer_that_makes_texts_endlessly_longer_is_refused(copied):
    held = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    twice = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
    held["normalizer"] = {"type": "Sequence", "normalizers": [twice] * 40}
    (copied / "tokenizer.json").write_text(json.dumps(held), "utf-8")
    rewrite(copied / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    with pytest.raises(ArgumentError, match="times as long"):
        pipeline(copied)("a")


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("decoder", {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 20_000}),
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": charsmap(20_000)}),
        (
            "post_processor",
            {
                "type": "TemplateProcessing",
                "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 20_000,
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {},
            },
        ),
        (
            "post_processor",
            {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "x", "type_id": 0}}] * 200
                + [{"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {"x": {"id": "x", "ids": [1] * 100, "tokens": ["x"] * 100}},
            },
        ),
        (
            "padding",
            {"strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None}
            | {"pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        ),
    ],
)
def test_other_steps_of_a_tokenizer_that_make_much_of_a_text_are_refused(copied, part, step):
    held = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    (copied / "tokenizer.json").write_text(json.dumps({**held, part: step}), "utf-8")
    rewrite(copied / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    with pytest.raises(ArgumentError, match=r"times as long|fills each text"):
        pipeline(copied)("a")


def test_a_map_of_sentencepiece_that_makes_a_little_of_a_letter_is_read(copied):
    rewrite(copied / "tokenizer.json", normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap(50)})
    rewrite(copied / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    assert len(pipeline(copied)("a", top_k=1)) == 1


def test_settings_that_are_usual_ask_for_nothing_too_large():
    usual = {"model_max_length": 10**30, "image_token_id": 151_655, "image_mean": [0.5] * 3, "rescale_factor": 1 / 255}
    usual |= {"chunk_length": 30, "n_fft": 400, "sampling_rate": 16_000, "nb_max_frames": 3000, "n_samples": 480_000}
    assert large_input(usual | {"size": {"height": 224, "width": 224}, "crop_size": 224, "resample": 3}) is None
    patches = {"merge_size": 2, "max_pixels": 12_845_056, "size": {"shortest_edge": 3136, "longest_edge": 12_845_056}}
    assert large_input({"image_processor": patches}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"size": {"height": 10**6, "width": 10**6}},
        {"size": {"height": 30_000, "width": 30_000}},
        {"size": {"shortest_edge": 10**6}},
        {"size": 10**6},
        {"size": 30_000},
        {"crop_size": 10**6},
        {"crop_size": [30_000, 30_000]},
        {"pad_size": {"height": 1e6, "width": 16}},
        {"image_processor": {"size": [10**6, 16]}},
        {"max_length_s": 1e6, "sampling_rate": 48_000},
        {"crop_size": {"height": 10**9, "width": 16}},
        {"image_mean": "x"},
        {"resample": 99},
    ],
)
def test_an_image_processor_that_asks_for_too_much_is_an_error(tmp_path, change):
    folder = tiny.image_folder(tmp_path / "vit")
    rewrite(folder / "preprocessor_config.json", **change)
    with pytest.raises(TidydlError):
        pipeline(folder, "image-classification")(Image.new("RGB", (16, 16)))


@pytest.mark.parametrize("change", [{"max_new_tokens": 10**12}, {"num_beams": 10**6}, {"max_new_tokens": "many"}])
def test_generation_settings_that_ask_for_too_much_are_an_error(tmp_path, change):
    folder = tiny.causal_folder(tmp_path / "gpt")
    rewrite(folder / "generation_config.json", **change)
    with pytest.raises(TidydlError):
        pipeline(folder, "text-generation")("the sun")


def test_a_header_that_is_longer_than_its_file_is_damage(copied):
    (copied / "model.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        pipeline(copied)


def test_a_panic_in_rust_is_a_row_where_errors_may_be(ppl, monkeypatch):
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    own = type(ppl._loaded.tokenizer)._encode_plus

    def sometimes(self, text, *args, **more):
        if "wolf" in str(text):
            raise panic("index out of bounds")
        return own(self, text, *args, **more)

    monkeypatch.setattr(type(ppl._loaded.tokenizer), "_encode_plus", sometimes)
    found = ppl(["the sun", "wolf", "the dog"], on_error="row", top_k=1)
    assert found[".error"].notna().tolist() == [False, True, False]
    assert "PanicException" in found[".error"][1]
    with pytest.raises(DataError, match="PanicException"):
        ppl(["the sun", "wolf"])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(copied):
    copied.chmod(0)
    try:
        with pytest.raises((StorageError, NotFoundError), match="copy"):
            pipeline(copied)
    finally:
        copied.chmod(0o755)


def test_an_example_model_on_a_full_disk_says_that_it_is_full(tmp_path):
    code = (
        "import resource, tidydl\n"
        "from tidydl.errors import StorageError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))\n"
        "try:\n    tidydl.example_model('emotion')\n"
        "except StorageError as problem:\n    print(problem)\n"
    )
    env = {**os.environ, "TIDYDL_CACHE": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "disk is full" in told.stdout, told.stderr[-2000:]
    assert not list(tmp_path.rglob("*.safetensors"))
    assert errno.EFBIG in __import__("tidydl.boundaries", fromlist=["x"]).FULL_DISK

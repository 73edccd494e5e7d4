"""What a checkpoint holds: the run of one model, of certain inputs and options, whatever their names."""

import json
import os
import shutil

import pandas as pd
import pytest
import transformers

import tidydl
import tiny
import tiny.synthesis
from tidydl.errors import ArgumentError, StorageError
from tidydl.pipelines.checkpoints import file_hashes
from tidydl.pipelines.checkpoints.identity import identity
from tidydl.pipelines.inputs import read_inputs
from tiny.inputs import picture


def test_another_image_under_the_same_path_is_another_input(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    path = tmp_path / "photo.png"
    picture(1).save(path)
    before = os.stat(path)
    ppl([path], checkpoint=tmp_path / "run")
    content = bytearray(path.read_bytes())
    picture(2).save(path)
    other = path.read_bytes()
    with pytest.raises(ArgumentError, match="a different set of inputs"):
        ppl([path], checkpoint=tmp_path / "run")
    path.write_bytes(bytes(content))
    assert len(ppl([path], checkpoint=tmp_path / "run")) == 5
    path.write_bytes(other.ljust(len(content), b"\0")[: len(content)])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as long, and as old by its own account
    with pytest.raises(ArgumentError, match="a different set of inputs"):
        ppl([path], checkpoint=tmp_path / "run")


def test_the_same_image_elsewhere_is_the_same_input(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    picture(1).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    first = ppl([tmp_path / "a.png"], checkpoint=tmp_path / "run")
    pd.testing.assert_series_equal(ppl([tmp_path / "b.png"], checkpoint=tmp_path / "run")["score"], first["score"])


def test_an_image_that_changes_during_the_run_ends_it(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        picture(i).save(path)
    hook = ppl.model.register_forward_pre_hook(lambda *_: picture(9).save(paths[1]))
    try:
        with pytest.raises(ArgumentError, match=r"1\.png', which changed during the run"):
            ppl(paths, checkpoint=tmp_path / "run")
    finally:
        hook.remove()
    assert not list((tmp_path / "run").glob("part-*"))


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(file_hashes, "_SETTLED", -1.0)
    (tmp_path / "a").write_bytes(b"one")
    first, second = file_hashes.FileHashes(), file_hashes.FileHashes()
    found = first.digest(tmp_path / "a")
    first.keep()
    kept = tmp_path / "cache" / "file-hashes.txt"
    kept.write_bytes(b"half a li" + kept.read_bytes() + b"\xff\n")
    (tmp_path / "a").chmod(0)
    (tmp_path / "a").chmod(0o644)  # which counts as a change
    assert second.digest(tmp_path / "a") == found
    second.keep()
    assert len(kept.read_bytes().splitlines()) == 3
    third = file_hashes.FileHashes()
    assert third.digest(tmp_path / "a") == found
    third.keep()
    assert len(kept.read_bytes().splitlines()) == 3
    (tmp_path / "a").write_bytes(b"two")
    assert third.digest(tmp_path / "a") != found


def test_one_weight_in_a_middle_layer_makes_another_model(folder, tmp_path):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    ppl = tidydl.pipeline(model=model, tokenizer=str(folder))
    ppl(["sun"], checkpoint=tmp_path / "run")
    weights = list(model.parameters())
    weights[len(weights) // 2].data.view(-1)[0] += 0.5
    with pytest.raises(ArgumentError, match="a different model"):
        ppl(["sun"], checkpoint=tmp_path / "run")


def test_another_tokenizer_is_another_run(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "model")
    tidydl.pipeline(model=tmp_path / "model")(["The Sun"], checkpoint=tmp_path / "run")
    held = tidydl.pipeline(model=tmp_path / "model")
    settings = json.loads((tmp_path / "model" / "tokenizer_config.json").read_text())
    (tmp_path / "model" / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": False}))
    with pytest.raises(ArgumentError, match="changed since the pipeline was made"):
        held(["The Sun"], checkpoint=tmp_path / "held")
    with pytest.raises(ArgumentError, match="a different tokenizer"):
        tidydl.pipeline(model=tmp_path / "model")(["The Sun"], checkpoint=tmp_path / "run")
    given = transformers.AutoTokenizer.from_pretrained(folder)
    own = tidydl.pipeline(model=folder, tokenizer=given)
    own(["The Sun"], checkpoint=tmp_path / "given")
    given.add_tokens(["the sun"])
    with pytest.raises(ArgumentError, match="a different tokenizer"):
        own(["The Sun"], checkpoint=tmp_path / "given")


def test_another_vocoder_is_another_model(tmp_path):
    speak = tidydl.pipeline("text-to-speech", model=tiny.synthesis.kept("speecht5"), device="cpu")
    first, second = tiny.synthesis.vocoder_folder(tmp_path / "a"), tiny.synthesis.vocoder_folder(tmp_path / "b")
    inputs = read_inputs(["sun"], speak._task.parts, {})
    told = {}
    for name, place in {"a": first, "again": first, "b": second}.items():
        others = speak._family.other_models(speak._loaded, {**speak._options, "vocoder": str(place)})
        told[name] = identity(speak.task, speak._loaded, inputs, speak._options, others).about["model"]
    assert told["a"] == told["again"]
    same = all((first / "model.safetensors").read_bytes() == each.read_bytes() for each in second.glob("*.safetensors"))
    assert (told["a"] == told["b"]) is same


@pytest.mark.parametrize("name", ["causal", "seq2seq", "answers"])
def test_a_run_leaves_the_identity_of_a_pipeline_as_it_was(name):
    task = {"causal": "text-generation", "seq2seq": "summarization", "answers": "question-answering"}.get(name)
    ppl = tidydl.pipeline(task, model=tiny.kept(name), device="cpu")
    given = {"question": "the dog ?", "context": "the dog was lost"} if name == "answers" else {"x": ["the sun"]}
    tell = lambda: identity(ppl.task, ppl._loaded, read_inputs([], ppl._task.parts[:1], {}), {}).about  # noqa: E731
    before = tell()
    ppl(**given)
    assert tell() == before


def test_failures_that_were_kept_are_no_results_where_errors_are_to_be_raised(ppl, tmp_path):
    model = ppl.model

    def break_down(*_):
        raise IndexError("index out of range in self")

    hook = model.register_forward_pre_hook(break_down)
    try:
        kept = ppl(["sun"], on_error="row", checkpoint=tmp_path / "run")
    finally:
        hook.remove()
    assert kept[".error"].tolist() == ["IndexError: index out of range in self"]
    with pytest.raises(ArgumentError, match="index out of range in self"):
        ppl(["sun"], checkpoint=tmp_path / "run")
    pd.testing.assert_frame_equal(ppl(["sun"], on_error="row", checkpoint=tmp_path / "run"), kept)


def test_the_folder_of_an_earlier_version_is_named_as_such(ppl, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"about": {"task": "text-classification"}, "seed": None}))
    with pytest.raises(ArgumentError, match="an earlier version"):
        ppl(["sun"], checkpoint=tmp_path)


@pytest.mark.parametrize("name", ["run:1", "file:x", "s3:run", "%41", "ü b", "run?a=1#b", "it's", "-r", "a\nb"])
def test_any_name_of_a_folder_will_do(ppl, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    first = ppl(["sun", "rain"], checkpoint=name)
    pd.testing.assert_frame_equal(ppl(["sun", "rain"], checkpoint=name), first)
    assert (tmp_path / name / "result.parquet").is_file()


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_what_no_folder_can_be_called_is_refused(ppl, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"^`checkpoint` is"):
        ppl(["sun"], checkpoint=name)

"""Mutated files of a model: loading and running it succeeds or ends in an error of ours."""

import shutil
import struct
import warnings

import pytest

import tidydl
import tiny
from fuzzing import mutated_bytes

FILES = (
    *("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json", "header"),
    *("preprocessor_config.json", "generation_config.json"),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folders whose files are mutated, by the file."""
    from support import hostile_models

    top = tmp_path_factory.mktemp("seeds")
    text, image = tiny.text_folder(top / "text"), tiny.image_folder(top / "image")
    parts = shutil.copytree(text, top / "parts")
    hostile_models.sharded(parts, "decoy.safetensors")
    writer = tiny.causal_folder(top / "writer")
    kinds = {"preprocessor_config.json": image, "model.safetensors.index.json": parts, "generation_config.json": writer}
    return {name: kinds.get(name, text) for name in FILES}


def seed_of(folder, name):
    """Return the bytes that are mutated, and what makes a whole file of them again."""
    if name != "header":
        return (folder / name).read_bytes(), folder / name, lambda content: content
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    (size,) = struct.unpack("<Q", whole[:8])
    return whole[8 : 8 + size], path, lambda content: struct.pack("<Q", len(content)) + content + whole[8 + size :]


@pytest.mark.parametrize("name", FILES)
def test_a_mutated_file_of_a_model_gives_an_answer_or_an_error_of_ours(folders, tmp_path, name):
    folder = shutil.copytree(folders[name], tmp_path / "model")
    seed, path, whole = seed_of(folder, name)
    task, x = "text-classification", "the sun was happy"
    if name == "preprocessor_config.json":
        from PIL import Image

        task, x = "image-classification", Image.new("RGB", (20, 20))
    if name == "generation_config.json":
        task = "text-generation"

    def load(content):
        path.write_bytes(whole(content))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tidydl.pipeline(task, folder, device="cpu")(x)
        tidydl.forget()

    outcomes = mutated_bytes.run_target(load, [seed], mutated_bytes.seconds() / len(FILES))
    assert outcomes["success"] >= 1

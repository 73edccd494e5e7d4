"""Model folders as a stranger may make them: each names something that must not be opened, fetched or run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
Change = Callable[[Path, Path], None]  # given the folder, and a place outside of it that holds what is not for it


def rewrite(path: Path, change: dict[str, Any] | None = None, **more: Any) -> None:
    """Change the entries of a JSON file, which may not be there yet."""
    held = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**held, **(change or {}), **more}), "utf-8")


def sharded(folder: Path, name: str, keep: bool = False) -> None:
    """Let an index say that all weights are in one file."""
    from safetensors import safe_open

    with safe_open(folder / WEIGHTS, framework="np") as held:
        names = list(held.keys())
    if not keep:
        (folder / WEIGHTS).rename(folder / "decoy.safetensors")
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": dict.fromkeys(names, name)}), "utf-8")


def pickled(path: Path) -> None:
    """Write weights as a pickle that touches a file beside it where it is run."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(Touch(path.with_suffix(".ran")), path)


class Touch:
    """What touches a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def config(**more: Any) -> Change:
    """Change config.json."""
    return lambda folder, outside: rewrite(folder / "config.json", **more)


def settings(name: str, **more: Any) -> Change:
    """Change another of the JSON files."""
    return lambda folder, outside: rewrite(folder / name, **more)


def _index_bin(folder: Path, outside: Path) -> None:
    sharded(folder, "evil.bin")
    pickled(folder / "evil.bin")


def _index_outside(folder: Path, outside: Path) -> None:
    shutil.copy(folder / WEIGHTS, outside / "outside.safetensors")
    sharded(folder, os.path.relpath(outside / "outside.safetensors", folder))


def _index_absolute(folder: Path, outside: Path) -> None:
    shutil.copy(folder / WEIGHTS, outside / "absolute.safetensors")
    sharded(folder, str(outside / "absolute.safetensors"))


def _index_link(folder: Path, outside: Path) -> None:
    shutil.copy(folder / WEIGHTS, outside / "linked.safetensors")
    sharded(folder, "part.safetensors")
    (folder / "part.safetensors").symlink_to(outside / "linked.safetensors")


def _weights_link(folder: Path, outside: Path) -> None:
    shutil.move(folder / WEIGHTS, outside / WEIGHTS)
    (folder / WEIGHTS).symlink_to(outside / WEIGHTS)


def _folder_link(folder: Path, outside: Path) -> None:
    (outside / "parts").mkdir()
    shutil.copy(folder / WEIGHTS, outside / "parts" / "part.safetensors")
    sharded(folder, "parts/part.safetensors")
    (folder / "parts").symlink_to(outside / "parts")


def _config_link(folder: Path, outside: Path) -> None:
    shutil.move(folder / "config.json", outside / "config.json")
    (folder / "config.json").symlink_to(outside / "config.json")


def _named_index(folder: Path, outside: Path) -> None:
    sharded(folder, "evil.bin", keep=True)
    (folder / INDEX).rename(folder / "other.safetensors.index.json")
    pickled(folder / "evil.bin")
    rewrite(folder / "config.json", transformers_weights="other.safetensors.index.json")


def _named_bin(folder: Path, outside: Path) -> None:
    pickled(folder / "adapter_model.bin")
    rewrite(folder / "config.json", transformers_weights="adapter_model.bin")


def _adapter(folder: Path, outside: Path) -> None:
    pickled(folder / "adapter_model.bin")
    rewrite(folder / "adapter_config.json", base_model_name_or_path=str(outside), peft_type="LORA")


def _vocabulary(folder: Path, outside: Path) -> None:
    shutil.move(folder / "tokenizer.json", outside / "words.json")
    rewrite(
        folder / "tokenizer_config.json",
        tokenizer_class="PreTrainedTokenizerFast",
        vocab_file=str(outside / "words.json"),
    )


def _positional(folder: Path, outside: Path) -> None:
    shutil.move(folder / "vocab.txt", outside / "vocab.txt") if (folder / "vocab.txt").is_file() else None
    rewrite(folder / "tokenizer_config.json", init_inputs=[str(outside / "vocab.txt")])


def _vocabulary_as_text(folder: Path, outside: Path) -> None:
    shutil.copy(folder / "vocab.txt", outside / "vocab.txt")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").unlink()
    rewrite(folder / "tokenizer_config.json", vocab=str(outside / "vocab.txt"))


def _versioned(folder: Path, outside: Path) -> None:
    shutil.move(folder / "tokenizer.json", outside / "tokenizer.4.0.0.json")
    name = os.path.relpath(outside / "tokenizer.4.0.0.json", folder)
    rewrite(folder / "tokenizer_config.json", fast_tokenizer_files=[name])


def _reader_is_a_model(name: str, entry: str) -> Change:
    def change(folder: Path, outside: Path) -> None:
        pickled(folder / "pytorch_model.bin")
        (folder / WEIGHTS).rename(folder / "decoy.safetensors")
        rewrite(folder / name, {entry: "BertModel" if "tokenizer" in name else "ViTModel"})

    return change


def _templates(folder: Path, outside: Path) -> None:
    (outside / "templates").mkdir()
    (outside / "templates" / "other.jinja").write_text("secret", "utf-8")
    (folder / "additional_chat_templates").symlink_to(outside / "templates")


def _code(folder: Path, outside: Path) -> None:
    text = f"import os\nos.mkdir({str(outside / 'code.ran')!r})\nclass Own:\n    pass\n"
    (folder / "own.py").write_text(text, "utf-8")
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(text, "utf-8")
    own = {name: f"own.{name}" for name in ("AutoConfig", "AutoModelForSequenceClassification", "AutoTokenizer")}
    rewrite(folder / "config.json", auto_map=own, model_type="own-model")
    rewrite(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Own", None]})


TEXT: dict[str, Change] = {
    "index names a pickle": _index_bin,
    "index names a file above the folder": _index_outside,
    "index names an absolute path": _index_absolute,
    "index names a link": _index_link,
    "index names a file in a linked folder": _folder_link,
    "weights are a link": _weights_link,
    "config is a link": _config_link,
    "config names another index": _named_index,
    "config names a pickle": _named_bin,
    "an adapter": _adapter,
    "vocabulary outside": _vocabulary,
    "vocabulary as a text": _vocabulary_as_text,
    "positional arguments": _positional,
    "versioned tokenizer outside": _versioned,
    "tokenizer is a model": _reader_is_a_model("tokenizer_config.json", "tokenizer_class"),
    "linked templates": _templates,
    "code of its own": _code,
    "attention of the Hub": config(_attn_implementation="evil/kernel"),
    "attention of the Hub by name": config(attn_implementation="evil/kernel:run"),
    "attention by another name": config(attribute_map={"a": "_attn_implementation"}, a="evil/kernel"),
    "attention by another name in a part": config(text_config={"attribute_map": {"a": "_attn_implementation"}}),
    "a kernel in a part": config(text_config={"_attn_implementation": "evil/kernel"}),
}
IMAGE: dict[str, Change] = {
    "processor is a model": _reader_is_a_model("preprocessor_config.json", "image_processor_type"),
    "classes in a file outside": lambda folder, outside: (
        (outside / "classes.json").write_text('{"0": {"isthing": 1, "name": "x"}}', "utf-8"),
        rewrite(
            folder / "preprocessor_config.json",
            image_processor_type="OneFormerImageProcessor",
            repo_path=str(outside),
            class_info_file="classes.json",
        ),
    )[-1],
    "classes of another repository": settings(
        "preprocessor_config.json",
        image_processor_type="OneFormerImageProcessor",
        repo_path="evil/classes",
        class_info_file="classes.json",
    ),
    "a backbone of the Hub": config(model_type="upernet", backbone="evil/backbone", use_timm_backbone=False),
    "a timm backbone of a folder": config(
        model_type="timm_wrapper", architecture="local-dir:/tmp/evil", model_args={"checkpoint_path": "/tmp/evil.bin"}
    ),
}

"""The files of a model to download: no weights for other libraries, and no code without consent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tidydl.pipelines.vetting.model_folders import named_parts, settings_of, vet_folder

# Configs, vocabularies, templates and merges, by the end of their names.
_READ = (
    *(".json", ".txt", ".model", ".jinja", ".yaml", ".yml"),
    *(".spm", ".bpe", ".codes", ".tiktoken", ".tokenizer", ".vocab"),
)
_TRAINING = ("trainer_state.json", "all_results.json", "train_results.json", "eval_results.json", "requirements.txt")
_TEMPLATES = "additional_chat_templates/"


def reading_files(names: Sequence[str], *, code: bool) -> list[str]:
    """Choose the configuration files of a model and its components, with its own code if ``code``."""
    chosen = [
        name
        for name in names
        if name.endswith(_READ) and ("/" not in name or name.startswith(_TEMPLATES)) and name not in _TRAINING
    ]
    return chosen + ([name for name in names if name.endswith(".py")] if code else [])


def weight_files(names: Iterable[str], folder: Path, source: str, argument: str, *, pickled: bool) -> list[str]:
    """Choose the weights, as transformers looks for them: whole or in parts, safetensors first.

    ``folder`` holds those of the files that were fetched: the settings and the index of the parts. Messages call the
    model ``source``; with ``pickled`` weights other than safetensors are allowed.
    """
    names = set(names)
    vet_folder(folder, source, argument, pickled=pickled)
    own = settings_of(folder / "config.json").get("transformers_weights") if "config.json" in names else None
    for stem in (*([] if own is None else [own]), "model.safetensors", *(("pytorch_model.bin",) if pickled else ())):
        index = stem if stem.endswith(".index.json") else f"{stem}.index.json"
        if stem in names and stem != index:
            return [stem]
        if index in names:
            return [index, *named_parts(folder / index, source, argument, pickled=pickled)]
    return []

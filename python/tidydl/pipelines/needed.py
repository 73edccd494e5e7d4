"""Which files of a model on the Hub are needed: no copies of its weights for other libraries, and no code unasked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["reading_files", "weight_files"]

# Configs, vocabularies, templates and merges, by the end of their names.
_READ = (
    *(".json", ".txt", ".model", ".jinja", ".yaml", ".yml"),
    *(".spm", ".bpe", ".codes", ".tiktoken", ".tokenizer", ".vocab"),
)
_TRAINING = ("trainer_state.json", "all_results.json", "train_results.json", "eval_results.json", "requirements.txt")
_TEMPLATES = "additional_chat_templates/"


def reading_files(names: Sequence[str], *, code: bool) -> list[str]:
    """Choose what says how a model is built and reads its inputs; ``code`` is its own, where that may run."""
    chosen = [
        name
        for name in names
        if name.endswith(_READ) and ("/" not in name or name.startswith(_TEMPLATES)) and name not in _TRAINING
    ]
    return chosen + ([name for name in names if name.endswith(".py")] if code else [])


def weight_files(names: Iterable[str], folder: Path, *, pickled: bool) -> list[str]:
    """Choose the weights, as transformers looks for them: whole or in parts, safetensors first.

    Raises
    ------
    ValueError
        Where the index of the parts, in ``folder``, cannot be read.
    """
    names = set(names)
    for stem in ("model.safetensors", *(("pytorch_model.bin",) if pickled else ())):
        if stem in names:
            return [stem]
        index = f"{stem}.index.json"
        if index in names:
            return [index, *_parts(folder / index)]
    return []


def _parts(index: Path) -> list[str]:
    told = json.loads(index.read_text(encoding="utf-8"))
    weights = told.get("weight_map") if isinstance(told, dict) else None
    if not isinstance(weights, dict):
        raise ValueError("it holds no `weight_map`")
    return sorted({str(name) for name in weights.values()})

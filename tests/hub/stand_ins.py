"""Tiny stand-ins for what courses take from the Hub, under the true ids: real architectures and the true schemas."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from .server import Hub

__all__ = ["EMOTION", "EMOTIONS", "SENTIMENT", "add_stand_ins", "emotion_folder", "sentiment_folder"]

SENTIMENT = "distilbert-base-uncased-finetuned-sst-2-english"  # an old id, redirected to one with an owner
EMOTION = "dair-ai/emotion"
EMOTIONS = ["sadness", "joy", "love", "anger", "fear", "surprise"]
_ROWS = {"split": {"train": 160, "validation": 20, "test": 20}, "unsplit": {"train": 400}}
_WORDS = {
    "sadness": "sad tired lonely",
    "joy": "happy glad calm",
    "love": "loving tender fond",
    "anger": "angry cross furious",
    "fear": "afraid nervous shaky",
    "surprise": "amazed stunned curious",
}


def add_stand_ins(hub: Hub, folder: Path) -> None:
    """Build the stand-ins in a folder and serve them."""
    owner = f"distilbert/{SENTIMENT}"
    hub.add(owner, sentiment_folder(folder / "sentiment"), tag="text-classification")
    hub.moved[SENTIMENT] = owner
    hub.add(EMOTION, emotion_folder(folder / "emotion"), kind="dataset")
    hub.moved["emotion"] = EMOTION


def sentiment_folder(folder: Path) -> Path:
    """Save a tiny DistilBERT that says NEGATIVE or POSITIVE."""
    import torch
    import transformers

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
    import tiny

    labels = ["NEGATIVE", "POSITIVE"]
    tiny.text_folder(folder, labels=labels)  # whose tokenizer stays
    size = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    torch.manual_seed(1)
    settings = transformers.DistilBertConfig(
        vocab_size=size,
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=64,
        max_position_embeddings=512,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    transformers.DistilBertForSequenceClassification(settings).save_pretrained(folder)
    return folder


def emotion_folder(folder: Path) -> Path:
    """Write sentences and the emotion in them: the configs split and unsplit, labels as codes with names."""
    import datasets

    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=EMOTIONS))
    draw = random.Random(1)
    for config, splits in _ROWS.items():
        (folder / config).mkdir(parents=True, exist_ok=True)
        for split, rows in splits.items():
            labels = [draw.randrange(len(EMOTIONS)) for _ in range(rows)]
            texts = [
                f"i feel {draw.choice(_WORDS[EMOTIONS[label]].split())} about day {i}" for i, label in enumerate(labels)
            ]
            made = datasets.Dataset.from_dict({"text": texts, "label": labels}, features=features)
            made.to_parquet(folder / config / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text(_readme(), encoding="utf-8")
    return folder


def _readme() -> str:
    """Write the head of the data set's page, which says what its columns mean and which files are which split."""
    lines = ["---", "language:", "- en", "pretty_name: Emotion", "dataset_info:"]
    for config, splits in _ROWS.items():
        lines += [f"- config_name: {config}", "  features:", "  - name: text", "    dtype: string", "  - name: label"]
        lines += ["    dtype:", "      class_label:", "        names:"]
        lines += [f"          '{code}': {name}" for code, name in enumerate(EMOTIONS)]
        lines += ["  splits:"]
        for split, rows in splits.items():
            lines += [f"  - name: {split}", f"    num_bytes: {60 * rows}", f"    num_examples: {rows}"]
    lines += ["configs:"]
    for config, splits in _ROWS.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        lines += [f"  - split: {split}\n    path: {config}/{split}-*" for split in splits]
        lines += ["  default: true"] if config == "split" else []
    return "\n".join([*lines, "---", "# Emotion", "A tiny stand-in with the schema of the real one.", ""])

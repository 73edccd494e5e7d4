"""Train data/files/models/digits: a small vision transformer that reads the example digits.

Run as ``python tools/train_digits.py``; takes some minutes on two cores. Only the train split is learned
from; the test split is measured once, at the end, and the measurement is written into the model card.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
import numpy as np
import torch
from transformers import ViTConfig, ViTForImageClassification

from tidydl.data.loading import load_dataset

SEED = 1797
EPOCHS = 250
BATCH = 64
FILES = Path(__file__).resolve().parents[1] / "python" / "tidydl" / "data" / "files"
TARGET = FILES / "models" / "digits"

CARD = """---
license: mit
library_name: transformers
pipeline_tag: image-classification
---
# digits: a small vision transformer for 8×8 handwritten digits

Reads the digit in an 8×8 grey image ('0' to '9'). Trained by `tools/train_digits.py` (seed {seed}, {epochs}
epochs, images shifted by up to one pixel) on the {train} train images of `example_data("digits")`, the UCI
handwritten digits as scikit-learn carries them, and on nothing else.

Held-out accuracy: **{accuracy:.4f}** ({right} of {test} test images right). Mean log loss {loss:.4f}. The
split is random and stratified by digit, so the same people wrote digits of both parts.

For teaching: it has seen small centred digits of 43 writers, and says one of ten digits of any image
whatever.

Reproduce: `python tools/make_digits.py && python tools/train_digits.py`.
"""


def pixels(frame) -> torch.Tensor:
    """Return the images as an n x 3 x 8 x 8 tensor, scaled as the image processor does."""
    grey = np.stack([image.array() for image in frame["image"]]).astype(np.float32)
    return torch.from_numpy((grey / 255 - 0.5) / 0.5)[:, None].repeat(1, 3, 1, 1)


def shifted(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Shift each image by -1, 0 or 1 pixel in both directions, filling with background."""
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), value=-1.0)
    offsets = torch.randint(0, 3, (len(images), 2), generator=generator)
    return torch.stack([p[:, r : r + 8, c : c + 8] for p, (r, c) in zip(padded, offsets.tolist(), strict=True)])


def train(images: torch.Tensor, labels: torch.Tensor, levels: list[str]) -> ViTForImageClassification:
    """Fit the network by AdamW with a cosine schedule and label smoothing."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    config = ViTConfig(
        image_size=8,
        patch_size=2,
        num_channels=3,
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=128,
        hidden_dropout_prob=0.05,
        id2label=dict(enumerate(levels)),
        label2id={level: code for code, level in enumerate(levels)},
    )
    model = ViTForImageClassification(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    steps = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.1)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.03)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(labels), generator=generator)
        total = 0.0
        for batch in order[: BATCH * (len(labels) // BATCH)].split(BATCH):
            loss = loss_of(model(shifted(images[batch], generator)).logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        if (epoch + 1) % 20 == 0:
            print(f"epoch {epoch + 1}: train loss {total / (len(labels) // BATCH):.4f}", flush=True)
    return model.eval()


def write(model: ViTForImageClassification, metrics: dict) -> None:
    """Write the model folder: weights, processor, card and measurements."""
    model.save_pretrained(TARGET)
    (TARGET / "model.safetensors").chmod(0o644)  # safetensors lets nobody else read
    processor = {
        "image_processor_type": "ViTImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": 8, "width": 8},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (TARGET / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")
    (TARGET / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    numbers = {name: metrics[name] for name in ("seed", "epochs", "train", "test", "right", "accuracy", "loss")}
    (TARGET / "README.md").write_text(CARD.format(**numbers))


def main() -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    digits = load_dataset(FILES / "digits.parquet")
    parts = {name: digits[digits["split"] == name] for name in ("train", "test")}
    levels = list(digits["label"].cat.categories)
    labels = {name: torch.tensor(part["label"].cat.codes.to_numpy(dtype="int64")) for name, part in parts.items()}
    model = train(pixels(parts["train"]), labels["train"], levels)
    with torch.inference_mode():
        logits = model(pixels(parts["test"])).logits
    right = int((logits.argmax(-1) == labels["test"]).sum())
    metrics = {
        "model": "digits",
        "data": "example_data('digits')",
        "seed": SEED,
        "epochs": EPOCHS,
        "train": len(labels["train"]),
        "test": len(labels["test"]),
        "right": right,
        "accuracy": round(right / len(labels["test"]), 4),
        "loss": round(torch.nn.functional.cross_entropy(logits, labels["test"]).item(), 4),
        "parameters": sum(p.numel() for p in model.parameters()),
        "torch": torch.__version__,
    }
    write(model, metrics)
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()

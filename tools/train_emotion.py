"""Train data/files/models/emotion: a head that tells six emotions from the MiniLM sentence encoder.

Run as ``python tools/train_emotion.py``; takes a minute on two cores. Needs the ``minilm`` extra and
scikit-learn. The encoder is left as it is. How strongly the head is regularised is chosen by cross-validation
inside the train split; the test split is measured once, at the end, through plain ``transformers`` on the
whole assembled model.
"""

import importlib.metadata
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
import numpy as np
import torch
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tidydl.data.example_models import PACKAGE, encoder_folder, write_model
from tidydl.data.examples import example_data

SEED = 96
POOLER_SCALE = 0.3
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
TARGET = Path(__file__).resolve().parents[1] / "python" / "tidydl" / "data" / "files" / "models" / "emotion"

CARD = """---
license: mit
library_name: transformers
pipeline_tag: text-classification
---
# emotion: six emotions from a MiniLM sentence encoder

Says which of {labels} an English sentence expresses. The encoder is all-MiniLM-L6-v2 as the pip package
`{package}` {version} carries it, unchanged; only the classification head is trained here, by
`tools/train_emotion.py` (multinomial logistic regression, C = {strength}), on the {train} train sentences of
`example_data("emotion")`, which were written for this package. `example_model("emotion")` puts both together
in the cache folder: a layer after the encoder averages the tokens, as the encoder was trained to be read, and
the head reads the average.

Held-out accuracy: **{accuracy:.4f}** ({right} of {test} test sentences right; guessing gives {chance:.2f}).
By 5-fold cross-validation inside the train split: {cross_validated:.4f}. Mean log loss {loss:.4f}.

Accuracy by emotion: {by_label}.

For teaching. Many of the sentences are hard on purpose: irony, negation, feelings shown and not named.

Reproduce: `python tools/train_emotion.py`.
"""


def write_head(weight: np.ndarray, bias: np.ndarray, labels: list[str]) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    # safetensors writes memory as it lies, so the rows must lie in order
    head = {
        "classifier.weight": np.ascontiguousarray(weight, dtype="f4"),
        "classifier.bias": np.ascontiguousarray(bias, dtype="f4"),
    }
    save_file(head, TARGET / "head.safetensors", metadata={"format": "pt"})
    (TARGET / "head.safetensors").chmod(0o644)  # safetensors lets nobody else read
    (TARGET / "head.json").write_text(json.dumps({"labels": labels, "pooler_scale": POOLER_SCALE}, indent=2) + "\n")


def run_model(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the pooled vectors and the logits of the whole model for each text."""
    with tempfile.TemporaryDirectory() as folder:
        write_model(encoder_folder(), TARGET, Path(folder))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    pooled, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(texts), 32):
            batch = tokenizer(texts[start : start + 32], padding=True, truncation=True, return_tensors="pt")
            seen = model.bert(**batch).pooler_output
            pooled.append(seen.numpy())
            logits.append(model.classifier(seen).numpy())
    return np.concatenate(pooled), np.concatenate(logits)


def fit(pooled: np.ndarray, codes: np.ndarray) -> tuple[LogisticRegression, float]:
    """Fit the head with the strength of regularisation that cross-validates best."""
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    scores = {}
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=5000)
        scores[strength] = cross_val_score(model, pooled, codes, cv=folds).mean()
        print(f"C = {strength}: cross-validated accuracy {scores[strength]:.4f}", flush=True)
    best = max(scores, key=lambda strength: scores[strength])
    return LogisticRegression(C=best, max_iter=5000).fit(pooled, codes), scores[best]


def main() -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    parts = {split: example_data("emotion", split=split) for split in ("train", "test")}
    labels = list(parts["train"]["label"].cat.categories)
    codes = {split: part["label"].cat.codes.to_numpy(dtype="int64") for split, part in parts.items()}
    (TARGET / "README.md").unlink(missing_ok=True)
    write_head(np.zeros((len(labels), 384)), np.zeros(len(labels)), labels)  # so that the parts can be assembled
    pooled, _ = run_model(list(parts["train"]["text"]))
    model, cross_validated = fit(pooled, codes["train"])
    write_head(model.coef_, model.intercept_, labels)
    _, logits = run_model(list(parts["test"]["text"]))
    said = logits.argmax(-1)
    right = said == codes["test"]
    metrics = {
        "model": "emotion",
        "data": "example_data('emotion')",
        "seed": SEED,
        "train": len(codes["train"]),
        "test": len(right),
        "right": int(right.sum()),
        "accuracy": round(float(right.mean()), 4),
        "cross_validated": round(float(cross_validated), 4),
        "loss": round(torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(codes["test"])).item(), 4),
        "by_label": {label: round(float(right[codes["test"] == k].mean()), 4) for k, label in enumerate(labels)},
        "strength": model.C,
        "encoder": f"{PACKAGE} {importlib.metadata.version(PACKAGE)}",
        "torch": torch.__version__,
    }
    (TARGET / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    listed = ", ".join(f"{label} {share:.2f}" for label, share in metrics["by_label"].items())
    facts = metrics | {
        "labels": ", ".join(labels),
        "package": PACKAGE,
        "by_label": listed,
        "chance": 1 / len(labels),
    }
    (TARGET / "README.md").write_text(CARD.format(version=importlib.metadata.version(PACKAGE), **facts))
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()

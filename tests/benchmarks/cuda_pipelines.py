"""Classify texts on a graphics card: ours against the plain pipeline, in texts a second.

    python tests/benchmarks/cuda_pipelines.py [--texts 4000] [--device cuda]

The model and the texts of mixed length are those of pipelines.py. On a machine without a card, few texts on the CPU
show that the script runs.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch
import transformers

import tidydl
from pipelines import classifier, medians, mixed_texts, report


def main() -> None:
    """Read the options, run and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--texts", type=int, default=None)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--clock", default="wall")
    chosen = options.parse_args()
    count = chosen.texts or (4000 if chosen.device == "cuda" else 40)
    texts = mixed_texts(count)
    name = torch.cuda.get_device_name() if chosen.device == "cuda" else "CPU"
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {name}")
    with tempfile.TemporaryDirectory() as folder:
        labels = ["sadness", "joy", "love", "anger", "fear", "surprise"]
        model = classifier(Path(folder) / "classes", labels)
        plain = transformers.pipeline("text-classification", model=str(model), device=chosen.device)
        ways = {
            f"plain, batch_size {size}": partial(plain, texts, batch_size=size, truncation=True)
            for size in (8, 32, 128)
        }
        for dtype in ("float32", "bfloat16", "float16"):
            ours = tidydl.pipeline(model=model, device=chosen.device, dtype=dtype)
            ours(texts[:64])
            ways[f"tidydl, {dtype}"] = partial(ours, texts)
        plain(texts[:64])
        report(f"mixed lengths: {count} texts", medians(ways, chosen), count, "plain")
        theirs = [line["score"] for line in plain(texts, batch_size=8, truncation=True)]
        found = tidydl.pipeline(model=model, device=chosen.device)(texts)["score"]
        print(f"  largest difference of scores in float32: {np.abs(found - theirs).max():.1e}")


if __name__ == "__main__":
    main()

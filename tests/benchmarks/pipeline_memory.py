"""Watch the memory of a long run: 100,000 short texts through a classifier as small as the digits model.

    python tests/benchmarks/pipeline_memory.py [--texts 100000]

Prints the peak above what the process held with the model loaded and a first text classified. The texts and the frame
themselves are counted apart.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import tidydl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
import tiny


def short_texts(count: int) -> list[str]:
    """Write seeded texts of a few words, all different."""
    draw = random.Random(1)
    words = [word for word in tiny.WORDS if word.isalpha()]
    return [" ".join(draw.choices(words, k=4)) + f" {i}" for i in range(count)]


def resident() -> int:
    """Return the bytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Run it and print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--texts", type=int, default=100_000)
    texts = short_texts(options.parse_args().texts)
    seen, done = [], threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        ppl = tidydl.pipeline(model=tiny.text_folder(Path(folder) / "model"), device="cpu")
        ppl(texts[:1000])
        before = resident()

        def watch() -> None:
            while not done.wait(0.05):
                seen.append(resident())

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        frame = ppl(texts)
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
    half = len(seen) // 2
    print(f"{len(texts)} texts in {seconds:.1f} s")
    print(f"  peak above the loaded model     {(max(seen) - before) / 2**20:6.0f} MiB")
    print(f"  from the middle to the end      {(max(seen[half:]) - max(seen[:half])) / 2**20:6.0f} MiB more")
    print(f"  the frame itself                {frame.memory_usage(deep=True).sum() / 2**20:6.0f} MiB")
    print(f"  largest process                 {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:6.0f} MiB")


if __name__ == "__main__":
    main()

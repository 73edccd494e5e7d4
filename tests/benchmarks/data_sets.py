"""Time and memory of data sets, each measured in fresh processes, ours and pyarrow's in turn.

    python tests/benchmarks/data_sets.py [--rows 1000000] [--images 10000] [--repeats 5]

A parquet file of 6 columns (whole numbers, doubles, codes, two texts, moments): pyarrow's own `pq.read_table(path)`,
the same with `.to_pandas()`, and `load_dataset(path)`. Seconds are those of the call alone, after all imports and one
call that warms up; memory is the peak above what the process held before its first call of the large file.
Streaming: the peak while a file of many times the rows is read, in frames, and while it is written again. Images: a
folder, none of them opened.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = str(Path(__file__).resolve().parents[2] / "python")

CALLS = {
    "pq.read_table": "import pyarrow.parquet as pq\ndef call(path): return pq.read_table(path)",
    "pq.read_table().to_pandas()": "import pyarrow.parquet as pq\nimport pandas\n"
    "def call(path): return pq.read_table(path).to_pandas()",
    "load_dataset": "import tidydl, pandas, pyarrow.parquet\nfrom tidydl import load_dataset as call",
    "stream": "import tidydl, pandas, pyarrow.parquet\nfrom tidydl import stream\n"
    "def call(path): return sum(len(batch) for batch in stream(path, batch_size=10_000))",
    "stream and write": "import tidydl, pandas, pyarrow.parquet\nfrom tidydl import stream, write_dataset\n"
    "def call(path): return write_dataset(stream(path, batch_size=10_000), path + '.copy.parquet')",
}

MEASURE = """
import json, os, sys, threading, time
{setup}
path, small, warm = sys.argv[1], sys.argv[2], sys.argv[3] == "warm"
page = os.sysconf("SC_PAGE_SIZE")
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * page
call(small)
if warm:
    call(path)
before = held()
top, done = [before], threading.Event()
def watch():
    while not done.wait(0.002):
        top[0] = max(top[0], held())
watcher = threading.Thread(target=watch)
watcher.start()
began = time.perf_counter()
made = call(path)
seconds = time.perf_counter() - began
top[0] = max(top[0], held())
done.set(); watcher.join()
print(json.dumps({{"seconds": seconds, "peak": top[0] - before, "held": held() - before}}))
"""


def write_table(path: Path, rows: int, copies: int = 1) -> None:
    """Write the table, seeded; several copies of it one after the other in one file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(1)
    words = np.array(["joy", "anger", "fear", "sadness", "love", "surprise"])
    table = pa.table(
        {
            "id": np.arange(rows),
            "score": draw.normal(size=rows),
            "code": draw.integers(0, 6, rows),
            "text": [f"This is what person {i} said on day {i % 365}." for i in range(rows)],
            "word": words[draw.integers(0, 6, rows)],
            "when": np.datetime64("2020-01-01", "ms") + draw.integers(0, 10**11, rows).astype("m8[ms]"),
        }
    )
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(copies):
            writer.write_table(table, row_group_size=131_072)


def write_images(folder: Path, count: int) -> None:
    """Write equal small images into 20 class folders of two splits."""
    from PIL import Image

    for k in range(count):
        place = folder / ("train" if k % 2 else "test") / f"class {k // 2 % 10}"
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (k % 256, 0, 0)).save(place / f"{k}.png")


def measured(what: str, path: Path, small: Path, *, warm: bool) -> dict[str, float]:
    """Measure a call in a process of its own."""
    code = MEASURE.format(setup=CALLS[what])
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(small), "warm" if warm else "cold"],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def compared(names: list[str], path: Path, small: Path, repeats: int) -> None:
    """Measure the calls in turn, seconds warm and memory cold, and print medians."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    peaks: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            seconds[name].append(measured(name, path, small, warm=True)["seconds"])
            peaks[name].append(measured(name, path, small, warm=False)["peak"] / 2**20)
    base_s, base_m = statistics.median(seconds[names[0]]), statistics.median(peaks[names[0]])
    for name in names:
        s, m = statistics.median(seconds[name]), statistics.median(peaks[name])
        print(f"  {name:30s} {s:7.3f} s ({s / base_s:4.2f} ×)   peak {m:6.0f} MiB ({m / base_m:4.2f} ×)")


def main() -> None:
    """Run it and print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--images", type=int, default=10_000)
    options.add_argument("--copies", type=int, default=20)
    options.add_argument("--repeats", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place, small, large = Path(folder, "a.parquet"), Path(folder, "small.parquet"), Path(folder, "large.parquet")
        write_table(place, given.rows)
        write_table(small, 100)
        print(f"{given.rows} rows, {place.stat().st_size / 2**20:.0f} MiB on the disk, in fresh processes in turn")
        compared(["pq.read_table", "pq.read_table().to_pandas()", "load_dataset"], place, small, given.repeats)
        write_table(large, given.rows, given.copies)
        print(f"{given.rows} rows, and {given.copies} times as many, streamed")
        for name in ("stream", "stream and write"):
            for file in (place, large):
                found = measured(name, file, small, warm=False)
                print(f"  {name:30s} {found['seconds']:7.2f} s   peak {found['peak'] / 2**20:6.0f} MiB  {file.name}")
        images = Path(folder, "images")
        write_images(images, given.images)
        found = [measured("load_dataset", images, small, warm=False) for _ in range(given.repeats)]
        middle = statistics.median(each["seconds"] for each in found)
        peak = statistics.median(each["peak"] for each in found) / 2**20
        print(f"{given.images} images in a folder: {middle:.2f} s, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()

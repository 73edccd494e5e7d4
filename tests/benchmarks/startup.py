"""Seconds of `import tidydl` (0.15 allowed) and `library(tidydl)` (0.4 allowed): medians of new processes."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMES = 9
IN_PYTHON = "import time; t = time.perf_counter(); import tidydl; print(time.perf_counter() - t)"
IN_R = 't <- Sys.time(); library(tidydl); cat(as.numeric(difftime(Sys.time(), t, units = "secs")))'


def measure(command: list[str], **environment: str) -> list[float]:
    """Run a command in fresh processes, one to warm the disk and the others to measure."""
    everything = {**os.environ, **environment}
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=everything, cwd=ROOT / "tests")
        for _ in range(TIMES + 1)
    ]
    return [float(run.stdout.split()[-1]) for run in runs[1:]]


def report(name: str, seconds: list[float], limit: float) -> bool:
    median = statistics.median(seconds)
    held = median <= limit
    verdict = "held" if held else "MISSED"
    spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
    print(f"{name:<16} {median:.3f} s (median of {TIMES}, {spread}); limit {limit} s: {verdict}")
    return held


def main() -> int:
    held = report("import tidydl", measure([sys.executable, "-c", IN_PYTHON], PYTHONPATH=str(ROOT / "python")), 0.15)
    rscript = shutil.which("Rscript")
    if rscript is None:
        print("library(tidydl)  not measured: there is no R here")
        return int(not held)
    return int(not (report("library(tidydl)", measure([rscript, "-e", IN_R]), 0.4) and held))


if __name__ == "__main__":
    sys.exit(main())

"""Serve the stand-ins until stopped: `python -m tests.hub [--port N] [--cache FOLDER]` in the repository's root."""

from __future__ import annotations

import argparse
import signal
import tempfile
import threading
from pathlib import Path

from . import Hub
from .stand_ins import EMOTION, SENTIMENT, add_stand_ins


def main() -> None:
    """Serve until Ctrl-C or a signal to end."""
    asked = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    asked.add_argument("--port", type=int, default=0, help="the port; by default a free one")
    asked.add_argument("--cache", help="a folder for what clients download; by default one that is gone at the end")
    options = asked.parse_args()
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="tiny-hub-") as scratch, Hub(options.port) as hub:
        add_stand_ins(hub, Path(scratch))
        print(f"A small Hub answers at {hub.url} with the model {SENTIMENT} and the data set {EMOTION}.")
        print("Set these before Python or R starts:\n")
        print(f"export HF_ENDPOINT={hub.url}")
        print(f"export HF_HOME={options.cache or Path(scratch) / 'cache'}")
        print("export HF_HUB_DISABLE_TELEMETRY=1\n\nCtrl-C ends it.", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()

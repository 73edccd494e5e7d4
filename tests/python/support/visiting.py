"""Processes of their own that visit a Hub of ours with the true client, each with a cache to be named."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

VISITS = Path(__file__).with_name("hub_visits.py")
TOKEN = "hf_" + "abcdefgh" * 4


def begin(home, endpoint, steps, **env):
    """Start a process that takes steps, by name."""
    script = Path(home) / f"steps-{uuid.uuid4().hex}.json"
    script.write_text(json.dumps(list(steps.values())))
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    quick = {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "HF_HUB_ETAG_TIMEOUT": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return subprocess.Popen(
        [sys.executable, str(VISITS), str(script)],
        env={**known, **quick, **_caches(home), "HF_ENDPOINT": endpoint, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _caches(home):
    return {"HF_HOME": str(Path(home) / "hf"), "TIDYDL_CACHE": str(Path(home) / "tidydl")}


def end(process, steps):
    """Wait for a process and give what became of its steps."""
    told, noise = process.communicate()
    assert process.returncode == 0, noise
    assert TOKEN not in noise
    assert "%|" not in noise  # no bar where nobody looks
    return dict(zip(steps, json.loads(told.splitlines()[-1]), strict=True))


def visit(home, endpoint, steps, **env):
    """Take steps in a process of its own."""
    return end(begin(home, endpoint, steps, **env), steps)


def blobs_of(home, kind, name):
    """Find what is kept of a repository, parts of files included."""
    return sorted((Path(home) / "hf" / "hub" / f"{kind}s--{name.replace('/', '--')}" / "blobs").glob("*"))


def kept_file(home, kind, name, file):
    """Find where the content of a file is kept."""
    (found,) = (Path(home) / "hf" / "hub" / f"{kind}s--{name.replace('/', '--')}").glob(f"snapshots/*/{file}")
    return found.resolve()

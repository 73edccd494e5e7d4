"""Code of a course run as it is, in a process of its own that visits a Hub of ours: python course_code.py FILE."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__)
BEGIN = "from tidydl.workshop import datasets, transformers\n"


def run_course(home, endpoint, code, **env):
    """Run code with a Hub, and give what it left in ``result``, as JSON has it, and what it printed."""
    script = Path(home) / "course.py"
    script.write_text(code, encoding="utf-8")
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    own = {"HF_HOME": str(Path(home) / "hf"), "TIDYDL_CACHE": str(Path(home) / "tidydl"), "HF_ENDPOINT": endpoint}
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), str(script)],
        env={**known, **own, "HF_HUB_DISABLE_TELEMETRY": "1", **env},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    *printed, told = answer.stdout.splitlines()
    return json.loads(told), "\n".join(printed)


if __name__ == "__main__":
    names = {}
    exec(compile(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[1], "exec"), names)
    print(json.dumps(names["result"], default=str))

"""What a process of its own does with a Hub: python hub_visits.py STEPS, with HF_ENDPOINT and HF_HOME set."""

import json
import sys
import time
from pathlib import Path

import tidydl
from tidydl.errors import TidydlError


def attempt(**how):
    """Make a pipeline and run it, or give the error."""
    began = time.monotonic()
    try:
        ppl = tidydl.pipeline(**how)
        frame = ppl("the sun was happy")
        found = {"task": ppl.task, "label": str(frame["label"][0]), "record": frame.attrs["tidydl"], "shown": repr(ppl)}
    except TidydlError as problem:
        found = {"kind": problem.kind, "problem": problem.problem, "allowed": problem.allowed, "hint": problem.hint}
        found["everything"] = repr(problem) + str(problem)
    return {**found, "seconds": time.monotonic() - began}


def visit(steps: list[dict]) -> list[dict]:
    return [attempt(**step) for step in steps]


if __name__ == "__main__":
    print(json.dumps(visit(json.loads(Path(sys.argv[1]).read_text()))))

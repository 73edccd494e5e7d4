"""What a process of its own does with a Hub: python hub_visits.py STEPS, with HF_ENDPOINT and HF_HOME set."""

import json
import resource
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tidydl
from tidydl.errors import TidydlError


def attempt(do="pipeline", **how):
    """Do one thing, or give the error."""
    began = time.monotonic()
    try:
        found = DOING[do](**how)
    except TidydlError as problem:
        found = {"kind": problem.kind, "problem": problem.problem, "allowed": problem.allowed, "hint": problem.hint}
        found["everything"] = repr(problem) + str(problem)
    return {**found, "seconds": time.monotonic() - began}


def classify(**how):
    """Build a pipeline and run it."""
    ppl = tidydl.pipeline(**how)
    frame = ppl("the sun was happy")
    return {"task": ppl.task, "label": str(frame["label"][0]), "record": frame.attrs["tidydl"], "shown": repr(ppl)}


def embed(**how):
    """Embed a long text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"record": tidydl.embed("the sun was happy " * 5, **how).attrs["tidydl"]}


def load(**how):
    """Load a data set and tell of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        frame = tidydl.load_dataset(**how)
    frames = frame if isinstance(frame, dict) else {"": frame}
    first = next(iter(frames.values()))
    levels = {name: list(first[name].cat.categories) for name in first if hasattr(first[name], "cat")}
    return {
        "rows": {split: len(each) for split, each in frames.items()},
        "dtypes": {name: str(dtype) for name, dtype in first.dtypes.items()},
        "levels": levels,
        "first": [str(value) for value in first.iloc[0]] if len(first) else [],
        "warned": [str(each.message) for each in caught if each.category is UserWarning],
    }


def read(path, **how):
    """Read a data set with what load_dataset() hands down: a token, another place, no checks."""
    from tidydl.data.sources.hub_datasets import read_hub

    raw = read_hub(path, None, None, None, None, **how)
    return {"rows": {split: table.num_rows for split, table in raw.tables.items()}, "files": raw.files}


def stored(**how):
    """Look at the cache."""
    frame = tidydl.cache(**how)
    return {"lines": json.loads(frame.to_json(orient="records")), "dtypes": [str(each) for each in frame.dtypes]}


def by_client(**how):
    """Let the Hub's own client fetch a repository."""
    import huggingface_hub

    return {"files": sorted(path.name for path in Path(huggingface_hub.snapshot_download(**how)).rglob("*"))}


def fetch(name):
    """Bring all files of a model onto this machine, and load nothing."""
    from tidydl.hub.fetching import fetch as fetched
    from tidydl.hub.repositories import Repository

    snapshot = fetched(Repository("model", name, "main"), lambda names: names, argument="model")
    return {"files": sorted(path.name for path in snapshot.folder.glob("*"))}


def forget():
    """Free the models in memory, so that the next is loaded from the disk."""
    return {"models": len(tidydl.forget())}


def limit(size):
    """Let no file grow beyond a size, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return {}


def reserve(left):
    """Act as if the disk had room for so many bytes beside what is to stay free."""
    import shutil

    from tidydl.hub import downloading

    downloading._RESERVE = shutil.disk_usage(".").free - left
    return {}


def together(steps):
    """Take steps side by side: those that wait and load nothing."""
    with ThreadPoolExecutor(len(steps)) as threads:
        return {"found": list(threads.map(lambda step: attempt(**step), steps))}


DOING = {
    "together": together,
    "pipeline": classify,
    "data": load,
    "embed": embed,
    "read": read,
    "cache": stored,
    "fetch": fetch,
    "forget": forget,
    "client": by_client,
    "limit": limit,
    "reserve": reserve,
}


if __name__ == "__main__":
    print(json.dumps([attempt(**step) for step in json.loads(Path(sys.argv[1]).read_text())]))

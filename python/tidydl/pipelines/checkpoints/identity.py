"""The identity of a run: all that its results depend on, by content rather than name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.checkpoints.contents import Digest, paths_in
from tidydl.pipelines.checkpoints.file_hashes import FileHashes
from tidydl.pipelines.checkpoints.model_contents import digest_of_model, digest_of_readers
from tidydl.pipelines.declarations import RUNNING
from tidydl.pipelines.inputs import Inputs
from tidydl.pipelines.model_loading import Loaded

_NO_MATTER = {*RUNNING, "batch_size"}  # options on which no result depends
_SAID = {
    "inputs": "number of inputs",
    "digest of the inputs": "set of inputs",
    "options": "set of options",
    "reads inputs by": "tokenizer or processor",
    "versions": "set of versions",
}


@dataclass(frozen=True)
class Identity:
    """The identity of a run (``about``), and the files of its inputs with their hashes."""

    about: Mapping[str, Any]
    files: FileHashes

    def refuse_changed(self, inputs: Inputs) -> None:
        """Refuse inputs whose files changed since the run began: parts would be of different contents."""
        for part, values in inputs.parts.items():
            for path in paths_in(values):
                if self.files.changed(path):
                    raise ArgumentError(
                        f"`{part.name}` holds the file '{path}', which changed during the run.",
                        allowed="Files that do not change during a run with a `checkpoint`.",
                        hint="Earlier results are kept. Restore the file, or start over in another folder.",
                    )


def identity(
    task: str, loaded: Loaded, inputs: Inputs, options: Mapping[str, Any], others: tuple[Any, ...] = ()
) -> Identity:
    """Describe what a run computes, by the contents of all that its results depend on.

    ``others`` are further models that the answers depend on, such as a vocoder.
    """
    files = FileHashes()
    about = {
        "task": task,
        "dtype": loaded.dtype,
        "versions": _versions(),
        "model": digest_of_model(loaded.model, others, files),
        "reads inputs by": digest_of_readers(loaded.components, files),
        "options": json.loads(json.dumps({k: v for k, v in options.items() if k not in _NO_MATTER}, default=repr)),
        "inputs": len(inputs),
        "digest of the inputs": _digest_of_inputs(inputs, files),
    }
    files.keep()
    return Identity(about, files)


def _digest_of_inputs(inputs: Inputs, files: FileHashes) -> str:
    digest = Digest(files, allow_missing=inputs.failures is not None)
    digest.add(inputs.constant)
    for part, values in inputs.parts.items():
        digest.add(part.name)
        digest.add(len(values))
        for value in values:
            digest.add(value)
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    """Return the versions that results depend on: other releases may compute, tokenise or label differently."""
    from tidydl import __version__

    release = lambda name, parts: ".".join(metadata.version(name).split(".")[:parts])  # noqa: E731
    return {"tidydl": __version__, "transformers": release("transformers", 2), "torch": release("torch", 1)}


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Return how a run differs from an earlier one; None if it does not."""
    for name, value in now.items():
        if before.get(name) != value:
            detail = f" ({_listed(before.get(name))}, now {_listed(value)})" if name in ("dtype", "versions") else ""
            return f"a different {_SAID.get(name, name)}{detail}"
    return None


def _listed(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)

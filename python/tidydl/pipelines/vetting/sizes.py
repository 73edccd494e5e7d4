"""Sizes that the settings of a model claim, compared with what its files hold before memory is taken for them."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tidydl.errors import ArgumentError

__all__ = ["Held", "large_input", "refuse_claims", "refuse_growth", "weights_held"]

_HEADER = 100_000_000  # bytes of a header, as safetensors limits it
_SPARE = 250_000_000  # numbers that a model may have beside those in its files: 1 GB of float32
_PACKED = 16  # numbers that one of a quantized file may stand for
_MODULES = 1000  # layers, experts and the like that a model may have though its files hold fewer weights
_GROWTH = 10_000
# Entries that say how often a part is repeated, and those of these names that say how long or wide something is.
_REPEATED = re.compile(r"\w*(layers?|blocks?|depths?|experts?|stages?|codebooks?)|(num|n)_\w+")
_LENGTHS = re.compile(r"\w*(positions?|ctx|context|tokens?|labels|length|vocab|embeddings|size|dim|channels|frames)")
# The largest values of entries by which inputs are read.
_LARGEST = {
    **dict.fromkeys(("height", "width", "max_height", "max_width", "image_size", "shortest_edge", "size"), 32_768),
    **dict.fromkeys(("max_pixels", "min_pixels", "longest_edge"), 1 << 28),
    **dict.fromkeys(("feature_size", "num_mel_bins", "num_frames", "patch_size", "max_patches", "n_fft"), 1 << 17),
    "chunk_length": 3600,
    "sampling_rate": 1_000_000,
    "n_samples": 1 << 32,
    "nb_max_frames": 10_000_000,
}
_PIXELS = 1 << 28


class Held:
    """What the weights of a model hold: how many tensors and numbers, and the longest side of one."""

    def __init__(self) -> None:
        self.tensors, self.numbers, self.longest = 0, 0, 0

    def add(self, shape: list[int]) -> None:
        """Count a tensor."""
        count = 1
        for side in shape:
            count *= side
        self.tensors += 1
        self.numbers += count
        self.longest = max([self.longest, *shape])


def weights_held(folder: Path) -> Held:
    """Read what the safetensors files of a folder hold from their headers; a damaged one is left to the loader."""
    held = Held()
    for path in sorted(folder.glob("*.safetensors")):
        try:
            for name, entry in _header(path).items():
                if name != "__metadata__":
                    held.add([int(side) for side in entry["shape"]])
        except (ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError, OSError):
            continue
    return held


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        if size > min(_HEADER, path.stat().st_size):
            raise ValueError("its header is longer than the file")
        return dict(json.loads(file.read(size)))


def refuse_claims(config: Any, auto: Any, held: Held, source: str) -> None:
    """Refuse a model whose config.json claims much more than its weights hold.

    Parameters
    ----------
    config
        The configuration.
    auto
        The class of transformers that makes the model.
    held
        What the weights hold.
    source
        What the user calls the model.

    Raises
    ------
    ArgumentError
        Names the entry, or how many numbers the model would have.
    """
    if not held.tensors:
        return
    numbers = list(_numbers(config.to_dict()))
    most = max(held.tensors, _MODULES)
    for name, value in numbers:
        if _REPEATED.fullmatch(name) and not _LENGTHS.fullmatch(name) and value > max(most, held.longest):
            raise _claim(source, f"claims `{name}` {value}, and its weights are {held.tensors} tensors")
    if all(value <= max(held.longest, 4096) for _, value in numbers):
        return
    claimed = _made(config, auto)
    if claimed > _PACKED * held.numbers + _SPARE:
        raise _claim(source, f"claims {claimed:,} numbers, and its weights hold {held.numbers:,}")


def _made(config: Any, auto: Any) -> int:
    """Count the numbers of a model without making them; 0 where that fails, as loading then will."""
    import copy

    import torch

    try:
        with torch.device("meta"):
            model = auto.from_config(copy.deepcopy(config))
    except (ValueError, TypeError, AttributeError, RuntimeError, KeyError, ImportError):
        return 0
    return sum(each.numel() for each in (*model.parameters(), *model.buffers()))


def _claim(source: str, what: str) -> ArgumentError:
    return ArgumentError(
        f"`model` is '{source}', whose config.json {what}.",
        allowed="A config.json and weights that were saved together.",
        hint="Save or copy the model again.",
    )


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Go through the whole numbers of settings, with the names of their entries."""
    waiting = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, bool):
            continue
        if isinstance(value, int):
            yield name, value
        elif isinstance(value, Mapping):
            waiting.extend((str(key), each) for key, each in value.items() if key not in ("id2label", "label2id"))
        elif isinstance(value, (list, tuple)):
            waiting.extend((name, each) for each in value)


def large_input(held: dict[str, Any]) -> str | None:
    """Say which entry of a processor's settings makes inputs too large, as the end of a sentence; None where none does.

    Where images are cut into patches, the shortest and longest edge are numbers of pixels.
    """
    patches = "merge_size" in held or "max_pixels" in held
    for name, value in _numbers(held):
        limit = 1 << 28 if patches and name in ("shortest_edge", "size") else _LARGEST.get(name, 1 << 40)
        if value > limit:
            return f"claims `{name}` {value}, and at most {limit} can be read"
    size = held.get("size")
    given = [size.get("height"), size.get("width")] if isinstance(size, dict) else []
    sides = [side for side in given if isinstance(side, int)]
    if len(sides) == 2 and sides[0] * sides[1] > _PIXELS:
        return f"claims images of {sides[0]} by {sides[1]} pixels, and at most {_PIXELS} pixels can be read"
    return None


def refuse_growth(tokenizer: Any, source: str, argument: str) -> None:
    """Refuse a tokenizer that makes a text ten thousand times as long before it reads it.

    Raises
    ------
    ArgumentError
        Says how much longer.
    """
    normalizer = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    if normalizer is None:
        return
    growth, waiting = 1.0, [json.loads(normalizer.__getstate__())]
    while waiting:
        step = waiting.pop()
        waiting.extend(step.get("normalizers") or [])
        if step.get("type") == "Replace":
            pattern = (step.get("pattern") or {}).get("String")
            growth *= max(1.0, len(step.get("content") or "") / max(1, len(pattern or "")))
        growth *= max(1.0, len(step.get("prepend") or "") / 100)
    if growth > _GROWTH:
        raise ArgumentError(
            f"`{argument}` is '{source}', whose tokenizer makes texts up to {growth:.3g} times as long.",
            allowed=f"A tokenizer whose replacements make a text at most {_GROWTH} times as long.",
            hint="Use another model, or one whose tokenizer.json you have read.",
        )

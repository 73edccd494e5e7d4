"""Sizes in the settings of a model, compared with its files before memory is allocated."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig
    from transformers.models.auto.auto_factory import _BaseAutoModelClass

_HEADER = 100_000_000  # bytes of a header, as safetensors limits it
_SPARE = 250_000_000  # numbers that a model may have beside those in its files: 1 GB of float32
_PACKED = 16  # values per number of a quantized file
_MODULES = 1000  # layers, experts and the like that a model may have though its files hold fewer weights
_GROWTH = 10_000
_PADDED = 1 << 20  # tokens
# Entries that repeat a part, and entries that are lengths or widths.
_REPEATED = re.compile(r"\w*(layers?|blocks?|depths?|experts?|stages?|codebooks?)|(num|n)_\w+")
_LENGTHS = re.compile(r"\w*(positions?|ctx|context|tokens?|labels|length|vocab|embeddings|size|dim|channels|frames)")
# The largest values of entries by which inputs are read: of these names, of those that are sizes, and of all others.
_LARGEST = {
    **dict.fromkeys(("max_pixels", "min_pixels"), 1 << 28),
    **dict.fromkeys(("feature_size", "num_mel_bins", "num_frames", "patch_size", "max_patches", "n_fft"), 1 << 17),
    "chunk_length": 3600,
    "sampling_rate": 1_000_000,
    "n_samples": 1 << 32,
    "nb_max_frames": 10_000_000,
}
_SIZES = re.compile(r"(?:\w*_)?(?:size|height|width|edge)")
_SIDE = 32_768
_OTHER = 1 << 28
_FREE = re.compile(r"\w*(?:token|length)\w*|\w+_id")  # ids, and lengths that are limits rather than sizes
# What transformers makes lists of as soon as it reads it, and the longest lists that settings may hold themselves.
_LABELS = re.compile(r"_?n(um)?_(labels|classes)|id2label|label2id")
_MOST_LABELS = 100_000
_LAYERS = re.compile(r"\w*(layers?|blocks?|depths?|stages?)")
_MOST_LAYERS = 10_000
_CLASSES = 100  # architectures, which are compared with each other
_ENTRIES = 1_000_000
_SECONDS = ("chunk_length", "chunk_length_s", "max_length_s")
_PIXELS = 1 << 28


class Held:
    """The contents of a model's weights: the numbers of tensors and of values, and the longest dimension."""

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
    """Read the headers of a folder's safetensors files; a damaged one is left to the loader."""
    weights = Held()
    for path in sorted(folder.glob("*.safetensors")):
        try:
            for name, entry in _header(path).items():
                if name != "__metadata__":
                    weights.add([int(side) for side in entry["shape"]])
        except (ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError, OSError):
            continue
    return weights


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        if size > min(_HEADER, path.stat().st_size):
            raise ValueError("its header is longer than the file")
        return dict(json.loads(file.read(size)))


def refuse_claims(config: PreTrainedConfig, auto: type[_BaseAutoModelClass], weights: Held, source: str) -> None:
    """Refuse a model whose config.json claims much more than its weights hold."""
    if not weights.tensors:
        return
    numbers = [(name, each) for name, each in _numbers(config.to_dict()) if isinstance(each, int)]
    most = max(weights.tensors, _MODULES)
    for name, value in numbers:
        if _REPEATED.fullmatch(name) and not _LENGTHS.fullmatch(name) and value > max(most, weights.longest):
            raise _claim(source, f"sets `{name}` to {value}, but the weights contain only {weights.tensors} tensors")
    if all(value <= max(weights.longest, 4096) for _, value in numbers):
        return
    claimed = _made(config, auto)
    if claimed > _PACKED * weights.numbers + _SPARE:
        raise _claim(source, f"describes {claimed:,} parameters, but the weights contain {weights.numbers:,}")


def _made(config: PreTrainedConfig, auto: type[_BaseAutoModelClass]) -> int:
    """Count the parameters of a model without allocating them; 0 if that fails, as loading will then, too."""
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


def _numbers(value: object) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of settings, with the names of their entries."""
    return ((name, each) for name, each in _entries(value) if isinstance(each, (int, float)) and each is not True)


def long_list(settings: dict[str, Any]) -> str | None:
    """Return the entry of settings that would become too long a list, as the end of a sentence, or None.

    This is checked in the file, before transformers builds objects from it.
    """
    for _, value in _entries(settings):
        for name, each in value.items() if isinstance(value, Mapping) else ():
            most = _longest_list(name)
            if isinstance(each, int) and most < _ENTRIES and each > most:
                return f"sets `{name}` to {each!r:.30}, but at most {most:,} is allowed"
            if isinstance(each, (list, dict)) and len(each) > most:
                return f"has {len(each):,} entries in `{name}`, but at most {most:,} are allowed"
    return None


def _longest_list(name: str) -> int:
    if _LABELS.fullmatch(name):
        return _MOST_LABELS
    return _MOST_LAYERS if _LAYERS.fullmatch(name) else _CLASSES if name == "architectures" else _ENTRIES


def large_input(settings: dict[str, Any]) -> str | None:
    """Return the entry of a processor's settings that makes inputs too large, as the end of a sentence, or None.

    If images are cut into patches, the shortest and longest edge are numbers of pixels.
    """
    patches = any(name in ("merge_size", "max_pixels") for name, _ in _entries(settings))
    for name, value in _numbers(settings):
        limit = 1 << 28 if patches and name in ("shortest_edge", "longest_edge", "size") else _limit(name)
        if value > limit:
            return f"claims `{name}` {value}, and at most {limit} can be read"
    for entry, value in _entries(settings):
        sides = _sides(entry, value, patches)
        if len(sides) == 2 and sides[0] * sides[1] > _PIXELS:
            return f"claims images of {sides[0]} by {sides[1]} pixels, and at most {_PIXELS} pixels can be read"
        if isinstance(value, dict):
            samples = _number(value.get("sampling_rate")) * max(_number(value.get(name)) for name in _SECONDS)
            if samples > _PIXELS:
                return f"claims pieces of {samples:.0f} samples, and at most {_PIXELS} can be read"
    return None


def _limit(name: str) -> float:
    if name in _LARGEST:
        return _LARGEST[name]
    return _SIDE if _SIZES.fullmatch(name) else float("inf") if _FREE.fullmatch(name) else _OTHER


def _entries(value: object, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all values of settings, with the names of their entries."""
    waiting = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        yield name, value
        if isinstance(value, Mapping):
            waiting.extend((str(key), each) for key, each in value.items() if key not in ("id2label", "label2id"))
        elif isinstance(value, (list, tuple)):
            waiting.extend((name, each) for each in value)


def _number(value: object) -> float:
    return value if isinstance(value, (int, float)) else 0


def _sides(name: str, value: object, patches: bool) -> list[float]:
    """Return the height and width of an image in pixels, if a value sets them."""
    if isinstance(value, dict):
        sides = [value.get("height"), value.get("width")]
    elif isinstance(value, list):
        sides = value if _SIZES.fullmatch(name) else []
    else:
        square = name in ("size", "crop_size", "pad_size", "image_size", "shortest_edge") and not patches
        sides = [value, value] if square else []
    return [side for side in sides if isinstance(side, (int, float))]


def refuse_growth(tokenizer: object, source: str, argument: str) -> None:
    """Refuse a tokenizer that makes a text ten thousand times as long before it reads it."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    for part in ("normalizer", "decoder", "post_processor"):
        step = getattr(backend, part, None)
        growth = 0.0 if step is None else _growth(json.loads(step.__getstate__()))
        if growth > _GROWTH:
            raise _grows(source, argument, f"makes texts up to {growth:.3g} times as long")
    padded = getattr(backend, "padding", None) or {}
    length = max(padded.get("length") or 0, padded.get("pad_to_multiple_of") or 0)
    if length > _PADDED:
        raise _grows(source, argument, f"pads each text to {length} tokens")


def _growth(whole: dict[str, Any]) -> float:
    """Return the factor by which a step of a tokenizer lengthens a text, or the number of tokens it adds."""
    growth, added, waiting = 1.0, 0, [whole]
    while waiting:
        step = waiting.pop()
        for steps in ("normalizers", "decoders", "processors"):
            waiting.extend(step.get(steps) or [])
        if step.get("type") == "Replace":
            pattern = (step.get("pattern") or {}).get("String")
            growth *= max(1.0, len(step.get("content") or "") / max(1, len(pattern or "")))
        growth *= max(1.0, len(step.get("prepend") or "") / 100, _longest_piece(step.get("precompiled_charsmap")))
        if step.get("type") == "TemplateProcessing":
            templates = [step.get("single") or [], step.get("pair") or []]
            added += max(_added(step, pieces) for pieces in templates)
            growth *= max(1, *map(_repeats, templates))
    return max(growth, added)


def _longest_piece(charsmap: str | bytes | Iterable[int] | None) -> int:
    """Return the bytes of the longest replacement of a character in a sentencepiece map.

    The map is the length of a trie, the trie, and the replacements, each terminated by a zero.
    """
    content = base64.b64decode(charsmap) if isinstance(charsmap, str) else bytes(charsmap or b"")
    trie = int.from_bytes(content[:4], "little")
    return max(map(len, content[4 + trie :].split(b"\0")))


def _repeats(pieces: list[dict[str, Any]]) -> int:
    """Return how often a template repeats the same text."""
    texts = Counter((piece.get("Sequence") or {}).get("id") for piece in pieces if "Sequence" in piece)
    return max(texts.values(), default=1)


def _added(step: dict[str, Any], pieces: list[dict[str, Any]]) -> int:
    """Return the number of special tokens that a template adds to a text."""
    lengths = {name: len(token.get("ids") or ()) for name, token in (step.get("special_tokens") or {}).items()}
    return sum(lengths.get((piece.get("SpecialToken") or {}).get("id"), 0) for piece in pieces)


def _grows(source: str, argument: str, what: str) -> ArgumentError:
    return ArgumentError(
        f"`{argument}` is '{source}', whose tokenizer {what}.",
        allowed=f"A tokenizer that makes a text at most {_GROWTH} times as long, and pads to at most {_PADDED} tokens.",
        hint="Use another model, or one whose tokenizer.json you have read.",
    )

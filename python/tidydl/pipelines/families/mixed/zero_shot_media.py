"""Zero-shot classification of images and audio, by the similarity of label texts.

A dual encoder embeds images (or audio clips) and texts in one space (Radford et al., 2021); each label is put into a
sentence, and its score is the similarity of the sentence. Scores are softmaxed over an input's own labels, except
those of SigLIP, which scores each label on its own (Zhai et al., 2023).

References
----------
Radford, A. et al. (2021). Learning transferable visual models from natural language supervision. ICML.
Zhai, X., Mustafa, B., Kolesnikov, A. and Beyer, L. (2023). Sigmoid loss for language image pre-training. ICCV.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.pipelines.batching import BUDGETS
from tidydl.pipelines.inputs import modality_of
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading.texts import part_limit
from tidydl.pipelines.running.label_sets import Judged, choice_of, ranked
from tidydl.pipelines.running.probabilities import sigmoid, softmax
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from tidydl.pipelines.protocols import Prepared

Value = tuple[Any, tuple[str, ...]]  # an image or sound, and its labels

_SIGLIP_TOKENS = 64  # to which SigLIP was trained to see every text filled up
_TEXT_SHARE = 8  # how much the batches grow with their texts, which each of them encodes again
_MOST = 4  # and by how many times what a batch may cost they grow at most


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: whether labels are scored each alone or against each other."""
    return {"judges_by": "sigmoid" if _is_siglip(loaded) else "softmax"}


def plan(call: Call) -> TaskPlan:
    """Return the plan for zero-shot classification of images or audio."""
    loaded, options, reader = call.loaded, call.options, modality_of(call.task.parts[0])
    return TaskPlan(
        encode=partial(_encode, loaded, reader, options["hypothesis_template"]),
        forward=partial(_logits, loaded, f"logits_per_{call.task.reads}"),
        padding=reader.padding(loaded),
        finish=partial(_scores, sigmoid if _is_siglip(loaded) else softmax, options["top_k"]),
        parallel=True,
        **choice_of(call),
    )


def _is_siglip(loaded: Loaded) -> bool:
    return "siglip" in loaded.config.model_type


@dataclass(frozen=True)
class _Judged:
    """Images or audio with their labels, and the tokens of all sentences."""

    media: Any
    labels: list[tuple[str, ...]]
    tokens: dict[str, Any]
    lines: dict[str, int]  # of the sentences of the labels

    @property
    def owners(self) -> Sequence[int]:
        """Every input is one line."""
        return range(len(self.labels))

    @property
    def cut(self) -> list[bool]:
        """Nothing is shortened."""
        return [False] * len(self.labels)

    @property
    def shapes(self) -> list[Hashable]:
        """The shapes of the images or audio, if they decide which may share a batch."""
        return getattr(self.media, "shapes", [])

    @property
    def sizes(self) -> list[int]:
        """The cost of each line: lower for longer texts, so that more inputs share one encoding of these."""
        budget = BUDGETS.get(self.media.loaded.device.partition(":")[0], BUDGETS["cpu"])
        texts = self.tokens["input_ids"].numel() if self.labels else 0
        share = budget / (budget + min(_TEXT_SHARE * texts, _MOST * budget))
        return [max(1, int(size * share)) for size in self.media.sizes]

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some images or audio and of all labels that any of them has."""
        wanted = {label: k for k, label in enumerate(dict.fromkeys(each for i in positions for each in self.labels[i]))}
        lines = [self.lines[label] for label in wanted]
        device = self.media.loaded.device
        texts = {name: values[lines].to(device) for name, values in self.tokens.items()}
        columns = [[wanted[label] for label in self.labels[i]] for i in positions]
        return {"inputs": {**texts, **self.media.batch(positions)}, "columns": columns}


def _encode(loaded: Loaded, reader: Prepared, template: str, values: list[Value], indices: Sequence[int]) -> _Judged:
    """Read images or audio, and tokenise the sentence of each different label once."""
    labels = [each for _, each in values]
    unique_labels = list(dict.fromkeys(label for each in labels for label in each))
    sentences = [template.replace("{}", label) for label in unique_labels]
    tokens = _tokens(loaded, sentences, partial(_too_long, unique_labels, labels, indices)) if unique_labels else {}
    media = reader.encode(loaded, [medium for medium, _ in values], indices)
    return _Judged(media, labels, tokens, {label: line for line, label in enumerate(unique_labels)})


def _tokens(loaded: Loaded, sentences: list[str], too_long: Callable[[int, int], Exception]) -> dict[str, Any]:
    """Tokenize sentences, padded to the longest, or to the length the model was trained with."""
    tokenizer, siglip = loaded.tokenizer, _is_siglip(loaded)
    limits = [limit for limit in (part_limit(loaded), _SIGLIP_TOKENS if siglip else None) if limit is not None]
    limit = min(limits, default=None)
    longest = [len(row) for row in tokenizer(sentences, verbose=False)["input_ids"]]
    if limit is not None and max(longest) > limit:
        raise too_long(longest.index(max(longest)), limit)
    filled: dict[str, Any] = {"padding": "max_length", "max_length": _SIGLIP_TOKENS} if siglip else {"padding": True}
    return dict(tokenizer(sentences, return_tensors="pt", **filled))


def _too_long(
    unique_labels: list[str], labels: list[tuple[str, ...]], indices: Sequence[int], which: int, limit: int
) -> Exception:
    """Build the error for a label whose sentence exceeds the model's maximum, naming its first input."""
    label = unique_labels[which]
    index = next(index for each, index in zip(labels, indices, strict=True) if label in each)
    return value_error(
        index,
        f"has a label, '{label[:40]}…', whose sentence is longer than the model's maximum.",
        allowed=f"Labels that make at most {limit} tokens in the sentence of `hypothesis_template`.",
        hint="Shorten the label.",
    )


def _logits(loaded: Loaded, name: str, tensors: dict[str, Any]) -> list[np.ndarray]:
    """Run the model on a batch: the similarities of each input to its own labels."""
    logits = getattr(loaded.model(**tensors["inputs"]), name).float().cpu().double().numpy()
    return [row[columns] for row, columns in zip(logits, tensors["columns"], strict=True)]


def _scores(
    function: Callable[[np.ndarray], np.ndarray],
    top_k: int | None,
    encoded: _Judged,
    lines: list[int],
    logits: list[np.ndarray],
) -> list[Judged]:
    """Rank the labels of an input by their scores."""
    return ranked(encoded.labels[encoded.owners[lines[0]]], function(logits[0]), top_k)

"""Zero-shot classification of texts, by natural language inference or the probability of labels.

A natural language inference model is asked whether a text entails each label put into a sentence (Yin et al., 2019).
A causal language model is scored by the probability of each label; no generated text is parsed.

References
----------
Yin, W., Hay, J. and Roth, D. (2019). Benchmarking zero-shot text classification. EMNLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError
from tidydl.pipelines.families.texts import continuations
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import EncodedLines, frame_of, refuse_long, room_for, spans_of, tokens_of
from tidydl.pipelines.running.label_sets import Judged, choice_of, ranked
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Value = tuple[str, tuple[str, ...]]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: how it scores labels."""
    if not continuations.writes(loaded):
        _entailment(loaded)
    return {"judges_by": "probability" if continuations.writes(loaded) else "entailment"}


def plan(call: Call) -> TaskPlan:
    """Return the plan for zero-shot classification of texts."""
    loaded, options = call.loaded, call.options
    if continuations.writes(loaded):
        return continuations.plan(call)
    _refuse_prompt(options)
    return TaskPlan(
        encode=partial(_encode, loaded, options),
        forward=partial(_logits, loaded.model, _entailment(loaded)),
        padding=texts.padding(loaded),
        chunk=64,
        finish=partial(_scores, options),
        parallel=True,
        **choice_of(call),
    )


def _refuse_prompt(options: Options) -> None:
    for name in ("prompt", "per_token"):
        if options[name]:
            raise ArgumentError(
                f"`{name}` is for causal language models, and this is an entailment (NLI) model.",
                allowed="`hypothesis_template`, a sentence with {} for the label.",
                hint=f"Leave `{name}` out.",
            )


def _entailment(loaded: Loaded) -> int:
    """Return the output for entailment."""
    names = getattr(loaded.config, "label2id", None) or {}
    index = next((int(code) for name, code in names.items() if str(name).lower().startswith("entail")), None)
    if index is None:
        raise ArgumentError(
            f"`model` is '{loaded.source}', which has no label 'entailment'.",
            allowed="A natural language inference model, or a causal language model.",
            hint="This one may be for 'text-classification'.",
        )
    return index


def _encode(loaded: Loaded, options: Options, values: list[Value], indices: Sequence[int]) -> EncodedLines:
    """Pair each text with the sentence of each label; each text and each sentence is tokenised once."""
    frame = frame_of(loaded.processor, pair=True)
    limit, long = texts.token_limit(loaded, options["max_length"]), options["long"]
    every = list(dict.fromkeys(label for _, labels in values for label in labels))
    template = options["hypothesis_template"]
    sentences = dict(
        zip(every, tokens_of(loaded, [template.replace("{}", each) for each in every], offsets=False)[0], strict=True)
    )
    read = [
        texts.kept_part(text, limit, loaded.processor) if limit and long != "window" else text for text, _ in values
    ]
    ids = tokens_of(loaded, read, offsets=False)[0]
    for i, row in enumerate(ids):
        if limit and len(row) <= limit - frame.size and read[i] is not values[i][0]:  # nothing but blanks so far
            ids[i] = tokens_of(loaded, [values[i][0]], offsets=False)[0][0]
    texts.refuse_empty([len(row) + frame.size for row in ids], indices)
    room = None if limit is None else room_for(limit - frame.size, "max_length")
    cut = [False] * len(values)
    cut_left = texts.cuts_left(loaded.processor)
    encoded = EncodedLines(loaded, cut, values)
    for owner, ((_, labels), row) in enumerate(zip(values, ids, strict=True)):
        for code, label in enumerate(labels):
            sentence = sentences[label]
            left = None if room is None else room - len(sentence)
            left = None if left is None else room_for(left, "candidate_labels", index=indices[owner])
            too_long = left is not None and len(row) > left
            cut[owner] = cut[owner] or (too_long and long != "window")
            spans = (
                spans_of(len(row), left, options["stride"]) if long == "window" else [_kept(len(row), left, cut_left)]
            )
            for start, stop in spans:
                encoded.add(owner, frame.line(row[start:stop], sentence), extra=code)
    if long == "error":
        refuse_long(cut, indices)
    return encoded


def _logits(model: PreTrainedModel, entailment: int, tensors: dict[str, Any]) -> np.ndarray:
    """Run the model on a batch: its logits against and for entailment."""
    contradiction = -1 if entailment == 0 else 0
    return model(**tensors).logits.float()[:, [contradiction, entailment]].cpu().numpy()


def _scores(options: Options, encoded: EncodedLines, lines: list[int], line_logits: list[Any]) -> list[Judged]:
    """Rank a text's labels by their scores: against each other, or each against its contradiction."""
    labels = encoded.texts[encoded.owners[lines[0]]][1]
    each: list[list[Any]] = [[] for _ in labels]
    for line, logits in zip(lines, line_logits, strict=True):
        each[encoded.extra[line]].append(logits)
    logits = np.array([np.mean(windows, axis=0) for windows in each], dtype="float64")
    alone = options["multi_label"] or len(labels) == 1
    return ranked(labels, softmax(logits)[:, 1] if alone else softmax(logits[:, 1]), options["top_k"])


def _kept(size: int, room: int | None, cut_left: bool) -> tuple[int, int | None]:
    """Return which tokens of a text truncation keeps."""
    return (max(0, size - room), size) if cut_left and room is not None else (0, room)

"""Extractive question answering: the span of a text that answers a question.

The probabilities of starts and ends are those within a window of the text; an answer's score is their product
(Devlin et al., 2019). Answers of all windows compete; one that two windows share is counted once, with its best score.

References
----------
Devlin, J., Chang, M.-W., Lee, K. and Toutanova, K. (2019). BERT: Pre-training of deep bidirectional transformers for
language understanding. NAACL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import count_of_answers
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import (
    EncodedLines,
    frame_of,
    refuse_long,
    refuse_slow,
    room_for,
    spans_of,
    tokens_of,
)
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.running.spans import candidates, edge_logits, usual_overlap
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MOST_TOKENS = 384  # of a question and a window, what these models are trained with
_STRIDE = 128  # tokens that windows share, as in training
Value = tuple[str, str]
Span = tuple[int, int]


def plan(call: Call) -> TaskPlan:
    """Return the plan for question answering."""
    loaded, options, top_k = call.loaded, call.options, count_of_answers(call.options)
    return TaskPlan(
        encode=partial(_encode, loaded, options),
        forward=partial(edge_logits, loaded.model),
        padding=texts.padding(loaded),
        chunk=256,
        finish=partial(_answers, loaded.processor, options, top_k),
        parallel=True,
        noted={"ranks": top_k},
    )


@dataclass(frozen=True)
class _Windows(EncodedLines):
    """Windows of contexts with their questions; ``words`` are the characters of each token's word."""

    words: list[list[Span]] = field(default_factory=list)

    def answer_of(self, owner: int, start: int, end: int, whole_words: bool) -> Span:
        """Return the characters from one token of a context to another."""
        offsets = self.words[owner] if whole_words else self.offsets[owner]
        return offsets[start][0], offsets[end][1]


def _encode(loaded: Loaded, options: Options, values: list[Value], indices: Sequence[int]) -> _Windows:
    """Pair each question with windows of its context."""
    tokenizer, long = loaded.processor, options["long"]
    frame = frame_of(tokenizer, pair=True)
    most = texts.token_limit(loaded, options["max_length"] or _MOST_TOKENS) or _MOST_TOKENS
    questions = tokens_of(loaded, [question for question, _ in values])[0]
    ids, offsets, words = _contexts(loaded, [context for _, context in values])
    encoded = _Windows(loaded, [False] * len(values), values, ids, offsets, words=words)
    for owner, (question, row) in enumerate(zip(questions, ids, strict=True)):
        room = room_for(most - frame.size - len(question), "question", index=indices[owner])
        stride = usual_overlap(_STRIDE, most, room) if options["stride"] is None else options["stride"]
        spans = spans_of(len(row), room, stride)
        encoded.cut[owner] = len(spans) > 1 and long != "window"
        for span in spans if long == "window" else spans[:1]:
            part = row[slice(*span)]
            if tokenizer.padding_side == "right":
                line, at = frame.line(question, part), len(frame.before) + len(question) + len(frame.between)
            else:
                line, at = frame.line(part, question), len(frame.before)
            encoded.add(owner, line, span, at, _position_of_none(tokenizer, line["input_ids"]))
    if long == "error":
        refuse_long(encoded.cut, indices)
    return encoded


def _position_of_none(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> int:
    """Return the position whose probabilities mean "no answer": that of the classification token."""
    return ids.index(tokenizer.cls_token_id) if tokenizer.cls_token_id in ids else 0


def _contexts(loaded: Loaded, contexts: list[str]) -> tuple[list[list[int]], list[list[Span]], list[list[Span]]]:
    """Tokenize contexts; return the characters of each token, and those of its word."""
    refuse_slow(loaded.processor)
    if not contexts:
        return [], [], []
    encoding = loaded.processor(contexts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    words = []
    for i, offsets in enumerate(encoding["offset_mapping"]):
        around: dict[Any, Span] = {}
        numbers = [(-1, k) if word is None else word for k, word in enumerate(encoding.word_ids(i))]
        for word, (start, end) in zip(numbers, offsets, strict=True):
            span = around.get(word, (start, end))
            around[word] = (min(span[0], start), max(span[1], end))
        words.append([around[word] for word in numbers])
    return list(encoding["input_ids"]), encoding["offset_mapping"], words


def _answers(
    tokenizer: PreTrainedTokenizerBase,
    options: Options,
    top_k: int,
    encoded: _Windows,
    lines: list[int],
    line_logits: list[np.ndarray],
) -> list[tuple[Any, ...]]:
    """Write the best answers of all windows of a context."""
    owner = encoded.owners[lines[0]]
    context = encoded.texts[owner][1]
    best: dict[Span, float] = {}
    without = 1.0
    for line, logits in zip(lines, line_logits, strict=True):
        starts, ends, none = _chances(encoded, line, logits, tokenizer.cls_token_id is not None)
        without = min(without, none)
        first = encoded.spans[line][0]
        for start, end, score in candidates(starts, ends, options["max_answer_len"], 64 * top_k):
            span = encoded.answer_of(owner, first + start, first + end, options["align_to_words"])
            best[span] = max(score, best.get(span, 0.0))
    if options["handle_impossible_answer"]:
        best[(0, 0)] = without
    ordered = sorted(best.items(), key=lambda item: -item[1])[:top_k]
    return [
        (rank, context[start:end], score, start, end) for rank, ((start, end), score) in enumerate(ordered, start=1)
    ]


def _chances(encoded: _Windows, line: int, logits: np.ndarray, has_none: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the probabilities of starts and ends of the context's tokens, and that of no answer."""
    start, stop = encoded.spans[line]
    at, none = encoded.at[line], encoded.extra[line]
    context = np.arange(at, at + stop - start)
    read = np.append(context, none) if has_none else context
    shares = softmax(logits[:, read].astype("float64"))
    inside = shares[:, : len(context)]
    return inside[0], inside[1], float(shares[0, -1] * shares[1, -1]) if has_none else 0.0

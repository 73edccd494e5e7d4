"""Token classification: named entities, or other labelled spans, of texts.

Grouping follows transformers' ``aggregation_strategy``; a token that two windows share is read where it stands
farther from an edge.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tidydl.pipelines.model_loading import Loaded, class_labels
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import EncodedLines, encode_spans
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class _Piece(NamedTuple):
    """A token or word: its text, its characters, a score for each label, whether it continues a word."""

    word: str
    start: int
    end: int
    scores: np.ndarray
    goes_on: bool


class _Marked(NamedTuple):
    """A piece with its label."""

    entity: str
    word: str
    score: float
    start: int
    end: int


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its labels in order."""
    return {"labels": class_labels(loaded.config, loaded.source)}


def plan(call: Call) -> TaskPlan:
    """Return the plan for token classification."""
    loaded = call.loaded
    return TaskPlan(
        encode=partial(encode_spans, loaded, **call.chosen("max_length", "long", "stride")),
        forward=partial(_probabilities, loaded.model),
        padding=texts.padding(loaded),
        finish=partial(_entities, loaded.processor, class_labels(loaded.config, loaded.source), call.options),
        parallel=True,
    )


def _probabilities(model: PreTrainedModel, tensors: dict[str, Any]) -> np.ndarray:
    """Run the model on a batch: a probability of each label for each token."""
    return softmax(model(**tensors).logits.float().cpu().numpy())


def _entities(
    tokenizer: PreTrainedTokenizerBase,
    labels: list[str],
    options: Options,
    encoded: EncodedLines,
    lines: list[int],
    line_scores: list[Any],
) -> list[_Marked]:
    """Build the entities of a text from the probabilities of its tokens."""
    owner = encoded.owners[lines[0]]
    scores = _merged(encoded, lines, line_scores)
    pieces = _pieces(tokenizer, encoded.texts[owner], encoded.ids[owner], encoded.offsets[owner], scores)
    strategy = options["aggregation_strategy"]
    if strategy in ("none", "simple"):
        marked = [_marked(piece, piece.scores, labels) for piece in pieces]
    else:
        marked = [_word(tokenizer, word, strategy, labels) for word in _words(pieces)]
    if strategy != "none":
        marked = [_group(tokenizer, group) for group in _groups(marked)]
    return [each for each in marked if each.entity not in options["ignore_labels"]]


def _merged(encoded: EncodedLines, lines: list[int], line_scores: list[np.ndarray]) -> np.ndarray:
    """Return one line of probabilities per token, from the window in which it is farthest from an edge."""
    size = max(encoded.spans[line][1] for line in lines)
    merged = np.empty((size, line_scores[0].shape[-1]))
    depth = np.full(size, -1)
    for line, scores in zip(lines, line_scores, strict=True):
        start, stop = encoded.spans[line]
        inside, anywhere = np.arange(stop - start), np.full(stop - start, size)
        deep = np.minimum(inside if start else anywhere, inside[::-1] if stop < size else anywhere)
        better = deep > depth[start:stop]
        merged[start:stop][better] = scores[encoded.at[line] :][: stop - start][better]
        depth[start:stop][better] = deep[better]
    return merged


def _pieces(
    tokenizer: PreTrainedTokenizerBase, text: str, ids: list[int], offsets: list[tuple[int, int]], scores: np.ndarray
) -> list[_Piece]:
    """Return the tokens of a text, and which of them continue a word."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    marks_subwords = bool(getattr(getattr(backend, "model", None), "continuing_subword_prefix", None))
    pieces = []
    for word, code, (start, end), each in zip(tokenizer.convert_ids_to_tokens(ids), ids, offsets, scores, strict=False):
        if code == tokenizer.unk_token_id:
            pieces.append(_Piece(text[start:end], start, end, each, False))
        elif marks_subwords:
            pieces.append(_Piece(word, start, end, each, len(word) != end - start))
        else:  # words are separated by blanks only
            pieces.append(_Piece(word, start, end, each, start > 0 and " " not in text[start - 1 : start + 1]))
    return pieces


def _marked(piece: _Piece, scores: np.ndarray, labels: list[str]) -> _Marked:
    best = int(scores.argmax())
    return _Marked(labels[best], piece.word, float(scores[best]), piece.start, piece.end)


def _words(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Join the tokens of each word."""
    words: list[list[_Piece]] = []
    for piece in pieces:
        if words and piece.goes_on:
            words[-1].append(piece)
        else:
            words.append([piece])
    return words


def _word(tokenizer: PreTrainedTokenizerBase, word: list[_Piece], strategy: str, labels: list[str]) -> _Marked:
    """Label a word by its first token, its token with the highest score, or the mean of their probabilities."""
    scores = {
        "first": lambda: word[0].scores,
        "max": lambda: max(word, key=lambda piece: piece.scores.max()).scores,
        "average": lambda: np.mean([piece.scores for piece in word], axis=0),
    }[strategy]()
    whole = tokenizer.convert_tokens_to_string([piece.word for piece in word])
    return _marked(_Piece(whole, word[0].start, word[-1].end, scores, False), scores, labels)


def _groups(marked: list[_Marked]) -> list[list[_Marked]]:
    """Group neighbours of one label; B- starts a new entity."""
    groups: list[list[_Marked]] = []
    for each in marked:
        begins = each.entity.startswith("B-")
        if groups and not begins and _kind(each) == _kind(groups[-1][-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _kind(marked: _Marked) -> str:
    return marked.entity[2:] if marked.entity.startswith(("B-", "I-")) else marked.entity


def _group(tokenizer: PreTrainedTokenizerBase, group: list[_Marked]) -> _Marked:
    word = tokenizer.convert_tokens_to_string([each.word for each in group])
    score = float(np.mean([each.score for each in group]))
    return _Marked(group[0].entity.split("-", 1)[-1], word, score, group[0].start, group[-1].end)

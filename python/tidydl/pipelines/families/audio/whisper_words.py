"""Joining the tokens of Whisper to words, as its authors do: at blanks, and around punctuation."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPACELESS = ("zh", "ja", "th", "lo", "my", "yue")  # languages that are written without blanks between words

_BEFORE = "\"'“¡¿([{-"  # punctuation that belongs to the word after it
_AFTER = "\"'.。,，!！?？:：”)]}、"  # and to the word before it

Piece = tuple[str, int, int]  # a text, and the first and last of the tokens it stands for


def words_of(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int], spaceless: bool = False) -> list[Piece]:
    """Return the words of a text with the first and the last token of each.

    If ``spaceless``, there are no blanks between words: then each token that is whole characters is a word.
    """
    words: list[Piece] = []
    for piece in _characters(tokenizer, tokens):
        if spaceless or not words or piece[0].startswith(" ") or piece[0].strip() in string.punctuation:
            words.append(piece)
        else:
            words[-1] = _together(words[-1], piece)
    return _with_punctuation(words)


def _characters(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> Iterator[Piece]:
    """Join tokens until they are whole characters: those of the text at this position."""
    whole = _decoded(tokenizer, tokens)
    start, at = 0, 0
    for index in range(len(tokens)):
        text = _decoded(tokenizer, tokens[start : index + 1])
        if whole.startswith(text, at) or index == len(tokens) - 1:
            yield text, start, index
            start, at = index + 1, at + len(text)


def _decoded(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> str:
    return str(tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False))


def _with_punctuation(words: list[Piece]) -> list[Piece]:
    """Attach punctuation to the words it belongs to."""
    opened: list[Piece] = []  # from the last to the first
    for word in reversed(words):
        if opened and word[0].startswith(" ") and word[0].strip() in _BEFORE:
            opened[-1] = _together(word, opened[-1])
        else:
            opened.append(word)
    closed: list[Piece] = []
    for word in reversed(opened):
        if closed and not closed[-1][0].endswith(" ") and word[0] in _AFTER:
            closed[-1] = _together(closed[-1], word)
        else:
            closed.append(word)
    return closed


def _together(one: Piece, other: Piece) -> Piece:
    return one[0] + other[0], one[1], other[2]

"""Texts as lines of tokens with their offsets: whole, truncated, or in overlapping windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import texts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = list[int]


@dataclass(frozen=True)
class Frame:
    """The tokens that a tokenizer puts before, between and after the texts of an input, and its types of tokens."""

    before: Ids
    between: Ids
    after: Ids
    types: tuple[int, int] | None  # of the first text and of the second

    @property
    def size(self) -> int:
        """How many tokens it adds."""
        return len(self.before) + len(self.between) + len(self.after)

    def line(self, first: Ids, second: Ids | None = None) -> dict[str, Ids]:
        """Put a text, or a pair of them, into the frame."""
        head = [*self.before, *first, *self.between]
        tail = [*(second or ()), *self.after]
        row = {"input_ids": head + tail, "attention_mask": [1] * (len(head) + len(tail))}
        if self.types is not None:
            row["token_type_ids"] = [self.types[0]] * len(head) + [self.types[1]] * len(tail)
        return row


def frame_of(tokenizer: PreTrainedTokenizerBase, *, pair: bool = False) -> Frame:
    """Find the tokens that a tokenizer adds around a text, or around a pair of them."""
    first, second = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
    encoding = tokenizer("a", "b") if pair else tokenizer("a")
    ids = encoding["input_ids"]
    start = _position(first, ids, 0)
    end = start + len(first)
    types = encoding.get("token_type_ids")
    if not pair:
        return Frame(ids[:start], [], ids[end:], types and (types[start], types[-1]))
    other = _position(second, ids, end)
    after = ids[other + len(second) :]
    return Frame(ids[:start], ids[end:other], after, types and (types[start], types[other]))


def _position(part: Ids, whole: Ids, start: int) -> int:
    return next(i for i in range(start, len(whole)) if whole[i : i + len(part)] == part)


@dataclass(frozen=True)
class EncodedLines:
    """Lines of tokens that are assembled here.

    ``ids`` and ``offsets`` are the tokens of each of the ``texts`` without its frame, and the characters each stands
    for. A line holds those of its owner from ``spans[line][0]`` up to ``spans[line][1]``, the first of them in place
    ``at[line]``.
    """

    loaded: Loaded
    cut: list[bool]
    texts: list[Any] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    offsets: list[list[tuple[int, int]]] = field(default_factory=list)
    tokens: dict[str, list[Ids]] = field(default_factory=dict)
    owners: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)  # what else distinguishes the lines of an owner

    @property
    def sizes(self) -> list[int]:
        """How many tokens each line has."""
        return [len(row) for row in self.tokens.get("input_ids", ())]

    def add(self, owner: int, row: dict[str, Ids], span: tuple[int, int] = (0, 0), at: int = 0, extra: int = 0) -> None:
        """Add a line."""
        read = set(self.loaded.processor.model_input_names) | {"input_ids"}
        for name, values in row.items():
            if name in read:
                self.tokens.setdefault(name, []).append(values)
        self.owners.append(owner)
        self.spans.append(span)
        self.at.append(at)
        self.extra.append(extra)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some lines."""
        return texts.padded(self.loaded, self.tokens, positions)


def encode_long(
    loaded: Loaded,
    values: list[Any],
    indices: Sequence[int],
    *,
    max_length: int | None,
    long: str = "truncate",
    stride: float | None = None,
) -> Any:
    """Tokenize texts, or pairs of them; those that are too long are truncated, refused or split into windows."""
    if long != "window":
        encoded = texts.encode(loaded, values, indices, max_length)
        if long == "error":
            refuse_long(encoded.cut, indices)
        return encoded
    if values and isinstance(values[0], tuple):
        raise ArgumentError(
            "`long` is 'window', but each input is a pair of texts.",
            allowed="'truncate' or 'error' for pairs.",
            hint="Windows are for single texts.",
        )
    return encode_spans(loaded, values, indices, max_length=max_length, long=long, stride=stride, offsets=False)


def encode_spans(
    loaded: Loaded,
    values: list[str],
    indices: Sequence[int],
    *,
    max_length: int | None,
    long: str = "truncate",
    stride: float | None = None,
    offsets: bool = True,
) -> EncodedLines:
    """Tokenize texts with the offsets of their tokens."""
    frame = frame_of(loaded.processor)
    limit = texts.token_limit(loaded, max_length)
    room = None if limit is None else room_for(limit - frame.size, "max_length")
    left = texts.cuts_left(loaded.processor)
    # The end of a text is counted from its beginning, so that all of it is read.
    shortened = limit if limit and long != "window" and not left else None
    read = [texts.kept_part(text, shortened, loaded.processor) for text in values] if shortened else values
    ids, characters = tokens_of(loaded, read, offsets=offsets)
    for i, row in enumerate(ids):
        if room is not None and len(row) <= room and read[i] is not values[i]:  # next to nothing but blanks so far
            whole = tokens_of(loaded, [values[i]], offsets=offsets)
            ids[i], characters[i] = whole[0][0], whole[1][0]
    cut = [room is not None and len(row) > room for row in ids]
    if long == "error":
        refuse_long(cut, indices)
    if long == "truncate" and room is not None:
        kept = slice(-room, None) if left else slice(room)
        ids, characters = [row[kept] for row in ids], [row[kept] for row in characters]
    encoded = EncodedLines(loaded, [False] * len(ids) if long == "window" else cut, values, ids, characters)
    for owner, row in enumerate(ids):
        for start, stop in spans_of(len(row), room, stride):
            encoded.add(owner, frame.line(row[start:stop]), (start, stop), len(frame.before))
    texts.refuse_empty([len(row) + frame.size for row in ids], indices)
    return encoded


def tokens_of(
    loaded: Loaded, values: list[str], *, offsets: bool = True, special: bool = False
) -> tuple[list[Ids], list[list[tuple[int, int]]]]:
    """Tokenize texts, with special tokens if requested, and return the offsets of the tokens."""
    tokenizer = loaded.processor
    if not values:
        return [], []
    if offsets:
        refuse_slow(tokenizer)
    encoding = tokenizer(values, add_special_tokens=special, return_offsets_mapping=offsets, verbose=False)
    ids = [list(row) for row in encoding["input_ids"]]
    return ids, encoding["offset_mapping"] if offsets else [[] for _ in ids]


def refuse_slow(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer without offsets."""
    if not getattr(tokenizer, "is_fast", False):
        raise ArgumentError(
            f"`tokenizer` is a {type(tokenizer).__name__}, which does not return token offsets.",
            allowed="A fast tokenizer, one with a tokenizer.json.",
            hint="Load the model with the fast tokenizer of its kind.",
        )


def room_for(room: int, limited_by: str, *, index: int | None = None) -> int:
    """Refuse a text if no room is left for its own tokens.

    ``limited_by`` is the argument that takes it: the limit itself, or what stands beside each text, ``index`` then
    being the position of the input.
    """
    if room >= 1:
        return room
    if index is None:
        raise ArgumentError(
            f"`{limited_by}` leaves no room for the text besides the special tokens.",
            allowed="A limit of several tokens.",
            hint="Leave it out for the model's maximum.",
        )
    raise value_error(
        index,
        "is too long: it leaves no room for the other text.",
        allowed="A shorter one, so that part of the other text fits.",
        hint="Shorten it, or raise `max_length` where it is given.",
        name=limited_by,
    )


def spans_of(size: int, room: int | None, stride: float | None) -> list[tuple[int, int]]:
    """Split a text of ``size`` tokens into windows that share ``stride`` tokens with their neighbours."""
    if room is None or size <= room:
        return [(0, size)]
    overlap = room // 4 if stride is None else int(stride)
    if overlap >= room:
        raise ArgumentError(
            f"`stride` is {overlap}, but a window holds {room} tokens of the text.",
            allowed=f"A whole number below {room}.",
            hint="`stride` is the number of tokens that neighbouring windows share.",
        )
    starts = range(0, size - overlap, room - overlap)
    return [(start, min(start + room, size)) for start in starts]


def refuse_long(cut: Sequence[bool], indices: Sequence[int]) -> None:
    """Refuse texts that would have to be shortened."""
    for is_cut, index in zip(cut, indices, strict=True):
        if is_cut:
            raise value_error(
                index,
                "is longer than the model's maximum.",
                allowed="Shorter texts, where `long` is 'error'.",
                hint='`long = "truncate"` cuts off the end, `long = "window"` uses overlapping windows.',
            )

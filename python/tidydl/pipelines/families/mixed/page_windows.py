"""Windows of the words of pages with questions about them, as tokens with boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import images, texts
from tidydl.pipelines.reading.layouts import Layout
from tidydl.pipelines.reading.ocr import words_in
from tidydl.pipelines.reading.tensors import on_device
from tidydl.pipelines.reading.windows import refuse_slow, room_for
from tidydl.pipelines.running.spans import usual_overlap

_STRIDE = 256
_SEPARATOR_BOX, _NO_BOX = [1000] * 4, [0] * 4


@dataclass(frozen=True)
class PageWindows:
    """Lines of tokens, each a question with a window of the words of its page.

    ``words`` is the word of the page for each token of a line, None for other tokens.
    """

    loaded: Loaded
    pictures: images.EncodedImages
    pages: list[Layout]
    tokens: list[dict[str, list[Any]]] = field(default_factory=list)
    words: list[list[int | None]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """How many tokens each line has."""
        return [len(row["input_ids"]) for row in self.tokens]

    @property
    def cut(self) -> list[bool]:
        """No page is shortened: windows slide over it."""
        return [False] * len(self.pages)

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some windows; decode the image of the page if the model reads it."""
        import torch

        rows = [self.tokens[i] for i in positions]
        longest = max(len(row["input_ids"]) for row in rows)
        filling = {"input_ids": self.loaded.tokenizer.pad_token_id, "bbox": _NO_BOX}
        tensors = {
            name: torch.tensor([[*row[name], *[filling.get(name, 0)] * (longest - len(row[name]))] for row in rows])
            for name in rows[0]
        }
        reader = self.loaded.image_processor
        if reader is not None:
            pixels = self.pictures.pixels([self.owners[i] for i in positions])
            seen = reader(images=pixels, apply_ocr=False, return_tensors="pt")["pixel_values"]
            tensors["image" if self.loaded.config.model_type == "layoutlmv2" else "pixel_values"] = seen
        return on_device(self.loaded, tensors)


def encode(
    loaded: Loaded, options: Options, layouts: dict[Any, Layout], values: list[tuple[Any, ...]], indices: Sequence[int]
) -> PageWindows:
    """Pair each question with windows of the words of its page.

    ``layouts`` caches the words read in images of this call.
    """
    refuse_slow(loaded.tokenizer)
    pictures = images.encode(loaded, [value[0] for value in values], indices)
    pages = [value[2] if len(value) > 2 else _words_of(pictures, i, options, layouts) for i, value in enumerate(values)]
    encoded = PageWindows(loaded, pictures, pages)
    reader = replace(loaded, components={"tokenizer": loaded.tokenizer})
    most = texts.token_limit(reader, options["max_length"]) or 2 * _STRIDE
    for owner, value in enumerate(values):
        _add_windows(encoded, owner, value[1], most, options["stride"], indices[owner])
    return encoded


def _words_of(pictures: images.EncodedImages, i: int, options: Options, layouts: dict[Any, Layout]) -> Layout:
    """Read the words in an image, once for all questions about it."""
    name = images.key(pictures.images[i])
    if name not in layouts:
        layouts[name] = words_in(pictures.pixels([i])[0], options["lang"], options["tesseract_config"])
    return layouts[name]


def _add_windows(encoded: PageWindows, owner: int, question: str, most: int, stride: float | None, index: int) -> None:
    """Tokenize a question with the words of its page, in as many windows as necessary."""
    tokenizer, page = encoded.loaded.tokenizer, encoded.pages[owner] or (("", (0, 0, 0, 0)),)
    inputs = _as_given(encoded.loaded, question, page)
    asked = tokenizer(**_as_given(encoded.loaded, question, page[:1]), verbose=False).sequence_ids(0).count(0)
    room = room_for(most - asked - tokenizer.num_special_tokens_to_add(pair=True), "question", index=index)
    encoding = tokenizer(
        **inputs,
        max_length=most,
        stride=_shared(stride, most, room),
        truncation="only_second",
        return_overflowing_tokens=True,
        return_token_type_ids=True,
    )
    read = [name for name in ("input_ids", "attention_mask", "token_type_ids", "bbox") if name in encoding]
    for line, ids in enumerate(encoding["input_ids"]):
        row = {name: list(encoding[name][line]) for name in read}
        parts, words = encoding.sequence_ids(line), encoding.word_ids(line)
        of_page = [word if part == 1 else None for part, word in zip(parts, words, strict=True)]
        row.setdefault("bbox", _boxes(ids, of_page, page, tokenizer.sep_token_id))
        encoded.tokens.append(row)
        encoded.words.append(of_page)
        encoded.owners.append(owner)


def _as_given(loaded: Loaded, question: str, page: Layout) -> dict[str, Any]:
    """Return the arguments of the tokenizer for a question and words: later versions also take boxes."""
    words = [word for word, _ in page]
    if loaded.config.model_type == "layoutlm":
        return {"text": question.split(), "text_pair": words, "is_split_into_words": True}
    return {"text": [question], "text_pair": [words], "boxes": [[list(box) for _, box in page]]}


def _shared(stride: float | None, most: int, room: int) -> int:
    """Return how many tokens windows share, by default as many as transformers do."""
    if stride is None:
        return usual_overlap(_STRIDE, most, room)
    if stride >= room:
        raise ArgumentError(
            f"`stride` is {stride:.15g}, but a window holds {room} tokens of the page.",
            allowed=f"A whole number below {room}.",
            hint="`stride` is the number of tokens that neighbouring windows share.",
        )
    return int(stride)


def _boxes(ids: list[int], of_page: list[int | None], page: Layout, separator: int) -> list[list[int]]:
    """Return the box of each token: that of its word; separators are at the end of the page, others at its top."""
    others = {separator: _SEPARATOR_BOX}
    return [
        others.get(token, _NO_BOX) if word is None else list(page[word][1])
        for token, word in zip(ids, of_page, strict=True)
    ]

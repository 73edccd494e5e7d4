"""Words of pages with their boxes as inputs, as from optical character recognition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import pandas as pd

from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.pipelines.positions import is_frame, is_missing
from tidydl.pipelines.reading.media import cells_fit

ALLOWED = (
    "The words of a page with their boxes: a list of (word, [x0, y0, x1, y1]), or a data frame with the columns "
    "word, xmin, ymin, xmax, ymax."
)
SIDE = 1000  # of a page, in the units of boxes
_BOX = ("xmin", "ymin", "xmax", "ymax")

Box = tuple[int, int, int, int]
Layout = tuple[tuple[str, Box], ...]


def is_one(x: object) -> bool:
    """Return whether it is the words of one page rather than of several."""
    if is_frame(x) or isinstance(x, (str, Mapping)):
        return True
    return _is_list(x) and len(x) > 0 and _is_pair(x[0])


def _is_list(x: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def _is_pair(x: object) -> bool:
    return _is_list(x) and len(x) == 2 and isinstance(x[0], str)


def read(value: object, where: str) -> Layout:
    """Read the words of one page, whose boxes have to lie inside it."""
    if is_frame(value) or isinstance(value, Mapping):
        pairs = _columns(value, where)
    elif _is_list(value) and all(_is_pair(each) for each in value):
        pairs = list(value)
    else:
        raise ArgumentError(f"{where} is {described(value)}, not words with boxes.", allowed=ALLOWED)
    return tuple((_word(word, where), _box(box, word, where)) for word, box in pairs)


def _columns(value: pd.DataFrame | Mapping[str, Any], where: str) -> list[tuple[Any, Any]]:
    names = list(value.columns if is_frame(value) else value)
    absent = next((name for name in ("word", *_BOX) if name not in names), None)
    if absent is not None:
        raise ArgumentError(f"{where} has no column `{absent}`.", allowed=ALLOWED)
    words, *sides = (list(value[name]) for name in ("word", *_BOX))
    return list(zip(words, zip(*sides, strict=True), strict=True))


def _word(word: object, where: str) -> str:
    if not isinstance(word, str):
        what = "a missing word" if is_missing(word) else f"{described(word)} among its words"
        raise ArgumentError(f"{where} has {what}.", allowed="Words as strings.", hint="Drop the rows without a word.")
    return word


def _box(box: Any, word: str, where: str) -> Box:
    try:
        left, top, right, bottom = (float(side) for side in box)
    except (TypeError, ValueError):
        raise ArgumentError(f"{where} has {described(box)} as the box of {word!r}.", allowed=ALLOWED) from None
    if not (0 <= left <= right <= SIDE and 0 <= top <= bottom <= SIDE):
        raise ArgumentError(
            f"{where} has the box {[left, top, right, bottom]} for {word!r}.",
            allowed=f"Boxes from left to right and from top to bottom, in units of which a page has {SIDE} each way.",
            hint=f"Divide pixels by the width (of ymin and ymax: by the height) of the image, and multiply by {SIDE}.",
        )
    return int(left), int(top), int(right), int(bottom)


def key(layout: Layout) -> Layout:
    """Return what is equal for equal inputs."""
    return layout


def shown(layout: Layout) -> str:
    """Return what the result repeats: the words of the page."""
    return " ".join(word for word, _ in layout)


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds pages of words."""
    return cells_fit(column, is_one)

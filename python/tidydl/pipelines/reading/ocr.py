"""OCR of page images by the program Tesseract, through pytesseract."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tidydl.errors import ArgumentError, DependencyError, TidydlError, bring_extra
from tidydl.pipelines.reading.layouts import SIDE, Layout

if TYPE_CHECKING:
    import PIL.Image


def words_in(image: PIL.Image.Image, lang: str | None, flags: str) -> Layout:
    """Find the words in a PIL image, and their boxes."""
    try:
        tesseract = importlib.import_module("pytesseract")
    except ImportError as problem:
        raise _not_installed("pytesseract", bring_extra("ocr")) from problem
    try:
        columns = tesseract.image_to_data(image, lang=lang, output_type="dict", config=flags)
    except tesseract.TesseractNotFoundError as problem:
        raise _not_installed("the program Tesseract", "Your system's package manager installs it.") from problem
    except tesseract.TesseractError as problem:
        raise _refused(problem, lang) from problem
    sides = zip(columns["left"], columns["top"], columns["width"], columns["height"], strict=True)
    return tuple(
        (word, _box(image, *side)) for word, side in zip(columns["text"], sides, strict=True) if str(word).strip()
    )


def _box(image: PIL.Image.Image, left: int, top: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box in thousandths of the image, clipped to it."""
    across, down = image.size
    shares = (left / across, top / down, (left + width) / across, (top + height) / down)
    x0, y0, x1, y1 = (min(SIDE, max(0, int(SIDE * share))) for share in shares)
    return x0, y0, x1, y1


def _not_installed(what: str, how: str) -> TidydlError:
    return DependencyError(
        f"`word_boxes` is missing, and {what}, which reads the words in an image, is not installed.",
        allowed="The words with their boxes as `word_boxes`, or Tesseract and pytesseract.",
        hint=how,
    )


def _refused(problem: Exception, lang: str | None) -> TidydlError:
    lines = [line for line in str(getattr(problem, "message", problem)).splitlines() if line.strip()] or ["nothing"]
    return ArgumentError(
        f"`lang` is {'missing' if lang is None else repr(lang)}, and Tesseract says: {lines[0]}.",
        allowed="Tesseract's language codes, such as 'eng' or 'deu+fra', with installed data.",
        hint="`tesseract --list-langs` lists them.",
    )

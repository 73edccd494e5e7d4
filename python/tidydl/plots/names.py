"""Names in plots: without backticks, shortened if very long, wrapped if necessary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from tidydl.columns import with_columns

LONGEST = 34  # letters of a name; the rest is cut off
STRIP = 18  # letters of a line above a panel or in a legend
LETTER = 0.55  # the mean width of a letter, in sizes of the text
_EARLIEST = 0.5  # of a line: a break before that is not worth it


def shown_names(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Return the names as they are shown, the same for the same name and another one for another.

    Of a pair of backticks only the content is shown. Of a name with more than ``longest`` letters the beginning is
    shown; if that is not unique, the beginning and the end; if that is not enough, its number.
    """
    different = list(dict.fromkeys(str(name) for name in names))
    plain = [re.sub("`([^`]*)`", r"\1", name) for name in different]
    shown = [_cut(name, longest) for name in plain]
    shared = Counter(shown)
    shown = [_cut_inside(name, longest) if shared[text] > 1 else text for name, text in zip(plain, shown, strict=True)]
    taken: set[str] = set()
    for index, text in enumerate(shown):
        number = 1
        while shown[index] in taken:
            number += 1
            shown[index] = f"{text[: longest - len(str(number)) - 1]}…{number}"
        taken.add(shown[index])
    written = dict(zip(different, shown, strict=True))
    return [written[str(name)] for name in names]


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _cut_inside(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    end = longest // 2
    return name[: longest - 1 - end] + "…" + name[-end:]


def wrapped(text: str, letters: int = STRIP) -> str:
    """Wrap a text at a number of characters, after a space or a mark if there is one; no character is lost."""
    lines = []
    while len(text) > letters:
        breaks = [match.end() for match in re.finditer(r"[\s_.:,;/…-]+", text[:letters])]
        at = breaks[-1] if breaks and breaks[-1] >= _EARLIEST * letters else letters
        lines.append(text[:at])
        text = text[at:]
    return "\n".join([*lines, text])


def as_text(layout: object) -> Any:
    """Return a layout whose texts matplotlib writes as they are: between two ``$`` it would read formulas.

    Texts, data frames and dicts of those are changed, anything else stays as it is.
    """
    if isinstance(layout, str):
        return layout.replace("$", r"\$")
    if isinstance(layout, dict):
        return {name: as_text(value) for name, value in layout.items()}
    if not isinstance(layout, pd.DataFrame):
        return layout
    return with_columns(layout, {str(name): _column_as_text(layout[name]) for name in layout.columns})


def _column_as_text(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.rename_categories([as_text(label) for label in column.cat.categories])
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.map(as_text, na_action="ignore").astype(column.dtype)

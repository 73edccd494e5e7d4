"""Chats: telling them from texts, and finding several of them in one data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import pandas as pd

from tidydl.columns import ROW
from tidydl.errors import ColumnError
from tidydl.pipelines.positions import is_frame
from tidydl.pipelines.reading import texts

ALLOWED = "A string, a chat (messages with role and content, as a list or a data frame), or several of these."


def is_one(x: object) -> bool:
    """Return whether it is one text or chat."""
    return texts.is_one(x) or is_chat(x)


def is_chat(x: object) -> TypeGuard[pd.DataFrame | Sequence[Mapping[str, Any]]]:
    """Return whether it is one chat: a data frame or a list of messages, each with a role."""
    if is_frame(x):
        return {"role", "content"} <= set(x.columns)
    return isinstance(x, (list, tuple)) and bool(x) and all(isinstance(each, Mapping) and "role" in each for each in x)


def gather(x: pd.DataFrame) -> tuple[list[Any], list[int] | None] | None:
    """Return the chats that a data frame with role and content holds, one or, by ``.row``, several with their numbers.

    None if it holds no chat.
    """
    if not is_chat(x):
        return None
    if ROW not in x.columns:
        return ([x] if len(x) else []), None
    if x[ROW].isna().any():
        raise ColumnError(
            "`x` has messages whose `.row` is missing.", allowed="The index of its chat in `.row` of each message."
        )
    chats: list[tuple[Any, Any]] = list(x.groupby(ROW, sort=False))
    return [chat for _, chat in chats], [int(row) for row, _ in chats]


def messages_of(chat: pd.DataFrame | Sequence[Mapping[str, Any]]) -> Any:
    """Return the messages of a chat as mappings."""
    return chat.to_dict("records") if is_frame(chat) else chat


def column_fits(column: pd.Series) -> bool:
    """Return whether a column of a frame holds texts. Chats have to be in a named column."""
    return texts.column_fits(column)

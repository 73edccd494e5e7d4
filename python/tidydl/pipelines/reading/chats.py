"""Chats, whatever their messages carry: telling them from texts, and finding several of them in one data frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidydl.columns import ROW
from tidydl.pipelines.positions import is_frame
from tidydl.pipelines.reading import texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALLOWED", "column_fits", "gather", "is_chat", "is_one", "messages_of"]

ALLOWED = "A string, a chat (a data frame or list of dicts with role and content), or a list of them."


def is_one(x: Any) -> bool:
    """Say whether it is one text or chat."""
    return texts.is_one(x) or is_chat(x)


def is_chat(x: Any) -> bool:
    """Say whether it is one chat: a data frame or a list of messages, each with a role."""
    if is_frame(x):
        return {"role", "content"} <= set(x.columns)
    return isinstance(x, (list, tuple)) and bool(x) and all(isinstance(each, Mapping) and "role" in each for each in x)


def gather(x: pd.DataFrame) -> list[Any] | None:
    """Give the chats that a data frame with role and content holds, one or, by ``.row``, several; else None."""
    if not is_chat(x):
        return None
    return [chat for _, chat in x.groupby(ROW, sort=False)] if ROW in x.columns else [x]


def messages_of(chat: Any) -> Any:
    """Give the messages of a chat, each by the names of what it holds."""
    return chat.to_dict("records") if is_frame(chat) else chat


def column_fits(column: Any) -> bool:
    """Say whether a column of a frame holds texts. Chats are taken from a column that is named."""
    return texts.column_fits(column)

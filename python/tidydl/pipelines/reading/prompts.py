"""Prompts as inputs: texts to go on with, or chats to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW
from tidydl.errors import ArgumentError
from tidydl.pipelines.positions import is_missing
from tidydl.pipelines.reading import texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALLOWED", "Chat", "column_fits", "gather", "is_one", "key", "read", "shown"]

ALLOWED = "A string, a chat (a data frame or list of dicts with role and content), or a list of them."

Chat = tuple[tuple[str, str], ...]  # of roles and contents


def is_one(x: Any) -> bool:
    """Say whether it is one prompt: a text or a chat."""
    return texts.is_one(x) or _is_chat(x)


def _is_chat(x: Any) -> bool:
    if _is_frame(x):
        return {"role", "content"} <= set(x.columns)
    return isinstance(x, (list, tuple)) and bool(x) and all(isinstance(each, Mapping) and "role" in each for each in x)


def _is_frame(x: Any) -> bool:
    return hasattr(x, "columns") and hasattr(x, "iloc")


def gather(x: pd.DataFrame) -> list[Any] | None:
    """Give the chats that a data frame with role and content holds, one or, by ``.row``, several; else None."""
    if not _is_chat(x):
        return None
    return [chat for _, chat in x.groupby(ROW, sort=False)] if ROW in x.columns else [x]


def read(value: Any, where: str) -> str | Chat:
    """Read one prompt.

    Raises
    ------
    ArgumentError
        Where it is neither a text nor a chat whose messages have a role and a content.
    """
    if not _is_chat(value):
        return texts.read(value, where, blank=True)
    messages = value.to_dict("records") if _is_frame(value) else value
    chat = tuple((message.get("role"), message.get("content")) for message in messages)
    for role, content in chat:
        if not isinstance(role, str) or not isinstance(content, str):
            wrong = role if not isinstance(role, str) else content
            raise ArgumentError(
                f"{where} is a chat with a message whose {'role' if wrong is role else 'content'} is "
                f"{'missing' if is_missing(wrong) else described(wrong)}.",
                allowed="Messages with a role ('system', 'user', 'assistant') and a text as content.",
            )
    return chat


def key(value: str | Chat) -> str | Chat:
    """Give what is equal for equal prompts."""
    return value


def shown(value: str | Chat) -> str:
    """Give what the result repeats of a prompt: of a chat its last message."""
    return value if isinstance(value, str) else value[-1][1]


def column_fits(column: Any) -> bool:
    """Say whether a column of a frame holds prompts: texts. Chats are taken from a column that is named."""
    return texts.column_fits(column)

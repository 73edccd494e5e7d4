"""Prompts as inputs: texts to continue, or chats to answer."""

from __future__ import annotations

from tidydl.checks import described
from tidydl.errors import ArgumentError
from tidydl.pipelines.positions import is_missing
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.chats import ALLOWED, column_fits, gather, is_chat, is_one, messages_of

__all__ = ["ALLOWED", "Chat", "column_fits", "gather", "is_one", "key", "read", "shown"]

Chat = tuple[tuple[str, str], ...]  # of roles and contents


def read(value: object, where: str) -> str | Chat:
    """Read one prompt: a text, or a chat whose messages have a role and a content."""
    if not is_chat(value):
        return texts.read(value, where, blank=True)
    chat = tuple((message.get("role"), message.get("content")) for message in messages_of(value))
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
    """Return what is equal for equal prompts."""
    return value


def shown(value: str | Chat) -> str:
    """Return what the result repeats of a prompt: for a chat its last message."""
    return value if isinstance(value, str) else value[-1][1]

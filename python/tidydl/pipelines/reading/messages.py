"""Messages as inputs: texts, or chats whose messages may carry images, audio and videos.

A chat is a data frame with the columns ``role`` and ``content`` (and ``image``, ``audio`` or ``video`` for what a
message carries), or a list of dicts with ``role`` and ``content``, the content being a text or blocks as transformers
write them: ``{"type": "image", "image": ...}``, ``{"type": "text", "text": "..."}``.
"""

from __future__ import annotations

import base64
import binascii
import importlib
from collections.abc import Hashable, Mapping
from typing import Any

from tidydl.checks import described
from tidydl.errors import ArgumentError, one_of
from tidydl.pipelines.positions import is_missing
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.chats import ALLOWED, column_fits, gather, is_chat, is_one, messages_of

__all__ = ["ALLOWED", "MEDIA", "Block", "Chat", "column_fits", "gather", "is_one", "key", "read", "reader", "shown"]

MEDIA = ("image", "audio", "video")

Block = tuple[str, Any]  # what it is, and its text, image, sound or video, None where that is given beside the chat
Chat = tuple[tuple[str, tuple[Block, ...]], ...]  # of roles and what they say

_TYPES = {
    **{name: name for name in ("text", *MEDIA)},
    **dict.fromkeys(("input_text", "output_text"), "text"),
    **dict.fromkeys(("image_url", "input_image"), "image"),
    **dict.fromkeys(("audio_url", "input_audio"), "audio"),
    "video_url": "video",
}


def reader(kind: str) -> Any:
    """Return the module that reads images, audio clips or videos."""
    return importlib.import_module(f"tidydl.pipelines.reading.{kind}s")


def read(value: object, where: str) -> str | Chat:
    """Read one text or chat."""
    if not is_chat(value):
        return texts.read(value, where, blank=True)
    return tuple((_role(message, where), _blocks(message, where)) for message in messages_of(value))


def _role(message: Mapping[str, Any], where: str) -> str:
    role = message["role"]
    if not isinstance(role, str):
        raise _wrong(where, "role", role)
    return role


def _wrong(where: str, name: str, value: object) -> ArgumentError:
    what = "missing" if value is None or is_missing(value) else described(value)
    return ArgumentError(
        f"{where} is a chat with a message whose {name} is {what}.",
        allowed="Messages with a role ('system', 'user', 'assistant') and, as content, a text or a list of blocks.",
    )


def _blocks(message: Mapping[str, Any], where: str) -> tuple[Block, ...]:
    """Read the media of a message, then its text."""
    carried = [block for kind in MEDIA for block in _carried(message.get(kind), kind, where)]
    content = message.get("content")
    if isinstance(content, str):
        return (*carried, ("text", content)) if content or not carried else tuple(carried)
    if isinstance(content, Mapping):
        content = [content]
    if isinstance(content, (list, tuple)) and content and all(isinstance(each, (str, Mapping)) for each in content):
        return (*carried, *(_block(each, where) for each in content))
    if carried and (content is None or is_missing(content)):
        return tuple(carried)
    raise _wrong(where, "content", content)


def _carried(value: object, kind: str, where: str) -> list[Block]:
    """Read a cell of a media column: nothing, one value, or a list of them."""
    if value is None or is_missing(value):
        return []
    modality = reader(kind)
    several = value if isinstance(value, (list, tuple)) and not modality.is_one(value) else [value]
    return [(kind, modality.read(each, where)) for each in several]


def _block(block: str | Mapping[str, Any], where: str) -> Block:
    """Read a block of a content."""
    if isinstance(block, str):
        return "text", texts.read(block, where, blank=True)
    named = block.get("type") or next((name for name in _TYPES if name in block), None)
    kind = _TYPES.get(str(named))
    if kind is None:
        raise ArgumentError(
            f"{where} is a chat with a block whose type is {described(block.get('type'))}.",
            allowed=one_of(("text", *MEDIA)),
            hint="Leave out what the model cannot read, such as calls of tools.",
        )
    if kind == "text":
        return kind, texts.read(block.get("text"), where, blank=True)
    value = _value(block, kind, where)
    return kind, None if value is None else reader(kind).read(value, where)


def _value(block: Mapping[str, Any], kind: str, where: str) -> Any:
    """Find the image, audio or video in a block, under any of the usual names; None if it is given elsewhere."""
    names = (kind, f"{kind}_url", f"input_{kind}", "path", "url", "array", "bytes", "data", "base64")
    name = next((each for each in names if block.get(each) is not None), None)
    if name is None:
        return None
    value = block[name]
    if isinstance(value, Mapping) and not {"bytes", "path", "array", "raw"} & set(value):
        return _value({"url": None, **value}, kind, where) if set(value) & set(names) else value
    if name in ("base64", "data") and isinstance(value, str):
        return _decoded(value, where)
    if kind == "audio" and getattr(value, "ndim", 0) >= 1:
        return {"array": value, "sampling_rate": block.get("sampling_rate")}
    return value


def _decoded(value: str, where: str) -> bytes:
    try:
        return base64.b64decode(value.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise ArgumentError(f"{where} is a chat with a block that is not base64.", allowed=ALLOWED) from None


def key(value: str | Chat) -> Hashable:
    """Return what is equal for equal inputs."""
    if isinstance(value, str):
        return value
    return tuple((role, tuple(_block_key(block) for block in blocks)) for role, blocks in value)


def _block_key(block: Block) -> Hashable:
    kind, value = block
    return kind, value if kind == "text" or value is None else reader(kind).key(value)


def shown(value: str | Chat) -> str:
    """Return what the result repeats: for a chat the text of its last message."""
    return value if isinstance(value, str) else " ".join(each for kind, each in value[-1][1] if kind == "text")

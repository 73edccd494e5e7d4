"""Multimodal prompts, with their images, audio and videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import audios, images, videos
from tidydl.pipelines.reading.chat_templates import template_error, written_chat
from tidydl.pipelines.reading.messages import MEDIA, Block, Chat
from tidydl.pipelines.reading.stretching import refuse_stretching
from tidydl.pipelines.transformers_loaders import quiet_loading

if TYPE_CHECKING:
    from transformers import ProcessorMixin
    from transformers.image_processing_utils import BaseImageProcessor

    from tidydl.data.media.video_value import Video

_FRAMES = 8  # of a video, if neither the call nor the model sets a number
_WORDS = {"image": ("an image", "images"), "audio": ("audio", "audio"), "video": ("a video", "videos")}
_READERS = {"image": ("image_processor",), "audio": ("feature_extractor", "audio_processor")}


@dataclass(frozen=True)
class Conversation:
    """A prompt as the model reads it, and its media in order.

    ``before`` is what the result repeats with ``return_full_text``, empty for a chat. ``is_chat`` says that the prompt
    was written by the model's chat template.
    """

    prompt: str
    media: tuple[Block, ...]
    before: str
    is_chat: bool


def conversation_of(
    loaded: Loaded, value: str | Chat, attached: Sequence[Block], index: int, num_frames: int | None
) -> Conversation:
    """Write a text or a chat as the model was trained to read it.

    A text becomes a message of the user if the model has a chat template, unless it has image tokens itself.
    ``attached`` are the images, audio and videos given beside it; ``num_frames`` is how many frames of a video the
    model sees.
    """
    processor = loaded.processor
    template = getattr(processor, "chat_template", None)
    if not isinstance(value, str):
        if not template:
            raise ArgumentError(
                "`x` is a chat, but this is not a chat model: its processor has no chat template.",
                allowed="A text, or a model whose name says 'Instruct' or 'Chat'.",
            )
        chat, before = _filled(value, list(attached), index), ""
    elif template and not any(mark in value for mark in _marks(processor)):
        chat, before = (("user", (*attached, ("text", value))),), value
    else:
        media = tuple(_seen(loaded, block, index, num_frames) for block in attached)
        return Conversation(value, media, value, is_chat=False)
    seen = tuple((role, tuple(_seen(loaded, block, index, num_frames) for block in blocks)) for role, blocks in chat)
    media = tuple(block for _, blocks in seen for block in blocks if block[0] != "text")
    return Conversation(_written(processor, seen, index), media, before, is_chat=True)


def _marks(processor: ProcessorMixin) -> list[str]:
    """List the tokens that stand for images, audio and videos in a prompt."""
    names = [f"{kind}_token" for kind in MEDIA] + ["boi_token", "boa_token"]
    tokens = [getattr(processor, name, None) for name in names]
    return [str(getattr(token, "content", token)) for token in tokens if token]


def _filled(chat: Chat, attached: list[Block], index: int) -> Chat:
    """Fill the open blocks of a chat with the media passed beside it; the rest goes to the user's last message."""
    filled = [
        (role, tuple(_next(kind, attached, index) if value is None else (kind, value) for kind, value in blocks))
        for role, blocks in chat
    ]
    if attached:
        last = max((i for i, (role, _) in enumerate(filled) if role == "user"), default=None)
        if last is None:
            raise value_error(
                index,
                f"is a chat without a user message to attach {_WORDS[attached[0][0]][0]} to.",
                allowed="A chat with a message whose role is 'user'.",
            )
        filled[last] = ("user", (*attached, *filled[last][1]))
    return tuple(filled)


def _next(kind: str, attached: list[Block], index: int) -> Block:
    """Take the first medium of this kind passed beside a chat."""
    first = next((block for block in attached if block[0] == kind), None)
    if first is None:
        raise value_error(
            index,
            f"is a chat with a block of type '{kind}' that is empty.",
            allowed=f"Blocks with {_WORDS[kind][0]} under the name `{kind}` or `path`.",
        )
    attached.remove(first)
    return first


def _seen(loaded: Loaded, block: Block, index: int, num_frames: int | None) -> Block:
    """Return how the model reads a block: a video as frames if it reads images only; refuse media it cannot read."""
    kind, processor = block[0], loaded.processor
    if kind == "video":
        clips = getattr(processor, "video_processor", None)
        wanted = num_frames or getattr(clips, "num_frames", None) or _FRAMES
        if clips is not None or getattr(processor, "image_processor", None) is not None:
            shown = min(wanted, _frames_in(block[1], index))
            return "frames" if clips is None else "video", (block[1], shown)
    elif kind == "text" or any(getattr(processor, name, None) is not None for name in _READERS[kind]):
        return block
    raise value_error(
        index,
        f"holds {_WORDS[kind][0]}, but this model does not read {_WORDS[kind][1]}.",
        allowed=f"A model that reads {_WORDS[kind][1]}.",
    )


def _frames_in(video: Video, index: int) -> int:
    videos.chosen_frames(video, 1, None, index)  # so that a video that cannot be read is refused with its place
    return int(video.count)


def _written(processor: ProcessorMixin, chat: Chat, index: int) -> str:
    """Write a chat by the model's template; an unfinished answer is continued."""
    messages = [
        {"role": role, "content": [each for block in blocks for each in _template_blocks(block)]}
        for role, blocks in chat
    ]
    return written_chat(processor, messages, index)


def _template_blocks(block: Block) -> list[dict[str, Any]]:
    kind, value = block
    if kind == "text":
        return [{"type": "text", "text": value}]
    return [{"type": "image"}] * value[1] if kind == "frames" else [{"type": kind}]


def tensors_of(loaded: Loaded, conversation: Conversation, index: int) -> dict[str, Any]:
    """Decode the media of a prompt, and process all by the model's processor."""
    processor, tokenizer = loaded.processor, loaded.tokenizer
    more: dict[str, Any] = {}
    pictures = [each for block in conversation.media for each in _pictures(block, loaded.image_processor, index)]
    if pictures:
        more["images"] = [pictures] if conversation.is_chat else pictures
        more |= _uncut(processor) if any(kind == "frames" for kind, _ in conversation.media) else {}
    heard = [value for kind, value in conversation.media if kind == "audio"]
    if heard:
        rate = _audio_reader(processor).sampling_rate
        more |= {"audio": [audios.samples(clip, rate, index) for clip in heard], "sampling_rate": rate}
    clips = [_video(value[0], value[1], index) for kind, value in conversation.media if kind == "video"]
    if clips:
        frames = [each for each, _ in clips]
        more |= {
            "videos": [frames] if conversation.is_chat else frames,
            "video_metadata": [about for _, about in clips],
        }
        more["do_sample_frames"] = False
    begin = getattr(tokenizer, "bos_token", None)
    if conversation.is_chat and begin and conversation.prompt.startswith(begin):
        more["add_special_tokens"] = False
    try:
        with quiet_loading():
            return dict(processor(text=[conversation.prompt], return_tensors="pt", **more))
    except Exception as problem:  # processors raise anything
        raise template_error(problem, index, "the processor of the model") from problem


def _pictures(block: Block, scaler: BaseImageProcessor | None, index: int) -> list[Any]:
    """Decode an image, or the frames of a video."""
    kind, value = block
    if kind == "image":
        return [images.pixels(value, "RGB", index, scaler)]
    if kind != "frames":
        return []
    from PIL import Image

    video, count = value
    frames = videos.chosen_frames(video, count, None, index)
    refuse_stretching(scaler, frames[0].shape[1::-1], index)
    return [Image.fromarray(frame) for frame in frames]


def _audio_reader(processor: ProcessorMixin) -> Any:
    return next(reader for name in _READERS["audio"] if (reader := getattr(processor, name, None)) is not None)


def _uncut(processor: ProcessorMixin) -> dict[str, bool]:
    """Turn off the tiling of images for video frames, which would take too many tokens."""
    names = ("do_image_splitting", "crop_to_patches", "do_pan_and_scan")
    return {name: False for name in names if hasattr(processor.image_processor, name)}


def _video(video: Video, count: int, index: int) -> tuple[Any, dict[str, Any]]:
    """Decode some frames of a video, with their metadata."""
    frames = videos.chosen_frames(video, count, None, index)
    indices = np.linspace(0, video.count - 1, num=count).astype("int64").tolist()
    lasts = video.count / video.rate if video.rate else None
    about = {"total_num_frames": video.count, "fps": video.rate, "duration": lasts, "frames_indices": indices}
    return frames, about

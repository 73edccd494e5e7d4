"""Chats written by the template of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidydl.boundaries import PASSING
from tidydl.errors import DependencyError, TidydlError
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading.template_limits import CHARACTERS, SECONDS, TemplateLimitError, within_limits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, ProcessorMixin


def written_chat(
    reader: PreTrainedTokenizerBase | ProcessorMixin, messages: Sequence[dict[str, Any]], index: int
) -> str:
    """Write a chat by the template of a tokenizer or processor; an unfinished answer is continued.

    Messages have ``role`` and ``content``; ``index`` is the position of the input, for messages.
    """
    goes_on = messages[-1]["role"] == "assistant"
    try:
        with within_limits():
            written = reader.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=not goes_on, continue_final_message=goes_on
            )
    except PASSING:
        raise
    except TemplateLimitError as problem:
        raise value_error(
            index,
            f"cannot be read by the chat template of the model: {problem}.",
            allowed=f"A template that takes at most {SECONDS:.0f} seconds and makes at most {CHARACTERS:,} characters.",
            hint="Use another model, or one whose template you have read.",
        ) from problem
    except BaseException as problem:  # templates raise what they like about roles and their order
        raise template_error(problem, index, "the chat template of the model") from problem
    return str(written)


def template_error(problem: BaseException, index: int, by: str) -> TidydlError:
    """Build the error for a component of a model that could not read an input."""
    if isinstance(problem, ImportError):
        return DependencyError(
            f"{by[0].upper()}{by[1:]} needs a library that is missing: {first_line(problem)}",
            hint="Install it, then restart the session.",
        )
    return value_error(
        index,
        f"cannot be read by {by}: {first_line(problem)}",
        allowed="Texts and chats as on the model's page on the Hub.",
    )


def first_line(problem: BaseException) -> str:
    """Return the first line of an error's message, or its name if it has none."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]

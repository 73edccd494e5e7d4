"""The source and target languages of a translation, and how they are set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.errors import ArgumentError, nearest
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.tokenizer_locks import lock_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Languages:
    """The source language, set in the tokenizer, and the first token of the target language."""

    source: str | None = None
    forced_bos: int | None = None

    @contextmanager
    def applied_to(self, tokenizer: Any) -> Iterator[None]:
        """Set the tokenizer to the source language, and restore it."""
        with lock_of(tokenizer):  # another thread may have set its own
            if self.source is None:
                yield
                return
            before = tokenizer.src_lang
            tokenizer.src_lang = self.source
            try:
                yield
            finally:
                tokenizer.src_lang = before


def languages_of(task: Task, loaded: Loaded, options: Options) -> Languages:
    """Read the languages of a translation."""
    if "src_lang" not in task.options:
        return Languages()
    source, target = options["src_lang"], options["tgt_lang"]
    if hasattr(loaded.processor, "src_lang"):
        return _multilingual(loaded.processor, source, target)
    directions = [name for name in getattr(loaded.config, "task_specific_params", None) or {} if "translation" in name]
    if directions and f"translation_{source}_to_{target}" not in directions:
        raise ArgumentError(
            f"`src_lang` and `tgt_lang` are {source!r} and {target!r}, which this model does not support.",
            allowed="One of " + ", ".join(f"'{name}'" for name in directions) + " as the task.",
            hint=f'For example pipeline("{directions[0]}").',
        )
    for name in ("src_lang", "tgt_lang"):
        if not directions and options[name] is not None and options[name] != task.options[name]:
            raise ArgumentError(
                f"`{name}` is given, but '{loaded.source}' translates one fixed pair of languages.",
                allowed="Languages for multilingual models.",
                hint=f"Leave `{name}` out.",
            )
    return Languages()


def _multilingual(tokenizer: PreTrainedTokenizerBase, source: str | None, target: str | None) -> Languages:
    codes = _codes(tokenizer)
    for name, value in (("src_lang", source), ("tgt_lang", target)):
        if value is None or value not in codes:
            close = None if value is None else nearest(value, codes) or _beginning(value, codes)
            raise ArgumentError(
                f"`{name}` is missing." if value is None else f"`{name}` {value!r} is not a language of this model.",
                allowed="One of " + ", ".join(f"'{code}'" for code in sorted(codes)[:12]) + ", … .",
                hint=f"Did you mean '{close}'?" if close else "The model's card lists its languages.",
            )
    return Languages(source, codes[str(target)])


def _beginning(code: str, codes: dict[str, int]) -> str | None:
    return next((each for each in codes if each.startswith(f"{code}_")), None)


def _codes(tokenizer: Any) -> dict[str, int]:
    """Return the languages of a tokenizer, with their tokens."""
    if hasattr(tokenizer, "get_lang_id"):  # M2M100 writes its languages in tokens of another form
        return {str(code): tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token}
    if hasattr(tokenizer, "lang_code_to_id"):
        return dict(tokenizer.lang_code_to_id)
    special = getattr(tokenizer, "extra_special_tokens", None) or tokenizer.all_special_tokens
    return {str(code): tokenizer.convert_tokens_to_ids(str(code)) for code in special if "<" not in str(code)}

"""How much text is generated, and how, where a call does not say: as transformers 4 did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidydl.pipelines.declarations import Task
from tidydl.pipelines.model_loading import Loaded

GENERATING = ("text-generation", "text2text-generation", "summarization", "translation", "image-to-text")
_LENGTHS = ("max_length", "max_new_tokens")
_TOKENS = 20  # the length of a text where neither a call nor the model says one
_OF_DRAWS = ("temperature", "top_k", "top_p", "seed")
# What a call says that is done anyway, or has no meaning here.
IDLE = ("pad_token_id", "use_cache", "clean_up_tokenization_spaces", "truncation", "padding", "return_tensors")


def generation_options(task: Task, loaded: Loaded, asked: Mapping[str, Any], prompts: Sequence[Any]) -> dict[str, Any]:
    """Return the options of a call that generates text, completed as transformers 4 completed them.

    What a call does not say is in the model's ``task_specific_params`` for the task, else in its
    ``generation_config``, else a text has 20 tokens, its prompt included.
    """
    named = {name: value for name, value in asked.items() if name not in IDLE}
    specific = _specific(task, loaded)
    own = {name: value for name, value in specific.items() if name in task.options and name not in _LENGTHS}
    options = {**own, **named}
    if not any(name in options for name in _LENGTHS):
        options |= _length(task, loaded, specific, prompts)
    if not _draws(loaded, options):
        options = {name: value for name, value in options.items() if name not in _OF_DRAWS}
    return options


def plain_generation_options(task: Task, loaded: Loaded, asked: Mapping[str, Any], prompt: Any) -> dict[str, Any]:
    """Return the same for transformers' own pipeline, which samples and writes longer texts unless it is told."""
    options = {**asked, **generation_options(task, loaded, asked, [prompt])}
    if options.setdefault("do_sample", _draws(loaded, options)):
        options.setdefault("temperature", getattr(loaded.model.generation_config, "temperature", None) or 1.0)
    return options


def _specific(task: Task, loaded: Loaded) -> dict[str, Any]:
    by_task = getattr(loaded.config, "task_specific_params", None) or {}
    name = task.name
    if name == "translation":
        name = f"translation_{task.options['src_lang']}_to_{task.options['tgt_lang']}"
    return by_task.get(name) or {}


def _draws(loaded: Loaded, options: Mapping[str, Any]) -> bool:
    own = getattr(loaded.model.generation_config, "do_sample", False)
    return bool(own if options.get("do_sample") is None else options["do_sample"])


def _length(task: Task, loaded: Loaded, specific: Mapping[str, Any], prompts: Sequence[Any]) -> dict[str, Any]:
    """Return how long a text is where the call does not say; a prompt that is as long is followed by as much again."""
    config = loaded.model.generation_config
    sources: tuple[Mapping[str, Any], ...] = (specific, {name: getattr(config, name, None) for name in _LENGTHS})
    for source in sources:
        if source.get("max_new_tokens") is not None:
            return {"max_new_tokens": source["max_new_tokens"]}
        if source.get("max_length") is not None:
            return _total(task, loaded, source["max_length"], prompts)
    return _total(task, loaded, _TOKENS, prompts)


def _total(task: Task, loaded: Loaded, most: int, prompts: Sequence[Any]) -> dict[str, Any]:
    if task.name != "text-generation":
        return {"max_length": most}
    texts = [each for each in prompts if isinstance(each, str) and each]
    longest = max(map(len, loaded.tokenizer(texts, verbose=False)["input_ids"]), default=0) if texts else 0
    return {"max_length": most} if longest < most and len(texts) == len(prompts) else {"max_new_tokens": most}

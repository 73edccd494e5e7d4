"""Arguments of earlier versions of transformers: translated, or rejected with the current ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.checks import check_flag, described
from tidydl.errors import ArgumentError
from tidydl.pipelines.declarations import Task

# Arguments of older code that ask for what is done anyway: name -> the values that change nothing.
_ALREADY_SO: dict[str, tuple[Any, ...]] = {
    "framework": ("pt", None),
    "truncation": (True, "longest_first", "only_first"),
    "padding": (True, False, "longest"),
    "use_fast": (True, None),
    "num_workers": (0, 1, None),
    "ignore_warning": (True, False, None),
    "binary_output": (False, None),
    "return_tensors": (False, None),
    "return_text": (True, None),
}

# What other arguments are now.
_WRITE_NOW = {
    "framework": "tidydl computes with torch: leave `framework` out.",
    "truncation": "Texts longer than the model's maximum are truncated and counted: leave `truncation` out.",
    "padding": "Padding does not change scores: leave `padding` out.",
    "use_fast": "The fast tokenizer is used where available: leave `use_fast` out.",
    "num_workers": "Inputs are read in this process: leave `num_workers` out.",
    "ignore_warning": "Leave `ignore_warning` out.",
    "binary_output": "The frame holds the results: leave `binary_output` out.",
    "return_tensors": "The frame holds the text: leave `return_tensors` out.",
    "return_text": "The frame holds the text: leave `return_text` out.",
    "handle_long_generation": 'Write `long = "truncate"`, which keeps the end of a prompt.',
    "max_question_len": "Questions are never truncated: leave `max_question_len` out.",
    "is_split_into_words": "Give whole texts: leave `is_split_into_words` out.",
    "model_kwargs": "Give its entries as separate arguments.",
    "tokenizer_kwargs": "Give its entries as separate options.",
    "processor_kwargs": "Give its entries as separate options.",
    "image_processor_kwargs": "Give a loaded `image_processor` with these settings.",
    "preprocess_params": "Give its entries as separate options.",
    "timeout": "Nothing is downloaded: leave `timeout` out, and give local files.",
    "decoder": "Texts are decoded by the tokenizer: leave `decoder` out.",
    "return_language": "Leave `return_language` out; `language` sets the spoken language.",
    "config": "The config is part of the model: leave `config` out, or give a loaded `model`.",
    "device_map": "Write `device`.",
    "clean_up_tokenization_spaces": "Leave `clean_up_tokenization_spaces` out.",
    "stop_sequence": "Leave `stop_sequence` out; `max_new_tokens` ends a text.",
    "feature_extractor": "Give it to pipeline().",
    "torch_dtype": "Give it to pipeline(), as `dtype`.",
}

# Dictionaries of options in older code, whose entries are options themselves.
_BUNDLES = ("generate_kwargs", "forward_params")

_LOADING = {"torch_dtype": "dtype", "use_auth_token": "token"}


def as_current_loading_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take older code's arguments about loading out of the options, as current ones."""
    return {now: options.pop(older) for older, now in _LOADING.items() if older in options}


def as_current_arguments(task: Task, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the arguments of earlier versions into current ones."""
    current = dict(arguments)
    for bundle in _BUNDLES:
        if isinstance(current.get(bundle), Mapping) and "max_new_tokens" in task.options:
            current = {**current.pop(bundle), **current}
    options = task.options
    if "top_k" in options and "return_all_scores" in current:
        every = _older_flag(current, "return_all_scores")
        if every is not None:
            current["top_k"] = None if every else options["top_k"]
    if "max_answer_len" in options:
        _rename(current, topk="top_k", max_seq_len="max_length", doc_stride="stride")
    if "multi_label" in options:
        _rename(current, multi_class="multi_label")
    if "pooling" in options and "pool" in current:
        pool = _older_flag(current, "pool")
        if pool is not None:
            current.setdefault("pooling", "pooler" if pool else "none")
    if "translate" in options and current.get("task") in ("translate", "transcribe"):
        current.setdefault("translate", current.pop("task") == "translate")
    if "aggregation_strategy" in options and {"grouped_entities", "ignore_subwords"} & set(current):
        grouped, whole = _older_flag(current, "grouped_entities"), _older_flag(current, "ignore_subwords")
        if grouped is not None or whole is not None:
            current.setdefault("aggregation_strategy", ("first" if whole else "simple") if grouped else "none")
    return current


def _rename(arguments: dict[str, Any], **names: str) -> None:
    for older, now in names.items():
        if older in arguments:
            arguments.setdefault(now, arguments.pop(older))


def _older_flag(arguments: dict[str, Any], name: str) -> bool | None:
    value = arguments.pop(name, None)
    return None if value is None else check_flag(name, value)


def asks_for_what_is_done(name: str, value: object) -> bool:
    """Return whether an argument of older code asks for what is done anyway; if not, the error says what to write."""
    if name not in _ALREADY_SO:
        return False
    if not any(value is same or (type(value) is type(same) and value == same) for same in _ALREADY_SO[name]):
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed=f"Only {described(_ALREADY_SO[name][0])}, the default.",
            hint=_WRITE_NOW[name],
        )
    return True


def what_to_write(name: str) -> str | None:
    """Return the current equivalent of an argument of older code, if it is one."""
    return _WRITE_NOW.get(name)

"""The options of a pipeline, read once and checked; what earlier versions of transformers called them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tidydl.checks import check_choice, check_count, check_flag, check_number, described
from tidydl.errors import ArgumentError, nearest, unknown_name
from tidydl.pipelines.declarations import Task

__all__ = ["DEFAULT", "Options", "read_options", "whole_number"]

DEFAULT = "default"
FUNCTIONS = ("default", "softmax", "sigmoid", "none")

Options = dict[str, Any]

# Arguments of older code that ask for what is done anyway: name -> the values that change nothing.
_ALREADY_SO: dict[str, tuple[Any, ...]] = {
    "framework": ("pt", None),
    "truncation": (True, "longest_first", "only_first"),
    "padding": (True, False, "longest"),
    "trust_remote_code": (False, None),
    "use_fast": (True, None),
    "num_workers": (0, 1, None),
}
_WRITE_NOW = {
    "framework": "tidydl computes with torch: leave `framework` out.",
    "truncation": "Texts longer than the model reads are shortened and counted: leave `truncation` out.",
    "padding": "Padding is chosen for speed and changes no score: leave `padding` out.",
    "trust_remote_code": "Code that comes with a model is never run: leave `trust_remote_code` out.",
    "use_fast": "The fast tokenizer is taken where there is one: leave `use_fast` out.",
    "num_workers": "Inputs are read in this process: leave `num_workers` out.",
}


# What other arguments of transformers are now.
_RETIRED = {
    "handle_long_generation": 'Write `long = "truncate"`, which keeps the end of a prompt.',
    "generate_kwargs": "Give its entries as options of their own.",
    "model_kwargs": "Give its entries as options of their own.",
    "return_tensors": "The frame holds the text: leave `return_tensors` out.",
    "return_text": "The frame holds the text: leave `return_text` out.",
    "max_question_len": "Questions are never shortened: leave `max_question_len` out.",
    "is_split_into_words": "Give whole texts: leave `is_split_into_words` out.",
    "torch_dtype": "Write `dtype` when the pipeline is made.",
}


def whole_number(name: str, value: Any) -> int:
    """Read a positive whole number; 3.0, as R writes 3, is one."""
    is_number = not isinstance(value, bool) and hasattr(value, "__int__") and not isinstance(value, str)
    if not is_number or value != int(value) or value < 1:
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed="A whole number from 1 upwards.",
            hint="Leave it out for the default.",
        )
    return int(value)


def _function(name: str, value: Any) -> str:
    function = "default" if value is None else str(value).lower()
    if function not in FUNCTIONS:
        raise unknown_name(name, value, FUNCTIONS, error=ArgumentError)
    return function


def _choice(choices: tuple[str, ...], name: str, value: Any) -> str:
    return check_choice(name, value.lower() if isinstance(value, str) else value, choices)


def _template(name: str, value: Any) -> str:
    if not isinstance(value, str) or "{}" not in value:
        raise ArgumentError(
            f"`{name}` is {described(value)}.",
            allowed="A sentence with {} where the label goes.",
            hint='For example "This text is about {}.".',
        )
    return value


def _positive(name: str, value: Any) -> float:
    number = check_number(name, value, 0)
    if number == 0:
        raise ArgumentError(f"`{name}` is 0.", allowed="A number above 0.")
    return number


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A string that is not empty.")
    return value


def _strings(name: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    listed: list[Any] = list(values) if isinstance(values, Iterable) and not isinstance(values, Mapping) else [None]
    if not all(isinstance(each, str) for each in listed):
        raise ArgumentError(f"`{name}` is {described(value)}.", allowed="A string, or a list of strings.")
    return tuple(listed)


Reader = Callable[[str, Any], Any]


def _or_none(read: Reader) -> Reader:
    return lambda name, value: None if value is None else read(name, value)


# How the value of an option is read. Which options a task has, and their defaults, is said in the table of tasks.
READERS: dict[str, Reader] = {
    "top_k": _or_none(whole_number),
    "function_to_apply": _function,
    "max_length": _or_none(whole_number),
    "batch_size": _or_none(whole_number),
    "long": partial(_choice, ("truncate", "window", "error")),
    "stride": _or_none(partial(check_number, minimum=0)),
    "aggregation_strategy": partial(_choice, ("none", "simple", "first", "average", "max")),
    "ignore_labels": _strings,
    "targets": _or_none(_strings),
    "hypothesis_template": _template,
    "multi_label": check_flag,
    "prompt": _or_none(_string),
    "per_token": check_flag,
    "max_answer_len": whole_number,
    "handle_impossible_answer": check_flag,
    "align_to_words": check_flag,
    "max_new_tokens": _or_none(whole_number),
    "min_new_tokens": _or_none(whole_number),
    "min_length": _or_none(check_count),
    "do_sample": _or_none(check_flag),
    "temperature": _or_none(_positive),
    "top_p": _or_none(partial(check_number, minimum=0, maximum=1)),
    "repetition_penalty": _or_none(_positive),
    "length_penalty": _or_none(check_number),
    "no_repeat_ngram_size": _or_none(check_count),
    "early_stopping": _or_none(check_flag),
    "num_beams": _or_none(whole_number),
    "num_return_sequences": whole_number,
    "seed": _or_none(partial(check_number, minimum=-(2**31) + 1, maximum=2**31 - 1)),
    "prefix": _or_none(_string),
    "return_full_text": check_flag,
    "src_lang": _or_none(_string),
    "tgt_lang": _or_none(_string),
    "pooling": partial(_choice, ("mean", "cls", "max", "none")),
    "normalize": check_flag,
}


def read_options(task: Task, given: Mapping[str, Any], base: Options | None = None) -> Options:
    """Check the options of a call and lay them over those the pipeline was made with, or over the task's defaults.

    Raises
    ------
    ArgumentError
        Where an option has a wrong value, or is not known; suggests the nearest.
    """
    options: Options = dict(task.options if base is None else base)
    for name, value in _said_now(task, given).items():
        if name in task.options:
            options[name] = READERS[name](name, value)
        elif name in _ALREADY_SO:
            _refuse_unless_so(name, value)
        else:
            raise _unknown_option(name, task)
    return options


def _said_now(task: Task, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is said in the words of earlier versions into those of today."""
    said = dict(given)
    if "top_k" in task.options and "return_all_scores" in said:
        every = _older_flag(said, "return_all_scores")
        if every is not None:
            said["top_k"] = None if every else task.options["top_k"]
    if "max_answer_len" in task.options:
        for older, name in (("topk", "top_k"), ("max_seq_len", "max_length"), ("doc_stride", "stride")):
            if older in said:
                said.setdefault(name, said.pop(older))
    if "multi_label" in task.options and "multi_class" in said:
        said.setdefault("multi_label", said.pop("multi_class"))
    if "aggregation_strategy" in task.options and {"grouped_entities", "ignore_subwords"} & set(said):
        grouped, whole = _older_flag(said, "grouped_entities"), _older_flag(said, "ignore_subwords")
        if grouped is not None or whole is not None:
            said.setdefault("aggregation_strategy", ("first" if whole else "simple") if grouped else "none")
    return said


def _older_flag(said: dict[str, Any], name: str) -> bool | None:
    value = said.pop(name, None)
    return None if value is None else check_flag(name, value)


def _refuse_unless_so(name: str, value: Any) -> None:
    if not any(value is same or (type(value) is type(same) and value == same) for same in _ALREADY_SO[name]):
        raise ArgumentError(
            f"`{name}` is {described(value)}.", allowed="Only what is done anyway.", hint=_WRITE_NOW[name]
        )


def _unknown_option(name: str, task: Task) -> ArgumentError:
    close = nearest(name, task.options)
    return ArgumentError(
        f"`{name}` is not an option of this pipeline.",
        allowed="Options are " + ", ".join(f"`{known}`" for known in task.options) + ".",
        hint=_RETIRED.get(name) or (f"Did you mean `{close}`?" if close else "?tidydl.pipeline tells what each does."),
    )

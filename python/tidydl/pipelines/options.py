"""Options of a call: read, checked and listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from tidydl.columns import Contract
from tidydl.errors import ArgumentError, nearest
from tidydl.pipelines.declarations import RUNNING, Task
from tidydl.pipelines.legacy_arguments import as_current_arguments, asks_for_what_is_done, what_to_write
from tidydl.pipelines.option_table import OPTIONS, Option

DEFAULT = "default"
# Arguments outside of the options, for hints.
OF_THE_PIPELINE = (
    *("task", "model", "tokenizer", "image_processor", "feature_extractor", "processor", "revision", "device", "dtype"),
    *("use_safetensors", "trust_remote_code", "token"),
)
OF_THE_CALL = ("x", "progress", "text", "image", "audio", "video", "question", "context", "data")

Options = dict[str, Any]


def read_options(task: Task, arguments: Mapping[str, Any], base: Options | None = None) -> Options:
    """Check the options of a call and merge them into those of the pipeline, or into the task's defaults."""
    defaults = _defaults(task)
    options: Options = dict(defaults if base is None else base)
    for name, value in as_current_arguments(task, arguments).items():
        if name in defaults:
            options[name] = _option(name, defaults).read(name, value)
        elif not asks_for_what_is_done(name, value):
            raise _unknown_option(task, name, defaults)
    return options


def _defaults(task: Task) -> dict[str, Any]:
    return {**task.options, **RUNNING}


def _option(name: str, defaults: Mapping[str, Any]) -> Option:
    """Return the rule of an option; windows share tokens, so a task without ``stride`` reads each text once."""
    return OPTIONS["long_whole" if name == "long" and "stride" not in defaults else name]


def _unknown_option(task: Task, name: str, defaults: Mapping[str, Any]) -> ArgumentError:
    close = nearest(name, [*defaults, *(part.name for part in task.parts)])
    return ArgumentError(
        f"`{name}` is not an option of this pipeline.",
        allowed="Options are " + ", ".join(f"`{each}`" for each in defaults) + ".",
        hint=what_to_write(name) or _hint(task, name, close),
    )


def _hint(task: Task, name: str, close: str | None) -> str:
    if name in OF_THE_PIPELINE:
        return f"`{name}` is an argument of pipeline() itself."
    if name in OF_THE_CALL:
        return f"`{name}` is an argument of the call."
    return f"Did you mean `{close}`?" if close else f'tasks("{task.name}") lists them with what each does.'


def list_options(task: Task) -> pd.DataFrame:
    """List the options of a task: ``option``, ``default`` (as JSON writes it) and ``description``."""
    defaults = _defaults(task)
    contract = Contract.of(option="string", default="string", description="string")
    return contract.frame(
        {
            "option": list(defaults),
            "default": [
                None if value is None else json.dumps(value, ensure_ascii=False) for value in defaults.values()
            ],
            "description": [_option(name, defaults).says for name in defaults],
        }
    )

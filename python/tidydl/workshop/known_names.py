"""Names of options that somebody knows: tidydl's batches, or transformers' own pipeline."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tidydl.errors import ArgumentError
from tidydl.pipelines.declarations import RUNNING, Task
from tidydl.pipelines.options import read_options
from tidydl.workshop.generation_defaults import IDLE

_OLDER = ("truncation", "padding", "num_workers")
_ANY = "mixed.multimodal"  # tasks whose options may be those of any processor


def refuse_unknown(task: Task, options: Mapping[str, Any], plain: Callable[[], Any] | None) -> None:
    """Refuse options that neither our batches nor transformers' own pipeline know.

    Parameters
    ----------
    task
        The task.
    options
        The options of a call, in the words of today.
    plain
        Gives transformers' own pipeline; None for a task that has none.

    Raises
    ------
    ArgumentError
        There is one; names the nearest that is known.
    """
    simple = {*task.options, *RUNNING, *IDLE, *_OLDER, *(part.name for part in task.parts)}
    others = {name: value for name, value in options.items() if name not in simple}
    if not others or task.family == _ANY:
        return
    theirs = set() if plain is None else _names_of(plain())
    for name, value in others.items():
        if name not in theirs:
            try:
                read_options(task, {name: value})
            except ArgumentError as problem:
                raise problem from None


def _names_of(pipeline: Any) -> set[str]:
    """Return the names of options of transformers' own pipeline, those that it hands on included."""
    own = inspect.signature(pipeline._sanitize_parameters).parameters
    names = {*own, *inspect.signature(pipeline.__call__).parameters}
    if any(each.kind is each.VAR_KEYWORD for each in own.values()):
        if pipeline.tokenizer is not None:
            names |= _of_tokenizers()
        names |= _of_generation(pipeline.model)
    return names


def _of_tokenizers() -> set[str]:
    from transformers import PreTrainedTokenizerBase

    return set(inspect.signature(PreTrainedTokenizerBase.__call__).parameters)


def _of_generation(model: Any) -> set[str]:
    if not getattr(model, "can_generate", bool)():
        return set()
    from transformers import GenerationConfig

    return {
        *GenerationConfig().to_dict(),
        *inspect.signature(model.generate).parameters,
        *inspect.signature(model.forward).parameters,
    }

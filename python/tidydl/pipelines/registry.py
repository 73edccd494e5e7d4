"""Finding a task by its name or by its model, and listing what there is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from tidydl.boundaries import guarded
from tidydl.checks import described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, NotFoundError, unknown_name
from tidydl.pipelines.catalogue import TASKS
from tidydl.pipelines.declarations import Task
from tidydl.pipelines.options import list_options

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

# The name of a translation in transformers 4, such as translation_en_to_fr.
_DIRECTION = re.compile(r"translation_([A-Za-z]+(?:_[A-Za-z]+)?)_to_([A-Za-z]+(?:_[A-Za-z]+)?)")

# Heads whose table in transformers is not named as their class is.
_TABLES = {
    "Seq2SeqLM": "SEQ_TO_SEQ_CAUSAL_LM",
    "CausalLM": "CAUSAL_LM",
    "MaskedLM": "MASKED_LM",
    "MultimodalLM": "MULTIMODAL_LM",
    "SpeechSeq2Seq": "SPEECH_SEQ_2_SEQ",
    "CTC": "CTC",
    "TDT": "TDT",
    "RNNT": "RNNT",
}
_BARE = "MODEL_MAPPING_NAMES"  # the table of models without a head


@guarded
def tasks(task: str | None = None) -> pd.DataFrame:
    """List the tasks of :func:`tidydl.pipeline`, or the options of one of them.

    Parameters
    ----------
    task
        The name of a task whose options to list. If omitted, the tasks are listed.

    Returns
    -------
    pandas.DataFrame
        One row per task: ``task``, ``aliases`` (comma-separated, missing if there are none), ``input`` (the columns it
        reads, optional ones in brackets), ``returns`` (the columns it adds), ``default_model`` (the Hub id used when no
        ``model`` is given), ``size_mb`` (of its weights), ``language`` (of the default model, missing if not
        applicable), ``licence``, ``multilingual_model`` (a small multilingual model to pass as ``model``, missing if
        there is none) and ``multilingual_size_mb``. With ``task``, one row per option: ``option``, ``default`` (as
        JSON, missing if there is none) and ``description``.

    Raises
    ------
    NotFoundError
        If there is no task of that name.

    Examples
    --------
    >>> tasks()["task"].tolist()[:2]
    ['text-classification', 'token-classification']
    """
    if task is not None:
        return list_options(task_named(task))
    contract = Contract.of(
        task="string",
        aliases="string",
        input="string",
        returns="string",
        default_model="string",
        size_mb="double",
        language="string",
        licence="string",
        multilingual_model="string",
        multilingual_size_mb="double",
    )
    several = [each.multilingual or (None, None) for each in TASKS]
    return contract.frame(
        {
            "task": [each.name for each in TASKS],
            "aliases": [", ".join(each.aliases) or None for each in TASKS],
            "input": [", ".join(f"[{p.name}]" if p.optional else p.name for p in each.parts) for each in TASKS],
            "returns": [", ".join(each.columns.names) for each in TASKS],
            "default_model": [each.default_model for each in TASKS],
            "size_mb": [each.default_size_mb for each in TASKS],
            "language": [each.language for each in TASKS],
            "licence": [each.licence for each in TASKS],
            "multilingual_model": [model for model, _ in several],
            "multilingual_size_mb": [size for _, size in several],
        }
    )


_GONE = {"conversational": "text-generation"}  # tasks of earlier versions of transformers that another does now


# The types of model whose classes have get_text_features() and get_image_features().
_TWO_SIDED = ("align", "altclip", "blip", "chinese_clip", "clip", "clipseg", "metaclip_2", "siglip", "siglip2")


def task_named(name: object) -> Task:
    """Find a task by its name or alias; the error lists the known names and suggests the nearest."""
    if not isinstance(name, str):
        raise ArgumentError(
            f"`task` is {described(name)}.",
            allowed="The name of a task, as a string.",
            hint="tasks() lists the tasks.",
        )
    if direction := _DIRECTION.fullmatch(name.strip()):
        task = task_named("translation")
        return replace(task, options={**task.options, "src_lang": direction[1], "tgt_lang": direction[2]})
    for task in TASKS:
        if name.strip().lower().replace("_", "-") in (task.name, *task.aliases):
            return task
    names = [task_name for task in TASKS for task_name in (task.name, *task.aliases)]
    if (now := _GONE.get(name.strip().lower())) is not None:
        raise NotFoundError(
            f"`task` '{name}' was removed from transformers 5.", allowed=f"'{now}', which takes chats too."
        )
    looks_like_model = "/" in name or "\\" in name or name.startswith((".", "~"))
    hint = f"Did you mean `model = {name!r}`?" if looks_like_model else "tasks() lists the tasks."
    raise unknown_name("task", name, names, hint=hint)


def task_of_config(config: PreTrainedConfig) -> Task | None:
    """Return the task of the architecture in a config; None if it is not one of ours.

    A head that several tasks share is that of the first of them whose usual head it is; tasks of certain types of
    model come before all others, then those that read more than texts, those of bare models last.
    """
    tasks_in_order = sorted(TASKS, key=_precedence)
    headed = [task for task in tasks_in_order if "" not in task.heads]
    bare = [task for task in tasks_in_order if "" in task.heads]
    for architecture in getattr(config, "architectures", None) or ():
        for some, heads in ((headed, slice(0, 1)), (headed, slice(1, None)), (bare, slice(None))):
            for task in some:
                named = any(architecture in _classes(head).values() for head in task.heads[heads])
                if named and _reads(task, config):
                    return task
    return None


def _precedence(task: Task) -> int:
    if task.kinds:
        return 0
    if "" in task.heads:
        return 3
    return 2 if task.reads == "text" else 1


def _reads(task: Task, config: PreTrainedConfig) -> bool:
    """Return whether a model reads the inputs of the task, which the head of a bare model does not tell."""
    if task.kinds:
        return config.model_type in task.kinds
    if "" not in task.heads:
        return True
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    if task.reads == "text":
        return config.model_type in TOKENIZER_MAPPING_NAMES
    return config.model_type in IMAGE_PROCESSOR_MAPPING_NAMES and config.model_type not in TOKENIZER_MAPPING_NAMES


def has_two_sides(config: PreTrainedConfig) -> bool:
    """Return whether a model puts texts and images into one space, as CLIP does."""
    return hasattr(config, "text_config") and hasattr(config, "vision_config") and config.model_type in _TWO_SIDED


def fits(task: Task, config: PreTrainedConfig) -> bool:
    """Return whether a model does a task: its head is one of the task's, or it has none and could carry one."""
    kind = getattr(config, "model_type", None)
    if task.family == "features" and has_two_sides(config):
        return True
    if not any(kind in _classes(head) for head in task.heads) or not _reads(task, config):
        return False
    read = task_of_config(config)
    return read is None or "" in (*read.heads, *task.heads) or _named_head(task, config) is not None


def head_of(task: Task, config: PreTrainedConfig) -> str:
    """Return the head that the config names among those of the task, else the usual one."""
    named = _named_head(task, config)
    return task.heads[0] if named is None else named


def _named_head(task: Task, config: PreTrainedConfig) -> str | None:
    for architecture in getattr(config, "architectures", None) or ():
        for head in task.heads:
            if architecture in _classes(head).values():
                return head
    return None


def _classes(head: str) -> dict[str, str]:
    """Return the classes of transformers with this head, by type of model."""
    from transformers.models.auto import modeling_auto

    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in head).upper().strip("_")
    mapping = getattr(modeling_auto, f"MODEL_FOR_{_TABLES.get(head, words)}_MAPPING_NAMES" if head else _BARE, {})
    return {kind: name for kind, name in mapping.items() if isinstance(name, str)}

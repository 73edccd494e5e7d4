"""The tasks that pipelines can do, one line of a table each, and finding one by its name or its model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import Contract
from tidydl.errors import ArgumentError, unknown_name
from tidydl.pipelines.declarations import Part, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TASKS", "fits", "head_of", "task_named", "task_of_config", "tasks"]

TEXT = (Part("text", "text"),)
TEXT_PAIR = (*TEXT, Part("text_pair", "text", optional=True))
TEXT_LABELS = (*TEXT, Part("candidate_labels", "label", shared=True))
ASKED = (Part("question", "text"), Part("context", "text"))
PROMPT = (Part("text", "prompt"),)
QUERIED = (Part("query", "text"), Part("table", "table", shared=True))
IMAGE = (Part("image", "image"),)

CLASSES = Contract.of(rank="integer", label="label", score="double")
FILLED = Contract.of(mask="position", rank="integer", token="string", score="double", sequence="string")
ANSWERS = Contract.of(rank="integer", answer="string", score="double", start="position", end="integer")
WRITTEN = Contract.of(sequence="integer", generated_text="string")
SUMMARIES = Contract.of(sequence="integer", summary_text="string")
TRANSLATIONS = Contract.of(sequence="integer", translation_text="string")
CELLS = Contract.of(answer="string", aggregator="string", cells="list")
ENTITIES = Contract.of(entity="string", word="string", score="double", start="position", end="integer")

LONG = {"long": "truncate", "stride": None}
EACH = {"max_length": None, "batch_size": None}
CLASSIFYING = {"function_to_apply": "default", **EACH}
GENERATING: dict[str, Any] = {
    **dict.fromkeys(("max_new_tokens", "do_sample", "temperature", "top_k", "top_p", "seed", "num_beams")),
    "num_return_sequences": 1,
    **dict.fromkeys(("repetition_penalty", "no_repeat_ngram_size", "length_penalty", "early_stopping")),
    **dict.fromkeys(("min_new_tokens", "min_length", "max_length", "prefix", "batch_size")),
    "long": "truncate",
}

# fmt: off
TASKS: tuple[Task, ...] = (
    Task("text-classification", ("sentiment-analysis",), TEXT_PAIR, "classification", ("SequenceClassification",),
         CLASSES, "distilbert/distilbert-base-uncased-finetuned-sst-2-english", 267.8, "English",
         {"top_k": 1, **CLASSIFYING, **LONG}),
    Task("token-classification", ("ner",), TEXT, "entities", ("TokenClassification",),
         ENTITIES, "dslim/distilbert-NER", 260.8, "English",
         {"aggregation_strategy": "none", "ignore_labels": ("O",), **EACH, **LONG}, spans=True),
    Task("zero-shot-classification", (), TEXT_LABELS, "zero_shot", ("SequenceClassification", "CausalLM"),
         CLASSES, "MoritzLaurer/xtremedistil-l6-h256-zeroshot-v1.1-all-33", 51.0, "English",
         {"top_k": None, "hypothesis_template": "This example is {}.", "multi_label": False, "prompt": None,
          "per_token": False, **EACH, **LONG}),
    Task("question-answering", (), ASKED, "answers", ("QuestionAnswering",),
         ANSWERS, "distilbert/distilbert-base-cased-distilled-squad", 260.8, "English",
         {"top_k": 1, "max_answer_len": 15, "handle_impossible_answer": False, "align_to_words": True,
          **EACH, **LONG, "long": "window"}),
    Task("table-question-answering", (), QUERIED, "table_answers", ("TableQuestionAnswering",),
         CELLS, "google/tapas-small-finetuned-wtq", 117.0, "English", {"long": "truncate", **EACH}),
    Task("feature-extraction", (), TEXT, "features", ("",),
         Contract.of(dim_1="double"), "sentence-transformers/all-MiniLM-L6-v2", 90.9, "English",
         {"pooling": "mean", "normalize": False, **EACH, **LONG}),
    Task("text-generation", (), PROMPT, "generation", ("CausalLM",),
         WRITTEN, "HuggingFaceTB/SmolLM2-135M-Instruct", 269.1, "English", {**GENERATING, "return_full_text": True}),
    Task("text2text-generation", (), TEXT, "generation", ("Seq2SeqLM",),
         WRITTEN, "google/flan-t5-small", 307.9, "English", GENERATING),
    Task("summarization", (), TEXT, "generation", ("Seq2SeqLM",),
         SUMMARIES, "Falconsai/text_summarization", 242.0, "English", GENERATING),
    Task("translation", (), TEXT, "generation", ("Seq2SeqLM",),
         TRANSLATIONS, "google-t5/t5-small", 242.0, "English, French, German, Romanian",
         {**GENERATING, "src_lang": None, "tgt_lang": None}),
    Task("fill-mask", (), TEXT, "masks", ("MaskedLM",),
         FILLED, "distilbert/distilroberta-base", 331.1, "English",
         {"top_k": 5, "targets": None, "long": "truncate", **EACH}),
    Task("image-classification", (), IMAGE, "classification", ("ImageClassification",),
         CLASSES, "WinKawaks/vit-tiny-patch16-224", 22.9, None,
         {"top_k": 5, "function_to_apply": "default", "batch_size": None}),
)
# fmt: on

# The name of a translation in transformers 4, such as translation_en_to_fr.
_DIRECTION = re.compile(r"translation_([A-Za-z]+(?:_[A-Za-z]+)?)_to_([A-Za-z]+(?:_[A-Za-z]+)?)")

# Heads whose table in transformers is not named as their class is.
_TABLES = {"Seq2SeqLM": "SEQ_TO_SEQ_CAUSAL_LM", "CausalLM": "CAUSAL_LM", "MaskedLM": "MASKED_LM"}


def tasks() -> pd.DataFrame:
    """List the tasks of :func:`tidydl.pipeline`.

    Returns
    -------
    pandas.DataFrame
        One row per task: ``task``, ``aliases`` (other names, with commas between, missing where there is
        none), ``input`` (the columns it reads, in brackets those that may be left out), ``returns`` (the columns
        it adds), ``default_model`` (the Hub id taken when no ``model`` is given), ``size_mb`` (of its weights) and
        ``language`` (of the default model, missing for images).

    Examples
    --------
    >>> tasks()["task"].tolist()[:2]
    ['text-classification', 'token-classification']
    """
    contract = Contract.of(
        task="string",
        aliases="string",
        input="string",
        returns="string",
        default_model="string",
        size_mb="double",
        language="string",
    )
    return contract.frame(
        {
            "task": [task.name for task in TASKS],
            "aliases": [", ".join(task.aliases) or None for task in TASKS],
            "input": [", ".join(f"[{p.name}]" if p.optional else p.name for p in task.parts) for task in TASKS],
            "returns": [", ".join(task.columns.names) for task in TASKS],
            "default_model": [task.default_model for task in TASKS],
            "size_mb": [task.default_size_mb for task in TASKS],
            "language": [task.language for task in TASKS],
        }
    )


def task_named(name: Any) -> Task:
    """Find a task by its name or alias.

    Raises
    ------
    ArgumentError
        Where the name is no string.
    NotFoundError
        Where no task has that name; lists the known ones and suggests the nearest.
    """
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
    names = [known for task in TASKS for known in (task.name, *task.aliases)]
    looks_like_model = "/" in name or "\\" in name or name.startswith((".", "~"))
    hint = f"Was it meant as `model = {name!r}`?" if looks_like_model else "tasks() lists the tasks."
    raise unknown_name("task", name, names, hint=hint)


def task_of_config(config: Any) -> Task | None:
    """Read the task from the architecture that a config names, or give None where it is none of ours."""
    for architecture in getattr(config, "architectures", None) or ():
        for task in TASKS:
            if architecture in _classes(task.heads[0]).values() and _reads(task, config):
                return task
    return None


def _reads(task: Task, config: Any) -> bool:
    """Say whether a bare encoder reads what the task reads: those of images do no task."""
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    return "" not in task.heads or config.model_type in TOKENIZER_MAPPING_NAMES


def fits(task: Task, config: Any) -> bool:
    """Say whether a model does a task: its head is one of the task's, or it has none and could carry one."""
    if not any(getattr(config, "model_type", None) in _classes(head) for head in task.heads):
        return False
    read = task_of_config(config)
    return read is None or "" in (*read.heads, *task.heads) or _named_head(task, config) is not None


def head_of(task: Task, config: Any) -> str:
    """Give the head that the config names among those of the task, else the usual one."""
    named = _named_head(task, config)
    return task.heads[0] if named is None else named


def _named_head(task: Task, config: Any) -> str | None:
    for architecture in getattr(config, "architectures", None) or ():
        for head in task.heads:
            if architecture in _classes(head).values():
                return head
    return None


def _classes(head: str) -> dict[str, str]:
    """Give the classes of transformers with this head, by type of model."""
    from transformers.models.auto import modeling_auto

    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in head).upper().strip("_")
    known = getattr(modeling_auto, f"MODEL_FOR_{_TABLES.get(head, words)}_MAPPING_NAMES" if head else _BARE)
    return {kind: name for kind, name in known.items() if isinstance(name, str)}


_BARE = "MODEL_MAPPING_NAMES"

"""Decisions: typed questions about a text, each answered by the probabilities of a fixed set of answers.

No generated text is parsed. A decision model scores the options itself; a causal chat model is
asked for the label of an option (A, B, ... or Yes, No) and scored by the logits of these labels as its next token. The
prompts are those of transformers' own decision models.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tidydl.errors import ArgumentError, DependencyError
from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.model_location import locate
from tidydl.pipelines.options import Options
from tidydl.pipelines.positions import value_error
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.template_limits import within_limits
from tidydl.pipelines.reading.windows import refuse_long
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.task_runs import Call, TaskPlan
from tidydl.pipelines.transformers_loaders import Source, quiet_loading, quietly

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from transformers.decision import DecisionConfig

_SINCE = "5.23"  # transformers have decision models
Value = tuple[str, str]
Prompt = tuple[dict[str, Any], list[Any]]  # the tokens and where they are read, and the questions that are asked


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: what scores the answers, a head or the labels of options."""
    _decision()
    return {"decides_by": "head" if _has_head(loaded) else "labels"}


def plan(call: Call) -> TaskPlan:
    """Return the plan for decisions."""
    loaded = call.loaded
    reader = replace(loaded, components={"tokenizer": copy.deepcopy(loaded.tokenizer)})  # marks are added to it
    settings, has_head = _settings(loaded), _has_head(loaded)
    return TaskPlan(
        encode=partial(_encode, reader, settings, call.options),
        forward=partial(_by_head if has_head else _by_labels, loaded.model, settings),
        padding="none" if has_head else "any",
        chunk=64,
        finish=_answers,
        noted=lambda frame: {"ranks": int(frame["rank"].max()) if frame["rank"].notna().any() else 1},
    )


def _decision() -> Any:
    """Import transformers' decision models, or explain what they need."""
    try:
        return importlib.import_module("transformers.decision")
    except ImportError as problem:
        import transformers

        raise DependencyError(
            f"The task 'decision' needs transformers {_SINCE} or later; {transformers.__version__} is installed.",
            allowed="'zero-shot-classification' with a causal language model, which needs no newer version.",
            hint="`pip install --upgrade transformers`, then restart the session.",
        ) from problem


def _has_head(loaded: Loaded) -> bool:
    """Return whether the model scores options itself."""
    return hasattr(loaded.model, "decide")


def _settings(loaded: Loaded) -> Any:
    """Return the decision settings: the model's own, those saved with it, or the defaults."""
    settings = loaded.model.decision_config if _has_head(loaded) else _settings_of(loaded)
    if settings.adapter:
        raise ArgumentError(
            f"`model` is '{loaded.source}', whose weights for decisions are in an adapter, '{settings.adapter}'.",
            allowed="A model with merged weights.",
            hint="Merge the adapter into the model, and save it.",
        )
    return settings


def _settings_of(loaded: Loaded) -> Any:
    kind = _decision().DecisionConfig
    name = getattr(loaded.model, "name_or_path", "")
    if loaded.asked is None and not name:
        return kind()
    source = Source(locate(name)) if loaded.asked is None else loaded.asked[0].source
    taken = ("pretrained_model_name_or_path", "local_files_only")

    def read(**arguments: Any) -> Any:
        return kind.from_pretrained(**{name: value for name, value in arguments.items() if name in taken})

    return quietly(source, read)


@dataclass(frozen=True)
class _Prompts:
    """Prompts, each with its questions, and the labels of its options as tokens."""

    loaded: Loaded
    values: list[Value]
    cut: list[bool]
    prompts: list[Prompt] = field(default_factory=list)
    labels: list[list[list[int]]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """How many tokens each prompt has."""
        return [int(inputs["input_ids"].shape[1]) for inputs, _ in self.prompts]

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some prompts, with their questions."""
        tokens = [self.prompts[i][0]["input_ids"][0].tolist() for i in positions]
        rows = {"input_ids": tokens, "attention_mask": [[1] * len(row) for row in tokens]}
        tensors = texts.padded(self.loaded, rows, range(len(positions)))
        asked = [self.prompts[i] for i in positions]
        return {**tensors, "asked": asked, "labels": [self.labels[i] for i in positions] if self.labels else None}


def _encode(
    loaded: Loaded, settings: DecisionConfig, options: Options, values: list[Value], indices: Sequence[int]
) -> _Prompts:
    """Write a prompt for each question about each text, or one for all if the model reads them together."""
    limit = texts.token_limit(loaded, options["max_length"])
    label_ids = cache(partial(_label_ids, loaded.tokenizer))
    encoded = _Prompts(loaded, values, [False] * len(values))
    for owner, ((text, asked), index) in enumerate(zip(values, indices, strict=True)):
        prompts, kept = _fitting(loaded, settings, text, json.loads(asked), limit, index)
        encoded.cut[owner] = len(kept) < len(text)
        for prompt in prompts:
            encoded.prompts.append(prompt)
            encoded.owners.append(owner)
            if not _has_head(loaded):
                encoded.labels.append([label_ids(tuple(question.labels)) for question in prompt[1]])
    if options["long"] == "error":
        refuse_long(encoded.cut, indices)
    return encoded


def _fitting(
    loaded: Loaded, settings: DecisionConfig, text: str, questions: dict[str, Any], limit: int | None, index: int
) -> tuple[list[Prompt], str]:
    """Write the prompts about a text, whose end is truncated if they would be too long."""
    kept = text
    while True:
        prompts = _prompts(loaded, settings, kept, questions)
        longest = max(int(inputs["input_ids"].shape[1]) for inputs, _ in prompts)
        if limit is None or longest <= limit:
            return prompts, kept
        if not kept:
            raise value_error(
                index,
                "has a question that leaves no room for the text.",
                allowed=f"Questions of fewer than {limit} tokens with all their options.",
            )
        kept = _shortened(loaded.tokenizer, kept, longest - limit)


def _shortened(tokenizer: PreTrainedTokenizerBase, text: str, surplus: int) -> str:
    """Drop a number of tokens from the end of a text."""
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    left = tokenizer.decode(ids[: max(0, len(ids) - surplus)], skip_special_tokens=False)
    return text[: min(len(left), len(text) - 1)]


def _prompts(loaded: Loaded, settings: DecisionConfig, text: str, questions: dict[str, Any]) -> list[Prompt]:
    try:
        with quiet_loading(), within_limits():
            return list(settings.prepare_inputs({"state": text, "questions": questions}, loaded.tokenizer))
    except ValueError as problem:
        if not getattr(loaded.tokenizer, "chat_template", None):
            raise ArgumentError(
                f"`model` is '{loaded.source}', which is not a chat model: its tokenizer has no chat template.",
                allowed="A decision model, or a causal language model whose name says 'Instruct' or 'Chat'.",
            ) from problem
        raise ArgumentError(f"`questions` cannot be used: {problem}", allowed="Fewer or other options.") from problem


def _label_ids(tokenizer: PreTrainedTokenizerBase, labels: tuple[str, ...]) -> list[int]:
    try:
        return list(_decision().label_token_ids(tokenizer, labels))
    except ValueError as problem:
        raise ArgumentError(
            f"`model` cannot represent the options: {problem}",
            allowed="A model whose tokenizer has a token for each of these labels.",
        ) from problem


def _by_labels(model: PreTrainedModel, settings: DecisionConfig, tensors: dict[str, Any]) -> list[Any]:
    """Run a language model on a batch: for each prompt the probabilities of its questions' options."""
    import torch

    asked, labels = tensors.pop("asked"), tensors.pop("labels")
    indices = [[int(mark) - 1 for mark in inputs["marks"]] for inputs, _ in asked]
    kept = sorted({index for each in indices for index in each})
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        logits = model(**tensors, logits_to_keep=torch.tensor(kept, device=model.device)).logits
    else:
        logits = model(**tensors).logits[:, kept]
    probabilities = []
    for line, ((inputs, questions), at) in enumerate(zip(asked, indices, strict=True)):
        rows = [logits[line, kept.index(index)].float().cpu() for index in at]
        scores = [row[ids] for row, ids in zip(rows, labels[line], strict=False)]
        tail = inputs["input_ids"][0, at[-1] + 1 :]
        changed = [settings.logits_processors[q.type](tail, s) for q, s in zip(questions, scores, strict=True)]
        probabilities.append([_probabilities(each) for each in changed])
    return probabilities


def _by_head(model: Any, settings: DecisionConfig, tensors: dict[str, Any]) -> list[Any]:
    """Score the options of a prompt's questions by a decision model."""
    ((inputs, questions),) = tensors["asked"]
    scores = model.decide(**inputs, decision_questions=questions, decision_config=settings)
    return [[_probabilities(each) for each in scores]]


def _probabilities(scores: torch.Tensor) -> np.ndarray:
    return softmax(scores.float().cpu().numpy().astype("float64"))


def _answers(encoded: _Prompts, lines: list[int], probabilities: list[Any]) -> list[tuple[Any, ...]]:
    """Write a line per question and option, the best first."""
    answers: list[tuple[Any, ...]] = []
    for line, chances in zip(lines, probabilities, strict=True):
        for question, shares in zip(encoded.prompts[line][1], chances, strict=True):
            texts_of = question.descriptions if question.type == "score" else question.options
            for rank, i in enumerate((-shares).argsort(kind="stable"), start=1):
                answers.append((question.name, rank, _as_text(texts_of[i]), float(shares[i])))
    return answers


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""``TrainingArguments`` and ``Trainer`` with the arguments that they had in version 4."""

from __future__ import annotations

import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from tidydl.errors import ArgumentError, DependencyError, bring_extra
from tidydl.user_warnings import warn_user
from tidydl.workshop.arguments import whole

# Arguments that have another name today.
_RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "evaluate_during_training": "eval_strategy",
    "no_cuda": "use_cpu",
    "warmup_ratio": "warmup_steps",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "push_to_hub_model_id": "hub_model_id",
    "push_to_hub_token": "hub_token",
    "group_by_length": "train_sampling_strategy",
    "adafactor": "optim",
    "include_inputs_for_metrics": "include_for_metrics",
}
# What switches become where they are on.
_SWITCHES: dict[str, Any] = {
    "evaluate_during_training": "steps",
    "group_by_length": "group_by_length",
    "adafactor": "adafactor",
    "include_inputs_for_metrics": ["inputs"],
}
# Arguments that ask for what is done anyway, and those that mean nothing today.
_DONE_ANYWAY = ("overwrite_output_dir", "save_safetensors", "include_tokens_per_second", "use_mps_device")
_GONE = (
    *("logging_dir", "jit_mode_eval", "use_ipex", "torchdynamo", "past_index", "ray_scope", "mp_parameters"),
    *("fp16_backend", "half_precision_backend", "fp16_opt_level", "tpu_num_cores", "tpu_metrics_debug"),
    *("use_legacy_prediction_loop", "dispatch_batches", "split_batches"),
)


def current_training_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of ``TrainingArguments`` in the words of today, with a warning of those that mean nothing.

    Raises
    ------
    ArgumentError
        If an argument is given by its older and its present name.
    """
    gone = [f"`{name}`" for name in _GONE if arguments.get(name)]
    if gone:
        warn_user(f"{', '.join(gone)} of TrainingArguments mean nothing in transformers 5, and are left out.")
    current: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in (*_GONE, *_DONE_ANYWAY) or (name in _SWITCHES and not value):
            continue
        if name == "warmup_ratio" and (not value or arguments.get("warmup_steps")):
            continue  # a number of steps went first in version 4
        now = _RENAMED.get(name, name)
        if now != name and now in arguments and name != "warmup_ratio":
            raise ArgumentError(
                f"`{name}` and `{now}` are both given, and mean the same.",
                allowed="One of them.",
                hint=f"Leave `{name}` out.",
            )
        current[now] = _SWITCHES.get(name, value)
    return current


def _whole_where_meant(arguments: dict[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments in which 2.0 is 2 where the class says that an argument is a whole number."""
    counted = {name for name, kind in kinds.items() if "int" in str(kind).replace("'", " ").split() or kind is int}
    steps = {"eval_steps", "logging_steps", "save_steps", "warmup_steps"}  # whole, or a share of all steps
    return {name: whole(value) if name in counted | steps else value for name, value in arguments.items()}


def require_accelerate() -> None:
    """Refuse to train without the library that transformers trains with.

    Raises
    ------
    DependencyError
        If accelerate is not installed.
    """
    if find_spec("accelerate") is None:
        raise DependencyError(
            "`Trainer` needs the library accelerate, which is not installed.",
            allowed="Pipelines, models and tokenizers work without it.",
            hint=bring_extra("train"),
        )


@functools.cache
def _arguments_class(name: str) -> type:
    library: Any = importlib.import_module("transformers")
    base: type = getattr(library, name)
    kinds = typing.get_type_hints(base)

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        require_accelerate()
        current = _whole_where_meant(current_training_arguments(kwargs), kinds)
        base.__init__(self, *args, **current)  # type: ignore[misc]

    return type(name, (base,), {"__init__": begin, "__module__": __name__, "__doc__": base.__doc__})


@functools.cache
def _trainer_class(name: str) -> type:
    library: Any = importlib.import_module("transformers")
    base: type = getattr(library, name)

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        require_accelerate()
        base.__init__(self, *args, **current_trainer_arguments(kwargs))  # type: ignore[misc]

    def adapt(subclass: type, **kwargs: Any) -> None:
        if "compute_loss" in vars(subclass):
            subclass.compute_loss = _loss_of_then(subclass.compute_loss)  # type: ignore[attr-defined]

    tokenizer = property(lambda self: self.processing_class, doc="What reads the inputs.")
    names = {
        "__init__": begin,
        "__init_subclass__": classmethod(adapt),
        "tokenizer": tokenizer,
        "__module__": __name__,
        "__doc__": base.__doc__,
    }
    return type(name, (base,), names)


def _loss_of_then(compute_loss: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that takes what today's Trainer tells of a batch, also where it was written before that."""
    parameters = inspect.signature(compute_loss).parameters
    named = "num_items_in_batch" in parameters
    if named or any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return compute_loss

    @functools.wraps(compute_loss)
    def called(self: Any, *args: Any, num_items_in_batch: Any = None, **kwargs: Any) -> Any:
        return compute_loss(self, *args, **kwargs)

    return called


def current_trainer_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of ``Trainer`` in the words of today."""
    current = dict(arguments)
    if "tokenizer" in current:
        current.setdefault("processing_class", current.pop("tokenizer"))
    return current


def __getattr__(name: str) -> type:
    if name in ("TrainingArguments", "Seq2SeqTrainingArguments"):
        return _arguments_class(name)
    if name in ("Trainer", "Seq2SeqTrainer"):
        return _trainer_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

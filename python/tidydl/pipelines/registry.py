"""The tasks that pipelines can do: one line of a table each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidydl.checks import described
from tidydl.columns import ROW, Column, Contract
from tidydl.errors import ArgumentError, unknown_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TASKS", "Part", "Task", "task_named", "task_of_config", "tasks"]


@dataclass(frozen=True)
class Part:
    """One part of an input: the name of its column and what it holds (``"text"`` or ``"image"``)."""

    name: str
    modality: str

    @property
    def column(self) -> Column:
        """The column of the result that repeats this part."""
        return Column(self.name, "image" if self.modality == "image" else "string")


@dataclass(frozen=True)
class Task:
    """What is to be known of a task before a model is loaded.

    ``family`` is the module of this package that runs the model and writes the frame, ``head`` the class of
    transformers that carries the task's weights, and ``columns`` what follows ``.row`` and the input.
    """

    name: str
    aliases: tuple[str, ...]
    parts: tuple[Part, ...]
    family: str
    head: str
    columns: Contract
    top_k: int | None
    default_model: str
    default_size_mb: float
    language: str | None

    @property
    def contract(self) -> Contract:
        """All columns of the result, ranks included."""
        return Contract((Column(ROW, "index"), *(part.column for part in self.parts), *self.columns.columns))

    @property
    def modality(self) -> str:
        """What the model's processor reads: ``"text"`` or ``"image"``."""
        return self.parts[0].modality


TEXT = (Part("text", "text"),)
IMAGE = (Part("image", "image"),)
CLASSES = Contract.of(rank="integer", label="label", score="double")

# fmt: off
TASKS: tuple[Task, ...] = (
    Task("text-classification", ("sentiment-analysis",), TEXT, "classification", "SequenceClassification",
         CLASSES, 1, "distilbert/distilbert-base-uncased-finetuned-sst-2-english", 268.0, "English"),
    Task("image-classification", (), IMAGE, "classification", "ImageClassification",
         CLASSES, 5, "WinKawaks/vit-tiny-patch16-224", 22.9, None),
)
# fmt: on


def tasks() -> pd.DataFrame:
    """List the tasks of :func:`tidydl.pipeline`.

    Returns
    -------
    pandas.DataFrame
        One row per task: ``task``, ``aliases`` (other names, with commas between, missing where there is
        none), ``input`` (the columns it reads), ``returns`` (the columns it adds), ``default_model`` (the
        Hub id taken when no ``model`` is given), ``size_mb`` (of its weights) and ``language`` (of the
        default model, missing for images).

    Examples
    --------
    >>> tasks()["task"].tolist()
    ['text-classification', 'image-classification']
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
            "input": [", ".join(part.name for part in task.parts) for task in TASKS],
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
            if architecture in _heads(task).values():
                return task
    return None


def fits(task: Task, config: Any) -> bool:
    """Say whether transformers has a head for this task on models of this kind."""
    return getattr(config, "model_type", None) in _heads(task)


def _heads(task: Task) -> dict[str, str]:
    """Give the classes of transformers that do a task, by type of model."""
    from transformers.models.auto import modeling_auto

    known: dict[str, Any] = {
        "SequenceClassification": modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        "ImageClassification": modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    }
    return {kind: name for kind, name in known[task.head].items() if isinstance(name, str)}

"""What is declared of a task: the parts of its inputs, its columns, its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidydl.columns import ROW, Column, Contract

__all__ = ["Part", "Task"]


@dataclass(frozen=True)
class Part:
    """One part of an input: the name of its column and what it holds (its modality names the module that reads it).

    An ``optional`` part may be left out. A ``shared`` one may be one value for all inputs, and is not repeated in
    the result.
    """

    name: str
    modality: str
    optional: bool = False
    shared: bool = False

    @property
    def column(self) -> Column:
        """The column of the result that repeats this part."""
        return Column(self.name, "image" if self.modality == "image" else "string")


@dataclass(frozen=True)
class Task:
    """What is to be known of a task before a model is loaded.

    ``family`` is the module of this package that runs the model and writes the frame, ``heads`` the ends of the
    names of transformers' auto classes that carry the task's weights, the usual one first, and ``columns`` what
    follows ``.row`` and the input. ``options`` are the options it takes with their defaults. Where an input has
    any number of results that are no ranks, ``spans``, they cannot be joined to the rows of data.
    """

    name: str
    aliases: tuple[str, ...]
    parts: tuple[Part, ...]
    family: str
    heads: tuple[str, ...]
    columns: Contract
    default_model: str
    default_size_mb: float
    language: str | None
    options: Mapping[str, Any] = field(default_factory=dict)
    spans: bool = False

    def contract(self, parts: Sequence[Part], columns: Contract | None = None) -> Contract:
        """Give all columns of a result: ``.row``, the parts it repeats, and the task's own."""
        own = self.columns if columns is None else columns
        return Contract((Column(ROW, "index"), *(part.column for part in parts), *own.columns))

    @property
    def modality(self) -> str:
        """What the model's processor reads: ``"text"`` or ``"image"``."""
        return "image" if any(part.modality == "image" for part in self.parts) else "text"

"""Declarations of tasks: the parts of the inputs, the columns, the options, the components."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidydl.columns import ROW, Column, Contract, Kind

# Options of every task: what to do where an input fails, and where to keep what is done of a long run.
RUNNING: dict[str, Any] = {"on_error": "raise", "checkpoint": None}

_KINDS: dict[str, Kind] = {"image": "image", "audio": "audio"}


@dataclass(frozen=True)
class Part:
    """One part of an input: the name of its column and its modality, which names the module that reads it.

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
        return Column(self.name, _KINDS.get(self.modality, "string"))


@dataclass(frozen=True)
class Task:
    """The properties of a task before a model is loaded.

    ``family`` is the module of this package that says how the model is run, ``heads`` the ends of the names
    of transformers' auto classes that carry the task's weights, the usual one first (``""`` the bare model; then
    ``kinds`` may say of which types of model), and ``columns`` what follows ``.row`` and the input. ``options`` are the
    options it takes with their defaults. ``components`` are what reads its inputs, as arguments of ``pipeline()``;
    ``other_components`` are those of the types of model that have others.
    ``licence`` is that of the default model, ``default_revision`` where its weights lie as safetensors, if not on the
    main branch. ``multilingual`` is a small model of several languages with its size, where the default knows one.
    Where an input has any number of results that are no ranks, ``spans`` (or what it says of the options), they cannot
    be joined to the rows of data.
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
    components: tuple[str, ...] = ("tokenizer",)
    licence: str = "apache-2.0"
    default_revision: str | None = None
    multilingual: tuple[str, float] | None = None
    spans: bool | Callable[[Mapping[str, Any]], bool] = False
    kinds: tuple[str, ...] = ()
    other_components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def for_kind(self, kind: str | None) -> Task:
        """Return the task as a type of model does it: its components may differ."""
        return replace(self, components=self.other_components.get(kind or "", self.components))

    def contract(self, parts: Sequence[Part], columns: Contract | None = None) -> Contract:
        """Return all columns of a result: ``.row``, the parts it repeats, and the task's own."""
        own = self.columns if columns is None else columns
        return Contract((Column(ROW, "index"), *(part.column for part in parts), *own.columns))

    def has_spans(self, options: Mapping[str, Any]) -> bool:
        """Return whether an input has any number of results with these options."""
        return self.spans(options) if callable(self.spans) else self.spans

    @property
    def reads(self) -> str:
        """The kind of the inputs in messages: ``"text"``, ``"image"``, ``"audio"`` or ``"video"``."""
        modalities = [part.modality for part in self.parts]
        return next((each for each in ("image", "audio", "video") if each in modalities), "text")

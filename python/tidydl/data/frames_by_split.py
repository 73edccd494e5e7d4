"""Data frames by split that are in memory already: their names, and those that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tidydl.data.arrow.other_libraries import table_of
from tidydl.data.splits import pick, split_names
from tidydl.errors import ArgumentError
from tidydl.rendering import by_language


def frames_allowed() -> str:
    """Return what holds frames, for messages."""
    return by_language("A data frame, several by split, or a stream.", "A data frame, or several by split.")


def as_mapping(data: object) -> Any:
    """Return the parts of a named tuple, as of split_data(), by their names; any other data unchanged."""
    names = getattr(data, "_fields", ())
    return dict(zip(names, data, strict=True)) if isinstance(data, tuple) and names else data


def by_name(frames: Mapping[Any, Any], argument: str) -> dict[str, Any]:
    """Name frames by text.

    Raises
    ------
    ArgumentError
        Two have one name then.
    """
    names = [str(name) for name in frames]
    if len(set(names)) < len(names):
        raise ArgumentError(
            f"`{argument}` has two splits with the same name as text: {', '.join(names)}.",
            allowed="Split names that differ as text.",
            hint="Rename one of them.",
        )
    return dict(zip(names, frames.values(), strict=True))


def asked_frames(frames: Mapping[str, Any], splits: list[str]) -> dict[str, Any]:
    """Return what is asked for of frames: all by default, whole ones unchanged, those cut or joined as pandas has them.

    Raises
    ------
    NotFoundError
        There is no such split.
    ArgumentError
        What is asked for cannot be read.
    DataError
        Splits do not fit together.
    """
    return {split: frames[split] if split in frames else _picked(frames, split) for split in splits or frames}


def _picked(frames: Mapping[str, Any], split: str) -> pd.DataFrame:
    from tidydl.data.arrow.from_frame import encode
    from tidydl.data.arrow.to_frame import decode

    names = split_names(split)
    required = frames if names is None or not set(names) <= set(frames) else names
    tables = {
        name: encode(frame) if hasattr(frame, "iloc") else table_of(frame)
        for name, frame in frames.items()
        if name in required
    }
    return decode(pick(tables, split))

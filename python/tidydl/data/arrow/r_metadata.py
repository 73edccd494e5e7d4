"""What only R tells apart of columns: notes by column, which Python carries along unread."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

OF_R = "tidydl_r"  # where they are in a frame's attrs
IN_FILE = "r"  # where they are in what a file notes


def plain_notes(notes: object) -> dict[str, dict[str, Any]]:
    """Return the notes among what somebody else may have put there: dictionaries by column, as JSON holds them."""
    if not isinstance(notes, Mapping):
        return {}
    return {
        name: note
        for name, note in notes.items()
        if isinstance(name, str) and isinstance(note, dict) and note and _is_json(note)
    }


def _is_json(note: dict[str, Any]) -> bool:
    try:
        json.dumps(note)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def agreed(columns: Sequence[Collection[str]], notes: Sequence[Mapping[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return the notes on which all parts agree that have the column.

    Parameters
    ----------
    columns, notes
        The columns of each part that hold something, and its notes.

    Returns
    -------
    dict
        Notes by column. Of what is in cells a part without a note has nothing to say, and parts that do not agree leave
        an empty note, so that a later part does not bring back what they differ on.
    """
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for part in notes for name in part):
        each = [part.get(name) for names, part in zip(columns, notes, strict=True) if name in names]
        present = [note for note in each if note is not None]
        if present and any("each" in note for note in present):
            merged[name] = present[0] if all(note == present[0] for note in present) else {"each": {}}
        elif present and all(note == present[0] for note in each):
            merged[name] = present[0]
    return merged

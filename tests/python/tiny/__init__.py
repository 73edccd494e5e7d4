"""Tiny real models, built in the test: real architectures and tokenizers, a few thousand seeded weights.

A module for each kind of model, of which ``MODELS`` lists those that are written once a session, when a test first asks
``kept()`` for them. ``inputs`` draws what models are given, ``parts`` holds what several are made of.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from tiny import text
from tiny.text import LABELS, POSITIONS, WORDS, byte_folder, causal_folder, sentences, text_folder
from tiny.vision import image_folder

__all__ = ["LABELS", "POSITIONS", "WORDS", "kept"]
__all__ += ["byte_folder", "causal_folder", "image_folder", "sentences", "text_folder"]


def kept(name: str) -> Path:
    """Return the folder of a model, written once a session: ``"vision.yolos"`` of another module than ``text``."""
    module, _, own = name.rpartition(".")
    return importlib.import_module(f"tiny.{module}").kept(own) if module else text.kept(own)

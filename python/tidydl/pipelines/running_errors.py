"""Errors while a model runs, as our own."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tidydl.boundaries import MODEL_RUNNING
from tidydl.pipelines.model_loading import Loaded


def running(loaded: Loaded) -> AbstractContextManager[None]:
    """Turn whatever a model, its tokenizer or its processor raises into one of our errors."""
    return MODEL_RUNNING.guard(
        f"The output of the model '{loaded.source}' for `x`",
        allowed="Inputs of the kind that the model takes, and a model whose files match.",
        hint='Run a few inputs at a time to find the one that fails, or `on_error = "row"`.',
    )

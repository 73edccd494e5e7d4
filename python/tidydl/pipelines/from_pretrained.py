"""Calling transformers' loaders: where from, what may be loaded, without their noise, and what goes wrong explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.device import import_torch
from tidydl.errors import DependencyError
from tidydl.pipelines.hub_errors import explain_failure
from tidydl.pipelines.locations import Location, hub_is_out_of_reach

__all__ = ["Source", "import_transformers", "quiet_loading", "quietly", "remember_token"]

# Access tokens by where they give access to, for this session alone: they are in no result, message or saved pipeline.
_tokens: dict[str, str] = {}


@dataclass(frozen=True)
class Source:
    """Where something is loaded from: a place, a version of it, and whether code that lies there may run."""

    location: Location
    revision: str | None = None
    remote_code: bool = False

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of ``from_pretrained()``."""
        revision = self.revision or "main"
        code = {"trust_remote_code": True, "code_revision": revision} if self.remote_code else {}
        token = _tokens.get(self.location.source)
        return {
            "pretrained_model_name_or_path": self.location.source,
            "revision": revision,
            "trust_remote_code": False,
            "local_files_only": self.location.folder is not None or hub_is_out_of_reach(),
            **code,
            **({} if token is None else {"token": token}),
        }

    def commit(self) -> str | None:
        """Give the hash of the version that was downloaded, None for a folder."""
        if self.location.folder is not None:
            return None
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.location.source, "config.json", revision=self.revision or "main")
        name = Path(found).parent.name if isinstance(found, str) else ""
        return name if re.fullmatch(r"[0-9a-f]{40}", name) else None


def remember_token(location: Location, token: str | None) -> None:
    """Keep an access token for a model in this session."""
    if token is not None and location.folder is None:
        _tokens[location.source] = token


def import_transformers() -> Any:
    """Import transformers after torch, or explain how to get them.

    Raises
    ------
    DependencyError
        Where either is not installed or does not start.
    """
    import_torch()
    try:
        import transformers
    except ImportError as problem:
        raise DependencyError(
            f"transformers cannot be imported: {problem}.",
            allowed="Pipelines and embed() need transformers 5.0 or later.",
            hint='Install it with `pip install transformers`, or everything with `pip install "tidydl"`.',
        ) from problem
    return transformers


def quietly(source: Source, call: Any, *, argument: str = "model", **arguments: Any) -> Any:
    """Call a loader of transformers without its noise, and explain what goes wrong."""
    try:
        with quiet_loading():
            return call(**source.arguments(), **arguments)
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as problem:  # loaders raise anything: OSError, ValueError, RuntimeError, bare Exception
        raise explain_failure(problem, source.location, argument, _tokens.values()) from problem


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Silence transformers' progress bars and log while loading, and give both back as they were."""
    from transformers.utils import logging

    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()

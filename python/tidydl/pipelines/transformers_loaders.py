"""Calls of transformers' loaders: from vetted sources, without their output, and with errors explained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidydl.boundaries import MODEL_LOADING
from tidydl.device import import_torch
from tidydl.errors import DamagedFileError, DependencyError, TidydlError
from tidydl.hub.fetching import Snapshot, fetch, mend
from tidydl.hub.repositories import Repository
from tidydl.pipelines.load_errors import explain_failure
from tidydl.pipelines.loading_lock import one_at_a_time
from tidydl.pipelines.model_files import reading_files, weight_files
from tidydl.pipelines.model_location import Location
from tidydl.pipelines.vetting.model_folders import vet_folder

# Access tokens by where they give access to, for this session alone: they are in no result, message or saved pipeline.
_tokens: dict[str, str] = {}
# Which commit a source is in this session: what is loaded later of it is of the same version.
_commits: dict[Source, str] = {}


@dataclass(frozen=True)
class Source:
    """The source of a model: its location, its version, and whether its own code may run."""

    location: Location
    revision: str | None = None
    remote_code: bool = False

    def repository(self) -> Repository | None:
        """Return the repository of the Hub in the version that this session uses, None for a folder."""
        if self.location.folder is not None:
            return None
        name = self.location.source
        return Repository("model", name, _commits.get(self) or self.revision or "main", _tokens.get(name))

    def fetched(self, argument: str = "model") -> Snapshot | None:
        """Download the configuration files of the model and its components; None for a folder."""
        repo = self.repository()
        if repo is None:
            return None
        snapshot = fetch(repo, lambda names: reading_files(names, code=self.remote_code), argument=argument)
        _commits[self] = snapshot.commit
        return snapshot

    def fetched_weights(self, argument: str, pickled: bool) -> Snapshot | None:
        """Download the weights; None for a folder."""
        snapshot = self.fetched(argument)
        if snapshot is None:
            return None
        files, source = snapshot.listing.files, self.location.source
        try:
            required = weight_files(files, snapshot.folder, source, argument, pickled=pickled)
        except DamagedFileError:  # the index cannot be read
            if not mend(snapshot, argument=argument):
                raise
            required = weight_files(files, snapshot.folder, source, argument, pickled=pickled)
        return fetch(snapshot.repo.at(snapshot.commit), lambda _: required, argument=argument)

    def files(self, argument: str = "model") -> list[str]:
        """List the files."""
        snapshot = self.fetched(argument)
        if snapshot is not None:
            return sorted(snapshot.listing.files)
        assert self.location.folder is not None
        return sorted(path.name for path in self.location.folder.iterdir())

    def folder(self) -> Path:
        """Return the folder on this machine that holds the files."""
        snapshot = self.fetched()
        return snapshot.folder if snapshot is not None else Path(self.location.source)

    def tag(self) -> str | None:
        """Return the task of the model on the Hub."""
        snapshot = self.fetched()
        return None if snapshot is None else snapshot.listing.tag

    def commit(self) -> str | None:
        """Return the hash of the version that was downloaded, None for a folder."""
        return _commits.get(self)


def forget_versions() -> None:
    """Check again which version of a model is the newest."""
    _commits.clear()


def remember_token(location: Location, token: str | None) -> None:
    """Keep an access token for a model in this session."""
    if token is not None and location.folder is None:
        _tokens[location.source] = token


def import_transformers() -> Any:
    """Import transformers after torch, or explain how to get them."""
    import_torch()
    try:
        import transformers
    except ImportError as problem:
        raise DependencyError(
            f"transformers cannot be imported: {problem}.",
            allowed="Pipelines and embed() need transformers 5.23 or later.",
            hint='Install it with `pip install transformers`, or everything with `pip install "tidydl"`.',
        ) from problem
    return transformers


def quietly(
    source: Source,
    call: Callable[..., Any],
    *,
    argument: str = "model",
    weights: bool = False,
    pickled: bool = False,
    **arguments: Any,
) -> Any:
    """Call a loader of transformers without its output, and explain its errors.

    What lies on the Hub is downloaded first. If loading fails because the downloaded copy has been damaged since, that
    is downloaded again and loading tried once more. ``weights`` says whether the loader needs the weights, ``pickled``
    whether others than safetensors are allowed.
    """
    snapshot = source.fetched_weights(argument, pickled) if weights else source.fetched(argument)
    path = source.location.source if snapshot is None else str(snapshot.folder)
    code = {"trust_remote_code": source.remote_code, "local_files_only": True}
    for again in (False, True):
        try:
            with _guarded(source, argument), one_at_a_time(alone=_changes_default(arguments)), quiet_loading():
                vet_folder(Path(path).expanduser(), source.location.source, argument, pickled=pickled)
                return call(pretrained_model_name_or_path=path, **code, **arguments)
        except TidydlError:
            if again or snapshot is None or not mend(snapshot, argument=argument):
                raise
    raise AssertionError("the second try neither returned nor raised")


def _guarded(source: Source, argument: str) -> Any:
    """Turn whatever loaders raise, a panic of Rust included, into one of our errors."""
    subject = f"`{argument}` is '{source.location.source}', which"
    return MODEL_LOADING.guard(subject, lambda problem: explain_failure(problem, source.location, argument))


def _changes_default(arguments: Mapping[str, Any]) -> bool:
    """Return whether a loader temporarily changes torch's default dtype."""
    return arguments.get("dtype") not in (None, import_torch().get_default_dtype())


_quiet = threading.Lock()
_silenced: list[tuple[int, bool]] = []  # what they were before the first of those that load now, for each of these


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Silence transformers' progress bars and log while loading, and restore both.

    With several threads loading or generating, the last of them does.
    """
    from transformers.utils import logging

    with _quiet:
        _silenced.append(_silenced[0] if _silenced else (logging.get_verbosity(), logging.is_progress_bar_enabled()))
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        with _quiet:
            verbosity, bar = _silenced.pop()
            if not _silenced:
                logging.set_verbosity(verbosity)
                if bar:
                    logging.enable_progress_bar()

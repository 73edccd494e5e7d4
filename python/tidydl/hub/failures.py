"""Errors of the Hub, the network or the disk as our own: each names the repository and the next step.

No text of the Hub or its client is passed on, so that no access token can be in it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tidydl.errors import DamagedFileError, HubError, NotFoundError, StorageError, TidydlError
from tidydl.hub.connection import switched_off
from tidydl.hub.repositories import Repository
from tidydl.hub.retries import is_silence, is_timeout, status_of

ALLOWED = {
    "model": "The folder of a model on this machine, or an id of the Hugging Face Hub such as 'owner/name'.",
    "dataset": "A folder, a file, or the 'owner/name' of a data set on the Hugging Face Hub.",
}
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_LOGIN = "log in with `hf auth login`, or give a `token`"


def refusal(problem: Exception, repo: Repository, argument: str, here: Sequence[str] = ()) -> TidydlError:
    """Turn what the Hub's client raised into one of our errors; ``here`` are the cached repositories of its kind."""
    from huggingface_hub import errors

    named = f"`{argument}` is '{repo.id}'"
    if isinstance(problem, errors.GatedRepoError):
        return HubError(
            f"{named}, a gated {repo.what}: its owner grants access to each user.",
            allowed=f"A {repo.what} that is public, or one your account has access to.",
            hint=f"Request access on its page, then {_LOGIN}.",
        )
    if isinstance(problem, errors.RevisionNotFoundError):
        return NotFoundError(
            f"`revision` '{repo.revision}' does not exist in the {repo.what} '{repo.id}'.",
            allowed=f"A branch, a tag or a commit of that {repo.what}.",
            hint="Leave `revision` out for the newest.",
        )
    if isinstance(problem, errors.RepositoryNotFoundError):
        return NotFoundError(
            f"{named}, which is neither a local folder nor a {repo.what} on the Hugging Face Hub.",
            allowed=ALLOWED[repo.kind],
            hint=f"Check the spelling; for a private {repo.what}, {_LOGIN}.",
        )
    if isinstance(problem, errors.EntryNotFoundError):
        return NotFoundError(
            f"{named}, which lacks a file that the Hugging Face Hub lists.",
            allowed=f"A complete {repo.what}.",
            hint="It may have just been changed: try again in a minute, or give another `revision`.",
        )
    status = status_of(problem)
    if status is None and is_silence(problem) and not is_timeout(problem):
        return not_here(repo, argument, here)
    return _status_error(status, repo, named)


def _status_error(status: int | None, repo: Repository, named: str) -> HubError:
    """Build the error for an HTTP status; None stands for a timeout."""
    if status == 401:
        answer, hint = (
            "does not accept the access token",
            f"Use a valid one: {_LOGIN}. Public repositories need no token.",
        )
    elif status == 403:
        answer, hint = "refuses access", f"Check on its page whether your account has access, then {_LOGIN}."
    elif status == 404:
        answer, hint = "does not find it (404)", "Check the spelling of the id and the `revision`."
    elif status == 429:
        answer, hint = (
            "limits requests from this machine (429)",
            "Wait some minutes and try again; with a login the limit is higher.",
        )
    elif status is None:
        answer, hint = "did not respond in time", "Try again later; what was downloaded so far is kept."
    else:
        answer, hint = f"responds with an error ({status})", "Try again later: see status.huggingface.co."
    return HubError(
        f"{named}, and the Hugging Face Hub {answer}.",
        allowed=f"A {repo.what} on the Hub that your account can read, or a folder on this machine.",
        hint=hint,
    )


def not_here(
    repo: Repository, argument: str, here: Sequence[str], missing: Sequence[str] = (), present: Sequence[str] = ()
) -> HubError:
    """Build the error for files that are not cached while the Hub is out of reach, naming those that are.

    Of an incomplete copy, ``missing`` names the missing files and ``present`` the others.
    """
    switches = switched_off()
    off = f" {' and '.join(switches)} turns the Hub off." if switches else ""
    version = "" if repo.revision == "main" else f" in revision '{repo.revision}'"
    what = f"which{version} is neither a local folder nor a downloaded {repo.what}"
    if missing:
        what = f"of which '{missing[0]}' was not downloaded before"
        what += f", nor were {len(missing) - 1} more" if len(missing) > 1 else ""
        off = f" Its downloaded files: {listed(present)}.{off}"
    others = {"model": "example_model() has some", "dataset": "example_data() has some"}[repo.kind]
    return HubError(
        f"`{argument}` is '{repo.id}', {what}, and the Hugging Face Hub does not respond.",
        allowed=f"Without a network: a local folder, or a downloaded {repo.what}.",
        hint=f"Downloaded: {listed(here)}. {others} that need no network.{off}",
    )


def wrong_content(repo: Repository, name: str, times: int) -> DamagedFileError:
    """Build the error for a download whose content was wrong several times."""
    return DamagedFileError(
        f"The file '{name}' of the {repo.what} '{repo.id}' arrived damaged from the Hugging Face Hub {times} times.",
        allowed="Content with the hash that the Hub lists for it.",
        hint="Try again on another network; if it persists, tell the owner of the repository.",
    )


def damaged_copy(repo: Repository, names: Sequence[str]) -> DamagedFileError:
    """Build the error for a damaged download while the Hub is out of reach."""
    return DamagedFileError(
        f"The downloaded copy of the {repo.what} '{repo.id}' was damaged: {listed(names)}. It was deleted.",
        allowed="The files as they were downloaded.",
        hint="Try again with a network: the deleted files are then downloaded again.",
    )


def too_little_room(repo: Repository, wanted: int, free: int) -> StorageError:
    """Build the error for a download that does not fit on the disk."""
    return StorageError(
        f"The disk has too little space for the {repo.what} '{repo.id}': {wanted / 1e6:.1f} MB are needed, "
        f"{free / 1e6:.1f} MB are free.",
        allowed=f"Free space in '{repo.storage.parent}'.",
        hint="Free some space: cache() lists the downloads. HF_HOME sets another folder.",
    )


@contextmanager
def storing(repo: Repository, part: Path | None = None) -> Iterator[None]:
    """Turn errors of the disk while writing into our own; on a full one the partial file is deleted."""
    try:
        yield
    except OSError as problem:
        if isinstance(problem, TidydlError):
            raise
        full = problem.errno in _FULL
        if full and part is not None:
            part.unlink(missing_ok=True)
        path = repo.storage.parent
        why = "the disk is full" if full else f"it cannot be written ({problem.strerror or type(problem).__name__})"
        raise StorageError(
            f"The {repo.what} '{repo.id}' cannot be stored in '{path}': {why}.",
            allowed="A writable folder on a disk with free space.",
            hint="Free some space: cache() lists the downloads. HF_HOME sets another folder."
            if full
            else "Set HF_HOME to another folder before Python starts.",
        ) from problem


def listed(names: Sequence[str]) -> str:
    """List some names for a message."""
    shown = ", ".join(f"'{name}'" for name in names[:8])
    return shown + (", …" if len(names) > 8 else "") if names else "nothing"

"""Contents of a repository: the names, sizes and hashes of its files in one commit, requested once and kept.

A listing is kept beside the files, so that without a network it is known what belongs to a repository, what of it is
here, and of what hash it should be.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tidydl.errors import HubError, NotFoundError, TidydlError
from tidydl.hub.api_responses import answered, asked_for, commit_in, digest_in, size_in
from tidydl.hub.connection import note_failure, out_of_reach
from tidydl.hub.failures import not_here, refusal
from tidydl.hub.repositories import COMMIT, Repository, cache_path, is_inside
from tidydl.hub.retries import Retries, is_silence, passes, with_retries
from tidydl.user_warnings import warn_user
from tidydl.whole_files import write_whole

_REMEMBERED = 60.0  # seconds for which a branch is not asked for again
_IMPATIENT = 5.0  # seconds for an answer where what is kept would do
_recent: dict[Repository, tuple[float, Listing]] = {}


@dataclass(frozen=True)
class File:
    """What the Hub announces of a file; ``digest`` is the sha256 of a large one, else git's sha1."""

    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Listing:
    """The files of a commit. ``whole`` is False if it was read from the cache alone."""

    commit: str
    files: Mapping[str, File]
    tag: str | None = None
    whole: bool = True


def listing_of(repo: Repository, argument: str) -> Listing:
    """Ask the Hub what a repository holds, or read what is kept of that if the Hub cannot be asked."""
    with answered(repo, argument):
        return _listing_of(repo, argument)


def _listing_of(repo: Repository, argument: str) -> Listing:
    kept = kept_listing(repo)
    if kept is not None and kept.whole and COMMIT.fullmatch(repo.revision):
        return kept
    at, recent = _recent.get(repo, (0.0, None))
    if recent is not None and time.monotonic() - at < _REMEMBERED:
        return recent
    if out_of_reach(patient=kept is None):
        if kept is None:
            raise not_here(repo, argument, downloaded(repo.kind, repo.cache_dir))
        return kept
    try:
        listing = with_retries(lambda: _asked(repo, kept is None), Retries(5 if kept is None else 2, slow=1))
    except TidydlError:  # of an answer that cannot be used
        raise
    except Exception as problem:
        if is_silence(problem):
            note_failure()
        if passes(problem) and kept is not None:
            _recent[repo] = (time.monotonic(), kept)
            return kept
        if passes(problem) or isinstance(problem, OSError):  # the client's own errors are of these
            raise refusal(problem, repo, argument, downloaded(repo.kind, repo.cache_dir)) from None
        raise
    _recent[repo] = _recent[repo.at(listing.commit)] = (time.monotonic(), listing)
    return listing


def is_known(repo: Repository) -> bool:
    """Return whether a repository is or was on the Hub, as far as is known."""
    if kept_listing(repo) is not None:
        return True
    if out_of_reach():
        return False
    try:
        listing_of(repo, "path")
    except NotFoundError:
        return False
    except HubError:
        return not out_of_reach()
    return True


def forget_listings() -> None:
    """Forget the listings of this session."""
    _recent.clear()


def _asked(repo: Repository, patient: bool) -> Listing:
    from huggingface_hub import constants

    seconds = float(constants.HF_HUB_ETAG_TIMEOUT)
    answer = asked_for(repo, "", seconds if patient else min(seconds, _IMPATIENT), blobs="true")
    siblings = answer.get("siblings")
    entries = [each for each in siblings if isinstance(each, dict)] if isinstance(siblings, list) else []
    files = {each["rfilename"]: _promised(each) for each in entries if is_inside(each.get("rfilename"))}
    odd = [name for each in entries if isinstance(name := each.get("rfilename"), str) and name not in files]
    if odd and repo.kind == "dataset":
        warn_user(
            f"'{repo.id}' has files whose names not every system can store, and which are not loaded: '{odd[0]}'"
            + (f" and {len(odd) - 1} more." if len(odd) > 1 else ".")
        )
    tag = answer.get("pipeline_tag")
    return Listing(commit_in(answer, repo), files, tag if isinstance(tag, str) else None)


def _promised(sibling: dict[str, Any]) -> File:
    large = sibling.get("lfs")
    digest = large.get("sha256") if isinstance(large, dict) else sibling.get("blobId")
    return File(size_in(sibling.get("size")), digest_in(digest))


def storage_note(repo: Repository, commit: str) -> Path:
    """Return the file in which a listing is kept; its time says when the repository was last used."""
    return repo.storage / ".tidydl" / f"{commit}.json"


def keep_listing(repo: Repository, listing: Listing) -> None:
    """Save a listing beside the files, and the commit of the revision, if the disk can be written."""
    note = storage_note(repo, listing.commit)
    try:
        if listing.whole and not note.is_file():
            _write(note, json.dumps(asdict(listing)))
        elif note.is_file():
            os.utime(note)
        reference = repo.storage / "refs" / repo.revision
        if not COMMIT.fullmatch(repo.revision) and _commit_of(repo) != listing.commit:
            _write(reference, listing.commit)
    except OSError:
        pass  # of a cache that cannot be written, what is there can still be read


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def kept_listing(repo: Repository) -> Listing | None:
    """Return the saved listing, or one of the files in the cache; None if there are none."""
    commit = _commit_of(repo)
    if commit is None:
        return None
    try:
        note = json.loads(storage_note(repo, commit).read_text(encoding="utf-8"))
        files = {
            name: File(size_in(promised["size"]), digest_in(promised["digest"]))
            for name, promised in note["files"].items()
            if is_inside(name)
        }
        return Listing(commit, files, note["tag"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # another program has downloaded it, or the note is damaged
    folder = repo.snapshot(commit)
    present = {path.relative_to(folder).as_posix(): _held(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return Listing(commit, present, whole=False) if present else None


def _held(path: Path) -> File:
    """Return the hash of a file from the name of its content in the cache."""
    return File(None, digest_in(path.resolve().name))


def _commit_of(repo: Repository) -> str | None:
    """Return the last known commit of a revision."""
    if COMMIT.fullmatch(repo.revision):
        return repo.revision
    try:
        commit = (repo.storage / "refs" / repo.revision).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return commit if COMMIT.fullmatch(commit) else None


def downloaded(kind: str = "model", cache_dir: str | None = None) -> list[str]:
    """List the ids of earlier downloads from the Hub, the last used first."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        cached = scan_cache_dir(cache_path(cache_dir)).repos
    except (CacheNotFound, ValueError):  # ValueError: a file is where the folder should be
        return []
    repos = [repo for repo in cached if repo.repo_type == kind and repo.size_on_disk > 0]
    return [repo.repo_id for repo in sorted(repos, key=lambda repo: repo.last_accessed, reverse=True)]

"""Responses of the Hub's API, as plain JSON of limited size; all of it is checked.

What an endpoint (``HF_ENDPOINT``) is trusted with: the user's access token, where one is kept for it, and the content
of the files that are asked for. It is not trusted with names: commits and hashes have to look like hashes, and paths
have to stay inside the repository's folder. Nor with sizes: what is longer than was promised is cut off and deleted,
and what comes without a promise stops while the disk still has room.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from tidydl.boundaries import FULL_DISK, HUB
from tidydl.errors import HubError, TidydlError
from tidydl.hub.repositories import COMMIT, DIGEST, Repository

_LONGEST = 64 << 20  # bytes of an answer: some hundred thousand files take 20 MB
_VALUES = 2_000_000  # in an answer: each takes some hundred bytes
_LARGEST = 1 << 50  # bytes of a file
_REDIRECTS = 20
_SAID_BY_REFUSALS = ("x-error-code", "x-error-message", "x-request-id", "retry-after", "ratelimit", "ratelimit-policy")
_TELEMETRY = threading.RLock()


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Turn off the Hub client's report of the programs in use, for which it reads a response of any size."""
    from huggingface_hub import constants

    with _TELEMETRY:
        before, constants.HF_HUB_DISABLE_TELEMETRY = constants.HF_HUB_DISABLE_TELEMETRY, True
        try:
            yield
        finally:
            constants.HF_HUB_DISABLE_TELEMETRY = before


@contextmanager
def open_answer(
    repo: Repository,
    url: str,
    seconds: float,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> Iterator[Any]:
    """Return the Hub's response, to be read in chunks; the bodies of redirects and errors are not read at all."""
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    with without_telemetry():
        sent = build_hf_headers(token=repo.token) | {"Accept-Encoding": "identity"} | dict(headers or {})
    session = get_session()
    request: Any = session.build_request("GET", url, headers=sent, params=params, timeout=seconds)
    for _ in range(_REDIRECTS):
        response = session.send(request, stream=True, follow_redirects=False)
        try:
            if not response.has_redirect_location:
                if response.status_code >= 400:  # as the client sees it, but without the text
                    bare = {name: each for name, each in response.headers.items() if name in _SAID_BY_REFUSALS}
                    hf_raise_for_status(type(response)(response.status_code, headers=bare, request=request))
                yield response
                return
            request = response.next_request
        finally:
            response.close()
        if request is None:
            raise _nonsense(repo, "a redirect without a valid target")
    raise _nonsense(repo, f"more than {_REDIRECTS} redirects")


def asked_for(repo: Repository, what: str, seconds: float, **query: str) -> dict[str, Any]:
    """Ask the API of the Hub about a repository: ``what`` is "" for the repository in its revision, or "refs".

    ``seconds`` is how long to wait for each part of the answer; ``query`` goes behind the question mark.
    """
    from huggingface_hub import constants

    path = what or f"revision/{quote(repo.revision, safe='')}"
    url = f"{constants.ENDPOINT}/api/{repo.kind}s/{repo.id}/{path}"
    with open_answer(repo, url, seconds, params=query) as response:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LONGEST:
                raise _nonsense(repo, f"more than {_LONGEST >> 20} MB")
    if sum(map(content.count, (b",", b"[", b"{"))) > _VALUES:
        raise _nonsense(repo, f"more than {_VALUES:,} values")
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise _nonsense(repo, "not JSON") from None
    if not isinstance(answer, dict):
        raise _nonsense(repo, "not a JSON object")
    return answer


def commit_in(answer: dict[str, Any], repo: Repository) -> str:
    """Return the hash of the commit in a description of a repository."""
    commit = answer.get("sha")
    if not isinstance(commit, str) or COMMIT.fullmatch(commit) is None:
        raise _nonsense(repo, "without a valid commit hash")
    return commit


def digest_in(value: object) -> str | None:
    """Return a hash from a response, None if it is not one."""
    return value if isinstance(value, str) and DIGEST.fullmatch(value) else None


def size_in(value: object) -> int | None:
    """Return a size from a response, None if it is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else None


def _nonsense(repo: Repository, what: str) -> HubError:
    return HubError(
        f"The response of the Hugging Face Hub about the {repo.what} '{repo.id}' is {what}.",
        allowed="A Hub that responds as huggingface.co does.",
        hint="Check HF_ENDPOINT and your proxy: another server may have responded.",
    )


@contextmanager
def answered(repo: Repository, argument: str) -> Iterator[None]:
    """Turn what the Hub's client raises into one of our errors, without its text, which may hold a token."""

    def explained(problem: BaseException) -> TidydlError | None:
        if isinstance(problem, (MemoryError, PermissionError)) or getattr(problem, "errno", None) in FULL_DISK:
            return None
        return HubError(
            f"`{argument}` is '{repo.id}', and the response of the Hugging Face Hub cannot be used "
            f"({type(problem).__name__}).",
            allowed="A Hub that responds as huggingface.co does.",
            hint="Try again later; HF_ENDPOINT sets another Hub.",
        )

    with HUB.guard(f"`{argument}` is '{repo.id}', which", explained, hint=f"Look at the folder '{repo.storage}'."):
        yield

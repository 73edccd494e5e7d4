"""Branches that the Hub creates itself."""

from __future__ import annotations

from tidydl.hub.api_responses import answered, asked_for
from tidydl.hub.connection import out_of_reach
from tidydl.hub.repositories import Repository
from tidydl.hub.retries import is_silence

PARQUET = "refs/convert/parquet"


def has_parquet_branch(repo: Repository) -> bool:
    """Return whether the Hub also has a data set as parquet files, as far as it answers."""
    from huggingface_hub import constants

    if out_of_reach():
        return False
    with answered(repo, "path"):
        try:
            answer = asked_for(repo, "refs", float(constants.HF_HUB_ETAG_TIMEOUT))
        except Exception as problem:  # what the client raises has no common base but this
            if is_silence(problem) or isinstance(problem, OSError):
                return False
            raise
    converts = answer.get("converts")
    return isinstance(converts, list) and any(
        isinstance(each, dict) and each.get("ref") == PARQUET for each in converts
    )

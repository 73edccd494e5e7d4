"""Read what a request names into Arrow tables, from this machine or from the Hub."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tidydl.data.arguments import Request, refuse_of_hub
from tidydl.data.readers.formats import TextOptions, call_with_files
from tidydl.data.selecting import Wanted
from tidydl.data.sources.hub_datasets import read_hub
from tidydl.data.sources.listing import Listing, Raw
from tidydl.data.sources.local_files import BUILDERS, is_pattern, listing_of
from tidydl.data.sources.paths import not_there
from tidydl.data.sources.reading_files import read_listing
from tidydl.data.splits import split_names
from tidydl.errors import ArgumentError


def fetch(request: Request, wanted: Wanted) -> Raw:
    """Read one table a split; columns, rows and splits that are not wanted may be left out of them."""
    if request.is_on_hub:
        return from_hub(request)
    whole = request.split is None or all(split in (split_names(split) or ()) for split in request.splits)
    with ExitStack() as room:
        listing = list_files(request, room)
        splits = splits_to_read(request, listing.splits)
        limit = wanted.n if whole else None
        return read_listing(listing, TextOptions(request.sep, request.field), splits, wanted.columns, limit)


def splits_to_read(request: Request, there: list[str] | None) -> list[str] | None:
    """Name the splits that a request needs, None for all."""
    if request.split is None:
        return None
    required: list[str] = []
    for split in request.splits:
        named = [split] if there is not None and split in there else split_names(split)
        if named is None:
            return None
        required += named
    return list(dict.fromkeys(required))


def from_hub(request: Request) -> Raw:
    """Read a data set of the Hub."""
    return read_hub(
        request.path,
        request.name,
        request.data_dir,
        request.data_files,
        request.revision,
        splits=splits_to_read(request, None),
        token=request.token,
        cache_dir=request.cache_dir,
        verify=request.verification_mode != "no_checks",
        trusted=request.trusted,
        index_base=request.index_base,
        options=TextOptions(request.sep, request.field),
    )


def list_files(request: Request, room: ExitStack, *, keep: bool = False) -> Listing:
    """Find the files on this machine that a request names.

    Raises
    ------
    NotFoundError
        There are none.
    ArgumentError
        An argument makes no sense together with the path.
    """
    path, location = request.path, Path(request.path)
    refuse_of_hub(request)
    more = request.data_files is not None or request.data_dir is not None
    if location.is_file() or is_pattern(path):
        if more:
            what = "file" if location.is_file() else "pattern"
            raise ArgumentError(
                f"`path` '{path}' is a {what}, and cannot be combined with `data_files` or `data_dir`.",
                hint=f"Name the format: {call_with_files(location.suffix[1:])}.",
            )
    elif not location.is_dir() and path not in BUILDERS:
        raise not_there(location)
    elif not location.is_dir() and not more:
        raise ArgumentError(
            f"`path` is the format '{path}', and `data_files` is missing.",
            hint=f"Name them: {call_with_files(path)}.",
        )
    listing = listing_of(
        path, request.name, request.data_dir, request.data_files, room, keep=keep, trusted=request.trusted
    )
    return replace(listing, index_base=request.index_base)

"""Warnings of data files that are there and not loaded, or loaded although they seem to hold the same rows."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tidydl.data.readers.formats import FORMATS, MEDIA, PACKED
from tidydl.data.readers.read_errors import UNSUPPORTED_MEDIA, how_to_read
from tidydl.data.sources.dataset_cards import configured_files
from tidydl.data.sources.folders import data_files_of, holds_rows, matching, shards_by_split, warn_of_missing_shards
from tidydl.data.sources.path_bounds import Bounds
from tidydl.data.sources.paths import DataFiles
from tidydl.errors import ArgumentError
from tidydl.user_warnings import warn_user

_ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
_OTHERWISE_PACKED = (".xz", ".lz4", ".7z", ".rar", ".tar")


def warn_of_same_stem(names: Sequence[str]) -> None:
    """Warn of files whose names differ in the ending only, as where one table is kept in two formats."""
    by_stem: dict[str, list[str]] = {}
    for name in names:
        unpacked = name[: -len(Path(name).suffix)] if name.lower().endswith(PACKED) else name
        by_stem.setdefault(unpacked.removesuffix(Path(unpacked).suffix), []).append(name)
    several = [group for group in by_stem.values() if len(group) > 1]
    if several:
        listed = " and ".join(f"'{name}'" for name in several[0])
        more = f", and {len(several) - 1} more such groups" if len(several) > 1 else ""
        warn_user(f"The rows of {listed} are all loaded, though their names differ only in the ending{more}.")


def warn_of_other_formats(subject: str, kinds: Mapping[str, str], loaded: str, names: Sequence[str]) -> None:
    """Warn of files that are not loaded, where those of another format are; text files beside data are notes."""
    left = [name for name in names if kinds[name] not in (loaded, "text")]
    if left:
        count = sum(kind == loaded for kind in kinds.values())
        files = f"{count} {loaded} file{'s' if count > 1 else ''}"
        verb = "are" if count > 1 else "is"
        others = "other files" if any(kinds[name] in MEDIA for name in left) else "tables"
        warn_user(
            f"{subject} contains {files}, which {verb} loaded, and {others}, which are not ('{left[0]}'"
            f"{', …' if len(left) > 1 else ''}). `data_files` says which to load."
        )


def warn_of_unsupported(subject: str, names: Iterable[str], *, beside_media: bool) -> None:
    """Warn of files in formats that only other programs read: tables beside tables, images or audio beside these."""
    left = [name for name in names if _is_unsupported(name, beside_media)]
    if left:
        hint = how_to_read(Path(left[0]).suffix.lower()) or "Unpack it first."
        files = "files" if beside_media else "tables"
        warn_user(
            f"{subject} contains {files} in other formats, which are not loaded ('{left[0]}'"
            f"{', …' if len(left) > 1 else ''}). {hint}"
        )


def _is_unsupported(name: str, beside_media: bool) -> bool:
    path = Path(name)
    suffix = path.suffix.lower()
    if beside_media:
        return suffix in UNSUPPORTED_MEDIA
    is_packed = suffix in _OTHERWISE_PACKED and (Path(path.stem).suffix.lower() in FORMATS or suffix in _ARCHIVES)
    return is_packed or (how_to_read(suffix) is not None and suffix not in UNSUPPORTED_MEDIA)


def check_all_loaded(
    subject: str,
    bounds: Bounds,
    config: str,
    loaded: Mapping[str, Sequence[Path]],
    data_dir: str | None = None,
    data_files: DataFiles | None = None,
) -> None:
    """Warn of data files of a folder that ``datasets`` does not load, where nothing says that they are left out.

    Parameters
    ----------
    subject
        What the folder is called in messages.
    bounds
        The folder, or one with files of the same names.
    config
        The name of the configuration, which may name its files in the README.
    loaded
        The paths of the files by split.
    data_dir, data_files
        What the caller names of it.

    Raises
    ------
    NotFoundError
        One of several patterns of the caller matches no file.
    """
    base = bounds.folder if data_dir is None else bounds.folder / data_dir
    if data_files is None and (patterns := configured_files(bounds.folder, config)) is not None:
        _warn_of_no_match(subject, base, patterns)
        return
    try:
        if data_files is not None:
            present = [file for files in matching(data_files, base, trusted=bounds.trusted).values() for file in files]
        else:
            present = list(data_files_of(base, trusted=bounds.trusted).values())
    except ArgumentError:  # there are too many files to look at
        return
    taken = {file for files in loaded.values() for file in files}
    _warn_of_left(subject, base, present, taken)
    if data_files is None:
        warn_of_missing_shards(shards_by_split(_within(file, base) for file in sorted(taken)))


def _warn_of_left(subject: str, base: Path, present: Sequence[Path], taken: Collection[Path]) -> None:
    suffixes = {file.suffix.lower() for file in taken}
    beside_media = any(not suffixes.isdisjoint(of_kind) for of_kind in MEDIA.values())
    paths = {os.path.abspath(file) for file in taken}
    left = [file for file in present if os.path.abspath(file) not in paths and _holds_data(file.name, beside_media)]
    if left:  # few, as a rule
        real = {os.path.realpath(file) for file in paths}
        left = [file for file in left if os.path.realpath(file) not in real]
    if left:
        names = [_within(file, base) for file in left[:5]]
        listed = ", ".join(f"'{name}'" for name in names) + (", …" if len(left) > 5 else "")
        warn_user(f"{subject} has data files that are not loaded: {listed}. `data_files` says which to load.")
    warn_of_unsupported(subject, [file.name for file in present], beside_media=beside_media)


def _holds_data(name: str, beside_media: bool) -> bool:
    return holds_rows(name, beside_media=beside_media) or name.lower().endswith(".zip")


def _within(file: Path, base: Path) -> str:
    """Return the path of a file in a folder, where links may lead to either."""
    for top in (os.path.abspath(base), os.path.realpath(base)):
        if os.path.abspath(file).startswith(os.path.join(top, "")):
            return Path(os.path.relpath(os.path.abspath(file), top)).as_posix()
    return str(file)


def _warn_of_no_match(subject: str, base: Path, by_split: Sequence[Sequence[str]]) -> None:
    """Warn of patterns in a README that match no file, where others of the same split do."""
    for pattern in (pattern for patterns in by_split for pattern in patterns):
        if glob.has_magic(pattern) and not all(matching(pattern, base, trusted=True).values()):
            warn_user(f"The README of {subject} names '{pattern}', which matches no file.")

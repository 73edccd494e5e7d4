"""Which files of a folder are data, and which split each belongs to, as ``datasets`` sorts them by their names."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidydl import rendering
from tidydl.data.readers.formats import FORMATS, MEDIA, PACKED, suffix_of
from tidydl.data.sources.path_bounds import Bounds, fixed_part
from tidydl.data.sources.paths import DataFiles, not_there
from tidydl.errors import ArgumentError, NotFoundError
from tidydl.user_warnings import warn_user

_IGNORED = {"README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json"}
METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # which describe the files beside them
_OF_MEDIA = {suffix for suffixes in MEDIA.values() for suffix in suffixes}
_DATA = {*FORMATS, *PACKED, ".zip", *_OF_MEDIA}
_MOST_LINKS = 1000  # to folders, which may lead to each other: their number doubles with each level
_MOST_OTHERS = 100_000
_OTHERS_TO_DATA = 10  # an annotation or two beside each image are part of a data set
_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_EDGE = r"[-._ 0-9]"
_IN_FOLDER = {s: re.compile(rf"(?:^|{_EDGE})(?:{'|'.join(words)})(?:{_EDGE}|$)") for s, words in _KEYWORDS.items()}
_IN_FILE = {s: re.compile(rf"(?:^|{_EDGE})(?:{'|'.join(words)}){_EDGE}") for s, words in _KEYWORDS.items()}
_SHARD = re.compile(r"^data/(\w+(?:\.\w+)*)-(\d{5})-of-(\d{5}).*\..+$")


def data_files_of(folder: Path, *, trusted: bool = False) -> dict[str, Path]:
    """Find the files below a folder by their path in it, in order; hidden ones and descriptions are left out.

    Raises
    ------
    ArgumentError
        There are so many that are no data, and so few that are, that it is a disk, or somebody's whole home, rather
        than a data set; or links to folders lead to each other without end.
    DataError
        A file or a folder is a link that leaves the folder, which is not ``trusted``.
    """
    bounds = Bounds(folder, trusted)
    paths: dict[str, Path] = {}
    others = links = 0
    for current, folders, files in _walk(folder):
        folders[:] = [each for each in folders if not each.name.startswith((".", "__"))]
        for link in [each for each in folders if each.is_symlink()]:
            bounds.check(link.path)
            links += 1
            if links > _MOST_LINKS:
                raise _too_many_links(folder)
            if _leads_back(Path(link), folder):
                folders.remove(link)
        within = current.relative_to(folder).as_posix()
        start = "" if within == "." else f"{within}/"
        # `datasets` writes state.json where it saves Arrow files
        ignored = _IGNORED | {"state.json"} if any(file.name == "dataset_info.json" for file in files) else _IGNORED
        for file in files:
            name = file.name
            if not name.startswith((".", "~$")) and name not in ignored:
                paths[start + name] = current / name
                is_data = os.path.splitext(name)[1].lower() in _DATA
                others += not is_data
                if is_data and file.is_symlink():
                    bounds.check(file.path)
                if is_data and not _is_file(file) and os.path.exists(file):  # it would be waited for, maybe for ever
                    raise not_there(current / name)
        data = len(paths) - others
        if others > max(_MOST_OTHERS, _OTHERS_TO_DATA * data):
            raise ArgumentError(
                f"The folder '{folder}' has more than {_MOST_OTHERS:,} other files besides its {data:,} data files.",
                allowed="The folder of a data set.",
                hint="Give the subfolder with the data, or a pattern such as 'data/*.csv'.",
            )
    return _each_once(dict(sorted(paths.items())), folder) if links else dict(sorted(paths.items()))


def _each_once(files: Mapping[str, Path], base: Path) -> dict[str, Path]:
    """Leave out files that links to folders lead to a second time; ``files`` are by their path in the base folder."""
    real_base = os.path.realpath(base)
    real = {os.path.dirname(name): "" for name in files}
    real = {folder: os.path.realpath(os.path.join(base, folder)) for folder in real}

    def is_led_to(name: str) -> bool:
        folder = os.path.dirname(name)
        return real[folder] != os.path.normpath(os.path.join(real_base, folder))

    kept: dict[tuple[str, str], str] = {}
    for name in sorted(files, key=is_led_to):  # those that no link leads to come first
        kept.setdefault((real[os.path.dirname(name)], os.path.basename(name)), name)
    names = set(kept.values())
    return {name: file for name, file in files.items() if name in names}


def _walk(top: Path) -> Iterator[tuple[Path, list[os.DirEntry[str]], list[os.DirEntry[str]]]]:
    """Go through folders as os.walk() does, links followed, with what the system said of each file at once.

    What is taken off the list of folders is not gone into.
    """
    waiting = [top]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                inside = list(entries)
        except FileNotFoundError:  # somebody deletes it
            raise
        except OSError as error:
            if current == top:  # which is said to hold nothing
                return
            warn_user(f"The folder '{current}' cannot be read ({error.strerror}); its files are skipped.")
            continue
        folders = [each for each in inside if _is_folder(each)]
        names = {each.name for each in folders}
        yield current, folders, [each for each in inside if each.name not in names]
        waiting += [Path(each) for each in folders]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _too_many_links(folder: Path) -> ArgumentError:
    return ArgumentError(
        f"The folder '{folder}' leads to more than {_MOST_LINKS:,} folders through links.",
        allowed="A folder whose links do not lead to each other.",
        hint="Give the folder with the data itself.",
    )


def _leads_back(path: Path, folder: Path) -> bool:
    """Return whether a link leads to a folder that it lies in itself, so that following it would never end."""
    target = os.path.realpath(path)
    above = [path.parent, *path.parent.parents]
    return any(os.path.realpath(current) == target for current in above[: above.index(folder) + 1])


def splits_by_name(names: Iterable[str]) -> dict[str, list[str]]:
    """Sort files into splits by the names of their folders, or else by their own; without any all are 'train'.

    A table that belongs to no split, where others do, is told of by a warning.

    Parameters
    ----------
    names
        The paths of the files in their folder, with ``/`` between.
    """
    names = list(names)
    if shards := shards_by_split(names):
        warn_of_missing_shards(shards)
        usual = [split for split in _KEYWORDS if split in shards]
        ordered = [*usual, *(other for other in shards if other not in usual)]
        return _told_of_the_rest(names, {split: shards[split] for split in ordered})
    folders = {
        split: [n for n in names if any(map(pattern.search, n.split("/")[:-1]))]
        for split, pattern in _IN_FOLDER.items()
    }
    if any(folders.values()):
        return _told_of_the_rest(names, {split: members for split, members in folders.items() if members})
    files = {split: [n for n in names if pattern.search(n.rpartition("/")[2])] for split, pattern in _IN_FILE.items()}
    if any(files.values()):
        return _told_of_the_rest(names, {split: members for split, members in files.items() if members})
    return {"train": names} if names else {}


def shards_by_split(names: Iterable[str]) -> dict[str, list[str]]:
    """Sort the files that are named as numbered shards of a split."""
    shards: dict[str, list[str]] = {}
    for name in names:
        if match := _SHARD.match(name):
            shards.setdefault(match[1], []).append(name)
    return shards


def warn_of_missing_shards(shards: Mapping[str, Sequence[str]]) -> None:
    """Warn of splits with missing shards, or with shards of several sets, according to the names of the files."""
    for split, names in shards.items():
        numbers = [(int(match[2]), int(match[3])) for name in names if (match := _SHARD.match(name))]
        totals = sorted({total for _, total in numbers})
        lacking = sum(totals) - len(set(numbers))
        if len(totals) > 1:
            sets = " and of a set of ".join(map(str, totals))
            warn_user(f"The split '{split}' has files of a set of {sets}, according to their names; all are loaded.")
        if lacking > 0:
            warn_user(
                f"The split '{split}' should have {sum(totals)} files according to their names, but {lacking} "
                f"{'is' if lacking == 1 else 'are'} missing."
            )


def _told_of_the_rest(names: Sequence[str], splits: dict[str, list[str]]) -> dict[str, list[str]]:
    """Warn of files of data that are in no split: their names say nothing, and those of others do."""
    taken = {name for members in splits.values() for name in members}
    are_media = any(Path(name).suffix.lower() in _OF_MEDIA for name in taken)
    left = [name for name in names if name not in taken and holds_rows(name, beside_media=are_media)]
    if left:
        listed = ", ".join(f"'{name}'" for name in left[:5]) + (", …" if len(left) > 5 else "")
        warn_user(
            f"Not loaded, because other files are named as splits ({', '.join(splits)}): {listed}. "
            "Use `data_files` to say which files belong to which split."
        )
    return splits


def holds_rows(name: str, *, beside_media: bool) -> bool:
    """Return whether a file holds rows, and neither notes nor, beside media, a description of others."""
    path = Path(name)
    if beside_media and path.name in METADATA:
        return False
    return FORMATS.get(suffix_of(path), "text") != "text" or path.suffix.lower() in _OF_MEDIA


def matching(
    data_files: DataFiles, base: Path, *, trusted: bool = False, bounds: Bounds | None = None
) -> dict[str, list[Path]]:
    """Find what patterns match, by split: ``train`` where they name none.

    Parameters
    ----------
    data_files
        A path or pattern (``*``, ``**``, ``?``, ``[…]``), several, or a dictionary of split to either.
    base
        The folder that relative ones start in.
    trusted
        Whether what a pattern matches, and was not named by the caller, may be a link out of its folder.
    bounds
        The folder that was named, out of which names of what lies in it may not lead either.
    """
    by_split: Mapping[str, Any] = data_files if isinstance(data_files, Mapping) else {"train": data_files}
    matched = {split: _matching_files(patterns, base, trusted) for split, patterns in by_split.items()}
    if bounds is not None:
        for files in matched.values():
            for file in files:
                bounds.check_named(file)
    return matched


def no_match(asked: DataFiles, argument: str = "data_files") -> NotFoundError:
    """Build the error that says that a path or pattern matches no file, or none of several does."""
    return NotFoundError(
        f"`{argument}` {rendering.value(asked)} matches no file.",
        allowed="Paths or patterns of files, relative to the working directory or to `data_dir`.",
        hint=f"The working directory is '{os.getcwd()}'.",
    )


def _matching_files(patterns: str | Sequence[str], base: Path, trusted: bool) -> list[Path]:
    paths: dict[str, Path] = {}  # by their absolute paths, as one file may be named in several ways
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        exact = base / pattern
        if exact.is_file():
            paths.setdefault(os.path.abspath(exact), exact)
        elif exact.is_dir():
            for file in data_files_of(exact, trusted=trusted).values():
                paths.setdefault(os.path.abspath(file), file)
        else:
            names = sorted(glob.glob(pattern, root_dir=base, recursive=True))
            names = [name for name in names if os.path.basename(name) not in _IGNORED and (base / name).is_file()]
            files = list(_each_once({name: base / name for name in names}, base).values())
            bounds = Bounds(fixed_part(pattern, base), trusted)
            for file in files:
                bounds.check(file)
            if not files and not isinstance(patterns, str) and len(patterns) > 1:
                raise no_match(pattern)
            for file in files:
                paths.setdefault(os.path.abspath(file), file)
    return list(paths.values())

"""Find the files of a local data set: which they are, of which format, and which split each belongs to.

A file, a folder, a pattern, a zip file, or the name of a format with ``data_files`` or ``data_dir``. What a README
says of configurations and kinds is read by ``datasets``.
"""

from __future__ import annotations

import filecmp
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tidydl.boundaries import DATA_FILES
from tidydl.data.readers.formats import FORMATS, MEDIA, format_of, suffix_of
from tidydl.data.readers.read_errors import how_to_read
from tidydl.data.sources.builders import built
from tidydl.data.sources.dataset_cards import describes_itself
from tidydl.data.sources.folders import data_files_of, matching, no_match, splits_by_name
from tidydl.data.sources.listing import Listing
from tidydl.data.sources.media_folders import METADATA, media_tables
from tidydl.data.sources.path_bounds import Bounds
from tidydl.data.sources.paths import DataFiles, not_there
from tidydl.data.sources.unloaded_files import warn_of_other_formats, warn_of_same_stem, warn_of_unsupported
from tidydl.data.sources.zipped_tables import files_in_zip, files_of_kind
from tidydl.errors import ArgumentError, DataError, NotFoundError
from tidydl.user_warnings import warn_user

BUILDERS = {
    "csv": "csv",
    "parquet": "parquet",
    "json": "json",
    "text": "text",
    "imagefolder": "image",
    "audiofolder": "audio",
}


def is_pattern(path: str) -> bool:
    """Return whether a path is a pattern for several."""
    return any(character in path for character in "*?[") and not os.path.exists(path)


def listing_of(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: DataFiles | None,
    room: ExitStack,
    *,
    keep: bool = False,
    trusted: bool = False,
) -> Listing:
    """Find the files.

    Parameters
    ----------
    path
        A file, folder or pattern that is there, or the name of a format.
    name
        The configuration.
    data_dir, data_files
        The folder, and the files in it.
    room
        Holds the folders that zip files are unpacked into, until the files are read.
    keep
        Whether files are read later, so that unpacked ones must stay.
    trusted
        Whether links and paths in files may leave the folder that they are in.

    Raises
    ------
    NotFoundError
        There are no such files.
    ArgumentError
        A file is of an unknown kind, or a zip file is not safe.
    DataError
        A link or a README leaves the folder.
    """
    location = Path(path)
    bounds = Bounds(location if location.is_dir() else location.parent, trusted)
    with DATA_FILES.guard(f"`path` '{path}'"):
        return replace(_listed(path, name, data_dir, data_files, room, keep, trusted), bounds=bounds)


def _listed(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: DataFiles | None,
    room: ExitStack,
    keep: bool,
    trusted: bool,
) -> Listing:
    explicit = data_dir is not None or data_files is not None
    location, forced = Path(path), BUILDERS.get(path) if explicit or not os.path.exists(path) else None
    if name is not None and not location.is_dir():
        raise ArgumentError(
            f"`name` is '{name}', but `path` '{path}' has no configurations.",
            allowed="`name` for a data set with configurations: on the Hub, or a folder whose README.md lists them.",
            hint="Leave `name` out; `split` selects a split.",
        )
    if location.is_file() and location.suffix.lower() != ".zip":
        kind = format_of(location)
        return Listing(kind, {"train": {location: kind}})
    base = _base(location, data_dir, forced)
    bounds = Bounds(location, trusted) if location.is_dir() and forced is None else None
    bounds = Bounds(base, trusted) if forced is not None and data_dir is not None else bounds
    if bounds is not None:
        bounds.check_named(base)
    if location.is_dir() and (name is not None or describes_itself(base)):
        return _as_built(path, name, data_dir, data_files, room, keep, trusted)
    if is_pattern(path):
        by_split = {"train": {str(file): file for file in matching(path, Path(), trusted=trusted)["train"]}}
        asked: DataFiles | None = path
    elif data_files is not None:
        named = matching(data_files, base, trusted=trusted, bounds=bounds)
        by_split = {s: {str(f): f for f in files} for s, files in named.items()}
        asked = data_files
    else:
        inside = {base.stem: base} if base.is_file() else {}
        by_split, asked = {"": inside or data_files_of(base, trusted=trusted)}, None
    if asked is not None and not all(by_split.values()):
        raise no_match(asked, "data_files" if data_files is not None else "path")
    by_split = {split: _opened(files, room, keep, location.is_file()) for split, files in by_split.items()}
    if asked is None:
        return _sorted_out(by_split[""], base, forced, trusted)
    return _of_format(by_split, forced, asked, trusted)


def _base(location: Path, data_dir: str | None, forced: str | None) -> Path:
    """Return in which folder the files are looked for."""
    if forced is not None:
        return Path(data_dir) if data_dir is not None else Path()
    if data_dir is None:
        return location
    return location / data_dir if (location / data_dir).is_dir() else Path(data_dir)


def _as_built(
    path: str,
    name: str | None,
    data_dir: str | None,
    data_files: DataFiles | None,
    room: ExitStack,
    keep: bool,
    trusted: bool,
) -> Listing:
    result = built(path, name, data_dir, data_files, trusted=trusted)
    if result.tables is None:
        by_split = {
            split: [inside for file in each for inside in files_of_kind(file, result.format, room, keep)]
            for split, each in result.files.items()
        }
    else:
        by_split = result.files
    files = {split: dict.fromkeys(each, result.format) for split, each in by_split.items()}
    return Listing(result.format, files, result.tables, result.features, options=result.options)


def _opened(files: Mapping[str, Path], room: ExitStack, keep: bool, only: bool) -> dict[str, Path]:
    """Put what is in zip files in their place; ``only`` where there is nothing but one of them.

    Raises
    ------
    DataError
        Two files of different contents would have one name.
    """
    opened: dict[str, Path] = {}
    unpacked_before: set[Path] = set()
    for name, file in files.items():
        if file.suffix.lower() != ".zip":
            opened[name] = file
            continue
        if not file.is_file():
            raise not_there(file)
        stem = "" if only else f"{name.removesuffix(file.suffix)}/"
        folder = name[: name.rfind("/") + 1]
        repeated = []
        for within, path in files_in_zip(file, room, keep).items():
            unpacked = [files[key] for key in (stem + within, folder + within) if key in files]
            if any(_are_equal(path, other) for other in unpacked):
                repeated.append(within)
            elif stem + within in files or stem + within in opened:
                raise _same_name(stem + within, file)
            elif path in unpacked_before:
                raise DataError(
                    f"The zip file '{file}' has the same contents as another one.",
                    allowed="Zip files of different contents, where they are unpacked for good.",
                    hint="Delete one of them, or load them separately.",
                )
            else:
                opened[stem + within] = path
                unpacked_before.add(path)
        if repeated:
            _warn_of_repeated(file, repeated)
    return opened


def _are_equal(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and filecmp.cmp(one, other, shallow=False)


def _same_name(name: str, file: Path) -> DataError:
    return DataError(
        f"'{name}' is in the zip file '{file}' and elsewhere, with different contents.",
        allowed="Files that differ in their names, where zip files count as folders.",
        hint="Rename the zip file, or load it separately.",
    )


def _warn_of_repeated(file: Path, names: Sequence[str]) -> None:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    warn_user(f"Files of the zip file '{file}' are also beside it, unpacked: '{names[0]}'{more}. They are loaded once.")


def _sorted_out(files: dict[str, Path], base: Path, forced: str | None, trusted: bool) -> Listing:
    """Take the files of the format that most have, and sort them into splits by their names."""
    kinds = {name: kind for name, file in files.items() if (kind := _kind_of(file)) is not None}
    media = Counter(kind for name, kind in kinds.items() if kind in MEDIA)
    tables = [name for name, kind in kinds.items() if kind not in MEDIA and files[name].name not in METADATA]
    kind = forced or (media.most_common(1)[0][0] if media and media.total() >= len(tables) else None)
    if kind in MEDIA:
        if not forced:
            described = [name for name in kinds if files[name].name not in METADATA]
            warn_of_other_formats(f"`path` '{base}'", kinds, kind, described)
            warn_of_unsupported(f"`path` '{base}'", files, beside_media=True)
        chosen = [name for name, each in kinds.items() if each == kind or files[name].name in METADATA]
        if not any(kinds[name] == kind for name in chosen):
            raise _no_files(str(base))
        return _media(
            kind, {s: {n: files[n] for n in members} for s, members in splits_by_name(chosen).items()}, trusted
        )
    tables = [name for name, each in kinds.items() if each not in MEDIA and each == (forced or each)]
    if len({kinds[name] for name in tables}) > 1:  # texts beside tables are notes
        tables = [name for name in tables if kinds[name] != "text"]
    if not tables:
        raise _no_files(str(base))
    for name in tables:
        if not files[name].is_file():
            raise not_there(files[name])
    if not forced:
        of_media = [name for name in kinds if kinds[name] in MEDIA]
        warn_of_other_formats(f"`path` '{base}'", kinds, kinds[tables[0]], of_media)
        warn_of_unsupported(f"`path` '{base}'", files, beside_media=False)
    warn_of_same_stem(tables)
    split = splits_by_name(tables)
    listed = {s: {files[name]: str(kinds[name]) for name in members} for s, members in split.items()}
    return Listing(kinds[tables[0]], listed)


def _media(kind: str, splits: dict[str, dict[str, Path]], trusted: bool) -> Listing:
    tables, features = media_tables(kind, splits, trusted=trusted)
    files = {s: dict.fromkeys(members.values(), kind) for s, members in splits.items()}
    return Listing(f"{kind}folder", files, tables, features)


def _of_format(by_split: dict[str, dict[str, Path]], forced: str | None, asked: DataFiles, trusted: bool) -> Listing:
    """List files that the caller named, each of the format that was named, or else that its name says."""
    kinds = {_kind_of(file) for files in by_split.values() for file in files.values()}
    kind = forced or next((each for each in MEDIA if each in kinds), None)
    if kind in MEDIA:
        named = {s: _within(files, kind) for s, files in by_split.items()}
        if not all(named.values()):
            raise no_match(asked)
        by_name = {name: _kind_of(file) or "text" for files in by_split.values() for name, file in files.items()}
        described = [name for files in by_split.values() for name, file in files.items() if file.name not in METADATA]
        warn_of_other_formats("`data_files`", by_name, kind, described)
        return _media(kind, named, trusted)
    listed = {s: {f: forced or format_of(f) for f in files.values()} for s, files in by_split.items()}
    return Listing(next(iter(next(iter(listed.values())).values())), listed)


def _within(files: Mapping[str, Path], kind: str) -> dict[str, Path]:
    chosen = {name: file for name, file in files.items() if _kind_of(file) == kind or file.name in METADATA}
    return chosen if any(_kind_of(file) == kind for file in chosen.values()) else {}


def _kind_of(file: Path) -> str | None:
    suffix = file.suffix.lower()
    for kind, suffixes in MEDIA.items():
        if suffix in suffixes:
            return kind
    return FORMATS.get(suffix_of(file))


def _no_files(folder: str) -> NotFoundError:
    """Build the error that says that there are no files of data in a folder, and what there is."""
    names = sorted(entry.name for entry in Path(folder).iterdir())[:8] if Path(folder).is_dir() else []
    hints = [how for name in names if (how := how_to_read(suffix_of(Path(name)))) is not None]
    there = f"It contains {', '.join(names)}." if names else "It is empty." if Path(folder).is_dir() else None
    return NotFoundError(
        f"`path` '{folder}' has no data files.",
        allowed="csv, tsv, parquet, json or jsonl files, or images in one subfolder per class.",
        hint=f"{there} {hints[0].replace('(path)', '(file)')}" if hints else there,
    )


def refuse_options(options: Mapping[str, str | None], kind: str) -> None:
    """Refuse what says something about text files alone."""
    for argument, value in options.items():
        if value is not None:
            raise ArgumentError(f"`{argument}` does not apply to the format {kind}.", hint=f"Leave `{argument}` out.")

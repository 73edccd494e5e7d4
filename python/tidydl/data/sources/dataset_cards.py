"""What a folder says of itself in its README: read with care, since it comes from whoever made the data set.

``datasets`` acts upon it; here it is looked through before. No path in it may lead out of the folder or be a URL.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.boundaries import DATA_FILES
from tidydl.data.sources.path_bounds import Bounds, leads_out
from tidydl.errors import ArgumentError, DamagedFileError, DataError

if TYPE_CHECKING:
    import yaml

README = "README.md"
_OTHER = ".huggingface.yaml"
_ALLOWED = "A README that begins with YAML between lines of '---', as the Hub describes it."
_LARGEST = 2**24  # bytes
_DEEPEST = 64
_MOST = 1_000_000  # values, those that aliases repeat included
_DIGITS = 22  # of a whole number: longer ones take time by the square, or share one hash
_WHOLE = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|[0-9][0-9_:]*)")  # hours:minutes:seconds too, as YAML 1.1 has them
_FILES = ("data_files", "data_dir")
_SPEAKS = ("configs:", "dataset_info:")


def check_card(folder: Path, *, trusted: bool = False) -> None:
    """Refuse a folder whose README, or a link in it, leads out of it.

    Raises
    ------
    DataError
        A path does.
    DamagedFileError
        The README is no YAML, or larger or deeper than is safe to read.
    """
    for name in (README, _OTHER):
        file = folder / name
        with DATA_FILES.guard(f"The file '{file}'", allowed=_ALLOWED):
            if os.path.lexists(file):
                Bounds(folder, trusted).check(file)
            if file.is_file():
                _check(_yaml_in(file), file)
    if not trusted:
        _check_links(folder)


def describes_itself(folder: Path) -> bool:
    """Return whether a README says how the folder is to be read."""
    return any(_describes(folder / name) for name in (README, _OTHER) if (folder / name).is_file())


def configured_files(folder: Path, name: str) -> list[list[str]] | None:
    """Return the patterns of each split that a configuration in a README names; None if it leaves that open.

    It is the only configuration, or the one of that name. One that names a folder names no patterns.
    """
    for file in (folder / README, folder / _OTHER):
        card = _yaml_in(file) if file.is_file() else None
        configs = card.get("configs") if isinstance(card, Mapping) else None
        some = [each for each in configs if isinstance(each, Mapping)] if isinstance(configs, list) else []
        for config in some:
            if config.get("config_name") == name or len(some) == 1:
                files = config.get("data_files")
                if files is None:
                    return [] if config.get("data_dir") is not None else None
                return [list(_texts(each["path"] if isinstance(each, Mapping) else each)) for each in _listed(files)]
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _describes(file: Path) -> bool:
    with DATA_FILES.guard(f"The file '{file}'"):
        text = file.read_text("utf-8", errors="replace")
    try:
        card = _yaml_in(file)
    except Exception:  # of what is no YAML, or too much, the check says so where it speaks of data
        head = text.removeprefix("---").partition("\n---")[0]
        return any(line.startswith(_SPEAKS) for line in head.splitlines())
    return isinstance(card, Mapping) and any(f"{name}:" in _SPEAKS for name in card)


def _yaml_in(file: Path) -> Any:
    """Read the YAML of a README, or of a file that is nothing else."""
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    if file.stat().st_size > _LARGEST:
        raise _too_large(file, f"{_LARGEST // 2**20} MiB")
    text = file.read_bytes().decode("utf-8-sig")
    if file.name == README:
        head = REGEX_YAML_BLOCK.search(text)
        text = "" if head is None else head[2]
    return safe_yaml(text, file)


def safe_yaml(text: str, file: Path) -> Any:
    """Read YAML whose nesting and aliases are known to be harmless."""
    import yaml

    reader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []  # anchors of what is not closed yet, and how many values went before
    count = 0
    for event in yaml.parse(text, Loader=reader):
        if isinstance(event, yaml.AliasEvent):
            count += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.NodeEvent):
            count += 1
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > _DIGITS and _is_whole(event):
                raise _too_large(file, f"{_DIGITS} digits of a number")
            if isinstance(event, yaml.CollectionStartEvent):
                open_.append((event.anchor, count))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = count - before + 1
        if len(open_) > _DEEPEST:
            raise _too_large(file, f"{_DEEPEST} levels of nesting")
        if count > _MOST:
            raise _too_large(file, f"{_MOST:,} values")
    return yaml.load(text, Loader=reader)


def _is_whole(scalar: yaml.ScalarEvent) -> bool:
    return (scalar.implicit[0] or scalar.tag is not None) and _WHOLE.fullmatch(scalar.value) is not None


def _too_large(file: Path, limit: str) -> DamagedFileError:
    return DamagedFileError(
        f"The file '{file}' holds more than {limit}, too much for the header of a README.",
        allowed=_ALLOWED,
        hint="Delete its header, or give the data files as `data_files`.",
    )


def _check(card: object, file: Path) -> None:
    """Refuse paths that lead out of the folder, in any configuration, and labels that leave out numbers."""
    _check_labels(card, file)
    configs = card.get("configs") if isinstance(card, Mapping) else None
    for config in configs if isinstance(configs, list) else [configs]:
        if not isinstance(config, Mapping):
            continue
        for key in _FILES:
            for path in _texts(config.get(key)):
                what = leads_out(path)
                if what is not None:
                    raise DataError(
                        f"'{file}' gives '{path}' as `{key}`, which is {what}.",
                        allowed="Paths and patterns of files in the folder of the data set, or below.",
                        hint="Nothing outside that folder is read, and URLs are not downloaded.",
                    )
                if glob.has_magic(path) and (file.parent / path).is_file():
                    raise DataError(
                        f"'{file}' gives '{path}' as `{key}`, a pattern that is the name of a file, too.",
                        allowed="Names of files without '*', '?' and '['.",
                        hint="Rename the file, or give it as `data_files`.",
                    )


def _check_labels(card: object, file: Path) -> None:
    """Refuse numbers of labels that leave out others: ``datasets`` would make a list as long as the largest."""
    waiting: list[object] = [card]
    seen = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:  # aliases of YAML make one value of many, and circles
            continue
        seen.add(id(value))
        if isinstance(value, Mapping):
            names = value.get("names")
            if isinstance(names, Mapping) and any(_number(code) >= len(names) for code in names):
                raise DamagedFileError(
                    f"The file '{file}' gives {len(names):,} labels numbers with gaps.",
                    allowed="Label names numbered from 0 without gaps.",
                    hint="Correct `names`, or give the data files as `data_files`.",
                )
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)


def _number(code: Any) -> int:
    """Return the number that a key says; -1 where it says none."""
    try:
        return int(code)
    except (TypeError, ValueError, OverflowError):
        return -1


def _texts(value: object) -> Iterator[str]:
    """Return each text in lists and dictionaries; what a key says is no path."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _check_links(folder: Path) -> None:
    """Refuse links that leave the folder: of what is listed for a README nobody knows beforehand what it opens."""
    bounds = Bounds(folder)
    with DATA_FILES.guard(f"The folder '{folder}'"):
        for file, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith((".", "__"))]
            for name in (*folders, *names):
                if os.path.islink(path := os.path.join(file, name)):
                    bounds.check(path)


def check_kind(kind: str, path: str) -> None:
    """Refuse files of a kind that only ``datasets`` would know how to open.

    Raises
    ------
    ArgumentError
        They are of such a kind.
    """
    if kind not in KINDS:
        raise ArgumentError(
            f"`path` '{path}' is a data set of type '{kind}', which is not supported.",
            allowed="Data sets of parquet, csv, json, text, image or audio files.",
            hint="Give files of these formats as `data_files`.",
        )


KINDS = ("csv", "json", "parquet", "text", "imagefolder", "audiofolder")

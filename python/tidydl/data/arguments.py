"""What a call asks for: where the data are, which splits, and what is said of the Hub and of text files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.checks import check_choice, check_flag, check_path_name, described
from tidydl.data.arrow.other_libraries import is_frame
from tidydl.data.frames_by_split import as_mapping, by_name
from tidydl.data.media.media_files import is_url
from tidydl.data.selecting import elements_of
from tidydl.data.sources.paths import HERE, DataFiles, not_there
from tidydl.errors import ArgumentError

if TYPE_CHECKING:
    from tidydl.data.arrow.other_libraries import Frame

_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?$")
_OF_HUB = re.compile(r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)|hf:/)/datasets/([\w.-]+/[\w.-]+)/?$")
_CHECKS = ("all_checks", "basic_checks", "no_checks")


@dataclass(frozen=True)
class Request:
    """A call's arguments, checked: a path or a frame, and the rest as :func:`~tidydl.load_dataset` takes it.

    ``index_base`` is the number from which row numbers count in the language that calls.
    """

    path: str
    frame: Frame | Mapping[str, Frame] | None = None
    name: str | None = None
    data_dir: str | None = None
    data_files: DataFiles | None = None
    split: str | list[str] | None = None
    revision: str | None = None
    token: str | bool | None = field_(default=None, repr=False)
    cache_dir: str | None = None
    verification_mode: str | None = None
    sep: str | None = None
    field: str | None = None
    trusted: bool = False
    index_base: int = 0

    @property
    def is_one(self) -> bool:
        """Whether one split is asked for by name."""
        return isinstance(self.split, str)

    @property
    def splits(self) -> list[str]:
        """The splits that are asked for, as they were written; none where all are."""
        return [self.split] if isinstance(self.split, str) else list(self.split or [])

    @property
    def is_on_hub(self) -> bool:
        """Whether it is the id of a data set, and nothing on this machine.

        A name without an owner is as likely a mistyped file or an example: it must be known there.
        """
        from tidydl.data.sources.local_files import BUILDERS
        from tidydl.hub.listings import is_known
        from tidydl.hub.repositories import Repository

        location = Path(self.path)
        if _HUB_ID.match(self.path) is None or location.exists() or location.suffix or self.path in BUILDERS:
            return False
        if "/" in self.path:
            return not location.parent.is_dir()
        asked = Repository("dataset", self.path, self.revision or "main", self.token, self.cache_dir)
        return self.data_files is None and is_known(asked)


def request_of(
    path: object,
    name: object,
    data_dir: object,
    data_files: object,
    split: object,
    *,
    cache_dir: object = None,
    trusted: object = False,
    **options: Any,
) -> Request:
    """Check the arguments of a call; ``options`` are those that are texts.

    Raises
    ------
    ArgumentError
        One has the wrong type or makes no sense.
    NotFoundError
        There is no such folder or file.
    """
    trusted = check_flag("trusted", trusted)
    token = options.pop("token", None)
    checks = options.pop("verification_mode", None)
    if checks is not None:
        checks = check_choice("verification_mode", getattr(checks, "value", checks), _CHECKS)
    path = as_mapping(path)
    if is_frame(path) or _are_frames(path):
        arguments = {"name": name, "data_dir": data_dir, "data_files": data_files, "token": token, **options}
        _refuse_given({**arguments, "cache_dir": cache_dir}, "a data frame")
        if isinstance(path, Mapping):
            return Request("a data frame", by_name(path, "path"), split=check_split(split))
        _refuse_given({"split": split}, "a data frame")
        return Request("a data frame", path)
    if (several := elements_of(path)) is not None:
        raise _several_paths(several)
    location = _path(path)
    configuration = _text("name", name)
    for argument, value in options.items():
        _text(argument, value)
    if token is not None and not isinstance(token, (str, bool)):
        raise ArgumentError("`token` is not a string.", allowed="An access token of the Hub, as a string.")
    return Request(
        path=location,
        name=configuration,
        data_dir=_folder(data_dir, location),
        data_files=_patterns(data_files),
        split=check_split(split),
        token=token,
        cache_dir=None if cache_dir is None else _path(cache_dir, "cache_dir"),
        verification_mode=checks,
        trusted=trusted,
        **options,
    )


def _are_frames(path: object) -> bool:
    """Return whether something is data frames by split."""
    return isinstance(path, Mapping) and len(path) > 0 and all(is_frame(each) for each in path.values())


def _several_paths(paths: Sequence[Any]) -> ArgumentError:
    from tidydl.data.readers.formats import FORMATS, call_with_files, suffix_of

    texts = [str(each) for each in paths if isinstance(each, (str, os.PathLike))]
    kind = FORMATS.get(suffix_of(Path(texts[0])), "csv") if texts else "csv"
    hint = f"Give several files as `data_files`: {call_with_files(kind, rendering.value(texts))}."
    return ArgumentError(
        f"`path` is {described(paths)}.",
        allowed=HERE,
        hint=hint if len(texts) == len(paths) > 0 else None,
    )


def _refuse_given(arguments: Mapping[str, Any], what: str) -> None:
    for argument, value in arguments.items():
        if value is not None:
            raise ArgumentError(f"`{argument}` does not apply to {what}.", hint=f"Leave `{argument}` out.")


def refuse_of_hub(request: Request) -> None:
    """Refuse what says something of the Hub alone."""
    arguments = {"revision": request.revision, "token": request.token or None, "cache_dir": request.cache_dir}
    _refuse_given(arguments, "local files")


def check_split(split: object) -> str | list[str] | None:
    """Return a split, or several, as they are asked for.

    Raises
    ------
    ArgumentError
        It is neither a text nor a list of texts.
    """
    if split is None or isinstance(split, str):
        return split
    if isinstance(split, Sequence) and all(isinstance(part, str) for part in split) and len(split) > 0:
        return list(split)
    raise ArgumentError(f"`split` is {described(split)}.", allowed="A string such as 'train[:10%]', or several.")


def _path(path: object, argument: str = "path") -> str:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise ArgumentError(f"`{argument}` is {described(path)}.", allowed=HERE)
    _refuse_url(argument, str(path))
    text = os.fspath(path)
    text = os.fsdecode(text) if isinstance(text, bytes) else text
    check_path_name(argument, text)
    return os.path.expanduser(text)


def _folder(data_dir: object, location: str) -> str | None:
    if data_dir is None:
        return None
    folder = _path(data_dir, "data_dir")
    elsewhere = _HUB_ID.match(location) is not None and "/" in location and not os.path.exists(location)
    if os.path.isdir(folder) or os.path.isdir(os.path.join(location, folder)) or elsewhere:
        return folder
    raise not_there(Path(folder), "data_dir")


def _patterns(data_files: object) -> DataFiles | None:
    """Return the file patterns as ``datasets`` takes them, with no URL among them."""
    if data_files is None:
        return None
    for pattern in _flat(data_files):
        if not isinstance(pattern, (str, os.PathLike)):
            raise ArgumentError(
                f"`data_files` holds {described(pattern)}.",
                allowed=f"A path or pattern, several, or by split: {rendering.mapping(train='...', test='...')}.",
            )
        _refuse_url("data_files", str(pattern))
        plain = not any(character in str(pattern) for character in "*?[")
        if plain and os.path.isabs(pattern) and not os.path.exists(pattern):
            raise not_there(Path(pattern), "data_files")
    if isinstance(data_files, Mapping):
        return {str(key): _as_text(value) for key, value in data_files.items()}
    return _as_text(data_files)


def _flat(data_files: object) -> Iterator[Any]:
    values = data_files.values() if isinstance(data_files, Mapping) else [data_files]
    for value in values:
        yield from value if isinstance(value, (list, tuple)) else [value]


def _as_text(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_as_text(one) for one in value]
    check_path_name("data_files", value)
    return os.path.expanduser(os.fspath(value))


def _refuse_url(argument: str, value: str) -> None:
    if is_url(value):
        raise ArgumentError(
            f"`{argument}` '{value}' is a URL, and URLs are not downloaded.",
            allowed=HERE,
            hint=f'It is a data set on the Hub: use load_dataset("{match[1]}").'
            if (match := _OF_HUB.match(value))
            else "Download the file first and give its path.",
        )


def _text(argument: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ArgumentError(f"`{argument}` is {described(value)}.", allowed="A text.")
    return value

"""How a README says that its files are to be read: what means the same here is done, and all else is refused."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl.data.readers.formats import TextOptions, suffix_of
from tidydl.errors import DataError
from tidydl.rendering import argument, call

if TYPE_CHECKING:
    import datasets

_OF_SPEED = {  # what changes no value
    "csv": ("chunksize", "engine", "memory_map", "verbose"),
    "json": ("chunksize", "block_size", "use_threads", "parse_agent_traces"),
    "text": ("chunksize",),
    "parquet": ("batch_size", "fragment_scan_options"),
}


def card_options(builder: datasets.DatasetBuilder, kind: str, whose: str, call_options: TextOptions) -> TextOptions:
    """Return what the caller says of text files, and where nothing what a configuration does.

    Parameters
    ----------
    builder
        That of ``datasets``, which read the README.
    kind
        The format of its files.
    whose
        What the data set is called in a message.
    call_options
        What the caller says.

    Raises
    ------
    DataError
        It sets an option by which files are not read here.
    """
    config = builder.config
    ruled_out = {"sep", "delimiter"} if call_options.sep is not None else set()
    ruled_out |= {"field"} if call_options.field is not None else set()
    settings = {name: value for name, value in _settings_of(config).items() if name not in ruled_out}
    options = call_options
    if kind == "csv" and call_options.sep is None:
        files = [Path(str(file)) for files in (config.data_files or {}).values() for file in files]
        options = replace(options, sep=_separator(settings, files))
    if kind == "json" and isinstance(settings.get("field"), str):
        options = replace(options, field=settings.pop("field"))
    for name, value in settings.items():
        if name not in _OF_SPEED.get(kind, ()) and not _means_the_default(name, value, settings):
            raise _refused(name, value, kind, config.name, whose)
    return options


def _settings_of(config: datasets.BuilderConfig) -> dict[str, Any]:
    """Return the options of a configuration that are not the defaults of ``datasets``, by their names in the README."""
    import datasets

    of_all = {each.name for each in fields(datasets.BuilderConfig)} | {"features"}
    plain = type(config)()
    settings = {each.name: getattr(config, each.name) for each in fields(config) if each.name not in of_all}
    settings = {name: value for name, value in settings.items() if value != getattr(plain, name)}
    for name, also in (("column_names", "names"), ("delimiter", "sep")):  # which `datasets` sets by the other
        if name in settings:
            settings.pop(also, None)
    return settings


def _separator(settings: dict[str, Any], files: Iterable[Path]) -> str | None:
    """Take the separator out of the options, where it is one; None where it is that of the files by their names."""
    name = "delimiter" if "delimiter" in settings else "sep"
    sep = settings.get(name, ",")
    by_name = {"\t" if suffix_of(file) == ".tsv" else "," for file in files}
    if isinstance(sep, str) and len(sep) == 1 and sep.isascii() and sep not in '\r\n"\0':
        settings.pop(name, None)
        return None if sep in by_name else sep
    return None


def _means_the_default(name: str, value: object, settings: dict[str, Any]) -> bool:
    if name == "encoding":
        try:
            return codecs.lookup(str(value)).name in ("utf-8", "utf-8-sig")
        except (LookupError, ValueError):
            return False
    if name == "header":  # the first line, as where nothing is said of it
        return value == 0 and value is not False and not {"names", "column_names"} & set(settings)
    return name == "encoding_errors" and value in (None, "strict")


def _refused(name: str, value: object, kind: str, config: str, whose: str) -> DataError:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return DataError(
        f"README.md of {whose} sets `{name}: {shown}` for configuration '{config}', an option that is not supported "
        f"for {kind} files.",
        allowed="`sep` or `delimiter` of one character for csv, `field` for json, and the defaults of `datasets`.",
        hint=f"Read the files with a function that has this option, such as {call('pandas.read_csv')}, or without the "
        f"README: load_dataset('{kind}', {argument('data_files', 'path')}).",
    )

"""``save_model()`` and ``load_model()``: a fitted network as JSON that both languages read, bit for bit."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

from tidydl.boundaries import SAVED_MODELS, guarded
from tidydl.checks import check_path_name, described
from tidydl.errors import ArgumentError, DamagedFileError, DependencyError, NotFoundError, StorageError, one_of
from tidydl.networks.network_hints import network_hint
from tidydl.networks.saved.design import design_of
from tidydl.networks.saved.networks import KINDS
from tidydl.networks.saved.parts import Part
from tidydl.whole_files import write_whole

FORMAT = "tidydl network"
VERSION = 1
WRITTEN = "The path of a file that save_model() wrote."


@guarded
def save_model(fit: object, file: str | os.PathLike[str]) -> None:
    """Save a fitted network to a file that both languages read.

    The file is JSON. It preserves numbers exactly, and everything that ``predict``, ``summary``, ``tidy``, ``glance``,
    ``augment``, ``confusion`` and ``plotnet`` need. It contains no data except fitted values, residuals and row labels.
    An existing file is replaced atomically.

    Parameters
    ----------
    fit
        A network fitted with :func:`nnet` or :func:`multinom`, or loaded from a file.
    file
        The path of the file, such as ``"fit.json"``.

    Returns
    -------
    None
        Nothing is returned.

    Raises
    ------
    ArgumentError
        If ``fit`` is not a fitted network.
    StorageError
        If the file cannot be written.

    Notes
    -----
    Numbers are written with as many digits as identify the double uniquely; missing values as ``null``, and non-finite
    values as ``"NaN"``, ``"Inf"`` or ``"-Inf"``. Row labels are preserved: those of an R data frame are read as text,
    and so are labels that are neither integers nor text. In R the loaded network also works with R's own ``predict``.

    Examples
    --------
    >>> import tempfile
    >>> from tidydl import example_data, load_model, nnet, save_model
    >>> fit = nnet("education ~ age + gender", example_data("bigfive"), size=1, trace=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(fit, f"{folder}/fit.json")
    ...     again = load_model(f"{folder}/fit.json")
    >>> again.value == fit.value
    True
    """
    path = check_path(file)
    name = next((name for name, kind in KINDS.items() if isinstance(fit, kind.cls)), None)
    if name is None:
        raise ArgumentError(
            f"`fit` is {described(fit)}.",
            allowed="A network fitted with nnet() or multinom(), or loaded.",
            hint=network_hint(fit),
        )
    write_saved(path, name, KINDS[name].content(fit), _written_by())


@guarded
def load_model(file: str | os.PathLike[str]) -> Any:
    """Read a network that ``save_model()`` wrote, in Python or in R.

    Parameters
    ----------
    file
        The path of the file.

    Returns
    -------
    NNet
        The fitted network, or whichever fit was saved. No code in the file is run: a formula is parsed as by
        :func:`nnet`, and one that uses functions that are not allowed is an error.

    Raises
    ------
    NotFoundError
        If the file does not exist.
    DamagedFileError
        If it is not JSON, does not contain a network, or is incomplete or inconsistent.
    DependencyError
        If it was written by a newer tidydl in a format that this version does not support.
    FormulaError
        If its formula uses functions that are not allowed in formulas.

    Examples
    --------
    >>> import tempfile
    >>> from tidydl import example_data, load_model, nnet, save_model
    >>> fit = nnet("education ~ age", example_data("bigfive"), size=1, trace=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(fit, f"{folder}/fit.json")
    ...     print(load_model(f"{folder}/fit.json").n)
    (1, 1, 5)
    """
    kind, network = read_saved(file)
    with SAVED_MODELS.guard(f"`file` '{network.file}'", allowed=WRITTEN):
        return KINDS[kind].read(network, design_of)


def write_saved(path: str, kind: str, network: object, written_by: dict[str, str]) -> None:
    """Write the contents of a saved network."""
    saved = {"format": FORMAT, "version": VERSION, "kind": kind, "written_by": written_by, "network": network}
    write_whole(path, json.dumps(saved, allow_nan=False, ensure_ascii=False) + "\n", f"`file` '{path}'")


def read_saved(file: object) -> tuple[str, Part]:
    """Read the kind and the unchecked contents of a saved network."""
    path = check_path(file)
    with SAVED_MODELS.guard(f"`file` '{path}'", allowed=WRITTEN):
        saved = _read(path)
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise DamagedFileError(f"`file` '{path}' holds no network.", allowed=WRITTEN)
    whole = Part(saved, path)
    if whole.whole("version") > VERSION:
        raise DependencyError(
            f"`file` '{path}' is of version {whole.whole('version')}, and this tidydl reads version {VERSION}.",
            hint="Update tidydl.",
        )
    kind = whole.text("kind")
    if kind not in KINDS:
        raise DamagedFileError(f"`file` '{path}' holds a network of the kind '{kind}'.", allowed=one_of(sorted(KINDS)))
    return kind, whole.part("network")


def check_path(file: object) -> str:
    """Return the path of a file, or refuse other values."""
    raw_path = os.fspath(file) if isinstance(file, (str, os.PathLike)) else None
    if not isinstance(raw_path, str) or not raw_path or "\0" in raw_path:
        raise ArgumentError(f"`file` is {described(file)}.", allowed="The path of a file, such as 'fit.json'.")
    check_path_name("file", raw_path)
    path = os.path.expanduser(raw_path)
    if os.path.isdir(path):
        raise ArgumentError(f"`file` '{path}' is a folder.", allowed="The path of a file, such as 'fit.json'.")
    return path


def _written_by() -> dict[str, str]:
    import tidydl

    return {"tidydl": tidydl.__version__, "language": "Python", "version": platform.python_version()}


def _read(path: str) -> Any:
    if os.path.exists(path) and not os.path.isfile(path):  # it would be waited for, maybe for ever
        raise ArgumentError(f"`file` '{path}' is a pipe or a device.", allowed=WRITTEN)
    try:
        with open(path, "rb") as source:
            return json.loads(source.read().decode("utf-8"), parse_constant=_no_constant)
    except FileNotFoundError:
        raise NotFoundError(f"`file` '{path}' does not exist.", allowed=WRITTEN) from None
    except OSError as problem:
        raise StorageError(f"`file` '{path}' cannot be read.", allowed="A file that you may read.") from problem
    except (ValueError, RecursionError) as problem:
        raise DamagedFileError(f"`file` '{path}' is not JSON.", allowed=WRITTEN) from problem


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

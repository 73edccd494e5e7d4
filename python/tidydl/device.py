"""Devices: a name such as ``"auto"`` or ``"cuda"`` is resolved to what is really used."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from tidydl.checks import described
from tidydl.errors import ArgumentError, DependencyError, DeviceError, NotFoundError, one_of, unknown_name

DEVICES = ("auto", "cpu", "cuda", "cuda:1", "mps")
_CUDA = re.compile(r"cuda(?::(\d+))?")


def import_torch() -> Any:
    """Import torch, or explain how to get it."""
    try:
        import torch
    except ImportError as problem:
        absent = isinstance(problem, ModuleNotFoundError) and problem.name == "torch"
        raise DependencyError(
            "torch is not installed in this Python."
            if absent
            else f"torch is installed but cannot be imported: {problem}.",
            allowed="Pipelines and embed() need torch; nnet() does not need it.",
            hint='Install it with `pip install torch`, or everything with `pip install "tidydl"`.',
        ) from problem
    except OSError as problem:  # a shared library that is missing or of another build
        raise DependencyError(
            f"torch is installed but cannot be imported: {problem}.",
            allowed="Pipelines and embed() need torch; nnet() does not need it.",
            hint="Reinstall it with `pip install --force-reinstall torch`; sitrep() shows what is installed.",
        ) from problem
    return torch


_computing: set[int] = set()  # the process in which torch computed first


def refuse_fork(*, computing: bool = True) -> None:
    """Refuse to use torch in a fork of a process that has computed: its threads are not copied, and it would hang.

    With ``computing`` forks of this process are refused from now on.
    """
    if computing:
        _computing.add(os.getpid())
    if _computing - {os.getpid()} and import_torch().get_num_threads() > 1:
        raise DeviceError(
            "torch was already used before this process was forked, so using it here would deadlock.",
            allowed="New processes: in R parallel::makeCluster(), in Python multiprocessing with 'spawn'.",
            hint="Pipelines run many inputs in one call; nnet(repeats = ) and tune_nnet() fit many networks.",
        )


def resolve_device(device: object = "auto") -> str:
    """Return the device that is really used: ``"cpu"``, ``"mps"`` or ``"cuda:k"``.

    ``"auto"`` is the first CUDA card, else Apple's ``"mps"``, else ``"cpu"``; ``"cuda"`` is ``"cuda:0"``. A whole
    number means what it means in transformers: -1 the CPU, ``k`` card ``k``. A device that is asked for and not
    available is an error, never a silent run on the CPU.

    Examples
    --------
    >>> resolve_device("cpu")
    'cpu'
    """
    name = _device_name(device)
    torch = import_torch()
    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "mps" if _has_mps(torch) else "cpu"
    if name == "mps" and not _has_mps(torch):
        raise _not_there(name, "this machine has no Apple GPU, or this torch was built without MPS")
    cuda = _CUDA.fullmatch(name)
    return name if cuda is None else _cuda_card(torch, name, int(cuda.group(1) or 0))


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Let convolutions and recurrent layers on a card keep the 24 bits of single precision; cuDNN's default is 11.

    Matrix products keep them anyway. Who wants speed for precision asks for a half-precision dtype.
    """
    if not device.startswith("cuda"):
        yield
        return
    cudnn = import_torch().backends.cudnn
    if hasattr(cudnn, "conv"):
        settings = [(cudnn.conv, "fp32_precision"), (cudnn.rnn, "fp32_precision")]
    else:  # torch before 2.9
        settings = [(cudnn, "allow_tf32")]
    before = [getattr(holder, name) for holder, name in settings]
    cudnn.allow_tf32 = False
    try:
        yield
    finally:
        for (holder, name), value in zip(settings, before, strict=True):
            setattr(holder, name, value)


def _device_name(device: object) -> str:
    """Read a device's name from a string, a whole number or a ``torch.device``."""
    if isinstance(device, bool) or device is None:
        raise ArgumentError(
            f"`device` is {described(device)}.", allowed=_allowed(), hint="Leave it out to use the best device."
        )
    if isinstance(device, (int, float)):
        if device != int(device) or device < -1:
            raise ArgumentError(f"`device` is {described(device)}.", allowed=_allowed(), hint='Write "cpu" or "cuda".')
        return "cpu" if device == -1 else f"cuda:{int(device)}"
    name = str(device).strip().lower()
    if name == "gpu":
        raise NotFoundError(
            f"`device` {device!r} is not known.",
            allowed=one_of(DEVICES),
            hint='Use "cuda" for an NVIDIA GPU, "mps" on a Mac.',
        )
    if name == "cpu:0":
        return "cpu"
    if name == "mps:0":
        return "mps"
    if name in ("auto", "cpu", "mps") or _CUDA.fullmatch(name):
        return name
    raise unknown_name("device", device, DEVICES, hint='Use "auto" for the best available device.')


def _allowed() -> str:
    return 'A name such as "auto", "cpu", "cuda", "cuda:1" or "mps".'


def _cuda_card(torch: ModuleType, name: str, card: int) -> str:
    if not torch.cuda.is_available():
        raise _not_there(name, str(why_no_cuda()))
    count = torch.cuda.device_count()
    if card >= count:
        raise _not_there(name, f"this machine has {count} CUDA device{'s' if count > 1 else ''}, counted from 0")
    return f"cuda:{card}"


def _not_there(name: str, reason: str) -> DeviceError:
    return DeviceError(
        f"`device` is '{name}', but {reason}.",
        allowed='`device = "auto"` uses the best available device, `device = "cpu"` always works.',
        hint="sitrep() shows what tidydl finds on this machine.",
    )


def _has_mps(torch: ModuleType) -> bool:
    return bool(torch.backends.mps.is_available())


def why_no_cuda() -> str | None:
    """Return why CUDA cannot be used, or None where it can."""
    torch = import_torch()
    if torch.cuda.is_available():
        return None
    driver = _driver_is_there()
    if torch.version.cuda is None:
        build = "ROCm" if getattr(torch.version, "hip", None) else "CPU"
        card = "" if driver else ", and no NVIDIA driver is found either"
        return f"torch {torch.__version__} is a {build} build without CUDA{card}"
    if not driver:
        return "no NVIDIA driver is found on this machine"
    return f"torch {torch.__version__} (CUDA {torch.version.cuda}) finds no GPU, although an NVIDIA driver is there"


def _driver_is_there() -> bool:
    """Return whether the NVIDIA driver is installed."""
    paths = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")
    windows = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll"
    return any(Path(path).exists() for path in paths) or windows.exists()


def describe_device(device: object = "auto") -> dict[str, str | float | None]:
    """Describe a device for ``sitrep()``.

    Returns
    -------
    dict
        ``device`` (what is really used), ``name`` (of the card or processor), ``memory_gb`` (GiB, None where
        unknown) and ``why_no_cuda`` (None where CUDA works).
    """
    used = resolve_device(device)
    torch = import_torch()
    if used.startswith("cuda"):
        card = torch.cuda.get_device_properties(used)
        name, memory = card.name, card.total_memory / 2**30
    else:
        name, memory = _processor(), _main_memory()
    return {"device": used, "name": name, "memory_gb": memory, "why_no_cuda": why_no_cuda()}


def _processor() -> str:
    """Name the processor as the system does."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "processor"


def _main_memory() -> float | None:
    """Return the main memory in GiB, None if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):
        return None

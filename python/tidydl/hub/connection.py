"""Whether the Hugging Face Hub can be reached, found out quickly and remembered for a while.

Without a network the Hub's client tries for half a minute, even for cached files.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from urllib.parse import urlsplit

SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_ON = ("1", "TRUE", "YES", "ON")  # what huggingface_hub takes for switched on
_QUICK, _PATIENT = 0.6, 3.0  # seconds to wait for a sign of life
_SILENCE, _ANSWER = 60.0, 10.0  # seconds for which either is remembered
_seen: dict[str, float] = {}  # when it "answered", was "silent", or at least "slow"


def switched_off() -> list[str]:
    """Name the environment variables that forbid connections to the Hub."""
    return [name for name in SWITCHES if os.environ.get(name, "").upper() in _ON]


def out_of_reach(*, patient: bool = True) -> bool:
    """Return whether the Hub may not be asked or does not answer.

    If ``patient``, wait up to three seconds for it; if the files are here already, less than one will do.
    """
    if switched_off():
        return True
    if _ago("answered") < _ANSWER:
        return False
    if _ago("silent") < (_ANSWER if patient else _SILENCE) or (not patient and _ago("slow") < _SILENCE):
        return True
    if _answers(*_address(), _PATIENT if patient else _QUICK):
        _seen.clear()
        _seen["answered"] = time.monotonic()
        return False
    _seen["silent" if patient else "slow"] = time.monotonic()
    return True


def _ago(sign: str) -> float:
    return time.monotonic() - _seen[sign] if sign in _seen else float("inf")


def note_failure() -> None:
    """Have the next call check again whether the Hub answers, as a connection has failed."""
    _seen.pop("answered", None)


def _address() -> tuple[str, int]:
    """Return the host and port that connections to the Hub go to first: the Hub itself, or a proxy."""
    from urllib.request import getproxies, proxy_bypass

    from huggingface_hub import constants

    parts = urlsplit(constants.ENDPOINT)
    host = parts.hostname or ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    return host, parts.port or (80 if parts.scheme == "http" else 443)


def _answers(host: str, port: int, seconds: float) -> bool:
    """Try to connect, in a separate thread, as name resolution has no timeout."""
    answered = threading.Event()

    def probe() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
        except OSError:
            return
        answered.set()

    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()

"""Retries for transient errors of the Hub: too many requests, server errors, broken connections."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

Result = TypeVar("Result")
_LIMIT = re.compile(r";\s*t=(\d+)")  # "api";r=0;t=55: the limit is reset in 55 seconds
_PASSING = (408, 429, 500, 502, 503, 504)
_FIRST = 0.4  # seconds before the second try; each wait after it is twice as long
_MOST = 60.0  # seconds that a Hub may ask us to wait; a longer time is an error


class Retries:
    """How often to try again, and how long to wait in between; success on the way restarts the count.

    ``slow`` is how often at most if the Hub was too slow. ``sleep`` waits: an event's ``wait`` can be woken.
    """

    def __init__(self, tries: int = 5, *, slow: int = 2, sleep: Callable[[float], Any] = time.sleep):
        self.tries, self.slow, self.sleep = tries, slow, sleep
        self.renew()

    def renew(self) -> None:
        """Reset the count."""
        self._failed = self._timed_out = 0

    def wait(self, problem: Exception) -> bool:
        """Wait before the next try; return False if there is none."""
        self._failed += 1
        self._timed_out += is_timeout(problem)
        if not passes(problem) or self._failed >= self.tries or self._timed_out >= self.slow:
            return False
        asked = _asked_to_wait(problem)
        if asked is not None and not asked <= _MOST:
            return False
        self.sleep(_FIRST * 2 ** (self._failed - 1) if asked is None else max(asked, 0.0))
        return True


def with_retries(call: Callable[[], Result], retries: Retries) -> Result:
    """Call until it succeeds or no tries are left, then raise the last error."""
    while True:
        try:
            return call()
        except Exception as problem:  # only transient errors are retried
            if not retries.wait(problem):
                raise


def status_of(problem: BaseException) -> int | None:
    """Return the HTTP status of an error, None if there was no response."""
    from huggingface_hub.errors import HfHubHTTPError

    return problem.response.status_code if isinstance(problem, HfHubHTTPError) else None


def passes(problem: BaseException) -> bool:
    """Return whether an error of the Hub is transient."""
    return is_silence(problem) or status_of(problem) in _PASSING


def is_silence(problem: BaseException) -> bool:
    """Return whether the connection failed, rather than the Hub refusing."""
    from huggingface_hub import errors

    # the base of all errors of the HTTP library, which is another in other versions of the client
    base = errors.HfHubHTTPError.__bases__[0]
    return isinstance(problem, (base, errors.OfflineModeIsEnabled)) and not isinstance(problem, errors.HfHubHTTPError)


def is_timeout(problem: BaseException) -> bool:
    """Return whether it is a timeout."""
    import sys

    from huggingface_hub.errors import HfHubHTTPError

    library = sys.modules[HfHubHTTPError.__bases__[0].__module__.partition(".")[0]]
    return isinstance(problem, library.TimeoutException)


def _asked_to_wait(problem: Exception) -> float | None:
    """Read the seconds that the Hub asks to wait, from ``Retry-After``, a number or a date, or from ``RateLimit``."""
    from huggingface_hub.errors import HfHubHTTPError

    if not isinstance(problem, HfHubHTTPError):
        return None
    headers = problem.response.headers
    retry_after = headers.get("Retry-After")
    if retry_after is None:
        limit = _LIMIT.search(headers.get("RateLimit", "")) if problem.response.status_code == 429 else None
        return float(limit[1]) if limit else None
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None

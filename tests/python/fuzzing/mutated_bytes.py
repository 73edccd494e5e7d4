"""Mutations of valid bytes, and a run that asserts that a reader of foreign bytes only ever raises our errors.

A fuzzing target is a reader, a function of bytes, and some valid seeds. ``run_target`` feeds it mutated seeds for some
seconds, 3 unless the environment variable ``TIDYDL_FUZZ_SECONDS`` says otherwise. Mutations are drawn with a seed
(``TIDYDL_FUZZ_SEED``, else 0), so a run meets the same inputs every time, as far as it gets.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tidydl.errors import TidydlError

SECONDS = 3.0
SLOW = 10.0  # seconds after which one input counts as a hang
NUMBERS = (0, -1, 1, 2**31, -(2**31), 2**53 + 1, 2**63, 2**64, 10**30, 1e308, -1e308, 5e-324, 0.5, -0.0)
WORDS = ("", " ", "a", "\0", "NaN", "Infinity", "../../x", "/etc/passwd", "system('x')", "`x`", "é", "\ud800", "'", '"')
TOKENS = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (*WORDS, *map(str, NUMBERS), "null", "true", "{}", "[]", "}", "]")
)


class RawError(AssertionError):
    """A reader raised what is none of our errors, or hung; the message has the input that did it, as base64."""


def seconds() -> float:
    """Return for how long a target runs."""
    return float(os.environ.get("TIDYDL_FUZZ_SECONDS", SECONDS))


def mutations(seed_bytes: bytes, rng: random.Random) -> Iterator[bytes]:
    """Yield mutated copies of valid bytes for ever: those of structure too where the bytes are JSON."""
    whole = _parsed(seed_bytes)
    while True:
        if whole is not None and rng.random() < 0.7:
            yield _json_mutation(whole, rng)
        else:
            yield _byte_mutation(seed_bytes, rng)


def run_target(
    function: Callable[[bytes], Any],
    seeds: Sequence[bytes],
    seconds_given: float | None = None,
    *,
    mutate: Callable[[bytes, random.Random], Iterator[bytes]] = mutations,
) -> Counter[str]:
    """Run a reader on mutated seeds, and return how often it succeeded or raised which error.

    Raises
    ------
    RawError
        At the first input for which the reader raises anything but a ``TidydlError``, or takes longer than 10 s.
    """
    outcomes: Counter[str] = Counter()
    for given in inputs(seeds, seconds() if seconds_given is None else seconds_given, mutate):
        outcomes[outcome_of(function, given)] += 1
    assert outcomes, "the target ran on no input"
    return outcomes


def inputs(
    seeds: Sequence[bytes], length: float, mutate: Callable[[bytes, random.Random], Iterator[bytes]] = mutations
) -> Iterator[bytes]:
    """Yield the seeds, then mutated ones in turn, until the time is over."""
    rng = random.Random(int(os.environ.get("TIDYDL_FUZZ_SEED", "0")))
    yield from seeds
    turns = [mutate(seed, rng) for seed in seeds]
    end = time.monotonic() + length
    while time.monotonic() < end:
        yield next(rng.choice(turns))


def outcome_of(function: Callable[[bytes], Any], given: bytes) -> str:
    """Run a reader on one input: return "success" or the class of our error that it raised."""
    begun = time.monotonic()
    try:
        function(given)
        outcome = "success"
    except TidydlError as error:
        outcome = type(error).__name__
        str(error).encode()  # a message that cannot be shown is one that nobody reads
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # Rust panics are no Exceptions
        raise RawError(f"{type(error).__name__}: {error}\nof the bytes {_shown(given)}") from error
    if (took := time.monotonic() - begun) > SLOW:
        raise RawError(f"took {took:.0f} s\nof the bytes {_shown(given)}")
    return outcome


def _shown(given: bytes) -> str:
    return f"base64.b64decode({base64.b64encode(given).decode()!r})"


def _parsed(seed: bytes) -> Any:
    try:
        return json.loads(seed)
    except (ValueError, RecursionError):
        return None


def _byte_mutation(seed: bytes, rng: random.Random) -> bytes:
    found = bytearray(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        rng.choice(_OF_BYTES)(found, rng)
    return bytes(found)


def _flip(found: bytearray, rng: random.Random) -> None:
    if found:
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)


def _extreme_byte(found: bytearray, rng: random.Random) -> None:
    if found:
        found[rng.randrange(len(found))] = rng.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, *b"\n\r,;\"'{[<"))


def _truncate(found: bytearray, rng: random.Random) -> None:
    del found[rng.randrange(len(found) + 1) :]


def _remove(found: bytearray, rng: random.Random) -> None:
    start, stop = _range(found, rng)
    del found[start:stop]


def _repeat(found: bytearray, rng: random.Random) -> None:
    start, stop = _range(found, rng)
    found[start:start] = found[start:stop] * rng.choice((1, 1, 2, 50))


def _swap(found: bytearray, rng: random.Random) -> None:
    start, stop = _range(found, rng)
    part = bytes(found[start:stop])
    del found[start:stop]
    place = rng.randrange(len(found) + 1)
    found[place:place] = part


def _insert_token(found: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(found) + 1)
    found[place:place] = rng.choice(TOKENS)


def _extreme_integer(found: bytearray, rng: random.Random) -> None:
    """Overwrite 1, 2, 4 or 8 bytes, as of a length in a header."""
    width = rng.choice((1, 2, 4, 8))
    if len(found) >= width:
        place = rng.randrange(len(found) - width + 1)
        value = rng.choice((0, 1, 2 ** (8 * width - 1) - 1, 2 ** (8 * width - 1), 2 ** (8 * width) - 1))
        found[place : place + width] = value.to_bytes(width, rng.choice(("little", "big")))


def _range(found: bytearray, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(found) + 1)
    return start, min(len(found), start + rng.choice((1, 2, 4, 16, 64, 1024)))


_OF_BYTES = (_flip, _extreme_byte, _truncate, _remove, _repeat, _swap, _insert_token, _extreme_integer)


def _json_mutation(whole: Any, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        whole = _changed(whole, rng)
    return json.dumps(whole).replace(DEEP, rng.choice(_DEEP)).encode("utf-8", "surrogatepass")


DEEP = json.dumps("\0deep")
_DEEP = tuple(
    opened * count + closed * count for opened, closed in ("[]", ('{"a":', "}")) for count in (20, 2000, 100_000)
)


def places_of(whole: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a JSON structure; of long lists the ends alone."""
    yield place
    if isinstance(whole, dict):
        for key, value in whole.items():
            yield from places_of(value, (*place, key))
    elif isinstance(whole, list):
        for i in range(len(whole)) if len(whole) <= 6 else (0, 1, len(whole) - 1):
            yield from places_of(whole[i], (*place, i))


def value_at(whole: Any, place: Sequence[Any]) -> Any:
    """Return the value at a path."""
    for key in place:
        whole = whole[key]
    return whole


def replaced(whole: Any, place: Sequence[Any], value: Any) -> Any:
    """Return a copy of a JSON structure with another value at a path."""
    if not place:
        return value
    key, *rest = place
    copy = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[key] = replaced(whole[key], rest, value)
    return copy


def _changed(whole: Any, rng: random.Random) -> Any:
    places = list(places_of(whole))
    place = rng.choice(places)
    value = value_at(whole, place)
    return replaced(whole, place, rng.choice(_OF_VALUES)(value, whole, places, rng))


def _another(value: Any, whole: Any, places: list[Any], rng: random.Random) -> Any:
    return rng.choice((None, True, False, [], {}, "\0deep", *WORDS, *NUMBERS))


def _of_elsewhere(value: Any, whole: Any, places: list[Any], rng: random.Random) -> Any:
    found = value_at(whole, rng.choice(places))
    return found if len(json.dumps(found)) < 20_000 else None


def _number(value: Any, whole: Any, places: list[Any], rng: random.Random) -> Any:
    near = [value + 1, value - 1, -value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []
    return rng.choice((*NUMBERS, *near))


def _edited(value: Any, whole: Any, places: list[Any], rng: random.Random) -> Any:
    """Change the inside of a text, the keys of an object, or the length and order of a list."""
    if isinstance(value, str):
        return _byte_mutation(value.encode("utf-8", "surrogatepass"), rng).decode("utf-8", "replace")
    if isinstance(value, dict) and value:
        return _with_other_keys(value, rng)
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        short, twice = value[:place] + value[place + 1 :], [*value[:place], value[place], *value[place:]]
        return rng.choice((short, twice, value[:place], value[::-1], value * 50 if len(value) < 1000 else short))
    return [value]


def _with_other_keys(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    keys = list(value)
    one, other = rng.choice(keys), rng.choice(keys)
    kind = rng.randrange(3)
    if kind == 0:
        return {key: each for key, each in value.items() if key != one}
    if kind == 1:
        return {**value, one: value[other], other: value[one]}
    return {(rng.choice(WORDS) if key == one else key): each for key, each in value.items()}


_OF_VALUES = (_another, _of_elsewhere, _number, _edited, _edited)

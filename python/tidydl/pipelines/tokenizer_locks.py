"""One thread at a time in a tokenizer: truncation, padding and languages are settings of the tokenizer itself."""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import MutableMapping
from typing import Any

_locks: MutableMapping[Any, threading.RLock] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def lock_of(tokenizer: Any) -> threading.RLock:
    """Return the lock under which a tokenizer is set and encodes."""
    with _making:
        if tokenizer not in _locks:
            _locks[tokenizer] = threading.RLock()
        return _locks[tokenizer]


def with_lock(component: Any) -> Any:
    """Return a component that was just loaded; its tokenizer encodes for one thread at a time."""
    from transformers import PreTrainedTokenizerBase

    tokenizer = getattr(component, "tokenizer", component)
    if isinstance(tokenizer, PreTrainedTokenizerBase):
        kind: Any = type(tokenizer)
        tokenizer.__class__ = _locked(kind)
    return component


@functools.cache
def _locked(plain: type) -> type:
    """Return the subclass of a tokenizer's class that locks; copies and pickles are of the class itself."""

    def _encode_plus(self: Any, *args: Any, **kwargs: Any) -> Any:
        with lock_of(self):
            return plain._encode_plus(self, *args, **kwargs)  # type: ignore[attr-defined]

    def reduced(self: Any, protocol: Any) -> Any:
        parts: Any = object.__reduce_ex__(self, protocol)
        return (_empty, (plain,), *parts[2:])

    names = {"_encode_plus": _encode_plus, "__reduce_ex__": reduced, "__module__": plain.__module__}
    return type(plain.__name__, (plain,), {**names, "__qualname__": plain.__qualname__, "__doc__": plain.__doc__})


def _empty(kind: Any) -> Any:
    return kind.__new__(kind)


def _forget_in_child() -> None:
    """Forget the locks in a forked process: a thread that held one is not there."""
    global _making
    _making = threading.Lock()
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)

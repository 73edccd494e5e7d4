"""Chat templates within limits: a stranger's template cannot use up the machine's time or memory.

transformers runs templates in a sandbox of Jinja, which keeps them from the machine's files but not from its memory:
``{{ 'a' * 10**10 }}`` is allowed there. Here the same sandbox counts: each operation that can make something large is
looked at before it runs, each turn of a loop and each piece of text is a step, and steps and seconds are limited.
"""

from __future__ import annotations

import functools
import re
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CHARACTERS", "SECONDS", "TemplateLimitError", "within_limits"]

CHARACTERS = 10_000_000  # of what a template makes, and of each text on the way
SECONDS = 10.0
STEPS = 1_000_000
_SOURCE = 1_000_000  # characters of a template
_WIDTH = 100_000  # of padding, indentation and numbers of repeats
_BITS = 10_000  # of a whole number
_WIDE = ("center", "indent", "wordwrap", "truncate", "batch", "slice", "tojson", "format")
_FORMAT = re.compile(r"%[^a-zA-Z%]*(?:\d{5}|\*)|\{[^{}]*:[^{}]*(?:\{|\d{5})")  # widths that are large, or come later
_local = threading.local()
_one_at_a_time = threading.RLock()


class TemplateLimitError(Exception):
    """A template wants more than it may have; the message is the end of a sentence about it."""


class _Budget:
    """What a run of a template may still spend."""

    def __init__(self) -> None:
        self.steps, self.until = 0, time.monotonic() + SECONDS

    def spend(self, steps: int = 1) -> None:
        before, self.steps = self.steps, self.steps + steps
        if self.steps > STEPS:
            raise TemplateLimitError(f"it takes more than {STEPS:,} steps")
        if before >> 8 != self.steps >> 8 and time.monotonic() > self.until:
            raise TemplateLimitError(f"it takes longer than {SECONDS:.0f} seconds")


def _spend(steps: int = 1) -> None:
    budget = getattr(_local, "budget", None)
    if budget is not None:
        budget.spend(steps)


@contextmanager
def within_limits() -> Iterator[None]:
    """Let templates that transformers runs in this block, in this thread, run within limits."""
    from transformers.utils import chat_template_utils

    with _one_at_a_time:
        own = chat_template_utils._compile_jinja_template
        chat_template_utils._compile_jinja_template = _compiled  # type: ignore[assignment]
        _local.budget = _Budget()
        try:
            yield
        finally:
            _local.budget = None
            chat_template_utils._compile_jinja_template = own


@functools.lru_cache(maxsize=32)
def _compiled(source: str) -> Any:
    if len(source) > _SOURCE:
        raise TemplateLimitError(f"it has more than {_SOURCE:,} characters")
    return _environment().from_string(source)


@functools.cache
def _environment() -> Any:
    """Make transformers' own sandbox, with all its filters and functions, count what it does."""
    from transformers.utils import chat_template_utils

    made = chat_template_utils._cached_compile_jinja_template("").environment
    made.__class__ = _counting(type(made))
    made.intercepted_binops = frozenset({"*", "**", "%", "+"})
    made.concat = _concat
    made.finalize = _measured
    made.globals.pop("lipsum", None)
    made.filters = {name: _guarded(name, each) for name, each in made.filters.items()}
    made.filters |= {"_counted": _counted, "_joined": _concat_all, "_measured": _measured}
    return made


def _counting(base: type) -> type:
    from jinja2 import nodes
    from jinja2.runtime import LoopContext
    from jinja2.visitor import NodeTransformer

    class Marked(NodeTransformer):
        """Puts the counting filters into a template."""

        def visit_For(self, node: Any) -> Any:
            self.generic_visit(node)
            node.iter = _filtered(node.iter, "_counted")
            return node

        def visit_Concat(self, node: Any) -> Any:
            self.generic_visit(node)
            return _filtered(nodes.List(node.nodes, lineno=node.lineno), "_joined")

        def visit_List(self, node: Any) -> Any:
            self.generic_visit(node)
            return _filtered(node, "_measured")

        def visit_Dict(self, node: Any) -> Any:
            return self.visit_List(node)

        def visit_Tuple(self, node: Any) -> Any:
            self.generic_visit(node)
            return node if node.ctx != "load" else _filtered(node, "_measured")

    class Counting(base):  # type: ignore[misc, valid-type]
        """The sandbox that counts."""

        def _parse(self, *args: Any) -> Any:
            return Marked().visit(super()._parse(*args))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _spend()
            _check_operation(operator, left, right)
            return super().call_binop(context, operator, left, right)

        def call(*args: Any, **given: Any) -> Any:  # without names, which a template's own arguments may have
            self, context, called, *rest = args
            _spend(_length(rest[0]) if isinstance(called, LoopContext) and rest else 1)
            _check_call(called, rest, given)
            return _measured(base.call(self, context, called, *rest, **given))  # type: ignore[attr-defined]

    return Counting


def _filtered(node: Any, name: str) -> Any:
    from jinja2 import nodes

    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else _WIDTH


def _too_large() -> TemplateLimitError:
    return TemplateLimitError(f"it makes more than {CHARACTERS:,} characters")


def _room_for(size: int) -> None:
    if size > CHARACTERS:
        raise _too_large()


def _measured(value: Any) -> Any:
    """Return a value that is not too large to be written, what it holds counted as often as it would be written."""
    if isinstance(value, str):
        _room_for(len(value))
        return value
    if not isinstance(value, (list, tuple, dict, set)):
        return value
    waiting, size = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, (str, bytes)):
            size += len(each)
        elif isinstance(each, (list, tuple, set, dict)):
            size += 100 * len(each)
            waiting.extend(each)
            waiting.extend(each.values() if isinstance(each, dict) else ())
        _room_for(size)
    return value


def _counted(values: Any) -> Any:
    """Count the turns of a loop before they are made where their number is known, else one by one."""
    if hasattr(values, "__len__"):
        _spend(len(values))
        return values
    return _one_by_one(values)


def _one_by_one(values: Any) -> Iterator[Any]:
    for value in values:
        _spend()
        yield value


def _concat(pieces: Any) -> str:
    """Join pieces of text."""
    held, size = [], 0
    for piece in pieces:
        _spend()
        size += len(piece)
        _room_for(size)
        held.append(piece)
    return "".join(held)


def _concat_all(values: list[Any]) -> str:
    return _concat(map(str, _measured(values)))


def _check_operation(operator: str, left: Any, right: Any) -> None:
    if operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and hasattr(other, "__len__"):
                _room_for(len(other) * max(one, 0))
    if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
        _room_for(len(left) + len(right))
    if operator == "%" and isinstance(left, str):
        _check_format(left, right)
    if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length() if operator == "*" else left.bit_length() * abs(right)
        if bits > _BITS:
            raise TemplateLimitError(f"it makes numbers of more than {_BITS:,} bits")


def _check_format(text: str, given: Any) -> None:
    if _FORMAT.search(text):
        raise TemplateLimitError(f"it pads a text to more than {_WIDTH:,} characters, or to a width that it computes")
    _measured(given)
    _room_for(len(text) + text.count("%") * _size(given) + text.count("{") * _size(given))


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes)) else sum(map(_size, _parts(value)), 1)


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple, set)) else ()


def _check_call(called: Any, rest: list[Any], given: dict[str, Any]) -> None:
    """Look at the arguments of a call before it is made."""
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if isinstance(owner, (str, bytes)) and name == "join" and rest:
        rest[0] = _measured(list(rest[0]))
    values = [*rest, *given.values()]
    if isinstance(called, types.BuiltinMethodType):
        _check_widths(values)
    if isinstance(owner, (str, bytes)) and name in ("join", "replace", "translate"):
        _check_growth(name, owner, values)
    text = getattr(getattr(called, "__wrapped__", None), "__self__", None)
    if isinstance(text, str):  # str.format, which the sandbox wraps
        _check_format(text, values)
    if name == "strftime_now" and any(len(str(each)) > 200 or re.search(r"\d{4}", str(each)) for each in values):
        raise TemplateLimitError("it asks for the date in a format that is too long")


def _check_widths(values: list[Any], most: int = _WIDTH) -> None:
    if any(isinstance(each, int) and abs(each) > most for each in values):
        raise TemplateLimitError(f"it repeats or pads something more than {most:,} times")


def _check_growth(name: str, text: Any, values: list[Any]) -> None:
    """Say before it happens how long a text becomes."""
    if name == "join" and values:
        _room_for(len(text) * len(values[0]))
    elif name == "replace" and len(values) > 1:
        places = text.count(values[0]) if isinstance(values[0], type(text)) else 0
        _room_for(len(text) + places * len(values[1]))
    elif name == "translate":
        _room_for(len(text) * max(map(_size, _parts(values[0])), default=1) if values else 0)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter look at what it is given, and at what it makes."""
    skipped = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        _spend()
        context, subject, rest = args[:skipped], args[skipped], args[skipped + 1 :]
        if name == "join" and not isinstance(subject, str):
            subject = list(subject)
        values = [*rest, *given.values()]
        for each in (subject, *values):
            _measured(each)
        _check_filter(name, subject, values)
        return _measured(function(*context, subject, *rest, **given))

    return called


def _check_filter(name: str, subject: Any, values: list[Any]) -> None:
    """Say before a filter runs how long a text it makes."""
    if name in _WIDE:
        _check_widths(values, 100 if name == "tojson" else _WIDTH)
    widths = [len(each) if isinstance(each, str) else int(each) for each in values if isinstance(each, (str, int))]
    width = max([*widths, 1])
    if name == "format":
        _check_format(str(subject), values)
    elif name == "indent":
        _room_for(len(str(subject)) + (str(subject).count("\n") + 1) * width)
    elif name in ("join", "tojson"):
        _room_for(_size(subject) * (1 + width))
    elif name == "wordwrap":
        _room_for(len(str(subject)) * (1 + max((len(each) for each in values if isinstance(each, str)), default=1)))
    elif name == "replace" and len(values) > 1:
        _room_for(len(str(subject)) + str(subject).count(str(values[0])) * len(str(values[1])))

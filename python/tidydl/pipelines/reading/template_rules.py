"""Rules for filters, methods and operators of chat templates, checked before they run.

Filters and methods that are listed here are allowed within bounds for their results; a method that is not listed
is refused, and a filter that is not is given short texts only.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

from tidydl.pipelines.reading.template_budget import (
    CHARACTERS,
    HOLDING,
    Budget,
    TemplateLimitError,
    refuse_bits,
    room_for,
)

_WIDTH = 100_000  # of padding, indentation and numbers of repeats
_NARROW = 100  # indentation of JSON, and digits
_SHORT = 10_000  # characters for filters that take time by their square
_PATH = 1000  # characters of the name of an attribute
# Filters that return one of the things that they are given, or a number.
PICKING = {"abs", "attr", "count", "d", "default", "filesizeformat", "first", "float", "last", "length", "max", "min"}
PICKING |= {"random", "round"}
# Filters that go through all of their input at once, and those that do it piece by piece.
CONSUMING = {"groupby", "join", "list", "max", "min", "sort", "sum", "unique"}
_ITERATING = CONSUMING | {"batch", "dictsort", "items", "map", "reject", "rejectattr", "select", "selectattr", "slice"}
_BY_ATTRIBUTE = {*CONSUMING, "map", "rejectattr", "selectattr"} - {"list"}
_WIDE = {"batch", "center", "indent", "slice", "truncate"}
_WRITING = {"capitalize", "center", "e", "escape", "forceescape", "format", "indent", "int", "lower", "replace", "safe"}
_WRITING |= {"string", "title", "tojson", "trim", "truncate", "upper", "urlencode", "wordcount", "reverse"}
_SPLITTING = {"indent": 100, "title": 60, "urlencode": 100, "wordcount": 60}  # into bytes for each character
_TEXTS = "capitalize casefold center count endswith expandtabs find format format_map index isalnum isalpha isascii "
_TEXTS += (
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip "
)
_TEXTS += "partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines "
_TEXTS += "startswith strip swapcase title upper zfill"
_METHODS: tuple[tuple[Any, frozenset[str]], ...] = (
    (str, frozenset(_TEXTS.split())),
    (dict, frozenset(("copy", "fromkeys", "get", "items", "keys", "values"))),
    ((list, tuple, range), frozenset(("copy", "count", "index"))),
    ((int, float), frozenset(("as_integer_ratio", "bit_count", "bit_length", "conjugate", "hex", "is_integer"))),
    (HOLDING, frozenset(("isdisjoint",))),
)
_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # of lines
_WIDE_FORMAT = re.compile(r"[%)][-+ #0]*(?:\d{5}|\*)|\.(?:\d{5}|\*)")  # widths that are large, or come later


def check_operation(budget: Budget, operator: str, left: object, right: object) -> None:
    """Check the operands of an operator."""
    if operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and hasattr(other, "__len__"):
                room_for(len(other) * max(one, 0))
    if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
        room_for(len(left) + len(right))
    if operator == "%" and isinstance(left, (str, bytes)):
        _check_percents(budget, str(left, "latin-1") if isinstance(left, bytes) else left, right)
    if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
        both = left.bit_length() + right.bit_length()
        refuse_bits(both if operator == "*" else left.bit_length() * abs(right))


def _check_percents(budget: Budget, text: str, values: object) -> None:
    if _WIDE_FORMAT.search(text):
        raise _too_wide()
    _check_fields(budget, text, text.count("%"), budget.size(values))


def _check_braces(budget: Budget, text: str, values: object) -> None:
    fields, size = 0, budget.size(values)
    for _, name, form, _ in Formatter().parse(text):
        fields += name is not None
        if name and not name.isalnum():  # what it has of an object, such as a namespace, may be large
            size = max(size, CHARACTERS // 10)
        if form and ("{" in form or re.search(r"\d{5}", form)):
            raise _too_wide()
        if name and len(name) > _PATH:
            raise _too_long()
    _check_fields(budget, text, fields, size)


def _check_fields(budget: Budget, text: str, fields: int, size: int) -> None:
    if fields:
        room_for(len(text) + fields * 9999 if re.search(r"\d{4}", text) else len(text))
        budget.room_to_write(len(text) + fields * size)


def _too_wide() -> TemplateLimitError:
    return TemplateLimitError(
        f"it pads a text to more than {_WIDTH // 10:,} characters, or to a width that it computes"
    )


def _too_long() -> TemplateLimitError:
    return TemplateLimitError(f"it names an attribute by more than {_PATH:,} characters")


def check_call(budget: Budget, called: object, rest: list[Any], kwargs: dict[str, Any]) -> None:
    """Check a call: methods of strings, lists and so on are listed or refused."""
    values = [*rest, *kwargs.values()]
    if any(isinstance(each, HOLDING) for each in values):
        budget.size(values)  # a macro may put them into one list
    text = getattr(getattr(called, "__wrapped__", None), "__self__", None)
    if isinstance(text, str):  # str.format, which the sandbox wraps
        _check_braces(budget, text, values)
        return
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    kind = owner if isinstance(owner, type) else type(owner)
    if kind is range or not issubclass(kind, (str, bytes, int, float, complex, *HOLDING)):
        if name in ("safe_range", "strftime_now"):
            _check_function(name, values)
        return
    if not any(issubclass(kind, kinds) and name in names for kinds, names in _METHODS):
        raise TemplateLimitError(f"it calls `{name}` of a {kind.__name__}, which no chat template needs")
    if isinstance(owner, str):
        _check_text_method(budget, name, owner, rest, kwargs)


def _check_function(name: str, values: list[Any]) -> None:
    if name == "safe_range" and any(isinstance(each, int) and each.bit_length() > 50 for each in values):
        raise TemplateLimitError("it makes a range of numbers of more than 50 bits")
    if name == "strftime_now" and any(len(str(each)) > 200 or re.search(r"\d{4}", str(each)) for each in values):
        raise TemplateLimitError("it asks for the date in a format that is too long")


def _check_text_method(budget: Budget, name: str, text: str, rest: list[Any], kwargs: dict[str, Any]) -> None:
    budget.room_to_write(len(text))
    values = [*rest, *kwargs.values()]
    if name in ("center", "ljust", "rjust", "zfill", "expandtabs"):
        _check_widths(values)
        room_for(len(text) + text.count("\t") * max([8, *(each for each in values if isinstance(each, int))]))
    elif name == "join" and rest:
        if isinstance(rest[0], str):
            budget.room_for_entries(len(rest[0]))
        rest[0] = rest[0] if hasattr(rest[0], "__len__") else budget.charge(list(rest[0]))
        room_for(budget.size(rest[0]) if not text else budget.size(rest[0]) + len(text) * len(rest[0]))
    elif name == "replace" and len(values) > 1:
        _check_replacing(text, *values[:2])
    elif name in ("split", "rsplit"):
        by = kwargs.get("sep", rest[0] if rest else None)
        budget.room_for_entries(text.count(by) if isinstance(by, str) and by else len(text) // 2)
    elif name == "splitlines":
        budget.room_for_entries(sum(map(text.count, _ENDS)))


def _check_replacing(text: str, old: object, new: object) -> None:
    if isinstance(old, str) and isinstance(new, str):
        room_for(len(text) + text.count(old) * max(0, len(new) - len(old)))


def _check_widths(values: list[Any], most: int = _WIDTH) -> None:
    if any(isinstance(each, int) and abs(each) > most for each in values):
        raise TemplateLimitError(f"it repeats or pads something more than {most:,} times")


def check_filter(budget: Budget, name: str, subject: object, rest: list[Any], kwargs: dict[str, Any]) -> None:
    """Check the arguments of a filter."""
    values = [*rest, *kwargs.values()]
    size = sum(map(budget.size, (subject, *values)))
    if name in _WIDE:
        _check_widths(values)
    elif name in ("tojson", "round"):
        _check_widths(values, _NARROW)
    if name in _BY_ATTRIBUTE:
        names = [*(rest[1:2] if name == "join" else rest[:1]), kwargs.get("attribute")]
        if any(isinstance(each, str) and len(each) > _PATH for each in names):
            raise _too_long()
    if name in _ITERATING:
        if isinstance(subject, str):
            budget.room_for_entries(len(subject))
        if name in ("join", "sum"):
            _check_adding(budget, name, subject, values)
    elif name in _WRITING:
        budget.room_to_write(size)
        budget.room(_SPLITTING.get(name, 0) * size)
        _check_writing(budget, name, subject, values)
    elif name not in PICKING and size > _SHORT:
        raise TemplateLimitError(f"it gives the filter `{name}` more than {_SHORT:,} characters")


def _check_adding(budget: Budget, name: str, subject: Any, values: list[Any]) -> None:
    """Check a filter that adds up a list."""
    if not hasattr(subject, "__len__"):
        return
    size = budget.size(subject)
    if name == "join":
        between = max([0, *(budget.size(each) for each in values if isinstance(each, (str, *HOLDING)))])
        budget.room_to_write(size)
        room_for(len(subject) * between)
    elif any(isinstance(each, HOLDING) for each in values):  # each sum of lists is a new list
        budget.room(len(subject) * size / 10)


def _check_writing(budget: Budget, name: str, subject: object, values: list[Any]) -> None:
    """Check a filter whose result can be longer than its input."""
    if name == "tojson":
        separators = sum(len(part) for each in values if isinstance(each, (list, tuple)) for part in map(str, each))
        indent = max([0, *_lengths(values)]) * budget.depth(subject)
        room_for(budget.size(subject) / 100 * (separators + indent))
    elif name == "format":
        _check_percents(budget, str(subject), values)
    elif name == "indent":
        width = max([4, *_lengths(values)])
        room_for(len(str(subject)) + (str(subject).count("\n") + 1) * width)
    elif name == "replace" and len(values) > 1:
        _check_replacing(*(each if isinstance(each, str) else str(each) for each in (subject, *values[:2])))


def _lengths(values: list[Any]) -> list[int]:
    return [len(each) if isinstance(each, str) else each for each in values if isinstance(each, (str, int))]

"""Questions with fixed answers as a part of the inputs: the same for all inputs, or a set for each.

A question is a choice among options, a score (levels, the lowest first), or a statement that is true or false, which
transformers call ``noul``. Read, they are one string of JSON: by name what transformers' decision models are asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

import pandas as pd

from tidydl import rendering
from tidydl.checks import described
from tidydl.errors import ArgumentError, nearest, one_of
from tidydl.pipelines.positions import is_frame, is_missing, nth_value

ALLOWED = (
    "Questions by name: a list of options, a sentence that is true or false, or `type`, `instructions` and `criteria`; "
    "or a data frame with the columns question, type, instructions, options."
)
TYPES = ("choice", "score", "noul")
_FIELDS = ("type", "instructions", "criteria", "options")
_OTHER_NAMES = {"yes/no": "noul", "true/false": "noul"}
_ANSWERS = {
    "choice": "Options as strings, or the meaning of each option by name.",
    "score": "Levels as strings, the lowest first.",
    "noul": "The meaning of `true` and `false` by name, or no `criteria`.",
}


def is_one(x: object) -> bool:
    """Return whether it is one set of questions."""
    return is_frame(x) or isinstance(x, (str, Mapping))


def _is_list(x: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(x, Iterable) and not isinstance(x, (str, bytes, Mapping))


def key(questions: str) -> str:
    """Return what is equal for equal questions."""
    return questions


def column_fits(column: pd.Series) -> bool:
    """Return False: a column of questions has to be named."""
    return False


def read_all(x: object, name: str) -> list[Any]:
    """Read one set of questions for all inputs, or a list of sets, None for a missing one."""
    if is_one(x):
        return [read(x, f"`{name}`")]
    if not isinstance(x, (list, tuple)) or not x or not any(is_one(each) for each in x):
        raise ArgumentError(f"`{name}` is {described(x)}.", allowed=ALLOWED)
    return [None if is_missing(each) else read(each, nth_value(i, name)) for i, each in enumerate(x)]


def read(value: object, where: str) -> str:
    """Read one set of questions; the error names the one that is not a question."""
    asked = _rows(value, where) if is_frame(value) else value
    if not isinstance(asked, Mapping):
        raise ArgumentError(f"{where} is {described(value)}, not questions by name.", allowed=ALLOWED)
    if not asked:
        raise ArgumentError(f"{where} has no question at all.", allowed=ALLOWED)
    questions = {
        _name(name, where): _question(name, each, f"{where}: question {name!r}") for name, each in asked.items()
    }
    try:
        return json.dumps(questions, ensure_ascii=False)
    except (TypeError, ValueError) as problem:
        raise ArgumentError(f"{where} cannot be written as JSON: {problem}.", allowed=ALLOWED) from problem


def _name(name: object, where: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"{where} has a question without a name.", allowed=ALLOWED)
    return name


def _rows(frame: pd.DataFrame, where: str) -> dict[Any, Any]:
    """Read the rows of a data frame, one per question."""
    if "question" not in frame.columns:
        raise ArgumentError(f"{where} has no column `question`.", allowed=ALLOWED)
    asked = {}
    for row in frame.to_dict("records"):
        fields = {name: value for name, value in row.items() if name in _FIELDS and not _is_nothing(value)}
        if isinstance(fields.get("options"), str):
            fields["options"] = [each.strip() for each in fields["options"].split(",")]
        if row["question"] in asked:
            raise ArgumentError(f"{where} has the question {row['question']!r} twice.", allowed="Different names.")
        asked[row["question"]] = fields
    return asked


def _is_nothing(value: object) -> bool:
    return is_missing(value) or (_is_list(value) and len(list(value)) == 0)


def _question(name: object, value: object, where: str) -> dict[str, Any]:
    """Write a question in the format of transformers' decision models."""
    if isinstance(value, str):
        return {"type": "noul", "instructions": value}
    if _is_list(value):
        return {"type": "choice", "instructions": name, "criteria": _options("choice", value, where)}
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{where} is {described(value)}.", allowed=ALLOWED)
    unknown = next((field for field in value if field not in _FIELDS), None)
    if unknown is not None:
        raise _unknown(where, "the field", unknown, _FIELDS)
    criteria = value.get("criteria") if value.get("criteria") is not None else value.get("options")
    kind = value.get("type") or ("noul" if criteria is None else "choice")
    kind = _OTHER_NAMES.get(str(kind), kind)
    if kind not in TYPES:
        raise _unknown(where, "the type", kind, TYPES)
    spec = {"type": kind, "instructions": value.get("instructions")}
    return spec if kind == "noul" and criteria is None else {**spec, "criteria": _criteria(kind, criteria, where)}


def _unknown(where: str, what: str, name: object, allowed: tuple[str, ...]) -> ArgumentError:
    close = nearest(name, allowed)
    return ArgumentError(
        f"{where} has {what} {rendering.value(name)}, which is not known.",
        allowed=one_of(allowed),
        hint=f"Did you mean '{close}'?" if close else None,
    )


def _criteria(kind: str, criteria: object, where: str) -> Any:
    if kind == "choice":
        return dict(criteria) if isinstance(criteria, Mapping) and criteria else _options(kind, criteria, where)
    if kind == "score":
        return list(_options(kind, criteria, where))
    if not isinstance(criteria, Mapping) or not set(criteria) <= {"true", "false"}:
        raise ArgumentError(f"{where} has criteria that are {described(criteria)}.", allowed=_ANSWERS[kind])
    return dict(criteria)


def _options(kind: str, values: object, where: str) -> dict[str, None]:
    """Read the options of a choice, or the levels of a score."""
    listed = list(values) if _is_list(values) else []
    if not listed or not all(isinstance(each, str) and each.strip() for each in listed):
        raise ArgumentError(
            f"{where} has options that are {described(values) if not listed else 'not all strings'}.",
            allowed=_ANSWERS[kind],
        )
    return dict.fromkeys(listed)

"""The design of a saved network for R: a rewritten formula, and what R needs besides, all of it checked.

R's formulas may call more than Python's, so a formula that Python cannot compute is valid. One that it can is
read as Python reads it, with every check.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tidydl.design import Design, Formula
from tidydl.design.deparse import written, written_for_r
from tidydl.design.r_formulas import formula_of_r, parse_r, remembered
from tidydl.design.r_functions import CONSTANTS
from tidydl.design.syntax import Name, Node, walk
from tidydl.errors import FormulaError
from tidydl.networks.saved.design import coded_design, design_of, levels_of, named_contrasts, variables_of
from tidydl.networks.saved.parts import Part
from tidydl.networks.saved.r_memory import memory_for_r


@dataclass(frozen=True)
class DesignForR(Design):
    """A design for R as plain data."""

    for_r: dict[str, Any] = field(default_factory=dict)


def design_for_r(part: Part, inputs: int) -> DesignForR:
    """Read a design with a given number of inputs for R."""
    if part.is_null("formula"):
        columns = design_of(part, inputs).columns
        return DesignForR(columns, for_r={"columns": texts_for_r(columns), "formula": None})
    node, formula = _formula(part.text("formula"))
    reads = {*part.texts("reads", distinct=True), *CONSTANTS}
    if any(each.name not in reads for each in walk(node) if isinstance(each, Name)):
        raise part.fault("'design$reads' lacks a column of the formula")
    variables = variables_of(part, formula, _key)
    design = coded_design(part, formula, variables, inputs)
    widths = {text: _width(each) for text, each in variables.items()}
    memory = memory_for_r(part, formula, widths)
    with contextlib.suppress(FormulaError):
        design_of(part, inputs)
    return DesignForR(
        design.columns,
        formula,
        design.codings,
        design.widths,
        for_r={
            "columns": texts_for_r(design.columns),
            "formula": written_for_r(node),
            "variables": [_variable(each) for each in variables.values()],
            "memory": memory,
        },
    )


@remembered
def _formula(text: str) -> tuple[Node, Formula]:
    node = parse_r(text)
    return node, formula_of_r(node)


@remembered
def _key(text: str) -> str:
    return written(parse_r(text))


def texts_for_r(values: Sequence[str]) -> Any:
    """Return texts as a vector in R, even if there is only one."""
    return pd.Series(list(values), dtype="str")


def _width(part: Part) -> int | None:
    """Return the number of columns of a numeric variable, by its class."""
    if part.is_null("class"):
        return None
    class_name = part.text("class")
    return int(class_name.removeprefix("nmatrix.")) if class_name.startswith("nmatrix.") else 1


def _variable(part: Part) -> dict[str, Any]:
    levels = None if part.is_null("levels") else levels_of(part)
    return {
        "name": written_for_r(parse_r(part.text("name"))),
        "class": None if part.is_null("class") else part.text("class"),
        "levels": None if levels is None else texts_for_r(levels),
        "contrasts": None if part.is_null("contrasts") else _contrasts(part),
    }


def _contrasts(part: Part) -> Any:
    """Read contrasts: a name, or a matrix with its row and column names, and a name if R built it."""
    if isinstance(part.raw("contrasts"), str):
        return part.text("contrasts")
    contrasts = part.part("contrasts")
    rows, width = contrasts.wholes("dim", 2)
    ends = [contrasts.texts(name) and contrasts.texts(name, n) for name, n in (("rows", rows), ("columns", width))]
    return {
        "name": None if contrasts.is_null("name") else named_contrasts(contrasts, "name", rows),
        "rows": texts_for_r(ends[0]) if ends[0] else None,
        "columns": texts_for_r(ends[1]) if ends[1] else None,
        "values": contrasts.matrix("values", rows, width),
    }

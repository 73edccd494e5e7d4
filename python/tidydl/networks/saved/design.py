"""The design of a saved network: its formula as text, and for each variable what new data need to become numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from tidydl.design import Design
from tidydl.design.contrasts import CONTRASTS, Coding
from tidydl.design.deparse import written
from tidydl.design.expressions import Expression, options_of, vet
from tidydl.design.formulas import Formula, parse_formula
from tidydl.design.limits import MOST_ORDERED_LEVELS
from tidydl.design.matrices import LOGICAL, number_of_columns
from tidydl.design.polynomials import Basis, polynomial_contrasts
from tidydl.design.syntax import Call, parse
from tidydl.errors import ColumnError, FormulaError
from tidydl.networks.saved.parts import Part, numbers_text

if TYPE_CHECKING:
    from tidydl.networks.record import NNet

MOST_LEVELS = 10_000  # of one factor: R codes it by a matrix of levels by levels

_CLASSES = re.compile(r"numeric|factor|ordered|character|logical|other|nmatrix\.[0-9]{1,6}")
_EXACT = 2**53  # doubles hold all smaller integers


def design_content(fit: NNet) -> dict[str, Any]:
    """Write the predictors and the response of a network."""
    design = fit.design
    if design.formula is None:
        return {"columns": list(design.columns), "formula": None, "reads": [], "variables": [], "memory": []}
    return {
        "columns": list(design.columns),
        "formula": design.formula.written,
        "reads": design.formula.columns,
        "variables": [_response(fit), *_variables(design, design.formula)],
        "memory": [_memory(call, kept) for call, kept in design.memory.items()],
    }


def _response(fit: NNet) -> dict[str, Any]:
    assert fit.design.formula is not None
    several = len(fit.design.formula.response) > 1
    numbers = f"nmatrix.{len(fit.output_names)}" if several else "numeric"
    return {"name": fit.design.formula.response_text, "class": numbers if fit.lev is None else "factor"}


def _variables(design: Design, formula: Formula) -> list[dict[str, Any]]:
    used = {factor.text for factor in formula.factors}
    offsets = [(offset.text, len(offset.parts)) for offset in formula.offsets]
    return [
        *(_variable(each, design) for each in formula.variables if each.text in used),
        *({"name": each.text, "class": None} for each in formula.variables if each.text not in used),
        *({"name": name, "class": "numeric" if width == 1 else f"nmatrix.{width}"} for name, width in offsets),
    ]


def _is_matrix(calls: Mapping[str, Any]) -> bool:
    """Return whether R has a matrix for such calls, if it has numbers at all."""
    functions = {call.function for call in calls.values()}
    return bool(functions & {"poly", "scale"}) and "as.numeric" not in functions


def _variable(variable: Expression, design: Design) -> dict[str, Any]:
    name = variable.text
    coding = design.codings.get(name)
    if coding is None:
        width = f"nmatrix.{design.widths.get(name, 1)}"
        return {"name": name, "class": width if _is_matrix(variable.calls) else "numeric"}
    if coding.levels == LOGICAL and not variable.is_factor:
        return {"name": name, "class": "logical", "contrasts": _contrasts(coding)}
    kind = "ordered" if coding.ordered else "factor"
    return {"name": name, "class": kind, "levels": list(coding.levels), "contrasts": _contrasts(coding)}


def _contrasts(coding: Coding) -> str | dict[str, Any]:
    """Write contrasts by name, with their numbers if another language might round them differently."""
    if coding.matrix is None and coding.contrasts != "contr.poly":
        return coding.contrasts
    matrix, ends = polynomial_contrasts(len(coding.levels)) if coding.matrix is None else (coding.matrix, coding.ends)
    numbered = ends == tuple(str(j + 1) for j in range(len(ends)))
    return {
        "name": coding.contrasts or None,
        "rows": list(coding.levels),
        "columns": [] if numbered else list(ends),
        "dim": [len(coding.levels), len(ends)],
        "values": numbers_text(matrix),
    }


def _memory(call: str, kept: Sequence[Any]) -> dict[str, Any]:
    """Write what a call keeps as the arguments that R passes to it for new data."""
    if all(isinstance(each, Basis) for each in kept):
        coefficients = [
            {
                "name": "",
                "list": [
                    {"name": "alpha", "numbers": numbers_text(basis.centres)},
                    {"name": "norm2", "numbers": numbers_text([1.0, *basis.squares])},
                ],
            }
            for basis in kept
        ]
        inside = coefficients[0]["list"] if len(kept) == 1 else coefficients
        return {"call": call, "arguments": [{"name": "coefs", "list": inside}]}
    if all(isinstance(each, str) for each in kept):
        return {"call": call, "arguments": [{"name": "levels", "texts": list(kept)}]}
    pairs = zip(("center", "scale"), kept, strict=True)
    return {"call": call, "arguments": [{"name": name, "numbers": numbers_text([value])} for name, value in pairs]}


def design_of(part: Part, inputs: int) -> Design:
    """Read a design with a given number of inputs."""
    columns = part.texts("columns")
    if part.is_null("formula"):
        if len(columns) not in (0, inputs):
            raise part.fault(f"'{part.place}$columns' has {len(columns)} values for {inputs}")
        return Design(columns)
    part.texts("columns", inputs)
    try:
        formula = parse_formula(part.text("formula"), part.texts("reads", distinct=True))
    except ColumnError as problem:
        raise part.fault("'design$reads' lacks a column of the formula") from problem
    variables = variables_of(part, formula, lambda text: written(parse(text)))
    return replace(coded_design(part, formula, variables, inputs), memory=_memory_of(part, formula))


def coded_design(part: Part, formula: Formula, variables: Mapping[str, Part], inputs: int) -> Design:
    """Read how the variables of a formula are coded as inputs."""
    codings, widths = {}, {}
    for factor in formula.factors:
        about = variables[factor.text]
        kind = about.text("class")
        if kind.startswith("nmatrix.") and kind != "nmatrix.1":
            widths[factor.text] = int(kind.removeprefix("nmatrix."))
        if kind == "logical" or not about.is_null("levels"):
            codings[factor.text] = _coding(about, kind)
    if number_of_columns(formula, codings, widths) != inputs:
        raise part.fault("'design$formula' has another number of inputs")
    return Design(part.texts("columns", inputs), formula, codings, widths)


def variables_of(part: Part, formula: Formula, key: Callable[[str], str]) -> dict[str, Part]:
    """Find the entries of a formula's variables and of ``(weights)``; ``key`` is how a variable is written."""
    parts = {}
    for each in part.parts("variables"):
        _check_variable(each)
        try:
            parts[key(each.text("name"))] = each
        except FormulaError:  # it is not in the formula
            continue
    variables = {}
    texts = [each.text for each in formula.variables] + [each.text for each in formula.offsets]
    for text in (formula.response_text, *texts):
        if text not in parts:
            raise part.fault(f"'{part.place}$variables' lacks '{text}'")
        variables[text] = parts[text]
    return {**variables, **{name: parts[name] for name in ("(weights)",) if name in parts}}


def _check_variable(part: Part) -> None:
    """Refuse a variable whose class, levels or contrasts one of the languages could not read."""
    if not part.is_null("class") and not _CLASSES.fullmatch(part.text("class")):
        raise part.fault(f"'{part.place}$class' is not known")
    if not part.is_null("levels"):
        levels_of(part)
    if part.is_null("contrasts") or isinstance(part.raw("contrasts"), str):
        return
    contrasts = part.part("contrasts")
    rows, _ = contrasts.wholes("dim", 2)
    if contrasts.texts("rows"):
        contrasts.texts("rows", rows)


def _coding(part: Part, kind: str) -> Coding:
    levels = LOGICAL if kind == "logical" else levels_of(part)
    ordered = kind == "ordered"
    if part.is_null("contrasts") or isinstance(part.raw("contrasts"), str):
        name = "contr.treatment" if part.is_null("contrasts") else named_contrasts(part, "contrasts", len(levels))
        return Coding(levels, name, ordered=ordered)
    contrasts = part.part("contrasts")
    rows, width = _contrasts_dim(part, contrasts, len(levels))
    matrix = tuple(map(tuple, contrasts.matrix("values", rows, width).tolist()))
    names = contrasts.texts("columns")
    ends = contrasts.texts("columns", width) if names else tuple(str(j + 1) for j in range(width))
    name = "" if contrasts.is_null("name") else named_contrasts(contrasts, "name", rows)
    if name == "contr.poly":
        own, ends = polynomial_contrasts(rows)
        if len(ends) != width:
            raise part.fault(f"'{part.place}$contrasts' does not fit the levels")
        if matrix == tuple(map(tuple, own.tolist())):
            return Coding(levels, name, ordered=ordered)
    return Coding(levels, name, matrix, ends, ordered)


def levels_of(part: Part) -> tuple[str, ...]:
    """Read the levels of a factor, of which there may be no more than a matrix of contrasts can hold."""
    levels = part.texts("levels", distinct=True)
    if len(levels) > MOST_LEVELS:
        raise part.fault(f"'{part.place}$levels' has {len(levels):,} values, and at most {MOST_LEVELS:,} are read")
    return levels


def named_contrasts(part: Part, name: str, levels: int) -> str:
    """Read the name of contrasts."""
    contrasts = part.choice(name, CONTRASTS)
    if contrasts == "contr.poly" and levels > MOST_ORDERED_LEVELS:
        problem = f"'{part.place}${name}' is contr.poly for {levels:,} levels, which has at most {MOST_ORDERED_LEVELS}"
        raise part.fault(problem)
    return contrasts


def _contrasts_dim(part: Part, contrasts: Part, levels: int) -> tuple[int, int]:
    """Read the rows and columns of a matrix of contrasts."""
    rows, width = contrasts.wholes("dim", 2)
    if rows != levels or not 0 <= width <= levels:
        raise part.fault(f"'{part.place}$contrasts' does not fit the levels")
    return rows, width


def _memory_of(part: Part, formula: Formula) -> dict[str, Any]:
    """Read what calls keep."""
    parts = [*formula.response, *formula.variables, *formula.offset_parts]
    calls = {text: call for each in parts for text, call in each.calls.items()}
    memory: dict[str, Any] = {}
    for noted in part.parts("memory"):
        text = vet(noted.text("call")).text
        arguments = {each.text("name"): each for each in noted.parts("arguments")}
        if len(arguments) < noted.length("arguments"):
            raise noted.fault(f"'{noted.place}$arguments' does not fit '{text}'")
        if text in calls and arguments:
            memory[text] = _kept(calls[text], arguments, noted)
    for factor in formula.factors:
        if isinstance(factor.node, Call) and _keeps(factor.node) and factor.text not in memory:
            raise part.fault(f"'{part.place}$memory' lacks '{factor.text}'")
    return memory


def _keeps(call: Call) -> bool:
    return call.function == "scale" or (call.function == "poly" and not options_of(call)[1].get("raw"))


def _kept(call: Call, arguments: Mapping[str, Part], part: Part) -> Any:
    variables, options = options_of(call)
    if call.function == "poly" and "coefs" in arguments:
        inside = arguments["coefs"].parts("list")
        several = [each.parts("list") for each in inside] if variables > 1 else [inside]
        bases = tuple(_basis({each.text("name"): each for each in one}, part) for one in several)
        is_finite = all(map(math.isfinite, (each for basis in bases for each in (*basis.centres, *basis.squares))))
        # by the squares predict() divides
        is_finite = is_finite and all(each > 0 for basis in bases for each in basis.squares)
        degree = options.get("degree", 1)
        if is_finite and len(bases) == variables and all(len(basis.centres) == degree for basis in bases):
            return bases
    elif call.function == "scale":
        pairs = (("center", 0.0), ("scale", 1.0))
        numbers = tuple(_number(arguments.get(name), options.get(name), without, part) for name, without in pairs)
        if all(map(math.isfinite, numbers)) and numbers[1] != 0:
            return numbers
    elif call.function == "as.numeric" and "levels" in arguments:
        return arguments["levels"].texts("texts")
    raise part.fault(f"'{part.place}$arguments' does not fit '{written(call)}'")


def _basis(coefficients: Mapping[str, Part], part: Part) -> Basis:
    if not {"alpha", "norm2"} <= set(coefficients):
        raise part.fault(f"'{part.place}$arguments' lacks a polynomial's coefficients")
    centres = coefficients["alpha"].numbers("numbers")
    squares = coefficients["norm2"].numbers("numbers", len(centres) + 2)[1:]
    return Basis(tuple(centres.tolist()), tuple(squares.tolist()))


def _number(stored: Part | None, option: object, without: float, part: Part) -> float:
    """Return a centre or a scale: the stored one, or that of the call if R stores none."""
    if stored is not None:
        return float(stored.numbers("numbers", 1)[0])
    if option is False:
        return without
    if isinstance(option, float):
        return option
    raise part.fault(f"'{part.place}$arguments' lacks a centre or a scale")


def index_content(index: pd.Index | None) -> dict[str, Any] | None:
    """Write row labels: whole numbers as numbers, all others as text."""
    if index is None:
        return None
    labels = index.tolist()
    if all(isinstance(label, int) and not isinstance(label, bool) and abs(label) < _EXACT for label in labels):
        return {"kind": "whole", "labels": labels}
    return {"kind": "text", "labels": [str(label) for label in labels]}


def index_of(part: Part, name: str, rows: int) -> pd.Index:
    """Read row labels; by default rows count from 0."""
    if part.is_null(name):
        return pd.RangeIndex(rows)
    labels = part.part(name)
    if labels.choice("kind", ("whole", "text")) == "text":
        return pd.Index(labels.texts("labels", rows))
    values = labels.wholes("labels", rows)
    return pd.RangeIndex(rows) if values == list(range(rows)) else pd.Index(values)

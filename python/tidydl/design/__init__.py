"""Formula or numbers to design: R's formula language, model frames and model matrices.

Columns have R's names and order: terms by degree, the first factor of an interaction varying fastest; a categorical
column is coded by contrasts where its margin is in the model, and by one column per level where it is not.
"""

from tidydl.design.formulas import Formula, parse_formula
from tidydl.design.frames import Design, ModelFrame, column_gone, design_matrix, design_offset, from_formula, used_rows
from tidydl.design.matrices import levels_not_seen
from tidydl.design.numbers import from_matrix
from tidydl.design.responses import Response, response_values
from tidydl.design.rows import same_index

__all__ = [
    "Design",
    "Formula",
    "ModelFrame",
    "Response",
    "column_gone",
    "design_matrix",
    "design_offset",
    "from_formula",
    "from_matrix",
    "levels_not_seen",
    "parse_formula",
    "response_values",
    "same_index",
    "used_rows",
]

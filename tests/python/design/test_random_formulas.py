"""Formulas drawn at random: R's columns, or one of our errors, and never anything else.

TIDYDL_CONFORMANCE=1000 compares that many with R's, TIDYDL_CONFORMANCE_SEED=21 others.
"""

import os
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.live_r import as_r, needs_r, run_r
from support.outcomes import answer
from tidydl.design import design_matrix, from_formula
from tidydl.errors import TidydlError

FORMULAS_OF_R = int(os.environ.get("TIDYDL_CONFORMANCE", "80"))
FIRST = int(os.environ.get("TIDYDL_CONFORMANCE_SEED", "20"))

FACTORS = [
    *("a", "b", "g", "h", "o", "l", "t", "f", "k", "`odd name`", "factor(f)", "log(a)", "I(a^2)", "I((a+b)*2/b)"),
    *("poly(f, 2)", "scale(a)", "I(a>0.5)", "sqrt(b)", "exp(a/3)", "I(b^-1.5)", "factor(b > 3)", "I(g == 'p')"),
    *("I(l & b > 2)", "as.numeric(g)", "ordered(t)", "relevel(g, ref='r')", "as.factor(f)", "log(b, 2)", "log1p(a)"),
    *(
        "poly(f, degree = 2, raw=TRUE)",
        "abs(`odd name`)",
        "I(-a)",
        "I(!l)",
        "I(b %in% c(1,3))",
        "is.na(b)",
        "poly(f, 1)",
    ),
    *(
        "I(a*1e5/1e5)",
        "offset(a)",
        "I(o >= 'm')",
        "factor(g, levels=c('r','q','p'))",
        "floor(a*3)",
        "scale(f, scale=FALSE)",
    ),
    *("as.character(g)", "ordered(g)", "factor(b)", "I(2 * (a + b))", "sign(`odd name`)", "tanh(a)", "0", "1", "."),
]
RESPONSES = ["y", "y", "log(y + 9)", "cbind(y, z)", "scale(y)", "I(y > 0)"]


def random_frame(rng, rows):
    data = pd.DataFrame(
        {
            "y": rng.normal(size=rows),
            "z": rng.normal(size=rows),
            "a": rng.normal(size=rows) ** 2,
            "b": rng.integers(1, 7, rows).astype(float),
            "g": pd.Categorical(rng.choice(list("pqr"), rows), categories=list("pqr")),
            "h": pd.Categorical(rng.choice(["lo", "mi", "hi"], rows), categories=["lo", "mi", "hi"]),
            "o": pd.Categorical(rng.choice(["s", "m", "l"], rows), categories=["s", "m", "l"], ordered=True),
            "l": rng.random(rows) < 0.5,
            "odd name": rng.normal(size=rows),
            "f": rng.integers(1, 4, rows) * 0.5,
            "t": rng.choice(["u", "v", "w"], rows),
            "k": pd.Categorical(rng.choice(["x", "y"], rows), categories=["x", "none", "y"]),
        }
    )
    for name in ["a", "b", "odd name", "g"]:
        data.loc[rng.integers(0, rows, 2), name] = np.nan
    return data


SHAPES = {
    "{} + {}": 0.25, "{}*{}": 0.1, "{}:{}": 0.2, "{} - {}": 0.08, "{}/{}": 0.04, "{} %in% {}": 0.04,
    "({} + {})^2": 0.05, "({} + {})**3L": 0.02, "({}) + ({} - 1)": 0.02, "({} + {}):(g + a)": 0.04,
    "({}\n + {}) %in% h": 0.02, "{} + -({})": 0.02, "-{} + {}": 0.02, "+{} + ({} - (b))": 0.02,
    "({} + l) / (f + {})": 0.03, "(({} - b):{}) + .": 0.02, "{} * offset(log(b)) + {}": 0.03,
}  # fmt: skip


def random_terms(rng, depth):
    if depth == 0 or rng.random() < 0.3:
        return FACTORS[min(int(rng.exponential(20)), len(FACTORS) - 1)]
    left, right = random_terms(rng, depth - 1), random_terms(rng, depth - 1)
    return rng.choice(list(SHAPES), p=list(SHAPES.values())).format(left, right)


R_FRAMES = """
options(warn = -1); Sys.setlocale("LC_COLLATE", "C"); out <- list()
known <- function(d) { d[] <- lapply(d, function(v) { v[is.na(v)] <- NA; v }); d }
made <- function(i, text) {
  m <- model.frame(as.formula(text), d)
  t <- terms(m)
  x <- model.matrix(t, m)
  if (ncol(x) > 1000) stop("too wide to write down")
  x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
  out[[paste0("x", i)]] <<- x
  out[[paste0("names", i)]] <<- as.character(colnames(x))
  out[[paste0("rows", i)]] <<- match(rownames(m), rownames(d))
  n <- model.frame(delete.response(t), new, xlev = .getXlevels(t, m))
  x <- model.matrix(delete.response(t), n)
  out[[paste0("new", i)]] <<- x[, colnames(x) != "(Intercept)", drop = FALSE]
}
"""


@needs_r
def test_random_formulas_give_rs_columns_to_the_last_bit():
    rng = np.random.default_rng(FIRST)
    data, new = random_frame(rng, 37), random_frame(rng, 21)
    formulas = [f"{rng.choice(RESPONSES)} ~ {random_terms(rng, int(rng.integers(1, 5)))}" for _ in range(FORMULAS_OF_R)]
    code, arrays = as_r(data)
    other, others = as_r(new)
    other = re.sub(r"\bc(\d+)\b", r"q\1", other).replace("d <-", "new <-")
    arrays |= {f"q{name[1:]}": values for name, values in others.items()}
    code = f"{R_FRAMES}{code}d <- known(d)\n{other}new <- known(new)\n"
    for i, formula in enumerate(formulas):
        code += f"try(made({i}, {formula!r}), silent = TRUE)\n"
    found = run_r(code, arrays)
    compared = [i for i in range(len(formulas)) if f"new{i}" in found]
    assert len(compared) > 0.7 * FORMULAS_OF_R
    for i in compared:
        about = formulas[i]
        frame = from_formula(about, data)
        names = found[f"names{i}"].splitlines()
        assert list(frame.design.columns) == names, about
        assert frame.rows.tolist() == (found[f"rows{i}"] - 1).tolist(), about
        rounded = [bool(re.search(r"poly|scale|(\bo|ordered\(.\))\.", name)) for name in names]
        largest = np.where(rounded, 1e-12, 0) * np.maximum(1, np.abs(found[f"x{i}"]).max(axis=0, initial=0))
        assert (np.abs(frame.x - found[f"x{i}"]) <= largest).all(), about
        if "ordered(t)" not in about and "factor(b" not in about:  # R makes these anew from the new data
            again, _ = design_matrix(frame.design, new)
            assert again.shape == found[f"new{i}"].shape, about
            assert (np.abs(again - found[f"new{i}"]) <= largest).all(), about


NAMES = ["y", "a", "b", "g", "h", "o", "l", "t", "f", "k", "odd name", "class", "1"]
CELLS = st.sampled_from([0.0, 1.0, -2.5, float("nan"), float("inf"), 1e300])
KINDS = st.sampled_from(["float", "Int64", "bool", "boolean", "category", "ordered", "text", "object", "date"])
WORDS = [
    *("y", "a", "`b b`", "g", "class", "é", "`1`", "nothing", ".", "0", "1", "2", "1e5", "'p'", "TRUE", "~", "`", "\\"),
    *(
        "+",
        "-",
        "*",
        "/",
        ":",
        "^",
        "%in%",
        "(",
        ")",
        ",",
        "=",
        "==",
        ">",
        "&",
        "|",
        "!",
        "&&",
        "[",
        "$",
        "{",
        "#",
        "\n",
    ),
    *("I(", "log(", "poly(", "scale(", "factor(", "offset(", "cbind(", "as.numeric(", "relevel(", "is.na(", "c(", "f("),
    *("degree = 2", "raw = TRUE", "ref = 'p'", "levels = c('p', 'q')", "^2", "I(a > 1)", "poly(a, 2)", "log(a)"),
]


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 8))
    gone = draw(st.sampled_from([None, None, None, *NAMES]))
    cells = st.lists(CELLS, min_size=rows, max_size=rows)
    return pd.DataFrame({name: column(draw(KINDS), draw(cells)) for name in NAMES if name != gone})


def column(kind, cells):
    labels = pd.Series([None if np.isnan(cell) else "pqr"[int(cell > 0) + (cell > 1)] for cell in cells], dtype=object)
    if kind == "date":
        return pd.Series(pd.Timestamp("2024-01-01"), index=range(len(cells)))
    if kind in ("category", "ordered"):
        return pd.Categorical(labels, categories=list("pqr"), ordered=kind == "ordered")
    if kind == "text":
        return labels.astype("str")
    if kind == "object":
        return labels.where(labels != "p", 3)
    if kind in ("bool", "boolean"):
        truth = pd.Series([None if np.isnan(cell) else cell > 0 for cell in cells], dtype="boolean")
        return truth if kind == "boolean" else truth.fillna(False).astype(bool)
    numbers = pd.Series(cells, dtype=float)
    return numbers.where(numbers.abs() < 9).round().astype("Int64") if kind == "Int64" else numbers


PLAIN = st.lists(st.sampled_from([*FACTORS, "y", "class"]), min_size=1, max_size=3).map(" + ".join)
FORMULAS = st.one_of(
    st.tuples(st.sampled_from(["y", "g", "log(a)", "cbind(y, a)"]), PLAIN).map(" ~ ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map(lambda words: "y ~ " + " ".join(words)),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.text(max_size=12),
)
SUBSETS = st.one_of(st.none(), st.none(), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))


def test_any_formula_and_any_frame_meet_an_answer_or_one_of_our_errors():
    met = []

    @settings(
        max_examples=200,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(data=frames(), formula=FORMULAS, subset=SUBSETS, new=frames())
    def check(data, formula, subset, new):
        frame = answer(from_formula, formula, data, subset=subset)
        met.append(type(frame).__name__)
        if isinstance(frame, TidydlError):
            assert frame.problem.startswith("`")
            assert frame.allowed
            return
        assert frame.x.shape == (len(frame.rows), len(frame.design.columns))
        assert len(frame.response.values) == len(frame.rows)
        again, complete = design_matrix(frame.design, data.iloc[frame.rows])
        assert complete.all()
        np.testing.assert_array_equal(again, frame.x)
        predicted = answer(design_matrix, frame.design, new)
        met.append(type(predicted).__name__)

    check()
    assert met.count("ModelFrame") > 10
    assert {"tuple", "FormulaError", "ColumnError", "DataError"} <= set(met)


@pytest.mark.parametrize("formula", ["y ~ a", "y ~ poly(a, 2)", "y ~ g * log(a)"])
def test_a_frame_without_rows_is_refused(formula):
    with pytest.raises(TidydlError, match="`data` has no rows"):
        from_formula(formula, random_frame(np.random.default_rng(1), 5).iloc[:0])

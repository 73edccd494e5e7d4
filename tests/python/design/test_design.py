import numpy as np
import pandas as pd
import pytest

from support.live_r import as_r, needs_r, run_r
from support.seeded_frames import survey
from tidydl.design import design_matrix, from_formula
from tidydl.errors import ArgumentError, ColumnError, DataError, FormulaError, TidydlError

FORMULAS = [
    "y ~ a + b",
    "y ~ .",
    "y ~ . - b",
    "y ~ 0 + g + a",
    "y ~ g:f2",
    "y ~ g * f2",
    "y ~ a * g",
    "y ~ a:g",
    "y ~ g:a - 1",
    "y ~ 0 + a:g + f2",
    "y ~ I(a^2) + I((a + b) * 2/b) + log(a) + exp(b) + sqrt(a) + I(a^1.5)",
    "y ~ factor(f) * a",
    "y ~ `odd name`:g + l",
    "y ~ 0 + l",
    "y ~ (a + g + l)^3",
    "y ~ t + l:t",
    "log(a) ~ b:g + g",
    "y ~ I(-a^2) + I(a - (b - 1)) + I(1/a)",
    "y ~ a + b:g:f2",
    "y ~ 0 + factor(f) + g",
    "y ~ b:a + a",
    "y ~ g - g + b:g",
    "y ~ (a + b - 1)",
    "y ~ 0 + a + 1",
    "y ~ -1 + a",
    "y ~ a %in% g",
    "y ~ a * b %in% g",
    "y ~ (a + g) %in% (b + l)",
    "y ~ (a + b)/g",
    "y ~ (a + b + g)^2 - a:b",
    "y ~ g * a - g",
    "y ~ a:g + g:f2",
    "y ~ .:l",
    "y ~ 1",
    "y ~ 1 * a + b",
    "log(a) ~ .",
    "cbind(y, b) ~ .",
    "I(y > 0) ~ . - f",
    "y ~ I((a * b) + b) + I(((a))) + I(a * 100000) + I(a^-2) + I(-a) + log(a, 2) + log(a, base = 3)",
    "y ~ log1p(a) + expm1(b) + log2(a) + log10(b) + tan(a) + floor(a) + sign(`odd name`)",
    "y ~ I(a > 0.5 & b < 2 | !l) + factor(b > 1) + I(g %in% c('p', \"q\")):b + I(f2 != 'mi') + is.na(a)",
    "y ~ as.factor(f) + as.numeric(g) + as.numeric(l) + as.character(g):a + relevel(g, ref = 'q')",
    "y ~ factor(f * 2) + factor(g, levels = c('r', 'q', 'p'))",
    "y ~ I(a * TRUE) + I(l + 1) + I(l)",
    "y ~ I(a * 2L) + log(b, 10L) + factor(f, levels = c(3L, 2L, 1L)) + I(f %in% c(1L, 0x3)) + I(a < Inf):b",
    "y ~ (a # a note\n + b):I(g == '\\x70' | g != r\"(q)\") + 'log'(a)",
]


def r_matrices(data, formulas):
    code, arrays = as_r(data)
    for i, formula in enumerate(formulas):
        code += (
            f"m <- model.frame({formula}, d); x <- model.matrix(terms(m), m)\n"
            "x <- x[, colnames(x) != '(Intercept)', drop = FALSE]\n"
            f"out$x{i} <- x; out$n{i} <- as.character(colnames(x))\n"
        )
    return run_r("out <- list()\n" + code, arrays)


@needs_r
def test_design_matrices_equal_r_to_the_last_bit_in_values_names_and_order():
    data = survey()
    found = r_matrices(data, FORMULAS)
    for i, formula in enumerate(FORMULAS):
        frame = from_formula(formula, data)
        design, x = frame.design, frame.x
        assert list(design.columns) == found[f"n{i}"].splitlines(), formula
        assert np.array_equal(x, found[f"x{i}"]), formula


@needs_r
def test_polynomials_and_scales_equal_r_to_a_trillionth_for_new_data_too():
    data = survey().assign(o=lambda d: d["f2"].cat.as_ordered())
    formulas = [
        "y ~ o",
        "y ~ b:o",
        "y ~ ordered(f) + ordered(g)",
        "y ~ poly(b, 2)",
        "y ~ poly(b, 1) + poly(b, degree = 5):g",
        "y ~ poly(log(b), 3)",
        "y ~ poly(b, 2, raw = TRUE) * l",
        "y ~ poly(b, `odd name`, degree = 2)",
        "y ~ scale(b) + scale(a)",
        "y ~ poly(b, 2L) + scale(f, center = 1L, 'scale' = 2L)",
        "y ~ scale(b, scale = FALSE) + scale(b, center = FALSE) + scale(f, center = 1, scale = 2)",
    ]
    code, arrays = as_r(data)
    for i, formula in enumerate(formulas):
        code += (
            f"m <- model.frame({formula}, d); t <- delete.response(terms(m))\n"
            "p <- model.matrix(t, m)[, -1, drop = FALSE]\n"
            "n <- model.matrix(t, model.frame(t, d[5:9, ], xlev = .getXlevels(t, m)))[, -1, drop = FALSE]\n"
            f"out$x{i} <- p; out$n{i} <- colnames(p); out$new{i} <- n\n"
        )
    found = run_r("out <- list()\n" + code, arrays)
    for i, formula in enumerate(formulas):
        frame = from_formula(formula, data)
        assert list(frame.design.columns) == found[f"n{i}"].splitlines()
        np.testing.assert_allclose(frame.x, found[f"x{i}"], rtol=0, atol=1e-12, err_msg=formula)
        new, _ = design_matrix(frame.design, data.iloc[4:9])
        np.testing.assert_allclose(new, found[f"new{i}"], rtol=0, atol=1e-12, err_msg=formula)
        again, complete = design_matrix(frame.design, data)
        assert np.array_equal(again, frame.x)
        assert np.array_equal(np.flatnonzero(complete), frame.rows)


CODINGS = [
    ("y ~ g + f2", {"g": "contr.sum"}, "list(g = 'contr.sum')"),
    ("y ~ g * f2", {"g": "contr.helmert", "f2": "contr.SAS"}, "list(g = 'contr.helmert', f2 = 'contr.SAS')"),
    ("y ~ o", {"o": "contr.treatment"}, "list(o = 'contr.treatment')"),
    ("y ~ 0 + g + f2", {"g": "contr.sum", "f2": "contr.sum"}, "list(g = 'contr.sum', f2 = 'contr.sum')"),
    (
        "y ~ factor(f) + l + t",
        {"factor(f)": "contr.sum", "l": "contr.sum"},
        "list('factor(f)' = 'contr.sum', l = 'contr.sum')",
    ),
    ("y ~ g:a + g", {"g": [[1], [0], [-1]]}, "list(g = matrix(c(1, 0, -1), 3))"),
    (
        "y ~ g",
        {"g": pd.DataFrame({"low": [1, 0, 2], "high": [0, 3, 1]})},
        "list(g = cbind(low = c(1, 0, 2), high = c(0, 3, 1)))",
    ),
    ("y ~ `odd group`", {"odd group": "contr.sum"}, "list('odd group' = 'contr.sum')"),
    ("y ~ g", {"g": "contr.poly"}, "list(g = 'contr.poly')"),
]


@needs_r
def test_contrasts_have_rs_names_and_values():
    data = survey().assign(o=lambda d: d["f2"].cat.as_ordered()).assign(**{"odd group": lambda d: d["g"]})
    code, arrays = as_r(data)
    for i, (formula, _, contrasts) in enumerate(CODINGS):
        code += (
            f"m <- model.frame({formula}, d); x <- model.matrix(terms(m), m, {contrasts})\n"
            "x <- x[, colnames(x) != '(Intercept)', drop = FALSE]\n"
            f"out$x{i} <- x; out$n{i} <- colnames(x)\n"
        )
    found = run_r("out <- list()\n" + code, arrays)
    for i, (formula, contrasts, _) in enumerate(CODINGS):
        frame = from_formula(formula, data, contrasts=contrasts)
        assert list(frame.design.columns) == found[f"n{i}"].splitlines()
        exact = frame.design.codings.get("g") is None or frame.design.codings["g"].contrasts != "contr.poly"
        np.testing.assert_allclose(frame.x, found[f"x{i}"], rtol=0, atol=0 if exact else 1e-12)
        assert np.array_equal(design_matrix(frame.design, data)[0], frame.x)


@pytest.mark.parametrize(
    ("contrasts", "says"),
    [
        ({"h": "contr.sum"}, "'h' is not known(.|\n)*'g', 'l'"),
        ({"a": "contr.sum"}, "'a', which is not categorical(.|\n)*factor\\(a\\)"),
        ({"g": "contr.summ"}, "Did you mean 'contr.sum'"),
        ({"g": [[1], [2]]}, "a matrix of 2 rows, and there are 3 levels"),
        ({"g": [1, 0, -1]}, "neither a name nor a matrix"),
        ({"g": [[np.nan], [1], [2]]}, "neither a name nor a matrix"),
        ({"g": pd.DataFrame({"low": [1, 0, 2]}, index=list("rqp"))}, "another order"),
        ("contr.sum", "`contrasts` is 'contr.sum'"),
    ],
)
def test_wrong_contrasts_are_refused(contrasts, says):
    with pytest.raises(ArgumentError, match=says):
        from_formula("y ~ g + a + l", survey(), contrasts=contrasts)


def test_incomplete_rows_are_left_out_and_told():
    frame = from_formula("y ~ a", survey())
    assert frame.complete.sum() == len(frame.x) == len(frame.response.values) == 39
    assert not frame.complete[3]
    assert frame.rows.tolist() == [row for row in range(40) if row != 3]


def test_new_data_gets_the_columns_of_the_fit():
    data = survey()
    frame = from_formula("y ~ g * log(a)", data)
    design, x, complete = frame.design, frame.x, frame.complete
    again, kept = design_matrix(design, data)
    assert np.array_equal(x, again)
    assert np.array_equal(complete, kept)
    one, _ = design_matrix(design, data.iloc[[0]].drop(columns="y"))
    assert np.array_equal(one, x[:1])
    none, _ = design_matrix(design, data.iloc[:0])
    assert none.shape == (0, x.shape[1])


def test_a_new_level_is_named_with_its_column():
    design = from_formula("y ~ g", survey()).design
    with pytest.raises(DataError, match=r"'g'.*: zz"):
        design_matrix(design, pd.DataFrame({"g": ["p", "zz"]}))


def test_a_missing_column_is_named_with_the_nearest():
    design = from_formula("y ~ b", survey()).design
    with pytest.raises(ColumnError, match="Did you mean 'B'"):
        design_matrix(design, pd.DataFrame({"B": [1.0]}))


def test_an_unknown_column_is_named_with_those_there_are():
    with pytest.raises(ColumnError, match=r"'aa'(.|\n)*'odd name'(.|\n)*Did you mean 'a'"):
        from_formula("y ~ aa", survey())


def test_a_factor_of_one_level_is_refused():
    with pytest.raises(DataError, match="'k' with only one level"):
        from_formula("y ~ k", survey().assign(k="same"))
    with pytest.raises(DataError, match="`k` has only one level"):
        from_formula("k ~ y", survey().assign(k="same"))


def test_no_complete_row_is_refused():
    with pytest.raises(DataError, match=r"no rows left.*40 before"):
        from_formula("y ~ a", survey().assign(a=np.nan))
    with pytest.raises(DataError, match="no rows"):
        from_formula("y ~ a", survey().iloc[:0])


def test_an_empty_level_of_the_response_is_left_out_with_a_warning():
    data = survey().assign(k=lambda d: pd.Categorical(d["t"], categories=["u", "none", "v"]))
    with pytest.warns(UserWarning, match="left out: none"):
        response = from_formula("k ~ a", data).response
    assert response.levels == ("u", "v")


@pytest.mark.parametrize(
    "formula",
    [
        "y",
        "y ~",
        "~ a",
        "y ~ foo(a)",
        "y ~ I(__import__('os').getcwd())",
        "y ~ I(a.__class__)",
        "y ~ {a.__class__}",
        "y ~ I([a for a in (1, 2)])",
        "y ~ I(a if b else a)",
        "y ~ I(lambda: a)",
        "y ~ log(a, b)",
        "y ~ I('text')",
        "y ~ (((",
        "y ~ a | b",
        "y ~ poly(a, 40)",
        "y ~ poly(g, 2)",
        "y ~ poly(a, 0)",
        "y ~ poly(a, 2, coefs = 1)",
        "y ~ I(poly(a, 2))",
        "y ~ bs(a)",
        "y ~ cut(a, 3)",
        "y ~ a > 3",
        "y ~ I(a > 1 > 2)",
        "y ~ I(a == 'x')",
        "y ~ I(g < 'q')",
        "y ~ I(a && b)",
        "y ~ I(a & b)",
        "y ~ I(.)",
        "y ~ offset()",
        "y ~ y:a",
        "y ~ a ~ b",
        "y ~ a^b",
        "y ~ a^-1",
        "y ~ ()",
        "y ~ I(" + "-" * 500 + "a)",
        "offset(y) ~ a",
        "cbind() ~ a",
        "poly(y, 2) ~ a",
        ". ~ a",
        "y ~ 2 * a",
        "y ~ I(g + 1)",
    ],
)
def test_a_formula_runs_nobodys_code(formula):
    with pytest.raises((FormulaError, ColumnError, DataError)):
        from_formula(formula, survey())


def test_awkward_columns_meet_an_answer_or_one_of_our_errors():
    data = survey().assign(when=pd.Timestamp("2024-01-01"), lists=[[1]] * 40)
    for formula in ["y ~ when", "y ~ lists", "lists ~ y", "when ~ a", "y ~ factor(when)"]:
        try:
            from_formula(formula, data)
        except TidydlError:
            continue
        assert formula == "y ~ factor(when)"


def test_columns_named_by_numbers_are_columns_and_no_intercepts():
    data = pd.DataFrame(np.random.default_rng(0).random((9, 3))).assign(y=1.5)
    assert from_formula("y ~ .", data).design.columns == ("`0`", "`1`", "`2`")
    frame = from_formula("y ~ `1` + I(`0`^2)", data)
    design, x = frame.design, frame.x
    assert design.columns == ("`1`", "I(`0`^2)")
    assert np.array_equal(x[:, 0], data[1])


def test_a_column_that_is_there_twice_is_refused_where_it_is_used():
    data = survey()
    twice = pd.concat([data, data[["b"]]], axis=1)
    with pytest.raises(ColumnError, match="several columns named 'b'"):
        from_formula("y ~ .", twice)
    assert from_formula("y ~ a", twice).design.columns == ("a",)


def test_complex_numbers_and_identifiers_are_refused():
    with pytest.raises(ColumnError, match="complex"):
        from_formula("y ~ z", survey().assign(z=1j))
    people = pd.DataFrame({"id": [str(i) for i in range(11_000)], "x": 1.0})
    with pytest.raises(DataError, match="identifier"):
        from_formula("id ~ x", people)


@pytest.mark.parametrize(("name", "what"), [("", "has no name"), (".", "also the name of a column")])
def test_a_dot_stands_for_columns_with_names_of_their_own(name, what):
    data = pd.DataFrame({"y": [1.0, 2.0, 3.0], name: [1.0, 2.0, 4.0]})
    with pytest.raises(FormulaError, match=what):
        from_formula("y ~ .", data)

"""Formulas, calls and what calls keep, as they cross to R: vetted, and written anew."""

import json
import re

import numpy as np
import pytest

from support import ROOT
from tidydl import example_data, multinom, nnet, save_model
from tidydl.design.deparse import written, written_for_r
from tidydl.design.functions import FUNCTIONS
from tidydl.design.r_formulas import formula_of_r, parse_r, vet_formula_of_r
from tidydl.design.r_functions import FUNCTIONS_OF_R
from tidydl.design.syntax import Name
from tidydl.errors import FormulaError
from tidydl.networks.saved import r_calls
from tidydl.networks.saved.crossing import load_for_r
from tidydl.networks.saved.r_calls import call_for_r

R = ROOT / "R"


def quoted_in(file, name):
    """Return the texts of a vector that a file of R's defines."""
    source = (R / file).read_text("utf-8")
    return re.findall(r'"([^"]*)"', re.search(rf"^{name} <- c\((.*?)\n?\)$", source, re.DOTALL | re.MULTILINE)[1])


def formals_in(file, name):
    """Return the arguments of a function that a file of R's defines, as far as ``...``."""
    source = (R / file).read_text("utf-8")
    inside = re.search(rf"^{re.escape(name)} <- function\((.*?), \.\.\.\) {{$", source, re.DOTALL | re.MULTILINE)[1]
    return tuple(each.split("=")[0].strip() for each in inside.split(","))


def test_r_lets_pass_what_is_vetted_here_and_nothing_else():
    fitting = {each.rpartition("::")[2] for each in r_calls._FITTING}
    assert set(quoted_in("loaded-networks.R", "known_functions")) == {
        *r_calls._FUNCTIONS,
        *r_calls.CONTRASTS,
        *fitting,
        "~",
    }
    assert [name for name in FUNCTIONS if name not in FUNCTIONS_OF_R] == []


def test_the_arguments_of_calls_are_those_that_r_matches():
    assert formals_in("nnet.R", "nnet.default") == r_calls._FORMALS["matrix"]
    assert formals_in("multinom.R", "multinom") == r_calls._FORMALS["multinom"]


@pytest.mark.parametrize(
    "text",
    [
        "y ~ x + splines::ns(z, df = 3L) + cut(x, c(-Inf, 0.30000000000000004, Inf))",
        'nnet(iris[, 1:2], d[["a"]], x$`my col`, !a & b | -2^3 > 1, stats::na.omit)',
        "y ~ `my col`:`größe` + I(x%/%2%%3) - (a + b)^2",
        'factor(x, levels = c("a\\"b\\\\", "it\'s\\n", "é\\u0001\\u0080"))',
        "f(x[[1]][, 2L, drop = FALSE], `a b` = -y$z$`my col`[-1], True)",
        "c(NULL, NA, TRUE, NaN, 31L, 1e-300)",
    ],
)
def test_an_expression_is_written_as_it_was_read(text):
    assert written_for_r(parse_r(text)) == text
    assert parse_r(written_for_r(parse_r(text))) == parse_r(text)


def test_what_r_writes_alike_has_one_key():
    assert written(parse_r("I( x*0.30000000000000004 )")) == written(parse_r("I(x * 0.3)")) == "I(x * 0.3)"
    assert written(parse_r("poly(x, 2L)")) != written(parse_r("poly(x, 2)"))


@pytest.mark.parametrize(
    "text",
    [
        "x <- 1",
        "x -> y",
        "{x}",
        "x$1",
        "x[1",
        "x[[1]",
        "x$y()",
        "a::if",
        "f(x)(y)",
        "if (a) b",
        "function(x) x",
        "x; y",
        "x@y",
        "a b",
    ],
)
def test_what_no_formula_and_no_call_holds_is_not_read(text):
    with pytest.raises(FormulaError):
        parse_r(text)


def test_numbers_in_other_notations_are_written_for_r_by_their_value():
    given = "c(0x1FL, 0x10, 1E5, 0.1000000000000000055, 3e0L)"
    assert written_for_r(parse_r(given)) == "c(31L, 16, 1e+05, 0.1, 3L)"


def test_letters_of_texts_are_read_as_r_reads_them_and_written_in_one_notation():
    assert parse_r(r"'\101\x42\a\''").value == "AB\a'"
    assert parse_r(r"'\u0043\u{44}\U00000045'").value == "CDE"
    assert written_for_r(parse_r("'a\x01\x85b'")) == r'"a\u0001\u0085b"'
    for text in (r"'\0'", r"'\ud800'", r"'\U00110000'"):
        with pytest.raises(FormulaError, match="is not a valid character there"):
            parse_r(text)


def test_what_may_not_be_called_is_named_with_the_nearest_function():
    for text, hint in (
        ("lgo(x)", "Did you mean 'log'?"),
        ("log(system(x))", "Make the column in the data frame first."),
        ("I(x && y)", "Make the column in the data frame first."),
        ("I(x)[1]", "Make the column in the data frame first."),
        ("I(x)$y", "Make the column in the data frame first."),
        ("I(base::x)", "Make the column in the data frame first."),
    ):
        with pytest.raises(FormulaError, match=r"calls '(lgo|system|&&|\[|\$|::)\(\)'") as caught:
            vet_formula_of_r(parse_r(f"y ~ {text}"))
        assert caught.value.hint == hint


def test_terms_are_those_of_r():
    formula = formula_of_r(parse_r("cbind(a, b) ~ 0 + x %% 2 + splines::ns(z, 3):g - w + offset(o) + (u + v)^2"))
    assert [[factor.text for factor in term] for term in formula.terms] == [
        ["x%%2"],
        ["u"],
        ["v"],
        ["splines::ns(z, 3)", "g"],
        ["u", "v"],
    ]
    assert not formula.intercept
    assert [each.text for each in formula.offsets] == ["offset(o)"]
    assert formula.columns == ["a", "b", "x", "u", "v", "z", "g", "w", "o"]


def test_a_sign_in_front_of_a_term_takes_it_out_as_in_r():
    formula = formula_of_r(parse_r("y ~ -1 - x + +z + (w - -v)"))
    assert [[factor.text for factor in term] for term in formula.terms] == [["z"], ["w"]]
    assert not formula.intercept


MANY = [f"x{i}" for i in range(24)]
LARGE = [
    f"y ~ ({' + '.join(MANY)})^24",
    f"y ~ {' * '.join(MANY)}",
    "y ~ (.)^20",
    "y ~ poly(x, 1000000)",
    "y ~ poly(x, 10^6)",
    "y ~ poly(x, deg = 1e308)",
    "y ~ poly(x, pi * 10^6)",
    "y ~ poly(x, c(1e6))",
    "y ~ poly(x, degree = z * 10)",
    "y ~ poly(x, 50 + 51)",
    "y ~ poly(x, -5)",
    "y ~ poly(x, NaN)",
    "y ~ poly(a, b, c, d, e, f, g, degree = 9)",
    "y ~ poly(cbind(a, b, c, d, e, f), 20)",
    "y ~ splines::ns(x, df = 1e9)",
    "y ~ splines::ns(x, 10^9)",
    "y ~ bs(x, d = 1e5)",
    "y ~ cut(x, 1e6)",
    "y ~ cut(x, 10^6)",
    "y ~ cut(x, c(1e6, NULL))",
    "y ~ cut(x, round(exp(14)))",
    "y ~ I(1:1e9)",
    "y ~ I(x + 1:10^9)",
    "y ~ c(x, 1:(1e9))",
    "y ~ factor(g, levels = 1:1e9)",
    "y ~ interaction(g, g, g, g, g)",
    "y ~ interaction(interaction(g, g), interaction(g, g))",
    f"y ~ {' + '.join(f'x{i}' for i in range(6000))}",
    f"y ~ {'x:' * 2000}x",
    f"y ~ `{'a' * 10**6}`",
]


@pytest.mark.parametrize("text", LARGE, ids=lambda text: text[:24])
def test_a_formula_of_r_that_grows_beyond_the_limits_is_refused_before_anything_is_made(text):
    with pytest.raises(FormulaError) as caught:
        vet_formula_of_r(parse_r(text))
    assert "At most" in caught.value.allowed


DEEPEST = [
    *[("%s$a", 99), ("%s[1]", 98), ("%s[[1]]", 98), ("x[1, %s]", 49)],
    *[("log(%s)", 99), ("(%s)", 99), ("-%s", 99), ("x^%s", 99), ("f(1, %s)", 99)],
]


@pytest.mark.parametrize(("nest", "most"), DEEPEST)
def test_an_expression_may_be_nested_so_far(nest, most):
    before, _, behind = nest.partition("%s")
    deepest = before * most + "x" + behind * most
    assert written_for_r(parse_r(deepest)) == deepest
    with pytest.raises(FormulaError, match="nested too deeply"):
        parse_r(before + deepest + behind)


def test_parts_in_a_row_count_together_where_one_row_is_inside_another():
    row = ":".join(["x"] * 300)
    vet_formula_of_r(parse_r(f"y ~ {row}:({row})"))
    for text in (f"x:({row}):{row}", f"({row}):{row}"):
        with pytest.raises(FormulaError, match="too many parts in a row"):
            vet_formula_of_r(parse_r(f"y ~ {text}"))


@pytest.mark.parametrize(
    "text", ["y ~ x^1e308", "y ~ " + "-" * 5000 + "x", "(" * 100_000, "y ~ " + "log(" * 200 + "x" + ")" * 200]
)
def test_a_formula_of_r_that_is_none_is_refused(text):
    with pytest.raises(FormulaError):
        vet_formula_of_r(parse_r(text))


@pytest.mark.parametrize(
    "text",
    [
        "y ~ poly(x, 3)",
        "y ~ poly(x, 100)",
        "y ~ poly(x, log(z), degree = 2)",
        "y ~ splines::bs(x, knots = c(1e6, 2e6))",
        "y ~ cut(x, c(-Inf, 0, 10^4, Inf))",
        "y ~ cut(x, 3, labels = c('a', 'b', 'c'))",
        "y ~ interaction(a, b)",
        "y ~ (a + b + c)^2 - a:b",
        "y ~ I(x^1e308)",
        "y ~ relevel(g, ref = 'a')",
        "y ~ `my col`:log(`other col`)",
        "cbind(a, b) ~ 0 + g + offset(cbind(a, b))",
        "y ~ x %in% c('a', 'b')",
        f"y ~ {' + '.join(f'x{i}' for i in range(500))}",
    ],
    ids=lambda text: text[:24],
)
def test_a_formula_of_r_in_reason_passes(text):
    assert formula_of_r(parse_r(text)).columns


@pytest.mark.parametrize("name", ["..1", "...", "a`b", "a\\b", "a\nb"])
def test_a_name_that_r_could_not_read_again_is_refused(name):
    with pytest.raises(FormulaError):
        formula_of_r(parse_r(f"y ~ {written_for_r(Name(name))}"))
    with pytest.raises(FormulaError):
        formula_of_r(parse_r(f"y ~ poly(x, {written_for_r(Name(name))} = 2)"))


KEPT = [
    "nnet(y ~ x, d, decay = 1:10/100)",
    "nnet(y ~ x, d, decay = -1:10/100)",
    "nnet(y ~ x, d, mask = rep(c(TRUE, FALSE), 5))",
    "nnet(iris[, 1:2], class.ind(iris$Species))",
    "nnet(y ~ x, d, contrasts = list(g = stats::contr.helmert(3)))",
    'multinom(formula = f, data = d, contrasts = list(g = "contr.sum"))',
    'nnet("y ~ x + g", d)',
    "nnet(y ~ x, d, weights = w, subset = x > 0, na.action = stats::na.exclude)",
    'tidydl::nnet(y ~ x, d, device = "cuda:0", na.action = "omit")',
]


@pytest.mark.parametrize("text", KEPT)
def test_a_call_keeps_what_it_can_make_in_reason(text):
    assert call_for_r(text).text == text


@pytest.mark.parametrize(
    "given",
    [
        "rep(1, 1e12)",
        "rep(rep(rep(1, 1000), 1000), 1000)",
        "seq(0, 1, by = 1e-9)",
        "seq_len(1e10)",
        "1:1e10",
        "-1e10:1",
        "rep(1, times = c(1e9))",
        "y ~ (a + b + c + d + e + f + g + h + i + j + k + l + m + n + o)^15",
        "system('x')",
        "c('y ~ f', '(x)')",
        "(function(x) x)(3)",
        "'system(1)'",
    ],
)
def test_what_else_a_call_gives_is_shown_by_a_name(given):
    assert call_for_r(f"nnet(y ~ x, d, Wts = {given})").text == f"nnet(y ~ x, d, Wts = `{given}`)"


def test_arguments_that_name_functions_are_names_that_are_known():
    for given in ("NaN", "'bar'", "stats::bar", "base::list", "list(base::c)", "list(g = contr.sum(1001))"):
        assert call_for_r(f"nnet(y, contrasts = {given})").text.endswith("`)")
    for given in ("NULL", "stats::contr.sum", 'list(g = "contr.sum", h = contr.sum(1000, TRUE))'):
        assert call_for_r(f"nnet(y, contrasts = {given})").text == f"nnet(y, contrasts = {given})"
    assert call_for_r("nnet(y, na.action = base::na.omit)").text.endswith("`)")
    assert call_for_r("nnet(y, contrasts = list(g = contr.helmert(50000)))").text.endswith("`)")
    assert call_for_r("nnet(y, na.action = foo, contrasts = bar)").text == (
        "nnet(y, na.action = `(foo)`, contrasts = `(bar)`)"
    )


@pytest.mark.parametrize(
    "text", ["system('x')", "nnet", "", "nnet(a)(b)", "nnet(a, b))", "nnet(a", "`nnet`(a)", "base::nnet(a)"]
)
def test_a_call_of_another_function_is_none(text):
    assert call_for_r(text) is None


@pytest.mark.parametrize("form", ["nnet(y ~ x, d, size = %s)", "nnet(y ~ x, d, siz = %s)", "nnet(y, d, w, %s)"])
@pytest.mark.parametrize("given", ["1e9", "NA_real_", "k", "length(1:2)"])
def test_a_call_gives_the_size_of_the_network(form, given):
    assert call_for_r(form % given, 2) == (form % "2", given)
    assert call_for_r(form % "2L", 2) == (form % "2L", None)


@pytest.mark.parametrize("name", ["maxit", "MaxNWts", "rang", "repeats", "threads"])
def test_a_call_gives_no_number_beyond_reason(name):
    for value in ("1e12", "10^12", "Inf", "rep(1, 3)"):
        assert call_for_r(f"nnet(y ~ x, d, {name} = {value})").text == f"nnet(y ~ x, d, {name} = `{value}`)"
    assert call_for_r(f"nnet(y ~ x, d, {name} = 100)").text == f"nnet(y ~ x, d, {name} = 100)"


def test_a_number_beyond_reason_is_found_by_its_position_too():
    assert call_for_r("nnet(x, y, w, 2, k, m, a, b, c, d, e, f, g, 1e12)").text.endswith(", `1e12`)")


@pytest.mark.parametrize("text", ["my_fit(education ~ extraversion)", None])
def test_a_model_whose_call_is_not_known_is_one_of_multinom(tmp_path, text):
    path = tmp_path / "fit.json"
    save_model(multinom("education ~ extraversion", example_data("bigfive"), trace=False), path)
    saved = json.loads(path.read_text("utf-8"))
    saved["network"]["call"]["text"] = text
    path.write_text(json.dumps(saved), "utf-8")
    assert load_for_r(str(path))["network"]["call"]["text"] == "multinom()"


def test_the_call_of_a_network_of_python_has_what_was_given(tmp_path):
    data = example_data("bigfive").assign(group=["u", "v"] * 50, w=1.0)
    options = {"weights": "w", "subset": "age > 25", "contrasts": {"group": "contr.sum"}, "na_action": "exclude"}
    options |= {"size": 2, "decay": 0.5, "linout": True, "maxit": np.int64(7), "trace": False}
    fit = nnet("extraversion ~ age + group", data, **options)
    save_model(fit, tmp_path / "fit.json")
    assert load_for_r(str(tmp_path / "fit.json"))["network"]["call"]["text"] == (
        "nnet(formula = extraversion ~ age + group, data = data, weights = w, size = 2, linout = TRUE, decay = 0.5, "
        'maxit = 7, trace = FALSE, subset = age > 25, na.action = "exclude", contrasts = list(group = "contr.sum"))'
    )
    options = {"size": 1, "mask": [True] * 4, "weights": data["w"], "trace": False, "repeats": 2}
    values = nnet(data[["age"]], data["extraversion"], **options)
    save_model(values, tmp_path / "values.json")
    text = load_for_r(str(tmp_path / "values.json"))["network"]["fits"][0]["call"]["text"]
    assert text == (
        "nnet(x = x, y = y, weights = weights, size = 1, mask = c(TRUE, TRUE, TRUE, TRUE), trace = FALSE, repeats = 2)"
    )

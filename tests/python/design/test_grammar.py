"""R's grammar against R itself, live: what is read, what is refused, and how it is written.

TIDYDL_CONFORMANCE=5000 compares that many texts drawn at random, TIDYDL_CONFORMANCE_SEED=1 others.
"""

import os
import re

import numpy as np
import pytest

from support.live_r import needs_r, run_r
from support.outcomes import answer
from support.seeded_frames import survey
from tidydl.design import from_formula, parse_formula
from tidydl.design.deparse import written
from tidydl.design.matrices import _lacks_margin
from tidydl.design.syntax import Constant, Name, parse
from tidydl.errors import FormulaError
from tidydl.networks.calls import written_call

TEXTS = int(os.environ.get("TIDYDL_CONFORMANCE", "400"))
FIRST = int(os.environ.get("TIDYDL_CONFORMANCE_SEED", "0"))

NAMES = ["a", "b", "x1", ".", "é", "T", "a.b_c", "`a b`", "`in`", "`a\\`b`", "`1`", "`q\\n`", "..1", "`TRUE`", "日本"]
CONSTANTS = [
    *("1", "0", "2", "2L", "1e5L", "1e5", "0x1F", "0x10L", "0x1.8p1", ".5", "5.", "1.5L", "1e-3", "1e400", "TRUE"),
    *("FALSE", "Inf", "123456.789", "0.1", "3.14159265358979", "100000", "2147483648L", "1e-15", "1234567890123456"),
    *("'p'", '"q\\"r"', "'it\\'s'", "'\\x41'", "'\\u00e9\\U{1F600}'", "'\\101'", 'r"(a\\b)"'),
    *("R'--[)]'-]--'", "'\\a\\v\\177\\001'", "''", "'a\nb'", "'\\u0080\\u009f'"),
]  # fmt: skip
BINARY = [
    *("~", "|", "||", "&", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "+", "+", "-", "-", "*", "*", "/", ":", ":"),
    *("%in%", "%%", "%/%", "%*%", "%o%", "%a b%", "^", "^", "**"),
]
PREFIX = ["-", "+", "!", "~"]
FUNCTIONS = ["f", "log", "I", "`f`", "c"]
BROKEN = [
    *("(", ")", ",", "=", "a", "1", "'p'", "`", "'", '"', "%", "%in%", "<-", "->", "_", "1x", "_x", "if", "in", "NA"),
    *("NULL", "#", "\\", "'\\d'", "'\\0'", "'\\x'", "'\\u{}'", "'\\xe'", "'\\x41\\u0041'", "`\\u0041`", "``"),
    *("0x", "1e", "1i", "0x1.8", "1L2", "[", "]", "$", "@", "{", "}", "?", "::", "r'(", "r'a'", "==", "!", "~", "f("),
    *("f(a=", "f(a b)", "'a'=", "=1", "\\x", "&&&", "1 2", "a b", "..", "😀", "²", "x²", "1.2.3", "+", "^", "in="),
    *("TRUE =", "NULL =", "f(if=1)"),
]  # fmt: skip
BEYOND = {"[", "[[", "$", "@", "{", "?", "::", ":::", "<-", "=", "<<-", ":=", "function"}

READ = """
options(warn = -1); out <- list(); invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))
codes <- function(x) paste(utf8ToInt(enc2utf8(x)), collapse = ".")
shape <- function(e) {
  if (is.symbol(e)) return(paste0("n", codes(as.character(e))))
  if (is.character(e)) return(paste0("t", codes(e)))
  if (is.logical(e) && !is.na(e)) return(if (e) "TRUE" else "FALSE")
  if (is.integer(e) && !is.na(e)) return(paste0("i", e))
  if (is.double(e) && !is.na(e)) return(sprintf("d%.15g", e))
  if (!is.call(e) || !is.symbol(e[[1]]) || as.character(e[[1]]) %in% beyond) stop("beyond us")
  called <- as.character(e[[1]])
  if (!called %in% operators && !grepl("^%", called) && called != make.names(called)) stop("beyond us")
  names <- if (is.null(names(e))) character(length(e)) else names(e)
  parts <- vapply(seq_along(e)[-1], function(i) {
    name <- if (nzchar(names[i])) paste0(codes(names[i]), "=")
    paste0(name, if (identical(e[[i]], quote(expr = ))) "n" else shape(e[[i]]))
  }, "")
  paste0("(", paste(c(codes(as.character(e[[1]])), parts), collapse = " "), ")")
}
one <- function(e) paste(deparse(call("f", e), 500L), collapse = "")
several <- function(e) {
  capture.output(dput(call("multinom", formula = e, data = quote(data), decay = 0.001), control = NULL))
}
"""


def words(rng, depth):
    """Draw an expression as words, of which each may have blanks around it."""
    kind = rng.random()
    if depth == 0 or kind < 0.15:
        return [str(rng.choice(NAMES if rng.random() < 0.7 else CONSTANTS))]
    if kind < 0.65:
        return [*words(rng, depth - 1), str(rng.choice(BINARY)), *words(rng, depth - 1)]
    if kind < 0.75:
        return [str(rng.choice(PREFIX)), *words(rng, depth - 1)]
    if kind < 0.87:
        return ["(", *words(rng, depth - 1), ")"]
    arguments = [argument(rng, depth - 1) for _ in range(rng.integers(0, 4))]
    inside = [word for each in arguments for word in [",", *each]][1:]
    return [str(rng.choice(FUNCTIONS)), "(", *inside, ")"]


def argument(rng, depth):
    if rng.random() < 0.1:
        return []
    if rng.random() < 0.3:
        name = str(rng.choice(["raw", "`a b`", "'a b'", "NULL", "...", "`if`"]))
        return [name, "=", *(words(rng, depth) if rng.random() < 0.9 else [])]
    return words(rng, depth)


def spoilt(rng, found):
    """Put in, take out, or move words, so that most of what comes of it cannot be read."""
    for _ in range(rng.integers(1, 3)):
        at, to = rng.integers(0, len(found) + 1, 2)
        if rng.random() < 0.6:
            found = [*found[:at], str(rng.choice(BROKEN)), *found[at:]]
        elif len(found) > 1:
            word = found.pop(min(at, len(found) - 1))
            found = [*found[:to], word, *found[to:]] if rng.random() < 0.5 else found
    return found


def random_text(rng):
    found = words(rng, int(rng.integers(1, 6)))
    if rng.random() < 0.3:
        found = ["y", "~", *found]
    if rng.random() < 0.4:
        found = spoilt(rng, found)
    blanks = [" "] * 5 + [""] * 4 + ["\t "]
    return "".join(str(rng.choice(blanks)) + word for word in found) + str(rng.choice([" ", ""]))


def shape(node):
    """Describe a tree as R's code above does."""
    if isinstance(node, Name):
        return "n" + codes(node.name)
    if isinstance(node, Constant):
        value = node.value
        if isinstance(value, (str, bool)):
            return "t" + codes(value) if isinstance(value, str) else str(value).upper()
        return f"i{value}" if isinstance(value, int) else f"d{value:.15g}".replace("inf", "Inf")
    parts = [f"{codes(name)}={shape(each)}" if name else shape(each) for name, each in node.named_arguments]
    return f"({' '.join([codes(node.function), *parts])})"


def codes(text):
    return ".".join(str(ord(letter)) for letter in text)


def vector(texts):
    """Write texts as R reads them, letter by letter."""
    quoted = ("".join(f"\\U{{{ord(letter):x}}}" for letter in text) for text in texts)
    return "c(" + ",\n".join(f'"{each}"' for each in quoted) + ")"


def known_to_r(texts):
    """Return for each text its shape in R and how R writes it, or None where R refuses it or it is beyond us."""
    code = f"{READ}beyond <- {vector(sorted(BEYOND))}\noperators <- {vector([*BINARY, *PREFIX, '('])}\n"
    code += (
        f"texts <- {vector(texts)}"
        + """
    for (i in seq_along(texts)) try({
      e <- str2lang(texts[i])
      out[[paste0("e", i)]] <- c(shape(e), one(e), several(e))
    }, silent = TRUE)
    """
    )
    found = run_r(code)
    return [found[f"e{i + 1}"].split("\n")[:-1] if f"e{i + 1}" in found else None for i in range(len(texts))]


@needs_r
def test_what_r_reads_is_read_alike_and_written_alike_and_what_r_refuses_is_refused():
    rng = np.random.default_rng(FIRST)
    texts = [random_text(rng) for _ in range(TEXTS)]
    for text, known in zip(texts, known_to_r(texts), strict=True):
        if known is None:
            with pytest.raises(FormulaError, match=r"^`formula`"):
                parse(text)
        else:
            tree = parse(text)
            assert shape(tree) == known[0], text
            assert f"f({written(tree)})" == known[1], text
            assert parse(written(tree)) == tree, text
            given = {"formula": text, "data": "data", "decay": 0.001}
            assert written_call("multinom", given) == known[2:], text


LEAVES = [
    *("a", "b", "c", "d", "`odd name`", "a", "b", "c", "log(a)", "I(a^2)", "I(b > 1)", "poly(c, 2L)", "0", "1", "."),
    *("offset(d)", "offset(log(c))", "TRUE", "1L", "0x0", "y", "2", "'text'"),
]  # fmt: skip
COLUMNS = ["y", "a", "b", "c", "d", "odd name"]


def random_sum(rng, depth):
    """Draw terms joined by the operators of formulas."""
    kind = rng.random()
    if depth == 0 or kind < 0.15:
        return LEAVES[min(int(rng.exponential(7)), len(LEAVES) - 1)]
    if kind < 0.22:
        power = rng.choice(["2", "3", "2L", "4", "1", "-1", "b", "(2)", "'2'"], p=[0.5, 0.2, 0.1, 0.1, *[0.02] * 5])
        return f"({random_sum(rng, depth - 1)})^{power}"
    if kind < 0.32:
        return f"({random_sum(rng, depth - 1)})"
    if kind < 0.37:
        return f"{rng.choice(['-', '+'])}{random_sum(rng, depth - 1)}"
    sign = rng.choice(["+", "-", "*", ":", "/", "%in%", "^"], p=[0.33, 0.12, 0.15, 0.2, 0.1, 0.09, 0.01])
    return f"{random_sum(rng, depth - 1)} {sign} {random_sum(rng, depth - 1)}"


TERMS = """
options(warn = -1); out <- list()
written <- function(e) deparse(e, backtick = TRUE, width.cutoff = 500L)
said <- function(text) {
  t <- terms(as.formula(text), data = d)
  variables <- vapply(as.list(attr(t, "variables"))[-1], written, "")
  offsets <- as.integer(attr(t, "offset"))
  marks <- attr(t, "factors")
  shown <- vapply(seq_along(attr(t, "term.labels")), function(at) {
    held <- marks[marks[, at] > 0, at]
    paste(c(colnames(marks)[at], rbind(rownames(marks)[marks[, at] > 0], held)), collapse = "; ")
  }, "")
  c(attr(t, "intercept"), paste(variables[-c(1, offsets)], collapse = "; "), paste(variables[offsets], collapse = "; "),
    shown[shown != "y; y; 1"])
}
"""


def terms_in_r(formulas):
    """Return for each formula its intercept, variables, offsets, and terms with their marks in `factors`."""
    code = f"{TERMS}formulas <- {vector(formulas)}\nd <- as.data.frame(matrix(0, 1, {len(COLUMNS)}))\n"
    code += f"names(d) <- {vector(COLUMNS)}\n"
    code += "for (i in seq_along(formulas)) try(out[[paste0('e', i)]] <- said(formulas[i]), silent = TRUE)\n"
    found = run_r(code)
    return [found[f"e{i + 1}"].split("\n")[:-1] if f"e{i + 1}" in found else None for i in range(len(formulas))]


def terms_here(text):
    formula = parse_formula(text, COLUMNS)
    shown = []
    for at, term in enumerate(formula.terms):
        marks = [mark for each in term for mark in (each.label, "2" if _lacks_margin(formula, at, each.text) else "1")]
        shown.append("; ".join([":".join(each.label for each in term), *marks]))
    variables, offsets = ("; ".join(each.text for each in some) for some in (formula.variables, formula.offsets))
    return [str(int(formula.intercept)), variables, offsets, *shown]


@needs_r
@pytest.mark.filterwarnings("ignore:.*the response among the predictors")
def test_random_formulas_have_rs_terms_and_marks_of_marginality():
    rng = np.random.default_rng(FIRST)
    formulas = [f"y ~ {random_sum(rng, int(rng.integers(1, 6)))}" for _ in range(TEXTS)]
    known = terms_in_r(formulas)
    assert sum(each is not None for each in known) > TEXTS / 2
    for formula, wanted in zip(formulas, known, strict=True):
        if wanted is None:
            with pytest.raises(FormulaError):
                parse_formula(formula, COLUMNS)
        elif any(re.search(r"\by:|:y\b", term.partition(";")[0]) for term in wanted[3:]):
            with pytest.raises(FormulaError, match="multiplies the response"):
                parse_formula(formula, COLUMNS)
        else:
            assert terms_here(formula) == wanted, formula


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("y ~ a b", r"from 'b' on\.(.|\n)*backticks"),
        ("y ~ 2nd + a", r"from '2nd \+ a' on(.|\n)*backticks"),
        ("y ~ a +", "it ends too early"),
        ("y ~ (a + b", "a parenthesis is not closed"),
        ("y ~ a + b)", r"from '\)' on"),
        ("y ~ (a)(b)", r"from '\(b\)' on(.|\n)*operator missing"),
        ("y ~ `+`(a, b)", r"from '\(a, b\)' on"),
        ("y ~ 'a", "from ''a' on: a text is not closed"),
        ("y ~ r'(a)", "a text is not closed"),
        ("y ~ `a", "a backtick is not closed"),
        ("y ~ I(g == 'a\\d')", r"'\\d' means nothing(.|\n)*Double the backslash"),
        ("y ~ I(g == '\\x41\\u0041')", r"'\\u0041' is not a valid character there"),
        ("y = a", r"from '= a' on(.|\n)*Write ~ between"),
        ("y ~ I(a = 1)", r"passes 'a' to I\(\) in 'I\(a = 1\)'"),
        ("y ~ I(a<-1)", r"from '<-1\)' on(.|\n)*space between < and -"),
        ("y ~ d$a", r"from '\$a' on(.|\n)*columns alone"),
        ("y ~ stats::poly(a, 2)", "from '::poly(.|\n)*functions alone"),
        ("y ~ in", "'in' is a reserved word in R(.|\n)*`in`"),
        ("y ~ a and b", r"from 'and b' on(.|\n)*Write & and \|"),
        ("y ~ I(a && b)", r"'a && b'(.|\n)*Write & and \|"),
        ("y ~ I(a == 1 == 2)", r"from '== 2\)' on: a comparison follows(.|\n)*&"),
        ("y ~ log(a,)", r"'log\(a, \)'(.|\n)*no argument empty"),
        ("cbind(y, ) ~ a", r"an empty argument in 'cbind\(y, \)'"),
        ("y ~ I(a:b)", "'a:b', which formulas may not use there"),
        ("y ~ a > 3", r"'>' stands where terms are joined(.|\n)*I\(\)"),
        ("y ~ 2 * a", r"'2' is not a predictor(.|\n)*I\(\)"),
        ("y ~ (a + b)^1", "power '1' of terms is not a whole number above 1"),
        ("y ~ a ~ b", "several parts"),
        ("y ~ a # ~", None),
        ("y ~ I(a == TRUE) + I(b == True)", None),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused_with_the_place_and_a_hint(formula, says):
    if says is None:
        assert parse_formula(formula, COLUMNS).columns[:2] == ["y", "a"]
    else:
        with pytest.raises(FormulaError, match=says):
            parse_formula(formula, COLUMNS)


NESTS = [("(", ")"), ("-", ""), ("!", ""), ("I(", ")"), ("a^", ""), ("a + (", ")"), ("I(a * log(b + ", "))"), ("~", "")]


@pytest.mark.parametrize(("opens", "closes"), [*NESTS, ("I(a > 1 & b == 2 + c %in% -a^(", "))"), ("c(", ")")])
@pytest.mark.parametrize("depth", [20, 99, 101, 15_000])
def test_nests_of_any_depth_meet_an_answer_or_one_of_our_errors(opens, closes, depth):
    data = survey().assign(c=1.0)
    for formula in (f"y ~ {opens * depth}a{closes * depth}", f"y ~ I({opens * depth}a{closes * depth})"):
        frame = answer(from_formula, formula, data)
        assert depth < 100 or isinstance(frame, FormulaError)
        assert written_call("nnet", {"formula": formula})


@pytest.mark.parametrize(
    ("sign", "columns"),
    [*((sign, ("lTRUE",)) for sign in ("+", "*", "/", ":", "%in%")), ("-", ()), *((sign, None) for sign in ("&", "|"))],
)
def test_chains_may_be_longer_than_python_nests(sign, columns):
    chain = f" {sign} ".join(["l"] * 5_000)
    formula = f"y ~ {chain}" if columns is not None else f"y ~ I({chain})"
    frame = from_formula(formula, survey())
    assert frame.design.columns == ((f"I({chain})TRUE",) if columns is None else columns)
    assert "".join(written_call("nnet", {"formula": formula})).count("l") == 5_001


@pytest.mark.parametrize(
    "right",
    [
        " + ".join(f"x{i}:x{j}" for i in range(150) for j in range(i)),
        "(" + " + ".join(f"x{i}" for i in range(150)) + ")^2",
        "(" + " + ".join(f"x{i}" for i in range(24)) + ")^24",
        " * ".join(f"x{i}" for i in range(40)),
    ],
)
def test_more_terms_than_memory_may_hold_are_refused(right):
    with pytest.raises(FormulaError, match="more than 10,000 terms"):
        parse_formula(f"y ~ {right}", ["y", *(f"x{i}" for i in range(150))])


def test_more_words_than_a_formula_has_are_refused():
    with pytest.raises(FormulaError, match="more than 50,000 names, numbers and signs"):
        parse_formula("y ~ x" + " + x" * 25_000, ["y", "x"])
    assert parse_formula("y ~ x" + " + x" * 24_990, ["y", "x"]).columns == ["y", "x"]


def test_a_column_called_as_all_columns_are_is_refused():
    for formula in ("y ~ .", "y ~ factor(a > 0) : .", "y ~ `.`"):
        with pytest.raises(FormulaError, match="also the name of a column"):
            parse_formula(formula, [*COLUMNS, "."])

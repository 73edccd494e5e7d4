"""What the calls of a saved formula keep, and its contrasts, as they cross to R: each vetted for its call."""

import json

import pytest

from support.shared_cases import DATA
from tidydl.errors import DamagedFileError, FormulaError
from tidydl.networks.saved.crossing import load_for_r


def loaded_with(folder, **design):
    whole = json.loads((DATA / "saved_network.json").read_text("utf-8"))
    whole["network"]["design"] = design
    (folder / "fit.json").write_text(json.dumps(whole), "utf-8")
    return load_for_r(str(folder / "fit.json"))["network"]["design"]


def test_what_the_calls_of_a_formula_keep_crosses_by_name(tmp_path):
    knots = {"name": "knots", "numbers": [0.1, 0.2], "names": ["33%", "67%"]}
    ends = {"name": "Boundary.knots", "numbers": [-1, 1]}
    found = loaded_with(
        tmp_path,
        columns=["a", "b", "c"],
        formula="y  ~  splines::ns( x,df=3 )",
        reads=["y", "x"],
        variables=[{"name": "y", "class": "factor"}, {"name": "splines::ns(x, df = 3)", "class": "nmatrix.3"}],
        memory=[{"call": "splines::ns(x, df = 3)", "arguments": [knots, ends]}],
    )
    assert found["formula"] == "y ~ splines::ns(x, df = 3)"
    (kept,) = found["memory"]
    assert kept["call"] == "splines::ns(x, df = 3)"
    assert kept["arguments"]["knots"].to_dict() == {"33%": 0.1, "67%": 0.2}
    assert kept["arguments"]["Boundary.knots"].tolist() == [-1, 1]


def test_the_columns_that_a_formula_reads_are_listed_once(tmp_path):
    design = {"columns": ["a", "b", "c"], "formula": "y ~ log10(tan(x))"}
    with pytest.raises(DamagedFileError, match=r"design\$reads' lacks a column"):
        loaded_with(tmp_path, **design, reads=["y"])
    with pytest.raises(DamagedFileError, match=r"design\$reads'"):
        loaded_with(tmp_path, **design, reads=["y", "x", "x"], variables=[], memory=[])


def test_contrasts_cross_by_their_name_or_as_a_matrix(tmp_path):
    def crossed(contrasts):
        g = {"name": "g", "class": "factor", "levels": ["a", "b"], "contrasts": contrasts}
        found = loaded_with(
            tmp_path,
            columns=["g1", "g2", "x"],
            formula="y ~ 0 + g + x",
            reads=["y", "g", "x"],
            variables=[{"name": "y", "class": "factor"}, g, {"name": "x", "class": "numeric"}],
            memory=[],
        )
        return found["variables"][1]["contrasts"]

    assert crossed("contr.sum") == "contr.sum"
    found = crossed({"name": None, "rows": ["a", "b"], "columns": ["of"], "dim": [2, 1], "values": [1, -1]})
    assert (found["name"], found["rows"].tolist(), found["columns"].tolist()) == (None, ["a", "b"], ["of"])
    assert found["values"].tolist() == [[1], [-1]]
    found = crossed({"name": "contr.sum", "rows": [], "columns": [], "dim": [2, 1], "values": [1, -1]})
    assert (found["name"], found["rows"], found["columns"]) == ("contr.sum", None, None)


def test_code_among_what_calls_keep_is_refused(tmp_path):
    call = {"call": "poly(x, 3)", "arguments": [{"name": "coefs", "code": "log(x)"}]}
    design = {
        "columns": ["a", "b", "c"],
        "formula": "y ~ poly(x, 3)",
        "reads": ["y", "x"],
        "variables": [{"name": "y", "class": "factor"}, {"name": "poly(x, 3)", "class": "nmatrix.3"}],
    }
    with pytest.raises(DamagedFileError, match="does not fit 'poly"):
        loaded_with(tmp_path, **design, memory=[call])
    with pytest.raises(FormulaError, match="system"):
        loaded_with(tmp_path, **design, memory=[{**call, "call": "system(x)"}])


def numbers(name, *values):
    return {"name": name, "numbers": list(values)}


def polynomial(alpha, norm2):
    return {"name": "coefs", "list": [numbers("alpha", *alpha), numbers("norm2", *norm2)]}


KNOTS, ENDS = numbers("knots", 0.1, 0.2), numbers("Boundary.knots", -1, 1)
FLAG = {"name": "intercept", "flags": [True]}
CUBIC = polynomial([1, 2, 3], [1, 5, 4, 3, 2])
LINES = {"name": "coefs", "list": [{**polynomial([at], [1, 5, 4]), "name": ""} for at in (1, 2)]}


def load_call(folder, call, width, *arguments):
    """Load a design of one call as save_model() writes it, with what the call has noted."""
    return loaded_with(
        folder,
        columns=["a", "b", "c"],
        formula=f"y ~ {call}",
        reads=["y", "x", "z"],
        variables=[{"name": "y", "class": "factor"}, {"name": call, "class": f"nmatrix.{width}"}],
        memory=[{"call": call, "arguments": list(arguments)}],
    )


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("splines::bs(x)", [numbers("degree", 200_000), KNOTS, ENDS]),
        ("splines::bs(x)", [KNOTS, ENDS]),
        ("splines::bs(x)", [numbers("degree", 1.5), KNOTS, ENDS]),
        ("splines::bs(x)", [numbers("degree", 2), KNOTS, ENDS]),
        ("splines::ns(x)", [KNOTS]),
        ("splines::ns(x)", [numbers("knots", "Inf"), ENDS]),
        ("splines::ns(x)", [numbers("knots", 1), ENDS]),
        ("splines::ns(x)", [KNOTS, numbers("Boundary.knots", 1, 1)]),
        ("splines::ns(x)", [{"name": "knots", "texts": ["a", "b"]}, ENDS]),
        ("splines::ns(x)", [KNOTS, ENDS, numbers("intercept", 1)]),
        ("splines::ns(x)", [KNOTS, KNOTS, ENDS]),
        ("splines::ns(x)", [KNOTS, ENDS, FLAG]),
        ("poly(x, 3)", [numbers("coefs", 1)]),
        ("poly(x, 3)", [{"name": "coefs", "list": [numbers("alpha", 1, 2, 3)]}]),
        ("poly(x, 3)", [polynomial([1, 2, 3], [1, 5, 4, 3])]),
        ("poly(x, 3)", [polynomial([1, 2, 3], [1, 5, 4, 3, "NaN"])]),
        ("poly(x, 3)", [polynomial([1, 2, 3], [1, 0, 4, 3, 2])]),
        ("poly(x, 3)", [polynomial([1, 2, 3], [1, 5, 4, -3, 2])]),
        ("poly(x, 2)", [CUBIC]),
        ("stats::poly(x, 2)", [CUBIC]),
        ("stats::poly(x, degree = 2)", [CUBIC]),
        ("stats::poly(x)", [CUBIC]),
        ("stats::poly(x, simple = TRUE)", [CUBIC]),
        ("poly(log10(z), x)", [LINES | {"list": [*LINES["list"], *LINES["list"][:1]]}]),
        ("poly(log10(z), x)", [{"name": "coefs", "list": []}]),
        ("scale(cbind(x, z, z))", [numbers("center", 1), numbers("scale", 1)]),
        ("scale(cbind(x, z, z))", [numbers("center", 1, 2, 3)]),
        ("scale(cbind(x, z, z))", [numbers("center", 1, 2, 3), numbers("scale")]),
        ("scale(cbind(x, z, z))", [numbers("center", 1, 2, 3), numbers("scale", 1, 0, 3)]),
    ],
)
def test_what_does_not_fit_its_call_is_refused(call, arguments, tmp_path):
    with pytest.raises(DamagedFileError, match="does not fit '"):
        load_call(tmp_path, call, 3, *arguments)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("splines::bs(x, df = 3)", [numbers("degree", 1), KNOTS, ENDS]),
        ("splines::bs(x, df = 3)", [{"name": "degree", "wholes": [1]}, numbers("knots", 0.5), ENDS, FLAG]),
        ("splines::ns(x, df = 3)", [KNOTS, ENDS]),
        ("poly(x, 3)", [CUBIC]),
        ("stats::poly(x, 3)", [CUBIC]),
        ("stats::poly(x, simple = TRUE, degree = 3)", [CUBIC]),
        ("stats::poly(x, z)", [CUBIC]),
        ("scale(cbind(x, z, z))", [numbers("center", 1, 2, 3), numbers("scale", 1, 2, 3)]),
        ("scale(cbind(x, z, z), scale = FALSE)", [numbers("center", 1, 2, 3)]),
    ],
)
def test_what_fits_its_call_crosses_by_name(call, arguments, tmp_path):
    (kept,) = load_call(tmp_path, call, 3, *arguments)["memory"]
    assert list(kept["arguments"]) == [each["name"] for each in arguments]


@pytest.mark.parametrize("call", ["splines::ns(x, df = 3)", "poly(x, 3)", "scale(cbind(x, z, z))"])
def test_what_r_has_noted_must_be_there(call, tmp_path):
    with pytest.raises(DamagedFileError, match=r"memory' lacks '"):
        loaded_with(
            tmp_path,
            columns=["a", "b", "c"],
            formula=f"y ~ {call}",
            reads=["y", "x", "z"],
            variables=[{"name": "y", "class": "factor"}, {"name": call, "class": "nmatrix.3"}],
            memory=[],
        )

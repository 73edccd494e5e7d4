import json
import os
import stat
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import tidydl
from support.seeded_frames import flowers
from support.shared_cases import DATA, cases_of, opened
from tidydl import load_model, multinom, nnet, save_model
from tidydl.errors import ArgumentError, DataError, FormulaError, NotFoundError, StorageError, TidydlError

pytestmark = pytest.mark.filterwarnings("ignore:`data` has inputs", "ignore:The response has values")


def garden():
    data = flowers()
    data["rank"] = pd.Categorical(np.where(data["length"] > 1, "hi", "lo"), categories=["lo", "hi"], ordered=True)
    data["open"] = data["width"] > 0
    data["my col"] = data["width"] * 2
    data["third"] = np.arange(60) % 3
    data.iloc[3, 0] = np.nan
    return data


CALLS = [
    ("kind ~ length + width + colour", dict(size=3)),
    ("two ~ length * colour + rank", dict(size=0, skip=True, decay=0.1)),
    ("cbind(length, score) ~ width + open", dict(size=1, linout=True)),
    ("log(score * score) ~ . - two - kind + I(length^2) + `my col`:open", dict(size=1, linout=True)),
    ("score ~ 0 + colour + factor(third)", dict(size=1, weights=np.arange(60) + 1.0)),
    ("kind ~ length", dict(size=2, Hess=True, maxit=0)),
    ("score ~ poly(width, 2) * rank + scale(length) + as.numeric(kind)", dict(size=1, linout=True)),
    ("score ~ poly(width, third * 2, degree = 2) + scale(width, scale = FALSE) - third", dict(size=1, linout=True)),
    ("score ~ relevel(kind, ref = 'y') + factor(third, levels = c(2, 0, 1)) + I(width > 0)", dict(size=1, linout=True)),
]


def saved(fit, folder):
    save_model(fit, folder / "fit.json")
    return load_model(folder / "fit.json")


def assert_alike(value, other, name):
    if isinstance(value, np.ndarray):
        assert value.tobytes() == other.tobytes(), name
    elif hasattr(value, "equals"):
        assert value.equals(other), name
    elif name != "design":
        assert value == other, name


@pytest.mark.parametrize(("formula", "options"), CALLS)
def test_a_network_comes_back_with_every_bit(formula, options, tmp_path):
    data = garden()
    fit = nnet(formula, data, trace=False, **options)
    fit.wts[:3] = 5e-324, -0.0, 1 / 3
    again = saved(fit, tmp_path)
    for name, value in vars(fit).items():
        assert_alike(value, vars(again)[name], name)
    assert again.predict(data).equals(fit.predict(data))
    assert tidydl.augment(again, data).equals(tidydl.augment(fit, data))
    assert tidydl.tidy(again).equals(tidydl.tidy(fit))
    assert tidydl.glance(again).equals(tidydl.glance(fit))
    assert [repr(again), repr(again.summary())] == [repr(fit), repr(fit.summary())]
    if fit.lev:
        assert tidydl.confusion(again).equals(tidydl.confusion(fit))


def test_a_network_of_numbers_keeps_the_names_of_its_inputs(tmp_path):
    data = garden().dropna()
    frame = saved(nnet(data[["length", "width"]], data["kind"], size=1, trace=False), tmp_path)
    assert frame.coefnames == ("length", "width")
    assert frame.index.tolist() == data.index.tolist()
    array = saved(nnet(data[["length", "width"]].to_numpy(), data["score"].to_numpy(), size=1, trace=False), tmp_path)
    assert array.design.formula is None
    assert isinstance(array.index, pd.RangeIndex)
    assert len(array.predict([[1.0, 2.0]])) == 1


def test_networks_that_are_averaged_come_back(tmp_path):
    data = garden()
    fit = nnet("kind ~ length + colour", data, size=1, repeats=3, trace=False)
    again = saved(fit, tmp_path)
    assert again.predict(data).equals(fit.predict(data))
    assert tidydl.glance(again).equals(tidydl.glance(fit))
    assert again.fits[2].wts.tobytes() == fit.fits[2].wts.tobytes()
    assert again.residuals.tobytes() == fit.residuals.tobytes()


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("kind ~ length + colour", dict(Hess=True)),
        ("two ~ length * colour", dict(summ=2, maxit=20)),
        ("cbind(third, length) ~ width - 1", dict(decay=0.1)),
    ],
)
def test_a_multinomial_model_comes_back_with_every_bit(formula, options, tmp_path):
    data = garden().assign(length=np.arange(60) % 4 + 1.0)
    fit = multinom(formula, data, trace=False, **options)
    again = saved(fit, tmp_path)
    for name, value in vars(fit).items():
        assert_alike(value, vars(again)[name], name)
    assert again.predict(data, type="probs").equals(fit.predict(data, type="probs"))
    assert [repr(again), repr(again.summary())] == [repr(fit), repr(fit.summary())]
    assert tidydl.tidy(again).equals(tidydl.tidy(fit))
    assert again.vcov().equals(fit.vcov())


def test_numbers_that_json_lacks_are_kept(tmp_path):
    fit = nnet("score ~ width", garden(), size=1, linout=True, trace=False)
    fit.wts[:3] = np.nan, np.inf, -np.inf
    assert np.array_equal(saved(fit, tmp_path).wts, fit.wts, equal_nan=True)


def test_what_r_does_not_know_of_its_plain_networks_is_kept_as_missing(tmp_path):
    saved = json.loads((DATA / "saved_network.json").read_text("utf-8"))
    saved["network"] |= {"seconds": None, "iterations": None, "evaluations": None}
    (tmp_path / "plain.json").write_text(json.dumps(saved))
    again = load_model(tmp_path / "plain.json")
    save_model(again, tmp_path / "again.json")
    kept = json.loads((tmp_path / "again.json").read_text("utf-8"))["network"]
    assert [kept["seconds"], kept["iterations"]] == [None, None]
    assert np.isnan(load_model(tmp_path / "again.json").seconds)


def test_arguments_that_are_not_finite_come_back_as_numbers(tmp_path):
    fit = nnet("score ~ width", garden(), size=1, trace=False)
    fit.call |= {"abstol": float("inf"), "reltol": float("-inf")}
    assert {name: saved(fit, tmp_path).call[name] for name in ("abstol", "reltol")} == {
        "abstol": float("inf"),
        "reltol": float("-inf"),
    }


def test_files_of_the_first_version_are_read_in_both_languages():
    network = load_model(DATA / "saved_network.json")
    new = pd.DataFrame({"x": [0.1, 0.4, None], "g": ["a", "b", "c"]})
    found = network.predict(new)["v"].to_numpy()
    assert found == pytest.approx([0.47454041126784902, 0.48480863652418943, np.nan], abs=1e-12, nan_ok=True)
    assert network.index.tolist()[-1] == "12"
    model = load_model(DATA / "saved_model.json")
    shares = model.predict(new, type="probs").to_numpy()[:2]
    assert shares.ravel() == pytest.approx([0.589905, 0.238347, 0.171748, 0.535343, 0.428853, 0.035804], abs=1e-6)
    assert model.index.tolist()[-1] == 11


def test_a_loaded_model_answers_the_verbs_in_a_new_python():
    code = "import sys, tidydl; print(tidydl.tidy(tidydl.load_model(sys.argv[1])).columns[0])"
    ran = subprocess.run(
        [sys.executable, "-c", code, DATA / "saved_model.json"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "y.level\n"


def written(case, folder):
    path = folder / "fit.json"
    if "text" in case:
        path.write_text(case["text"])
        return path
    whole = json.loads((DATA / case["file"]).read_text("utf-8"))
    *place, last = case["path"]
    inner = whole
    for name in place:
        inner = inner[name]
    inner[last] = case["value"]
    path.write_text(json.dumps(whole))
    return path


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases_of("saved.json")])
def test_a_file_that_does_not_hold_what_it_should_gets_the_same_error_in_both_languages(case, tmp_path):
    with pytest.raises(TidydlError) as caught:
        load_model(written(case, tmp_path))
    found = {part: getattr(caught.value, part) for part in ("kind", "problem", "allowed", "hint")}
    found = {part: text.replace(str(tmp_path), "{folder}") for part, text in found.items() if text is not None}
    assert {part: opened(text, case["error"].get(part, "")) for part, text in found.items()} == case["error"]


@pytest.mark.parametrize("formula", ["y ~ g + x.__class__", "y ~ g + (lambda: x)()", "y ~ g + `x`()", "y ~ g + 'x'"])
def test_a_formula_of_a_file_is_read_by_the_list_of_what_formulas_may_do(formula, tmp_path):
    case = {"file": "saved_network.json", "path": ["network", "design", "formula"], "value": formula}
    with pytest.raises(TidydlError) as caught:
        load_model(written(case, tmp_path))
    assert isinstance(caught.value, FormulaError) or caught.value.kind == "damaged"


def test_files_are_replaced_whole_or_not_at_all(tmp_path):
    fit = nnet("score ~ width", garden(), size=1, trace=False)
    path = tmp_path / "fit.json"
    save_model(fit, path)
    before = path.read_bytes()
    fit.call["depth"] = "\ud800"  # half a character is no text
    save_model(fit, path)
    assert load_model(path).value == fit.value
    fit.engine = object()
    with pytest.raises(DataError, match="cannot be used"):
        save_model(fit, path)
    assert path.read_bytes()[:20] == before[:20]
    assert os.listdir(tmp_path) == ["fit.json"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o200


def test_places_that_cannot_be_written_or_read_are_named(tmp_path):
    fit = nnet("score ~ width", garden(), size=1, trace=False)
    with pytest.raises(StorageError, match="nowhere', which does not exist") as missing:
        save_model(fit, tmp_path / "nowhere" / "fit.json")
    assert missing.value.hint == f"Create it first: os.makedirs('{tmp_path / 'nowhere'}')."
    with pytest.raises(StorageError, match=r"cannot be written|which does not exist"):
        save_model(fit, __file__ + "/fit.json")
    with pytest.raises(ArgumentError, match="is a folder"):
        save_model(fit, tmp_path)
    with pytest.raises(ArgumentError, match="`file` is 3"):
        save_model(fit, 3)
    with pytest.raises(ArgumentError, match="`fit` is 2 values"):
        save_model([1, 2], tmp_path / "fit.json")
    with pytest.raises(NotFoundError, match="does not exist"):
        load_model(tmp_path / "fit.json")
    assert os.listdir(tmp_path) == []


CODE = [
    "__import__('os').system('touch {trap}')",
    "y ~ g + open('{trap}', 'w')",
    "y ~ x.__class__.__init__",
    "y ~ eval(\"open('{trap}', 'w')\")",
    "`x`); open('{trap}', 'w'",
    "{0.__class__}",
    "%(x)s %s",
]


def texts_of(whole, place=()):
    if isinstance(whole, str):
        yield place
    elif isinstance(whole, (dict, list)):
        for key in whole if isinstance(whole, dict) else range(min(len(whole), 2)):
            yield from texts_of(whole[key], (*place, key))


@pytest.mark.parametrize("name", ["saved_network.json", "saved_model.json"])
def test_no_text_of_a_file_is_run_wherever_it_stands(name, tmp_path):
    trap = tmp_path / "trap"
    whole = json.loads((DATA / name).read_text("utf-8"))
    new = pd.DataFrame({"x": [0.1, 0.4], "g": ["a", "b"]})
    loaded = 0
    for i, place in enumerate(texts_of(whole["network"])):
        for code in CODE[i % 3 :: 3]:
            case = {"file": name, "path": ["network", *place], "value": code.replace("{trap}", str(trap))}
            try:
                fit = load_model(written(case, tmp_path))
                loaded += 1
                repr(fit), repr(fit.summary()), tidydl.tidy(fit), tidydl.confusion(fit), fit.predict(new)
            except TidydlError:
                continue
            finally:
                assert not trap.exists(), place
    assert loaded > 10


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ " + "(" * 100_000 + "x",
        "y ~ " + "-" * 100_000 + "x",
        "y ~ " + "log(" * 100_000 + "x",
        "y ~ x^" + "9" * 5000,
        "y ~ " + "x:" * 100_000 + "g",
        "y ~ poly(x, 1e308)",
        "y ~ poly(x, 1000000)",
        "y ~ poly(x, x, x, x, x, x, x, degree = 9)",
        "y ~ " + " + ".join(f"x{i}" for i in range(20_000)),
        "y ~ " + "x + " * 100_000 + "x",
        "y ~ factor(x, levels = c(" + "1, " * 100_000 + "1))",
    ],
    ids=lambda formula: formula[:12],
)
def test_a_formula_that_grows_beyond_the_limits_is_refused_at_once(formula, tmp_path):
    case = {"file": "saved_network.json", "path": ["network", "design", "formula"], "value": formula}
    begun = time.monotonic()
    with pytest.raises(TidydlError):
        load_model(written(case, tmp_path)).predict(pd.DataFrame({"x": [0.1], "g": ["a"]}))
    assert time.monotonic() - begun < 20


def test_levels_and_contrasts_of_users_have_the_same_limits():
    data = pd.DataFrame({"y": np.arange(200.0), "g": pd.Categorical([f"l{i}" for i in range(200)], ordered=True)})
    with pytest.raises(FormulaError, match="At most 95 levels"):
        nnet("y ~ g", data, size=0, skip=True, trace=False, MaxNWts=10_000)
    with pytest.raises(FormulaError, match="At most 10,000 terms"):
        nnet("y ~ .^24", data.assign(**{f"x{i}": 1.0 for i in range(24)}), size=1, trace=False)


@pytest.mark.parametrize("value", [0, -1, "NaN", "Inf"])
@pytest.mark.parametrize(("call", "place"), [("poly(width, 2)", (0, "list", 1, "numbers", 1)), ("scale(width)", (1,))])
def test_what_a_call_has_noted_is_no_number_that_predictions_cannot_be_divided_by(call, place, value, tmp_path):
    file = tmp_path / "fit.json"
    save_model(nnet(f"score ~ {call}", garden(), size=1, linout=True, trace=False, maxit=5), file)
    whole = json.loads(file.read_text())
    held = whole["network"]["design"]["memory"][0]["arguments"]
    *above, last = place if len(place) > 1 else (*place, "numbers", 0)
    for key in above:
        held = held[key]
    held[last] = value
    file.write_text(json.dumps(whole))
    if (call, value) == ("scale(width)", -1):  # as in scale(width, scale = -1)
        load_model(file).predict(garden())
        return
    with pytest.raises(TidydlError, match="does not fit"):
        load_model(file)


@pytest.mark.parametrize("fitted", [nnet, multinom])
def test_the_places_of_rows_that_were_left_out_come_back(fitted, tmp_path):
    data = garden()
    data.iloc[[5, 7], data.columns.get_loc("width")] = np.nan
    fit = fitted("kind ~ width", data, na_action="exclude", trace=False, **({"size": 1} if fitted is nnet else {}))
    again = saved(fit, tmp_path)
    assert again.excluded.complete.tolist() == fit.excluded.complete.tolist()
    assert again.excluded.index.tolist() == data.index.tolist()
    assert tidydl.residuals(again).equals(tidydl.residuals(fit))
    assert again.predict().equals(fit.predict())


def test_row_labels_that_doubles_cannot_hold_come_back_as_text(tmp_path):
    data = garden().set_axis([2**53 + row for row in range(60)])
    again = saved(nnet("kind ~ length", data, size=1, trace=False), tmp_path)
    assert again.index.tolist()[:2] == [str(2**53), str(2**53 + 1)]


def test_the_mean_of_networks_keeps_a_place_for_rows_that_were_left_out(tmp_path):
    data = garden()
    data.iloc[[5, 7], data.columns.get_loc("width")] = np.nan
    fit = nnet("score ~ width", data, size=1, linout=True, na_action="exclude", repeats=2, trace=False)
    for each in (fit, saved(fit, tmp_path)):
        for values in (each.predict(), tidydl.fitted(each), tidydl.residuals(each)):
            assert np.flatnonzero(values.isna().all(axis=1)).tolist() == [5, 7]

"""The calls that are fuzzed: every public function with arguments that it takes, and of which kind each is."""

import functools
from dataclasses import dataclass

import pandas as pd

import tidydl
from fuzzing import broken
from fuzzing.fits import _data, _fit, _folder, _picture, _ppl
from tidydl import NNetClassifier, NNetRegressor

__all__ = ["SUBJECTS", "Subject", "public_names_of"]


@dataclass(frozen=True)
class Subject:
    """A public function and a valid call of it.

    ``base`` holds what the valid call gives: by name a kind of the pool and what makes the value. ``more`` holds the
    kinds of the arguments that the valid call leaves at their defaults. ``share`` is how often it is drawn.
    """

    name: str
    call: object
    base: dict
    more: dict
    share: float = 1.0


def made(make):
    """Build a value that needs no folder."""
    return lambda folder: make()


FITTING = {
    **dict.fromkeys(("linout", "entropy", "softmax", "censored", "skip", "Hess", "trace", "progress"), "scalar"),
    **dict.fromkeys(("rang", "maxit", "MaxNWts", "abstol", "reltol", "device", "engine", "threads"), "scalar"),
    **dict.fromkeys(("Wts", "mask", "decay", "weights", "subset"), "numbers"),
    **dict.fromkeys(("na_action", "contrasts"), "text"),
}


def _only(names, **more):
    return {**{name: FITTING[name] for name in names.split()}, **more}


_formula = {"formula": ("text", made(lambda: "g ~ x + k")), "data": ("data", _data)}
_quick = {
    "size": ("scalar", made(lambda: 1)),
    "maxit": ("scalar", made(lambda: 3)),
    "trace": ("scalar", made(lambda: False)),
}
_MULTINOM = "weights subset na_action contrasts Hess Wts decay MaxNWts abstol reltol engine device threads progress"


def _estimator(cls, X, y, newdata, sample_weight=None, **options):
    made = cls(**{"size": 1, "maxit": 3, **options}).fit(X, y, sample_weight=sample_weight)
    return made.predict(newdata), made.score(X, y)


def _x_of(names):
    return lambda folder: _data()[names]


def _networks():
    numbers = {"x": ("numbers", _x_of(["x", "z"])), "y": ("numbers", _x_of("y"))}
    yield Subject("nnet", tidydl.nnet, {**_formula, **_quick}, FITTING, 4)
    yield Subject("nnet", tidydl.nnet, {**numbers, **_quick}, {**FITTING, "repeats": "scalar"}, 3)
    yield Subject("nnet", tidydl.nnet, {**_formula, **_quick, "repeats": ("scalar", made(lambda: 2))}, FITTING, 1)
    yield Subject(
        "tune_nnet",
        tidydl.tune_nnet,
        {
            **_formula,
            "size": ("numbers", made(lambda: [1, 2])),
            "resamples": ("object", made(lambda: 2)),
            "maxit": ("scalar", made(lambda: 2)),
        },
        {
            **_only("decay weights subset na_action contrasts rang"),
            **dict.fromkeys(("times", "prop", "repeats", "metric"), "scalar"),
        },
        1.5,
    )
    yield Subject(
        "multinom",
        tidydl.multinom,
        {**_formula, "trace": ("scalar", made(lambda: False))},
        {**_only(_MULTINOM), **dict.fromkeys(("summ", "censored", "model"), "scalar")},
        3,
    )
    for cls, y in ((NNetClassifier, "g"), (NNetRegressor, "y")):
        yield Subject(
            cls.__name__,
            functools.partial(_estimator, cls),
            {"X": ("data", _x_of(["x", "z"])), "y": ("numbers", _x_of(y)), "newdata": ("data", _x_of(["x", "z"]))},
            {
                **dict.fromkeys(("size", "maxit", "decay", "random_state", "skip", "rang"), "scalar"),
                "sample_weight": "numbers",
            },
            1.5,
        )
    for hessian in ("hessian", "nnetHess"):
        yield Subject(
            hessian,
            getattr(tidydl, hessian),
            {
                "net": ("object", made(lambda: _fit("matrix"))),
                "x": ("numbers", _x_of(["x", "z"])),
                "y": ("numbers", _x_of("y")),
            },
            {"weights": "numbers"},
            0.7,
        )
    yield Subject("class_ind", tidydl.class_ind, {"cl": ("numbers", _x_of("g"))}, {})
    yield Subject(
        "split_data",
        tidydl.split_data,
        {"data": ("data", _data)},
        {"prop": "scalar", "strata": "text", "seed": "scalar"},
        1.5,
    )
    predicted = lambda folder: _data().assign(p=_data()["g"])  # noqa: E731
    yield Subject(
        "confusion",
        tidydl.confusion,
        {"data": ("data", predicted), "truth": ("text", made(lambda: "g")), "estimate": ("text", made(lambda: "p"))},
        {},
        1.5,
    )


def _effects():
    numbers = made(lambda: _fit("numbers"))
    for name in ("garson", "olden"):
        yield Subject(name, getattr(tidydl, name), {"fit": ("object", numbers)}, {}, 0.3)
    given = {
        "fit": ("object", numbers),
        "method": ("text", made(lambda: "permutation")),
        "data": ("data", _data),
        "repeats": ("scalar", made(lambda: 2)),
    }
    yield Subject("importance", tidydl.importance, given, {"y": "numbers", "metric": "text", "seed": "scalar"}, 1.5)
    more = {"xsel": "text", "ysel": "text", "group_vals": "numbers", "group_show": "scalar", "grp_nms": "text"}
    yield Subject(
        "lekprofile",
        tidydl.lekprofile,
        {"fit": ("object", numbers), "data": ("data", _data), "steps": ("scalar", made(lambda: 3))},
        more,
        1.5,
    )


def _verbs():
    kept = (
        "network",
        "numbers",
        "matrix",
        "average",
        "multinom",
        "binomial",
        "search",
        "confusion",
        "importance",
        "profile",
    )
    for kind in kept:
        fit = {"x": ("object", made(functools.partial(_fit, kind)))}
        fits = kind in ("network", "numbers", "average", "multinom", "binomial", "search")
        for verb in ("tidy", "glance", "autoplot", "coef", "summary", "fitted", "residuals", "logLik", "AIC"):
            yield Subject(verb, getattr(tidydl, verb), fit, {"k": "scalar"} if verb == "AIC" else {}, 0.05)
        if fits or kind == "matrix":
            new = _x_of(["x", "z"]) if kind == "matrix" else _data
            yield Subject("predict", tidydl.predict, {**fit, "newdata": ("data", new)}, {"type": "text"}, 0.7)
        if fits:
            yield Subject("augment", tidydl.augment, {**fit, "data": ("data", _data)}, {"newdata": "data"}, 0.5)
    for kind in ("network", "multinom"):
        fit = {"x": ("object", made(functools.partial(_fit, kind)))}
        yield Subject("confint", tidydl.confint, fit, {"parm": "text", "level": "scalar"}, 0.7)
        yield Subject("vcov", tidydl.vcov, fit, {}, 0.1)
    model = ("object", made(lambda: _fit("multinom")))
    yield Subject(
        "tidy", tidydl.tidy, {"x": model}, dict.fromkeys(("conf_int", "conf_level", "exponentiate"), "scalar"), 0.7
    )
    yield Subject(
        "anova",
        lambda x, other, test="Chisq": tidydl.anova(x, other, test=test),
        {"x": model, "other": model},
        {"test": "text"},
        0.5,
    )
    yield Subject("BIC", lambda x, other: tidydl.BIC(x, other), {"x": model, "other": model}, {}, 0.3)


def _random():
    yield Subject("runif", tidydl.runif, {"n": ("scalar", made(lambda: 3))}, {"min": "numbers", "max": "numbers"}, 1.5)
    yield Subject(
        "sample",
        tidydl.sample,
        {"x": ("object", made(lambda: 9)), "size": ("scalar", made(lambda: 3))},
        {"replace": "scalar", "prob": "numbers"},
        2,
    )
    yield Subject("set_seed", tidydl.set_seed, {"seed": ("scalar", made(lambda: 1))}, {}, 0.7)


def _plots():
    plain = "nid all_out all_in bias rel_rsc circle_cex node_labs var_labs cex_val alpha_val max_sp skip prune_lty"
    texts = "x_names y_names circle_col pos_col neg_col bord_col prune_col"
    options = {**dict.fromkeys(plain.split(), "scalar"), **dict.fromkeys(texts.split(), "text")}
    yield Subject("plotnet", tidydl.plotnet, {"mod_in": ("object", made(lambda: _fit("network")))}, options, 2)
    pictures = lambda folder: pd.DataFrame({"image": [_picture()] * 3, "label": ["a", "b", None]})  # noqa: E731
    yield Subject(
        "plot_images",
        tidydl.plot_images,
        {"data": ("data", pictures)},
        {"n": "scalar", "image": "text", "caption": "text", "ncol": "scalar", "seed": "scalar"},
        1.5,
    )


def _first(stream):
    return next(iter(stream), None)


_LOADING = {
    **dict.fromkeys(("name", "data_dir", "data_files", "split", "columns", "revision", "verification_mode"), "text"),
    **dict.fromkeys(("sep", "field", "cache_dir"), "text"),
}


def _files():
    path = ("path", lambda folder: folder / "frame.csv")
    sampling = {"n": "scalar", "sample": "scalar", "seed": "scalar", "as_": "text", "streaming": "scalar"}
    yield Subject("load_dataset", tidydl.load_dataset, {"path": path}, {**_LOADING, **sampling}, 3)
    yield Subject(
        "stream",
        lambda path, **more: _first(tidydl.stream(path, **more)),
        {"path": path},
        {**_LOADING, "n": "scalar", "batch_size": "scalar"},
        2,
    )
    damaged = ("broken file", broken.file)
    yield Subject("load_dataset", tidydl.load_dataset, {"path": damaged}, {}, 4)
    yield Subject("stream", lambda path: _first(tidydl.stream(path)), {"path": damaged}, {}, 2)
    yield Subject(
        "write_dataset",
        tidydl.write_dataset,
        {"data": ("data", _data), "path": ("path", lambda folder: folder / "out.parquet")},
        {"progress": "scalar"},
        4,
    )
    for name in ("features", "as_dataset"):
        yield Subject(name, getattr(tidydl, name), {"data": ("data", _data)}, {}, 1.5)
    yield Subject(
        "example_data", tidydl.example_data, {"name": ("text", made(lambda: "digits"))}, {"split": "text"}, 0.5
    )
    yield Subject("example_model", tidydl.example_model, {"name": ("text", made(lambda: "digits"))}, {}, 0.3)
    yield Subject(
        "save_model",
        tidydl.save_model,
        {"fit": ("object", made(lambda: _fit("network"))), "file": ("path", lambda folder: folder / "fit.json")},
        {},
        1.5,
    )
    yield Subject("load_model", tidydl.load_model, {"file": ("path", lambda folder: folder / "saved.json")}, {}, 1)
    yield Subject("load_model", tidydl.load_model, {"file": ("broken model", broken.saved)}, {}, 3)
    yield Subject("cache", tidydl.cache, {}, {"remove": "text"}, 0.5)


_RUNNING = dict.fromkeys(
    ("batch_size", "max_length", "on_error", "progress", "long", "stride", "top_k", "checkpoint"), "scalar"
)
_TASKS = {
    "text-classification": ("text", {"x": ["a happy day", "so sad"]}, {"activation": "text"}),
    "token-classification": ("entities", {"x": ["my friend came"]}, {"aggregation": "text", "ignore_labels": "text"}),
    "fill-mask": ("masked", {"x": ["a [MASK] day"]}, {"targets": "text"}),
    "zero-shot-classification": (
        "inference",
        {"x": ["a happy day"], "candidate_labels": ["joy", "work"]},
        {"hypothesis_template": "text", "multi_label": "scalar"},
    ),
    "question-answering": (
        "answers",
        {"question": ["who came"], "context": ["my friend came"]},
        {"max_answer_len": "scalar"},
    ),
    "text-generation": (
        "causal",
        {"x": ["the sun"], "max_new_tokens": 2},
        {"temperature": "scalar", "do_sample": "scalar", "seed": "scalar", "stop": "text", "num_beams": "scalar"},
    ),
    "text2text-generation": (
        "seq2seq",
        {"x": ["the sun"], "max_new_tokens": 2},
        {"prefix": "text", "generate_kwargs": "text"},
    ),
    "feature-extraction": ("encoder", {"x": ["a happy day"]}, {"pooling": "text", "normalize": "scalar"}),
    "image-classification": ("image", {"x": [_picture()]}, {}),
    "table-question-answering": ("tables", {"query": ["who"], "table": pd.DataFrame({"a": ["1", "2"]})}, {}),
}


def _run(task, model, **given):
    return _ppl(task, model)(**given)


def _loaded(model):
    return tidydl.pipeline(model=model, device="cpu")(["a happy day", "so sad", ""], on_error="row")


def _pipelines():
    for task, (model, given, more) in _TASKS.items():
        base = {
            name: ("scalar" if name == "max_new_tokens" else "data", made(lambda value=value: value))
            for name, value in given.items()
        }
        yield Subject(task, functools.partial(_run, task, model), base, {**_RUNNING, **more, "text": "text"}, 0.5)
    text = ("text", made(lambda: _folder("text")))
    parts = ("tokenizer", "image_processor", "revision", "device", "dtype", "use_safetensors", "token", "top_k")
    yield Subject(
        "pipeline",
        tidydl.pipeline,
        {"task": ("text", made(lambda: "text-classification")), "model": text},
        {**dict.fromkeys(parts, "text"), **_RUNNING},
        2,
    )
    yield Subject(
        "pipeline",
        _loaded,
        {"model": ("broken folder", lambda folder: broken.folder(folder, _folder("text")))},
        {},
        1.5,
    )
    frame = lambda folder: pd.DataFrame({"text": ["a happy day", None]})  # noqa: E731
    yield Subject(
        "augment",
        tidydl.augment,
        {"x": ("object", made(lambda: _ppl("text-classification", "text"))), "data": ("data", frame)},
        {"prefix": "text", "text": "text", "top_k": "scalar"},
        0.5,
    )
    yield Subject(
        "embed",
        tidydl.embed,
        {"x": ("data", made(lambda: ["a happy day"])), "model": ("text", made(lambda: _folder("encoder")))},
        dict.fromkeys(("pooling", "normalize", "tokenizer", "max_length", "batch_size", "on_error"), "scalar"),
        1,
    )
    yield Subject(
        "similarity",
        tidydl.similarity,
        {"x": ("data", made(lambda: _fit("embeddings")))},
        {"y": "data", "method": "text", "pairs": "text", "top_k": "scalar"},
        2,
    )
    yield Subject("widen", tidydl.widen, {"x": ("data", made(lambda: _fit("result")))}, {}, 1.5)
    yield Subject("tasks", tidydl.tasks, {}, {"task": "text"}, 0.5)
    yield Subject("forget", tidydl.forget, {}, {"model": "object"}, 0.5)
    yield Subject("sitrep", functools.partial(tidydl.sitrep, hub=False), {}, {"device": "scalar"}, 0.1)


SUBJECTS = [*_networks(), *_effects(), *_verbs(), *_random(), *_plots(), *_files(), *_pipelines()]


def public_names_of(package):
    """Name the public functions, as the package's table of contents lists them."""
    return [name for name in package.__all__ if not name.startswith("__")]

"""Whatever comes out of a library, a file or an object of the user's becomes an error of ours, with it as the cause."""

import errno
import json
import pkgutil
import socket
import zipfile

import numpy as np
import pandas as pd
import pytest

import tidydl
from tidydl.boundaries import BOUNDARIES, REPORT, USER_OBJECTS, guarded
from tidydl.errors import ArgumentError, DataError, DeviceError, NotFoundError, StorageError, TidydlError

PanicException = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})


class UnspeakableError(Exception):
    """An exception that cannot say what was wrong."""

    def __str__(self):
        raise RuntimeError("no words")


STRANGE = [
    RuntimeError("something\nin two lines."),
    KeyError("x"),
    MemoryError(),
    RecursionError("too deep"),
    OSError(errno.ENOSPC, "No space left on device"),
    PermissionError(errno.EACCES, "Permission denied"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    StopIteration(3),
    ZeroDivisionError("division by zero"),
    AssertionError(),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    UnspeakableError(),
    ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [OSError(2, "gone")])]),
    PanicException("index out of bounds: the len is 0 but the index is 7"),
]
PASSING = [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), UserWarning("wanted as an exception")]


def named(problem):
    return type(problem).__name__


def chain(problem):
    while problem is not None:
        yield problem
        problem = problem.__cause__


# Every boundary, whatever it guards.


@pytest.mark.parametrize("boundary", BOUNDARIES.values(), ids=BOUNDARIES)
@pytest.mark.parametrize("problem", STRANGE, ids=named)
def test_a_boundary_turns_whatever_leaves_it_into_an_error_of_ours(boundary, problem):
    with pytest.raises(TidydlError) as caught, boundary.guard("The thing 'x'", hint="Look at it."):
        raise problem
    assert caught.value.__cause__ is problem
    assert caught.value.problem.startswith("The thing 'x' ")
    assert caught.value.problem.endswith(".")
    assert not caught.value.problem.endswith("..")
    assert "\n" not in caught.value.problem
    assert caught.value.hint


@pytest.mark.parametrize("boundary", BOUNDARIES.values(), ids=BOUNDARIES)
@pytest.mark.parametrize("problem", [*PASSING, ArgumentError("`x` is 3.")], ids=named)
def test_requests_to_stop_and_our_own_errors_pass_a_boundary_unchanged(boundary, problem):
    with pytest.raises(type(problem)) as caught, boundary.guard("The thing"):
        raise problem
    assert caught.value is problem


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (MemoryError(), DeviceError),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), DeviceError),
        (OSError(errno.ENOSPC, "x"), StorageError),
        (OSError(errno.EFBIG, "x"), StorageError),
        (FileNotFoundError(errno.ENOENT, "x"), NotFoundError),
        (PermissionError(errno.EACCES, "x"), StorageError),
    ],
    ids=str,
)
def test_what_an_exception_tells_of_itself_decides_the_class(problem, kind):
    for boundary in BOUNDARIES.values():
        assert type(boundary.error_for(problem, "The thing")) is kind


def test_an_explanation_comes_before_the_general_error():
    with pytest.raises(ArgumentError) as caught, USER_OBJECTS.guard("x", lambda problem: ArgumentError("known")):
        raise KeyError("x")
    assert caught.value.problem == "known"
    with pytest.raises(DataError), USER_OBJECTS.guard("x", lambda problem: None):
        raise KeyError("x")


def test_a_guarded_function_leaves_what_python_says_of_a_call_to_python():
    with pytest.raises(TypeError, match="unexpected keyword argument 'nn'"):
        tidydl.runif(3, nn=2)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        tidydl.runif()

    @guarded
    def steps(x):
        yield x
        raise KeyError(x)

    work = steps("a")
    assert next(work) == "a"
    with pytest.raises(DataError) as caught:
        next(work)
    assert caught.value.problem == "An argument of `steps()` cannot be used: KeyError: 'a'."
    assert caught.value.hint == REPORT


# Each place where something outside is called: the library's own function fails, and a public function meets it.


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Write a good file of every kind."""
    place = tmp_path_factory.mktemp("places")
    frame = pd.DataFrame({"x": [1.0, 2.0], "g": ["a", "b"]})
    frame.to_csv(place / "a.csv", index=False)
    frame.to_parquet(place / "a.parquet")
    large = pd.DataFrame({"x": np.random.default_rng(1).random(2**22)})  # 32 MiB, which are read at once
    large.to_parquet(place / "large.parquet", compression=None)
    (place / "a.json").write_text(json.dumps({"data": [{"x": 1}, {"x": 2}]}))
    (place / "a.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    (place / "card").mkdir()
    frame.to_csv(place / "card" / "b.csv", index=False)
    (place / "card" / "README.md").write_text("---\nconfigs:\n- config_name: default\n  data_files: b.csv\n---\n")
    from PIL import Image

    Image.new("RGB", (4, 4)).save(place / "a.png")
    with zipfile.ZipFile(place / "a.zip", "w") as held:
        held.write(place / "a.png", "cls/a.png")
    tidydl.save_model(tidydl.nnet("x ~ g", frame, size=1, trace=False, maxit=1), place / "fit.json")
    return place


def image_of(place):
    return tidydl.load_dataset(place / "card").assign(image=str(place / "a.png"))


def written(place):
    tidydl.write_dataset(pd.DataFrame({"x": [1.0]}), place / "out.parquet")


def saved(place):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    tidydl.save_model(tidydl.nnet(frame, [0.1, 0.2], size=1, trace=False, maxit=1), place / "again.json")


FILES = {
    "pyarrow.csv.read_csv": lambda place: tidydl.load_dataset(place / "a.csv"),
    "pyarrow.parquet.ParquetFile": lambda place: tidydl.load_dataset(place / "a.parquet"),
    "pyarrow.parquet.ParquetFile.iter_batches": lambda place: tidydl.load_dataset(place / "a.parquet"),
    "pyarrow.parquet.read_table": lambda place: tidydl.load_dataset(place / "large.parquet"),
    "json.loads": lambda place: tidydl.load_dataset(place / "a.json", field="data"),
    "yaml.load": lambda place: tidydl.load_dataset(place / "card"),
    "zipfile.ZipFile": lambda place: tidydl.load_dataset(place / "a.zip"),
    "PIL.Image.open": lambda place: tidydl.plot_images([str(place / "a.png")]),
    "pyarrow.parquet.write_table": written,
    "os.replace": saved,
}
SAVED = {"json.loads": lambda place: tidydl.load_model(place / "fit.json")}


def broken(monkeypatch, target, problem):
    """Let a library's function raise where we call it."""
    owner, _, name = target.rpartition(".")

    def fail(*args, **given):
        raise problem

    monkeypatch.setattr(pkgutil.resolve_name(owner), name, fail)


def meets(work, problem, *, causes=True):
    """Do the work and check that it ends in an error of ours, with the problem behind it where that may be shown."""
    with pytest.raises(TidydlError) as caught:
        work()
    assert not causes or any(each is problem for each in chain(caught.value)), caught.value
    assert not caught.value.problem.startswith("An argument of"), "caught at the door, not at the boundary"
    assert str(caught.value)


FILE_CALLS = [(target, work) for table in (FILES, SAVED) for target, work in table.items()]


@pytest.mark.parametrize(
    ("target", "work"), FILE_CALLS, ids=[f"{target}-{i}" for i, (target, _) in enumerate(FILE_CALLS)]
)
@pytest.mark.parametrize("problem", STRANGE, ids=named)
def test_files(monkeypatch, places, target, work, problem):
    monkeypatch.setenv("TIDYDL_CACHE", str(places / "cache" / named(problem)))  # a zip file is unpacked anew
    with monkeypatch.context() as inside:
        broken(inside, target, problem)
        meets(lambda: work(places), problem)
    if target == "os.replace":
        assert not list(places.glob("again.json*"))  # nothing half written stays


@pytest.mark.parametrize(
    ("target", "work"), FILE_CALLS, ids=[f"{target}-{i}" for i, (target, _) in enumerate(FILE_CALLS)]
)
def test_ctrl_c_stops_the_work_on_files(monkeypatch, places, target, work):
    monkeypatch.setenv("TIDYDL_CACHE", str(places / "cache" / "stopped"))
    with monkeypatch.context() as inside:
        broken(inside, target, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            work(places)


@pytest.mark.parametrize("problem", STRANGE, ids=named)
@pytest.mark.parametrize(
    "target",
    [
        "transformers.AutoConfig.from_pretrained",
        "transformers.AutoTokenizer.from_pretrained",
        "transformers.AutoModelForSequenceClassification.from_pretrained",
    ],
)
def test_models_loading(monkeypatch, folder, target, problem):
    import transformers

    tidydl.forget()
    owner, _, name = target.removeprefix("transformers.").rpartition(".")

    def fail(*args, **given):
        raise problem

    monkeypatch.setattr(getattr(transformers, owner), name, fail)
    meets(lambda: tidydl.pipeline("text-classification", model=folder, device="cpu"), problem)


@pytest.mark.parametrize("problem", STRANGE, ids=named)
@pytest.mark.parametrize("part", ["model", "tokenizer"])
def test_models_running(monkeypatch, ppl, part, problem):
    def fail(*args, **given):
        raise problem

    owner = ppl.model if part == "model" else ppl._loaded.tokenizer
    monkeypatch.setattr(type(owner), "forward" if part == "model" else "__call__", fail)
    meets(lambda: ppl(["a happy day", "so sad"]), problem)
    if not isinstance(problem, MemoryError | OSError):
        rows = ppl(["a happy day", "so sad"], on_error="row")
        assert rows[".error"].notna().all()


@pytest.fixture
def listening():
    """Listen on a port, so that a Hub seems to be there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize("problem", STRANGE, ids=named)
def test_the_hub(monkeypatch, tmp_path, listening, problem):
    import huggingface_hub.utils
    from huggingface_hub import constants

    def fail(*args, **given):
        raise problem

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{listening.getsockname()[1]}")
    monkeypatch.setattr("tidydl.hub.connection._seen", {})
    monkeypatch.setattr(huggingface_hub.utils, "get_session", fail)
    told = not isinstance(problem, OSError)  # of connections nothing is shown: a token may be in it
    meets(lambda: tidydl.load_dataset("tidydl/nothing", cache_dir=str(tmp_path)), problem, causes=told)
    meets(lambda: tidydl.pipeline("text-classification", model="tidydl/nothing"), problem, causes=told)


class Hostile:
    """Stands for any object of a user's: each way to look at it raises."""

    def __init__(self, problem):
        self.__dict__["problem"] = problem

    def _fail(self, *args, **given):
        raise self.__dict__["problem"]

    __len__ = __iter__ = __getitem__ = __array__ = __fspath__ = __getattr__ = __eq__ = __hash__ = __float__ = _fail
    __str__ = __repr__ = __bool__ = __contains__ = __int__ = __index__ = _fail


@pytest.fixture(scope="module")
def looks(places):
    """Return calls of public functions, each taking an object in place of an argument."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "g": ["a", "b", "a"]})
    fit = tidydl.nnet("g ~ x", frame, size=1, trace=False, maxit=1)
    return {
        "nnet": lambda it: tidydl.nnet(it, it, size=1),
        "nnet data": lambda it: tidydl.nnet("g ~ x", it, size=1),
        "nnet size": lambda it: tidydl.nnet("g ~ x", frame, size=it),
        "nnet weights": lambda it: tidydl.nnet("g ~ x", frame, weights=it, size=1),
        "multinom": lambda it: tidydl.multinom("g ~ x", frame, subset=it),
        "tune_nnet": lambda it: tidydl.tune_nnet("g ~ x", frame, size=it),
        "predict": lambda it: tidydl.predict(fit, it),
        "tidy": tidydl.tidy,
        "confusion": lambda it: tidydl.confusion(frame, it, it),
        "class_ind": tidydl.class_ind,
        "hessian": lambda it: tidydl.hessian(fit, it, it),
        "importance": lambda it: tidydl.importance(fit, it),
        "lekprofile": lambda it: tidydl.lekprofile(fit, frame, xsel=it),
        "split_data": lambda it: tidydl.split_data(frame, strata=it),
        "runif": tidydl.runif,
        "sample": tidydl.sample,
        "set_seed": tidydl.set_seed,
        "plotnet": lambda it: tidydl.plotnet(fit, pos_col=it),
        "plot_images": tidydl.plot_images,
        "load_dataset": tidydl.load_dataset,
        "load_dataset columns": lambda it: tidydl.load_dataset(places / "a.csv", columns=it),
        "stream": tidydl.stream,
        "write_dataset": lambda it: tidydl.write_dataset(frame, it),
        "write_dataset data": lambda it: tidydl.write_dataset(it, places / "x.parquet"),
        "features": tidydl.features,
        "as_dataset": tidydl.as_dataset,
        "example_data": tidydl.example_data,
        "save_model": lambda it: tidydl.save_model(fit, it),
        "load_model": tidydl.load_model,
        "cache": tidydl.cache,
        "widen": tidydl.widen,
        "similarity": tidydl.similarity,
        "tasks": tidydl.tasks,
        "forget": tidydl.forget,
        "pipeline": lambda it: tidydl.pipeline(it),
        "pipeline model": lambda it: tidydl.pipeline("text-classification", model=it),
        "embed": lambda it: tidydl.embed(["a"], model=it),
    }


@pytest.mark.parametrize("problem", STRANGE, ids=named)
def test_objects_of_users(looks, problem):
    for name, look in looks.items():
        with pytest.raises(TidydlError) as caught:
            look(Hostile(problem))
        assert str(caught.value), name


def test_objects_of_users_in_pipelines(ppl):
    for problem in STRANGE:
        for call in (ppl, lambda it: ppl(["a happy day"], top_k=it), lambda it: tidydl.augment(ppl, it)):
            with pytest.raises(TidydlError):
                call(Hostile(problem))

"""Values in messages are written as the language that is speaking writes them, and none by hand."""

import ast
import re
import threading

import pytest

from support import ROOT
from support.wire import call, scalar
from tidydl import load_dataset, rendering, similarity
from tidydl.bridge import cancel, resume
from tidydl.bridge.text import text_of
from tidydl.checks import check_flag, described
from tidydl.errors import ArgumentError
from tidydl.pipelines.parallel_batches import side_by_side
from tidydl.progress import Note

SOURCE = ROOT / "python" / "tidydl"
# What one language alone has, in a text that holds more than a word.
OF_PYTHON = re.compile(
    r"(?<![\w.'\"`])(?:None|True|False|[Dd]icts?|[Dd]ictionar(?:y|ies)|-?inf)(?![\w'\"`(])"
    r"|\b(?:pandas|os)\.\w+\(|\b\w+=(?:True|False|None)\b"
)
OF_ONE_LANGUAGE = re.compile(rf"{OF_PYTHON.pattern}|(?<![\w.'\"`])NULL(?![\w'\"`(])")
# Texts that are no messages: a type, and what stands beside the same in R.
NO_MESSAGE = {"int | None", "pandas.read_sas(path, format='xport')"}


def in_both(write):
    with rendering.for_r():
        of_r = write()
    return write(), of_r


@pytest.mark.parametrize(
    ("write", "python", "r"),
    [
        (lambda: rendering.value(None), "None", "NULL"),
        (lambda: rendering.value(True), "True", "TRUE"),
        (lambda: rendering.value(False), "False", "FALSE"),
        (lambda: rendering.value(float("inf")), "inf", "Inf"),
        (lambda: rendering.value(float("-inf")), "-inf", "-Inf"),
        (lambda: rendering.value(float("nan")), "a missing value", "NA"),
        (lambda: rendering.value(3), "3", "3"),
        (lambda: rendering.value("it's"), '"it\'s"', '"it\'s"'),
        (lambda: rendering.value(["a", "b"]), "['a', 'b']", "c('a', 'b')"),
        (lambda: rendering.value(("a", None)), "['a', None]", "c('a', NA)"),
        (lambda: rendering.value({"a": 1, "b": ["x"]}), "{'a': 1, 'b': ['x']}", "list(a = 1, b = c('x'))"),
        (lambda: rendering.mapping(rate="r"), "{'rate': r}", "list(rate = r)"),
        (rendering.missing, "a missing value", "NA"),
        (lambda: rendering.type_name("dict"), "dict", "named list"),
        (lambda: rendering.type_name("bytes"), "bytes", "a raw vector"),
        (lambda: rendering.argument("decimal", "','"), "decimal=','", "dec = ','"),
        (lambda: rendering.argument("trusted", rendering.value(True)), "trusted=True", "trusted = TRUE"),
        (lambda: rendering.call("pandas.DataFrame", "..."), "pandas.DataFrame(...)", "as.data.frame(...)"),
        (lambda: rendering.call("load_dataset", "path", "n"), "load_dataset(path, n)", "load_dataset(path, n)"),
        (lambda: rendering.by_language("here", "there"), "here", "there"),
        (lambda: described({"a": 1, "b": 2}), "a dict with 2 values", "a named list with 2 values"),
    ],
)
def test_each_language_reads_its_own_words(write, python, r):
    assert in_both(write) == (python, r)


def test_r_is_spoken_for_the_duration_of_its_call_also_within_another_and_after_an_error():
    with rendering.for_r():
        with pytest.raises(ArgumentError, match="`x` is NULL"), rendering.for_r():
            check_flag("x", None)
        with pytest.raises(ArgumentError, match="`x` is NULL"):
            check_flag("x", None)
    with pytest.raises(ArgumentError, match="`x` is None"):
        check_flag("x", None)


def told(record, event):
    return [text_of(each["text"])[0] for each in record["events"] if each["event"] == event]


def test_a_call_of_r_gets_words_of_r_and_leaves_those_of_python():
    error = call("similarity", x=scalar(True), y=scalar(True))["error"]
    assert text_of(error["problem"]) == ["`x` is TRUE."]
    with pytest.raises(ArgumentError, match="`x` is True"):
        similarity(True)


def test_long_work_speaks_r_in_each_slice_and_python_between_them(monkeypatch):
    def work(steps):
        while True:
            yield Note(f"`x` is {rendering.value(None)}.")

    monkeypatch.setattr("diagnostics.countdown", work)
    record = call("countdown", steps=scalar(1))
    for _ in range(3):
        assert told(record, "note") == ["`x` is NULL."]
        assert rendering.value(None) == "None"
        record = resume(record["job"])
    cancel(record["job"])


def test_a_warning_in_a_call_of_r_is_in_words_of_r(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a;b\nx;1,5\ny;2,5\n")
    (said,) = told(call("load_dataset", path=scalar(str(path)), sep=scalar(";")), "warning")
    assert "read.csv(path, sep = ';', dec = ',')" in said
    with pytest.warns(UserWarning, match=r"pandas\.read_csv\(path, sep=';', decimal=','\)"):
        load_dataset(path, sep=";")


def test_threads_of_a_call_speak_its_language_and_others_do_not():
    with rendering.for_r(), side_by_side(2) as submit:
        assert {submit(rendering.value, None).result() for _ in range(4)} == {"NULL"}
        found = []
        other = threading.Thread(target=lambda: found.append(rendering.value(None)))
        other.start()
        other.join()
        assert found == ["None"]


def texts_of(tree):
    """Yield the texts that hold a space, without docstrings and what the functions of rendering are given."""
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in rendering.__all__:
            skipped.update(ast.walk(node))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and node not in skipped else None
        if isinstance(text, str) and " " in text.strip() and text not in NO_MESSAGE:
            yield node.lineno, text


def written_by_hand(code):
    return [(line, text) for line, text in texts_of(ast.parse(code)) if OF_ONE_LANGUAGE.search(text)]


def test_no_message_is_of_one_language_alone():
    files = [file for file in SOURCE.rglob("*.py") if file.name != "rendering.py"]
    assert len(files) > 200
    found = {file.name: found for file in files if (found := written_by_hand(file.read_text("utf-8")))}
    assert found == {}


def test_no_message_of_r_is_in_words_of_python():
    texts = {
        text: file.name
        for file in (ROOT / "R").glob("*.R")
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', re.sub(r"(?m)^\s*#.*", "", file.read_text("utf-8")))
    }
    assert len(texts) > 1000
    assert {text: file for text, file in texts.items() if " " in text and OF_PYTHON.search(text)} == {}


def test_a_message_of_one_language_alone_is_noticed():
    for text in (
        "`x` is None.",
        "Set it to True.",
        "A dict of names.",
        "Use pandas.read_csv(path).",
        "Add trusted=True.",
    ):
        assert written_by_hand(f"raise ArgumentError({text!r})"), text
        assert written_by_hand(f"raise ArgumentError(f'{{x}} {text}')"), text
    for text in ("There are none.", "The class dict_items.", "A dictatorship is infinite."):
        assert not written_by_hand(f"raise ArgumentError({text!r})"), text
    assert not written_by_hand("'''Return None.'''\nraise ArgumentError(f'It is {value(None)}.')")

"""Inputs of pipelines of courses: by any name that transformers gave them, one a row, and nothing that is none."""

import http.server
import threading

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from transformers.pipelines.pt_utils import KeyDataset

import tiny
from support.nested import assert_same
from support.precision import IN_IMAGES
from tidydl.errors import ArgumentError, TidydlError
from tidydl.workshop import datasets, transformers

SUN, RAIN = "the sun was happy", "rain again , not good"
LABELS = {"candidate_labels": ["home", "work"]}
ASKED = {"question": "who ?", "context": SUN}


def course(task, name, **options):
    return transformers.pipeline(task, model=str(tiny.kept(name)), device="cpu", **options)


@pytest.fixture(scope="module")
def classes(folder):
    return transformers.pipeline("text-classification", model=str(folder), device="cpu")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    made = tiny.image_folder(tmp_path_factory.mktemp("models") / "vit")
    return transformers.pipeline("image-classification", model=str(made), device="cpu")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "first.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(path)
    return str(path)


NAMED = {
    "zero-shot-classification": ("inference", "sequences", [SUN, RAIN], LABELS),
    "text-generation": ("causal", "text_inputs", SUN, {"max_new_tokens": 3}),
    "ner": ("entities", "inputs", [SUN, RAIN], {}),
    "fill-mask": ("masked", "inputs", "the [MASK] was", {}),
    "summarization": ("seq2seq", "documents", [SUN], {"max_length": 6}),
    "question-answering": ("answers", "data", [ASKED, ASKED], {}),
    "feature-extraction": ("encoder", "inputs", SUN, {}),
}


@pytest.mark.parametrize("task", NAMED)
def test_inputs_have_the_names_of_transformers_too(task):
    model, name, x, options = NAMED[task]
    ppl = course(task, model)
    assert_same(ppl(**{name: x}, **options), ppl(x, **options))


def test_images_and_parts_of_questions_have_the_names_of_transformers_too(images, picture):
    for name in ("inputs", "images", "image"):
        assert_same(images(**{name: [picture]}), images([picture]), within=IN_IMAGES)
    boxes = course("object-detection", "vision.yolos", threshold=0.1)
    assert_same(boxes(images=picture), boxes(picture), within=IN_IMAGES)
    ppl = course("question-answering", "answers")
    assert_same(ppl(questions=["who ?"] * 2, contexts=SUN), ppl([ASKED, ASKED]))
    assert_same(ppl("who ?", SUN), ppl(ASKED))


TASKS = (
    *(("zero-shot-classification", "inference"), ("text-generation", "causal"), ("ner", "entities")),
    *(("fill-mask", "masked"), ("summarization", "seq2seq"), ("question-answering", "answers")),
    *(("feature-extraction", "encoder"), ("object-detection", "vision.yolos")),
)


@pytest.mark.parametrize(("task", "model"), TASKS)
def test_a_call_without_an_input_or_with_names_that_nobody_knows_is_an_error(task, model):
    ppl = course(task, model)
    with pytest.raises(ArgumentError, match="without an input"):
        ppl()
    for x in (None, SUN, [SUN, SUN]):
        with pytest.raises(ArgumentError, match="`typo` is not an option"):
            ppl(x, typo=1)
    for x in (5, pd.DataFrame({"text": [SUN]}), [SUN, 5]):
        with pytest.raises(ArgumentError, match=r" is (5|a data frame)"):
            ppl(x)


def test_several_inputs_by_name_have_a_row_each_and_stay_what_they_were(picture):
    ppl = course("object-detection", "vision.yolos", threshold=0.1)
    batch = [picture, picture]
    result, named = ppl(batch), ppl(inputs=batch)
    assert len(named.wide()) == len(result.wide()) == 2
    batch.pop()
    assert result.inputs == [picture, picture]
    for each in (result, named):
        assert each.tidy()[".row"].nunique() == 2


def test_a_mistyped_name_is_told_the_nearest(classes):
    with pytest.raises(ArgumentError, match="Did you mean `text`"):
        classes(txt=SUN)
    with pytest.raises(ArgumentError, match="Did you mean `top_k`"):
        classes(None, top_kk=2)
    with pytest.raises(ArgumentError, match="once"):
        classes(SUN, inputs=RAIN)
    with pytest.raises(ArgumentError, match="side by side"):
        classes(SUN, RAIN, SUN)


def test_options_that_transformers_alone_knows_are_taken(classes):
    assert_same(classes(SUN, max_length=9, truncation=True, add_special_tokens=True), classes(SUN))
    assert_same(classes(None, add_special_tokens=True, padding=True), classes(None))
    generator = course("text-generation", "causal")
    assert generator(None, eos_token_id=0, renormalize_logits=True, max_new_tokens=2)[0]["generated_text"] is None


def test_a_dictionary_of_columns_is_one_input_a_row(classes):
    assert_same(classes({"text": [SUN, RAIN]}), classes([SUN, RAIN]))
    rows = datasets.Dataset.from_dict({"text": [SUN, RAIN, SUN], "label": [0, 1, 0]})
    assert_same(classes(rows.select_columns("text")[:2]), classes([SUN, RAIN]))
    with pytest.raises(ArgumentError, match="`label`"):
        classes(rows[:2])
    ppl = course("question-answering", "answers")
    assert_same(ppl({"question": ["who ?", "who ?"], "context": [SUN, SUN]}), ppl([ASKED, ASKED]))
    with pytest.raises(ArgumentError, match="`question` has 2 values and `context` has 1 values"):
        ppl(question=["who ?", "what ?"], context=[SUN])


@pytest.fixture(scope="module")
def visits():
    """Give an address, and a list of what is asked for there."""
    asked = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *about):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/a.png", asked
    server.shutdown()


WAYS = {
    "one": lambda ppl, url: ppl(url),
    "a list": lambda ppl, url: ppl([url, url]),
    "a dictionary": lambda ppl, url: ppl({"image": url}),
    "by name": lambda ppl, url: ppl(images=[url]),
    "a generator by name": lambda ppl, url: list(ppl(inputs=(each for each in [url]))),
    "a generator": lambda ppl, url: list(ppl(each for each in [url])),
    "a column": lambda ppl, url: list(ppl(KeyDataset(datasets.Dataset.from_dict({"image": [url]}), "image"))),
}


@pytest.mark.parametrize("way", WAYS)
def test_addresses_of_images_are_not_visited(images, visits, way):
    url, asked = visits
    for ppl in (images, course("object-detection", "vision.yolos")):
        with pytest.raises(TidydlError, match="URL"):
            WAYS[way](ppl, url)
    assert asked == []


def test_images_that_come_one_by_one_are_classified(images, picture):
    rows = datasets.Dataset.from_dict({"image": [picture, picture]})
    expected = images([picture, picture])
    assert_same(list(images(KeyDataset(rows, "image"))), expected, within=IN_IMAGES)
    assert_same(list(images(each for each in [picture, picture])), expected, within=IN_IMAGES)


@pytest.mark.parametrize("task", ["question-answering", "summarization"])
def test_inputs_of_tasks_that_transformers_dropped_come_one_by_one_too(task):
    model, _, x, options = NAMED[task]
    ppl, one = course(task, model), x[0]
    rows = datasets.Dataset.from_dict({"x": [one, one]})
    expected = [ppl(one, **options)] * 2
    assert_same(list(ppl((each for each in [one, one]), **options)), expected)
    assert_same(list(ppl(KeyDataset(rows, "x"), **options)), expected)


def test_addresses_in_chats_and_parts_are_refused_and_texts_that_are_addresses_are_not(classes, visits):
    from tidydl.pipelines.registry import task_named
    from tidydl.workshop.course_inputs import check_inputs

    url, _ = visits
    seen, heard = task_named("image-text-to-text"), task_named("audio-classification")
    for content in ({"type": "image", "url": url}, {"type": "image", "image": {"path": url}}):
        with pytest.raises(ArgumentError, match="URL"):
            check_inputs(seen, [{"role": "user", "content": [{"type": "text", "text": url}, content]}])
    with pytest.raises(ArgumentError, match="URL"):
        check_inputs(heard, [{"path": url}])
    check_inputs(seen, [{"role": "user", "content": f"what is {url} ?"}])
    assert len(classes([url, SUN])) == 2

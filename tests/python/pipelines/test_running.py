"""Long runs: failing inputs become rows, what is killed goes on, several batches run at once, nothing is lost."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny
from support.broken_off import run
from support.checkpointed import SCRIPT
from support.precision import SCORES, assert_near
from tidydl.errors import ArgumentError, DamagedFileError, DataError, StorageError
from tidydl.pipelines import components
from tidydl.pipelines.batching import BatchPlan, compute
from tidydl.pipelines.checkpoints import resumable_run
from tidydl.pipelines.declarations import Part
from tidydl.pipelines.inputs import Inputs
from tidydl.progress import Progress
from tidydl.progress import run as run_work


@pytest.mark.parametrize("top_k", [1, 2])
def test_a_failing_input_is_a_row_of_missing_values_with_its_message(ppl, top_k):
    frame = ppl(["sun", 3, None, "rain", b"x"], on_error="row", top_k=top_k)
    assert frame.columns[-1] == ".error"
    messages = ["The 2nd value of `x` is 3, not a text.", "The 5th value of `x` is 1 value in a list, not a text."]
    assert frame[".error"].dropna().tolist() == messages
    assert frame.loc[frame[".error"].notna(), "score"].isna().all()
    assert frame.loc[frame[".row"] == 3, "label"].notna().all()
    assert frame.loc[frame[".row"] == 2, ".error"].isna().all()
    whole = ppl(["sun", None, None, "rain", None], top_k=top_k)
    pd.testing.assert_frame_equal(frame.drop(columns=".error"), whole, check_like=False)


def test_an_input_that_only_the_tokenizer_refuses_fails_alone(tmp_path):
    qa = tidydl.pipeline("question-answering", model=tiny.kept("answers"))
    data = pd.DataFrame({"question": ["the dog ?", " ", "so"], "context": ["the dog was lost"] * 3}, index=list("abc"))
    with pytest.raises(ArgumentError, match="2nd value of `question` is empty"):
        qa(data)
    frame = qa(data, on_error="row")
    assert frame.index.tolist() == list("abc")
    assert frame[".error"].isna().tolist() == [True, False, True]
    assert frame["answer"].isna().tolist() == [False, True, False]


def test_an_input_on_which_the_model_breaks_fails_alone(folder):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    ppl = tidydl.pipeline(model=model)
    bad = ppl._loaded.tokenizer("dog")["input_ids"][1]
    texts = [*tiny.sentences(20), "a dog", "the dog", *tiny.sentences(5, seed=9)]
    texts = [text.replace("dog", "cat") if i not in (20, 21) else text for i, text in enumerate(texts)]
    expected = ppl(texts)

    def break_down(module, args, kwargs):
        if (kwargs["input_ids"] == bad).any():
            raise IndexError("index out of range in self")

    hook = model.register_forward_pre_hook(break_down, with_kwargs=True)
    try:
        with pytest.raises(DataError, match="cannot be computed: IndexError"):
            ppl(texts)
        frame = ppl(texts, on_error="row")
    finally:
        hook.remove()
    assert frame.loc[[20, 21], ".error"].tolist() == ["IndexError: index out of range in self"] * 2
    left = frame.drop([20, 21])
    assert left[".error"].isna().all()
    assert_near(left["score"], expected.drop([20, 21])["score"])


def test_an_error_about_the_call_is_raised_all_the_same(ppl):
    with pytest.raises(ArgumentError, match="`top_k`"):
        ppl(["sun"], on_error="row", top_k=0)
    with pytest.raises(ArgumentError, match="stride"):
        ppl(["sun " * 60], on_error="row", long="window", stride=1000)
    with pytest.raises(ArgumentError, match="`on_error`"):
        ppl(["sun"], on_error="ignore")


def test_augment_and_widen_keep_the_message_once(ppl):
    data = pd.DataFrame({"tweet": ["sun", "rain"], "n": [1, 2]})
    joined = tidydl.augment(ppl, data, on_error="row", top_k=2, prefix="p_")
    assert joined.columns.tolist() == ["tweet", "n", "p_label", "p_score", "p_label.1", "p_score.1", "p_.error"]


def test_a_run_in_parts_gives_the_frame_of_a_run_in_one(ppl, tmp_path, monkeypatch):
    monkeypatch.setattr(resumable_run, "_SECONDS", 0.01)
    texts = pd.Series([*tiny.sentences(70), None, 3, ""], index=range(100, 173))
    whole = ppl(texts, top_k=2, on_error="row")
    parted = ppl(texts, top_k=2, on_error="row", checkpoint=tmp_path / "run")
    pd.testing.assert_frame_equal(parted, whole, atol=SCORES, rtol=0)
    assert parted.attrs == whole.attrs
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "manifest.json",
        "result.json",
        "result.parquet",
    ]


def test_a_finished_run_is_read_and_not_computed_again(ppl, tmp_path):
    first = ppl(tiny.sentences(5), checkpoint=tmp_path)
    hook = ppl.model.register_forward_pre_hook(lambda *_: pytest.fail("it was computed again"))
    try:
        pd.testing.assert_frame_equal(ppl(tiny.sentences(5), checkpoint=str(tmp_path)), first)
    finally:
        hook.remove()


def test_no_input_makes_a_checkpoint_too(ppl, tmp_path):
    pd.testing.assert_frame_equal(ppl([], checkpoint=tmp_path), ppl([]))
    pd.testing.assert_frame_equal(ppl([], checkpoint=tmp_path), ppl([]))


@pytest.mark.parametrize("parts", [1, 4])
def test_a_killed_run_goes_on_without_repeating_or_losing_a_row(folder, tmp_path, parts):
    texts, place = tiny.sentences(600), tmp_path / "run"
    (tmp_path / "texts").write_text("\n".join(texts), "utf-8")
    command = [sys.executable, str(SCRIPT), str(folder), str(tmp_path / "texts"), str(place)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        waited = time.monotonic() + 120
        while len(list(place.glob("part-*"))) < parts and time.monotonic() < waited:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    kept = sorted(path.name for path in place.glob("part-*"))
    done = int(kept[-1][15:24])
    assert 0 < done < 600
    frame, computed = run(str(folder), texts, str(place), pause=0.0)
    assert computed == 600 - done
    expected = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=2)
    pd.testing.assert_frame_equal(frame, expected, atol=SCORES, rtol=0)


def test_a_checkpoint_of_another_run_is_refused(ppl, folder, tmp_path):
    texts = tiny.sentences(4)
    ppl(texts, checkpoint=tmp_path / "run")
    other = tidydl.pipeline(model=tiny.text_folder(tmp_path / "other", labels=["a", "b", "c"], type_vocab_size=3))
    for what, call in {
        "set of inputs": lambda: ppl(["another", *texts[1:]], checkpoint=tmp_path / "run"),
        "number of inputs": lambda: ppl(texts[:3], checkpoint=tmp_path / "run"),
        "set of options": lambda: ppl(texts, top_k=3, checkpoint=tmp_path / "run"),
        "model": lambda: other(texts, checkpoint=tmp_path / "run"),
        "dtype": lambda: tidydl.pipeline(model=folder, dtype="float64")(texts, checkpoint=tmp_path / "run"),
    }.items():
        with pytest.raises(ArgumentError, match=f"a different {what}"):
            call()
    assert len(ppl(texts, checkpoint=tmp_path / "run", batch_size=1)) == 4


def test_a_folder_with_other_files_or_a_file_is_no_checkpoint(ppl, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ArgumentError, match="other files"):
        ppl(["sun"], checkpoint=tmp_path)
    with pytest.raises(ArgumentError, match="is the file"):
        ppl(["sun"], checkpoint=tmp_path / "thesis.docx")
    with pytest.raises(StorageError, match="cannot be created"):
        ppl(["sun"], checkpoint=tmp_path / "thesis.docx" / "below")
    with pytest.raises(ArgumentError, match="`checkpoint`"):
        ppl(["sun"], checkpoint=3)


def test_a_damaged_result_is_named_and_not_computed_again_unasked(ppl, tmp_path):
    ppl(["sun"], checkpoint=tmp_path)
    whole = (tmp_path / "result.parquet").read_bytes()
    (tmp_path / "result.parquet").write_bytes(b"half a file")
    with pytest.raises(DamagedFileError, match=r"result\.parquet"):
        ppl(["sun"], checkpoint=tmp_path)
    (tmp_path / "result.parquet").write_bytes(whole)
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(DamagedFileError, match=r"result\.json"):
        ppl(["sun"], checkpoint=tmp_path)


def test_generated_texts_go_on_with_the_seed_they_began_with(tmp_path, monkeypatch):
    monkeypatch.setattr(resumable_run, "_SECONDS", 0.01)
    write = tidydl.pipeline("text-generation", model=tiny.kept("causal"), do_sample=True, max_new_tokens=4)
    prompts = tiny.sentences(40, longest=4)
    tidydl.set_seed(1)
    whole = write(prompts)
    tidydl.set_seed(1)
    pd.testing.assert_frame_equal(write(prompts, checkpoint=tmp_path / "run"), whole)
    tidydl.set_seed(2)
    pd.testing.assert_frame_equal(write(prompts, checkpoint=tmp_path / "run"), whole)
    with pytest.raises(ArgumentError, match="set of options"):
        write(prompts, checkpoint=tmp_path / "run", seed=5)


def test_batches_run_side_by_side_on_a_cpu_and_give_the_same(ppl, monkeypatch):
    texts = tiny.sentences(60)
    seen = set()
    hook = ppl.model.register_forward_pre_hook(lambda *_: seen.add(threading.get_ident()))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        together = ppl(texts, batch_size=4)
        assert torch.get_num_threads() == 2
        assert len(seen) == 2
        assert threading.get_ident() not in seen
        torch.set_num_threads(1)
        alone = ppl(texts, batch_size=4)
        assert threading.get_ident() in seen
    finally:
        hook.remove()
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(together, alone, atol=SCORES, rtol=0)


def test_stopping_early_gives_torch_its_threads_back(ppl):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        work = ppl.steps(tiny.sentences(60), batch_size=4)
        assert isinstance(next(work), Progress)
        work.close()
        assert torch.get_num_threads() == 2
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("tidydl")]
    finally:
        torch.set_num_threads(before)


def test_memory_that_runs_out_on_a_processor_halves_the_batch_too(folder):
    ppl = tidydl.pipeline(model=transformers.AutoModelForSequenceClassification.from_pretrained(folder))
    texts = tiny.sentences(20)
    expected = ppl(texts)

    def too_much(module, args, kwargs):
        if len(kwargs["input_ids"]) > 3:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    hook = ppl.model.register_forward_pre_hook(too_much, with_kwargs=True)
    try:
        pd.testing.assert_frame_equal(ppl(texts), expected, atol=SCORES, rtol=0)
    finally:
        hook.remove()


def test_models_are_forgotten_when_asked(folder, tmp_path):
    other = tiny.text_folder(tmp_path / "other")
    first = tidydl.pipeline(model=folder).model
    tidydl.pipeline(model=other)
    assert tidydl.forget(str(other))["model"].tolist() == [str(other)]
    assert tidydl.pipeline(model=folder).model is first
    gone = tidydl.forget()
    assert str(folder) in gone["model"].tolist()
    assert (gone["size_mb"] > 0).all()
    assert tidydl.pipeline(model=folder).model is not first
    with pytest.raises(ArgumentError):
        tidydl.forget(3)


class Shaped:
    """Lines of different sizes and shapes, which give their own numbers."""

    def __init__(self, sizes, shapes):
        self.sizes, self.shapes = sizes, shapes
        self.owners, self.cut = range(len(sizes)), [False] * len(sizes)

    def batch(self, positions):
        assert len({self.shapes[i] for i in positions}) == 1
        return {"lines": list(positions)}


@pytest.mark.parametrize("seed", range(20))
def test_lines_of_equal_shapes_and_unequal_sizes_are_each_computed_once(ppl, seed):
    draw = np.random.default_rng(seed)
    sizes, shapes = draw.integers(1, 400, 50).tolist(), draw.choice(list("abc"), 50).tolist()
    seen = []

    def forward(tensors):
        seen.extend(tensors["lines"])
        return tensors["lines"]

    encoded = Shaped(sizes, shapes)
    way = BatchPlan(lambda values, places: encoded, forward, key=lambda value: value, padding="equal")
    outcome = run_work(compute(ppl._loaded, Inputs({Part("text", "text"): [str(i) for i in range(50)]}), way))
    assert sorted(seen) == list(range(50))
    assert outcome.results == list(range(50))


def test_of_what_reads_inputs_that_is_forgotten_which_was_not_used_for_longest(monkeypatch):
    def read(name):
        return components.read_components(["tokenizer"], {"tokenizer": str(tiny.kept(name))}, None)["tokenizer"]

    components.forget_components()
    monkeypatch.setattr(components, "_KEPT", 2)
    first, second = read("entities"), read("masked")
    assert read("entities") is first
    read("inference")
    assert read("entities") is first
    assert read("masked") is not second


def test_threads_with_other_settings_do_not_change_what_is_tokenized(ppl):
    text = "the sun was happy and the dog was sad today again"
    alone, ended = ppl(text)["score"][0], threading.Event()

    def cut():
        while not ended.is_set():
            ppl("home and rain again not good", max_length=4)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        thread = threading.Thread(target=cut)
        thread.start()
        try:
            scores = {ppl(text)["score"][0] for _ in range(100)}
        finally:
            ended.set()
            thread.join()
    assert_near(sorted(scores)[0], alone, SCORES)
    assert_near(sorted(scores)[-1], alone, SCORES)


def test_copies_and_pickles_of_a_tokenizer_are_of_the_class_of_transformers(ppl):
    tokenizer = ppl._loaded.tokenizer
    for again in (copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert type(again) is getattr(transformers, type(tokenizer).__name__)
        assert again("the sun").input_ids == tokenizer("the sun").input_ids

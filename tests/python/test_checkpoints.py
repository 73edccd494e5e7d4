"""Checkpoints under attack: contents that change, files that are damaged, disks that are full, owners that die."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import tiny
import tiny_sounds
import transformers
from broken_off import run
from test_pipelines_image import picture

import tidydl
from tidydl.errors import ArgumentError, DamagedFileError, StorageError, TidydlError
from tidydl.pipelines.checkpoints import file_hashes, owners, running
from tidydl.pipelines.checkpoints.identity import identity
from tidydl.pipelines.inputs import read_inputs

SCRIPT = Path(__file__).with_name("broken_off.py")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep hashes of files in a folder of the test's own."""
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def texts():
    return tiny.sentences(60)


def started(folder, texts, place, where):
    """Start a run of a process of its own, and wait until it has kept two parts."""
    (where / "texts").write_text("\n".join(texts), "utf-8")
    command = [sys.executable, str(SCRIPT), str(folder), str(where / "texts"), str(place)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    waited = time.monotonic() + 120
    while len(list(place.glob("part-*"))) < 2 and time.monotonic() < waited and process.poll() is None:
        time.sleep(0.01)
    return process


def broken_off(ppl, texts, place, parts, monkeypatch):
    """Leave the folder of a run that an interrupt ended after some parts."""
    monkeypatch.setattr(running, "_SECONDS", 1e-6)

    def interrupt(*_):
        if len(list(place.glob("part-*"))) >= parts:
            raise KeyboardInterrupt

    hook = ppl.model.register_forward_pre_hook(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            ppl(texts, checkpoint=place)
    finally:
        hook.remove()


# What a run computes -------------------------------------------------------------------------------------------------


def test_another_image_under_the_same_path_is_another_input(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    path = tmp_path / "photo.png"
    picture(1).save(path)
    before = os.stat(path)
    ppl([path], checkpoint=tmp_path / "run")
    content = bytearray(path.read_bytes())
    picture(2).save(path)
    other = path.read_bytes()
    with pytest.raises(ArgumentError, match="another set of inputs"):
        ppl([path], checkpoint=tmp_path / "run")
    path.write_bytes(bytes(content))
    assert len(ppl([path], checkpoint=tmp_path / "run")) == 5
    path.write_bytes(other.ljust(len(content), b"\0")[: len(content)])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as long, and as old by its own account
    with pytest.raises(ArgumentError, match="another set of inputs"):
        ppl([path], checkpoint=tmp_path / "run")


def test_the_same_image_elsewhere_is_the_same_input(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    picture(1).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    first = ppl([tmp_path / "a.png"], checkpoint=tmp_path / "run")
    pd.testing.assert_series_equal(ppl([tmp_path / "b.png"], checkpoint=tmp_path / "run")["score"], first["score"])


def test_an_image_that_changes_during_the_run_ends_it(tmp_path):
    ppl = tidydl.pipeline("image-classification", model=tiny.image_folder(tmp_path / "vit"), device="cpu")
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        picture(i).save(path)
    hook = ppl.model.register_forward_pre_hook(lambda *_: picture(9).save(paths[1]))
    try:
        with pytest.raises(ArgumentError, match=r"1\.png', which changed during the run"):
            ppl(paths, checkpoint=tmp_path / "run")
    finally:
        hook.remove()
    assert not list((tmp_path / "run").glob("part-*"))


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(file_hashes, "_SETTLED", -1.0)
    (tmp_path / "a").write_bytes(b"one")
    first, second = file_hashes.FileHashes(), file_hashes.FileHashes()
    found = first.digest(tmp_path / "a")
    first.keep()
    kept = tmp_path / "cache" / "file-hashes.txt"
    kept.write_bytes(b"half a li" + kept.read_bytes() + b"\xff\n")
    (tmp_path / "a").chmod(0)
    (tmp_path / "a").chmod(0o644)  # which counts as a change
    assert second.digest(tmp_path / "a") == found
    second.keep()
    assert len(kept.read_bytes().splitlines()) == 3
    third = file_hashes.FileHashes()
    assert third.digest(tmp_path / "a") == found
    third.keep()
    assert len(kept.read_bytes().splitlines()) == 3
    (tmp_path / "a").write_bytes(b"two")
    assert third.digest(tmp_path / "a") != found


def test_one_weight_in_a_middle_layer_makes_another_model(folder, tmp_path):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    ppl = tidydl.pipeline(model=model, tokenizer=str(folder))
    ppl(["sun"], checkpoint=tmp_path / "run")
    weights = list(model.parameters())
    weights[len(weights) // 2].data.view(-1)[0] += 0.5
    with pytest.raises(ArgumentError, match="another model"):
        ppl(["sun"], checkpoint=tmp_path / "run")


def test_another_tokenizer_is_another_run(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "model")
    tidydl.pipeline(model=tmp_path / "model")(["The Sun"], checkpoint=tmp_path / "run")
    held = tidydl.pipeline(model=tmp_path / "model")
    settings = json.loads((tmp_path / "model" / "tokenizer_config.json").read_text())
    (tmp_path / "model" / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": False}))
    with pytest.raises(ArgumentError, match="changed since the pipeline was made"):
        held(["The Sun"], checkpoint=tmp_path / "held")
    with pytest.raises(ArgumentError, match="another tokenizer"):
        tidydl.pipeline(model=tmp_path / "model")(["The Sun"], checkpoint=tmp_path / "run")
    given = transformers.AutoTokenizer.from_pretrained(folder)
    own = tidydl.pipeline(model=folder, tokenizer=given)
    own(["The Sun"], checkpoint=tmp_path / "given")
    given.add_tokens(["the sun"])
    with pytest.raises(ArgumentError, match="another tokenizer"):
        own(["The Sun"], checkpoint=tmp_path / "given")


def test_another_vocoder_is_another_model(tmp_path):
    speak = tidydl.pipeline("text-to-speech", model=tiny_sounds.kept("speecht5"), device="cpu")
    first, second = tiny_sounds.vocoder_folder(tmp_path / "a"), tiny_sounds.vocoder_folder(tmp_path / "b")
    inputs = read_inputs(["sun"], speak._task.parts, {})
    told = {}
    for name, place in {"a": first, "again": first, "b": second}.items():
        others = speak._family.other_models(speak._loaded, {**speak._options, "vocoder": str(place)})
        told[name] = identity(speak.task, speak._loaded, inputs, speak._options, others).about["model"]
    assert told["a"] == told["again"]
    same = all((first / "model.safetensors").read_bytes() == each.read_bytes() for each in second.glob("*.safetensors"))
    assert (told["a"] == told["b"]) is same


@pytest.mark.parametrize("name", ["causal", "seq2seq", "answers"])
def test_a_run_leaves_the_identity_of_a_pipeline_as_it_was(name):
    task = {"causal": "text-generation", "seq2seq": "summarization", "answers": "question-answering"}.get(name)
    ppl = tidydl.pipeline(task, model=tiny.kept(name), device="cpu")
    given = {"question": "the dog ?", "context": "the dog was lost"} if name == "answers" else {"x": ["the sun"]}
    tell = lambda: identity(ppl.task, ppl._loaded, read_inputs([], ppl._task.parts[:1], {}), {}).about  # noqa: E731
    before = tell()
    ppl(**given)
    assert tell() == before


def test_failures_that_were_kept_are_no_results_where_errors_are_to_be_raised(ppl, tmp_path):
    model = ppl.model

    def break_down(*_):
        raise IndexError("index out of range in self")

    hook = model.register_forward_pre_hook(break_down)
    try:
        kept = ppl(["sun"], on_error="row", checkpoint=tmp_path / "run")
    finally:
        hook.remove()
    assert kept[".error"].tolist() == ["IndexError: index out of range in self"]
    with pytest.raises(ArgumentError, match="index out of range in self"):
        ppl(["sun"], checkpoint=tmp_path / "run")
    pd.testing.assert_frame_equal(ppl(["sun"], on_error="row", checkpoint=tmp_path / "run"), kept)


def test_the_folder_of_an_earlier_version_is_named_as_such(ppl, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"about": {"task": "text-classification"}, "seed": None}))
    with pytest.raises(ArgumentError, match="an earlier version"):
        ppl(["sun"], checkpoint=tmp_path)


@pytest.mark.parametrize("name", ["run:1", "file:x", "s3:run", "%41", "ü b", "run?a=1#b", "it's", "-r", "a\nb"])
def test_any_name_of_a_folder_will_do(ppl, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    first = ppl(["sun", "rain"], checkpoint=name)
    pd.testing.assert_frame_equal(ppl(["sun", "rain"], checkpoint=name), first)
    assert (tmp_path / name / "result.parquet").is_file()


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_what_no_folder_can_be_called_is_refused(ppl, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=r"^`checkpoint` is"):
        ppl(["sun"], checkpoint=name)


# Files ---------------------------------------------------------------------------------------------------------------


def mutate(place, numbers):
    """Change one file of a folder, or several, in one of the ways in which files change."""
    files = sorted(path for path in place.iterdir() if path.is_file())
    path = numbers.choice(files)
    content = bytearray(path.read_bytes())
    kind = numbers.randrange(8)
    if kind == 0 and content:
        content[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)
    elif kind == 1:
        content = content[: numbers.randrange(len(content) + 1)]
    elif kind == 2:
        content = bytearray()
    elif kind == 3:
        content += content[: numbers.randrange(1, 50)]
    elif kind == 4:
        path.unlink()
        return
    elif kind == 5:
        content = bytearray(numbers.choice(files).read_bytes())
    elif kind == 6:
        at = numbers.randrange(len(content) + 1)
        content[at : at + 4] = bytes(numbers.randrange(256) for _ in range(4))
    else:
        named = path.name.replace(numbers.choice("0123456789"), numbers.choice("0123456789"))
        path.rename(place / named)
        return
    path.write_bytes(bytes(content))


def outcome(ppl, texts, place):
    """Return the frame of a run, or what our error says; any other error is one."""
    try:
        return ppl(texts, checkpoint=place), ""
    except TidydlError as problem:
        return None, problem.problem


def to_its_end(work):
    """Run the steps of a pipeline, and return its frame."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("parts", [2, 0])
def test_any_change_of_any_file_gives_the_right_rows_or_one_of_our_errors(ppl, texts, tmp_path, monkeypatch, parts):
    whole, place = ppl(texts, top_k=1), tmp_path / "run"
    if parts:
        broken_off(ppl, texts, place, parts, monkeypatch)
        for kind in ("file", "claim"):
            (place / owners.scratch_name(kind)).write_bytes(b"half")
    else:
        ppl(texts, checkpoint=place)
    right, numbers = 0, random.Random(parts)
    monkeypatch.setattr(owners, "SILENCE", -1e9)
    for attempt in range(40):
        shutil.copytree(place, tmp_path / str(attempt))
        for _ in range(numbers.randrange(1, 4)):
            mutate(tmp_path / str(attempt), numbers)
        frame, problem = outcome(ppl, texts, tmp_path / str(attempt))
        if frame is None:
            assert str(tmp_path / str(attempt)) in problem
        else:
            pd.testing.assert_frame_equal(frame, whole, atol=1e-6, rtol=0)
            right += 1
        shutil.rmtree(tmp_path / str(attempt))
    assert right > (30 if parts else 3)


def test_a_part_with_fewer_rows_than_its_name_says_is_computed_again(ppl, texts, tmp_path, monkeypatch):
    place = tmp_path / "run"
    broken_off(ppl, texts, place, 2, monkeypatch)
    first, second = sorted(place.glob("part-*"))
    second.write_bytes(first.read_bytes())
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=place), ppl(texts), atol=1e-6, rtol=0)


def test_parts_of_another_run_are_never_taken(ppl, texts, tmp_path, monkeypatch):
    broken_off(ppl, texts, tmp_path / "one", 2, monkeypatch)
    broken_off(ppl, texts[::-1], tmp_path / "two", 2, monkeypatch)
    for path in (tmp_path / "two").glob("part-*"):
        shutil.copy(path, tmp_path / "one")
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=tmp_path / "one"), ppl(texts), atol=1e-6, rtol=0)


def full_disk(work, most):
    """Do some work while no file can be larger than so many bytes, as on a full disk; tell its error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        work()
    except TidydlError as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return "nothing"


@pytest.mark.parametrize("most", [0, 100, 400, 2500])
def test_a_full_disk_is_called_so_and_the_run_goes_on_when_there_is_room(ppl, texts, tmp_path, most):
    whole, place = ppl(texts), tmp_path / "run"
    told = full_disk(lambda: ppl(texts, checkpoint=place, batch_size=60), most)
    assert told.startswith("StorageError"), told
    assert "the disk is full" in told
    assert not [path.name for path in place.iterdir() if owners.is_scratch(path.name)]
    pd.testing.assert_frame_equal(ppl(texts, checkpoint=place), whole, atol=1e-6, rtol=0)


# Owners --------------------------------------------------------------------------------------------------------------


def test_a_second_process_waits_and_reads_what_the_first_computed(folder, tmp_path):
    texts, place = tiny.sentences(150), tmp_path / "run"
    first = started(folder, texts, place, tmp_path)
    assert first.poll() is None
    frame, computed = run(str(folder), texts, str(place), pause=0.0)
    assert first.wait() == 0
    assert computed == 0
    expected = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=2)
    pd.testing.assert_frame_equal(frame, expected, atol=1e-6, rtol=0)
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "result.json", "result.parquet"]


def test_a_stopped_owner_is_named_and_a_killed_one_followed(folder, tmp_path):
    texts, place = tiny.sentences(200), tmp_path / "run"
    first = started(folder, texts, place, tmp_path)
    try:
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(ArgumentError, match=f"the process {first.pid} on .* that process is stopped"):
            run(str(folder), texts, str(place), pause=0.0)
        os.kill(first.pid, signal.SIGKILL)
        frame, computed = run(str(folder), texts, str(place), pause=0.0)  # a zombie until it is waited for
    finally:
        first.kill()
        first.wait()
    assert 0 < computed < 200
    expected = tidydl.pipeline(model=folder, device="cpu")(texts, top_k=2)
    pd.testing.assert_frame_equal(frame, expected, atol=1e-6, rtol=0)


def left_by(place, **changes):
    """Leave the file of an owner that is not there any more."""
    place.mkdir(exist_ok=True)
    path = place / "owner-000004.json"
    path.write_text(json.dumps({**owners._this_process(), **changes}))
    return path


def test_the_same_number_of_another_container_or_boot_is_another_process(ppl, tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "SILENCE", 1.0)
    for name in ("boot", "pid_namespace"):
        path = left_by(tmp_path / name, **{name: "other"})
        began = time.monotonic()
        assert len(ppl(["sun"], checkpoint=tmp_path / name)) == 1
        assert 0.8 < time.monotonic() - began < 20  # it waits for a sign of life, and takes over where there is none
        assert not path.exists()


def test_a_process_that_got_the_number_of_the_owner_is_not_the_owner(ppl, tmp_path):
    left_by(tmp_path / "pid", pid=os.getppid(), started="1")
    left_by(tmp_path / "own", token="0" * 32)  # this very process, which holds nothing of that name
    left_by(tmp_path / "gone", pid=2**22 + 1)
    for name in ("pid", "own", "gone"):
        assert len(ppl(["sun"], checkpoint=tmp_path / name)) == 1


def test_a_living_owner_elsewhere_is_waited_for(ppl, tmp_path, monkeypatch):
    monkeypatch.setattr(owners, "SILENCE", 1.0)
    path = left_by(tmp_path / "run", boot="other")
    work = ppl.steps(["sun"], checkpoint=tmp_path / "run")
    until = time.monotonic() + 2.5
    events = []
    while time.monotonic() < until:
        os.utime(path)
        events.append(next(work))
    assert f"Waiting for the process {os.getpid()} on" in events[0].text
    path.unlink()
    assert len(to_its_end(work)) == 1


def test_another_run_of_this_session_says_so_rather_than_wait_for_itself(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    with pytest.raises(ArgumentError, match="another run of this session"):
        ppl(["sun", "rain"], checkpoint=tmp_path / "run")
    work.close()
    assert not list((tmp_path / "run").glob("owner-*"))
    assert len(ppl(["sun", "rain"], checkpoint=tmp_path / "run")) == 2


def test_an_owner_that_was_replaced_writes_nothing_more(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    left_by(tmp_path / "run", host="elsewhere", boot="other")
    with pytest.raises(StorageError, match="on 'elsewhere' has taken over"):
        to_its_end(work)
    assert not list((tmp_path / "run").glob("part-*"))


def test_a_copy_of_the_owner_made_by_fork_leaves_the_folder_to_it(ppl, tmp_path):
    work = ppl.steps(["sun", "rain"], checkpoint=tmp_path / "run")
    next(work)
    pid = os.fork()
    if pid == 0:
        work.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert list((tmp_path / "run").glob("owner-*"))
    work.close()


def test_of_many_processes_one_owns_and_a_dead_one_is_replaced_once(tmp_path):
    left_by(tmp_path, pid=2**22 + 1)
    script = (
        "import sys, time; from pathlib import Path; from tidydl.pipelines.checkpoints import owners\n"
        "place = Path(sys.argv[1])\n"
        "while not (place / 'go').exists(): time.sleep(0.001)\n"
        "print(isinstance(owners._claim(place), owners.Ownership), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stdin": subprocess.PIPE, "text": True}
    many = [subprocess.Popen(command, **pipes) for _ in range(4)]
    time.sleep(2)
    (tmp_path / "go").touch()
    told = [each.stdout.readline().strip() for each in many]
    for each in many:
        each.communicate()
    assert sorted(told) == ["False", "False", "False", "True"]


def test_a_finished_run_is_read_where_nothing_can_be_written(ppl, tmp_path):
    first = ppl(["sun"], checkpoint=tmp_path / "run")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    state = (tmp_path / "run").stat().st_mtime_ns
    pd.testing.assert_frame_equal(ppl(["sun"], checkpoint=tmp_path / "run"), first)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == before
    assert (tmp_path / "run").stat().st_mtime_ns == state


def test_a_lost_result_is_told_and_not_computed_again(ppl, tmp_path):
    ppl(["sun"], checkpoint=tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    with pytest.raises(DamagedFileError, match=r"result\.json' is damaged: it is not there"):
        ppl(["sun"], checkpoint=tmp_path / "run")

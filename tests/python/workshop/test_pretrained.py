"""Loading as version 4 did: whole numbers, single precision, ids of the Hub and what is said of wrong ones."""

import json
import shutil

import pytest
import torch
import transformers as installed
from safetensors.torch import load_file

import tiny
from hub import Hub
from hub.stand_ins import SENTIMENT, sentiment_folder
from support.course_code import BEGIN, run_course
from tidydl.errors import ArgumentError, NotFoundError, TidydlError
from tidydl.workshop import transformers


def test_a_model_computes_in_single_precision_unless_told_otherwise(folder, tmp_path):
    installed.AutoModelForSequenceClassification.from_pretrained(folder).half().save_pretrained(tmp_path)
    load = transformers.AutoModelForSequenceClassification.from_pretrained
    assert load(str(tmp_path)).dtype is torch.float32
    assert load(str(tmp_path), torch_dtype=torch.float16).dtype is torch.float16
    assert load(str(tmp_path), dtype="auto").dtype is torch.float16


def test_a_double_is_a_whole_number_of_labels(folder):
    load = transformers.AutoModelForSequenceClassification.from_pretrained
    model = load(str(folder), num_labels=2.0, ignore_mismatched_sizes=True, use_auth_token=None)
    assert model.config.num_labels == 2
    assert model.classifier.out_features == 2


def test_images_are_read_by_pillow_as_in_version_4(tmp_path):
    reader = transformers.AutoImageProcessor.from_pretrained(str(tiny.image_folder(tmp_path / "faces")))
    assert type(reader).__name__.endswith("Pil")


def test_code_of_a_model_runs_only_from_a_commit_that_was_read(folder):
    with pytest.raises(ArgumentError, match="full commit hash"):
        transformers.AutoModel.from_pretrained("someone/model", trust_remote_code=True)


def test_a_folder_that_is_not_there_is_an_error_that_says_so():
    with pytest.raises(NotFoundError, match="there is no such folder"):
        transformers.AutoTokenizer.from_pretrained("./not/there")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with Hub() as server:
        served = server.add(f"distilbert/{SENTIMENT}", sentiment_folder(tmp_path_factory.mktemp("served")))
        served.tag = "text-classification"
        server.moved[SENTIMENT] = f"distilbert/{SENTIMENT}"
        yield server


CODE = (
    BEGIN
    + """
tokenizer = transformers.AutoTokenizer.from_pretrained('distilbert-base-uncased-finetuned-sst-2-english')
load = transformers.AutoModelForSequenceClassification.from_pretrained
model = load('distilbert-base-uncased-finetuned-sst-2-english')
ppl = transformers.pipeline(model='distilbert-base-uncased-finetuned-sst-2-english', tokenizer=tokenizer)
mood = transformers.pipeline('sentiment-analysis')
result = {
    'names': [tokenizer.name_or_path, model.config.name_or_path],
    'label': ppl('I like you!')[0]['label'],
    'same': ppl(['I like you!'])[0]['label'] == mood('I like you!')[0]['label'],
    'shown': repr(ppl),
}
"""
)


def test_models_of_the_hub_are_found_by_old_ids_and_again_without_a_network(hub, tmp_path):
    found, _ = run_course(tmp_path, hub.url, CODE)
    assert found["names"] == [SENTIMENT, SENTIMENT]
    assert found["label"] in ("NEGATIVE", "POSITIVE")
    assert found["same"]
    assert "text-classification" in found["shown"]
    assert run_course(tmp_path, hub.url, CODE, HF_HUB_OFFLINE="1")[0] == found


def test_an_id_that_lacks_its_end_is_an_error_that_names_the_right_one(hub, tmp_path):
    code = BEGIN + (
        "from tidydl import TidydlError\n"
        "try:\n    transformers.AutoTokenizer.from_pretrained('distilbert-base-uncased-finetuned-sst-2')\n"
        "except TidydlError as problem:\n    result = [problem.kind, problem.hint]\n"
    )
    assert run_course(tmp_path, hub.url, code)[0] == ["not_found", f"Did you mean '{SENTIMENT}'?"]


def _with_code(folder, ran):
    """Let a model's config name code beside it, which leaves a file where it is run."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    named = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": named}), "utf-8")
    code = f"open({str(ran)!r}, 'w').close()\nfrom transformers import BertConfig as OwnConfig, BertModel as OwnModel\n"
    (folder / "own.py").write_text(code, "utf-8")


FOUND_ELSEWHERE = (
    *({}, {"local_files_only": True}, {"cache_dir": None}, {"force_download": False}, {"proxies": {}}),
    *({"revision": "a" * 40}, {"code_revision": "a" * 40}, {"revision": "a" * 40, "local_files_only": True}),
)


@pytest.mark.parametrize("asked", FOUND_ELSEWHERE, ids=str)
@pytest.mark.parametrize("name", ["AutoConfig", "AutoModel", "BertModel", "PreTrainedTokenizerFast"])
def test_code_in_a_folder_is_never_run_however_the_files_are_found(folder, tmp_path, name, asked):
    shutil.copytree(folder, tmp_path / "own")
    _with_code(tmp_path / "own", tmp_path / "ran")
    with pytest.raises(ArgumentError, match="full commit hash"):
        getattr(transformers, name).from_pretrained(str(tmp_path / "own"), trust_remote_code=True, **asked)
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def pickled(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "deep" / "inside")
    kept = tmp_path / "deep" / "inside"
    torch.save(load_file(kept / "model.safetensors"), kept / "pytorch_model.bin")
    (kept / "model.safetensors").unlink()
    return kept


@pytest.mark.parametrize(
    "asked", [{}, {"local_files_only": True}, {"cache_dir": None}, {"use_safetensors": None}], ids=str
)
@pytest.mark.parametrize("kind", ["AutoModelForSequenceClassification", "BertForSequenceClassification"])
def test_pickled_weights_are_read_only_where_a_call_says_so(pickled, kind, asked):
    load = getattr(transformers, kind).from_pretrained
    for given in ((str(pickled), asked), (str(pickled.parent), {**asked, "subfolder": "inside"})):
        with pytest.raises(NotFoundError, match="no safetensors weights"):
            load(given[0], **given[1])
    (pickled / "other.safetensors").write_bytes((pickled / "pytorch_model.bin").read_bytes())
    with pytest.raises(TidydlError):
        load(str(pickled), **asked)
    (pickled / "pytorch_model.fp16.bin").write_bytes((pickled / "pytorch_model.bin").read_bytes())
    with pytest.raises(TidydlError):
        load(str(pickled), variant="fp16", **asked)
    assert load(str(pickled.parent), subfolder="inside", use_safetensors=False).config.num_labels == 3


def test_a_model_of_a_relative_path_finds_its_tokenizer_from_everywhere(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder.name)
    shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / folder.name / "tokenizer.json").write_text("another", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert transformers.pipeline("text-classification", model=model).tokenizer.name_or_path == str(folder)


def test_parts_of_a_model_lie_inside_of_it(pickled):
    load = transformers.AutoModel.from_pretrained
    with pytest.raises(ArgumentError, match="`subfolder`"):
        load(str(pickled), subfolder="../inside", use_safetensors=False)
    with pytest.raises(ArgumentError, match="`gguf_file`"):
        load(str(pickled), gguf_file="weights.gguf")


def test_arguments_by_position_and_configurations_by_place_go_the_vetted_way_too(folder, pickled):
    config = transformers.AutoConfig.from_pretrained(str(folder), num_labels=3)
    with pytest.raises(NotFoundError, match="no safetensors weights"):
        transformers.BertForSequenceClassification.from_pretrained(str(pickled), None, config=config)
    link = pickled / "link.txt"
    link.symlink_to(pickled.parent)
    with pytest.raises(ArgumentError, match="leaves the folder"):
        transformers.BertForSequenceClassification.from_pretrained(str(folder), config=str(pickled))


def test_classes_that_load_make_and_know_what_is_transformers_own(folder):
    loaded = transformers.BertForSequenceClassification.from_pretrained(str(folder))
    made = transformers.BertForSequenceClassification(loaded.config)
    assert type(loaded) is type(made) is installed.BertForSequenceClassification
    assert isinstance(loaded, (transformers.BertForSequenceClassification))
    assert isinstance(loaded, transformers.PreTrainedModel)
    assert not isinstance(loaded, transformers.BertModel)
    assert issubclass(installed.BertModel, transformers.PreTrainedModel)

    class Own(transformers.BertForSequenceClassification):
        pass

    own = Own.from_pretrained(str(folder))
    assert type(own) is Own
    assert isinstance(own, transformers.BertForSequenceClassification)
    assert not isinstance(loaded, Own)


def test_processors_of_their_own_name_are_loaded(tmp_path):
    folder = str(tiny.image_folder(tmp_path / "faces"))
    assert transformers.ViTImageProcessorPil.from_pretrained(folder).size == (
        transformers.AutoImageProcessor.from_pretrained(folder).size
    )


IN_OWN_CACHE = """
name = 'distilbert/distilbert-base-uncased-finetuned-sst-2-english'
transformers.AutoTokenizer.from_pretrained(name)
tokenizer = transformers.AutoTokenizer.from_pretrained(name, local_files_only=True)
load = transformers.AutoModelForSequenceClassification.from_pretrained
model = load(name, cache_dir='mine')
again = load(name, cache_dir='mine', local_files_only=True)
result = [model.config.name_or_path, type(again).__name__, len(tokenizer) > 0]
"""


def test_a_cache_of_ones_own_is_used_and_found_again(hub, tmp_path):
    code = BEGIN + IN_OWN_CACHE.replace("'mine'", repr(str(tmp_path / "mine")))
    found = run_course(tmp_path, hub.url, code, HF_HUB_OFFLINE="0")[0]
    assert found == [f"distilbert/{SENTIMENT}", "DistilBertForSequenceClassification", True]
    assert list((tmp_path / "mine").glob("models--*"))

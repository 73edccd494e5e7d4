"""Generated text: the greedy text of each prompt alone, draws that a seed governs, chats as frames."""

import pandas as pd
import pytest
import torch
import transformers

import tidydl
import tiny.text
from tidydl.errors import ArgumentError

PROMPTS = [*tiny.sentences(9, longest=8), "the sun"]
CHAT = [{"role": "user", "content": "are you happy ?"}]


@pytest.fixture(scope="module")
def write():
    return tidydl.pipeline("text-generation", model=tiny.kept("causal"), device="cpu", max_new_tokens=6)


@pytest.fixture(scope="module")
def plain():
    return transformers.pipeline("text-generation", model=str(tiny.kept("causal")), device="cpu")


@pytest.mark.parametrize("whole", [True, False])
def test_texts_equal_the_plain_greedy_pipeline_one_prompt_at_a_time(write, plain, whole):
    ours = write(PROMPTS, return_full_text=whole)
    theirs = [plain(text, do_sample=False, max_new_tokens=6, return_full_text=whole)[0] for text in PROMPTS]
    assert ours["generated_text"].tolist() == [answer["generated_text"] for answer in theirs]
    assert ours.columns.tolist() == [".row", "text", "sequence", "generated_text"]
    assert len(set(ours["generated_text"])) > 5


def test_beams_and_total_lengths_are_those_of_the_plain_pipeline(write, plain):
    beams = write(PROMPTS[:4], num_beams=3, num_return_sequences=2)
    theirs = [
        line["generated_text"]
        for text in PROMPTS[:4]
        for line in plain(text, do_sample=False, num_beams=3, num_return_sequences=2, max_new_tokens=6)
    ]
    assert beams["generated_text"].tolist() == theirs
    assert beams["sequence"].tolist() == [1, 2] * 4
    bare = tidydl.pipeline("text-generation", model=tiny.kept("causal"))
    total = bare(PROMPTS, max_length=40)["generated_text"].tolist()
    model, tokenizer = write.model, transformers.AutoTokenizer.from_pretrained(tiny.kept("causal"))
    for text, found in zip(PROMPTS, total, strict=True):
        made = model.generate(**tokenizer(text, return_tensors="pt"), max_length=40, do_sample=False, pad_token_id=0)
        assert found == tokenizer.decode(made[0], skip_special_tokens=True)


def test_batches_do_not_change_greedy_texts(write):
    together = write(PROMPTS)
    for size in (1, 3):
        pd.testing.assert_frame_equal(write(PROMPTS, batch_size=size), together)


def test_draws_follow_the_seed_else_tidydls_generator_and_leave_torch_alone(write):
    before = torch.get_rng_state()
    draws = {"do_sample": True, "temperature": 2.0}
    seeded = write(PROMPTS, seed=3, **draws)
    pd.testing.assert_frame_equal(write(PROMPTS, seed=3, **draws), seeded)
    assert seeded.attrs["tidydl"]["seed"] == 3
    tidydl.set_seed(1)
    first, second = write(PROMPTS, **draws), write(PROMPTS, **draws)
    tidydl.set_seed(1)
    pd.testing.assert_frame_equal(write(PROMPTS, **draws), first)
    assert first["generated_text"].tolist() != second["generated_text"].tolist()
    tidydl.set_seed(1)
    assert first.attrs["tidydl"]["seed"] == tidydl.sample(2**31 - 1, 1)[0] + 1
    assert torch.equal(torch.get_rng_state(), before)


def test_without_draws_no_random_number_is_used(write):
    tidydl.set_seed(1)
    write(PROMPTS[:2])
    after = tidydl.runif(1)
    tidydl.set_seed(1)
    assert after == tidydl.runif(1)


def test_equal_prompts_draw_on_their_own(write):
    frame = write(["the sun"] * 8, seed=1, do_sample=True, temperature=3.0)
    assert frame["generated_text"].nunique() > 1
    several = write("the sun", seed=1, do_sample=True, temperature=3.0, num_return_sequences=5)
    assert several["sequence"].tolist() == [1, 2, 3, 4, 5]
    assert several["generated_text"].nunique() > 1


def test_the_models_own_settings_hold_until_the_call_says_otherwise(tmp_path):
    folder = tiny.causal_folder(tmp_path / "model")
    transformers.GenerationConfig(do_sample=True, temperature=2.0, max_new_tokens=3).save_pretrained(folder)
    drawing = tidydl.pipeline("text-generation", model=folder)
    assert drawing.facts()["do_sample"] is True
    frame = drawing("the sun", seed=2)
    assert frame.attrs["tidydl"]["max_new_tokens"] == 3
    greedy = drawing("the sun", do_sample=False)
    assert greedy.attrs["tidydl"]["seed"] is None


@pytest.mark.parametrize(
    "chat",
    [CHAT, tuple(CHAT), pd.DataFrame(CHAT), [CHAT], [pd.DataFrame(CHAT)], pd.DataFrame(CHAT).assign(**{".row": 0})],
    ids=["dicts", "tuple", "frame", "list of dicts", "list of frames", "frame by row"],
)
def test_chats_get_the_answer_of_the_plain_pipeline(write, plain, chat):
    answer = plain(CHAT, do_sample=False, max_new_tokens=6)[0]["generated_text"][-1]["content"]
    frame = write(chat)
    assert frame["generated_text"].tolist() == [answer.strip()]
    assert frame["text"].tolist() == ["are you happy ?"]


def test_an_answer_that_is_begun_is_gone_on_with(write, plain):
    begun = [*CHAT, {"role": "assistant", "content": "the sun"}]
    whole = plain(begun, do_sample=False, max_new_tokens=6)[0]["generated_text"][-1]["content"]
    assert whole.startswith("the sun")
    assert write(begun)["generated_text"].item() == whole.removeprefix("the sun").strip()


def test_a_chat_that_the_template_refuses_is_an_error_of_that_chat(tmp_path):
    folder = tiny.causal_folder(tmp_path / "model")
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system, please') }}{% endif %}go"
    (folder / "chat_template.jinja").write_text(template)
    write = tidydl.pipeline("text-generation", model=folder, max_new_tokens=3)
    chats = [[{"role": role, "content": "be calm"}] for role in ("user", "system")]
    with pytest.raises(ArgumentError, match="The 2nd value of `x` cannot be read by the chat template"):
        write(chats)
    frame = write(chats, on_error="row")
    assert frame["generated_text"].isna().tolist() == [False, True]
    assert "no system, please" in frame[".error"][1]


def test_several_chats_are_told_apart_by_row(write):
    messages = pd.DataFrame(
        {
            ".row": [0, 0, 1],
            "role": ["system", "user", "user"],
            "content": ["be calm", "the rain", "the rain"],
        }
    )
    frame = write(messages)
    assert frame[".row"].tolist() == [0, 1]
    assert frame["text"].tolist() == ["the rain", "the rain"]
    assert frame["generated_text"].tolist() == [
        write(list(messages.drop(columns=".row").to_dict("records")[rows]))["generated_text"].item()
        for rows in (slice(0, 2), slice(2, 3))
    ]


def test_columns_and_kinds_are_the_same_for_none_one_and_many(write):
    frames = [write(x) for x in ([], "sun", PROMPTS, [None, "sun"])]
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 1, 10, 2]


def test_augment_spreads_sequences(write):
    joined = tidydl.augment(write, pd.DataFrame({"text": ["sun", "rain"]}), num_beams=2, num_return_sequences=2)
    assert joined.columns.tolist() == ["text", "generated_text", "generated_text.1"]


def test_of_a_long_prompt_the_end_is_kept(write):
    with pytest.warns(UserWarning, match="1 text was longer"):
        frame = write("rain " * 200 + "the sun", return_full_text=False)
    kept = write.model.config.n_positions - 6
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny.kept("causal"))
    ids = torch.tensor([tokenizer("rain " * 200 + "the sun", verbose=False)["input_ids"][-kept:]])
    made = write.model.generate(ids, max_new_tokens=6, do_sample=False, pad_token_id=0)
    assert frame["generated_text"].item() == tokenizer.decode(made[0, kept:], skip_special_tokens=True)
    with pytest.raises(ArgumentError, match="longer"):
        write("rain " * 200, long="error")
    with pytest.raises(ArgumentError, match="no room"):
        write("rain", max_new_tokens=100)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"temperature": 0.5}, "nothing is sampled"),
        ({"seed": 1}, "nothing is sampled"),
        ({"num_return_sequences": 2}, "nothing is sampled"),
        ({"do_sample": True, "temperature": 0}, "`temperature` is 0"),
        ({"do_sample": True, "seed": 2**31}, "`seed`"),
        ({"do_sample": "yes"}, "`do_sample`"),
        ({"long": "window"}, "`long`"),
        ({"handle_long_generation": "hole"}, "keeps the end of a prompt"),
        ({"max_tokens": 3}, "Did you mean `max_new_tokens`"),
    ],
    ids=str,
)
def test_options_that_would_do_nothing_are_refused(write, options, what):
    with pytest.raises(ArgumentError, match=what):
        write("sun", **options)


def test_a_chat_needs_a_model_that_chats(tmp_path):
    folder = tiny.causal_folder(tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ArgumentError, match="chat template"):
        tidydl.pipeline("text-generation", model=folder)(CHAT)
    with pytest.raises(ArgumentError, match="content is missing"):
        tidydl.pipeline("text-generation", model=folder)([{"role": "user", "content": None}])


TASKS = {"text2text-generation": "generated_text", "summarization": "summary_text", "translation": "translation_text"}


@pytest.mark.parametrize("task", TASKS)
def test_texts_from_texts_are_those_of_generate_one_at_a_time(task):
    folder = tiny.kept("seq2seq")
    ours = tidydl.pipeline(task, model=folder, device="cpu")([*PROMPTS, None], max_new_tokens=8)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for text, found in zip(PROMPTS, ours[TASKS[task]], strict=False):
        made = model.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=8, do_sample=False)
        assert found == tokenizer.decode(made[0], skip_special_tokens=True).strip()
    assert ours[TASKS[task]].isna().tolist() == [False] * len(PROMPTS) + [True]
    assert ours[TASKS[task]].nunique() > 3
    with pytest.warns(UserWarning, match="longer"):
        tidydl.pipeline(task, model=folder)("sun " * 100, max_new_tokens=2)


def test_the_task_is_read_from_the_model():
    assert tidydl.pipeline(model=tiny.kept("seq2seq")).task == "text2text-generation"
    assert tidydl.pipeline(model=tiny.kept("causal")).task == "text-generation"


def test_the_settings_a_model_has_for_a_task_are_used(tmp_path):
    specific = {
        "summarization": {"prefix": "summarize: ", "max_length": 7, "num_beams": 2},
        "translation_en_to_fr": {"prefix": "translate: ", "max_length": 9},
    }
    folder = tiny.text.seq2seq_folder(tmp_path / "t5", "T5", task_specific_params=specific)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for task, name, options in (
        ("summarization", "summarization", {"max_length": 7, "num_beams": 2}),
        ("translation_en_to_fr", "translation_en_to_fr", {"max_length": 9}),
    ):
        made = model.generate(
            **tokenizer(specific[name]["prefix"] + PROMPTS[0], return_tensors="pt"), do_sample=False, **options
        )
        ours = tidydl.pipeline(task, model=folder)(PROMPTS[0])
        assert ours.iloc[0, -1] == tokenizer.decode(made[0], skip_special_tokens=True).strip()
    named = tidydl.pipeline("translation", model=folder)(PROMPTS, src_lang="en", tgt_lang="fr")
    pd.testing.assert_frame_equal(named, tidydl.pipeline("translation_en_to_fr", model=folder)(PROMPTS))
    with pytest.raises(ArgumentError, match="'translation_en_to_fr'"):
        tidydl.pipeline("translation", model=folder)("sun")
    with pytest.raises(ArgumentError, match="does not support"):
        tidydl.pipeline("translation_en_to_de", model=folder)("sun")


def test_languages_are_refused_by_a_model_that_is_told_none():
    with pytest.raises(ArgumentError, match="`tgt_lang` is given"):
        tidydl.pipeline("translation", model=tiny.kept("seq2seq"))("sun", tgt_lang="fr")
    fixed = tidydl.pipeline("translation_en_to_fr", model=tiny.kept("seq2seq"))
    assert fixed("sun", max_new_tokens=3).columns.tolist()[-1] == "translation_text"


def test_a_multilingual_model_is_told_both_languages(tmp_path):
    folder = tiny.text.multilingual_folder(tmp_path / "nllb")
    translate = tidydl.pipeline("translation", model=folder, device="cpu", max_new_tokens=6)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    found = []
    for source, target in (("eng_Latn", "fra_Latn"), ("fra_Latn", "deu_Latn")):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, src_lang=source)
        begin = tokenizer.convert_tokens_to_ids(target)
        ours = translate(["the sun", "rain"], src_lang=source, tgt_lang=target)["translation_text"].tolist()
        for text, each in zip(["the sun", "rain"], ours, strict=True):
            made = model.generate(
                **tokenizer(text, return_tensors="pt"), forced_bos_token_id=begin, max_new_tokens=6, do_sample=False
            )
            assert made[0, 1] == begin
            assert each == tokenizer.decode(made[0], skip_special_tokens=True).strip()
        found.append(ours)
    assert found[0] != found[1]
    with pytest.raises(ArgumentError, match="`src_lang` is missing"):
        translate("sun", tgt_lang="fra_Latn")
    with pytest.raises(ArgumentError, match="Did you mean 'fra_Latn'"):
        translate("sun", src_lang="eng_Latn", tgt_lang="fra_Latin")

"""Code that courses and scripts use, as it is but for the import line, on the ids that it names."""

import pytest

import tiny
from hub import Hub
from hub.stand_ins import EMOTION, EMOTIONS, SENTIMENT, emotion_folder, sentiment_folder
from support.course_cases import T5
from support.course_code import BEGIN, run_course
from tiny import text

SNIPPETS = {
    "a mood in each row": """
mood = transformers.pipeline("sentiment-analysis")
def one_row(sentence):
    top = mood(sentence)[0]
    return {"label": top["label"], "score": top["score"]}
result = pd.DataFrame([one_row(sentence) for sentence in diary])
""",
    "pairs": """
transformers.logging.set_verbosity_error()
judge = transformers.pipeline("text-classification", model="someone/nli")
one = judge(dict(text=diary[0], text_pair=diary[1]))
several = judge([dict(text=claim, text_pair=diary[1]) for claim in diary])
every = transformers.pipeline("text-classification", model="someone/nli", return_all_scores=True)(diary[0])
result = [one["label"], len(several), [line["label"] for line in every[0]]]
""",
    "tweets": """
tweets = datasets.load_dataset("dair-ai/emotion", "unsplit")
frame = tweets["train"].to_pandas()
emotions = tweets["train"].features["label"].names
frame["emotion"] = pd.Categorical([emotions[code] for code in frame["label"]], categories=emotions)
result = frame["emotion"].value_counts(sort=False).to_dict()
""",
    "a vector at once": """
classify = transformers.pipeline(task="text-classification")
results = classify(frame["text"].tolist()[:20])
wide = results.wide()
result = [bool(results[0]["score"] == wide["score"][0]), len(results), list(wide.columns)]
""",
    "labels and languages": """
labels = transformers.pipeline(task="zero-shot-classification")(frame["text"][0], candidate_labels=["work", "family"])
french = transformers.pipeline(task="translation_en_to_fr")("good morning")
result = [sorted(labels["labels"]), list(french[0])]
""",
    "answers": """
ask = transformers.pipeline(task="question-answering", model="deepset/roberta-base-squad2")
answers = [ask(question="Who was there?", context=report) for report in diary]
result = list(pd.DataFrame(answers).columns)
""",
    "tokens of a questionnaire": """
questionnaire = pd.DataFrame({"item": diary, "code": [0, 1]})
tokenizer = transformers.AutoTokenizer.from_pretrained("someone/encoder")
model = transformers.AutoModel.from_pretrained("someone/encoder")
def first_token_vector(batch):
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        return {"vector": model(**inputs).last_hidden_state[:, 0].numpy()}
table = datasets.Dataset.from_pandas(questionnaire)
table = table.map(lambda rows: tokenizer(rows["item"], padding=True, truncation=True), batched=True, batch_size=None)
table.set_format("torch", columns=["input_ids", "attention_mask"])
shape = list(table["input_ids"].shape)
vectors = pd.DataFrame(table.map(first_token_vector, batched=True, batch_size=16)["vector"])
result = [shape, list(vectors.shape)]
""",
    "the slides": """
tkn = transformers.AutoTokenizer.from_pretrained('distilbert-base-uncased-finetuned-sst-2-english')
ppl = transformers.pipeline(model='distilbert-base-uncased-finetuned-sst-2-english', tokenizer=tkn)
print(ppl)
two = ppl(["I like you!", "I don't like you!"]).wide()
dat = datasets.load_dataset("dair-ai/emotion", split='test')
dict_emo = dat.features["label"].names
dat = dat.to_pandas()
dat["emotion"] = [dict_emo[code] for code in dat["label"]]
dat["pred"] = [ppl(text)[0]["label"] for text in dat["text"]]
ppl_gpt2 = transformers.pipeline(model='distilbert/distilgpt2',
                                 tokenizer=transformers.AutoTokenizer.from_pretrained('distilbert/distilgpt2'))
pred_gpt2 = ppl_gpt2("My name is Tobias and I am teaching a class on Machine Learning")
tokens = ppl_gpt2.tokenizer(pred_gpt2[0]["generated_text"])["input_ids"]
result = [list(two.columns), len(two), sorted(set(dat["emotion"])), len(dat), len(tokens)]
""",
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Serve tiny stand-ins under the ids that the code names, and those of the default models."""
    folder = tmp_path_factory.mktemp("served")
    of_50 = {"text-generation": {"do_sample": True, "max_length": 50}}
    with Hub() as server:
        server.add(f"distilbert/{SENTIMENT}", sentiment_folder(folder / "sentiment"), tag="text-classification")
        server.moved[SENTIMENT] = f"distilbert/{SENTIMENT}"
        server.add(EMOTION, emotion_folder(folder / "emotion"), kind="dataset")
        inference = tiny.kept("inference")
        server.add("someone/nli", inference)
        server.add("MoritzLaurer/xtremedistil-l6-h256-zeroshot-v1.1-all-33", inference, names=("main", "refs/pr/3"))
        server.add("google-t5/t5-small", text.seq2seq_folder(folder / "t5", "T5", task_specific_params=T5))
        server.add("deepset/roberta-base-squad2", tiny.kept("answers"))
        server.add("someone/encoder", tiny.kept("encoder"))
        server.add("distilbert/distilgpt2", tiny.causal_folder(folder / "gpt", task_specific_params=of_50))
        yield server


@pytest.fixture(scope="module")
def results(hub, tmp_path_factory):
    begin = BEGIN + "import pandas as pd\nimport torch\ndiary = ['the sun was happy', 'rain again , not good']\n"
    begin += "of_all = {}\ntransformers.set_seed(1)\n"
    parts = [f"{code}\nof_all[{name!r}] = result\n" for name, code in SNIPPETS.items()]
    home = tmp_path_factory.mktemp("home")
    found, printed = run_course(home, hub.url, begin + "".join(parts) + "result = of_all\n")
    return {**found, "printed": printed}


def test_one_text_at_a_time(results):
    assert "NEGATIVE" in results["a mood in each row"] or "POSITIVE" in results["a mood in each row"]


def test_pairs_of_texts(results):
    label, several, every = results["pairs"]
    assert several == 2
    assert every == ["contradiction", "neutral", "entailment"]
    assert label in every


def test_data_sets_as_frames(results):
    assert list(results["tweets"]) == EMOTIONS
    assert sum(results["tweets"].values()) == 400


def test_a_vector_of_texts(results):
    assert results["a vector at once"] == [True, 20, ["label", "score"]]


def test_labels_of_your_own_and_a_translation(results):
    assert results["labels and languages"] == [["family", "work"], ["translation_text"]]


def test_answers_of_a_task_that_was_dropped(results):
    assert results["answers"] == ["score", "start", "end", "answer"]


def test_columns_are_tensors_and_vectors_a_frame(results):
    shape, vectors = results["tokens of a questionnaire"]
    assert shape[0] == 2
    assert vectors == [2, 16]


def test_the_slides(results):
    columns, rows, emotions, tweets, tokens = results["the slides"]
    assert (columns, rows, tweets) == (["label", "score"], 2, 20)
    assert set(emotions) <= set(EMOTIONS)
    assert abs(tokens - 50) < 10  # 50 with the prompt, which may be tokenized otherwise with what follows
    assert "text-classification" in results["printed"]
    assert f"distilbert/{SENTIMENT}" in results["printed"] or SENTIMENT in results["printed"]
    assert "cpu" in results["printed"]

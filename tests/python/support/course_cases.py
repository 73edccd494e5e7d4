"""Calls of pipelines as courses make them, on tiny models, whose results in transformers 4.46 are committed.

By hand, to write them anew: ``python course_cases.py build FOLDER`` (from ``tests/python``, with today's libraries)
writes the models, then ``python course_cases.py run FOLDER FILE`` runs the cases in an environment with transformers
4.46.3, tokenizers 0.20 and huggingface_hub 0.26 beside today's torch.
"""

import json
import sys
from pathlib import Path

TEXTS = ["the sun was happy", "rain again , not good", "you and i"]
PAIR, OTHER = {"text": "a day", "text_pair": "the rain"}, {"text": "a day", "text_pair": "home"}
NAMES = ["work", "home"]
SUN = "the sun was happy and the dog was sad"
LONG = "the sun was happy and the rain again not good and you and i went home today again and again always"
FIRST, SECOND = "first.png", "second.png"  # names of images beside the models
T5 = {
    "summarization": {"max_length": 25, "min_length": 5, "num_beams": 2, "prefix": "summarize: "},
    "translation_en_to_fr": {"max_length": 30, "prefix": "translate: "},
}
ASKED = {"question": "who ?", "context": "the sun was happy"}
SEEN = {"image": FIRST, "question": "what ?"}


def call(*inputs, **options):
    """Write a call: its inputs and its options."""
    return inputs, options


# The task, the model, the options of the pipeline, and the calls.
CASES = {
    "classes": (
        *("sentiment-analysis", "classes", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[:1]), call(TEXTS[0], top_k=2), call(TEXTS, top_k=2)),
        *(call(TEXTS[0], top_k=1), call(TEXTS, top_k=1), call(TEXTS[0], return_all_scores=True)),
        *(call(TEXTS, return_all_scores=True), call(PAIR), call([PAIR, OTHER]), call(PAIR, top_k=2)),
        *(call(PAIR, return_all_scores=True), call(TEXTS[0], function_to_apply="sigmoid"), call("")),
        *(call(TEXTS, function_to_apply="none"), call(TEXTS, truncation=True, padding=True), call(["", "a"])),
        *(call(TEXTS[0], max_length=4, truncation=True), call(TEXTS, max_length=4, truncation=True)),
    ),
    "classes, two each": ("text-classification", "classes", {"top_k": 2}, call(TEXTS[0]), call(TEXTS), call(PAIR)),
    "classes, all scores": (
        *("text-classification", "classes", {"return_all_scores": True}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[:1]), call(PAIR)),
    ),
    "entities": (
        *("ner", "entities", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[0], grouped_entities=True), call(TEXTS, grouped_entities=True)),
        *(call(TEXTS, aggregation_strategy="average"), call(TEXTS, ignore_labels=[])),
    ),
    "entities, grouped": ("token-classification", "entities", {"grouped_entities": True}, call(TEXTS[0]), call(TEXTS)),
    "masks": (
        *("fill-mask", "masked", {}),
        *(call("the [MASK] was happy"), call(["the [MASK] was", "[MASK] again"]), call(["the [MASK] was"])),
        *(call("the [MASK] and [MASK] was", top_k=2), call("the [MASK] was", targets=["sun", "rain"])),
    ),
    "labels of your own": (
        *("zero-shot-classification", "inference", {}),
        *(call(TEXTS[0], [*NAMES, "day"]), call(TEXTS, candidate_labels=NAMES), call(TEXTS[:1], NAMES)),
        *(call(TEXTS[0], candidate_labels="work, home"), call(TEXTS[0], NAMES, multi_label=True)),
        call(TEXTS, NAMES, hypothesis_template="This is {}."),
    ),
    "answers": (
        *("question-answering", "answers", {}),
        *(call(question="who ?", context=SUN), call(question=["who ?", "what ?"], context=[SUN, "a dog"])),
        *(call(ASKED), call([ASKED, {**ASKED, "context": "a dog"}]), call(question="who ?", context=SUN, top_k=2)),
        *(call(question=["who ?"], context=[SUN]), call(question=["who ?", "what ?"], context=SUN, top_k=2)),
        call(question="who ?", context=SUN, max_answer_len=2, handle_impossible_answer=True),
    ),
    "continuations": (
        *("text-generation", "causal", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[:1]), call(TEXTS[0], max_length=15), call(LONG, max_new_tokens=3)),
        *(call(TEXTS, max_new_tokens=5, return_full_text=False), call(TEXTS, max_new_tokens=5, pad_token_id=0)),
        call(TEXTS[0], max_new_tokens=5, num_beams=2, num_return_sequences=2),
    ),
    "continuations of 50": ("text-generation", "causal of 50", {}, call(TEXTS[0]), call(TEXTS)),
    "continuations of 12": ("text-generation", "causal of 50", {"max_length": 12}, call("a"), call(["a", "b"])),
    "texts of texts": (
        *("text2text-generation", "seq2seq", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[:1]), call(TEXTS[0], max_length=8), call(TEXTS, max_new_tokens=4)),
        call(TEXTS[0], num_beams=2, num_return_sequences=2, max_length=8),
    ),
    "summaries": (
        *("summarization", "t5", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[0], max_length=10, min_length=2, do_sample=False)),
    ),
    "translations": (
        *("translation_en_to_fr", "t5", {}),
        *(call(TEXTS[0]), call(TEXTS), call(TEXTS[0], max_length=8)),
    ),
    "translations of many languages": (
        *("translation", "nllb", {"src_lang": "eng_Latn", "tgt_lang": "fra_Latn", "max_length": 12}),
        *(call("day"), call(["day", "night"])),
    ),
    "images": (
        *("image-classification", "images", {}),
        *(call(FIRST), call([FIRST, SECOND]), call([FIRST]), call(FIRST, top_k=2), call([FIRST, SECOND], top_k=2)),
    ),
    "captions": ("image-to-text", "captions", {}, call(FIRST), call([FIRST, SECOND]), call(FIRST, max_new_tokens=4)),
    "questions about images": (
        *("visual-question-answering", "vilt", {}),
        *(call(**SEEN), call(**SEEN, top_k=2), call(SEEN), call([SEEN, {**SEEN, "image": SECOND}], top_k=1)),
        call(image=FIRST, question=["what ?", "who ?"]),
    ),
    "objects": ("object-detection", "yolos", {"threshold": 0.1}, call(FIRST), call([FIRST, SECOND])),
    "vectors": ("feature-extraction", "encoder", {}, call(TEXTS[0]), call(TEXTS[:2])),
}


def run_cases(pipeline, folder):
    """Run all cases with a ``pipeline()`` of any version on the models in a folder."""
    found = {}
    for name, (task, model, options, *calls) in CASES.items():
        ppl = pipeline(task, model=str(Path(folder) / model), device="cpu", **options)
        found[name] = [ppl(*placed(inputs, folder), **placed(given, folder)) for inputs, given in calls]
    return found


def placed(value, folder):
    """Give the paths of images where they are named."""
    if isinstance(value, dict):
        return {name: placed(each, folder) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [placed(each, folder) for each in value]
    return str(Path(folder) / value) if value in (FIRST, SECOND) else value


def rounded(value):
    """Return plain values, numbers with as many digits as are promised."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    value = value.item() if hasattr(value, "item") else value
    return round(value, 6) if isinstance(value, float) else value


def build(folder):
    """Write the models and images of the cases."""
    import numpy as np
    from PIL import Image

    import tiny
    from tiny import multimodal, text, vision

    makers = {name: text.MODELS[name] for name in ("entities", "masked", "inference", "answers", "causal", "encoder")}
    makers |= {
        "classes": tiny.text_folder,
        "causal of 50": lambda where: tiny.causal_folder(
            where, task_specific_params={"text-generation": {"do_sample": False, "max_length": 50}}
        ),
        "seq2seq": lambda where: text.seq2seq_folder(where, max_length=30),
        "t5": lambda where: text.seq2seq_folder(where, "T5", task_specific_params=T5),
        "nllb": text.multilingual_folder,
        "images": tiny.image_folder,
        "captions": multimodal.MODELS["git"],
        "vilt": multimodal.MODELS["vilt"],
        "yolos": vision.MODELS["yolos"],
    }
    for name, make in makers.items():
        make(Path(folder) / name)
    for seed, name in enumerate((FIRST, SECOND)):
        pixels = np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(Path(folder) / name)


def with_settings_of_then(folder):
    """Write the settings of image processors where transformers 4 looked for them."""
    for path in Path(folder).glob("*/processor_config.json"):
        whole = json.loads(path.read_text())
        own = {**whole["image_processor"], "processor_class": whole["processor_class"]}
        own["image_processor_type"] = own["image_processor_type"].removesuffix("Pil")
        path.with_name("preprocessor_config.json").write_text(json.dumps(own))


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(sys.argv[2])
    else:
        import transformers

        with_settings_of_then(sys.argv[2])
        answers = rounded(run_cases(transformers.pipeline, sys.argv[2]))
        lines = [f"{json.dumps(name)}: {json.dumps(answer, ensure_ascii=False)}" for name, answer in answers.items()]
        Path(sys.argv[3]).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

"""Write the reference values of the shared cases that are transformers': python tests/shared/make_references.py.

Models are loaded and run by plain transformers, one input at a time; nothing of tidydl computes here. It also writes
the small files of the data cases.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import transformers
from PIL import Image

import tidydl

SHARED = Path(__file__).resolve().parent
sys.path.insert(0, str(SHARED.parent / "python"))

import tiny  # noqa: E402

DATA = SHARED / "data"


def data_files() -> None:
    """Write one small file of each kind that load_dataset() reads."""
    table = pa.table(
        {
            "person": pa.array([1, 2, None], pa.int64()),
            "score": pa.array([0.5, None, -2.0]),
            "group": pa.array(["b", "a", None]).dictionary_encode(),
            "said": pa.array(["yes", "", None]),
            "agreed": pa.array([True, None, False]),
        }
    )
    pq.write_table(table, DATA / "scores.parquet")
    pq.write_table(table.slice(0, 0), DATA / "nobody.parquet")
    people = [{"name": "Ada", "age": 36, "here": True}, {"name": "Grace Höpper", "age": None, "here": False}]
    (DATA / "people.json").write_text(json.dumps(people, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (DATA / "splits").mkdir(exist_ok=True)
    (DATA / "splits" / "train.csv").write_text("item,n\na,1\nb,2\nc,3\n", "utf-8")
    (DATA / "splits" / "test.csv").write_text("item,n\nd,4\n", "utf-8")
    (DATA / "indexed").mkdir(exist_ok=True)
    for shard, index in enumerate(([0, 1], [4, 2])):
        table = pa.table({"n": pa.array([5 + each for each in index]), "__index_level_0__": pa.array(index)})
        pq.write_table(table, DATA / "indexed" / f"train-{shard}.parquet")
    for language, base in (("python", 0), ("r", 1)):
        table = pa.table({".row": [base, base + 3, base + 3], "text": ["a", "d", "e"]})
        notes = {"dtypes": {}, "levels": {}, "index_base": {".row": base}}
        pq.write_table(
            table.replace_schema_metadata({"tidydl": json.dumps(notes)}), DATA / f"rows_of_{language}.parquet"
        )
    for folder, said in (("headless", "header: null"), ("bars", "sep: '|'")):
        (DATA / folder).mkdir(exist_ok=True)
        configs = f"configs:\n- config_name: default\n  data_files: d.csv\n  {said}\n"
        types = "dataset_info:\n  features:\n  - name: n\n    dtype: string\n"
        (DATA / folder / "README.md").write_text(f"---\n{configs}{types}---\n", "utf-8")
        (DATA / folder / "d.csv").write_text("n|a,b\n1|x,y\n", "utf-8")
    (DATA / "rows.csv").write_text(".row,text\n1,a\n2,b\n5,e\n", "utf-8")
    (DATA / "votes.jsonl").write_text('{"town": "Ulm", "votes": {"2020": 5, "2021": 7}}\n', "utf-8")
    (DATA / "padded.csv").write_text("code,n,day\n1,1,01/02/2020\n  007,2,09/02/2020\n", "utf-8")
    (DATA / "postcodes.csv").write_text('"","town","town","n"\n"1","01067","Dresden",7\n"2","80331",NA,\n', "utf-8")
    for label, shade in (("dark", 20), ("light", 230)):
        folder = DATA / "shades" / label
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((3, 4), shade, dtype="uint8")).save(folder / f"{label}.png")


def inputs_of(arguments: dict) -> list:
    """Return the inputs of a case as plain texts and pictures, None where missing."""
    x = arguments["x"]
    if isinstance(x, list):
        return x
    split, _, end = x["split"].removesuffix("]").partition("[:")
    file = Path(tidydl.__file__).parent / "data" / "files" / {"digits": "digits.parquet"}[x["example"]]
    code = ["train", "test"].index(split)  # as the file has it
    rows = [row for row in pq.read_table(file).to_pylist() if row["split"] == code][: int(end)]
    return [Image.open(io.BytesIO(row["image"]["bytes"])) for row in rows]


def logits_of(name: str, inputs: list) -> tuple[list[str], list]:
    """Run an example model over the inputs, one by one."""
    folder = tidydl.example_model(name)
    kind, reader = (
        (transformers.AutoModelForImageClassification, transformers.AutoImageProcessor)
        if name == "digits"
        else (transformers.AutoModelForSequenceClassification, transformers.AutoTokenizer)
    )
    model, read = kind.from_pretrained(folder).eval(), reader.from_pretrained(folder)
    with torch.no_grad():
        found = [None if x is None else model(**read(x, return_tensors="pt")).logits[0].double() for x in inputs]
    return [model.config.id2label[i] for i in range(model.config.num_labels)], found


def classify(case: dict) -> dict:
    arguments = case["arguments"]
    made = arguments["pipeline"]["arguments"]
    options = {**made, **arguments}
    name = options["model"]["example_model"]
    labels, found = logits_of(name, inputs_of(arguments))
    top_k = options.get("top_k", 5 if name == "digits" else 1)
    rows, ranks, said, scores = [], [], [], []
    for row, logits in enumerate(found):
        if logits is None:
            rows, ranks, said, scores = [*rows, row], [*ranks, None], [*said, None], [*scores, None]
            continue
        function = options.get("function_to_apply", "softmax")
        values = {"softmax": lambda x: x.softmax(0), "sigmoid": torch.sigmoid, "none": lambda x: x}[function](logits)
        best = torch.argsort(-values, stable=True)[: len(labels) if top_k is None else top_k]
        rows += [row] * len(best)
        ranks += range(1, len(best) + 1)
        said += [labels[i] for i in best]
        scores += values[best].tolist()
    columns = {".row": rows, "label": said, "score": scores}
    return {"name": case["name"], "columns": columns | ({} if top_k == 1 else {"rank": ranks}), "levels": labels}


def embed(case: dict) -> dict:
    """Take the mean of the last states of each text alone, scaled to length 1: its first four numbers."""
    folder = tidydl.example_model("minilm")
    read, model = transformers.AutoTokenizer.from_pretrained(folder), transformers.AutoModel.from_pretrained(folder)
    lines = []
    for text in case["arguments"]["x"]:
        if text is None:
            lines.append([None] * 4)
            continue
        with torch.no_grad():
            states = model.eval()(**read(text, return_tensors="pt")).last_hidden_state[0].double().mean(0)
        lines.append((states / states.norm() if case["arguments"].get("normalize", True) else states)[:4].tolist())
    columns = {f"dim_{d + 1}": [line[d] for line in lines] for d in range(4)}
    return {"name": case["name"], "columns": {".row": list(range(len(lines))), **columns}, "levels": []}


def plain(case: dict) -> tuple:
    """Return transformers' own pipeline, the inputs of a case and its options."""
    made = case["arguments"]["pipeline"]["arguments"]
    own = transformers.pipeline(made["task"], model=str(tiny.kept(made["model"]["tiny_model"])), device="cpu")
    options = {name: value for name, value in case["arguments"].items() if name not in ("pipeline", "x")}
    return own, case["arguments"]["x"], options


def table(case: dict, lines: list[dict], *, index: tuple = (), levels: tuple = ()) -> dict:
    """Write the reference of lines that name their columns; what a line does not name is missing."""
    names = list(dict.fromkeys(name for line in lines for name in line))
    columns = {name: [line.get(name) for line in lines] for name in names}
    return {"name": case["name"], "columns": columns, "index": list(index), "levels": list(levels)}


def entities(case: dict) -> dict:
    own, texts, options = plain(case)
    lines = []
    for row, text in enumerate(texts):
        for answer in [{}] if text is None else own(text, **options):
            line = {name: answer.get(name) for name in ("word", "start", "end")}
            score = float(answer["score"]) if answer else None
            lines.append(
                {".row": row, "entity": answer.get("entity", answer.get("entity_group")), "score": score} | line
            )
    return table(case, lines, index=("start",))


def masks(case: dict) -> dict:
    own, texts, options = plain(case)
    lines = []
    for row, text in enumerate(texts):
        answers = [[{}]] if text is None else own(text, **options)
        for mask, ranks in enumerate(answers if isinstance(answers[0], list) else [answers]):
            for rank, answer in enumerate(ranks, start=1):
                shown = {} if not answer else {"mask": mask, "rank": rank, "token": answer["token_str"]}
                lines.append({".row": row, "score": answer.get("score")} | shown)
    return table(case, lines, index=("mask",))


def features(case: dict) -> dict:
    own, texts, options = plain(case)
    pool = {"mean": np.mean, "max": np.max}[options.get("pooling", "mean")]
    found = [None if text is None else pool(np.array(own(text)[0]), axis=0) for text in texts]
    dims = range(4)
    return table(
        case,
        [
            {".row": row} | {f"dim_{d + 1}": None if each is None else float(each[d]) for d in dims}
            for row, each in enumerate(found)
        ],
    )


def judgements(case: dict) -> dict:
    """Judge labels by transformers' own pipeline, or by the probabilities of a causal model, by hand."""
    arguments = case["arguments"]
    labels, texts = arguments["candidate_labels"], arguments["x"]
    if arguments["pipeline"]["arguments"]["model"]["tiny_model"] == "causal":
        answers = [probabilities(text, labels, arguments["prompt"]) for text in texts]
    else:
        own, _, options = plain(case)
        answers = [{"labels": [None], "scores": [None]} if text is None else own(text, **options) for text in texts]
    lines = [
        {".row": row, "rank": None if label is None else rank, "label": label, "score": score}
        for row, answer in enumerate(answers)
        for rank, (label, score) in enumerate(zip(answer["labels"], answer["scores"], strict=True), start=1)
    ]
    return table(case, lines, levels=labels)


def probabilities(text: str, labels: list[str], prompt: str) -> dict:
    folder = tiny.kept("causal")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    head = prompt.partition("{label}")[0].rstrip().replace("{text}", text)
    start, logs = len(tokenizer(head)["input_ids"]), []
    for label in labels:
        ids = tokenizer(prompt.replace("{text}", text).replace("{label}", label), return_tensors="pt")["input_ids"]
        with torch.no_grad():
            chances = model(ids).logits[0].double().log_softmax(-1)
        logs.append(sum(chances[i - 1, ids[0, i]].item() for i in range(start, ids.shape[1])))
    shares = torch.tensor(logs, dtype=torch.float64).softmax(0).tolist()
    order = sorted(range(len(labels)), key=lambda i: -shares[i])
    return {"labels": [labels[i] for i in order], "scores": [shares[i] for i in order]}


def answers(case: dict) -> dict:
    """Find the likeliest spans of each context from the logits of plain transformers, by trying all."""
    arguments, folder = case["arguments"], tiny.kept("answers")
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    top_k, longest = arguments.get("top_k", 1), arguments.get("max_answer_len", 15)
    lines = []
    pairs = zip(*(arguments["x"]["columns"][part] for part in ("question", "context")), strict=True)
    for row, (question, context) in enumerate(pairs):
        if context is None:
            lines.append({".row": row})
            continue
        made = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
        offsets = made.pop("offset_mapping")[0].tolist()
        inside = [i for i, part in enumerate(made.sequence_ids(0)) if part == 1]
        with torch.no_grad():
            out = model(**made)
        start, end = (x[0, [0, *inside]].double().softmax(0)[1:] for x in (out.start_logits, out.end_logits))
        spans = [(i, j) for i in range(len(inside)) for j in range(i, min(i + longest, len(inside)))]
        spans.sort(key=lambda span: -float(start[span[0]] * end[span[1]]))
        for rank, (i, j) in enumerate(spans[:top_k], start=1):
            first, last = offsets[inside[i]][0], offsets[inside[j]][1]
            line = {"answer": context[first:last], "score": float(start[i] * end[j]), "start": first, "end": last}
            lines.append({".row": row} | line | ({} if top_k == 1 else {"rank": rank}))
    return table(case, lines, index=("start",))


def written(case: dict) -> dict:
    """Go on with each prompt by transformers' own pipeline, or write from each text by generate(), one at a time."""
    arguments, made = case["arguments"], case["arguments"]["pipeline"]["arguments"]
    options = {name: value for name, value in arguments.items() if name not in ("pipeline", "x")}
    name = {"summarization": "summary_text", "translation": "translation_text"}.get(made["task"], "generated_text")
    x, lines = arguments["x"], []
    if isinstance(x, dict):
        x = [[dict(zip(x["columns"], message, strict=True)) for message in zip(*x["columns"].values(), strict=True)]]
    for row, text in enumerate(x):
        found = [None] if text is None else one_written(made, text, options)
        lines += [
            {".row": row, "sequence": None if each is None else k, name: each} for k, each in enumerate(found, start=1)
        ]
    return table(case, lines)


def cells(case: dict) -> dict:
    own, _, _ = plain({**case, "arguments": {**case["arguments"], "x": None}})
    frame = pd.DataFrame(case["arguments"]["table"]["columns"]).astype(str)
    found = [own(table=frame, query=query) for query in case["arguments"]["query"]]
    return table(
        case,
        [{".row": row, "answer": each["answer"], "aggregator": each["aggregator"]} for row, each in enumerate(found)],
    )


def one_written(made: dict, text: str | list, options: dict) -> list[str]:
    folder = tiny.kept(made["model"]["tiny_model"])
    if made["task"] == "text-generation":
        own = transformers.pipeline("text-generation", model=str(folder), device="cpu")
        answers = [answer["generated_text"] for answer in own(text, do_sample=False, **options)]
        return [each if isinstance(each, str) else each[-1]["content"].strip() for each in answers]
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = model.generate(**tokenizer(text, return_tensors="pt"), do_sample=False, **options)
    return [each.strip() for each in tokenizer.batch_decode(ids, skip_special_tokens=True)]


MAKERS = {
    **dict.fromkeys(("text-generation", "text2text-generation", "summarization", "translation"), written),
    "question-answering": answers,
    "table-question-answering": cells,
    "zero-shot-classification": judgements,
    "token-classification": entities,
    "fill-mask": masks,
    "feature-extraction": features,
}


def reference(case: dict) -> dict:
    if case["call"] == "embed":
        return embed(case)
    made = case["arguments"]["pipeline"]["arguments"]
    return MAKERS[made["task"]](case) if made.get("task") in MAKERS else classify(case)


def main() -> None:
    data_files()
    cases = json.loads((SHARED / "pipelines.json").read_text("utf-8"))
    made = [reference(case) for case in cases]
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in made)
    (SHARED / "references" / "pipelines.json").write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()

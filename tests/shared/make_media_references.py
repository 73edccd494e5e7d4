"""Write the references of the cases about images, sounds and videos: python tests/shared/make_media_references.py.

They are what transformers' own pipelines give for each file; nothing of tidydl computes here. It also writes the files.
"""

import json
import sys
from pathlib import Path

import numpy as np
import transformers
from PIL import Image
from scipy.io import wavfile

SHARED = Path(__file__).resolve().parent
sys.path.insert(0, str(SHARED.parent / "python"))

from make_references import table  # noqa: E402

import tiny  # noqa: E402

DATA = SHARED / "data"
TEXTS = ("image-to-text", "image-text-to-text")


def media_files() -> None:
    """Write a picture, the same moved, a hum that rises, and a video of a few frames."""
    draw = np.random.default_rng(7)
    pixels = np.full((64, 96, 3), 255, dtype="uint8")
    for _ in range(14):
        top, left, high, wide = *draw.integers(0, (56, 88)), *draw.integers(6, 24, 2)
        pixels[top : top + high, left : left + wide] = draw.integers(0, 256, 3)
    Image.fromarray(pixels).save(DATA / "scene.png", optimize=True)
    Image.fromarray(np.roll(pixels, (4, 6), axis=(0, 1))).save(DATA / "scene_moved.png", optimize=True)
    seconds = np.arange(8000) / 16000
    hum = 0.3 * np.sin(2 * np.pi * (200 + 900 * seconds) * seconds) + 0.05 * draw.normal(size=8000)
    wavfile.write(DATA / "hum.wav", 16000, (hum * 2**15).clip(-(2**15), 2**15 - 1).astype("int16"))
    frames = [Image.fromarray(np.roll(pixels[:32, :32], 2 * i, axis=1)) for i in range(12)]
    frames[0].save(DATA / "video.gif", save_all=True, append_images=frames[1:], duration=100)


def given(value):
    """Build a value of its notation."""
    if not isinstance(value, dict):
        return value
    if "data" in value and value["data"].endswith(".wav"):  # for files transformers' own pipelines need ffmpeg
        return (wavfile.read(DATA / value["data"])[1] / 2**15).astype("float32")
    if "data" in value:
        return str(DATA / value["data"])
    if "named" in value:
        return value["named"]
    columns = value["columns"]
    boxes = zip(*(columns[name] for name in ("xmin", "ymin", "xmax", "ymax")), strict=True)
    return [(word, list(box)) for word, box in zip(columns["word"], boxes, strict=True)]


def plain(case: dict):
    """Return transformers' own pipeline for a case, and the case's other arguments."""
    made = case["arguments"]["pipeline"]["arguments"]
    folder = str(tiny.kept(made["model"]["tiny_model"]))
    arguments = {name: given(value) for name, value in case["arguments"].items() if name != "pipeline"}
    if made["task"] in TEXTS or made["task"] == "visual-question-answering":
        return folder, arguments
    return transformers.pipeline(made["task"], model=folder, device="cpu"), arguments


def ranked(case: dict) -> list[dict]:
    own, options = plain(case)
    x = options.pop("x")
    answers = own(frames_of(x) if isinstance(x, str) and x.endswith(".gif") else x, **options)
    return [{".row": 0, "rank": k, "label": a["label"], "score": a["score"]} for k, a in enumerate(answers, start=1)]


def frames_of(path: str) -> str:
    """Write the frames of a video as a video file, which transformers' own pipeline reads."""
    import av

    video, target = Image.open(path), str(Path(path).with_suffix(".mkv"))
    with av.open(target, "w") as container:
        stream = container.add_stream("ffv1", rate=10)  # without loss
        stream.width, stream.height, stream.pix_fmt = 32, 32, "bgr0"
        for k in range(video.n_frames):
            video.seek(k)
            frame = av.VideoFrame.from_ndarray(np.asarray(video.convert("RGB")), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target


def boxes(case: dict) -> list[dict]:
    own, options = plain(case)
    answers = own(options.pop("x"), **options)
    return [{".row": 0, "label": a["label"], "score": a["score"], **a["box"]} for a in answers]


def segments(case: dict) -> list[dict]:
    own, options = plain(case)
    answers = own(options.pop("x"), **options)
    return [{".row": 0, "label": a["label"], "area": int((np.asarray(a["mask"]) > 0).sum())} for a in answers]


def depths(case: dict) -> list[dict]:
    own, options = plain(case)
    depth = own(options["x"])["predicted_depth"].double()
    size = {"width": depth.shape[-1], "height": depth.shape[-2]}
    return [{".row": 0, **size, "min": float(depth.min()), "mean": float(depth.mean()), "max": float(depth.max())}]


def features(case: dict) -> list[dict]:
    own, options = plain(case)
    states = np.array(own(options["x"])[0], dtype="float64")
    means = states.reshape(states.shape[0], -1).mean(axis=1)  # channels first
    return [{".row": 0, **{f"dim_{d + 1}": float(means[d]) for d in range(4)}}]


def words(case: dict) -> list[dict]:
    own, options = plain(case)
    made = own(options.pop("x"), **options)
    chunks = made.get("chunks") or [{"text": made["text"].strip(), "timestamp": (0.0, 0.5)}]
    return [
        {".row": 0, "chunk": k, "text": each["text"], "start_s": each["timestamp"][0], "end_s": each["timestamp"][1]}
        for k, each in enumerate(chunks)
    ]


def answers(case: dict) -> list[dict]:
    own, options = plain(case)
    found = own(
        image=options["x"], question=options["question"], word_boxes=options["word_boxes"], top_k=options["top_k"]
    )
    return [
        {".row": 0, "rank": k, "answer": a["answer"], "score": a["score"], "start": a["start"], "end": a["end"] + 1}
        for k, a in enumerate(found, start=1)
    ]


def seen(case: dict) -> list[dict]:
    """Score the answers of ViLT by sigmoids, by hand."""
    import torch

    folder, options = plain(case)
    model = transformers.ViltForQuestionAnswering.from_pretrained(folder).eval()
    read = transformers.AutoProcessor.from_pretrained(folder)
    made = read(images=Image.open(options["x"]).convert("RGB"), text=options["question"], return_tensors="pt")
    with torch.no_grad():
        scores = model(**made).logits[0].double().sigmoid()
    best = scores.argsort(descending=True)[: options["top_k"]].tolist()
    return [
        {".row": 0, "rank": k, "answer": model.config.id2label[i], "score": float(scores[i])}
        for k, i in enumerate(best, start=1)
    ]


def written(case: dict) -> list[dict]:
    """Write a text by generate(), by hand."""
    import torch

    folder, options = plain(case)
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    read = transformers.AutoProcessor.from_pretrained(folder)
    image = Image.open(options.get("x") or options["image"]).convert("RGB")
    if "text" in options:
        parts = [{"type": "image"}, {"type": "text", "text": options["text"]}]
        prompt = read.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
        made = read(images=image, text=prompt, return_tensors="pt")
    else:
        made = {"pixel_values": read.image_processor(images=image, return_tensors="pt")["pixel_values"]}
    with torch.no_grad():
        ids = model.generate(**made, do_sample=False, max_new_tokens=options["max_new_tokens"])
    ids = ids[:, made["input_ids"].shape[1] :] if "input_ids" in made else ids
    text = read.tokenizer.decode(ids[0], skip_special_tokens=True)
    return [{".row": 0, "sequence": 1, "generated_text": text.strip()}]


def decisions(case: dict) -> list[dict]:
    own, options = plain(case)
    lines = []
    for row, text in enumerate(options["x"]):
        asked = {
            name: {"type": "choice", "instructions": name, "criteria": dict.fromkeys(names)}
            for name, names in options["questions"].items()
        }
        for name, answer in own({"state": text, "questions": asked}).items():
            order = sorted(answer["probabilities"].items(), key=lambda item: -item[1])
            lines += [
                {".row": row, "question": name, "rank": k, "answer": option, "score": share}
                for k, (option, share) in enumerate(order, start=1)
            ]
    return lines


def matches(case: dict) -> list[dict]:
    own, options = plain(case)
    found = own([options["image0"], options["image1"]])
    return [{".row": 0, "score": each["score"]} for each in found]


MAKERS = {
    "object-detection": boxes,
    "zero-shot-object-detection": boxes,
    "image-segmentation": segments,
    "depth-estimation": depths,
    "image-feature-extraction": features,
    "keypoint-matching": matches,
    "image-to-text": written,
    "image-text-to-text": written,
    "visual-question-answering": seen,
    "document-question-answering": answers,
    "decision": decisions,
    "automatic-speech-recognition": words,
}
COUNTED = ("chunk", "start")


def reference(case: dict) -> dict:
    task = case["arguments"]["pipeline"]["arguments"]["task"]
    lines = MAKERS.get(task, ranked)(case)
    labels = case["arguments"].get("candidate_labels")
    if labels is None and task not in ("decision", *TEXTS):
        config = transformers.AutoConfig.from_pretrained(
            tiny.kept(case["arguments"]["pipeline"]["arguments"]["model"]["tiny_model"])
        )
        labels = list(dict.fromkeys(config.id2label[i] for i in range(config.num_labels)))
    index = [name for name in COUNTED if any(name in line for line in lines)]
    return table(case, lines, index=index, levels=labels or ())


def main() -> None:
    media_files()
    cases = json.loads((SHARED / "media.json").read_text("utf-8"))
    made = []
    for case in cases:
        made.append(reference(case))
        print(case["name"], len(made[-1]["columns"][".row"]))
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in made)
    (SHARED / "references" / "media.json").write_text(f"[\n{lines}\n]\n", "utf-8")
    (DATA / "video.mkv").unlink(missing_ok=True)


if __name__ == "__main__":
    main()

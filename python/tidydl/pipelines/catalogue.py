"""The table of pipeline tasks: their inputs, results, options and default models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidydl.columns import Contract
from tidydl.pipelines.declarations import Part, Task

TEXT = (Part("text", "text"),)
TEXT_PAIR = (*TEXT, Part("text_pair", "text", optional=True))
LABELS = Part("candidate_labels", "label", shared=True)
ASKED = (Part("question", "text"), Part("context", "text"))
PROMPT = (Part("text", "prompt"),)
QUERIED = (Part("query", "text"), Part("table", "table", shared=True))
DECIDED = (*TEXT, Part("questions", "question", shared=True))
IMAGE = (Part("image", "image"),)
IMAGES = (Part("image0", "image"), Part("image1", "image"))
SEEN = (*IMAGE, Part("question", "text"))
DOCUMENT = (*SEEN, Part("word_boxes", "layout", optional=True))
MESSAGE = (Part("text", "message"), Part("image", "image", optional=True))
ANYTHING = (*MESSAGE, Part("audio", "audio", optional=True), Part("video", "video", optional=True))
AUDIO = (Part("audio", "audio"),)
VIDEO = (Part("video", "video"),)

BOX = dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), "integer")

CLASSES = Contract.of(rank="integer", label="label", score="double")
FILLED = Contract.of(mask="position", rank="integer", token="string", score="double", sequence="string")
ANSWERS = Contract.of(rank="integer", answer="string", score="double", start="position", end="integer")
SHORT_ANSWERS = Contract.of(rank="integer", answer="string", score="double")
WRITTEN = Contract.of(sequence="integer", generated_text="string")
SUMMARIES = Contract.of(sequence="integer", summary_text="string")
TRANSLATIONS = Contract.of(sequence="integer", translation_text="string")
CELLS = Contract.of(answer="string", aggregator="string", cells="list")
DECISIONS = Contract.of(question="string", rank="integer", answer="string", score="double")
ENTITIES = Contract.of(entity="string", word="string", score="double", start="position", end="integer")
FEATURES = Contract.of(dim_1="double")
BOXES = Contract.of({"label": "label", "score": "double", **BOX})  # type: ignore[dict-item]
SEGMENTS = Contract.of(label="label", score="double", area="integer", mask="image")
MASKS = Contract.of(mask_id="position", score="double", area="integer", mask="image")
DEPTHS = Contract.of(width="integer", height="integer", min="double", mean="double", max="double", depth="image")
PICTURES = Contract.of(width="integer", height="integer", generated_image="image")
MATCHES = Contract.of(x0="double", y0="double", x1="double", y1="double", score="double")
SPEECH = Contract.of(chunk="position", text="string", start_s="double", end_s="double")
GENERATED_AUDIO = Contract.of(sampling_rate="integer", duration_s="double", audio="audio")

LONG = {"long": "truncate", "stride": None}
BATCH = {"batch_size": None}
EACH = {"max_length": None, **BATCH}
SCORED: dict[str, Any] = {"top_k": 5, "function_to_apply": "default", **BATCH}
WRITING: dict[str, Any] = {
    **dict.fromkeys(("max_new_tokens", "do_sample", "temperature", "top_k", "top_p", "seed", "num_beams")),
    "num_return_sequences": 1,
    **dict.fromkeys(("repetition_penalty", "no_repeat_ngram_size", "length_penalty", "early_stopping")),
    **dict.fromkeys(("min_new_tokens", "min_length", "max_length", "batch_size")),
}
GENERATING: dict[str, Any] = {**WRITING, "prefix": None, "long": "truncate"}
CROPS = {
    "points_per_batch": 64,
    "points_per_crop": 32,
    "crops_n_layers": 0,
    "crop_overlap_ratio": 512 / 1500,
    "crop_n_points_downscale_factor": 1,
    "crops_nms_thresh": 0.7,
}
GOOD_MASKS = {
    "pred_iou_thresh": 0.88,
    "stability_score_thresh": 0.95,
    "stability_score_offset": 1.0,
    "mask_threshold": 0.0,
}
CUT_OUT = {"subtask": None, "threshold": 0.9, "mask_threshold": 0.5, "overlap_mask_area_threshold": 0.5, **BATCH}

VISION = ("image_processor",)
VISION_TEXT = ("image_processor", "tokenizer")
EXTRACTOR = ("feature_extractor",)
EXTRACTOR_TEXT = ("feature_extractor", "tokenizer")


def _has_chunks(options: Mapping[str, Any]) -> bool:
    return options["return_timestamps"] is not False


def _per_token(options: Mapping[str, Any]) -> bool:
    return options["pooling"] == "none"


# fmt: off
TASKS: tuple[Task, ...] = (
    Task("text-classification", ("sentiment-analysis",), TEXT_PAIR, "classification", ("SequenceClassification",),
         CLASSES, "distilbert/distilbert-base-uncased-finetuned-sst-2-english", 267.8, "English",
         {**SCORED, "top_k": 1, "max_length": None, **LONG},
         multilingual=("lxyuan/distilbert-base-multilingual-cased-sentiments-student", 541.3)),
    Task("token-classification", ("ner",), TEXT, "texts.entities", ("TokenClassification",),
         ENTITIES, "dslim/distilbert-NER", 260.8, "English",
         {"aggregation_strategy": "none", "ignore_labels": ("O",), **EACH, **LONG}, spans=True,
         multilingual=("Davlan/distilbert-base-multilingual-cased-ner-hrl", 539.0)),
    Task("zero-shot-classification", (), (*TEXT, LABELS), "texts.zero_shot", ("SequenceClassification", "CausalLM"),
         CLASSES, "MoritzLaurer/xtremedistil-l6-h256-zeroshot-v1.1-all-33", 51.0, "English",
         {"top_k": None, "hypothesis_template": "This example is {}.", "multi_label": False, "prompt": None,
          "per_token": False, **EACH, **LONG},
         licence="mit", default_revision="refs/pr/3",
         multilingual=("MoritzLaurer/multilingual-MiniLMv2-L6-mnli-xnli", 428.0)),
    Task("question-answering", (), ASKED, "texts.answers", ("QuestionAnswering",),
         ANSWERS, "distilbert/distilbert-base-cased-distilled-squad", 260.8, "English",
         {"top_k": 1, "max_answer_len": 15, "handle_impossible_answer": False, "align_to_words": True,
          **EACH, **LONG, "long": "window"},
         multilingual=("timpal0l/mdeberta-v3-base-squad2", 1110.0)),
    Task("table-question-answering", (), QUERIED, "texts.table_answers", ("TableQuestionAnswering",),
         CELLS, "google/tapas-small-finetuned-wtq", 117.0, "English", {"long": "truncate", **EACH},
         default_revision="refs/pr/1"),
    Task("decision", (), DECIDED, "texts.decisions", ("Decision", "CausalLM"),
         DECISIONS, "HuggingFaceTB/SmolLM2-135M-Instruct", 269.1, "English", {"long": "truncate", **EACH},
         multilingual=("Qwen/Qwen2.5-0.5B-Instruct", 988.1)),
    Task("feature-extraction", (), TEXT, "features", ("",),
         FEATURES, "sentence-transformers/all-MiniLM-L6-v2", 90.9, "English",
         {"pooling": "mean", "normalize": False, **EACH, **LONG}, spans=_per_token,
         multilingual=("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 471.0)),
    Task("text-generation", (), PROMPT, "writing.generation", ("CausalLM",),
         WRITTEN, "HuggingFaceTB/SmolLM2-135M-Instruct", 269.1, "English", {**GENERATING, "return_full_text": True},
         multilingual=("Qwen/Qwen2.5-0.5B-Instruct", 988.1)),
    Task("text2text-generation", (), TEXT, "writing.generation", ("Seq2SeqLM",),
         WRITTEN, "google/flan-t5-small", 307.9, "English", GENERATING,
         multilingual=("bigscience/mt0-small", 1200.0)),
    Task("summarization", (), TEXT, "writing.generation", ("Seq2SeqLM",),
         SUMMARIES, "Falconsai/text_summarization", 242.0, "English", GENERATING),
    Task("translation", (), TEXT, "writing.generation", ("Seq2SeqLM",),
         TRANSLATIONS, "google-t5/t5-small", 242.0, "English, French, German, Romanian",
         {**GENERATING, "src_lang": None, "tgt_lang": None}),
    Task("fill-mask", (), TEXT, "texts.masks", ("MaskedLM",),
         FILLED, "distilbert/distilroberta-base", 331.1, "English",
         {"top_k": 5, "targets": None, "long": "truncate", **EACH},
         multilingual=("distilbert/distilbert-base-multilingual-cased", 542.0)),
    Task("image-classification", (), IMAGE, "classification", ("ImageClassification",),
         CLASSES, "WinKawaks/vit-tiny-patch16-224", 22.9, None, SCORED, VISION),
    Task("zero-shot-image-classification", (), (*IMAGE, LABELS), "mixed.zero_shot_media",
         ("ZeroShotImageClassification",),
         CLASSES, "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M", 93.8, "English",
         {"top_k": None, "hypothesis_template": "This is a photo of {}.", **BATCH}, VISION_TEXT, "mit"),
    Task("object-detection", (), IMAGE, "images.detection", ("ObjectDetection",),
         BOXES, "hustvl/yolos-tiny", 26.0, None, {"threshold": 0.5, **BATCH}, VISION, spans=True),
    Task("zero-shot-object-detection", (), (*IMAGE, LABELS), "images.zero_shot_detection", ("ZeroShotObjectDetection",),
         BOXES, "google/owlvit-base-patch32", 613.0, "English",
         {"threshold": 0.1, "top_k": None, **BATCH}, VISION_TEXT, spans=True),
    Task("image-segmentation", (), IMAGE, "images.segmentation",
         ("SemanticSegmentation", "UniversalSegmentation", "InstanceSegmentation", "ImageSegmentation"),
         SEGMENTS, "nvidia/segformer-b0-finetuned-ade-512-512", 15.0, None, CUT_OUT, VISION,
         "other (NVIDIA, non-commercial)", spans=True, other_components={"oneformer": VISION_TEXT}),
    Task("mask-generation", (), IMAGE, "images.mask_generation", ("MaskGeneration",),
         MASKS, "Zigeng/SlimSAM-uniform-77", 38.9, None, {**CROPS, **GOOD_MASKS}, VISION, spans=True),
    Task("depth-estimation", (), IMAGE, "images.depth", ("DepthEstimation",),
         DEPTHS, "depth-anything/Depth-Anything-V2-Small-hf", 99.2, None, {"values": False, **BATCH}, VISION),
    Task("image-feature-extraction", (), IMAGE, "features", ("",),
         FEATURES, "facebook/dinov2-small", 88.2, None,
         {"pooling": "mean", "normalize": False, **BATCH}, VISION, spans=_per_token),
    Task("image-to-image", (), IMAGE, "images.image_to_image", ("ImageToImage",),
         PICTURES, "caidas/swin2SR-lightweight-x2-64", 4.1, None, BATCH, VISION),
    Task("keypoint-matching", (), IMAGES, "images.keypoints", ("KeypointMatching",),
         MATCHES, "ETH-CVG/lightglue_superpoint", 55.0, None, {"threshold": 0.0, **BATCH}, VISION,
         "other (SuperPoint, non-commercial)", spans=True),
    Task("image-to-text", (), IMAGE, "mixed.captions", ("ImageTextToText",),
         WRITTEN, "microsoft/git-base-coco", 707.0, "English", {**WRITING, "prompt": None}, VISION_TEXT,
         "mit", "refs/pr/1",
         kinds=("git", "blip", "vision-encoder-decoder", "pix2struct", "blip-2")),
    Task("visual-question-answering", ("vqa",), SEEN, "mixed.visual_answers", ("VisualQuestionAnswering",),
         SHORT_ANSWERS, "dandelin/vilt-b32-finetuned-vqa", 470.0, "English",
         {"top_k": 5, "max_new_tokens": None, "num_beams": None, **BATCH}, ("processor",),
         default_revision="refs/pr/9"),
    Task("document-question-answering", (), DOCUMENT, "mixed.document_answers",
         ("DocumentQuestionAnswering", "ImageTextToText"),
         ANSWERS, "impira/layoutlm-document-qa", 511.2, "English",
         {"top_k": 1, "max_answer_len": 15, "handle_impossible_answer": False, "stride": None, "lang": None,
          "tesseract_config": "", "max_new_tokens": None, **EACH}, VISION_TEXT, "mit",
         kinds=("layoutlm", "layoutlmv2", "layoutlmv3", "vision-encoder-decoder"),
         other_components={"layoutlm": ("tokenizer",)}),
    Task("image-text-to-text", (), MESSAGE, "mixed.multimodal", ("ImageTextToText",),
         WRITTEN, "HuggingFaceTB/SmolVLM-256M-Instruct", 513.0, "English",
         {**WRITING, "return_full_text": False}, ("processor",)),
    Task("any-to-any", (), ANYTHING, "mixed.multimodal", ("MultimodalLM",),
         WRITTEN, "HuggingFaceTB/SmolVLM-256M-Instruct", 513.0, "English",
         {**WRITING, "return_full_text": False, "num_frames": None}, ("processor",)),
    Task("video-classification", (), VIDEO, "classification", ("VideoClassification",),
         CLASSES, "MCG-NJU/videomae-base-finetuned-kinetics", 346.0, None,
         {**SCORED, "num_frames": None, "frame_sampling_rate": None}, VISION, "cc-by-nc-4.0"),
    Task("audio-classification", (), AUDIO, "classification", ("AudioClassification",),
         CLASSES, "MIT/ast-finetuned-audioset-10-10-0.4593", 346.0, None, SCORED, EXTRACTOR, "bsd-3-clause"),
    Task("zero-shot-audio-classification", (), (*AUDIO, LABELS), "mixed.zero_shot_media", ("",),
         CLASSES, "laion/clap-htsat-fused", 614.0, "English",
         {"top_k": None, "hypothesis_template": "This is a sound of {}.", **BATCH}, EXTRACTOR_TEXT,
         default_revision="refs/pr/3", kinds=("clap",)),
    Task("automatic-speech-recognition", (), AUDIO, "audio.speech", ("SpeechSeq2Seq", "CTC", "TDT", "RNNT"),
         SPEECH, "openai/whisper-tiny", 151.1, "99 languages",
         {"return_timestamps": False, "language": None, "translate": None, "chunk_length_s": None,
          "stride_length_s": None, "num_beams": None, "max_new_tokens": None, **BATCH}, EXTRACTOR_TEXT,
         spans=_has_chunks),
    Task("text-to-audio", ("text-to-speech",), TEXT, "audio.synthesis", ("TextToWaveform", "TextToSpectrogram"),
         GENERATED_AUDIO, "facebook/mms-tts-eng", 145.3, "English",
         {**dict.fromkeys(("seed", "do_sample", "temperature", "max_new_tokens", "voice_preset")),
          "speaker_embeddings": None, "vocoder": None}, ("processor",), "cc-by-nc-4.0"),
)
# fmt: on

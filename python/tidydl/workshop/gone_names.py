"""Names that transformers 5 no longer has: what they are called today, or the line that replaces them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tidydl.errors import NotFoundError
from tidydl.workshop.loading_classes import loading_class

# Classes that have another name today.
_RENAMED = {
    "AutoModelForVision2Seq": "AutoModelForImageTextToText",
    "MT5Tokenizer": "T5Tokenizer",
    "MT5TokenizerFast": "T5TokenizerFast",
    "Wav2Vec2Tokenizer": "Wav2Vec2CTCTokenizer",
    "LogitsWarper": "LogitsProcessor",
}
_PIPELINES = {
    "QuestionAnsweringPipeline": "question-answering",
    "SummarizationPipeline": "summarization",
    "TranslationPipeline": "translation",
    "Text2TextGenerationPipeline": "text2text-generation",
    "ImageToTextPipeline": "image-to-text",
    "VisualQuestionAnsweringPipeline": "visual-question-answering",
    "ImageToImagePipeline": "image-to-image",
}
_TRAIN = "Train with `Trainer(model = ..., args = TrainingArguments(...), train_dataset = ...)`."
_DATA = 'Make a data set with `datasets.Dataset.from_dict({"text": [...], "label": [...]})`.'
_LINES = 'Read the lines with `datasets.load_dataset("text", data_files = "...")`, then tokenize them with `map()`.'
_GLUE = 'Use `datasets.load_dataset("glue", "mrpc")` and `datasets.load_metric("glue", "mrpc")`.'
_AGENTS = "Agents are a package of their own today: `pip install smolagents`."
_INSTEAD = {
    "Conversation": 'Give `pipeline("text-generation")` a list of messages: [{"role": "user", "content": "..."}].',
    **dict.fromkeys(("create_optimizer", "AdamWeightDecay", "WarmUp", "GradientAccumulator", "shape_list"), _TRAIN),
    **dict.fromkeys(("KerasMetricCallback", "PushToHubCallback", "TFTrainer", "TFTrainingArguments"), _TRAIN),
    **dict.fromkeys(("InputExample", "InputFeatures", "SquadExample", "SquadFeatures", "DataProcessor"), _DATA),
    **dict.fromkeys(("SingleSentenceClassificationProcessor", "SquadDataset", "SquadV2Processor"), _DATA),
    **dict.fromkeys(("TextDataset", "LineByLineTextDataset", "TextDatasetForNextSentencePrediction"), _LINES),
    **dict.fromkeys(("GlueDataset", "GlueDataTrainingArguments", "glue_processors", "glue_compute_metrics"), _GLUE),
    **dict.fromkeys(("glue_convert_examples_to_features", "glue_output_modes", "glue_tasks_num_labels"), _GLUE),
    **dict.fromkeys(
        ("Agent", "CodeAgent", "ReactAgent", "ReactCodeAgent", "Tool", "load_tool", "HfApiEngine"), _AGENTS
    ),
    "squad_convert_examples_to_features": "Tokenize with `tokenizer(question, context, truncation = 'only_second')`.",
    "cached_path": 'Download a file with `huggingface_hub.hf_hub_download("owner/name", "file")`.',
    "hf_bucket_url": 'Download a file with `huggingface_hub.hf_hub_download("owner/name", "file")`.',
    "ModelCard": "Use `huggingface_hub.ModelCard`.",
}
_FALSE = ("is_tf_available", "is_flax_available", "is_keras_nlp_available", "is_tensorflow_text_available")


def older_name(name: str, library: Any) -> Any:
    """Return what a name of version 4 stands for today.

    Parameters
    ----------
    name
        A name that transformers no longer has.
    library
        The installed transformers.

    Raises
    ------
    NotFoundError
        It has no counterpart; says what to write.
    AttributeError
        It was never one that is known here.
    """
    if name in _RENAMED:
        return getattr(library, _RENAMED[name])
    if name in _FALSE:
        return lambda: False
    if name == "is_safetensors_available":
        return lambda: True
    if name == "AdamW":
        return _adamw()
    if name == "AutoModelWithLMHead":
        return language_model_class(library)
    if name.endswith("FeatureExtractor"):
        return _image_processor(name.removesuffix("FeatureExtractor"), library)
    instead = _instead(name, library)
    if instead is None:
        raise AttributeError(f"module 'transformers' has no attribute '{name}'")
    raise NotFoundError(f"transformers {library.__version__} has no `{name}` any more.", hint=instead)


@functools.cache
def _adamw() -> type:
    """Return torch's AdamW with the defaults and arguments of transformers 4."""
    import torch

    def begin(
        self: Any, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-6, **more: Any
    ) -> None:
        own = {name: value for name, value in more.items() if name not in ("correct_bias", "no_deprecation_warning")}
        torch.optim.AdamW.__init__(self, params, lr=lr, betas=tuple(betas), eps=eps, **{"weight_decay": 0.0, **own})

    return type("AdamW", (torch.optim.AdamW,), {"__init__": begin})


def _image_processor(kind: str, library: Any) -> Any:
    """Return what reads images for a kind of model, by Pillow where there is the choice, as in version 4."""
    name = f"{kind}ImageProcessor"
    return getattr(library, f"{name}Pil", None) or getattr(library, name)


def _instead(name: str, library: Any) -> str | None:
    if name in _INSTEAD:
        return _INSTEAD[name]
    if name in _PIPELINES:
        return f'Write `pipeline("{_PIPELINES[name]}")`.'
    for prefix in ("TF", "Flax"):
        torch_name = name.removeprefix(prefix)
        if name.startswith(prefix) and torch_name[:1].isupper():
            if hasattr(library, torch_name) or torch_name in (*_RENAMED, "AutoModelWithLMHead"):
                return f'Write `{torch_name}`, which computes with torch, and `return_tensors = "pt"`.'
            return 'Use a class without that prefix, and `return_tensors = "pt"`.'
    return None


def language_model_class(library: Any) -> type:
    """Return the class that loads a model with the language modelling head that its config names."""
    heads = ("Seq2SeqLM", "CausalLM", "MaskedLM")

    def from_pretrained(cls: type, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        config = loading_class(library.AutoConfig).from_pretrained(pretrained_model_name_or_path)  # type: ignore[attr-defined]
        named = next(iter(config.architectures or ()), "")
        head = next((head for head in heads if named.endswith(_ENDS[head])), "CausalLM")
        auto: Any = loading_class(getattr(library, f"AutoModelFor{head}"))
        load: Callable[..., Any] = auto.from_pretrained
        return load(pretrained_model_name_or_path, *args, **kwargs)

    return type("AutoModelWithLMHead", (), {"from_pretrained": classmethod(from_pretrained)})


# How the names of classes with a head end.
_ENDS = {
    "Seq2SeqLM": ("ForConditionalGeneration", "MTModel"),
    "CausalLM": ("ForCausalLM",),
    "MaskedLM": ("ForMaskedLM",),
}

"""Tiny real models of images, sounds and videos beside texts, built in the test: a few thousand seeded weights."""

from __future__ import annotations

from pathlib import Path

from tiny.cache import keeper
from tiny.inputs import RATE
from tiny.parts import save, sizes
from tiny.speech import wav2vec2_config
from tiny.text import POSITIONS, byte_folder, text_folder

LABELS = ["hum", "click", "bell", "rain", "voice"]


def _labels():
    return {"id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)}}


def clip_folder(folder: Path, **config) -> Path:
    """Save a tiny CLIP with a tokenizer of letters."""
    import transformers

    letters = [*"abcdefghijklmnopqrstuvwxyz.,"]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = transformers.CLIPTokenizer(
        vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], model_max_length=48
    )
    text = {"vocab_size": len(pieces), "max_position_embeddings": 48, "bos_token_id": len(pieces) - 2}
    settings = transformers.CLIPConfig(
        text_config={**sizes(), **text, "eos_token_id": len(pieces) - 1, "initializer_range": 0.5},
        vision_config={**sizes(), "image_size": 16, "patch_size": 8, "initializer_range": 0.5},
        projection_dim=8,
        initializer_factor=4.0,
        **config,
    )
    save("CLIPModel", settings, folder, tokenizer=tokenizer, image_processor=_image_processor("CLIP"))
    return folder


def _image_processor(kind):
    import transformers

    sizes = {"size": {"height": 16, "width": 16}}
    if kind == "CLIP":
        sizes = {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}}
    return getattr(transformers, f"{kind}ImageProcessorPil")(**sizes)


def siglip_folder(folder: Path) -> Path:
    """Save a tiny SigLIP with a tokenizer of words."""
    import transformers

    text_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, model_max_length=64)
    settings = transformers.SiglipConfig(
        text_config={**sizes(), "vocab_size": len(tokenizer), "max_position_embeddings": 64},
        vision_config={**sizes(), "image_size": 16, "patch_size": 8},
    )
    save("SiglipModel", settings, folder, tokenizer=tokenizer, image_processor=_image_processor("Siglip"))
    return folder


def align_folder(folder: Path) -> Path:
    """Save a tiny ALIGN, an EfficientNet beside a BERT."""
    import transformers

    text_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    settings = transformers.AlignConfig(
        text_config={**sizes(), "vocab_size": len(tokenizer), "max_position_embeddings": POSITIONS},
        vision_config={
            "image_size": 16,
            "width_coefficient": 0.2,
            "depth_coefficient": 0.2,
            "kernel_sizes": [3],
            "in_channels": [16],
            "out_channels": [16],
            "strides": [1],
            "num_block_repeats": [1],
            "expand_ratios": [2],
            "hidden_dim": 16,
            "depthwise_padding": [],
        },
        projection_dim=8,
        temperature_init_value=0.01,
    )
    save("AlignModel", settings, folder, tokenizer=tokenizer, image_processor=_image_processor("EfficientNet"))
    return folder


def clap_folder(folder: Path, truncation: str = "rand_trunc") -> Path:
    """Save a tiny CLAP that hears a second: a random one of a longer sound, or a mixture of several."""
    import transformers

    byte_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    fusion = truncation == "fusion"
    audio = {
        "spec_size": 256,
        "num_mel_bins": 64,
        "patch_size": 16,
        "patch_stride": [16, 16],
        "window_size": 4,
        "hidden_size": 16,
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "num_hidden_layers": 2,
        "enable_fusion": fusion,
        "aff_block_r": 2,
        "projection_dim": 8,
        "fusion_type": "aff_2d" if fusion else None,
    }
    text = {**sizes(), "vocab_size": 400, "max_position_embeddings": POSITIONS + 2, "projection_dim": 8}
    settings = transformers.ClapConfig(
        text_config=text, audio_config=audio, projection_dim=8, initializer_factor=8.0, logit_scale_init_value=30.0
    )
    extractor = transformers.ClapFeatureExtractor(
        feature_size=64, sampling_rate=RATE, hop_length=160, max_length_s=1, fft_window_size=1024, truncation=truncation
    )
    save("ClapModel", settings, folder, tokenizer=tokenizer, extractor=extractor)
    return folder


def wav2vec2_folder(folder: Path, norm: str = "layer", **config) -> Path:
    """Save a tiny Wav2Vec2 that classifies sounds."""
    import transformers

    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=norm == "layer", sampling_rate=RATE)
    settings = wav2vec2_config(norm, spread=0.5, classifier_proj_size=8, **{**_labels(), **config})
    save("Wav2Vec2ForSequenceClassification", settings, folder, extractor=extractor)
    return folder


def ast_folder(folder: Path, **config) -> Path:
    """Save a tiny audio spectrogram transformer, which fills sounds up to one length."""
    import transformers

    extractor = transformers.ASTFeatureExtractor(num_mel_bins=16, max_length=64, sampling_rate=RATE)
    settings = transformers.ASTConfig(
        **sizes(),
        patch_size=8,
        frequency_stride=8,
        time_stride=8,
        num_mel_bins=16,
        max_length=64,
        initializer_range=0.5,
        **{**_labels(), **config},
    )
    save("ASTForAudioClassification", settings, folder, extractor=extractor)
    return folder


def videomae_folder(folder: Path, **config) -> Path:
    """Save a tiny VideoMAE that sees four frames."""
    import transformers

    settings = transformers.VideoMAEConfig(
        **sizes(),
        image_size=16,
        patch_size=8,
        num_frames=4,
        tubelet_size=2,
        initializer_range=0.5,
        **{**_labels(), **config},
    )
    processor = transformers.VideoMAEImageProcessorPil(
        size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}
    )
    save("VideoMAEForVideoClassification", settings, folder, processor=processor)
    return folder


MODELS = {
    "clip": clip_folder,
    "siglip": siglip_folder,
    "align": align_folder,
    "clap": clap_folder,
    "clap fusion": lambda folder: clap_folder(folder, "fusion"),
    "wav2vec2": wav2vec2_folder,
    "wav2vec2 group": lambda folder: wav2vec2_folder(folder, "group"),
    "ast": ast_folder,
    "several labels": lambda folder: ast_folder(folder, problem_type="multi_label_classification"),
    "number": lambda folder: ast_folder(folder, problem_type="regression"),
    "one label": lambda folder: ast_folder(folder, id2label={0: "hum"}, label2id={"hum": 0}),
    "videomae": videomae_folder,
}


kept = keeper(MODELS)

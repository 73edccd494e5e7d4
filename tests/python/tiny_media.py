"""Tiny real models of images, sounds and videos beside texts, built in the test: a few thousand seeded weights."""

from __future__ import annotations

import io
from pathlib import Path

import tiny
from tiny_kept import keeper

RATE = 16_000
LABELS = ["hum", "click", "bell", "rain", "voice"]
ENDS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}  # of the byte-level tokenizer


def tone(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return samples of a tone, with noise of a seed."""
    import numpy as np

    samples = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    if seed is not None:
        samples = samples + 0.1 * np.random.default_rng(seed).standard_normal(len(samples))
    return samples.astype("float32")


def sound(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return a tone with its rate, as pipelines read sounds."""
    return {"array": tone(seconds, pitch, rate, seed), "sampling_rate": rate}


def wav(seconds=0.2, pitch=220.0, rate=RATE, seed=None):
    """Return a tone as the bytes of a WAV file."""
    from scipy.io import wavfile

    stream = io.BytesIO()
    wavfile.write(stream, rate, tone(seconds, pitch, rate, seed))
    return stream.getvalue()


def frames(count=12, seed=1, size=(24, 32)):
    """Return the frames of a video as an array."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype="uint8")


def video(path, count=12, seed=1, size=(24, 32), codec="mpeg4", pixels="yuv420p"):
    """Write a video to a file; the codec ffv1 with the pixels bgr0 keeps every colour as it is."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=8)
        stream.width, stream.height, stream.pix_fmt = size[1], size[0], pixels
        for frame in frames(count, seed, size):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def moving(count=5, seed=1, size=(24, 32)):
    """Return a video as the bytes of an animated GIF of few colours, and its frames."""
    import numpy as np
    from PIL import Image

    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [255, 255, 255]], dtype="uint8")
    pixels = colours[np.random.default_rng(seed).integers(0, 4, (count, *size))]
    first, *others = (Image.fromarray(frame) for frame in pixels)
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others, duration=100)
    return stream.getvalue(), pixels


def sizes(prefix="", layers=2, hidden=16):
    named = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": 2, "intermediate_size": 32}
    return {f"{prefix}{name}": value for name, value in named.items()}


def save(model, config, folder, *, seed=1, own=None, change=None, **readers):
    """Build a model with seeded weights, and settings of generation of its own, and save it beside its readers."""
    import torch
    import transformers

    torch.manual_seed(seed)
    made = getattr(transformers, model)(config)
    if change is not None:
        change(made)
    if own is not None:
        made.generation_config = transformers.GenerationConfig(**own)
    made.save_pretrained(folder)
    for reader in readers.values():
        reader.save_pretrained(folder)


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

    tiny.text_folder(folder)
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

    tiny.text_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    settings = transformers.AlignConfig(
        text_config={**sizes(), "vocab_size": len(tokenizer), "max_position_embeddings": tiny.POSITIONS},
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

    tiny.byte_folder(folder)
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
    text = {**sizes(), "vocab_size": 400, "max_position_embeddings": tiny.POSITIONS + 2, "projection_dim": 8}
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

    import tiny_speech

    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=norm == "layer", sampling_rate=RATE)
    settings = tiny_speech.wav2vec2_config(norm, spread=0.5, classifier_proj_size=8, **{**_labels(), **config})
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

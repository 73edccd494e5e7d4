"""What tiny models that see are made of: pictures, backbones, a tokenizer of letters, and how they are saved."""

from __future__ import annotations

import io
from pathlib import Path

SIZE = 32  # of a side in pixels, as the models scale images


def picture(seed: int, size: tuple[int, int] = (20, 30), mode: str = "RGB"):
    """Draw noise: an image of some height and width."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype="uint8")
    return Image.fromarray(pixels).convert(mode)


def pictures() -> list:
    """Draw images of which some are of one size."""
    return [picture(1), picture(2, (40, 24)), picture(3), picture(4, (30, 20)), picture(5, (40, 24))]


def scene(seed: int, size: tuple[int, int]):
    """Draw boxes of some colours on white: an image of some height and width."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(seed)
    pixels = np.full((*size, 3), 255, dtype="uint8")
    for _ in range(8):
        top, left = draw.integers(0, size[0]), draw.integers(0, size[1])
        high, wide = draw.integers(8, 25, 2)
        pixels[top : top + high, left : left + wide] = draw.integers(0, 256, 3)
    return Image.fromarray(pixels)


def damaged() -> bytes:
    """Return an image file that ends too early."""
    stream = io.BytesIO()
    picture(6).save(stream, "PNG")
    return stream.getvalue()[:-200]


def kinds(frame) -> tuple:
    """Return the names and kinds of a frame's columns, to compare them."""
    return tuple(zip(frame.columns, map(str, frame.dtypes), strict=True))


def named(count: int) -> dict:
    """Return the labels of a config."""
    labels = [f"thing {i}" for i in range(count)]
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def resnet(stages: int = 2, **config):
    """Return the config of a tiny convolutional backbone."""
    import transformers

    return transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8] * (stages - 1) + [16], depths=[1] * stages, layer_type="basic", **config
    )


def saved(folder: Path, kind, config, processor, *, seed: int = 1, spread: float | None = None) -> Path:
    """Save a seeded model of a class with its image processor; ``spread`` is that of all matrices, if any."""
    import torch

    torch.manual_seed(seed)
    model = kind(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1 and (spread is not None or not weights.any()):
                weights.normal_(0, spread or 0.5)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def spelling(folder: Path, *, tokens: int = 16):
    """Save a tokenizer that reads letters, with a beginning and an end of each text."""
    import tokenizers
    import transformers

    special = ["<pad>", "<s>"]
    pieces = [*special, *"abcdefghijklmnopqrstuvwxyz ,.", "<unk>", "</s>"]  # the end has the highest number, as in CLIP
    model = tokenizers.models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>")
    backend = tokenizers.Tokenizer(model)
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    backend.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", len(pieces) - 1)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=tokens,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


DETR = {
    "use_timm_backbone": False,
    "use_pretrained_backbone": False,
    "backbone": None,
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "num_queries": 12,
    "init_std": 0.5,
    "init_xavier_std": 3.0,
}


def swin(*stages: int):
    """Return the config of a tiny Swin backbone."""
    import transformers

    return transformers.SwinConfig(
        image_size=SIZE,
        patch_size=4,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[2, 2, 2, 2],
        window_size=2,
        out_indices=list(stages) or [2, 3],
    )

"""What tiny models are made of: tokenizers, image processors, backbones, sizes, and how they are saved."""

from __future__ import annotations

from pathlib import Path

from tiny.text import VOCABULARY, sentences

SIZE = 32  # of a side in pixels, as the models scale images
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
ENDS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}  # of the byte-level tokenizer
SIDE = 16  # of the images that the models see
VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 4,
    "initializer_range": 0.5,
}
TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.5,
}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


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


def pieces(*more: str) -> list[str]:
    """List the pieces of a WordPiece vocabulary."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *more]
    return list(dict.fromkeys([*special, *VOCABULARY.split(), *LETTERS, *(f"##{letter}" for letter in LETTERS)]))


def word_tokenizer(*more: str, **settings):
    """Build a WordPiece tokenizer over our words."""
    import transformers

    vocabulary = {piece: i for i, piece in enumerate(pieces(*more))}
    return transformers.BertTokenizer(vocab=vocabulary, **{"model_max_length": 64, **settings})


def byte_tokenizer(*special: str):
    """Build a tokenizer of pairs of bytes, trained on our words."""
    import tokenizers
    import transformers

    every = ["<pad>", "<end>", *special]
    pairs = tokenizers.ByteLevelBPETokenizer()
    pairs.train_from_iterator(sentences(200), vocab_size=400, special_tokens=every, show_progress=False)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pairs._tokenizer,
        pad_token="<pad>",
        eos_token="<end>",
        extra_special_tokens=list(special),
        model_max_length=256,
    )


def words_of(tokenizer, **more) -> dict:
    """Return the settings of the part of a model that reads and writes words: a Llama."""
    return {
        **TEXT,
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 256,
        "num_key_value_heads": 2,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None,
        **more,
    }


def picture_reader(kind: str = "CLIP", **settings):
    """Build an image processor of Pillow that gives images of our size."""
    import transformers

    size = {"height": SIDE, "width": SIDE}
    usual = {"CLIP": {"size": {"shortest_edge": SIDE}, "crop_size": size}}.get(kind, {"size": size})
    return getattr(transformers, f"{kind}ImageProcessorPil")(**{**usual, **settings})


def saved_as(folder: Path, config, processor, name: str) -> Path:
    """Save a model of this class with seeded weights, beside what reads its inputs."""
    import torch
    import transformers

    torch.manual_seed(1)
    getattr(transformers, name)(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


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

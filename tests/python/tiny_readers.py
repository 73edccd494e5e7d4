"""Parts of tiny real models: tokenizers over our words, image processors of Pillow, sizes, and saving."""

from __future__ import annotations

from pathlib import Path

from tiny import VOCABULARY, sentences

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

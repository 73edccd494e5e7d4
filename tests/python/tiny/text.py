"""Tiny real models that read and write text: encoders, decoders and both, with their tokenizers."""

from __future__ import annotations

from pathlib import Path

from tiny.cache import keeper

VOCABULARY = """
the a i you we was is am not very so happy sad angry afraid calm tired good bad day night rain sun dog cat
friend work home letter came went made lost found today again never always and but of in on my your it un
##s ##ed ##ing ##ly . , ! ?
"""
WORDS = VOCABULARY.split()
LABELS = ["joy", "sadness", "anger"]
POSITIONS = 32


def text_folder(
    folder: Path, *, labels: list[str] | None = None, head: str = "SequenceClassification", **config
) -> Path:
    """Save a tiny BERT with a WordPiece tokenizer."""
    import torch
    import transformers

    labels = labels or LABELS
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = list(dict.fromkeys([*special, *WORDS, *letters, *(f"##{letter}" for letter in letters)]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    tokenizer = transformers.BertTokenizerFast(
        vocab={piece: i for i, piece in enumerate(pieces)}, model_max_length=POSITIONS
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    settings = transformers.BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **config,
    )
    auto = getattr(transformers, f"BertFor{head}" if head else "BertModel")
    auto(settings).save_pretrained(folder)
    return folder


def sentences(count: int, seed: int = 1, longest: int = 20) -> list[str]:
    """Write seeded sentences of mixed length, all different."""
    import random

    draw = random.Random(seed)
    plain = [word for word in WORDS if word.isalpha()]
    return [" ".join(draw.choices(plain, k=draw.randint(1, longest))) + f" {i}" for i in range(count)]


def byte_folder(folder: Path, *, labels: list[str] | None = None, head: str = "SequenceClassification", **config):
    """Save a tiny RoBERTa with a byte-level tokenizer, trained on our words."""
    import tokenizers
    import torch
    import transformers

    labels = labels or LABELS
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    byte_level = tokenizers.ByteLevelBPETokenizer()
    byte_level.train_from_iterator(sentences(200), vocab_size=400, special_tokens=special, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    byte_level.save_model(str(folder))
    tokenizer = transformers.RobertaTokenizerFast(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=POSITIONS
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    settings = transformers.RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS + 2,
        initializer_range=0.5,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **config,
    )
    getattr(transformers, f"RobertaFor{head}" if head else "RobertaModel")(settings).save_pretrained(folder)
    return folder


def causal_folder(folder: Path, **config) -> Path:
    """Save a tiny GPT-2 with a byte-level tokenizer, trained on our words."""
    import tokenizers
    import torch
    import transformers

    byte_level = tokenizers.ByteLevelBPETokenizer()
    byte_level.train_from_iterator(
        sentences(200), vocab_size=400, special_tokens=["<|endoftext|>"], show_progress=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    byte_level.save_model(str(folder))
    tokenizer = transformers.GPT2TokenizerFast(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=POSITIONS * 2
    )
    tokenizer.chat_template = (
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}answer:{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    settings = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=POSITIONS * 2,
        initializer_range=0.5,
        bos_token_id=0,
        eos_token_id=0,
        **config,
    )
    transformers.GPT2LMHeadModel(settings).save_pretrained(folder)
    return folder


def seq2seq_folder(folder: Path, kind: str = "Bart", **config) -> Path:
    """Save a tiny BART or T5 with the byte-level tokenizer."""
    import torch
    import transformers

    byte_folder(folder)
    sizes = {
        "Bart": {
            **dict.fromkeys(("encoder_layers", "decoder_layers", "encoder_attention_heads"), 2),
            **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 32),
            "decoder_attention_heads": 2,
            "d_model": 16,
            "init_std": 0.5,
            "max_position_embeddings": POSITIONS,
            "forced_eos_token_id": None,
        },
        "T5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "initializer_factor": 4.0},
    }[kind]
    torch.manual_seed(1)
    settings = getattr(transformers, f"{kind}Config")(
        vocab_size=400, pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, **{**sizes, **config}
    )
    getattr(transformers, f"{kind}ForConditionalGeneration")(settings).save_pretrained(folder)
    return folder


def multilingual_folder(folder: Path) -> Path:
    """Save a tiny NLLB: a model that is told both languages by tokens."""
    import torch
    import transformers

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = transformers.NllbTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    settings = transformers.M2M100Config(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        init_std=0.5,
        max_position_embeddings=64,
    )
    transformers.M2M100ForConditionalGeneration(settings).save_pretrained(folder)
    return folder


def table_folder(folder: Path) -> Path:
    """Save a tiny TAPAS with its tokenizer."""
    import torch
    import transformers

    characters = [*"abcdefghijklmnopqrstuvwxyz0123456789"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[EMPTY]"]
    pieces = list(dict.fromkeys([*special, *WORDS, *characters, *(f"##{each}" for each in characters)]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    transformers.TapasTokenizer(str(folder / "vocab.txt"), model_max_length=POSITIONS * 2).save_pretrained(folder)
    torch.manual_seed(5)  # of which the answers differ
    settings = transformers.TapasConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS * 2,
        initializer_range=0.5,
        num_aggregation_labels=4,
        aggregation_labels={0: "NONE", 1: "SUM", 2: "AVERAGE", 3: "COUNT"},
        no_aggregation_label_index=0,
    )
    transformers.TapasForQuestionAnswering(settings).save_pretrained(folder)
    return folder


ENTITIES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]

MODELS = {
    "entities": lambda folder: text_folder(folder, labels=ENTITIES, head="TokenClassification"),
    "masked": lambda folder: text_folder(folder, head="MaskedLM"),
    "inference": lambda folder: text_folder(folder, labels=["contradiction", "neutral", "entailment"]),
    "causal": lambda folder: causal_folder(folder),
    "seq2seq": lambda folder: seq2seq_folder(folder),
    "answers": lambda folder: text_folder(folder, labels=["start", "end"], head="QuestionAnswering"),
    "tables": lambda folder: table_folder(folder),
    "encoder": lambda folder: text_folder(folder, head=""),
}

kept = keeper(MODELS)

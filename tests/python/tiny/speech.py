"""Tiny real models that hear speech, built in the test: a few thousand seeded weights."""

from __future__ import annotations

import json
import string
from pathlib import Path

from tiny.cache import keeper
from tiny.inputs import RATE
from tiny.parts import ENDS, save, sizes
from tiny.text import byte_folder

LETTERS = [*"etaoinshrdlu'"]
SECONDS = 2  # that the tiny Whisper hears at once
LANGUAGES = ["en", "de", "zh"]


def letters_tokenizer(folder: Path):
    """Build the tokenizer of letters that CTC models write with."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {piece: i for i, piece in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    return transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))


def wav2vec2_config(norm="layer", spread=2.0, **config):
    """Return the settings of a tiny Wav2Vec2, which hears 100 samples a moment."""
    import transformers

    return transformers.Wav2Vec2Config(
        **{**sizes(), "vocab_size": 5 + len(LETTERS)},
        conv_dim=(8, 8),
        conv_kernel=(20, 10),
        conv_stride=(20, 5),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm=norm,
        do_stable_layer_norm=norm == "layer",
        conv_bias=norm == "layer",
        initializer_range=spread,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **config,
    )


def ctc_folder(folder: Path, norm: str = "layer", **config) -> Path:
    """Save a tiny Wav2Vec2 that writes letters."""
    import transformers

    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=norm == "layer", sampling_rate=RATE)
    settings = wav2vec2_config(norm, **config)
    save("Wav2Vec2ForCTC", settings, folder, extractor=extractor, tokenizer=letters_tokenizer(folder))
    return folder


def whisper_folder(folder: Path, *, languages=tuple(LANGUAGES), heads=True, seed=8, **config) -> Path:
    """Save a tiny Whisper that hears two seconds at once."""
    import transformers

    starts = [f"Ġ{word}" for word in ("sun", "rain", "cat", "un", "b", "(")]
    pieces = [*string.ascii_lowercase, "Ġ", *starts, *"'-.,!?)", "ing", "ed"]
    tokenizer = transformers.WhisperTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[])
    begin = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{language}|>" for language in languages)]
    special = [*begin, "<|translate|>", "<|transcribe|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    tokenizer.add_tokens([f"<|{moment * 0.02:.2f}|>" for moment in range(50 * SECONDS + 1)])
    code = tokenizer.convert_tokens_to_ids
    ends = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), code("<|endoftext|>"))
    settings = transformers.WhisperConfig(
        vocab_size=len(tokenizer),
        **dict.fromkeys(("encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads"), 2),
        **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 32),
        d_model=16,
        num_mel_bins=8,
        max_source_positions=50 * SECONDS,
        max_target_positions=16,
        init_std=0.6,
        decoder_start_token_id=code("<|startoftranscript|>"),
        **ends,
        **config,
    )
    extractor = transformers.WhisperFeatureExtractor(feature_size=8, chunk_length=SECONDS, sampling_rate=RATE)
    generation = {
        "is_multilingual": bool(languages),
        "lang_to_id": {f"<|{language}|>": code(f"<|{language}|>") for language in languages} or None,
        "task_to_id": {name: code(f"<|{name}|>") for name in ("translate", "transcribe")},
        "no_timestamps_token_id": code("<|notimestamps|>"),
        "alignment_heads": [[0, 0], [1, 1]] if heads else None,
        "max_initial_timestamp_index": 0,
        "max_length": 16,
        "begin_suppress_tokens": [code("<|endoftext|>")],
        "suppress_tokens": [code(name) for name in special[1:-1]],
        "decoder_start_token_id": code("<|startoftranscript|>"),
        **ends,
    }
    own = {name: value for name, value in generation.items() if value is not None}
    readers = {"extractor": extractor, "tokenizer": tokenizer}
    save("WhisperForConditionalGeneration", settings, folder, own=own, seed=seed, **readers)
    return folder


def parakeet_folder(folder: Path, kind: str) -> Path:
    """Save a tiny Parakeet, which hears by spectrograms: one for each moment (CTC), or a transducer (TDT, RNNT)."""
    import tokenizers
    import transformers

    pieces = ["<unk>", *(f"▁{each}" for each in ("sun", "rain", "so")), *string.ascii_lowercase[:8], "<pad>", "<blank>"]
    model = tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, [], unk_token="<unk>")
    backend = tokenizers.Tokenizer(model)
    backend.decoder = tokenizers.decoders.Metaspace()
    tokenizer = transformers.ParakeetTokenizer(
        tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>", bos_token="<blank>"
    )
    encoder = transformers.ParakeetEncoderConfig(
        **sizes(), subsampling_factor=4, subsampling_conv_channels=8, num_mel_bins=16, initializer_range=0.5
    )
    own = {"pad_token_id": len(pieces) - 2}
    if kind != "CTC":
        own |= {"blank_token_id": len(pieces) - 1, "decoder_hidden_size": 8, "num_decoder_layers": 1}
    config = getattr(transformers, f"Parakeet{kind}Config")(vocab_size=len(pieces), encoder_config=encoder, **own)
    extractor = transformers.ParakeetFeatureExtractor(feature_size=16)
    start = None if kind == "CTC" else {"decoder_start_token_id": len(pieces) - 1, "pad_token_id": len(pieces) - 2}
    save(f"ParakeetFor{kind}", config, folder, extractor=extractor, tokenizer=tokenizer, own=start)
    return folder


def moonshine_folder(folder: Path) -> Path:
    """Save a tiny Moonshine, an encoder-decoder that hears the sound itself."""
    import transformers

    byte_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, model_input_names=["input_ids", "attention_mask"])
    settings = transformers.MoonshineConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        **{f"{part}_num_{what}": 2 for part in ("encoder", "decoder") for what in ("hidden_layers", "attention_heads")},
        initializer_range=0.5,
        **ENDS,
        decoder_start_token_id=0,
    )
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, sampling_rate=RATE)
    own = {**ENDS, "decoder_start_token_id": 0, "max_length": 12}
    save("MoonshineForConditionalGeneration", settings, folder, extractor=extractor, tokenizer=tokenizer, own=own)
    return folder


def speech_to_text_folder(folder: Path, most: int | None = 12) -> Path:
    """Save a tiny Speech2Text, an encoder-decoder that hears a spectrogram and writes so many tokens."""
    import transformers

    byte_folder(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, model_input_names=["input_ids", "attention_mask"])
    layers = ("encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads")
    settings = transformers.Speech2TextConfig(
        vocab_size=len(tokenizer),
        **dict.fromkeys(layers, 2),
        **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 16),
        d_model=16,
        input_feat_per_channel=16,
        conv_channels=16,
        max_source_positions=200,
        max_target_positions=30,
        init_std=0.6,
        **ENDS,
        decoder_start_token_id=0,
    )
    extractor = transformers.Speech2TextFeatureExtractor(feature_size=16, num_mel_bins=16, sampling_rate=RATE)
    own = {**ENDS, "decoder_start_token_id": 0, **({} if most is None else {"max_length": most})}
    save("Speech2TextForConditionalGeneration", settings, folder, extractor=extractor, tokenizer=tokenizer, own=own)
    return folder


MODELS = {
    "ctc": ctc_folder,
    "ctc group": lambda folder: ctc_folder(folder, "group"),
    "whisper": whisper_folder,
    "parakeet ctc": lambda folder: parakeet_folder(folder, "CTC"),
    "parakeet tdt": lambda folder: parakeet_folder(folder, "TDT"),
    "parakeet rnnt": lambda folder: parakeet_folder(folder, "RNNT"),
    "moonshine": moonshine_folder,
    "speech to text": speech_to_text_folder,
    "speech to text without end": lambda folder: speech_to_text_folder(folder, None),
    "whisper of one language": lambda folder: whisper_folder(folder, languages=(), heads=False, seed=3),
}


kept = keeper(MODELS)

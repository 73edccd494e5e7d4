"""Tiny real models that make sounds of texts, built in the test: a few thousand seeded weights."""

from __future__ import annotations

import json
import string
from pathlib import Path

from tiny.cache import keeper
from tiny.parts import save, sizes
from tiny.text import text_folder

VOICE = [0.1 * (i % 7) - 0.3 for i in range(8)]  # of the tiny SpeechT5


def vits_folder(folder: Path, **config) -> Path:
    """Save a tiny VITS that reads letters."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["_", *string.ascii_lowercase, " ", "<unk>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}), encoding="utf-8")
    tokenizer = transformers.VitsTokenizer(str(folder / "vocab.json"), pad_token="_", phonemize=False)
    settings = transformers.VitsConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        ffn_dim=16,
        flow_size=8,
        spectrogram_bins=9,
        upsample_initial_channel=8,
        upsample_rates=[4, 4],
        upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        duration_predictor_filter_channels=16,
        duration_predictor_num_flows=1,
        prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        depth_separable_num_layers=1,
        sampling_rate=8000,
        initializer_range=0.3,
        **config,
    )
    save("VitsModel", settings, folder, tokenizer=tokenizer)
    return folder


def speecht5_folder(folder: Path) -> Path:
    """Save a tiny SpeechT5 that speaks, which reads the words of the tiny BERT."""
    import transformers

    tokenizer = _words(folder)
    layers = ("encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads")
    settings = transformers.SpeechT5Config(
        **dict.fromkeys(layers, 2),
        hidden_size=16,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        vocab_size=len(tokenizer),
        num_mel_bins=6,
        speech_decoder_prenet_units=8,
        speech_decoder_postnet_units=8,
        speech_decoder_postnet_layers=2,
        speaker_embedding_dim=len(VOICE),
        max_text_positions=40,
        max_speech_positions=200,
        initializer_range=0.3,
        pad_token_id=0,
    )
    extractor = transformers.SpeechT5FeatureExtractor(num_mel_bins=6)
    save("SpeechT5ForTextToSpeech", settings, folder, tokenizer=tokenizer, extractor=extractor)
    return folder


def vocoder_folder(folder: Path) -> Path:
    """Save the vocoder of the tiny SpeechT5."""
    import transformers

    settings = transformers.SpeechT5HifiGanConfig(
        model_in_dim=6,
        sampling_rate=4000,
        upsample_initial_channel=8,
        upsample_rates=[2, 2],
        upsample_kernel_sizes=[4, 4],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        initializer_range=0.3,
    )
    save("SpeechT5HifiGan", settings, folder)
    return folder


def _codec(**config):
    """Return the settings of a tiny codec."""
    import transformers

    return transformers.EncodecConfig(
        sampling_rate=8000,
        audio_channels=1,
        num_filters=4,
        upsampling_ratios=[4, 4],
        codebook_size=16,
        codebook_dim=8,
        hidden_size=8,
        num_lstm_layers=1,
        **config,
    )


def _draw_codes(codec):
    """Give the codes of a codec, which begin as zeros, sounds of their own."""
    for layer in codec.quantizer.layers:
        layer.codebook.embed.normal_(std=3.0)


def musicgen_folder(folder: Path) -> Path:
    """Save a tiny MusicGen, which reads the words of the tiny BERT."""
    import transformers

    tokenizer = _words(folder)
    text = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, initializer_factor=2.0
    )
    codec = _codec(target_bandwidths=[4.0])
    decoder = transformers.MusicgenDecoderConfig(
        **{**sizes(), "vocab_size": 16, "ffn_dim": 16, "num_codebooks": 2, "initializer_factor": 0.5},
        pad_token_id=16,
        bos_token_id=16,
    )
    settings = transformers.MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
    own = {"do_sample": True, "max_length": 24, "guidance_scale": 3.0, "bos_token_id": 16, "pad_token_id": 16}
    own["decoder_start_token_id"] = 16
    extractor = transformers.EncodecFeatureExtractor(sampling_rate=8000)
    readers = {"tokenizer": tokenizer, "extractor": extractor}
    save(
        "MusicgenForConditionalGeneration",
        settings,
        folder,
        own=own,
        change=lambda model: _draw_codes(model.audio_encoder),
        **readers,
    )
    return folder


def _words(folder: Path):
    """Save the tokenizer of the tiny BERT as that of a model which knows no two kinds of tokens."""
    import transformers

    text_folder(folder)
    return transformers.AutoTokenizer.from_pretrained(folder, model_input_names=["input_ids", "attention_mask"])


def bark_folder(folder: Path) -> Path:
    """Save a tiny Bark, three models and a codec after each other, with a voice."""
    import numpy as np
    import transformers
    from transformers.models.bark import configuration_bark, generation_configuration_bark

    layers = {"num_layers": 1, "num_heads": 2, "hidden_size": 16, "block_size": 600, "dropout": 0.0}
    parts = {"semantic": (300, {}), "coarse": (100, {}), "fine": (18, {"n_codes_total": 4, "block_size": 64})}
    names = {"semantic": "semantic_config", "coarse": "coarse_acoustics_config", "fine": "fine_acoustics_config"}
    made = {}
    for part, (size, more) in parts.items():
        config = getattr(configuration_bark, f"Bark{part.capitalize()}Config")
        made[names[part]] = config(input_vocab_size=size, output_vocab_size=size, **{**layers, **more}).to_dict()
    codec = _codec(target_bandwidths=[8.0]).to_dict()
    settings = transformers.BarkConfig(**made, codec_config=codec)
    tokenizer = _words(folder)
    readers = {"processor": transformers.BarkProcessor(tokenizer=tokenizer)}
    save("BarkModel", settings, folder, change=lambda model: _draw_codes(model.codec_model), **readers)
    drawn = {
        "semantic": {
            "eos_token_id": 20,
            "max_new_tokens": 8,
            "semantic_vocab_size": 20,
            "text_encoding_offset": 40,
            "text_pad_token": 290,
            "semantic_infer_token": 291,
            "min_new_tokens": 8,
            "do_sample": True,
        },
        "coarse": {
            "coarse_semantic_pad_token": 60,
            "coarse_infer_token": 61,
            "max_coarse_input_length": 32,
            "max_coarse_history": 30,
            "sliding_window_len": 12,
            "do_sample": True,
        },
        "fine": {"max_fine_history_length": 32, "max_fine_input_length": 64, "n_fine_codebooks": 4, "temperature": 0.5},
    }
    own: dict = {"sample_rate": 8000, "codebook_size": 16}
    for part, given in drawn.items():
        config = getattr(generation_configuration_bark, f"Bark{part.capitalize()}GenerationConfig")(**given)
        own[names[part]] = {name: value for name, value in config.to_diff_dict().items() if "version" not in name}
    (folder / "generation_config.json").write_text(json.dumps(own), encoding="utf-8")
    voice = {}
    for name, shape in (("semantic", (6,)), ("coarse", (2, 9)), ("fine", (4, 9))):
        np.save(folder / f"calm_{name}.npy", np.random.default_rng(1).integers(0, 16, shape))
        voice[f"{name}_prompt"] = f"calm_{name}.npy"
    known = json.dumps({"repo_or_path": str(folder), "calm": voice})
    (folder / "speaker_embeddings_path.json").write_text(known, encoding="utf-8")
    return folder


def csm_folder(folder: Path) -> Path:
    """Save a tiny CSM, which writes the codes of its codec and wants to know who speaks."""
    import transformers

    tokenizer = _words(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|AUDIO|>", "<|audio_eos|>"]})
    tokenizer.audio_token = "<|AUDIO|>"
    tokenizer.audio_token_id = tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    layers = {**sizes(), "num_hidden_layers": 1, "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 16}
    codec = transformers.MimiConfig(
        **{**layers, "sampling_rate": 8000, "num_filters": 4, "upsampling_ratios": [4, 2], "frame_rate": 500.0},
        codebook_size=32,
        codebook_dim=8,
        vector_quantization_hidden_dimension=8,
        num_quantizers=4,
        upsample_groups=16,
        sliding_window=16,
    )
    codes = {"num_codebooks": 4, "vocab_size": 18}
    settings = transformers.CsmConfig(
        **{**layers, **codes, "max_position_embeddings": 200, "text_vocab_size": len(tokenizer)},
        codebook_pad_token_id=17,
        codebook_eos_token_id=0,
        audio_token_id=tokenizer.audio_token_id,
        audio_eos_token_id=tokenizer.convert_tokens_to_ids("<|audio_eos|>"),
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=None,
        depth_decoder_config={**layers, **codes, "backbone_hidden_size": 16, "max_position_embeddings": 5},
        codec_config=codec.to_dict(),
        initializer_range=0.3,
    )
    own = {"do_sample": True, "max_new_tokens": 6, "pad_token_id": 0, "bos_token_id": 1}
    own |= {"depth_decoder_do_sample": True, "depth_decoder_max_new_tokens": 3, "depth_decoder_min_new_tokens": 3}
    extractor = transformers.EncodecFeatureExtractor(sampling_rate=8000)
    processor = transformers.CsmProcessor(feature_extractor=extractor, tokenizer=tokenizer)

    def draw(model):
        for quantizer in model.codec_model.quantizer.children():
            for layer in quantizer.layers:
                layer.codebook.embed_sum.normal_(std=3.0)

    save("CsmForConditionalGeneration", settings, folder, own=own, change=draw, processor=processor)
    return folder


MODELS = {
    "vits": vits_folder,
    "speecht5": speecht5_folder,
    "vocoder": vocoder_folder,
    "musicgen": musicgen_folder,
    "bark": bark_folder,
    "csm": csm_folder,
}


kept = keeper(MODELS)

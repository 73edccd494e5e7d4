"""Tiny real models that write about images or answer questions about them, built in the test."""

from __future__ import annotations

from pathlib import Path

from tiny.parts import SIDE, TEXT, VISION, picture_reader, saved_as, word_tokenizer


def git_folder(folder: Path) -> Path:
    """Save a tiny GIT."""
    import transformers

    tokenizer = word_tokenizer()
    config = transformers.GitConfig(
        vision_config={**VISION},
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **TEXT,
    )
    return saved_as(folder, config, transformers.GitProcessor(picture_reader(), tokenizer), "GitForCausalLM")


def blip_folder(folder: Path, head: str = "ConditionalGeneration") -> Path:
    """Save a tiny BLIP."""
    import transformers

    tokenizer = word_tokenizer("[DEC]", bos_token="[DEC]")
    words = {
        **TEXT,
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": 16,
        "projection_dim": 8,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = transformers.BlipConfig(
        text_config=words, vision_config={**VISION, "projection_dim": 8}, projection_dim=8, image_text_hidden_size=8
    )
    return saved_as(folder, config, transformers.BlipProcessor(picture_reader("Blip"), tokenizer), f"BlipFor{head}")


def writer_folder(folder: Path) -> Path:
    """Save a tiny ViT that a GPT-2 writes from, with a tokenizer and an image processor of their own."""
    import torch
    import transformers

    tokenizer = word_tokenizer()
    seen = transformers.ViTConfig(**VISION)
    written = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=64,
        initializer_range=0.5,
        add_cross_attention=True,
        is_decoder=True,
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        seen,
        written,
        decoder_start_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(1)
    transformers.VisionEncoderDecoderModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    picture_reader("ViT").save_pretrained(folder)
    return folder


def pix2struct_folder(folder: Path) -> Path:
    """Save a tiny Pix2Struct."""
    import transformers

    tokenizer = word_tokenizer(eos_token="[SEP]")
    sizes = {"d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 2, "initializer_factor": 4.0}
    config = transformers.Pix2StructConfig(
        text_config={
            **sizes,
            "hidden_size": 16,
            "vocab_size": len(tokenizer),
            "pad_token_id": tokenizer.pad_token_id,
            "eos_token_id": tokenizer.sep_token_id,
            "decoder_start_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "hidden_size": 16,
            "patch_embed_hidden_size": 3 * 4 * 4,
            "d_ff": 32,
            "d_kv": 8,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "seq_len": 64,
            "initializer_range": 0.5,
            "initializer_factor": 4.0,
        },
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.sep_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    images = transformers.Pix2StructImageProcessorPil(max_patches=20, patch_size={"height": 4, "width": 4})
    processor = transformers.Pix2StructProcessor(images, tokenizer)
    return saved_as(folder, config, processor, "Pix2StructForConditionalGeneration")


def blip2_folder(folder: Path) -> Path:
    """Save a tiny BLIP-2 over an OPT."""
    import transformers

    tokenizer = word_tokenizer(bos_token="[CLS]", eos_token="[SEP]")
    processor = transformers.Blip2Processor(picture_reader("Blip"), tokenizer, num_query_tokens=3)
    words = transformers.OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        word_embed_proj_dim=16,
        ffn_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        init_std=0.5,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    asked = {**TEXT, "encoder_hidden_size": 16, "vocab_size": len(tokenizer)}
    config = transformers.Blip2Config(
        vision_config={**VISION},
        qformer_config=asked,
        text_config=words.to_dict(),
        num_query_tokens=3,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        initializer_range=0.5,
    )
    return saved_as(folder, config, processor, "Blip2ForConditionalGeneration")


def vilt_folder(folder: Path, count: int = 6) -> Path:
    """Save a tiny ViLT that knows some answers."""
    import transformers

    tokenizer = word_tokenizer(model_max_length=24)
    answers = [f"answer {i}" for i in range(count)]
    config = transformers.ViltConfig(
        **{**VISION, **TEXT, "max_position_embeddings": 24},
        vocab_size=len(tokenizer),
        id2label=dict(enumerate(answers)),
        label2id={answer: i for i, answer in enumerate(answers)},
    )
    reader = picture_reader("Vilt", size={"shortest_edge": SIDE}, size_divisor=4)
    return saved_as(folder, config, transformers.ViltProcessor(reader, tokenizer), "ViltForQuestionAnswering")

"""Tiny real models that answer questions about documents, built in the test."""

from __future__ import annotations

from pathlib import Path

from tiny.parts import SIDE, TEXT, picture_reader, saved_as, word_tokenizer
from tiny.text import sentences


def layoutlm_folder(folder: Path, positions: int = 48) -> Path:
    """Save a tiny LayoutLM, which reads words and where they stand."""
    import transformers

    tokenizer = word_tokenizer(model_max_length=positions)
    config = transformers.LayoutLMConfig(
        **{**TEXT, "max_position_embeddings": positions}, vocab_size=len(tokenizer), max_2d_position_embeddings=1001
    )
    return saved_as(folder, config, tokenizer, "LayoutLMForQuestionAnswering")


def layoutlmv3_folder(folder: Path, positions: int = 48) -> Path:
    """Save a tiny LayoutLMv3, which also looks at the page."""
    import tokenizers
    import transformers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pairs = tokenizers.ByteLevelBPETokenizer()
    pairs.train_from_iterator(sentences(200), vocab_size=400, special_tokens=special, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    pairs.save_model(str(folder))
    tokenizer = transformers.LayoutLMv3Tokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=positions
    )
    config = transformers.LayoutLMv3Config(
        **{**TEXT, "max_position_embeddings": positions + 2},
        vocab_size=len(tokenizer),
        max_2d_position_embeddings=1024,
        coordinate_size=2,
        shape_size=4,
        input_size=SIDE,
        patch_size=4,
        pad_token_id=tokenizer.pad_token_id,
    )
    processor = transformers.LayoutLMv3Processor(picture_reader("LayoutLMv3"), tokenizer)
    return saved_as(folder, config, processor, "LayoutLMv3ForQuestionAnswering")


MARKS = ["<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>", "</s_answer>"]


def donut_folder(folder: Path) -> Path:
    """Save a tiny Donut: a Swin transformer that an MBart writes from."""
    import torch
    import transformers

    tokenizer = word_tokenizer(eos_token="[SEP]", extra_special_tokens=MARKS)
    seen = transformers.DonutSwinConfig(
        image_size=[32, 32],
        patch_size=2,
        embed_dim=8,
        depths=[1, 1],
        num_heads=[2, 2],
        window_size=4,
        initializer_range=0.5,
    )
    written = transformers.MBartConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        decoder_layers=2,
        decoder_attention_heads=2,
        decoder_ffn_dim=32,
        max_position_embeddings=320,
        init_std=0.5,
        is_decoder=True,
        add_cross_attention=True,
        is_encoder_decoder=False,
        add_final_layer_norm=True,
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        seen,
        written,
        decoder_start_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(1)
    model = transformers.VisionEncoderDecoderModel(config)
    with torch.no_grad():  # so that answers end
        model.decoder.lm_head.weight[tokenizer.convert_tokens_to_ids("</s_answer>")] *= 4
    model.generation_config.max_new_tokens = 24
    reader = transformers.DonutImageProcessorPil(size={"height": 32, "width": 32})
    model.save_pretrained(folder)
    transformers.DonutProcessor(reader, tokenizer).save_pretrained(folder)
    return folder

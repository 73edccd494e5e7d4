"""Tiny real models that segment images, with some thousand seeded weights."""

from __future__ import annotations

import json
from pathlib import Path

from tiny.parts import DETR, SIZE, named, saved, spelling, swin


def segformer_folder(folder: Path) -> Path:
    """Save a tiny SegFormer, which gives each pixel a class."""
    import transformers

    settings = transformers.SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 8, 8],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=8,
        initializer_range=0.5,
        **named(5),
    )
    processor = transformers.SegformerImageProcessorPil(size={"height": SIZE, "width": SIZE})
    return saved(folder, transformers.SegformerForSemanticSegmentation, settings, processor)


def maskformer_folder(folder: Path) -> Path:
    """Save a tiny MaskFormer."""
    import transformers

    settings = transformers.MaskFormerConfig(
        backbone_config=swin(1, 2, 3, 4),
        decoder_config=transformers.DetrConfig(**{**DETR, "num_queries": 8}),
        fpn_feature_size=32,
        mask_feature_size=32,
        init_std=0.5,
        init_xavier_std=2.0,
        **named(5),
    )
    processor = transformers.MaskFormerImageProcessorPil(size={"height": 64, "width": 64})
    return saved(folder, transformers.MaskFormerForInstanceSegmentation, settings, processor)


def queries(**more) -> dict:
    """Return the sizes that Mask2Former and OneFormer share."""
    return {
        "backbone_config": swin(1, 2, 3, 4),
        "hidden_dim": 32,
        "encoder_feedforward_dim": 16,
        "dim_feedforward": 16,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "num_attention_heads": 2,
        "num_queries": 8,
        "init_std": 0.5,
        "init_xavier_std": 2.0,
        **named(5),
        **more,
    }


def mask2former_folder(folder: Path) -> Path:
    """Save a tiny Mask2Former."""
    import transformers

    settings = transformers.Mask2FormerConfig(**queries(feature_size=32, mask_feature_size=32))
    processor = transformers.Mask2FormerImageProcessorPil(size={"height": 64, "width": 64})
    return saved(folder, transformers.Mask2FormerForUniversalSegmentation, settings, processor)


def oneformer_folder(folder: Path) -> Path:
    """Save a tiny OneFormer, which is told what to do by a sentence."""
    import transformers

    tokenizer = spelling(folder, tokens=40)
    classes = {str(i): {"name": f"thing {i}", "isthing": i % 2} for i in range(5)}
    (folder / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
    settings = transformers.OneFormerConfig(
        **queries(conv_dim=32, mask_dim=32, task_seq_len=40, query_dec_layers=1),
        text_encoder_width=32,
        text_encoder_context_length=40,
        text_encoder_num_layers=1,
        text_encoder_vocab_size=len(tokenizer),
        text_encoder_n_ctx=2,
    )
    processor = transformers.OneFormerImageProcessorPil(
        size={"height": 64, "width": 64}, repo_path=str(folder), class_info_file="classes.json", num_labels=5
    )
    return saved(folder, transformers.OneFormerForUniversalSegmentation, settings, processor)


def sam_folder(folder: Path) -> Path:
    """Save a tiny SAM."""
    import transformers

    settings = transformers.SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 8,
            "window_size": 4,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
            "mlp_dim": 32,
            "initializer_range": 0.5,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
    )
    processor = transformers.SamImageProcessorPil(
        size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}, mask_size={"longest_edge": 32}
    )
    return saved(folder, transformers.SamModel, settings, processor, spread=0.5, seed=3)


def eomt_folder(folder: Path) -> Path:
    """Save a tiny EoMT, which sees an image in slices."""
    import transformers

    settings = transformers.EomtConfig(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=SIZE,
        patch_size=8,
        num_blocks=1,
        num_upscale_blocks=1,
        num_queries=6,
        initializer_range=0.5,
        mlp_ratio=2,
        **named(4),
    )
    size = {"shortest_edge": SIZE, "longest_edge": None}
    processor = transformers.EomtImageProcessorPil(size=size, do_split_image=True, do_pad=True)
    return saved(folder, transformers.EomtForUniversalSegmentation, settings, processor, seed=3, spread=0.4)

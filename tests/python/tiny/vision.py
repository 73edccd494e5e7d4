"""Tiny real models that see: detectors, segmenters, depth estimators and others, with some thousand seeded weights."""

from __future__ import annotations

from pathlib import Path

from tiny.cache import keeper
from tiny.parts import DETR, SIZE, named, resnet, saved, spelling, swin
from tiny.segmenters import mask2former_folder, maskformer_folder, oneformer_folder, sam_folder, segformer_folder
from tiny.text import text_folder


def plain(task: str, name: str):
    """Return transformers' own pipeline over a model of ours."""
    import transformers

    return transformers.pipeline(task, model=str(kept(name)), device="cpu")


def image_folder(folder: Path, *, channels: int = 3, count: int = 7, head: str = "ForImageClassification") -> Path:
    """Save a tiny ViT with an image processor."""
    import torch
    import transformers

    labels = [f"thing {i}" for i in range(count)]
    torch.manual_seed(1)
    settings = transformers.ViTConfig(
        image_size=16,
        patch_size=4,
        num_channels=channels,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    getattr(transformers, f"ViT{head or 'Model'}")(settings).save_pretrained(folder)
    mean = [0.5] * channels
    processor = transformers.ViTImageProcessorPil(
        size={"height": 16, "width": 16}, image_mean=mean, image_std=mean, do_convert_rgb=None
    )
    processor.save_pretrained(folder)
    return folder


def detr_folder(folder: Path, *, count: int = 5, kind: str = "ObjectDetection", **config) -> Path:
    """Save a tiny DETR, whose images keep their shape."""
    import transformers

    settings = transformers.DetrConfig(**{"backbone_config": resnet(), **DETR, **named(count), **config})
    processor = transformers.DetrImageProcessorPil(size={"shortest_edge": SIZE, "longest_edge": 64})
    return saved(folder, getattr(transformers, f"DetrFor{kind}"), settings, processor)


def panoptic_folder(folder: Path) -> Path:
    """Save a tiny DETR that segments."""
    backbone = resnet(4, out_features=[f"stage{i}" for i in range(1, 5)])
    heads = dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 8)
    return detr_folder(folder, kind="Segmentation", backbone_config=backbone, **heads)


def yolos_folder(folder: Path) -> Path:
    """Save a tiny YOLOS."""
    import transformers

    settings = transformers.YolosConfig(
        image_size=[SIZE, SIZE],
        patch_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_detection_tokens=10,
        initializer_range=0.5,
        **named(4),
    )
    processor = transformers.YolosImageProcessorPil(size={"shortest_edge": SIZE, "longest_edge": 64})
    return saved(folder, transformers.YolosForObjectDetection, settings, processor)


def owl_folder(folder: Path, version: str = "OwlViT") -> Path:
    """Save a tiny OWL-ViT or OWLv2 with a tokenizer of letters."""
    import transformers

    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    tokenizer = spelling(folder)
    settings = getattr(transformers, f"{version}Config")(
        text_config={**sizes, "vocab_size": len(tokenizer), "eos_token_id": len(tokenizer) - 1, "bos_token_id": 1},
        vision_config={**sizes, "image_size": SIZE, "patch_size": 8},
        projection_dim=16,
    )
    processor = getattr(transformers, f"{version}ImageProcessorPil")(size={"height": SIZE, "width": SIZE})
    kind = getattr(transformers, f"{version}ForObjectDetection")
    return saved(folder, kind, settings, processor, spread=0.4)


def grounding_folder(folder: Path) -> Path:
    """Save a tiny Grounding DINO with a tokenizer of words."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(text_folder(folder, head=""))
    layers = ("encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads")
    settings = transformers.GroundingDinoConfig(
        backbone_config=swin(),
        text_config={
            "model_type": "bert",
            "vocab_size": len(tokenizer),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 32,
        },
        **dict.fromkeys(layers, 2),
        **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 16),
        d_model=32,
        num_queries=8,
        num_feature_levels=2,
        max_text_len=32,
        disable_custom_kernels=True,
    )
    processor = transformers.GroundingDinoImageProcessorPil(size={"shortest_edge": SIZE, "longest_edge": 64})
    return saved(folder, transformers.GroundingDinoForObjectDetection, settings, processor)


def omdet_folder(folder: Path) -> Path:
    """Save a tiny OmDet-Turbo, which is told a task besides the labels."""
    import transformers

    tokenizer = spelling(folder)
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text |= {"vocab_size": len(tokenizer), "max_position_embeddings": 16, "projection_dim": 16}
    names = ("encoder_hidden_dim", "encoder_dim_feedforward", "decoder_hidden_dim", "decoder_dim_feedforward")
    names += ("task_encoder_hidden_dim", "class_embed_dim", "text_projection_in_dim", "text_projection_out_dim")
    settings = transformers.OmDetTurboConfig(
        backbone_config=swin(2, 3, 4),
        use_timm_backbone=False,
        text_config={"model_type": "clip_text_model", **text},
        vision_features_channels=[16, 16, 16],
        encoder_in_channels=[16, 32, 64],
        decoder_num_layers=1,
        num_queries=4,
        **dict.fromkeys(names, 16),
        **dict.fromkeys(("encoder_attention_heads", "decoder_num_heads"), 2),
    )
    processor = transformers.DetrImageProcessorPil(size={"height": 64, "width": 64})
    return saved(folder, transformers.OmDetTurboForObjectDetection, settings, processor)


def dpt_folder(folder: Path) -> Path:
    """Save a tiny DPT, which estimates depth."""
    import transformers

    settings = transformers.DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=SIZE,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        initializer_range=0.3,
    )
    processor = transformers.DPTImageProcessorPil(size={"height": SIZE, "width": SIZE})
    return saved(folder, transformers.DPTForDepthEstimation, settings, processor)


def anything_folder(folder: Path) -> Path:
    """Save a tiny Depth Anything, whose images keep their shape."""
    import transformers

    backbone = transformers.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=SIZE,
        patch_size=8,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
        initializer_range=0.3,
    )
    settings = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=8,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        initializer_range=0.3,
    )
    processor = transformers.DPTImageProcessorPil(
        size={"height": SIZE, "width": SIZE}, keep_aspect_ratio=True, ensure_multiple_of=8
    )
    return saved(folder, transformers.DepthAnythingForDepthEstimation, settings, processor)


def glpn_folder(folder: Path) -> Path:
    """Save a tiny GLPN, which estimates depth at the size of the image."""
    import transformers

    settings = transformers.GLPNConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 8, 8],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=8,
        initializer_range=0.5,
    )
    return saved(folder, transformers.GLPNForDepthEstimation, settings, transformers.GLPNImageProcessorPil())


def zoedepth_folder(folder: Path) -> Path:
    """Save a tiny ZoeDepth, whose processor puts a margin around images."""
    import transformers

    backbone = transformers.BeitConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=SIZE,
        patch_size=8,
        use_relative_position_bias=True,
        initializer_range=0.3,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
    )
    settings = transformers.ZoeDepthConfig(
        backbone_config=backbone,
        neck_hidden_sizes=[8, 8, 8, 8],
        bin_configurations=[{"n_bins": 8, "min_depth": 0.1, "max_depth": 10.0, "name": "nyu"}],
        num_attractors=[2, 2, 1, 1],
        initializer_range=0.3,
        **dict.fromkeys(("fusion_hidden_size", "bottleneck_features", "bin_embedding_dim"), 8),
        num_relative_features=4,
    )
    processor = transformers.ZoeDepthImageProcessorPil(size={"height": SIZE, "width": SIZE}, ensure_multiple_of=8)
    return saved(folder, transformers.ZoeDepthForDepthEstimation, settings, processor)


def swin2sr_folder(folder: Path, **config) -> Path:
    """Save a tiny Swin2SR, which makes images twice as large."""
    import transformers

    settings = transformers.Swin2SRConfig(
        **{"embed_dim": 8, "depths": [2, 1], "num_heads": [2, 2], "window_size": 4, "image_size": 16, **config}
    )
    kind = transformers.Swin2SRForImageSuperResolution
    return saved(folder, kind, settings, transformers.Swin2SRImageProcessorPil(), spread=0.2)


def matcher_folder(folder: Path, kind: str = "SuperGlue") -> Path:
    """Save a tiny SuperGlue or LightGlue, with the SuperPoint that finds its points."""
    import transformers

    points = transformers.SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 16, 16],
        decoder_hidden_size=16,
        descriptor_decoder_dim=16,
        keypoint_threshold=0.016,
        border_removal_distance=2,
        initializer_range=0.2,
    )
    own = {
        "SuperGlue": {
            "hidden_size": 16,
            "keypoint_encoder_sizes": [8, 16],
            "gnn_layers_types": ["self", "cross"],
            "num_attention_heads": 2,
            "sinkhorn_iterations": 10,
        },
        "LightGlue": {"descriptor_dim": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "filter_threshold": 0.0},
    }[kind]
    settings = getattr(transformers, f"{kind}Config")(keypoint_detector_config=points, initializer_range=0.2, **own)
    processor = getattr(transformers, f"{kind}ImageProcessorPil")(size={"height": 48, "width": 64})
    spread = {"SuperGlue": 0.4, "LightGlue": None}[kind]
    return saved(folder, getattr(transformers, f"{kind}ForKeypointMatching"), settings, processor, spread=spread)


def loftr_folder(folder: Path) -> Path:
    """Save a tiny EfficientLoFTR, which matches points without finding them first."""
    import transformers

    settings = transformers.EfficientLoFTRConfig(
        stage_num_blocks=[1, 1, 1, 1],
        out_features=[16, 16, 16, 16],
        hidden_size=16,
        num_attention_layers=1,
        num_attention_heads=8,
        coarse_matching_threshold=0.0,
        coarse_matching_border_removal=0,
        initializer_range=0.3,
    )
    processor = transformers.EfficientLoFTRImageProcessorPil(size={"height": 64, "width": 64})
    return saved(folder, transformers.EfficientLoFTRForKeypointMatching, settings, processor, spread=0.8, seed=2)


def resnet_folder(folder: Path) -> Path:
    """Save a tiny convolutional encoder."""
    import transformers

    processor = transformers.ConvNextImageProcessorPil(size={"shortest_edge": SIZE}, crop_pct=1.0)
    return saved(folder, transformers.ResNetModel, resnet(), processor)


def mobilevit_folder(folder: Path) -> Path:
    """Save a tiny MobileViT, whose config does not say how wide its states are."""
    import transformers

    sizes = {"hidden_sizes": [8, 8, 8], "neck_hidden_sizes": [4, 4, 8, 8, 8, 8, 24], "image_size": SIZE}
    settings = transformers.MobileViTConfig(**sizes, num_attention_heads=2, mlp_ratio=1.0, expand_ratio=1.0)
    processor = transformers.MobileViTImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
    )
    return saved(folder, transformers.MobileViTModel, settings, processor)


MODELS = {
    "detr": detr_folder,
    "yolos": yolos_folder,
    "owlvit": owl_folder,
    "owlv2": lambda folder: owl_folder(folder, "Owlv2"),
    "grounding": grounding_folder,
    "omdet": omdet_folder,
    "segformer": segformer_folder,
    "maskformer": maskformer_folder,
    "mask2former": mask2former_folder,
    "oneformer": oneformer_folder,
    "panoptic": panoptic_folder,
    "sam": sam_folder,
    "dpt": dpt_folder,
    "anything": anything_folder,
    "glpn": glpn_folder,
    "swin2sr": swin2sr_folder,
    "superglue": matcher_folder,
    "lightglue": lambda folder: matcher_folder(folder, "LightGlue"),
    "loftr": loftr_folder,
    "resnet": resnet_folder,
}

kept = keeper(MODELS)

"""Tiny real models that read images or sounds beside text, and all of their kind, built in the test."""

from __future__ import annotations

from pathlib import Path

from tiny.cache import keeper
from tiny.captions import blip2_folder, blip_folder, git_folder, pix2struct_folder, vilt_folder, writer_folder
from tiny.documents import donut_folder, layoutlm_folder, layoutlmv3_folder
from tiny.parts import SIDE, VISION, byte_tokenizer, picture_reader, saved_as, words_of

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<{{ part['type'] }}>{% endif %}{% endfor %}{{ '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}answer: {% endif %}"
)


def llava_folder(folder: Path, *, chats: bool = True) -> Path:
    """Save a tiny LLaVA: a CLIP that a Llama sees by."""
    import transformers

    tokenizer = byte_tokenizer("<image>")
    processor = transformers.LlavaProcessor(
        picture_reader(),
        tokenizer,
        patch_size=4,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT_TEMPLATE if chats else None,
    )
    config = transformers.LlavaConfig(
        vision_config={**VISION, "model_type": "clip_vision_model", "projection_dim": 8},
        text_config=words_of(tokenizer),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    return saved_as(folder, config, processor, "LlavaForConditionalGeneration")


def idefics3_folder(folder: Path) -> Path:
    """Save a tiny Idefics3, which cuts large images into tiles."""
    import transformers

    marks = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>"]
    tokenizer = byte_tokenizer(*marks, *(f"<row_{i}_col_{j}>" for i in range(1, 7) for j in range(1, 7)))
    reader = transformers.Idefics3ImageProcessorPil(
        size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE}
    )
    processor = transformers.Idefics3Processor(reader, tokenizer, image_seq_len=4, chat_template=CHAT_TEMPLATE)
    config = transformers.Idefics3Config(
        vision_config={**VISION},
        text_config=words_of(tokenizer),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
    )
    return saved_as(folder, config, processor, "Idefics3ForConditionalGeneration")


def qwen2_audio_folder(folder: Path) -> Path:
    """Save a tiny Qwen2-Audio, which hears a second."""
    import transformers

    tokenizer = byte_tokenizer("<audio>", "<audio_bos>", "<audio_eos>")
    reader = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=1)
    processor = transformers.Qwen2AudioProcessor(
        reader,
        tokenizer,
        chat_template=CHAT_TEMPLATE,
        audio_token="<audio>",
        audio_bos_token="<audio_bos>",
        audio_eos_token="<audio_eos>",
    )
    config = transformers.Qwen2AudioConfig(
        audio_config={
            "model_type": "qwen2_audio_encoder",
            "num_mel_bins": 16,
            "d_model": 16,
            "encoder_layers": 2,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 32,
            "max_source_positions": 50,
            "initializer_range": 0.5,
        },
        text_config=words_of(tokenizer, model_type="qwen2"),
        audio_token_index=tokenizer.convert_tokens_to_ids("<audio>"),
    )
    return saved_as(folder, config, processor, "Qwen2AudioForConditionalGeneration")


TEXT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}answer: {% endif %}"
)


def chatter_folder(folder: Path, positions: int = 512) -> Path:
    """Save a tiny Llama that chats and has a token for each label of an option."""
    import transformers

    tokenizer = byte_tokenizer("Yes", "No")
    tokenizer.chat_template, tokenizer.model_max_length = TEXT_TEMPLATE, positions
    words = words_of(tokenizer, max_position_embeddings=positions)
    del words["model_type"]
    return saved_as(folder, transformers.LlamaConfig(**words), tokenizer, "LlamaForCausalLM")


def decider_folder(folder: Path) -> Path:
    """Save a tiny JEV, which scores options by a head of its own."""
    import transformers

    tokenizer = byte_tokenizer("Yes", "No")
    tokenizer.chat_template, tokenizer.model_max_length = TEXT_TEMPLATE, 512
    words = words_of(tokenizer, max_position_embeddings=512, model_type="qwen2")
    config = transformers.JevConfig(text_config=words, hidden_size=16, initializer_range=0.5)
    return saved_as(folder, config, tokenizer, "JevForDecision")


MODELS = {
    "git": git_folder,
    "blip": blip_folder,
    "writer": writer_folder,
    "pix2struct": pix2struct_folder,
    "blip2": blip2_folder,
    "vilt": vilt_folder,
    "blip_answers": lambda folder: blip_folder(folder, "QuestionAnswering"),
    "layoutlm": layoutlm_folder,
    "layoutlmv3": layoutlmv3_folder,
    "donut": donut_folder,
    "llava": llava_folder,
    "plain_llava": lambda folder: llava_folder(folder, chats=False),
    "idefics3": idefics3_folder,
    "qwen2_audio": qwen2_audio_folder,
    "chatter": chatter_folder,
    "decider": decider_folder,
}

kept = keeper(MODELS)

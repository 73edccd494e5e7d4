"""Rules for the JSON files of a model: no names of other files, other repositories, kernels and classes.

transformers takes names from these files and opens, fetches or imports what they name. Each rule below is about one
entry, wherever in a file it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SETTINGS = (
    *("config.json", "generation_config.json", "tokenizer_config.json", "preprocessor_config.json"),
    *("processor_config.json", "video_preprocessor_config.json", "audio_tokenizer_config.json", "decision_config.json"),
    *("special_tokens_map.json", "added_tokens.json", "adapter_config.json", "chat_template.json"),
)
_READER = re.compile(r"(?=\w*?(?:Tokenizer|Processor|FeatureExtractor|Backend))\w+")
_ATTENTION = re.compile(r"[\w|.-]*")
_NAMES_BY_USER = ("id2label", "label2id")
_TOKENS = ("special_tokens_map.json", "added_tokens.json", "chat_template.json")  # whose entries are not settings
_CLASSES_OF_HUB = "shi-labs/oneformer_demo"  # what OneFormer's image processor reads by default
Rule = Callable[[Any, dict[str, Any], Path], bool]  # an entry, its siblings, and the folder: is it refused?


def complaint(path: Path, settings: dict[str, Any], root: Path, *, pickled: bool) -> str | None:
    """Return what is wrong with a file of settings, as the end of a sentence about it, or None.

    ``root`` is the folder of the model, links followed.
    """
    if path.name == "adapter_config.json":
        return "says that its weights are in an adapter, which is not loaded: merge it into the model first"
    if path.name == "audio_tokenizer_config.json":
        return "names another model, which synthesizes its audio"
    for name, value, beside in _entries({} if path.name in _TOKENS else settings):
        for pattern, rule, why in _RULES:
            if pattern.fullmatch(name) and value is not None and rule(value, beside, root):
                return f"names {value!r:.120} as `{name}`, {why}"
    return None if pickled else _pickles(path, settings, root)


def _entries(content: object) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield all entries, also those of nested objects, without recursion."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            settings = {name: each for name, each in value.items() if name not in _NAMES_BY_USER}
            for name, each in settings.items():
                yield name, each, value
            waiting.extend(settings.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _pickles(path: Path, settings: dict[str, Any], root: Path) -> str | None:
    """Return which pickled file some types of models read beside their safetensors."""
    if path.name != "config.json":
        return None
    if "qwen2_5_omni" in str(settings.get("model_type")) and (root / "spk_dict.pt").exists():
        return "is of a type that loads voices from 'spk_dict.pt', which can run code"
    adapters = sorted(root.glob("adapter.*.bin")) if settings.get("adapter_attn_dim") is not None else []
    return f"is of a type that loads '{adapters[0].name}', which can run code" if adapters else None


def _strings(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, (dict, list)):
            waiting.extend(each.values() if isinstance(each, dict) else each)


def _leads_away(name: str, root: Path) -> bool:
    """Return whether a path, from here or from the folder, leads outside the folder."""
    if "\0" in name or len(name) > 4096 or not _is_no_plain_name(name, {}, root):
        return False
    existing = [path for path in (Path(os.path.expanduser(name)), root / name) if os.path.lexists(path)]
    return any(not path.resolve().is_relative_to(root) for path in existing)


def _is_elsewhere(value: object, beside: dict[str, Any], root: Path) -> bool:
    return any(_leads_away(each, root) for each in _strings(value))


def _is_no_plain_name(value: object, beside: dict[str, Any], root: Path) -> bool:
    return any("/" in each or "\\" in each or ":" in each or each.startswith("~") for each in _strings(value))


def _has_scheme(value: object, beside: dict[str, Any], root: Path) -> bool:
    return any(":" in each for each in _strings(value))


def _is_given(value: object, beside: dict[str, Any], root: Path) -> bool:
    return value not in (False, "", [], {})


def _is_text(value: object, beside: dict[str, Any], root: Path) -> bool:
    return isinstance(value, str)


def _is_no_reader(value: object, beside: dict[str, Any], root: Path) -> bool:
    return any(_READER.fullmatch(each) is None for each in _strings(value))


def _is_kernel(value: object, beside: dict[str, Any], root: Path) -> bool:
    return any(_ATTENTION.fullmatch(each) is None for each in _strings(value))


def _is_other_repository(value: object, beside: dict[str, Any], root: Path) -> bool:
    if value == _CLASSES_OF_HUB:
        return os.path.lexists(value)
    return not (isinstance(value, str) and os.path.isdir(value) and os.path.samefile(value, root))


def _is_no_safetensors(value: object, beside: dict[str, Any], root: Path) -> bool:
    if not isinstance(value, str) or _is_no_plain_name(value, beside, root):
        return True
    return not value.endswith((".safetensors", ".safetensors.index.json"))


def _pattern(*names: str) -> re.Pattern[str]:
    return re.compile("|".join(names))


_OUTSIDE = "which is not a file of this folder"
_CODE = "which is code from elsewhere"
_NO_READER = "which reads no inputs"
_RULES: tuple[tuple[re.Pattern[str], Rule, str], ...] = (
    (_pattern("attribute_map"), _is_given, "which could stand in for an entry that is refused"),
    (_pattern("transformers_weights"), _is_no_safetensors, "which is not a safetensors file of this folder"),
    (_pattern("configuration_files", "fast_tokenizer_files"), _is_no_plain_name, _OUTSIDE),
    (_pattern("class_info_file", "font"), _is_no_plain_name, _OUTSIDE),
    (_pattern("init_inputs"), _is_given, "which tokenizers may take for paths"),
    (_pattern("gguf_file", "checkpoint_path"), _is_given, "which is not a safetensors file"),
    (_pattern("vocab", "merges", "entity_vocab"), _is_text, "which is read as the path of a file"),
    (_pattern(r"\w+_files?", r"\w*spm"), _is_elsewhere, _OUTSIDE),
    (_pattern("mecab_kwargs", "sudachi_kwargs", "jumanpp_kwargs"), _is_no_plain_name, _OUTSIDE),
    (_pattern(r"(tokenizer|processor)_class", r"\w+_(processor|extractor)_(type|class)"), _is_no_reader, _NO_READER),
    (_pattern(r"_?(attn|experts)_implementation\w*", "kernel_config"), _is_kernel, _CODE),
    (_pattern("backbone"), _is_no_plain_name, "which is another model"),
    (_pattern("architecture"), _has_scheme, "which is another model"),
    (_pattern("audio_tokenizer"), _is_given, "which is another model"),
    (_pattern("repo_path"), _is_other_repository, "which is another repository"),
)

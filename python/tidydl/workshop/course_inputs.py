"""The inputs of a call, by position or by whatever name transformers gave them; what is none is an error."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Number
from typing import Any

from tidydl.checks import described
from tidydl.data.media.media_files import is_url
from tidydl.errors import ArgumentError, nearest
from tidydl.pipelines.declarations import Part, Task
from tidydl.pipelines.positions import is_frame, is_missing, nth_value
from tidydl.rendering import by_language, type_name

# What transformers calls the inputs, and their parts.
_INPUTS = ("inputs", "data", "X", "x")
_PARTS = {
    **dict.fromkeys(("sequences", "text_inputs", "texts", "documents"), "text"),
    "images": "image",
    "audios": "audio",
    "videos": "video",
    "questions": "question",
    "contexts": "context",
}
# Entries of inputs and messages that are no places of files.
_WORDS = ("text", "text_pair", "question", "context", "query", "candidate_labels", "role", "type")
_CONTENTS = ("bytes", "array", "raw", "table", "word_boxes")


def inputs_of(task: Task, inputs: tuple[Any, ...], arguments: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return one input or a list of them, and the arguments that are none.

    Parts of inputs that are given by name are put together, one dictionary an input.

    Raises
    ------
    ArgumentError
        There is none, or the parts do not belong together.
    """
    inputs, arguments = by_position(task, inputs, arguments)
    own = _own(task)
    if len(inputs) > 1 and len(inputs) <= len(own):
        arguments, inputs = {**dict(zip(own[1:], inputs[1:], strict=False)), **arguments}, inputs[:1]
    if len(inputs) > 1:
        raise ArgumentError(
            f"{len(inputs)} inputs are given side by side.",
            allowed="One input, or a list of them as the first argument.",
        )
    if inputs and task.reads in ("text", "image") and _holds_lists(inputs[0], own):
        _check_names(inputs[0], own)
        arguments, inputs = {**inputs[0], **arguments}, ()
    named = {name: arguments[name] for name in own if name in arguments}
    if not named and not inputs:
        raise no_input(task, arguments)
    if not named:
        return listed(inputs[0]), dict(arguments)
    first = {own[0]: listed(inputs[0])} if inputs else {}
    parts = {name: listed(value) for name, value in {**first, **named}.items()}
    rest = {name: value for name, value in arguments.items() if name not in named}
    if len(parts) == 1 and len(own) == 1:
        return next(iter(parts.values())), rest
    return _side_by_side(parts), rest


def by_position(
    task: Task, inputs: tuple[Any, ...], arguments: Mapping[str, Any], *, renamed: bool = True
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return inputs by position where transformers' own name was given, and parts by our names if ``renamed``."""
    own, names = _own(task), {*task.options, *(part.name for part in task.parts)}
    named: dict[str, Any] = {}
    for name, value in arguments.items():
        part = name if name in names else _PARTS.get(name)
        as_input = name in _INPUTS or (len(own) == 1 and part == own[0] and part not in task.options)
        if as_input and inputs:
            raise ArgumentError(
                f"`{name}` is given, and an input by position too.", allowed="The inputs, once.", hint="Leave one out."
            )
        if as_input:
            inputs = (value,)
        else:
            named[part if renamed and part in own else name] = value
    return inputs, named


def has_parts(task: Task, arguments: Mapping[str, Any]) -> bool:
    """Return whether parts of inputs are given by name."""
    return any(_PARTS.get(name, name) in _own(task) for name in arguments)


def _own(task: Task) -> list[str]:
    return [part.name for part in task.parts if not part.shared]


def _holds_lists(x: object, own: Sequence[str]) -> bool:
    """Return whether it is a dictionary of several values of a part, as several rows of a data set are."""
    return isinstance(x, Mapping) and any(isinstance(listed(x[name]), list) for name in own if name in x)


def _check_names(x: Mapping[str, Any], own: Sequence[str]) -> None:
    for name in x:
        if name not in own:
            raise ArgumentError(
                f"The inputs are a {type_name('dict')} with `{name}`, which is not one of their parts.",
                allowed=", ".join(f"`{each}`" for each in own) + ".",
                hint=f"Give the column alone: {by_language(f'ppl(data[{own[0]!r}])', f'ppl(data${own[0]})')}.",
            )


def no_input(task: Task, arguments: Mapping[str, Any]) -> ArgumentError:
    """Build the error for a call without an input, with the name that was meant."""
    names = [*_own(task), *_INPUTS[:1], *_PARTS]
    others = [name for name in arguments if name not in task.options]
    close = next(((name, near) for name in others if (near := nearest(name, names))), None)
    return ArgumentError(
        "The pipeline is called without an input.",
        allowed=f"One {task.reads}, or a list of them, as the first argument.",
        hint=f"`{close[0]}` is not known. Did you mean `{close[1]}`?" if close else None,
    )


def _side_by_side(parts: Mapping[str, Any]) -> Any:
    """Return one dictionary an input; a single value of a part is that of all."""
    counts = {name: len(value) for name, value in parts.items() if isinstance(value, list)}
    if not counts:
        return None if any(is_missing(value) for value in parts.values()) else dict(parts)
    if len(set(counts.values())) > 1:
        raise ArgumentError(
            " and ".join(f"`{name}` has {count} values" for name, count in counts.items()) + ".",
            allowed="As many values of each part, or one value for all.",
        )
    many = next(iter(counts.values()))
    columns = [value if name in counts else [value] * many for name, value in parts.items()]
    return [dict(zip(parts, values, strict=True)) for values in zip(*columns, strict=True)]


def listed(x: Any) -> Any:
    """Return several inputs as a list, a chat and one input as they are."""
    if isinstance(x, (str, bytes, Mapping)) or is_chat(x):
        return x
    if isinstance(x, (list, tuple)):
        return list(x)
    if hasattr(x, "tolist") and getattr(x, "ndim", None) in (0, 1):
        return x.tolist()
    is_column = isinstance(x, Sequence) and type(x).__module__.startswith("datasets")
    return list(x) if is_column else x


def is_chat(x: Any) -> bool:
    """Return whether it is a chat: a list of messages."""
    return (
        isinstance(x, (list, tuple))
        and bool(x)
        and all(isinstance(each, Mapping) and {"role", "content"} <= set(each) for each in x)
    )


def streams(x: Any) -> bool:
    """Return whether inputs come one by one, as the results then do."""
    kinds = ("KeyDataset", "Dataset", "CourseDataset", "IterableDataset")
    return isinstance(x, types.GeneratorType) or type(x).__name__ in kinds


def check_input(task: Task, x: Any, where: str = "The input") -> Any:
    """Return one input that may be one: no frame, no number, and no address of an image or audio file.

    Raises
    ------
    ArgumentError
        It is none.
    """
    tables = any(part.modality == "table" for part in task.parts)
    parts = [x, *(x[name] for name in _own(task) if name in x)] if isinstance(x, Mapping) else [x]
    for value in [] if tables else parts:
        if is_frame(value):
            first = _own(task)[0]
            raise ArgumentError(
                f"{where} is a data frame.",
                allowed=f"One {task.reads}, or a list or a column of them.",
                hint=f"Give a column: {by_language(f'ppl(data[{first!r}])', f'ppl(data${first})')}.",
            )
        if isinstance(value, Number) and not is_missing(value):
            raise ArgumentError(
                f"{where} is {described(value)}, not {_A[task.reads]}.",
                allowed=f"One {task.reads}, or a list or a column of them.",
            )
    if task.reads != "text":
        _refuse_addresses(x, where, task.parts[0])
    return x


_A = {"text": "a text", "image": "an image", "audio": "audio", "video": "a video"}


def check_inputs(task: Task, x: Any) -> Any:
    """Return inputs each of which may be one; what comes one by one is looked at when it comes."""
    if streams(x):
        return x if task.reads == "text" else _looked_at(x, lambda each: check_input(task, each))
    if not isinstance(x, (list, tuple)) or is_chat(x):
        return check_input(task, x)
    for index, each in enumerate(x):
        check_input(task, each, nth_value(index))
    return x


def _refuse_addresses(x: Any, where: str, first: Part | None = None) -> None:
    """Refuse addresses where a file is meant, also in lists, dictionaries and the messages of chats."""
    if isinstance(x, str) and is_url(x) and (first is None or first.modality != "message" or not x.count(" ")):
        raise ArgumentError(
            f"{where} is the URL '{x}', and URLs are not downloaded.",
            allowed="A file on this machine, or a loaded image or audio clip.",
            hint="Download the file first, then give its path.",
        )
    if isinstance(x, Mapping):
        for name, value in x.items():
            is_text = name in _WORDS or (name == "content" and isinstance(value, str))
            if name not in _CONTENTS and not is_text:
                _refuse_addresses(value, where)
    elif isinstance(x, (list, tuple)):
        for each in x:
            _refuse_addresses(each, where)


def _looked_at(x: Any, check: Callable[[Any], Any]) -> Any:
    """Return inputs that come one by one, each looked at first."""
    if not (hasattr(x, "__getitem__") and hasattr(x, "__len__")):
        return _each(x, check)
    from torch.utils.data import Dataset

    class Looked(Dataset):  # type: ignore[misc,type-arg]  # what transformers knows to be several
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, index: int) -> Any:
            return check(x[index])

    return Looked()


def one_by_one(x: Any) -> Iterator[Any]:
    """Give the inputs of a stream, or of what only has numbered ones."""
    return (x[k] for k in range(len(x))) if hasattr(x, "__getitem__") and hasattr(x, "__len__") else iter(x)


def _each(x: Any, check: Callable[[Any], Any]) -> Iterator[Any]:
    for each in x:
        yield check(each)

"""What a pipeline of a course is called with: its inputs, and its options in the words of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidydl.pipelines.declarations import RUNNING, Part, Task
from tidydl.pipelines.positions import is_missing
from tidydl.workshop.course_inputs import check_inputs, inputs_of, is_chat
from tidydl.workshop.generation_defaults import IDLE

# Options that our batches take by other names, or that ask for what is done anyway.
_TAKEN = ("truncation", "padding", "num_workers")
_RENAMED = {"multi_class": "multi_label", "topk": "top_k"}


@dataclass(frozen=True)
class CourseCall:
    """A call: ``x`` is one input or a list of them, ``inputs`` what was given by position.

    ``ranked`` says that several results an input were asked for, ``nested`` that those of one input are wrapped once
    more, and ``by_code`` that they are in the order of the labels.
    """

    task: Task
    inputs: tuple[Any, ...]
    x: Any
    options: Mapping[str, Any]
    ranked: bool = False
    nested: bool = False
    by_code: bool = False

    @property
    def is_several(self) -> bool:
        """Whether there are several inputs, rather than one."""
        return isinstance(self.x, list) and not is_chat(self.x)

    def nest(self, result: Any) -> Any:
        """Wrap the results of one text as transformers does where several are asked for when a pipeline is made."""
        return [result] if self.nested and (isinstance(self.x, str) or is_missing(self.x)) else result

    def sorted(self, result: Any, model: Any) -> Any:
        """Put all labels into the order of the model where that is what was asked for."""
        if not self.by_code:
            return result
        codes = {label: code for code, label in model.config.id2label.items()}
        return sorted(result, key=lambda line: codes.get(line["label"], -1))

    def finish(self, result: Any, value: Any, model: Any) -> Any:
        """Complete the results of one input that went through our batches."""
        if self.task.name == "text-generation" and is_chat(value) and self.options.get("return_full_text", True):
            answers = [{"role": "assistant", "content": line["generated_text"]} for line in result]
            return [{"generated_text": [*value, answer]} for answer in answers]
        if self.task.name == "visual-question-answering" and model.can_generate():
            return [{"answer": line["answer"]} for line in result]
        return self.sorted(result, model)

    def fits_batches(self) -> bool:
        """Return whether our batches know all options, and give what transformers gives for all inputs."""
        names = {*self.task.options, *RUNNING, *_TAKEN, *(part.name for part in self.task.parts)}
        entities = self.task.name == "token-classification"
        if entities and self.options.get("aggregation_strategy", "none") == "none":  # the places of tokens are wanted
            return False
        blank = any(isinstance(each, str) and not each.strip() for each in self.x)
        return not blank and names.issuperset(self.options)

    def fits_generation(self) -> bool:
        """Return whether our generation knows all options."""
        return {*self.task.options, *RUNNING, *IDLE, "text"}.issuperset(self.options)

    def parts(self) -> dict[Part, list[Any]]:
        """Return the values of each part of the inputs."""
        each = self.x if self.is_several else [self.x]
        own = [part for part in self.task.parts if not part.shared]
        if all(isinstance(one, Mapping) for one in each):
            return {part: [one.get(part.name) for one in each] for part in own if any(part.name in one for one in each)}
        return {own[0]: list(each)}


def read_call(task: Task, inputs: tuple[Any, ...], arguments: dict[str, Any], options: Mapping[str, Any]) -> CourseCall:
    """Read the inputs and options of a call.

    Parameters
    ----------
    task
        The task.
    inputs
        What was given by position.
    arguments
        What was given by name: parts of the inputs and options.
    options
        What was given when the pipeline was made.
    """
    shared = next((part.name for part in task.parts if part.shared), None)
    if shared is not None and len(inputs) == 2 and shared not in arguments:
        arguments, inputs = {**arguments, shared: inputs[1]}, inputs[:1]
    x, arguments = inputs_of(task, inputs, arguments)
    check_inputs(task, x)
    asked = current_options(_merged(options, arguments))
    if isinstance(asked.get("candidate_labels"), str):
        asked["candidate_labels"] = [label.strip() for label in asked["candidate_labels"].split(",") if label.strip()]
    of_call = {"top_k", "topk"}.intersection(arguments)
    return CourseCall(
        task=task,
        inputs=inputs,
        x=x,
        options=asked,
        ranked="top_k" in asked,
        nested=task.name == "text-classification" and "top_k" in asked and not of_call,
        by_code=bool(_merged(options, arguments).get("return_all_scores")) and asked["top_k"] is None,
    )


def _merged(options: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a call, in which all scores that it asks for are more than those of the pipeline."""
    counts = ("top_k", "topk") if arguments.get("return_all_scores") else ()
    return {**{name: value for name, value in options.items() if name not in counts}, **arguments}


def current_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Write options of earlier versions in the words of today."""
    current = {_RENAMED.get(name, name): value for name, value in options.items()}
    if current.pop("return_all_scores", False):
        current.setdefault("top_k", None)
    grouped, whole = current.pop("grouped_entities", None), current.pop("ignore_subwords", None)
    if grouped is not None or whole is not None:
        current.setdefault("aggregation_strategy", ("first" if whole else "simple") if grouped else "none")
    return current

"""Document question answering: words of a page as the answer, or a generated answer.

LayoutLM reads the words of a page and their boxes (Xu et al., 2020), its later versions also the image. The
probabilities of starts and ends are those within a window of words; the answers of all windows compete, and one that
several have is counted once, with its best score. Donut reads the image alone and writes its answer (Kim et al., 2022),
which has no score and no place.

References
----------
Kim, G., Hong, T., Yim, M. et al. (2022). OCR-free document understanding transformer. ECCV.

Xu, Y., Li, M., Cui, L., Huang, S., Wei, F. and Zhou, M. (2020). LayoutLM: Pre-training of text and layout for document
image understanding. KDD.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tidydl.pipelines.families.mixed import written_documents
from tidydl.pipelines.families.mixed.page_windows import PageWindows, encode
from tidydl.pipelines.options import Options
from tidydl.pipelines.predictions import count_of_answers
from tidydl.pipelines.running.probabilities import softmax
from tidydl.pipelines.running.spans import candidates, edge_logits
from tidydl.pipelines.task_runs import Call, TaskPlan

Span = tuple[int, int]


def plan(call: Call) -> TaskPlan:
    """Return the plan for document questions: answers are words of the page, or generated."""
    top_k = count_of_answers(call.options)
    if call.loaded.model.can_generate():
        return written_documents.plan(call)
    return TaskPlan(
        encode=partial(encode, call.loaded, call.options, {}),
        forward=partial(edge_logits, call.loaded.model),
        chunk=32,
        finish=partial(_answers, call.options, top_k),
        parallel=True,
        noted={"ranks": top_k},
    )


def _answers(
    options: Options, top_k: int, encoded: PageWindows, lines: list[int], line_logits: list[np.ndarray]
) -> list[tuple[Any, ...]]:
    """Write the best answers of all windows of a page; a line of missing values for a page without words."""
    page = encoded.pages[encoded.owners[lines[0]]]
    best: dict[Span, float] = {}
    without = 1.0
    for line, logits in zip(lines, line_logits, strict=True):
        words = encoded.words[line]
        starts, ends, none = _chances(logits[:, : len(words)], words, _positions_of_none(encoded, line))
        without = min(without, none)
        for start, end, score in candidates(starts, ends, options["max_answer_len"], 64 * top_k):
            first, last = words[start], words[end]
            if first is not None and last is not None:
                best[first, last + 1] = max(score, best.get((first, last + 1), 0.0))
    if options["handle_impossible_answer"]:
        best[0, 0] = without
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:top_k]
    answers: list[tuple[Any, ...]] = [
        (" ".join(word for word, _ in page[start:end]), score, start, end) for (start, end), score in ordered
    ] or [(None, None, None, None)]
    return [(rank, *answer) for rank, answer in enumerate(answers, start=1)]


def _positions_of_none(encoded: PageWindows, line: int) -> list[int]:
    """Return the positions whose probabilities mean "no answer": those of the classification token."""
    whole = encoded.loaded.tokenizer.cls_token_id
    return [i for i, token in enumerate(encoded.tokens[line]["input_ids"]) if token == whole and whole is not None]


def _chances(logits: np.ndarray, words: list[int | None], none: list[int]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the probabilities of starts and ends, 0 outside the words of the page, and that of no answer."""
    of_page = np.array([word is not None for word in words])
    read = of_page.copy()
    read[none] = True
    shares = softmax(np.where(read, logits.astype("float64"), -np.inf)) if read.any() else np.zeros(logits.shape)
    without = float(shares[0, none[0]] * shares[1, none[0]]) if none else 0.0
    starts, ends = np.where(of_page, shares, 0.0)
    return starts, ends, without

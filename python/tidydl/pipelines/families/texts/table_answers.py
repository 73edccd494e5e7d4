"""Table question answering: the cells of the answer, and their aggregation.

References
----------
Herzig, J., Nowak, P. K., Müller, T., Piccinno, F. and Eisenschlos, J. (2020). TaPas: Weakly supervised table parsing
via pre-training. ACL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from tidydl.pipelines.model_loading import Loaded
from tidydl.pipelines.options import Options
from tidydl.pipelines.reading import texts
from tidydl.pipelines.reading.windows import refuse_long
from tidydl.pipelines.task_runs import Call, TaskPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Value = tuple[str, "pd.DataFrame"]


def facts(loaded: Loaded) -> dict[str, Any]:
    """Return the facts of a loaded model: its aggregations of cells."""
    labels = getattr(loaded.config, "aggregation_labels", None) or {}
    return {"aggregators": list(labels.values())}


def plan(call: Call) -> TaskPlan:
    """Return the plan for question answering."""
    loaded = call.loaded
    return TaskPlan(
        encode=partial(_encode, loaded, call.options),
        forward=partial(_logits, loaded.model),
        chunk=256,
        finish=partial(_answers, loaded),
    )


@dataclass(frozen=True)
class _Tables:
    """Questions with their tables as tokens; each token has seven types, its row and column among them."""

    loaded: Loaded
    values: list[Value]
    tokens: list[dict[str, list[Any]]]
    cut: list[bool]

    @property
    def sizes(self) -> list[int]:
        """How many tokens each line has."""
        return [len(row["input_ids"]) for row in self.tokens]

    @property
    def owners(self) -> Sequence[int]:
        """Every question is one line."""
        return range(len(self.tokens))

    def batch(self, positions: Sequence[int]) -> dict[str, Any]:
        """Build the tensors of some lines."""
        import torch

        rows = [self.tokens[i] for i in positions]
        longest = max(len(row["input_ids"]) for row in rows)
        tensors = {}
        for name, first in rows[0].items():
            blank = torch.zeros((len(rows), longest, *torch.tensor(first).shape[1:]), dtype=torch.long)
            if name == "input_ids":
                blank += self.loaded.processor.pad_token_id
            for line, row in enumerate(rows):
                blank[line, : len(row[name])] = torch.tensor(row[name])
            tensors[name] = blank.to(self.loaded.device)
        return tensors


def _encode(loaded: Loaded, options: Options, values: list[Value], indices: Sequence[int]) -> _Tables:
    """Tokenize each question with its table; the last rows of a table that is too long are dropped."""
    limit = texts.token_limit(loaded, options["max_length"])
    tokens, cut = [], []
    for query, table in values:
        row = loaded.processor(table, query, truncation="drop_rows_to_fit", max_length=limit)
        tokens.append({name: row[name] for name in ("input_ids", "attention_mask", "token_type_ids")})
        cut.append(max(types[2] for types in row["token_type_ids"]) < len(table))
    if options["long"] == "error":
        refuse_long(cut, indices)
    return _Tables(loaded, values, tokens, cut)


def _logits(model: PreTrainedModel, tensors: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Run the model on a batch: for each question a logit of each token, and of each aggregation."""
    outputs = model(**tensors)
    logits = outputs.logits.float().cpu()
    done = getattr(outputs, "logits_aggregation", None)
    return [(each, None if done is None else done[i].float().cpu()) for i, each in enumerate(logits)]


def _answers(loaded: Loaded, encoded: _Tables, lines: list[int], outputs: list[Any]) -> list[tuple[Any, ...]]:
    """Write the answer to a question: the cells that the model chooses."""
    import torch

    row, table = encoded.tokens[lines[0]], encoded.values[lines[0]][1]
    logits, done = outputs[0]
    data = {name: torch.tensor([values]) for name, values in row.items()}
    read = (data, logits[None, : len(row["input_ids"])])
    chosen = loaded.processor.convert_logits_to_predictions(*read, *(() if done is None else (done[None],)))
    cells = [str(table.iat[index]) for index in chosen[0][0]]
    if done is None:
        return [(", ".join(cells), None, cells)]
    config, code = loaded.config, int(chosen[1][0])
    labels = config.aggregation_labels or {}
    aggregator = labels.get(code, labels.get(str(code)))
    prefix = "" if code == config.no_aggregation_label_index or aggregator is None else f"{aggregator} > "
    return [(prefix + ", ".join(cells), aggregator, cells)]

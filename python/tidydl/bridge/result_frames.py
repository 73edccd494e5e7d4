"""The tidy frame of what a pipeline of a course returned, with the columns that R counts from 1."""

from __future__ import annotations

from typing import Any

from tidydl.columns import ROW, Counted
from tidydl.pipelines.registry import task_named


def result_frame(result: Any) -> Counted:
    """Return the tidy frame of a result that knows its inputs."""
    columns = task_named(result.task).columns.columns
    kinds = {kind: tuple(each.name for each in columns if each.kind == kind) for kind in ("position", "list")}
    return Counted(result.tidy(), (ROW, *kinds["position"]), kinds["list"])

"""Chat templates within limits: an untrusted template cannot use up the machine's time or memory.

transformers runs templates in a sandbox of Jinja, which keeps them from the machine's files but not from its memory:
``{{ 'a' * 10**10 }}`` is allowed there. Here the same sandbox counts. Each operation is checked before it runs
(``template_rules``), and its result is charged to one budget of the whole run (``template_budget``).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tidydl.pipelines.reading.template_budget import (
    CHARACTERS,
    HOLDING,
    SECONDS,
    TemplateLimitError,
    budget,
    room_for,
    spending,
)
from tidydl.pipelines.reading.template_rules import CONSUMING, PICKING, check_call, check_filter, check_operation

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.runtime import Context

__all__ = ["CHARACTERS", "SECONDS", "TemplateLimitError", "within_limits"]

_SOURCE = 200_000  # characters of a template
_PIECES = 16  # of text that are written without a step
_one_at_a_time = threading.RLock()


@contextmanager
def within_limits() -> Iterator[None]:
    """Limit the templates that transformers runs in this block, in this thread."""
    from transformers.utils import chat_template_utils

    with _one_at_a_time:
        own = chat_template_utils._compile_jinja_template
        chat_template_utils._compile_jinja_template = _compiled  # type: ignore[assignment]
        try:
            with spending():
                yield
        finally:
            chat_template_utils._compile_jinja_template = own


@functools.lru_cache(maxsize=32)
def _compiled(source: str) -> Any:
    if len(source) > _SOURCE:
        raise TemplateLimitError(f"it has more than {_SOURCE:,} characters")
    return _environment().from_string(source)


@functools.cache
def _environment() -> Any:
    """Return transformers' own sandbox, with all its filters and functions, as one that counts."""
    from jinja2 import pass_eval_context
    from transformers.utils import chat_template_utils

    env = chat_template_utils._cached_compile_jinja_template("").environment
    env.__class__ = _counting(type(env))
    env.optimized = False  # nothing is computed while a template is compiled; nor does Jinja finalize constants by
    env.intercepted_binops = frozenset({"*", "**", "%", "+", "-"})
    env.concat = _concat
    env.finalize = pass_eval_context(lambda _, value: _written(value))
    env.globals.pop("lipsum", None)
    env.globals["namespace"] = type("namespace", (env.globals["namespace"],), {"__repr__": lambda self: "namespace"})
    env.filters = {name: _guarded(name, each) for name, each in env.filters.items()}
    own: dict[str, Any] = {"_counted": _counted, "_joined": _joined, "_charged": _charged, "_stepped": _stepped}
    env.filters |= own
    env.tests = {name: _tested(name, each) for name, each in env.tests.items()}
    return env


def _marker() -> Any:
    """Return what puts the counting filters into a parsed template."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    class Marker(NodeTransformer):
        def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
            super().generic_visit(node, *args, **kwargs)
            if hasattr(node, "dyn_args") and node.dyn_args is not None:
                node.dyn_args = _filtered(node.dyn_args, "_counted")
            if isinstance(node, (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)):
                _count_pieces(node)
            return node

        def visit_For(self, node: nodes.For) -> nodes.For:
            self.generic_visit(node)
            node.iter = _filtered(node.iter, "_counted")
            return node

        def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
            self.generic_visit(node)
            return _filtered(nodes.List(node.nodes, lineno=node.lineno), "_joined")

        def visit_List(self, node: nodes.List | nodes.Dict | nodes.Tuple) -> nodes.Node:
            self.generic_visit(node)
            return _filtered(node, "_charged")

        def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
            return self.visit_List(node)

        def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
            return self.visit_List(node) if node.ctx == "load" else self.generic_visit(node)

        def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
            self.generic_visit(node)
            return _filtered(node, "_charged") if isinstance(node.arg, nodes.Slice) else node

        def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
            self.generic_visit(node)
            return _filtered(node, "_stepped")

    return Marker()


def _counting(base: type) -> type:
    """Return a subclass of transformers' sandbox that counts."""
    from jinja2.runtime import BlockReference, LoopContext, Macro

    class Counting(base):  # type: ignore[misc, valid-type]
        def _parse(self, *args: Any) -> Any:
            return _marker().visit(super()._parse(*args))

        def call_binop(self, context: Context, operator: str, left: object, right: object) -> Any:
            run = budget()
            run.spend()
            check_operation(run, operator, left, right)
            return run.charge(super().call_binop(context, operator, left, right))

        def call(*args: Any, **kwargs: Any) -> Any:  # without names, which a template's own arguments may have
            self, context, called, *rest = args
            run = budget()
            run.spend()
            if isinstance(called, LoopContext) and rest:
                rest[0] = _counted(rest[0])
            check_call(run, called, rest, kwargs)
            result = base.call(self, context, called, *rest, **kwargs)  # type: ignore[attr-defined]
            counted = (
                isinstance(called, (BlockReference, LoopContext, Macro)) or getattr(called, "__name__", "") == "get"
            )
            return result if counted else run.charge_new(result)

    return Counting


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    from jinja2 import nodes

    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _count_pieces(node: nodes.For | nodes.Macro | nodes.CallBlock | nodes.Block) -> None:
    """Count steps for a body that writes many pieces of text each time it runs."""
    from jinja2 import nodes

    steps = sum(1 for _ in node.find_all(nodes.Output)) // _PIECES
    if steps:
        counted = _filtered(nodes.Const(steps, lineno=node.lineno), "_stepped")
        node.body.insert(0, nodes.ExprStmt(counted, lineno=node.lineno))


def _stepped(value: object) -> Any:
    budget().spend(value if type(value) is int else 1)
    return value


def _charged(value: object) -> Any:
    """Count a new list or substring."""
    run = budget()
    run.spend()
    return run.charge(value)


def _written(value: object) -> Any:
    """Return what is written of a value, a string for a list."""
    run = budget()
    run.spend()
    if not isinstance(value, HOLDING):
        return value
    run.room_to_write(run.size(value))
    return run.charge(str(value))


def _counted(values: Any) -> Any:
    """Count the iterations of a loop in advance if their number is known, else one by one."""
    run = budget()
    if hasattr(values, "__len__"):
        run.spend(len(values))
        return values
    return run.lazy(values, None)


def _concat(pieces: Iterable[str]) -> str:
    """Join pieces of text."""
    run, checked, size = budget(), [], 0
    for piece in pieces:
        run.spend()
        size += len(piece)
        room_for(size)
        checked.append(piece)
    return str(run.charge("".join(checked)))


def _joined(values: list[Any]) -> str:
    return _concat(map(str, map(_written, values)))


def _tested(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Count a test as a step, and check the arguments of those that write text."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        run = budget()
        run.spend()
        if name in ("lower", "upper"):
            run.room_to_write(sum(map(run.size, args)))
        return function(*args, **kwargs)

    return called


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Check the arguments of a filter, and charge its result."""
    skipped = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        run = budget()
        run.spend()
        context, subject, rest = args[:skipped], args[skipped], list(args[skipped + 1 :])
        if name in CONSUMING and isinstance(subject, Iterator):
            subject = run.charge(list(subject))
        check_filter(run, name, subject, rest, kwargs)
        result = function(*context, subject, *rest, **kwargs)
        if isinstance(result, Iterator):
            return run.lazy(result, subject)
        return result if result is subject or name in PICKING else run.charge_new(result)

    return called

"""Reading the inputs of a pipeline: one value, many, columns of a frame, or parts by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import pandas as pd

from tidydl import rendering
from tidydl.checks import described
from tidydl.errors import ArgumentError, TidydlError
from tidydl.pipelines.declarations import Part
from tidydl.pipelines.input_columns import choose_column, refuse_mistyped
from tidydl.pipelines.positions import is_missing, nth_value

_CHUNK = 1024  # inputs that are made ready together, unless their modality says otherwise


class _NotGiven:
    """The default of ``x``, if the parts of the inputs are given by name."""

    def __repr__(self) -> str:
        return "not given"


NOT_GIVEN: Any = _NotGiven()


Failures = dict[int, str] | None  # by input why it failed, or None where the first is to end the call


@dataclass(frozen=True)
class Inputs:
    """The inputs of a call: by part, one value per input, None where missing.

    An input is missing where any of its parts is. ``index`` is that of the Series or frame they came in. ``constant``
    holds, by name, the shared parts that are one value for all inputs, known even where there is no input.
    ``failures`` collects, where failing inputs are not to end a call, why each failed. ``first`` says which of all
    inputs of the call the first of these is. ``rows`` are numbers of the inputs' own, where they have such.
    """

    parts: dict[Part, list[Any]]
    index: pd.Index | None = None
    constant: dict[str, Any] = field(default_factory=dict)
    failures: Failures = None
    first: int = 0
    rows: list[int] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def values(self) -> list[Any]:
        """Return one value per input, or a tuple if inputs have several parts; None if missing."""
        columns = list(self.parts.values())
        if len(columns) == 1:
            return columns[0]
        return [None if any(part is None for part in row) else row for row in zip(*columns, strict=True)]

    @property
    def key(self) -> Callable[[Any], Hashable]:
        """The function that returns equal keys for equal values of :meth:`values`."""
        keys = [modality_of(part).key for part in self.parts]
        if len(keys) == 1:
            return keys[0]  # type: ignore[no-any-return]
        return lambda value: tuple([key(each) for key, each in zip(keys, value, strict=True)])

    @property
    def chunk(self) -> int:
        """The number of inputs that are prepared together, that of the modality of their first part."""
        return getattr(modality_of(next(iter(self.parts))), "CHUNK", _CHUNK)

    @property
    def shown(self) -> list[Part]:
        """The parts that a result repeats."""
        return [part for part in self.parts if not part.shared]

    def between(self, start: int, stop: int) -> Inputs:
        """Return some of the inputs, with no index and failures of their own, counted from the first of them."""
        parts = {part: values[start:stop] for part, values in self.parts.items()}
        failures: Failures = None if self.failures is None else {}
        return Inputs(parts, None, self.constant, failures, self.first + start)


def read_inputs(x: object, parts: Sequence[Part], by_name: Mapping[str, Any], *, tolerant: bool = False) -> Inputs:
    """Read the inputs of a call.

    ``x`` is one value, a list, Series or array of them, or a frame. If inputs have several parts: a frame, a dict or
    tuple of the parts of one input, a list of those, or the first part, the others being given by name. ``by_name`` has
    by part the column of the frame that holds it, None for the only one that fits; or, if ``x`` is not a frame, the
    values of the part, one for each input or one for all. If ``tolerant``, an input that cannot be read is noted as a
    failure and counts as missing.
    """
    failures: Failures = {} if tolerant else None
    by_name = {name: value for name, value in by_name.items() if value is not None}
    x, by_name = _table_first(x, parts, by_name)
    if is_foreign(x):
        foreign = read_inputs(in_pandas(x), parts, by_name, tolerant=tolerant)
        return replace(foreign, index=None)  # other libraries have none
    rows = None
    if isinstance(x, pd.DataFrame):
        gathered = None if parts[0].name in by_name else gathered_from(x, parts)
        if gathered is None:
            return _from_frame(x, parts, by_name, x.index, failures)
        x, rows = gathered
    if (side_by_side := _as_frame(x, parts)) is not None:
        return _from_frame(side_by_side, parts, by_name, None, failures)
    values = _by_part(x, parts, by_name)
    read = {part: _values(values[part.name], part, parts, failures) for part in parts if part.name in values}
    constant = {part.name: each[0] for part, each in read.items() if part.shared and len(each) == 1}
    return Inputs(_recycled(read), _index(values.values(), read), constant, failures, rows=rows)


def gathered_from(x: pd.DataFrame, parts: Sequence[Part]) -> tuple[list[Any], list[int] | None] | None:
    """Return the inputs that several rows of a frame make together, with their numbers; None where each is a row."""
    gather = getattr(modality_of(parts[0]), "gather", None)
    return None if gather is None else gather(x)


def modality_of(part: Part) -> Any:
    """Return the module that reads inputs of this kind."""
    return importlib.import_module(f"tidydl.pipelines.reading.{part.modality}s")


def _table_first(x: object, parts: Sequence[Part], by_name: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Read a data frame as the table of the questions, if the task has one."""
    table = next((part.name for part in parts if part.modality == "table"), None)
    if table is None or table in by_name or x is NOT_GIVEN:
        return x, by_name
    x = in_pandas(x) if is_foreign(x) else x
    names = {part.name for part in parts}
    if not modality_of(Part(table, "table")).is_table(x) or (isinstance(x, Mapping) and set(x) <= names):
        return x, by_name
    return NOT_GIVEN, {**by_name, table: x}


def is_foreign(x: object) -> bool:
    """Return whether it is a frame or column of polars or pyarrow."""
    return type(x).__module__.partition(".")[0] in ("polars", "pyarrow")


def in_pandas(x: Any) -> Any:
    """Read a frame of another library as pandas reads it, and a column as a list."""
    import narwhals

    wrapped = narwhals.from_native(x, pass_through=True, allow_series=True)
    if isinstance(wrapped, narwhals.LazyFrame):
        wrapped = wrapped.collect()
    if isinstance(wrapped, narwhals.DataFrame):
        return wrapped.to_pandas()
    return wrapped.to_list() if isinstance(wrapped, narwhals.Series) else x.to_pylist()


def _as_frame(x: object, parts: Sequence[Part]) -> pd.DataFrame | None:
    """Build a frame from a list of inputs with several parts, each a dict or a tuple; None for other values."""
    if not isinstance(x, (list, tuple)) or not x or modality_of(parts[0]).is_one(x):
        return None
    names = [part.name for part in parts]
    if all(isinstance(each, Mapping) and each and set(each) <= set(names) for each in x):
        return pd.DataFrame({name: [each.get(name) for each in x] for name in names if any(name in e for e in x)})
    required = _required(parts)
    if len(required) > 1 and all(isinstance(each, tuple) and len(each) == len(required) for each in x):
        return pd.DataFrame(list(x), columns=[part.name for part in required])
    return None


def _required(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if not part.optional and not part.shared]


def _from_frame(
    x: pd.DataFrame, parts: Sequence[Part], by_name: Mapping[str, Any], index: pd.Index | None, failures: Failures
) -> Inputs:
    read: dict[Part, list[Any]] = {}
    constant: dict[str, Any] = {}
    for part in parts:
        wanted = by_name.get(part.name)
        if part.shared and wanted is None and part.name in x.columns:
            wanted = part.name
        if part.shared and not (isinstance(wanted, str) and wanted in x.columns):
            if wanted is None:
                raise _part_missing(part)
            refuse_mistyped(x, part, wanted)
            values = modality_of(part).read_all(wanted, part.name)
            read[part] = _for_each(values, part, len(x))
            constant |= {part.name: values[0]} if len(values) == 1 else {}
        elif part.optional and wanted is None and part.name not in x.columns:
            continue
        else:
            others = [other for other in parts if other is not part and not other.optional and not other.shared]
            position = choose_column(x, part, wanted, modality_of(part), alone=not others)
            read[part] = _read(x.iloc[:, position].tolist(), part, parts, failures)
    return Inputs(read, index, constant, failures)


def _for_each(values: list[Any], part: Part, n: int) -> list[Any]:
    if len(values) not in (1, n):
        raise ArgumentError(
            f"`{part.name}` has {len(values)} values and `x` has {n} rows.",
            allowed="One value for all inputs, or one for each.",
            hint=f'Put them into a column and name it: `{part.name} = "..."`.',
        )
    return values * n if len(values) == 1 else values


def _by_part(x: object, parts: Sequence[Part], by_name: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of each part."""
    values = dict(by_name)
    required = _required(parts)
    free = [part for part in required if part.name not in by_name]
    if isinstance(x, Mapping) and not modality_of(parts[0]).is_one(x):
        values.update(_parts_of_dict(x, parts))
    elif isinstance(x, tuple) and len(required) > 1 and len(x) == len(required) and not by_name:
        values.update(zip((part.name for part in required), x, strict=True))
    elif x is not NOT_GIVEN:
        if not free:
            raise ArgumentError(
                f"`{required[0].name}` names a column, but `x` is {described(x)}.",
                allowed="A column is named where `x` is a data frame.",
                hint=f"Leave `{required[0].name}` out, or give the data frame as `x`.",
            )
        values[free[0].name] = x
    for part in parts:
        if part.name not in values and not part.optional:
            named = part.shared or x is NOT_GIVEN or isinstance(x, Mapping)
            raise _part_missing(part) if named else _several_parts(x, parts)
    return values


def _parts_of_dict(x: Mapping[Any, Any], parts: Sequence[Part]) -> dict[str, Any]:
    names = [part.name for part in parts]
    if not x or not set(x) <= set(names):
        kind = rendering.type_name("dict")
        raise ArgumentError(
            f"`x` is a {kind}.",
            allowed=f"A {kind} with the parts of an input: {', '.join(f'`{name}`' for name in names)}.",
            hint="Put the parts of the inputs side by side in a data frame.",
        )
    return dict(x)


def _part_missing(part: Part) -> ArgumentError:
    return ArgumentError(
        f"`{part.name}` is missing.", allowed=modality_of(part).ALLOWED, hint=f"Give it by name: `{part.name} =`."
    )


def _several_parts(x: object, parts: Sequence[Part]) -> ArgumentError:
    listed = ", ".join(f"`{part.name}`" for part in _required(parts))
    return ArgumentError(
        f"`x` is {described(x)}, but each input has several parts.",
        allowed=f"A data frame with the columns {listed}, or the parts by name.",
        hint="Put the parts side by side in a data frame.",
    )


def _values(x: object, part: Part, parts: Sequence[Part], failures: Failures) -> list[Any]:
    """Read the values of a part, one or many."""
    return modality_of(part).read_all(x, part.name) if part.shared else _read(_many(x, part), part, parts, failures)


def _many(x: object, part: Part) -> list[Any]:
    """Return one value or many as a list."""
    modality = modality_of(part)
    if is_missing(x) or modality.is_one(x):
        return [x]
    if isinstance(x, (Mapping, set, frozenset)) or not isinstance(x, Iterable):
        raise ArgumentError(
            f"`x` is {described(x)}.",
            allowed=modality.ALLOWED,
            hint="Use a list, which keeps the order of the inputs.",
        )
    return _listed(x)


def _listed(x: Iterable[Any]) -> list[Any]:
    """List the values of an array as plain ones, and of a batch of images as arrays."""
    return x.tolist() if hasattr(x, "tolist") and getattr(x, "ndim", 1) == 1 else list(x)


def _read(values: list[Any], part: Part, parts: Sequence[Part], failures: Failures) -> list[Any]:
    """Read the values of a part that each input has, None for missing ones."""
    alone = len(_required(parts)) == 1 and all(other.modality != "table" for other in parts)
    modality, name = modality_of(part), "x" if alone else part.name
    return [
        None if is_missing(value) else _one_read(modality, value, name, i, failures) for i, value in enumerate(values)
    ]


def _one_read(modality: ModuleType, value: object, name: str, index: int, failures: Failures) -> Any:
    try:
        return modality.read(value, nth_value(index, name))
    except TidydlError as problem:
        problem.place = index
        if failures is None:
            raise
        failures.setdefault(index, problem.problem)
        return None


def _recycled(read: dict[Part, list[Any]]) -> dict[Part, list[Any]]:
    """Recycle all parts to one length: a single value is for all inputs."""
    lengths = {part.name: len(values) for part, values in read.items() if len(values) != 1}
    if len(set(lengths.values())) > 1:
        (one, n), (other, m) = list(lengths.items())[:2]
        raise ArgumentError(
            f"`{one}` has {n} values and `{other}` has {m}.",
            allowed="Parts of the same length, or a single value for all inputs.",
            hint="Put the parts side by side in a data frame.",
        )
    n = next(iter(lengths.values()), 1)
    return {part: values * n if len(values) == 1 else values for part, values in read.items()}


def _index(values: Iterable[Any], read: dict[Part, list[Any]]) -> pd.Index | None:
    """Return the index of the first Series among the parts, if it has a row for each input."""
    n = max(len(each) for each in read.values())
    return next((each.index for each in values if isinstance(each, pd.Series) and len(each) == n), None)

"""Eight numbers side by side as one value of compiled code.

Kernels say with these what the processor's vector units do: each operation works on eight doubles, lane by lane, and
rounds each lane as it would a single double. Nothing is fused or reassociated, except inside ``exp``, which repeats
the steps of the C library's own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from tidydl.networks.exact.compiling import compiled
from tidydl.networks.exact.exponential import ADDED, FUSED, HIGH, INVERSE, LOW, POLYNOMIAL, TABLE

if TYPE_CHECKING:
    from numba.core.base import BaseContext
    from numba.core.datamodel.manager import DataModelManager
    from numba.core.types import Type
    from numba.core.typing import Context, Signature

    Values: TypeAlias = Sequence[ir.Value]

WIDTH = 8
_DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(64), WIDTH)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"lanes{WIDTH}")


_lanes = _Lanes()
intrinsic: Any = extending.intrinsic


@extending.register_model(_Lanes)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, dmm: DataModelManager, fe_type: Type) -> None:
        super().__init__(dmm, fe_type, _DOUBLES)


def _constant(number: float) -> ir.Constant:
    return ir.Constant(_DOUBLES, [number] * WIDTH)


def _integer(number: int) -> ir.Constant:
    return ir.Constant(_INTEGERS, [number] * WIDTH)


def _broadcast(builder: ir.IRBuilder, number: ir.Value) -> Any:
    one = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    first = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, ir.Constant(_DOUBLES, ir.Undefined), first)


def _pointer(context: BaseContext, builder: ir.IRBuilder, array_type: Type, array: ir.Value, at: ir.Value) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [at])


@intrinsic
def load(typingctx: Context, array: Type, at: Type) -> Any:
    """Return the eight numbers of a flat array that start at ``at``."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(pointer, _DOUBLES.as_pointer()), align=8)

    return _lanes(array, types.intp), generate


@intrinsic
def store(typingctx: Context, array: Type, at: Type, lanes: Type) -> Any:
    """Put eight numbers into a flat array from ``at`` on."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], builder.bitcast(pointer, _DOUBLES.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.none(array, types.intp, _lanes), generate


@intrinsic
def spread(typingctx: Context, number: Type) -> Any:
    """Return one number in all lanes."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        return _broadcast(builder, arguments[0])

    return _lanes(types.float64), generate


@intrinsic
def add_product(typingctx: Context, total: Type, lanes: Type, array: Type, at: Type) -> Any:
    """Return ``total + lanes * array[at]``, the product rounded before it is added."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        total, lanes, array, at = arguments
        factor = builder.load(_pointer(context, builder, signature.args[2], array, at))
        return builder.fadd(total, builder.fmul(lanes, _broadcast(builder, factor)))

    return _lanes(_lanes, _lanes, array, types.intp), generate


def _of_two(operation: str) -> Any:
    def typed(typingctx: Context, a: Type, b: Type) -> Any:
        def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
            return getattr(builder, operation)(*arguments)

        return _lanes(_lanes, _lanes), generate

    return typed


@intrinsic
def add(typingctx: Context, a: Type, b: Type) -> Any:
    """Return a + b."""
    return _of_two("fadd")(typingctx, a, b)


@intrinsic
def subtract(typingctx: Context, a: Type, b: Type) -> Any:
    """Return a - b."""
    return _of_two("fsub")(typingctx, a, b)


@intrinsic
def multiply(typingctx: Context, a: Type, b: Type) -> Any:
    """Return a * b."""
    return _of_two("fmul")(typingctx, a, b)


@intrinsic
def divide(typingctx: Context, a: Type, b: Type) -> Any:
    """Return a / b."""
    return _of_two("fdiv")(typingctx, a, b)


def _multiply_add(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> Any:
    if not FUSED:
        return builder.fadd(builder.fmul(a, b), c)
    kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{WIDTH}f64")
    return builder.call(function, [a, b, c])


def _chosen(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, indices: Sequence[int]) -> Any:
    """Return selected elements of two vectors."""
    kind = ir.VectorType(ir.IntType(32), len(indices))
    return builder.shuffle_vector(a, b, ir.Constant(kind, list(indices)))


def _look_up(builder: ir.IRBuilder, offsets: ir.Value) -> tuple[Any, Any]:
    """Return the pairs of the table that start at the offsets, as eight first and eight second integers."""
    table = cgutils.global_constant(builder, "exp_table", ir.Constant(ir.ArrayType(ir.IntType(64), len(TABLE)), TABLE))
    table.align = 16
    start = builder.bitcast(table, ir.IntType(64).as_pointer())
    pair = ir.VectorType(ir.IntType(64), 2)
    pairs = []
    for lane in range(WIDTH):
        pointer = builder.gep(start, [builder.extract_element(offsets, ir.Constant(ir.IntType(32), lane))])
        pairs.append(builder.load(builder.bitcast(pointer, pair.as_pointer()), align=16))
    while len(pairs) > 2:
        together = range(2 * pairs[0].type.count)
        pairs = [_chosen(builder, a, b, together) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    low, high = (_chosen(builder, pairs[0], pairs[1], range(first, 2 * WIDTH, 2)) for first in (0, 1))
    return low, high


def _exp(builder: ir.IRBuilder, x: ir.Value) -> Any:
    """Return exp(x) for arguments below 512 in size, by the steps of the C library."""
    shifted = _multiply_add(builder, _constant(INVERSE), x, _constant(ADDED))
    bits = builder.bitcast(shifted, _INTEGERS)
    whole = builder.fsub(shifted, _constant(ADDED))
    r = _multiply_add(builder, whole, _constant(LOW), _multiply_add(builder, whole, _constant(HIGH), x))
    offsets = builder.shl(builder.and_(bits, _integer(127)), _integer(1))
    tail_bits, scale_bits = _look_up(builder, offsets)
    tail = builder.bitcast(tail_bits, _DOUBLES)
    scale = builder.bitcast(builder.add(scale_bits, builder.shl(bits, _integer(45))), _DOUBLES)
    c2, c3, c4, c5 = (_constant(number) for number in POLYNOMIAL)
    square = builder.fmul(r, r)
    inner = _multiply_add(builder, square, _multiply_add(builder, r, c3, c2), builder.fadd(tail, r))
    outer = _multiply_add(builder, builder.fmul(square, square), _multiply_add(builder, r, c5, c4), inner)
    return _multiply_add(builder, scale, outer, scale)


def _loaded_block(
    context: BaseContext, builder: ir.IRBuilder, array_type: Type, array: ir.Value, at: ir.Value
) -> list[Any]:
    """Return a block of eight by eight numbers, column after column, as its columns."""
    columns = []
    for column in range(WIDTH):
        here = builder.add(at, ir.Constant(at.type, WIDTH * column))
        pointer = _pointer(context, builder, array_type, array, here)
        columns.append(builder.load(builder.bitcast(pointer, _DOUBLES.as_pointer()), align=8))
    return columns


def _turned(builder: ir.IRBuilder, columns: list[Any]) -> list[Any]:
    """Return the rows of a block from its columns."""
    step = 1
    while step < WIDTH:
        turned = list(columns)
        low = [i if not i & step else WIDTH + i - step for i in range(WIDTH)]
        high = [i + step if not i & step else WIDTH + i for i in range(WIDTH)]
        for i in range(WIDTH):
            if not i & step:
                turned[i] = _chosen(builder, columns[i], columns[i + step], low)
                turned[i + step] = _chosen(builder, columns[i], columns[i + step], high)
        columns, step = turned, 2 * step
    return columns


def _add_block(turns: bool) -> Any:
    def typed(typingctx: Context, total: Type, blocks: Type, at: Type, factors: Type, f_at: Type) -> Any:
        def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
            total, blocks, at, factors, f_at = arguments
            columns = _loaded_block(context, builder, signature.args[1], blocks, at)
            for i, lanes in enumerate(_turned(builder, columns) if turns else columns):
                here = builder.add(f_at, ir.Constant(f_at.type, i))
                factor = builder.load(_pointer(context, builder, signature.args[3], factors, here))
                total = builder.fadd(total, builder.fmul(lanes, _broadcast(builder, factor)))
            return total

        return _lanes(_lanes, blocks, types.intp, factors, types.intp), generate

    return typed


@intrinsic
def add_block(typingctx: Context, total: Type, blocks: Type, at: Type, factors: Type, f_at: Type) -> Any:
    """Add to ``total`` the product of a block of eight by eight (columns from ``at``) with eight factors, in order."""
    return _add_block(False)(typingctx, total, blocks, at, factors, f_at)


@intrinsic
def add_turned_block(typingctx: Context, total: Type, blocks: Type, at: Type, factors: Type, f_at: Type) -> Any:
    """Add to ``total`` the product of a block's transpose with eight factors, in order."""
    return _add_block(True)(typingctx, total, blocks, at, factors, f_at)


@intrinsic
def exp(typingctx: Context, x: Type) -> Any:
    """Return exp(x), all x below 512 in size; bits as of the C library where ``exponential`` found them so."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        return _exp(builder, arguments[0])

    return _lanes(_lanes), generate


@intrinsic
def sigmoid(typingctx: Context, sums: Type) -> Any:
    """Return 1 / (1 + exp(-sum)), exactly 0 below -15 and exactly 1 above 15."""

    def generate(context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Values) -> Any:
        (sums,) = arguments
        low = builder.fcmp_ordered("<", sums, _constant(-15.0))
        high = builder.fcmp_ordered(">", sums, _constant(15.0))
        inside = builder.select(builder.or_(low, high), _constant(0.0), sums)
        below = builder.fadd(_constant(1.0), _exp(builder, builder.fsub(_constant(-0.0), inside)))
        logistic = builder.fdiv(_constant(1.0), below)
        return builder.select(low, _constant(0.0), builder.select(high, _constant(1.0), logistic))

    return _lanes(_lanes), generate


@compiled
def _differing(numbers: np.ndarray, computed: np.ndarray) -> int:
    """Count the numbers whose exp() from above is not that of the C library."""
    count = 0
    for at in range(0, numbers.size, WIDTH):
        store(computed, 0, exp(load(numbers, at)))
        for i in range(WIDTH):
            count += computed[i] != math.exp(numbers[at + i])
    return count


def room_for(count: int) -> np.ndarray:
    """Return zeros that begin where a line of the processor's cache does, so that no eight numbers lie across two."""
    longer = np.zeros(count + WIDTH)
    first = -longer.ctypes.data % (8 * WIDTH) // 8
    return longer[first : first + count]


@functools.cache
def exp_is_exact() -> bool:
    """Return whether ``exp`` has the bits of this machine's C library, tested on all entries of its table."""
    steps = np.arange(-4096, 4096) * (math.log(2) / 128 / 8)
    numbers = np.concatenate([steps, steps * 1.9, steps * 20.3, 500.0 * np.sin(np.arange(8192.0))])
    return _differing(numbers, np.empty(WIDTH)) == 0

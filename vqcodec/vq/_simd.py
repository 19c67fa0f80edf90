"""Vector instructions for search kernels: LLVM vectors of 16 float32 lanes, written through numba intrinsics.

Numba's own loops reach three quarters of this speed at best. Above 16 dimensions they reach a twentieth, because LLVM
then keeps the running minima in memory. LLVM splits the vectors to what the processor has (two AVX2 registers, four SSE
or NEON ones), so one text serves all machines. Where the processor can, products and sums are fused. So the last bits
of a score may differ from machine to machine; that is why scores only filter (see `_bounds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from vqcodec.vq._tree import LANES

FLOAT = ir.FloatType()
DOUBLE = ir.DoubleType()
INT16 = ir.IntType(16)
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
FLOATS = ir.VectorType(FLOAT, LANES)
INTS = ir.VectorType(INT32, LANES)

Value = Any  # an llvmlite value


class Lanes:
    """Emits the vector operations of searches.

    Args:
        context: numba's target context.
        builder: llvmlite's IRBuilder, positioned where code is wanted.
    """

    def __init__(self, context: Any, builder: Any) -> None:
        self.context = context
        self.builder = builder

    def data(self, array_type: Any, array: Value) -> Value:
        """Pointer to the first element of a C-contiguous numba array."""
        return self.context.make_array(array_type)(self.context, self.builder, array).data

    def length(self, array_type: Any, array: Value, axis: int) -> Value:
        """Length of a numba array along `axis`, int64."""
        shape = self.context.make_array(array_type)(self.context, self.builder, array).shape
        return self.builder.extract_value(shape, axis)

    def member(self, record_type: Any, record: Value, name: str) -> tuple[Any, Value]:
        """Return the numba type and the value of a NamedTuple's member."""
        place = record_type.fields.index(name)
        return record_type.types[place], self.builder.extract_value(record, place)

    def members(self, record_type: Any, record: Value) -> dict[str, Value]:
        """Return a pointer to the first element of each array of a NamedTuple, by the arrays' names."""
        return {name: self.data(*self.member(record_type, record, name)) for name in record_type.fields}

    def offset(self, value: int) -> Value:
        return ir.Constant(INT64, value)

    def floats(self, value: float) -> Value:
        return ir.Constant(FLOATS, [value] * LANES)

    def ints(self, value: int) -> Value:
        return ir.Constant(INTS, [value] * LANES)

    def load(self, pointer: Value, offset: Value, vector_type: Any = FLOATS) -> Value:
        """The 16 elements from pointer[offset] on."""
        address = self.builder.bitcast(self.builder.gep(pointer, [offset]), vector_type.as_pointer())
        value = self.builder.load(address)
        value.align = 4
        return value

    def store(self, value: Value, pointer: Value, offset: Value) -> None:
        address = self.builder.bitcast(self.builder.gep(pointer, [offset]), value.type.as_pointer())
        self.builder.store(value, address).align = 4

    def splat(self, scalar: Value, vector_type: Any = FLOATS) -> Value:
        undefined = ir.Constant(vector_type, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        zeros = ir.Constant(ir.VectorType(INT32, vector_type.count), [0] * vector_type.count)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def broadcast(self, pointer: Value, offset: Value) -> Value:
        """pointer[offset] in all lanes."""
        return self.splat(self.builder.load(self.builder.gep(pointer, [offset])))

    def multiply_add(self, left: Value, right: Value, addend: Value) -> Value:
        """left * right + addend, fused where the processor can."""
        signature = ir.FunctionType(FLOATS, [FLOATS] * 3)
        name = f"llvm.fmuladd.v{LANES}f32"
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, signature, name), [left, right, addend]
        )

    def square_root(self, value: Value) -> Value:
        signature = ir.FunctionType(FLOATS, [FLOATS])
        function = cgutils.get_or_insert_function(self.builder.module, signature, f"llvm.sqrt.v{LANES}f32")
        return self.builder.call(function, [value])

    def shuffled(self, first: Value, second: Value, places: Sequence[int]) -> Value:
        """Elements of two vectors by their places, those of `second` behind those of `first`."""
        mask = ir.Constant(ir.VectorType(INT32, len(places)), places)
        return self.builder.shuffle_vector(first, second, mask)

    def transposed(self, rows: list[Value]) -> list[Value]:
        """The columns of 16 rows of 16 lanes: in four steps, squares of 1, 2, 4 and 8 lanes change places."""
        rows = list(rows)
        for side in (1, 2, 4, 8):
            upper = [lane + LANES - side if lane & side else lane for lane in range(LANES)]
            lower = [lane + LANES if lane & side else lane + side for lane in range(LANES)]
            for i in range(LANES):
                if not i & side:
                    a, b = rows[i], rows[i + side]
                    rows[i], rows[i + side] = self.shuffled(a, b, upper), self.shuffled(a, b, lower)
        return rows

    def less(self, left: Value, right: Value) -> Value:
        return self.builder.fcmp_ordered("<", left, right)

    def minimum(self, left: Value, right: Value) -> Value:
        """A compare and a select become one instruction; llvm.minnum would add the handling of NaN."""
        return self.builder.select(self.less(left, right), left, right)

    def maximum(self, left: Value, right: Value) -> Value:
        return self.builder.select(self.less(right, left), left, right)

    def least(self, value: Value) -> Value:
        """The minimum over the lanes, in all lanes."""
        for distance in (8, 4, 2, 1):
            swapped = ir.Constant(INTS, [lane ^ distance for lane in range(LANES)])
            value = self.minimum(value, self.builder.shuffle_vector(value, ir.Constant(FLOATS, ir.Undefined), swapped))
        return value

    def element(self, value: Value, lane: int) -> Value:
        return self.builder.extract_element(value, ir.Constant(INT32, lane))

    def at_most(self, value: Value, bound: Value) -> Value:
        """One bit a lane, int16: is value <= bound there?"""
        return self.builder.bitcast(self.builder.fcmp_ordered("<=", value, bound), INT16)

    def lowest_bit(self, mask: Value) -> Value:
        """The number of the lowest set bit of a mask that is not 0, int64."""
        function = cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(INT16, [INT16, ir.IntType(1)]), "llvm.cttz.i16"
        )
        return self.builder.zext(self.builder.call(function, [mask, ir.Constant(ir.IntType(1), 1)]), INT64)

    def count_bits(self, mask: Value) -> Value:
        """Number of set bits of a mask, int64."""
        function = cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(INT16, [INT16]), "llvm.ctpop.i16"
        )
        return self.builder.zext(self.builder.call(function, [mask]), INT64)

    def without_lowest_bit(self, mask: Value) -> Value:
        return self.builder.and_(mask, self.builder.sub(mask, ir.Constant(INT16, 1)))

    def is_set(self, mask: Value) -> Value:
        return self.builder.icmp_unsigned("!=", mask, ir.Constant(INT16, 0))

    def variable(self, value: Value) -> Value:
        """A stack slot with an initial value; LLVM turns it into a register."""
        slot = cgutils.alloca_once(self.builder, value.type)
        self.builder.store(value, slot)
        return slot

    @contextmanager
    def count_to(self, stop: Value) -> Iterator[Value]:
        """A loop from 0 to `stop` - 1."""
        with cgutils.for_range(self.builder, stop) as loop:
            yield loop.index

    def for_each_bit(self, mask: Value, body: Callable[[Value], None]) -> None:
        """Emit a loop that runs `body` with the number (int64) of each set bit of `mask`, lowest first."""
        builder = self.builder
        remaining = self.variable(mask)
        test = builder.append_basic_block("bit.test")
        inside = builder.append_basic_block("bit.body")
        end = builder.append_basic_block("bit.end")
        builder.branch(test)
        builder.position_at_end(test)
        builder.cbranch(self.is_set(builder.load(remaining)), inside, end)
        builder.position_at_end(inside)
        bits = builder.load(remaining)
        builder.store(self.without_lowest_bit(bits), remaining)
        body(self.lowest_bit(bits))
        builder.branch(test)
        builder.position_at_end(end)


class PlaneView(NamedTuple):
    """16 vectors in the plane of a `BoxTree`, one in each lane.

    Attributes:
        point: the component along the main axis and the norm of the rest.
        squared_norm: |x|^2.
        base: the part of the pruning threshold that does not depend on the least score.
    """

    point: tuple[Value, Value]
    squared_norm: Value
    base: Value


def emit_projection(lanes: Lanes, samples: list[Value], axis: Value, threshold: Value) -> PlaneView:
    """Map vectors to the plane; `samples` holds 16 lanes for each dimension, the pointers are the tree's arrays."""
    builder = lanes.builder
    directions = [lanes.broadcast(axis, lanes.offset(d)) for d in range(len(samples))]
    squared_norm = along = across = lanes.floats(0.0)
    for sample, direction in zip(samples, directions):
        squared_norm = lanes.multiply_add(sample, sample, squared_norm)
        along = lanes.multiply_add(sample, direction, along)
    backwards = builder.fneg(along)
    for sample, direction in zip(samples, directions):
        rest = lanes.multiply_add(backwards, direction, sample)
        across = lanes.multiply_add(rest, rest, across)
    constant, linear, quadratic = (lanes.broadcast(threshold, lanes.offset(j)) for j in range(3))
    base = lanes.multiply_add(linear, lanes.square_root(squared_norm), constant)
    base = lanes.multiply_add(quadratic, squared_norm, base)
    return PlaneView((along, lanes.square_root(across)), squared_norm, base)


def emit_box_bound(lanes: Lanes, rows: list[Value], point: Sequence[Value]) -> Value:
    """Least cost that boxes allow at a point of the plane; `rows` are the five rows of a tree's boxes."""
    builder = lanes.builder
    total = rows[4]
    for low, high, coordinate in zip(rows[0:4:2], rows[1:4:2], point):
        outside = lanes.maximum(builder.fsub(low, coordinate), builder.fsub(coordinate, high))
        outside = lanes.maximum(outside, lanes.floats(0.0))
        total = lanes.multiply_add(outside, outside, total)
    return total


@intrinsic(prefer_literal=True)
def load_tile(typing_context, dimension, width, vectors, rows, offset, tile):
    """Fill `tile`, float32 (dimension, width), with some of the vectors, less `offset`.

    `width` is a multiple of 16, `vectors` is float32 (n, dimension), `rows` int32 (width,), which of them.
    """
    if not isinstance(dimension, types.IntegerLiteral) or not isinstance(width, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        size, columns = dimension.literal_value, width.literal_value
        source, offsets = lanes.data(vectors, arguments[2]), lanes.data(offset, arguments[4])
        target, numbers = lanes.data(tile, arguments[5]), lanes.data(rows, arguments[3])
        for first in range(0, size, LANES):
            count = min(LANES, size - first)
            row_type = ir.VectorType(FLOAT, count)
            padding = [min(lane, count) for lane in range(LANES)]  # all lanes behind the last are undefined
            moved = lanes.load(offsets, lanes.offset(first), row_type)
            for column in range(0, columns, LANES):
                parts = []
                for lane in range(LANES):
                    number = builder.load(builder.gep(numbers, [lanes.offset(column + lane)]))
                    row = builder.zext(number, INT64)
                    place = builder.add(builder.mul(row, lanes.offset(size)), lanes.offset(first))
                    samples = builder.fsub(lanes.load(source, place, row_type), moved)
                    parts.append(lanes.shuffled(samples, ir.Constant(row_type, ir.Undefined), padding))
                for d, samples in enumerate(lanes.transposed(parts)[:count]):
                    lanes.store(samples, target, lanes.offset((first + d) * columns + column))
        return context.get_dummy_value()

    return types.void(dimension, width, vectors, rows, offset, tile), generate


@intrinsic(prefer_literal=True)
def add_row(typing_context, dimension, vectors, row, sums, cell):
    """Add row `row` of `vectors`, float32 (n, dimension), to row `cell` of `sums`, float64 (size, dimension)."""
    if not isinstance(dimension, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        size = lanes.offset(dimension.literal_value)
        doubles = ir.VectorType(DOUBLE, dimension.literal_value)
        source, target = lanes.data(vectors, arguments[1]), lanes.data(sums, arguments[3])
        samples = lanes.load(source, builder.mul(arguments[2], size), ir.VectorType(FLOAT, doubles.count))
        place = builder.mul(arguments[4], size)
        total = builder.fadd(lanes.load(target, place, doubles), builder.fpext(samples, doubles))
        lanes.store(total, target, place)
        return context.get_dummy_value()

    return types.void(dimension, vectors, types.intp, sums, types.intp), generate

"""Full search in registers: lanes are vectors, codewords pass by in groups of four.

A tile of vectors stays in registers (up to 20 dimensions; above, two tiles share each load) while every
codeword is broadcast against it. Of each group of four only the least score is compared with the best so far,
and the best and the second-best group are kept. As a rule the second-best lies beyond the error bounds, and
float64 formulas settle which of the four it is; else they settle it among all codewords.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from vqcodec.jit import kernel
from vqcodec.vq import _simd
from vqcodec.vq._bounds import tie_margin
from vqcodec.vq._simd import LANES, Lanes

GROUP = 4  # codewords
_REGISTER_DIMENSIONS = 20
_ABSENT_COST = np.float32(1e37)

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CodewordGroups:
    """Codewords in groups of four, as the kernel reads them.

    Attributes:
        moved: float32 (groups, dimension, 4), the codewords less the offset.
        half_costs: float32 (groups, 4), (|c|^2 + penalty) / 2 of them; very large where there is no codeword.
        originals: float32 (groups, dimension, 4), the codewords as they are.
        penalties: float64 (groups, 4), infinite where there is no codeword.
    """

    moved: FloatArray
    half_costs: FloatArray
    originals: FloatArray
    penalties: npt.NDArray[np.float64]


def build_groups(codewords: FloatArray, offset: FloatArray, penalties: npt.NDArray[np.float64]) -> CodewordGroups:
    """Lay out `codewords`, float32 (size, dimension), and their penalties, float64 (size,)."""
    absent = -len(codewords) % GROUP
    moved = codewords - offset
    half_costs = 0.5 * (np.square(moved, dtype=np.float64).sum(axis=1) + penalties)
    return CodewordGroups(
        _in_groups(moved, absent),
        np.pad(half_costs.astype(np.float32), (0, absent), constant_values=_ABSENT_COST).reshape(-1, GROUP),
        _in_groups(codewords, absent),
        np.pad(penalties, (0, absent), constant_values=np.inf).reshape(-1, GROUP),
    )


def _in_groups(codewords: FloatArray, absent: int) -> FloatArray:
    padded = np.pad(codewords, ((0, absent), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, GROUP, codewords.shape[1]).swapaxes(1, 2))


def tile_vectors(dimension: int) -> int:
    """How many vectors a tile holds: 16, or 32 when the codewords' loads must be shared."""
    return LANES if dimension <= _REGISTER_DIMENSIONS else 2 * LANES


@intrinsic(prefer_literal=True)
def _scan_tile(typing_context, dimension, tile, groups, half_costs, norms, least, second, winner):
    """Compare a tile of vectors with all groups of codewords.

    tile float32 (dimension, tile_vectors), the vectors negated; groups float32 (n, dimension, 4); half_costs float32
    (n, 4). Written for each vector: norms float32, its squared norm; least float32, the least score; winner
    int32, the group that has it; second float32, the least score in other groups.
    """
    if not isinstance(dimension, types.IntegerLiteral):
        return None
    arrays = (tile, groups, half_costs, norms, least, second, winner)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        pointers = [lanes.data(kind, array) for kind, array in zip(arrays, arguments[1:])]
        count = lanes.length(groups, arguments[2], 0)
        _emit_scan(lanes, dimension.literal_value, count, *pointers)
        return context.get_dummy_value()

    return types.void(dimension, *arrays), generate


def _emit_scan(lanes, dimension, count, tile, groups, half_costs, norms, least, second, winner):
    builder = lanes.builder
    columns = tile_vectors(dimension) // LANES
    vectors = tile_vectors(dimension)

    def samples(d: int) -> list[Any]:
        return [lanes.load(tile, lanes.offset(d * vectors + v * LANES)) for v in range(columns)]

    resident = [samples(d) for d in range(dimension)] if columns == 1 else None
    squares = [lanes.floats(0.0)] * columns
    for d in range(dimension):
        sample = resident[d] if resident else samples(d)
        squares = [lanes.multiply_add(x, x, square) for x, square in zip(sample, squares)]
    leasts = [lanes.variable(lanes.floats(np.inf)) for _ in range(columns)]
    seconds = [lanes.variable(lanes.floats(np.inf)) for _ in range(columns)]
    winners = [lanes.variable(lanes.ints(0)) for _ in range(columns)]
    with lanes.count_to(count) as group:
        first = builder.mul(group, lanes.offset(GROUP))
        row = builder.mul(group, lanes.offset(GROUP * dimension))
        costs = [lanes.broadcast(half_costs, builder.add(first, lanes.offset(j))) for j in range(GROUP)]
        scores = [[cost] * columns for cost in costs]
        for d in range(dimension):
            sample = resident[d] if resident else samples(d)
            for j in range(GROUP):
                component = lanes.broadcast(groups, builder.add(row, lanes.offset(d * GROUP + j)))
                scores[j] = [lanes.multiply_add(x, component, s) for x, s in zip(sample, scores[j])]
        number = lanes.splat(builder.trunc(group, _simd.INT32), _simd.INTS)
        for v in range(columns):
            pair = lanes.minimum(scores[0][v], scores[1][v])
            score = lanes.minimum(pair, lanes.minimum(scores[2][v], scores[3][v]))
            best = builder.load(leasts[v])
            better = lanes.less(score, best)
            runner_up = lanes.minimum(builder.load(seconds[v]), lanes.maximum(score, best))
            builder.store(runner_up, seconds[v])
            builder.store(builder.select(better, score, best), leasts[v])
            builder.store(builder.select(better, number, builder.load(winners[v])), winners[v])
    for v in range(columns):
        offset = lanes.offset(v * LANES)
        lanes.store(squares[v], norms, offset)
        lanes.store(builder.load(leasts[v]), least, offset)
        lanes.store(builder.load(seconds[v]), second, offset)
        lanes.store(builder.load(winners[v]), winner, offset)


@intrinsic(prefer_literal=True)
def _nearest_of_group(typing_context, dimension, vectors, row, groups, penalties, group):
    """The nearest codeword of one group in float64: its place in the group, its squared error and its cost.

    vectors float32 (n, dimension); groups float32 (n, dimension, 4); penalties float64 (n, 4). The squared errors
    are those of `_exact.squared_error`; ties go to the first place.
    """
    if not isinstance(dimension, types.IntegerLiteral):
        return None
    result = types.Tuple((types.int64, types.float64, types.float64))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        size = dimension.literal_value
        start = builder.mul(arguments[2], lanes.offset(size))
        vector = builder.gep(lanes.data(vectors, arguments[1]), [start])
        start = builder.mul(arguments[5], lanes.offset(GROUP * size))
        codewords = builder.gep(lanes.data(groups, arguments[3]), [start])
        start = builder.mul(arguments[5], lanes.offset(GROUP))
        penalty = builder.gep(lanes.data(penalties, arguments[4]), [start])
        errors = _emit_group_errors(lanes, size, vector, codewords)
        costs = builder.fadd(errors, lanes.load(penalty, lanes.offset(0), errors.type))
        best = [lanes.offset(0), lanes.element(errors, 0), lanes.element(costs, 0)]
        for j in range(1, GROUP):
            other = [lanes.offset(j), lanes.element(errors, j), lanes.element(costs, j)]
            less = lanes.less(other[2], best[2])
            best = [builder.select(less, new, old) for new, old in zip(other, best)]
        return context.make_tuple(builder, signature.return_type, best)

    return result(dimension, vectors, types.intp, groups, penalties, types.intp), generate


def _emit_group_errors(lanes: Lanes, dimension: int, vector: Any, codewords: Any) -> Any:
    builder = lanes.builder
    samples = lanes.load(vector, lanes.offset(0), ir.VectorType(_simd.FLOAT, dimension))
    wide = builder.fpext(samples, ir.VectorType(_simd.DOUBLE, dimension))
    floats = ir.VectorType(_simd.FLOAT, GROUP)
    doubles = ir.VectorType(_simd.DOUBLE, GROUP)
    total = ir.Constant(doubles, [0.0] * GROUP)
    for d in range(dimension):
        component = builder.fpext(lanes.load(codewords, lanes.offset(d * GROUP), floats), doubles)
        copies = ir.Constant(ir.VectorType(_simd.INT32, GROUP), [d] * GROUP)
        sample = builder.shuffle_vector(wide, ir.Constant(wide.type, ir.Undefined), copies)
        difference = builder.fsub(sample, component)
        total = builder.fadd(total, builder.fmul(difference, difference))
    return total


@functools.cache
def search_kernel(dimension: int) -> Any:
    """The full search for vectors of `dimension` components (1..64); compiled once for each dimension.

    The kernel's arguments: vectors float32 (n, dimension); offset float32 (dimension,), subtracted from the vectors
    before they are compared; the arrays of `CodewordGroups` in their order; indices int32 (n,) and distortions
    float32 (n,), written.
    """
    tile_size = tile_vectors(dimension)

    @kernel
    def search_groups(vectors, offset, moved, half_costs, originals, penalties, indices, distortions):
        tile = np.empty((dimension, tile_size), np.float32)
        norms = np.empty(tile_size, np.float32)
        least = np.empty(tile_size, np.float32)
        second = np.empty(tile_size, np.float32)
        winner = np.empty(tile_size, np.int32)
        for start in range(0, vectors.shape[0], tile_size):
            filled = min(tile_size, vectors.shape[0] - start)
            for lane in range(tile_size):
                row = start + min(lane, filled - 1)
                for d in range(dimension):
                    tile[d, lane] = offset[d] - vectors[row, d]
            _scan_tile(dimension, tile, moved, half_costs, norms, least, second, winner)
            for lane in range(filled):
                row = start + lane
                group = np.int64(winner[lane])
                place, error, cost = _nearest_of_group(dimension, vectors, row, originals, penalties, group)
                if second[lane] - least[lane] <= tie_margin(dimension, norms[lane], cost):
                    group, place, error, cost = 0, 0, 0.0, np.inf
                    for g in range(moved.shape[0]):
                        p, e, c = _nearest_of_group(dimension, vectors, row, originals, penalties, g)
                        if c < cost:
                            group, place, error, cost = g, p, e, c
                indices[row] = GROUP * group + place
                distortions[row] = np.float32(error)

    return search_groups

"""Search in tiles: lanes are vectors, codewords pass by in leaves of a `BoxTree`.

A tile of vectors stays in registers (up to 20 dimensions; above, two columns of 16 share each load) while the
codewords are broadcast against it, in groups of four. Where registers of 512 bits hold the scores of two groups, these
pass by together, because the sums of one group alone wait for each other.

A tile begins with the leaves of its vectors' hints. So vectors come in the order of their hints: those of a tile are
alike, and have few leaves between them. Without a hint they come as they stand, and begin with the leaves in which the
tile before ended: neighbouring blocks of a picture have much in common. Then follow the leaves whose box is not too far
for every vector of the tile. Where vectors have nothing in common, or there is no main axis, the tests cost little and
the search is a full one.

Of each group of four codewords only the least score is compared with the best so far, and the best and the
second-best group are kept. Mostly the second-best lies beyond the error bounds. Then float64 formulas decide among the
four codewords of the best group, otherwise among all codewords.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from vqcodec.kernels.jit import allocating_kernel, inner_kernel
from vqcodec.vq import _simd
from vqcodec.vq._bounds import SLACK, tie_margin
from vqcodec.vq._simd import LANES, Lanes, emit_box_bound, emit_projection, load_tile

GROUP = 4  # codewords
_GROUPS_PER_LEAF = LANES // GROUP
_REGISTER_DIMENSIONS = 20
_WIDE_REGISTERS = "avx512f"


def tile_vectors(dimension: int) -> int:
    """Number of vectors in a tile: 16, or 32 when the loads of the codewords must be shared."""
    return LANES if dimension <= _REGISTER_DIMENSIONS else 2 * LANES


@functools.cache
def _groups_at_once(dimension: int) -> int:
    """Number of groups whose scores, beside a tile of one column, fit into the registers of this machine."""
    wide = bool(binding.get_host_cpu_features().get(_WIDE_REGISTERS))
    return 2 if wide and dimension <= _REGISTER_DIMENSIONS else 1


class _Found(NamedTuple):
    """What the comparison of a tile with the codewords finds, one entry for each vector.

    Attributes:
        norms: float32, squared norm of the vector.
        least: float32, the least score.
        second: float32, the least score in other groups than the winner.
        winner: int32, the group (4 leaf + quarter of the leaf) that has the least score.
    """

    norms: Any
    least: Any
    second: Any
    winner: Any


@intrinsic(prefer_literal=True)
def _scan_tile(typing_context, dimension, tile, hinted, tree, seen, number, found):
    """Compare a tile of vectors with the codewords of a `BoxTree` that may be nearest; write a `_Found`.

    Args:
        tile: float32 (dimension, tile_vectors); hinted: int32 (tile_vectors,), the leaves to begin with.
        seen: int32 (n_leaves,), set to `number` for the leaves that were looked into.
    """
    if not isinstance(dimension, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        arrays = lanes.members(tree, arguments[3])
        arrays |= {"tile": lanes.data(tile, arguments[1]), "hinted": lanes.data(hinted, arguments[2])}
        arrays |= {"seen": lanes.data(seen, arguments[4])}
        sizes = [lanes.length(*lanes.member(tree, arguments[3], name), 1) for name in ("leaf_boxes", "group_boxes")]
        scan = _TileScan(lanes, dimension.literal_value, arrays, sizes, arguments[5])
        scan.emit()
        scan.store_results(lanes.members(found, arguments[6]))
        return context.get_dummy_value()

    return types.void(dimension, tile, hinted, tree, seen, types.int32, found), generate


class _TileScan:
    """Emits the search of one tile.

    Args:
        lanes: what emits the code.
        dimension: components of a vector.
        arrays: pointers to the arrays of the `BoxTree`, to the `tile`, the `hinted` leaves and those that are `seen`.
        sizes: number of leaves and number of groups of leaves, int64.
        number: what marks a leaf as seen, int32.
    """

    def __init__(self, lanes: Lanes, dimension: int, arrays: dict[str, Any], sizes: list[Any], number: Any) -> None:
        self.lanes, self.builder, self.dimension = lanes, lanes.builder, dimension
        self.tile, self.hinted, self.seen, self.number = arrays["tile"], arrays["hinted"], arrays["seen"], number
        self.leaves, self.half_costs = arrays["leaves"], arrays["half_costs"]
        self.leaf_boxes, self.group_boxes = (arrays["leaf_boxes"], sizes[0]), (arrays["group_boxes"], sizes[1])
        self.columns = range(tile_vectors(dimension) // LANES)
        in_registers = len(self.columns) == 1
        self.resident = [self.samples(d) for d in range(dimension)] if in_registers else None
        sources = [[self.samples_of(d)[v] for d in range(dimension)] for v in self.columns]
        self.views = [emit_projection(lanes, source, arrays["axis"], arrays["threshold"]) for source in sources]
        self.leasts = [lanes.variable(lanes.floats(np.inf)) for _ in self.columns]
        self.seconds = [lanes.variable(lanes.floats(np.inf)) for _ in self.columns]
        self.winners = [lanes.variable(lanes.ints(0)) for _ in self.columns]
        self.limits = [lanes.variable(lanes.floats(np.inf)) for _ in self.columns]

    def samples(self, d: int) -> list[Any]:
        width = LANES * len(self.columns)
        return [self.lanes.load(self.tile, self.lanes.offset(d * width + v * LANES)) for v in self.columns]

    def samples_of(self, d: int) -> list[Any]:
        return self.resident[d] if self.resident else self.samples(d)

    def emit(self) -> None:
        """First the hinted leaves, then all that are near enough to the best found."""
        lanes, builder = self.lanes, self.builder
        with lanes.count_to(lanes.offset(tile_vectors(self.dimension))) as lane:
            leaf = builder.zext(builder.load(builder.gep(self.hinted, [lane])), _simd.INT64)
            with builder.if_then(self.is_new(leaf)):
                self.scan_leaf(leaf)
        with lanes.count_to(self.group_boxes[1]) as group, builder.if_then(self.is_near(self.group_boxes, group)):
            first = builder.mul(group, lanes.offset(LANES))
            with lanes.count_to(lanes.offset(LANES)) as place:
                leaf = builder.add(first, place)
                with builder.if_then(builder.and_(self.is_near(self.leaf_boxes, leaf), self.is_new(leaf))):
                    self.scan_leaf(leaf)

    def is_near(self, boxes: tuple[Any, Any], box: Any) -> Any:
        """Whether a box is near enough to any vector of the tile."""
        lanes, builder = self.lanes, self.builder
        pointer, stride = boxes
        rows = [lanes.broadcast(pointer, builder.add(builder.mul(stride, lanes.offset(row)), box)) for row in range(5)]
        near = ir.Constant(_simd.INT16, 0)
        for v in self.columns:
            bound = emit_box_bound(lanes, rows, self.views[v].point)
            near = builder.or_(near, lanes.at_most(bound, builder.load(self.limits[v])))
        return lanes.is_set(near)

    def is_new(self, leaf: Any) -> Any:
        return self.builder.icmp_signed("!=", self.builder.load(self.builder.gep(self.seen, [leaf])), self.number)

    def scan_leaf(self, leaf: Any) -> None:
        """Compare the tile with the codewords of a leaf, and lower each vector's limit to its pruning threshold."""
        lanes, builder = self.lanes, self.builder
        builder.store(self.number, builder.gep(self.seen, [leaf]))
        at_once = _groups_at_once(self.dimension)
        groups = builder.mul(leaf, lanes.offset(_GROUPS_PER_LEAF))
        with lanes.count_to(lanes.offset(_GROUPS_PER_LEAF // at_once)) as step:
            first = builder.add(groups, builder.mul(step, lanes.offset(at_once)))
            self.scan([builder.add(first, lanes.offset(i)) for i in range(at_once)])
        factor = lanes.floats(2 * (1 + SLACK))
        for v in self.columns:
            threshold = lanes.multiply_add(builder.load(self.leasts[v]), factor, self.views[v].base)
            builder.store(threshold, self.limits[v])

    def scan(self, groups: list[Any]) -> None:
        """Compare the tile with the four codewords of each of some groups."""
        lanes, builder = self.lanes, self.builder
        codewords = []
        scores = []
        for group in groups:
            costs = builder.mul(group, lanes.offset(GROUP))
            components = _group_place(lanes, self.dimension, group)
            for j in range(GROUP):
                codewords.append(builder.add(components, lanes.offset(j)))
                cost = lanes.broadcast(self.half_costs, builder.add(costs, lanes.offset(j)))
                scores.append([cost for _ in self.columns])
        for d in range(self.dimension):
            negated = [builder.fneg(sample) for sample in self.samples_of(d)]
            for k, codeword in enumerate(codewords):
                component = lanes.broadcast(self.leaves, builder.add(codeword, lanes.offset(d * LANES)))
                scores[k] = [lanes.multiply_add(x, component, s) for x, s in zip(negated, scores[k])]
        for i, group in enumerate(groups):
            self.keep_best(group, scores[GROUP * i : GROUP * (i + 1)])

    def keep_best(self, group: Any, scores: list[list[Any]]) -> None:
        """Compare the least of a group's scores, by codeword and column, with the best and the second-best so far."""
        lanes, builder = self.lanes, self.builder
        number = lanes.splat(builder.trunc(group, _simd.INT32), _simd.INTS)
        for v in self.columns:
            pairs = [lanes.minimum(scores[j][v], scores[j + 1][v]) for j in (0, 2)]
            score = lanes.minimum(*pairs)
            best = builder.load(self.leasts[v])
            better = lanes.less(score, best)
            second = lanes.minimum(builder.load(self.seconds[v]), lanes.maximum(score, best))
            builder.store(second, self.seconds[v])
            builder.store(builder.select(better, score, best), self.leasts[v])
            builder.store(builder.select(better, number, builder.load(self.winners[v])), self.winners[v])

    def store_results(self, found: dict[str, Any]) -> None:
        """Store what was found; `found` are pointers to the arrays of a `_Found`."""
        variables = {"least": self.leasts, "second": self.seconds, "winner": self.winners}
        for v in self.columns:
            offset = self.lanes.offset(v * LANES)
            self.lanes.store(self.views[v].squared_norm, found["norms"], offset)
            for name, values in variables.items():
                self.lanes.store(self.builder.load(values[v]), found[name], offset)


def _group_place(lanes: Lanes, dimension: int, group: Any) -> Any:
    """Where the first component of a group's first codeword stands in leaves (n, dimension, 16)."""
    builder = lanes.builder
    per_leaf = lanes.offset(_GROUPS_PER_LEAF)
    leaf, quarter = builder.udiv(group, per_leaf), builder.urem(group, per_leaf)
    start = builder.mul(leaf, lanes.offset(LANES * dimension))
    return builder.add(start, builder.mul(quarter, lanes.offset(GROUP)))


@intrinsic(prefer_literal=True)
def _nearest_of_group(typing_context, dimension, vectors, row, tree, group):
    """The nearest codeword of one group of a `BoxTree` in float64: its place in the group, squared error and cost.

    `vectors` is float32 (n, dimension). The squared errors are those of `_exact.squared_error`; ties go to the first
    place.
    """
    if not isinstance(dimension, types.IntegerLiteral):
        return None
    result = types.Tuple((types.int64, types.float64, types.float64))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        size = dimension.literal_value
        arrays = lanes.members(tree, arguments[3])
        start = builder.mul(arguments[2], lanes.offset(size))
        vector = builder.gep(lanes.data(vectors, arguments[1]), [start])
        codewords = builder.gep(arrays["originals"], [_group_place(lanes, size, arguments[4])])
        errors = _emit_group_errors(lanes, size, vector, codewords)
        start = builder.mul(arguments[4], lanes.offset(GROUP))
        costs = builder.fadd(errors, lanes.load(arrays["penalties"], start, errors.type))
        best = [lanes.offset(0), lanes.element(errors, 0), lanes.element(costs, 0)]
        for j in range(1, GROUP):
            other = [lanes.offset(j), lanes.element(errors, j), lanes.element(costs, j)]
            less = lanes.less(other[2], best[2])
            best = [builder.select(less, new, old) for new, old in zip(other, best)]
        return context.make_tuple(builder, signature.return_type, best)

    return result(dimension, vectors, types.intp, tree, types.intp), generate


def _emit_group_errors(lanes: Lanes, dimension: int, vector: Any, codewords: Any) -> Any:
    builder = lanes.builder
    samples = lanes.load(vector, lanes.offset(0), ir.VectorType(_simd.FLOAT, dimension))
    wide = builder.fpext(samples, ir.VectorType(_simd.DOUBLE, dimension))
    floats = ir.VectorType(_simd.FLOAT, GROUP)
    doubles = ir.VectorType(_simd.DOUBLE, GROUP)
    total = ir.Constant(doubles, [0.0] * GROUP)
    for d in range(dimension):
        component = builder.fpext(lanes.load(codewords, lanes.offset(d * LANES), floats), doubles)
        copies = ir.Constant(ir.VectorType(_simd.INT32, GROUP), [d] * GROUP)
        sample = builder.shuffle_vector(wide, ir.Constant(wide.type, ir.Undefined), copies)
        difference = builder.fsub(sample, component)
        total = builder.fadd(total, builder.fmul(difference, difference))
    return total


@inner_kernel
def _order_by_hint(places, hint, order):
    """Write the rows of the vectors in the order in which their hints stand in the tree, int32 (n,)."""
    ends = np.zeros(places.shape[0] + 1, np.int64)
    for i in range(hint.shape[0]):
        ends[places[hint[i]] + 1] += 1
    for place in range(1, ends.shape[0]):
        ends[place] += ends[place - 1]
    for i in range(hint.shape[0]):
        place = places[hint[i]]
        order[ends[place]] = i
        ends[place] += 1


@functools.cache
def search_kernel(dimension: int) -> Any:
    """The search in tiles for vectors of `dimension` components (1..64); compiled once for each dimension.

    The kernel's arguments: vectors float32 (n, dimension); tree, a `BoxTree`; offset float32 (dimension,), subtracted
    from the vectors before they are compared; hint int32 (n,), or (0,) without a hint; indices int32 (n,) and
    distortions float32 (n,), written.
    """
    width = tile_vectors(dimension)

    @allocating_kernel
    def search_tiles(vectors, tree, offset, hint, indices, distortions):
        tile = np.empty((dimension, width), np.float32)
        rows = np.empty(width, np.int32)
        hinted = np.zeros(width, np.int32)
        norms = np.empty(width, np.float32)
        least = np.empty(width, np.float32)
        second = np.empty(width, np.float32)
        winner = np.empty(width, np.int32)
        found = _Found(norms, least, second, winner)
        numbers = tree.numbers
        seen = np.full(numbers.shape[0], -1, np.int32)
        order = np.empty(hint.shape[0], np.int32)
        if hint.shape[0] > 0:
            _order_by_hint(tree.places, hint, order)
        for start in range(0, vectors.shape[0], width):
            filled = min(width, vectors.shape[0] - start)
            for lane in range(width):
                rows[lane] = start + min(lane, filled - 1)
                if hint.shape[0] > 0:
                    rows[lane] = order[rows[lane]]
                    hinted[lane] = tree.places[hint[rows[lane]]] // LANES
            load_tile(dimension, width, vectors, rows, offset, tile)
            stamp = np.int32(start // width)
            _scan_tile(dimension, tile, hinted, tree, seen, stamp, found)
            for lane in range(filled):
                row = np.int64(rows[lane])
                group = np.int64(winner[lane])
                hinted[lane] = group // _GROUPS_PER_LEAF
                place, error, cost = _nearest_of_group(dimension, vectors, row, tree, group)
                number = numbers[group // _GROUPS_PER_LEAF, group % _GROUPS_PER_LEAF * GROUP + place]
                if second[lane] - least[lane] <= tie_margin(dimension, norms[lane], cost):
                    for leaf in range(seen.shape[0]):
                        if seen[leaf] != stamp:
                            continue
                        for g in range(leaf * _GROUPS_PER_LEAF, (leaf + 1) * _GROUPS_PER_LEAF):
                            p, e, c = _nearest_of_group(dimension, vectors, row, tree, g)
                            k = numbers[leaf, g % _GROUPS_PER_LEAF * GROUP + p]
                            if c < cost or (c == cost and k < number):
                                number, error, cost = k, e, c
                indices[row] = number
                distortions[row] = np.float32(error)

    return search_tiles

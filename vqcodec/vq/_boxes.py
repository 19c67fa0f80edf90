"""Search by elimination in two levels of boxes: lanes are codewords, most codewords are never looked at.

Vectors are mapped to the plane of a `BoxTree` 16 at a time. Then the search goes vector by vector:

1. the leaf of the hint;
2. without a hint, or after a poor one: the leaf whose box is nearest;
3. all leaves whose boxes are not farther than the best codeword so far.

Each lane keeps its two least scores, so the runner-up is known at the end. If it lies within the error bounds of the
winner, float64 formulas decide among all candidates.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.vq import _simd
from vqcodec.vq._bounds import SLACK, tie_margin
from vqcodec.vq._exact import squared_error
from vqcodec.vq._simd import LANES, Lanes, emit_box_bound, emit_projection, load_tile

_SUMS = 4
_MOST_NEAR_GROUPS = 3  # more of them after the hinted leaf show that the hint was poor


class _Tile(NamedTuple):
    """16 vectors, one in each lane, and where they lie in the plane of a `BoxTree`; all float32.

    Attributes:
        vectors: (dimension, 16), less the offset.
        points: (2, 16), the component along the main axis and the norm of the rest.
        norms: (16,), squared norms of the vectors.
        bases: (16,), the part of the pruning threshold that does not depend on the least score.
    """

    vectors: Any
    points: Any
    norms: Any
    bases: Any


@intrinsic(prefer_literal=True)
def _project_tile(typing_context, dimension, tile, tree):
    """Map the vectors of a `_Tile` to the plane of a `BoxTree`: write points, norms and bases."""
    if not isinstance(dimension, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        written, read = lanes.members(tile, arguments[1]), lanes.members(tree, arguments[2])
        rows = range(dimension.literal_value)
        samples = [lanes.load(written["vectors"], lanes.offset(d * LANES)) for d in rows]
        view = emit_projection(lanes, samples, read["axis"], read["threshold"])
        for r in range(2):
            lanes.store(view.point[r], written["points"], lanes.offset(r * LANES))
        lanes.store(view.squared_norm, written["norms"], lanes.offset(0))
        lanes.store(view.base, written["bases"], lanes.offset(0))
        return context.get_dummy_value()

    return types.void(dimension, tile, tree), generate


@intrinsic(prefer_literal=True)
def _search_boxes(typing_context, dimension, tile, lane, tree, scratch, hinted):
    """Search for the vector in one lane of a `_Tile` among the codewords that no box excludes.

    `hinted` is the leaf to begin with, or -1; `scratch` is float32 (n_groups,).

    Returns:
        The place of the codeword of least score (16 leaf + lane in the leaf), its score, and the next higher score
        that was seen.
    """
    if not isinstance(dimension, types.IntegerLiteral):
        return None
    result = types.Tuple((types.int64, types.float32, types.float32))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        samples, arrays = lanes.members(tile, arguments[1]), lanes.members(tree, arguments[3])
        vector = _VectorInLanes(lanes, dimension.literal_value, samples, arguments[2])
        sizes = [lanes.length(*lanes.member(tree, arguments[3], name), 1) for name in ("leaf_boxes", "group_boxes")]
        search = _BoxSearch(lanes, vector, arrays, sizes, lanes.data(scratch, arguments[4]), arguments[5])
        return context.make_tuple(builder, signature.return_type, search.emit())

    return result(dimension, tile, types.intp, tree, scratch, types.intp), generate


class _VectorInLanes:
    """One vector of a `_Tile`, each of its numbers in all lanes.

    Args:
        lanes: what emits the code.
        dimension: components of the vector.
        tile: pointers to the arrays of the `_Tile`.
        lane: which vector it is, int64.
    """

    def __init__(self, lanes: Lanes, dimension: int, tile: dict[str, Any], lane: Any) -> None:
        def row(name: str, number: int) -> Any:
            return lanes.broadcast(tile[name], lanes.builder.add(lanes.offset(number * LANES), lane))

        self.negated = [lanes.builder.fneg(row("vectors", d)) for d in range(dimension)]
        self.point = [row("points", r) for r in range(2)]
        self.base = row("bases", 0)


class _BoxSearch:
    """Emits the search of one vector.

    Args:
        lanes: what emits the code.
        vector: the vector.
        tree: pointers to the arrays of the `BoxTree`.
        sizes: number of leaves and number of groups, int64.
        bounds: pointer to room for one float32 for each group.
        hinted: the leaf to begin with, int64, or -1.
    """

    def __init__(
        self, lanes: Lanes, vector: _VectorInLanes, tree: dict[str, Any], sizes: list[Any], bounds: Any, hinted: Any
    ) -> None:
        self.lanes, self.builder = lanes, lanes.builder
        self.vector, self.tree = vector, tree
        self.leaf_boxes, self.group_boxes = (tree["leaf_boxes"], sizes[0]), (tree["group_boxes"], sizes[1])
        self.bounds, self.group_vectors = bounds, lanes.builder.udiv(sizes[1], lanes.offset(LANES))
        self.hinted = hinted
        self.chosen = lanes.variable(lanes.offset(-1))
        self.least = lanes.variable(lanes.floats(np.inf))
        self.second = lanes.variable(lanes.floats(np.inf))
        self.leaf = lanes.variable(lanes.ints(0))
        self.threshold = lanes.variable(lanes.floats(np.inf))

    def emit(self) -> list[Any]:
        lanes, builder = self.lanes, self.builder
        with lanes.count_to(self.group_vectors) as v:
            first = builder.mul(v, lanes.offset(LANES))
            lanes.store(self.bound(self.group_boxes, first), self.bounds, first)
        with builder.if_then(builder.icmp_signed(">=", self.hinted, lanes.offset(0))):
            self.scan(self.hinted)
            self.lower_threshold()
        with builder.if_then(builder.icmp_signed(">", self.count_near_groups(), lanes.offset(_MOST_NEAR_GROUPS))):
            self.choose_start()
            with builder.if_then(builder.icmp_signed("!=", builder.load(self.chosen), self.hinted)):
                self.scan(builder.load(self.chosen))
                self.lower_threshold()
        with lanes.count_to(self.group_vectors) as v:
            first = builder.mul(v, lanes.offset(LANES))
            near = lanes.at_most(lanes.load(self.bounds, first), builder.load(self.threshold))
            lanes.for_each_bit(near, lambda bit: self.scan_group(builder.add(first, bit)))
        return self.winner()

    def bound(self, boxes: tuple[Any, Any], first: Any) -> Any:
        """Least cost that 16 boxes allow, from number `first` on."""
        lanes, builder = self.lanes, self.builder
        pointer, count = boxes
        rows = [lanes.load(pointer, builder.add(builder.mul(count, lanes.offset(row)), first)) for row in range(5)]
        return emit_box_bound(lanes, rows, self.vector.point)

    def count_near_groups(self) -> Any:
        """Number of groups within the threshold; all of them without a hint."""
        lanes, builder = self.lanes, self.builder
        total = lanes.variable(lanes.offset(0))
        with lanes.count_to(self.group_vectors) as v:
            bounds = lanes.load(self.bounds, builder.mul(v, lanes.offset(LANES)))
            near = lanes.at_most(bounds, builder.load(self.threshold))
            builder.store(builder.add(builder.load(total), lanes.count_bits(near)), total)
        return builder.load(total)

    def choose_start(self) -> None:
        """Choose the leaf of least bound in the group of least bound."""
        lanes, builder = self.lanes, self.builder
        least = lanes.variable(lanes.floats(np.inf))
        group = lanes.variable(lanes.offset(0))
        with lanes.count_to(self.group_vectors) as v:
            first = builder.mul(v, lanes.offset(LANES))
            bounds = lanes.load(self.bounds, first)
            minimum = lanes.least(bounds)
            better = lanes.less(lanes.element(minimum, 0), lanes.element(builder.load(least), 0))
            with builder.if_then(better):
                builder.store(minimum, least)
                builder.store(builder.add(first, lanes.lowest_bit(lanes.at_most(bounds, minimum))), group)
        first = builder.mul(builder.load(group), lanes.offset(LANES))
        bounds = self.bound(self.leaf_boxes, first)
        place = lanes.lowest_bit(lanes.at_most(bounds, lanes.least(bounds)))
        builder.store(builder.add(first, place), self.chosen)

    def scan_group(self, group: Any) -> None:
        lanes, builder = self.lanes, self.builder
        first = builder.mul(group, lanes.offset(LANES))
        near = lanes.at_most(self.bound(self.leaf_boxes, first), builder.load(self.threshold))
        with builder.if_then(lanes.is_set(near)):
            lanes.for_each_bit(near, lambda bit: self.scan_other(builder.add(first, bit)))
            self.lower_threshold()

    def scan_other(self, leaf: Any) -> None:
        builder = self.builder
        scanned = [builder.icmp_signed("==", leaf, other) for other in (self.hinted, builder.load(self.chosen))]
        with builder.if_then(builder.not_(builder.or_(*scanned))):
            self.scan(leaf)

    def scan(self, leaf: Any) -> None:
        """Compare the vector with the 16 codewords of a leaf; each lane keeps its two least scores."""
        lanes, builder = self.lanes, self.builder
        score = emit_leaf_scores(lanes, self.vector, self.tree, leaf)
        least = builder.load(self.least)
        better = lanes.less(score, least)
        builder.store(lanes.minimum(builder.load(self.second), lanes.maximum(score, least)), self.second)
        builder.store(lanes.minimum(score, least), self.least)
        number = lanes.splat(builder.trunc(leaf, _simd.INT32), _simd.INTS)
        builder.store(builder.select(better, number, builder.load(self.leaf)), self.leaf)

    def lower_threshold(self) -> None:
        lanes, builder = self.lanes, self.builder
        least = lanes.least(builder.load(self.least))
        threshold = lanes.multiply_add(least, lanes.floats(2 * (1 + SLACK)), self.vector.base)
        builder.store(threshold, self.threshold)

    def winner(self) -> list[Any]:
        lanes, builder = self.lanes, self.builder
        scores = builder.load(self.least)
        least = lanes.least(scores)
        lane = lanes.lowest_bit(lanes.at_most(scores, least))
        lane_numbers = ir.Constant(_simd.INTS, list(range(LANES)))
        is_winner = builder.icmp_signed("==", lane_numbers, lanes.splat(builder.trunc(lane, _simd.INT32), _simd.INTS))
        runner_up = lanes.least(builder.select(is_winner, builder.load(self.second), scores))
        leaf = builder.extract_element(builder.load(self.leaf), builder.trunc(lane, _simd.INT32))
        place = builder.add(builder.mul(builder.zext(leaf, _simd.INT64), lanes.offset(LANES)), lane)
        return [place, lanes.element(least, 0), lanes.element(runner_up, 0)]


def emit_leaf_scores(lanes: Lanes, vector: _VectorInLanes, tree: dict[str, Any], leaf: Any) -> Any:
    """Scores of the 16 codewords of a leaf, as a few sums side by side: none waits for the one before it."""
    builder = lanes.builder
    sums = [lanes.load(tree["half_costs"], builder.mul(leaf, lanes.offset(LANES)))]
    row = builder.mul(leaf, lanes.offset(LANES * len(vector.negated)))
    for d, component in enumerate(vector.negated):
        components = lanes.load(tree["leaves"], builder.add(row, lanes.offset(d * LANES)))
        if d < _SUMS and d > 0:
            sums.append(builder.fmul(component, components))
        else:
            sums[d % _SUMS] = lanes.multiply_add(component, components, sums[d % _SUMS])
    while len(sums) > 1:
        sums.append(builder.fadd(sums.pop(0), sums.pop(0)))
    return sums[0]


@intrinsic(prefer_literal=True)
def _leaf_candidates(typing_context, dimension, tile, lane, tree, leaf, bound):
    """One bit (int64) for each codeword of a leaf whose score does not exceed `bound`, float32."""
    if not isinstance(dimension, types.IntegerLiteral):
        return None
    signature = types.int64(dimension, tile, types.intp, tree, types.intp, types.float32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = Lanes(context, builder)
        samples, arrays = lanes.members(tile, arguments[1]), lanes.members(tree, arguments[3])
        vector = _VectorInLanes(lanes, dimension.literal_value, samples, arguments[2])
        scores = emit_leaf_scores(lanes, vector, arrays, arguments[4])
        return builder.zext(lanes.at_most(scores, lanes.splat(arguments[5])), _simd.INT64)

    return signature, generate


@inline_kernel
def _bound(boxes, number, along, across):
    """Least cost that box `number` allows at the point (along, across)."""
    aside = max(max(boxes[0, number] - along, along - boxes[1, number]), np.float32(0.0))
    beyond = max(max(boxes[2, number] - across, across - boxes[3, number]), np.float32(0.0))
    return aside * aside + beyond * beyond + boxes[4, number]


@functools.cache
def search_kernel(dimension: int) -> Any:
    """The search by boxes for vectors of `dimension` components (1..64); compiled once for each dimension.

    The kernel's arguments: vectors float32 (n, dimension); tree, a `BoxTree`; codewords float32 (size, dimension);
    penalties float64 (size,); offset float32 (dimension,); hint int32 (n,), or (0,) without a hint; indices int32
    (n,) and distortions float32 (n,), written.
    """

    @allocating_kernel
    def search_tree(vectors, tree, codewords, penalties, offset, hint, indices, distortions):
        rows = np.empty(LANES, np.int32)
        samples = np.empty((dimension, LANES), np.float32)
        points = np.empty((2, LANES), np.float32)
        norms = np.empty(LANES, np.float32)
        bases = np.empty(LANES, np.float32)
        tile = _Tile(samples, points, norms, bases)
        numbers, places, leaf_boxes, group_boxes = tree.numbers, tree.places, tree.leaf_boxes, tree.group_boxes
        scratch = np.empty(group_boxes.shape[1], np.float32)
        for begin in range(0, vectors.shape[0], LANES):
            filled = min(LANES, vectors.shape[0] - begin)
            for lane in range(LANES):
                rows[lane] = begin + min(lane, filled - 1)
            load_tile(dimension, LANES, vectors, rows, offset, samples)
            _project_tile(dimension, tile, tree)
            for lane in range(filled):
                row = begin + lane
                hinted = np.int64(-1)
                if hint.shape[0] > 0:
                    hinted = np.int64(places[hint[row]] // LANES)
                place, least, runner_up = _search_boxes(dimension, tile, lane, tree, scratch, hinted)
                best = np.int64(numbers[place // LANES, place % LANES])
                error = squared_error(vectors[row], codewords[best])
                cost = error + penalties[best]
                margin = tie_margin(dimension, norms[lane], cost)
                if runner_up - least <= margin:
                    along, across = points[0, lane], points[1, lane]
                    limit = np.float32(2.0 * (1.0 + SLACK)) * least + bases[lane]
                    score = np.float32(least + 1.001 * margin)
                    for group in range(group_boxes.shape[1]):
                        if not _bound(group_boxes, group, along, across) <= limit:
                            continue
                        for leaf in range(LANES * group, LANES * (group + 1)):
                            if not _bound(leaf_boxes, leaf, along, across) <= limit:
                                continue
                            mask = _leaf_candidates(dimension, tile, lane, tree, leaf, score)
                            for j in range(LANES):
                                if mask >> j & 1:
                                    k = np.int64(numbers[leaf, j])
                                    e = squared_error(vectors[row], codewords[k])
                                    c = e + penalties[k]
                                    if c < cost or (c == cost and k < best):
                                        best, error, cost = k, e, c
                indices[row] = best
                distortions[row] = np.float32(error)

    return search_tree

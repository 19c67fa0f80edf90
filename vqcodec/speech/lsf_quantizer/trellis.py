"""The trellis of the LSF quantizer's search: a tree of stages in every frame, and surviving paths over the frames.

The search minimises the sum of weight * SD^2 + lambda * bits over the vectors of a group. SD^2 is the squared spectral
distortion in dB^2, by its quadratic approximation. The bits are those of the actual Huffman codes.

In every frame the vector may follow any of the K paths that survived the frame before, by any class. It may also follow
the paths of an earlier frame; then the vectors between are interpolated. The stages are searched from all these
predictions together, and the M best partial sums survive each stage. Every partial sum, of any depth, is a candidate.
The K best distinct candidates survive the frame (delayed decision).

Sources: W. P. LeBlanc, B. Bhattacharya, S. A. Mahmoud and V. Cuperman, "Efficient search and design procedures for
robust multi-stage VQ of LPC parameters for 4 kb/s speech coding", IEEE Trans. Speech and Audio Processing 1993 (M-best
search); P. A. Chou, T. Lookabaugh and R. M. Gray, "Entropy-constrained vector quantization", IEEE Trans. ASSP 1989;
E. B. George, A. V. McCree and V. R. Viswanathan, "Variable frame rate parameter encoding via adaptive frame selection
using dynamic programming", ICASSP 1996 (frames left to interpolation).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel, inner_kernel, kernel
from vqcodec.speech.lsf_quantizer.codebook import POSITION_BITS
from vqcodec.speech.lsf_quantizer.decoding import ReconstructionTables, predict, reconstruct_between, reconstruct_coded
from vqcodec.speech.lsf_quantizer.paths import (
    DoubleArray,
    Group,
    IntArray,
    SearchCosts,
    new_best,
    new_nodes,
    new_paths,
    new_sources,
)


def search_trellis(
    targets: DoubleArray,
    weights: DoubleArray,
    breaks: npt.NDArray[np.uint8],
    start: IntArray,
    tables: ReconstructionTables,
    costs: SearchCosts,
    lambda_: float,
    effort: tuple[int, int, int],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], IntArray]:
    """Find the best path for the vectors of a group; the module says what is minimised.

    Args:
        targets: float64 (n, order), in UNITs.
        weights: float64 (n, order), dB^2 of a squared UNIT.
        breaks: uint8 (n,), 1 where a packet begins.
        start: int64 (order,), in UNITs, the vector before the first one.
        tables, costs: of the codebook.
        lambda_: dB^2 that a bit is worth.
        effort: (paths, survivors, span), see `search.LsfEffort`.

    Returns:
        Headers uint8 (n,), stage indices uint8 (n, stages), vectors int64 (n, order) in UNITs.
    """
    count, order = targets.shape
    path_limit, survivors, span_limit = effort
    kinds, depth_limit = costs.index_bits.shape[:2]
    source_limit = span_limit * path_limit
    paths = new_paths((count + 1, path_limit), order, span_limit, depth_limit)
    paths.counts[0] = 1
    paths.cost[0, 0] = 0.0
    paths.vector[0, 0] = start
    paths.header[0, 0] = costs.header_bits.shape[0] - 1  # the context of a packet's first header
    headers = np.zeros(count, np.uint8)
    stages = np.zeros((count, depth_limit), np.uint8)
    vectors = np.zeros((count, order), np.int64)
    _advance(
        Group(np.ascontiguousarray(targets), np.ascontiguousarray(weights), breaks),
        span_limit,
        tables,
        costs,
        lambda_,
        paths,
        new_sources(source_limit, order, span_limit),
        new_nodes(source_limit * kinds + depth_limit * survivors, order, depth_limit),
        new_best(survivors),
    )
    _trace_back(tables, paths, headers, stages, vectors)
    return headers, stages, vectors


@allocating_kernel
def _advance(group, span_limit, tables, costs, lambda_, paths, sources, nodes, best):
    """Extend the paths by every vector of `group` in turn."""
    for frame in range(group.targets.shape[0]):
        node_count = _gather_sources(group, frame, span_limit, tables, costs, lambda_, paths, sources, nodes)
        first = 0
        for depth in range(costs.sizes.shape[0]):
            kept = _score_stage(depth, first, node_count, costs, lambda_, sources, nodes, best)
            first = node_count
            node_count = _add_nodes(depth, kept, node_count, costs, lambda_, nodes, best)
        _keep_best(group, frame, node_count, tables, costs, lambda_, paths, sources, nodes)


@inline_kernel
def _span_allowed(frame, span, breaks):
    """Return whether the vector at `frame` may follow the one `span` frames before, with interpolated ones between."""
    if frame - span < -1:
        return False
    unbroken = True
    for following in range(frame - span + 2, frame + 1):
        unbroken = unbroken and breaks[following] == 0
    return unbroken


@inner_kernel
def _gather_sources(group, frame, span_limit, tables, costs, lambda_, paths, sources, nodes):
    """Find the paths that the vector at `frame` may follow, and make a node of each class's prediction from each path.

    Return the number of nodes.
    """
    kinds = costs.index_bits.shape[0]
    coded = kinds * (costs.index_bits.shape[1] + 1)
    first_context = coded + tables.positions.shape[0]
    prediction = np.empty(group.targets.shape[1], np.int64)
    source = 0
    node = 0
    for span in range(1, span_limit + 1):
        if not _span_allowed(frame, span, group.breaks):
            continue
        slot = frame + 1 - span  # also the number of the vector that follows the path
        for path in range(paths.counts[slot]):
            previous = paths.vector[slot, path]
            context = first_context if group.breaks[slot] else paths.header[slot, path]
            between = sources.between[source]
            target = sources.target[source]
            weight = sources.weight[source]
            bits, context = _search_positions(
                group, frame, span, tables, costs.header_bits, lambda_, coded, previous, context, between
            )
            constant = _effective_target(group, frame, span, tables, previous, between, target, weight)
            sources.path[source] = path
            sources.span[source] = span
            sources.context[source] = context
            sources.bits[source] = bits
            base = paths.cost[slot, path] + constant + lambda_ * bits
            for kind in range(kinds):
                predict(tables, kind, previous, prediction)
                distortion = 0.0
                for i in range(prediction.shape[0]):
                    error = target[i] - prediction[i]
                    nodes.residual[node, i] = error
                    distortion += weight[i] * error * error
                nodes.source[node] = source
                nodes.kind[node] = kind
                nodes.depth[node] = 0
                nodes.base[node] = base
                nodes.cost[node] = base + distortion
                node += 1
            source += 1
    return node


@inline_kernel
def _search_positions(group, frame, span, tables, header_bits, lambda_, coded, previous, context, between):
    """Search the interpolations of the vectors between `previous` and the vector at `frame`, as if that were exact.

    Return (bits of the interpolations, context after them); fill `between`, int64 (span - 1 or more,), with the
    interpolations.
    """
    bits = 0.0
    for j in range(span - 1):
        skipped = frame - span + 1 + j
        least = np.inf
        for number in range(tables.positions.shape[0]):
            position = tables.positions[number] / (1 << POSITION_BITS)
            cost = lambda_ * header_bits[context, coded + number]
            for i in range(previous.shape[0]):
                error = group.targets[skipped, i] - (1.0 - position) * previous[i] - position * group.targets[frame, i]
                cost += group.weights[skipped, i] * error * error
            if cost < least:
                least = cost
                between[j] = number
        bits += header_bits[context, coded + between[j]]
        context = coded + between[j]
    return bits, context


@inline_kernel
def _effective_target(group, frame, span, tables, previous, between, target, weight):
    """Fold the errors of the interpolated vectors into one target and weight for the vector at `frame`.

    Let p be the previous vector, q the one at `frame`, and t the position of a vector x of weight w between them. The
    sum of w (x - (1 - t) p - t q)^2 is W (X - q)^2 plus a constant. Fill `target` with X and `weight` with W; return
    the constant.
    """
    constant = 0.0
    for i in range(previous.shape[0]):
        total = group.weights[frame, i]
        moment = total * group.targets[frame, i]
        square = moment * group.targets[frame, i]
        for j in range(span - 1):
            skipped = frame - span + 1 + j
            position = tables.positions[between[j]] / (1 << POSITION_BITS)
            rest = group.targets[skipped, i] - (1.0 - position) * previous[i]
            scaled = group.weights[skipped, i] * position
            total += scaled * position
            moment += scaled * rest
            square += group.weights[skipped, i] * rest * rest
        target[i] = moment / total
        weight[i] = total
        constant += square - moment * target[i]
    return constant


@inner_kernel
def _score_stage(depth, first, end, costs, lambda_, sources, nodes, best):
    """Find the best continuations, by an entry of stage `depth`, of nodes `first` to `end`; return their number."""
    scores = np.empty(costs.index_bits.shape[2], np.float32)
    survivors = best.key.shape[0]
    size = costs.sizes[depth]
    kept = 0
    for node in range(first, end):
        kind = nodes.kind[node]
        source = nodes.source[node]
        for entry in range(size):
            scores[entry] = 0.0
        for i in range(nodes.residual.shape[1]):
            weight = np.float32(sources.weight[source, i])
            residual = nodes.residual[node, i]
            entries = costs.entries[kind, depth, i]
            for entry in range(size):
                error = residual - entries[entry]
                scores[entry] += weight * (error * error)
        header = lambda_ * costs.least_header_bits[sources.context[source], kind, depth + 1]
        for entry in range(size):
            cost = nodes.base[node] + scores[entry] + lambda_ * costs.index_bits[kind, depth, entry]
            key = cost + header
            if kept == survivors and key >= best.key[kept - 1]:
                continue
            place = min(kept, survivors - 1)
            kept = place + 1
            while place > 0 and best.key[place - 1] > key:
                best.key[place] = best.key[place - 1]
                best.cost[place] = best.cost[place - 1]
                best.node[place] = best.node[place - 1]
                best.entry[place] = best.entry[place - 1]
                place -= 1
            best.key[place] = key
            best.cost[place] = cost
            best.node[place] = node
            best.entry[place] = entry
    return kept


@inner_kernel
def _add_nodes(depth, kept, node, costs, lambda_, nodes, best):
    """Make nodes, from number `node` on, of the `kept` best continuations by stage `depth`; return the next number."""
    for place in range(kept):
        parent = best.node[place]
        entry = best.entry[place]
        kind = nodes.kind[parent]
        nodes.source[node] = nodes.source[parent]
        nodes.kind[node] = kind
        nodes.depth[node] = depth + 1
        nodes.base[node] = nodes.base[parent] + lambda_ * costs.index_bits[kind, depth, entry]
        nodes.cost[node] = best.cost[place]
        for i in range(nodes.residual.shape[1]):
            nodes.residual[node, i] = nodes.residual[parent, i] - costs.entries[kind, depth, i, entry]
        for stage in range(depth):
            nodes.stages[node, stage] = nodes.stages[parent, stage]
        nodes.stages[node, depth] = entry
        node += 1
    return node


@inner_kernel
def _keep_best(group, frame, node_count, tables, costs, lambda_, paths, sources, nodes):
    """Reconstruct the best nodes with the decoder's routine, and keep the best distinct ones as paths of `frame`."""
    order = group.targets.shape[1]
    depth_limit = costs.index_bits.shape[1]
    ranks = paths.cost.shape[1]
    slot = frame + 1
    vector = np.empty(order, np.int64)
    skipped_vector = np.empty(order, np.int64)
    total = np.empty(node_count)
    for node in range(node_count):
        header = nodes.kind[node] * (depth_limit + 1) + nodes.depth[node]
        total[node] = nodes.cost[node] + lambda_ * costs.header_bits[sources.context[nodes.source[node]], header]
    for _ in range(min(node_count, 4 * ranks)):
        node = 0
        for other in range(node_count):
            if total[other] < total[node]:
                node = other
        total[node] = np.inf
        source = nodes.source[node]
        origin = slot - sources.span[source]
        previous = paths.vector[origin, sources.path[source]]
        kind = nodes.kind[node]
        depth = nodes.depth[node]
        reconstruct_coded(tables, kind, depth, nodes.stages[node], previous, vector)
        rank = paths.counts[slot]
        if _known(vector, paths.vector[slot], rank):
            continue
        header = kind * (depth_limit + 1) + depth
        bits = sources.bits[source] + costs.header_bits[sources.context[source], header]
        for stage in range(depth):
            bits += costs.index_bits[kind, stage, nodes.stages[node, stage]]
        cost = paths.cost[origin, sources.path[source]] + lambda_ * bits
        cost += _distortion(group, frame, vector)
        for j in range(sources.span[source] - 1):
            reconstruct_between(tables, sources.between[source, j], previous, vector, skipped_vector)
            cost += _distortion(group, origin + j, skipped_vector)
        paths.cost[slot, rank] = cost
        for i in range(order):
            paths.vector[slot, rank, i] = vector[i]
        paths.header[slot, rank] = header
        paths.parent[slot, rank] = sources.path[source]
        paths.span[slot, rank] = sources.span[source]
        for j in range(sources.span[source] - 1):
            paths.between[slot, rank, j] = sources.between[source, j]
        for stage in range(depth):
            paths.stages[slot, rank, stage] = nodes.stages[node, stage]
        paths.counts[slot] = rank + 1
        if rank + 1 == ranks:
            break


@inline_kernel
def _known(vector, vectors, count):
    """Return whether `vector` is among the first `count` of `vectors`."""
    for n in range(count):
        same = True
        for i in range(vector.shape[0]):
            same = same and vectors[n, i] == vector[i]
        if same:
            return True
    return False


@inline_kernel
def _distortion(group, frame, vector):
    """Return the weighted distortion of `vector`, int64 (order,) in UNITs, at `frame`."""
    total = 0.0
    for i in range(vector.shape[0]):
        error = group.targets[frame, i] - vector[i]
        total += group.weights[frame, i] * error * error
    return total


@kernel
def _trace_back(tables, paths, headers, stages, vectors):
    """Follow the best path back from the last vector, and fill the arrays that `search_trellis` returns."""
    coded = tables.offsets.shape[0] * (stages.shape[1] + 1)
    slot = headers.shape[0]
    rank = 0
    for other in range(paths.counts[slot]):
        if paths.cost[slot, other] < paths.cost[slot, rank]:
            rank = other
    while slot > 0:
        frame = slot - 1
        headers[frame] = paths.header[slot, rank]
        for i in range(vectors.shape[1]):
            vectors[frame, i] = paths.vector[slot, rank, i]
        for stage in range(headers[frame] % (stages.shape[1] + 1)):
            stages[frame, stage] = paths.stages[slot, rank, stage]
        origin = slot - paths.span[slot, rank]
        parent = paths.parent[slot, rank]
        for j in range(paths.span[slot, rank] - 1):
            number = paths.between[slot, rank, j]
            headers[origin + j] = coded + number
            reconstruct_between(tables, number, paths.vector[origin, parent], vectors[frame], vectors[origin + j])
        slot = origin
        rank = parent

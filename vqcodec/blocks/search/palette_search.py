"""Search of the palette of a block: colours by clustering of its sample values, indices by distortion and bits.

Clusters are cut out one after another around the value that costs most, and settled by Lloyd's iteration (Lloyd 1957).
Bits are those of the chances at first, since the writer's adapt.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MAX, SUPERBLOCK
from vqcodec.blocks.syntax.palette_contexts import MOST_COLOURS, index_bits
from vqcodec.blocks.syntax.palettes import (
    BORDER,
    LEVEL_SHIFT,
    begin_row,
    guide_levels,
    index_at,
    index_size,
    left_context,
    load_border,
    nearest,
    palette_neighbours,
    surroundings,
    turn_context,
    turn_index,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

_BINS = 256
_ROUNDS = 3
_TURNS = 3
_UNIT = np.float32(1.0 / (1 << SAMPLE_BITS))
_COUNT_BITS = np.float32(2.0)
_KNOWN_BITS, _NEW_BITS = np.float32(1.2), np.float32(9.0)  # of a colour
_FREQUENT = np.float32(5.0)  # bits that it is worth to take a frequent value, which may come again, for a mean
_BITS = index_bits()
# Bits of a block that has a palette, and of one that has none, by the number of neighbours that have
_USED_BITS = np.array([3.8, 1.5, 0.3], dtype=np.float32)
_OTHER_BITS = np.array([0.1, 0.6, 2.3], dtype=np.float32)

PALETTE_SEARCH = record_type(
    counts=(np.int32, _BINS),
    sums=(np.int64, _BINS),
    bins=(np.int32, _BINS),
    labels=(np.int32, _BINS),
    centres=(np.float32, MOST_COLOURS),
    colours=(np.int16, MOST_COLOURS),
    indices=(np.int32, (SUPERBLOCK + BORDER, SUPERBLOCK + BORDER + 1)),
)
"""Working arrays.

Attributes:
    counts, sums: of the samples of a block, by their value without fraction.
    bins: the values that there are; labels: the cluster of each.
    centres: of the clusters, in 1/16; colours: what is coded for them, ascending.
    indices: as `palettes.PALETTE_STATE` has them.
"""


@inline_kernel
def palette_bits(plane, block, used):
    """Return about how many bits it takes to tell whether a block (`layout.Block`) has a palette."""
    near = palette_neighbours(plane, block)
    return _USED_BITS[near] if used else _OTHER_BITS[near]


@inner_kernel
def _count_values(source, block, search):
    """Fill `counts`, `sums` and `bins` for a block; return the number of bins."""
    for value in range(_BINS):
        search.counts[value] = 0
        search.sums[value] = 0
    for i in range(1 << block.log_height):
        row = source[block.y + i]
        for j in range(1 << block.log_width):
            sample = np.int64(row[block.x + j])
            value = min((sample + 8) >> SAMPLE_BITS, _BINS - 1)
            search.counts[value] += 1
            search.sums[value] += sample
    count = np.int64(0)
    for value in range(_BINS):
        if search.counts[value] > 0:
            search.bins[count] = value
            search.labels[count] = 0
            count += 1
    return count


@inline_kernel
def _mean_of(search, number):
    """Return the mean of the samples of a bin, in 1/16."""
    value = search.bins[number]
    return np.float32(search.sums[value]) / np.float32(search.counts[value])


@inner_kernel
def _settle(search, bins, clusters):
    """Assign bins to the nearest centres, move these, and repeat; return the squared error in samples."""
    error = np.float32(0)
    for turn in range(_ROUNDS):
        error = np.float32(0)
        for number in range(bins):
            mean = _mean_of(search, number)
            best, least = np.int64(0), np.float32(1e30)
            for k in range(clusters):
                off = mean - search.centres[k]
                if off * off < least:
                    best, least = np.int64(k), off * off
            search.labels[number] = best
            error += least * np.float32(search.counts[search.bins[number]])
        if turn == _ROUNDS - 1:
            break
        for k in range(clusters):
            count, total = np.int64(0), np.int64(0)
            for number in range(bins):
                if search.labels[number] == k:
                    count += search.counts[search.bins[number]]
                    total += search.sums[search.bins[number]]
            if count > 0:
                search.centres[k] = np.float32(total) / np.float32(count)
    return error * _UNIT * _UNIT


@inner_kernel
def _add_cluster(search, bins, clusters):
    """Put one more centre where a bin is worst served."""
    worst, most = np.int64(0), np.float32(-1)
    for number in range(bins):
        mean = _mean_of(search, number)
        off = mean - search.centres[search.labels[number]]
        cost = off * off * np.float32(search.counts[search.bins[number]])
        if clusters == 0:
            cost = np.float32(search.counts[search.bins[number]])
        if cost > most:
            worst, most = np.int64(number), cost
    search.centres[clusters] = _mean_of(search, worst)


@inline_kernel
def _level_of(value):
    """Return a value in 1/16 in whole quarters of a sample."""
    level = np.int64(np.rint(value / np.float32(1 << LEVEL_SHIFT))) << LEVEL_SHIFT
    return min(max(level, 0), SAMPLE_MAX)


@inner_kernel
def _choose_colours(search, bins, clusters, lambda_):
    """Fill `colours`, ascending; return their number."""
    found = np.int64(0)
    for k in range(clusters):
        count, total = np.int64(0), np.int64(0)
        frequent = np.int64(-1)
        for number in range(bins):
            if search.labels[number] == k:
                value = search.bins[number]
                count += search.counts[value]
                total += search.sums[value]
                if frequent < 0 or search.counts[value] > search.counts[search.bins[frequent]]:
                    frequent = np.int64(number)
        if count == 0:
            continue
        colour = np.float32(total) / np.float32(count)
        usual = _mean_of(search, frequent)
        off = (usual - colour) * _UNIT
        if off * off * np.float32(count) < lambda_ * _FREQUENT:
            colour = usual
        level = _level_of(colour)
        place = found
        while place > 0 and search.colours[place - 1] > level:
            place -= 1
        if place > 0 and search.colours[place - 1] == level:
            continue
        for other in range(found, place, -1):
            search.colours[other] = search.colours[other - 1]
        search.colours[place] = level
        found += 1
    return found


@inner_kernel
def _is_near(plane, block, level):
    """Whether a decoded sample beside a block has this value."""
    y, x = block.y, block.x
    found = False
    for j in range(1 << block.log_width if y > 0 else 0):
        found = found or plane.samples[y - 1, x + j] == level
    for i in range(1 << block.log_height if x > 0 else 0):
        found = found or plane.samples[y + i, x - 1] == level
    return found


@inner_kernel
def _index_bits(indices, row, column, count):
    """Return the bits of an index."""
    left, above, right, corner, pattern = surroundings(indices, row, column)
    index = np.int64(indices[row, column])
    context = left_context(count, pattern)
    if index == left:
        return _BITS[context, 1]
    bits = _BITS[context, 0]
    if count == 2:
        return bits
    for turn in range(_TURNS):
        other = turn_index(turn, left, above, right, corner)
        if other >= 0:
            context = turn_context(count, pattern, turn)
            if index == other:
                return bits + _BITS[context, 1]
            bits += _BITS[context, 0]
    return bits + np.float32(index_size(count))


@inner_kernel
def _choose_indices(plane, source, block, count, lambda_, limit, search):
    """Fill `indices`, each the nearest colour, or that to the left or above if it costs less; return the cost.

    Above `limit` it is a part of the cost.
    """
    width, height = 1 << block.log_width, 1 << block.log_height
    indices, colours = search.indices, search.colours
    cost = np.float32(0)
    if count > 1:
        load_border(plane, block, colours, count, indices)
    for i in range(height):
        begin_row(indices, i + BORDER, width)
        row = i + BORDER
        for j in range(width):
            column = j + BORDER
            sample = np.int64(source[block.y + i, block.x + j])
            best, least = np.int64(0), np.float32(1e30)
            first = nearest(colours, count, sample) if count > 1 else np.int64(0)
            for trial in range(3 if count > 1 else 1):
                index = first
                if trial == 1:
                    index = np.int64(indices[row, column - 1])
                elif trial == 2:
                    index = np.int64(indices[row - 1, column])
                if trial > 0 and index == first:
                    continue
                off = np.float32(sample - colours[index]) * _UNIT
                own = off * off
                if count > 1 and own < least:
                    indices[row, column] = index
                    own += lambda_ * _index_bits(indices, row, column, count)
                if own < least:
                    best, least = index, own
            indices[row, column] = best
            cost += least
        if cost > limit:
            break
    return cost


@inner_kernel
def _search_colours(plane, source, block, lambda_, limit, search, painted):
    """Search the palette of a block of luma; arguments as for `search_palette`."""
    bins = _count_values(source, block, search)
    best = limit
    width, height = 1 << block.log_width, 1 << block.log_height
    for clusters in range(1, min(bins, MOST_COLOURS) + 1):
        _add_cluster(search, bins, clusters - 1)
        error = _settle(search, bins, clusters)
        if error + lambda_ * (_COUNT_BITS + _KNOWN_BITS * clusters) >= best:
            continue
        count = _choose_colours(search, bins, clusters, lambda_)
        bits = _COUNT_BITS
        for k in range(count):
            bits += _KNOWN_BITS if _is_near(plane, block, np.int64(search.colours[k])) else _NEW_BITS
        cost = lambda_ * bits
        cost += _choose_indices(plane, source, block, count, lambda_, best - cost, search)
        if cost < best:
            best = cost
            for i in range(height):
                for j in range(width):
                    index = search.indices[i + BORDER, j + BORDER] if count > 1 else 0
                    painted[i, j] = search.colours[index]
        if error < lambda_ * _KNOWN_BITS:
            break
    return best


@inner_kernel
def _known_colour(plane, block, guide):
    """Return the sample beside a block where the guide has a value; -1 if there is none."""
    y, x = block.y, block.x
    for j in range(1 << block.log_width):
        if y > 0 and plane.guides[0, y - 1, x + j] == guide:
            return np.int64(plane.samples[y - 1, x + j])
    for i in range(1 << block.log_height):
        if x > 0 and plane.guides[0, y + i, x - 1] == guide:
            return np.int64(plane.samples[y + i, x - 1])
    return np.int64(-1)


@inner_kernel
def _search_guided(plane, source, block, lambda_, limit, search, state):
    """Search the palette of a block of chroma; arguments as for `search_palette`."""
    levels = guide_levels(plane, block, state)
    if levels == 0:
        return limit
    width, height = 1 << block.log_width, 1 << block.log_height
    for k in range(levels):
        search.counts[k] = 0
        search.sums[k] = 0
    for i in range(height):
        for j in range(width):
            k = index_at(state.guides, levels, np.int64(plane.guides[0, block.y + i, block.x + j]))
            search.counts[k] += 1
            search.sums[k] += source[block.y + i, block.x + j]
    bits = np.float32(0)
    for k in range(levels):
        mean = np.float32(search.sums[k]) / np.float32(search.counts[k])
        known = _known_colour(plane, block, np.int64(state.guides[k]))
        level = _level_of(mean)
        own = _NEW_BITS
        if known >= 0:
            off = (np.float32(known) - mean) * _UNIT
            if off * off * np.float32(search.counts[k]) < lambda_ * (_NEW_BITS - _KNOWN_BITS):
                level, own = (known >> LEVEL_SHIFT) << LEVEL_SHIFT, _KNOWN_BITS
        search.colours[k] = level
        bits += own
    cost = lambda_ * bits
    for i in range(height):
        for j in range(width):
            k = index_at(state.guides, levels, np.int64(plane.guides[0, block.y + i, block.x + j]))
            off = np.float32(source[block.y + i, block.x + j] - search.colours[k]) * _UNIT
            cost += off * off
    if cost >= limit:
        return limit
    for i in range(height):
        for j in range(width):
            k = index_at(state.guides, levels, np.int64(plane.guides[0, block.y + i, block.x + j]))
            state.painted[i, j] = search.colours[k]
    return cost


@inner_kernel
def search_palette(plane, source, block, lambda_, limit, search, state):
    """Search the palette of a block (`layout.Block`) that costs less than `limit`.

    Args:
        plane: `layout.Plane` with palettes; source: int16 plane in 1/16.
        lambda_: distortion per bit, in squared samples.
        limit: float32, a cost.
        search: record of PALETTE_SEARCH.
        state: record of `palettes.PALETTE_STATE`, whose `painted` is filled if there is one.

    Returns:
        The cost, float32: squared error + lambda * bits, in squared samples; `limit` if there is no such palette.
    """
    used = lambda_ * palette_bits(plane, block, True)
    if plane.guides.shape[0] > 0:
        return min(_search_guided(plane, source, block, lambda_, limit - used, search, state) + used, limit)
    return min(_search_colours(plane, source, block, lambda_, limit - used, search, state.painted) + used, limit)

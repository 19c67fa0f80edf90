"""Search of where a block is copied from in its own plane: the candidates, and where the source repeats."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.memory_prediction import copy_samples
from vqcodec.blocks.layout import SUPERBLOCK, UNIT_LOG
from vqcodec.blocks.search.hadamard import hadamard_cost
from vqcodec.blocks.search.memory_search import offer_motion
from vqcodec.blocks.search.repeats import LEADS, LEVELS
from vqcodec.blocks.syntax.copies import copy_kind, list_copies, may_copy
from vqcodec.blocks.syntax.motion import (
    FLAVOUR_BITS,
    column_of,
    magnitude_class,
    place_number,
    remembering_neighbours,
    row_of,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel

# Bits of a block that is copied, and of one that is not, by kind and number of neighbours that are. The writer's
# chances adapt; these are what they often come to
_COPIED_BITS = np.array([[4.0, 1.2, 0.4], [5.0, 3.0, 2.0], [0.4, 0.3, 0.2], [1.0, 0.6, 0.4]], dtype=np.float32)
_OTHER_BITS = np.array([[0.1, 0.8, 2.0], [0.05, 0.2, 0.4], [2.0, 2.4, 3.0], [1.0, 1.6, 2.0]], dtype=np.float32)
_CODED_BITS = np.float32(1.5)
_UNCODED_BITS = np.float32(0.6)
_CANDIDATE_BITS = np.array([0.6, 2.0, 3.0, 4.0, 4.0], dtype=np.float32)
_EXPLICIT_BITS = np.float32(2.0)
_AXIS_BITS = np.float32(2.5)  # beside those of the magnitude


@inline_kernel
def copied_bits(plane, block, copied):
    """Return about how many bits it takes to tell whether a block (`layout.Block`) is copied."""
    kind, near = copy_kind(plane, block), remembering_neighbours(plane, block)
    return _COPIED_BITS[kind, near] if copied else _OTHER_BITS[kind, near]


@inline_kernel
def coded_bits(coded):
    """Return about how many bits it takes to tell whether a copied block has coefficients."""
    return _CODED_BITS if coded else _UNCODED_BITS


@inner_kernel
def place_bits(place, places):
    """Return about how many bits a place takes beside the candidates `places`."""
    for number in range(places[0]):
        if place_number(places, number) == place:
            return _CANDIDATE_BITS[number]
    bits = magnitude_class(row_of(place)) + magnitude_class(column_of(place))
    return _EXPLICIT_BITS + np.float32(bits) + 2 * _AXIS_BITS


@inner_kernel
def _try_copy(plane, source, block, place, places, weight, scratch):
    """Return the Hadamard cost of a copy + `weight` * its bits."""
    copy_samples(plane, block, place << FLAVOUR_BITS, scratch.block.prediction)
    cost = hadamard_cost(source, block, scratch.block.prediction, scratch.hadamard)
    return cost + weight * place_bits(place, places)


@inner_kernel
def rank_copies(plane, source, block, weight, settings, scratch):
    """Fill `scratch.motions` with the most promising copies of a block, the best first; return their number.

    Args:
        plane: `layout.Plane` that copies itself; block: `layout.Block`.
        source: int16 plane in 1/16.
        weight: cost of a bit in samples.
        settings: `effort.LeafSettings`.
        scratch: record of LEAF_SCRATCH.
    """
    count, most = np.int64(0), np.int64(settings.memory_trials)
    places = list_copies(plane, block)
    for number in range(places[0]):
        place = np.int64(place_number(places, number))
        cost = _try_copy(plane, source, block, place, places, weight, scratch)
        count = offer_motion(place << FLAVOUR_BITS, cost, most, count, scratch)
    if settings.memory_explicit == 0:
        return count
    level = min(min(block.log_width, block.log_height) - UNIT_LOG, LEVELS - 1)
    v, u = (block.y & (SUPERBLOCK - 1)) >> UNIT_LOG, (block.x & (SUPERBLOCK - 1)) >> UNIT_LOG
    for number in range(LEADS):
        place = np.int64(scratch.leads[level, v, u, number])
        if place < 0:
            break
        if may_copy(plane, block, place):
            cost = _try_copy(plane, source, block, place, places, weight, scratch)
            count = offer_motion(place << FLAVOUR_BITS, cost, most, count, scratch)
    return count

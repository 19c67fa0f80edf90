"""What the parts of the block search share: what they work on, their working arrays, and small helpers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import CANDIDATES
from vqcodec.video.mc.effort import BlockEffort
from vqcodec.video.mc.layout import ENTRIES, LISTS, MOTION, NODE_SIZES, ROOT, InterFrame, Sources
from vqcodec.video.mc.model.adaptation import FrameLengths
from vqcodec.video.mc.search.motion_search import STARTS
from vqcodec.video.mc.search.residual_search import RESIDUAL_SCRATCH

EXPLICIT_TRIALS = 3  # the best of each list, and both together


class Search(NamedTuple):
    """What the search of a predicted frame works on.

    The tables of the picture model are not part of it, since few of its functions need them: to a compiled kernel each
    array of a tuple is seven arguments or more.

    Attributes:
        frame: filled by the search; what a block depends on is decoded.
        sources: the planes to code.
        phases: int16 (SLOTS, PHASES, rows, columns), the padded references in all phases.
        far: int64 (SLOTS, VECTORS, 2), vectors to each reference that many blocks share, in quarters of a sample,
            filled up with zeros.
        matches: int16 (SLOTS, rows / GRID, columns / GRID, 2 MATCHES), vectors to each reference from each square of
            GRID x GRID samples, as `lookahead.exact_matches` finds them; of no rows and columns if none are known.
        tables: code lengths.
        effort: how thoroughly to search, and what a bit costs.
    """

    frame: InterFrame
    sources: Sources
    phases: npt.NDArray[np.int16]
    far: npt.NDArray[np.int64]
    matches: npt.NDArray[np.int16]
    tables: FrameLengths
    effort: BlockEffort


BLOCK_SEARCH_SCRATCH = record_type(
    target=(np.int16, (ROOT, ROOT)),
    pair_target=(np.int16, (ROOT, ROOT)),
    rows=(np.int32, (4, ROOT)),
    candidates=(np.int64, (CANDIDATES + 1, MOTION)),
    candidate_costs=(np.float64, CANDIDATES),
    starts=(np.int64, (STARTS, 2)),
    predictors=(np.int64, (LISTS, ENTRIES, 2, 2)),
    vectors=(np.int64, (LISTS, ENTRIES, 2)),
    vector_costs=(np.float64, (LISTS, ENTRIES)),
    found=(np.int64, (NODE_SIZES + 1, LISTS, ENTRIES, 3)),
    explicit=(np.int64, (EXPLICIT_TRIALS, MOTION)),
    explicit_costs=(np.float64, EXPLICIT_TRIALS),
    vector=(np.int64, 2),
    best=(np.int64, MOTION),
    residual=RESIDUAL_SCRATCH,
)
"""Working arrays of the block search.

Attributes:
    target: the block to predict. pair_target: what the second of two predictions should be.
    rows: of differences, for `hadamard_difference`.
    starts: vectors to start a search from.
    predictors, vectors, vector_costs: by list and entry: predictors of a vector, the best vector, and its cost.
    found: by size of node, list and entry: (1 if a vector was found there, row, column). Smaller nodes start from it.
    explicit, explicit_costs: the explicit motions to try, and their costs.
    best: motion of the best way so far.
"""


@inline_kernel
def least(costs, count):
    """Return the number of the smallest of the first `count` costs."""
    best = 0
    for i in range(1, count):
        if costs[i] < costs[best]:
            best = i
    return best

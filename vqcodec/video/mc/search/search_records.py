"""Working arrays of the block search, and what its parts share."""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import CANDIDATES
from vqcodec.video.mc.layout import ENTRIES, LISTS, MOTION, NODE_SIZES, ROOT
from vqcodec.video.mc.search.motion_search import STARTS
from vqcodec.video.mc.search.residual_search import RESIDUAL_SCRATCH

HUGE = 1e30
EXPLICIT_TRIALS = 3  # the best of each list, and both

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
    result=(np.float64, 3),
    residual=RESIDUAL_SCRATCH,
)
"""Working arrays of the block search.

Attributes:
    target, pair_target: the block to predict; what the second of two predictions should be.
    found: by size of node, the vectors found there (1 if there is one, row, column), to start from below it.
    best: motion of the best way so far.
    result: of `code_block`.
"""


@inline_kernel
def least(costs, count):
    """Return the number of the least of the first `count` costs."""
    best = 0
    for i in range(1, count):
        if costs[i] < costs[best]:
            best = i
    return best

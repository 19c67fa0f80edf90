"""How thoroughly slabs are searched at each effort, 0 (fastest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.steps import LAMBDA_FACTOR


class SlabEffort(NamedTuple):
    """How thoroughly a slab is searched.

    Attributes:
        lambda_: distortion per bit, in squared quantizer steps.
        passes: of the quantizer.
        sizes: 2 to try 8x8 and 16x16 blocks in each macroblock, 1 to try 16x16 blocks only.
        search_range: first distance of the motion search, in whole samples.
        motion, adaptive, replenish: 1 if these tools may be used (see `parameters.GroupParameters`), else 0.
    """

    lambda_: np.float32
    passes: int
    sizes: int
    search_range: int
    motion: int
    adaptive: int
    replenish: int


def slab_effort(effort: int, lambda_scale: float, motion: bool, adaptive: bool, replenish: bool) -> SlabEffort:
    """Return how slabs are searched at an effort of 0 to 9.

    Args:
        lambda_scale: factor of the rate-distortion lambda.
        motion, adaptive, replenish: tools that may be used.
    """
    return SlabEffort(
        lambda_=np.float32(LAMBDA_FACTOR * lambda_scale),
        passes=1 if effort < 7 else (2 if effort < 9 else 3),
        sizes=1 if effort < 2 else 2,
        search_range=4 if effort < 5 else 8,
        motion=int(motion),
        adaptive=int(adaptive),
        replenish=int(replenish),
    )

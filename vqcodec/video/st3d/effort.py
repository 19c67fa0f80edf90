"""What the encoder tries at each effort, from 0 (quickest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.steps import LAMBDA_FACTOR


class Settings(NamedTuple):
    """How thoroughly a slab is searched.

    Attributes:
        lambda_factor: distortion per bit, in squared steps.
        passes: of the quantizer.
        sizes: 2 to try 8x8 and 16x16 blocks for each macroblock, 1 for 16x16 alone.
        search_range: whole samples of the first steps of the motion search.
        motion, adaptive, replenish: 1 where these tools may be used.
    """

    lambda_factor: np.float32
    passes: int
    sizes: int
    search_range: int
    motion: int
    adaptive: int
    replenish: int


def settings_of(effort: int, lambda_scale: float, motion: bool, adaptive: bool, replenish: bool) -> Settings:
    """Return the settings of `effort` (0 to 9)."""
    return Settings(
        lambda_factor=np.float32(LAMBDA_FACTOR * lambda_scale),
        passes=1 if effort < 7 else (2 if effort < 9 else 3),
        sizes=1 if effort < 2 else 2,
        search_range=4 if effort < 5 else 8,
        motion=int(motion),
        adaptive=int(adaptive),
        replenish=int(replenish),
    )

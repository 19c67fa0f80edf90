"""A group that takes rarer ways, so that their kernels are compiled: what repeats is copied and found again."""

from __future__ import annotations

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine

_REPEATS = 9  # of a pattern of 8x8 samples, in rows and columns
_EFFORT = 4


def take_rarer_ways(codebook: Codebook) -> None:
    """Code two small frames in the ways that not every group takes.

    Args:
        codebook: one of the engine.
    """
    pattern = np.repeat(np.arange(32, dtype=np.uint8).reshape(8, 4) * 5, 2, axis=1)
    luma = np.tile(pattern, (_REPEATS, _REPEATS))
    side = luma.shape[0]
    frames = [
        Frame(np.ascontiguousarray(shown), shown[::2, ::2].copy(), shown[1::2, ::2].copy())
        for shown in (luma, np.roll(luma, 3, axis=1))
    ]
    coded = engine.encode_group(frames, codebook, Settings(quality=50.0, effort=_EFFORT, threads=1, options={}))
    for _ in engine.decode_group(coded.packet, side, side, codebook, 1):
        pass

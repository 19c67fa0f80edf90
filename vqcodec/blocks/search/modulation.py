"""Quantizer steps that follow the picture: finer in smooth superblocks, coarser in textured ones, which hide errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SUPERBLOCK, superblock_count
from vqcodec.blocks.steps import MAX_STEP_INDEX, STEPS_PER_OCTAVE
from vqcodec.blocks.syntax.partitions import STEP_MIDDLE

# By tune: the squared step grows with this power of the local activity. SSIM is best at 0.4, SSIMULACRA2 at 0.6
_STRENGTHS = {"ssim": 0.4, "visual": 0.6}
_LIMIT = 1.2  # bound on the natural logarithm of the squared step's factor
_CELL = 8
_NOISE = 30.0  # added to variances, squared sample values


def superblock_steps(source: npt.NDArray[np.int16], base: int, tune: str) -> npt.NDArray[np.uint8]:
    """Return the step index of each superblock of `source` (padded plane in 1/16): uint8, around step index `base`.

    Activity is the mean logarithm of the variances of the 8x8 cells. The squared step grows with a power of the
    activity, relative to the picture's mean. `tune` is "ssim" or "visual", and says which power.
    """
    rows, columns = superblock_count(source.shape[0]), superblock_count(source.shape[1])
    extra = ((0, rows * SUPERBLOCK - source.shape[0]), (0, columns * SUPERBLOCK - source.shape[1]))
    whole = np.pad(source, extra, mode="edge") / float(1 << SAMPLE_BITS)
    cells = whole.reshape(rows * SUPERBLOCK // _CELL, _CELL, columns * SUPERBLOCK // _CELL, _CELL)
    activity = np.log(cells.var(axis=(1, 3)) + _NOISE)
    per = SUPERBLOCK // _CELL
    local = activity.reshape(rows, per, columns, per).mean(axis=(1, 3))
    exponent = np.clip(_STRENGTHS[tune] * (local - local.mean()), -_LIMIT, _LIMIT)
    change = np.rint(0.5 * STEPS_PER_OCTAVE * exponent / np.log(2)).astype(np.int64)
    change = np.clip(change, -STEP_MIDDLE, STEP_MIDDLE)
    return np.clip(base + change, 0, MAX_STEP_INDEX).astype(np.uint8)

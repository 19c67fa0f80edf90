"""Slabs, bands and macroblocks: the geometry of the engine, and the arrays that describe a slab while it is coded.

A slab is 1, 2 or 4 consecutive frames that a temporal Haar transform turns into as many bands: of four frames the
mean LL, the difference LH of the means of its pairs, and the differences H0 and H1 within the pairs; of two frames L
and H. A macroblock is 16x16 samples of luma with 8x8 of each chroma plane, and reaches through all bands of its slab: a
mode says how deep its temporal transform goes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MAX
from vqcodec.blocks.steps import MAX_STEP_INDEX, STEPS

MACROBLOCK = 16
SUPERBLOCK_SIDE = 2  # macroblocks a side of what shares one skip mask
DEPTHS = (1, 2, 4)  # frames of a slab, by its kind
MAX_BANDS = 4
BAND_LIMIT = 2 * SAMPLE_MAX  # magnitude of a band's sample: whatever the stream, sums of lifting fit 16 bits

# Modes of a macroblock. DEEP: all frames in one transform; PAIRS: two by two; ALONE: each frame for itself
DEEP, DEEP_MOTION, PAIRS, PAIRS_MOTION, ALONE = range(5)
MODES = 5

# Classes of bands: of a frame alone, of pairs, of all four frames
SINGLE, PAIR_LOW, PAIR_HIGH, DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH = range(6)
BAND_CLASSES = 6

CLASS_OF_BAND = np.array(
    [
        [DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH, DEEP_HIGH],
        [DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH, DEEP_HIGH],
        [PAIR_LOW, PAIR_LOW, PAIR_HIGH, PAIR_HIGH],
        [PAIR_LOW, PAIR_LOW, PAIR_HIGH, PAIR_HIGH],
        [SINGLE, SINGLE, SINGLE, SINGLE],
    ],
    dtype=np.int64,
)  # by mode and band, of slabs of four frames
CLASS_OF_PAIR_BAND = np.array([[PAIR_LOW, PAIR_HIGH], [SINGLE, SINGLE]], dtype=np.int64)  # of two: PAIRS*, ALONE

# What is added to the step index: bands are means and differences, whose orthonormal scale differs from that of frames
STEP_SHIFTS = np.array([0, -4, 4, -8, 0, 4], dtype=np.int64)
PIXEL_LIKE = np.array([1, 1, 0, 1, 0, 0], dtype=np.int64)  # classes predicted from the mean around

# Weights, in halves, of the magnitudes of the bands before a band in what its codewords are conditioned on
CONDITION_WEIGHTS = np.zeros((MODES, MAX_BANDS, MAX_BANDS), dtype=np.int64)
CONDITION_WEIGHTS[:2, 1] = [2, 0, 0, 0]
CONDITION_WEIGHTS[:2, 2] = [1, 2, 0, 0]
CONDITION_WEIGHTS[:2, 3] = [0, 1, 2, 0]
CONDITION_WEIGHTS[2:4, 2] = [2, 0, 0, 0]
CONDITION_WEIGHTS[2:4, 3] = [0, 2, 0, 0]
PAIR_WEIGHTS = np.array([2, 0, 0, 0], dtype=np.int64)  # of the second band of a slab of two

FIRST_CLASS_FORM = np.array([0, 1, 2, 5, 6, 9], dtype=np.int64)  # conditioned classes have three forms a size

MAX_VECTOR = 31  # half samples a frame

# Rows of `Slab.maps`
SKIPPED, MODE, VECTOR_Y, VECTOR_X, BAND_MASK = range(5)
MAP_FIELDS = 5

# Bits of `Slab.parts`
LUMA_CODED, BLUE_CODED, RED_CODED, SMALL = 1, 2, 4, 8

CHROMA_STEP = -2  # eighths of an octave
MIN_STEP_INDEX, LAST_STEP_INDEX = 10, MAX_STEP_INDEX - 4  # so that all bands stay on the ladder


class Slab(NamedTuple):
    """A slab while it is coded, as kernels take it; sizes padded to whole macroblocks.

    Attributes:
        luma: int16 (bands, height, width), the bands as reconstructed so far, in 1/16.
        chroma: int16 (2, bands, height / 2, width / 2), likewise.
        last_luma, last_chroma: int16, the last frame of the slab before, in 1/16.
        maps: int16 (MAP_FIELDS, rows, columns) of macroblocks.
        parts: uint8 (bands, rows, columns): what is coded of a band's macroblock, and whether in 8x8 blocks.
        quarters: uint8 (bands, rows, columns): which of its 8x8 blocks are coded.
        energy: uint8 (bands, 2 rows, 2 columns): how much was coded, by block of 8x8.
        chroma_energy: uint8 (2, bands, rows, columns).
        steps: int32 (2, BAND_CLASSES), fixed-point steps of luma and chroma.
    """

    luma: npt.NDArray[np.int16]
    chroma: npt.NDArray[np.int16]
    last_luma: npt.NDArray[np.int16]
    last_chroma: npt.NDArray[np.int16]
    maps: npt.NDArray[np.int16]
    parts: npt.NDArray[np.uint8]
    quarters: npt.NDArray[np.uint8]
    energy: npt.NDArray[np.uint8]
    chroma_energy: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.int32]


def macroblocks(size: int) -> int:
    """Return the number of macroblocks along a side of `size` luma samples."""
    return -(-size // MACROBLOCK)


def new_slab(
    bands: int, height: int, width: int, step_index: int, last: tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]
) -> Slab:
    """Return an empty slab of frames of `height` x `width`; `last` are the planes of the last frame before it."""
    rows, columns = macroblocks(height), macroblocks(width)
    indices = step_index + STEP_SHIFTS[None, :] + np.array([[0], [CHROMA_STEP]])
    return Slab(
        luma=np.zeros((bands, MACROBLOCK * rows, MACROBLOCK * columns), dtype=np.int16),
        chroma=np.zeros((2, bands, MACROBLOCK * rows // 2, MACROBLOCK * columns // 2), dtype=np.int16),
        last_luma=last[0],
        last_chroma=last[1],
        maps=np.zeros((MAP_FIELDS, rows, columns), dtype=np.int16),
        parts=np.zeros((bands, rows, columns), dtype=np.uint8),
        quarters=np.zeros((bands, rows, columns), dtype=np.uint8),
        energy=np.zeros((bands, 2 * rows, 2 * columns), dtype=np.uint8),
        chroma_energy=np.zeros((2, bands, rows, columns), dtype=np.uint8),
        steps=STEPS[indices],
    )


def empty_frame(height: int, width: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Return the planes of a grey frame, padded: luma, and both chroma planes."""
    rows, columns = MACROBLOCK * macroblocks(height), MACROBLOCK * macroblocks(width)
    grey = np.int16(128 << SAMPLE_BITS)
    return np.full((rows, columns), grey), np.full((2, rows // 2, columns // 2), grey)


def slab_depths(frames: int, depth: int) -> list[int]:
    """Return the frames of each slab of a group: as many of `depth` as there are, then of half as many, and so on."""
    depths: list[int] = []
    while frames:
        while depth > frames:
            depth //= 2
        depths.append(depth)
        frames -= depth
    return depths
